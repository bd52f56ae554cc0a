package wallet

import "strings"

// Normalize returns an address of any chain in the one form that can be compared,
// which is that of Addresses where it is one of those: with the checksum of
// EIP-55, and bech32 in lower case. ok is false for what is no address; in mixed
// case an EVM address has to have the right checksum.
func Normalize(text string) (address string, ok bool) {
	if account, err := ParseEVMAddress(text); err == nil {
		return EVMAddress(account), true
	}
	if _, err := ParseTronAddress(text); err == nil {
		return text, true
	}
	if _, err := ParseXRPAddress(text); err == nil {
		return text, true
	}
	if _, err := ParseSolanaAddress(text); err == nil {
		return text, true
	}
	for _, testnet := range []bool{false, true} {
		if script, err := ParseBitcoinAddress(text, testnet); err == nil {
			if script[0] == op0 || script[0] >= op1 && script[0] <= op16 {
				text = strings.ToLower(text)
			}
			return text, true
		}
	}
	return "", false
}

// LegacyAddress returns the P2PKH address of a public key of secp256k1, which
// Addresses does not list.
func LegacyAddress(compressed []byte, testnet bool) string {
	return base58check(bitcoinAlphabet, network(testnet).keyHash, hash160(compressed))
}
