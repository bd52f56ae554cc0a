package wallet

import "recover/internal/secret"

// WIF writes a private key of secp256k1, 32 bytes big-endian, in Bitcoin's wallet
// import format: base58check with a 1 behind the key, which says that its public
// key is the compressed one. The caller wipes it.
func WIF(private []byte, testnet bool) []byte {
	payload := append(append(make([]byte, 0, len(private)+1), private...), 1)
	defer secret.Wipe(payload)
	return []byte(base58check(bitcoinAlphabet, network(testnet).privateKey, payload))
}
