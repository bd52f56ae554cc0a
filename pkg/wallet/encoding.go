package wallet

import (
	"crypto/sha256"
	"math/big"
	"slices"
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

// base58check writes a version byte and a payload with the first four bytes of
// their double SHA-256.
func base58check(alphabet string, version byte, payload []byte) string {
	b := append([]byte{version}, payload...)
	first := sha256.Sum256(b)
	sum := sha256.Sum256(first[:])
	return base58(alphabet, append(b, sum[:4]...))
}

const bech32Alphabet = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"

// The constants that the checksum polynomial gives: bech32 for witness version 0
// (BIP-173), bech32m for the others (BIP-350).
const (
	bech32Constant  = 1
	bech32mConstant = 0x2bc830a3
)

// witness writes a witness program (BIP-141) in bech32 or bech32m; prefix is the
// human-readable part.
func witness(prefix string, version byte, program []byte) string {
	data := append([]byte{version}, fiveBits(program)...)
	text := []byte(prefix + "1")
	for _, v := range append(data, bech32Checksum(prefix, data, witnessConstant(version))...) {
		text = append(text, bech32Alphabet[v])
	}
	return string(text)
}

func witnessConstant(version byte) uint32 {
	if version == 0 {
		return bech32Constant
	}
	return bech32mConstant
}

// fiveBits splits b into groups of five bits, the most significant first; the
// last group is filled up with zeros.
func fiveBits(b []byte) []byte {
	var groups []byte
	var held uint32
	var bits int
	for _, v := range b {
		held, bits = held<<8|uint32(v), bits+8
		for ; bits >= 5; bits -= 5 {
			groups = append(groups, byte(held>>(bits-5))&31)
		}
	}
	if bits > 0 {
		groups = append(groups, byte(held<<(5-bits))&31)
	}
	return groups
}

// bech32Checksum returns the six values that make the checksum polynomial of
// prefix and data equal to constant (BIP-173, BIP-350).
func bech32Checksum(prefix string, data []byte, constant uint32) []byte {
	values := append(append(expandPrefix(prefix), data...), 0, 0, 0, 0, 0, 0)
	sum := bech32Polymod(values) ^ constant
	check := make([]byte, 6)
	for i := range check {
		check[i] = byte(sum>>(5*(5-i))) & 31
	}
	return check
}

// expandPrefix is the human-readable part as values of the polynomial.
func expandPrefix(prefix string) []byte {
	var values []byte
	for _, c := range []byte(prefix) {
		values = append(values, c>>5)
	}
	values = append(values, 0)
	for _, c := range []byte(prefix) {
		values = append(values, c&31)
	}
	return values
}

// bech32Polymod is the remainder of values, as a polynomial over GF(32), modulo
// the generator of BIP-173.
func bech32Polymod(values []byte) uint32 {
	generator := [...]uint32{0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3}
	sum := uint32(1)
	for _, v := range values {
		top := sum >> 25
		sum = sum&0x1ffffff<<5 ^ uint32(v)
		for i, g := range generator {
			if top>>i&1 == 1 {
				sum ^= g
			}
		}
	}
	return sum
}
