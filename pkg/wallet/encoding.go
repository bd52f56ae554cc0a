package wallet

import (
	"crypto/sha256"
	"math/big"
	"slices"
	"strings"

	"recover/internal/bech32"
)

// The digits of base58. Bitcoin's alphabet is Tron's and Solana's as well; the
// XRP Ledger shuffles the same characters so that accounts begin with "r".
const (
	bitcoinAlphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
	xrpAlphabet     = "rpshnaf39wBUDNEGHJKLM4PQRST7VWXYZ2bcdeCg65jkm8oFqi1tuvAxyz"
)

// base58 writes b as a big-endian number to the base 58, with a zero digit in
// front for each leading zero byte.
func base58(alphabet string, b []byte) string {
	var text []byte
	base, digit := big.NewInt(58), new(big.Int)
	for n := new(big.Int).SetBytes(b); n.Sign() > 0; {
		n.QuoRem(n, base, digit)
		text = append(text, alphabet[digit.Int64()])
	}
	for i := 0; i < len(b) && b[i] == 0; i++ {
		text = append(text, alphabet[0])
	}
	slices.Reverse(text)
	return string(text)
}

// base58check writes a version byte and a payload with their checksum.
func base58check(alphabet string, version byte, payload []byte) string {
	b := append([]byte{version}, payload...)
	sum := checksum58(b)
	return base58(alphabet, append(b, sum[:]...))
}

// checksum58 is the first four bytes of the double SHA-256.
func checksum58(b []byte) [4]byte {
	first := sha256.Sum256(b)
	sum := sha256.Sum256(first[:])
	return [4]byte(sum[:])
}

// witness writes a witness program (BIP-141) in bech32 (BIP-173), or for versions
// above 0 in bech32m (BIP-350); prefix is the human-readable part.
func witness(prefix string, version byte, program []byte) string {
	data := bech32.AppendFives([]byte{version}, program)
	text := bech32.Append(nil, append(data, witnessCode(version).Checksum(prefix, data)...))
	return prefix + "1" + strings.ToLower(string(text))
}

func witnessCode(version byte) *bech32.Code {
	if version == 0 {
		return bech32.Bech32
	}
	return bech32.Bech32m
}
