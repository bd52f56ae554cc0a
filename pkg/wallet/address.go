package wallet

import (
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"strings"

	//lint:ignore SA1019 addresses of Bitcoin and the XRP Ledger are made with it
	"golang.org/x/crypto/ripemd160"
	"golang.org/x/crypto/sha3"

	"recover/internal/group"
)

// Address is an address of one public key on one chain.
type Address struct {
	Chain string // "ethereum", "tron", "xrp", "bitcoin", "bitcoin_testnet" or "solana"
	Text  string // as the chain's own tools write it
}

// Addresses returns the addresses of the public key p of the group g, always
// in the same order:
//
//	SECP256K1  ethereum         EIP-55, the same on all EVM chains
//	           tron             base58check, version 0x41
//	           xrp              XRP Ledger classic address
//	           bitcoin          P2WPKH (BIP-84), bech32 with prefix bc (BIP-173)
//	           bitcoin_testnet  the same with prefix tb
//	ED25519    solana           base58 of the key
//	           xrp              XRP Ledger classic address
func Addresses(g group.Group, p group.Point) []Address {
	if g == group.Edwards25519 {
		key := p.Bytes()
		return []Address{
			{"solana", base58(bitcoinAlphabet, key)},
			{"xrp", xrp(hash160(append([]byte{0xED}, key...)))},
		}
	}
	account, keyHash := ethereumAccount(p), hash160(group.Compressed(p))
	return []Address{
		{"ethereum", eip55(account)},
		{"tron", base58check(bitcoinAlphabet, 0x41, account)},
		{"xrp", xrp(keyHash)},
		{"bitcoin", witness("bc", 0, keyHash)},
		{"bitcoin_testnet", witness("tb", 0, keyHash)},
	}
}

// FindAddress reports on which chain text is the address of p, or ok = false
// when it is none of Addresses. Nothing is trimmed. An Ethereum address
// may have its hex digits all in lower or all in upper case, which carries no
// checksum; in mixed case its EIP-55 checksum must be right. A bech32 address
// may be all in upper case (BIP-173). All else is compared as it stands.
func FindAddress(g group.Group, p group.Point, text string) (chain string, ok bool) {
	for _, a := range Addresses(g, p) {
		if text == a.Text || otherCase(a, text) {
			return a.Chain, true
		}
	}
	return "", false
}

// addressForms are the forms of all that Addresses returns.
var addressForms = regexp.MustCompile(`^(0[xX][0-9a-fA-F]{40}|T[1-9A-HJ-NP-Za-km-z]{33}|r[1-9A-HJ-NP-Za-km-z]{24,34}|(?i:bc|tb)1[qQ][0-9a-zA-Z]{38}|[1-9A-HJ-NP-Za-km-z]{32,44})$`)

// IsAddress tells whether text has the form of one of the addresses that
// Addresses returns, of whatever key.
func IsAddress(text string) bool { return addressForms.MatchString(text) }

func otherCase(a Address, text string) bool {
	switch a.Chain {
	case "ethereum":
		digits, found := strings.CutPrefix(text, "0x")
		return found && (digits == strings.ToLower(a.Text[2:]) || digits == strings.ToUpper(a.Text[2:]))
	case "bitcoin", "bitcoin_testnet":
		return text == strings.ToUpper(a.Text)
	}
	return false
}

// ethereumAccount returns the 20 bytes that Ethereum and Tron name an account
// by: the end of the Keccak-256 of both coordinates.
func ethereumAccount(p group.Point) []byte {
	return keccak256(p.Bytes()[1:])[12:]
}

// eip55 writes an account with the checksum of EIP-55 in the case of its
// letters: upper where the digit of the Keccak-256 of the lower-case text is 8
// or above.
func eip55(account []byte) string {
	text := []byte(hex.EncodeToString(account))
	sum := hex.EncodeToString(keccak256(text))
	for i := range text {
		if sum[i] >= '8' && text[i] >= 'a' {
			text[i] -= 'a' - 'A'
		}
	}
	return "0x" + string(text)
}

func xrp(accountID []byte) string { return base58check(xrpAlphabet, 0, accountID) }

func keccak256(b []byte) []byte {
	h := sha3.NewLegacyKeccak256()
	h.Write(b)
	return h.Sum(nil)
}

// hash160 returns the RIPEMD-160 of the SHA-256 of b, 20 bytes.
func hash160(b []byte) []byte {
	sum := sha256.Sum256(b)
	h := ripemd160.New()
	h.Write(sum[:])
	return h.Sum(nil)
}
