package wallet

// XRPAddress writes the 20 bytes of an account of the XRP Ledger as a classic
// address, which begins with r.
func XRPAddress(account [20]byte) string { return xrp(account[:]) }

// ParseXRPAddress reads what XRPAddress writes; an X-address, which hides a tag,
// is none. The error is ErrAddress.
func ParseXRPAddress(text string) (account [20]byte, err error) {
	version, payload, ok := decodeBase58check(xrpAlphabet, text)
	if !ok || version != 0 || len(payload) != len(account) {
		return account, ErrAddress
	}
	return [20]byte(payload), nil
}

// SolanaAddress writes an account of Solana: a public key, or 32 bytes that are
// none.
func SolanaAddress(account [32]byte) string { return base58(bitcoinAlphabet, account[:]) }

// ParseSolanaAddress reads what SolanaAddress writes. The error is ErrAddress.
func ParseSolanaAddress(text string) (account [32]byte, err error) {
	b, ok := decodeBase58(bitcoinAlphabet, text)
	if !ok || len(b) != len(account) {
		return account, ErrAddress
	}
	return [32]byte(b), nil
}

// SolanaSignature writes a signature, which is the ID of a transaction where it
// is the first.
func SolanaSignature(signature [64]byte) string { return base58(bitcoinAlphabet, signature[:]) }
