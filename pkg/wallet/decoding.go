package wallet

import (
	"bytes"
	"errors"
	"math/big"
	"strings"

	"recover/internal/bech32"
)

// maxBase58 is the longest text that is decoded, for the work grows with its
// square: 64 bytes have 88 digits at most.
const maxBase58 = 128

// ErrAddress says that a text is no address of its chain, for whatever reason:
// a wrong character, a wrong length, or a checksum that does not hold.
var ErrAddress = errors.New("not an address: a character was mistyped or is missing, or it is of another chain")

// decodeBase58 reads what base58 writes, and nothing else.
func decodeBase58(alphabet, text string) ([]byte, bool) {
	if len(text) > maxBase58 {
		return nil, false
	}
	zeros := len(text) - len(strings.TrimLeft(text, alphabet[:1]))
	n, base := new(big.Int), big.NewInt(58)
	for i := range len(text) {
		digit := strings.IndexByte(alphabet, text[i])
		if digit < 0 {
			return nil, false
		}
		n.Add(n.Mul(n, base), big.NewInt(int64(digit)))
	}
	return append(make([]byte, zeros), n.Bytes()...), true
}

// decodeBase58check reads what base58check writes: the version and the payload.
func decodeBase58check(alphabet, text string) (version byte, payload []byte, ok bool) {
	b, ok := decodeBase58(alphabet, text)
	if !ok || len(b) < 5 {
		return 0, nil, false
	}
	body, sum := b[:len(b)-4], b[len(b)-4:]
	want := checksum58(body)
	return body[0], body[1:], bytes.Equal(sum, want[:])
}

// maxBech32 is the longest text of BIP-173.
const maxBech32 = 90

// decodeWitness reads an address of BIP-173 or BIP-350 with the prefix, in one
// case: a witness version of 0 to 16 and a program of 2 to 40 bytes (20 or 32 for
// version 0).
func decodeWitness(prefix, text string) (version byte, program []byte, ok bool) {
	if lower := strings.ToLower(text); text != lower && text != strings.ToUpper(text) {
		return 0, nil, false
	} else {
		text = lower
	}
	digits, found := strings.CutPrefix(text, prefix+"1")
	if !found || len(text) > maxBech32 || len(digits) < 7 {
		return 0, nil, false
	}
	data := bech32.Values(strings.ToUpper(digits))
	for _, v := range data {
		if v > 31 { // not of the alphabet
			return 0, nil, false
		}
	}
	version = data[0]
	if version > 16 || !witnessCode(version).Checks(prefix, data) {
		return 0, nil, false
	}
	program, ok = bech32.Bytes(data[1 : len(data)-6])
	if !ok || len(program) < 2 || len(program) > 40 || version == 0 && len(program) != 20 && len(program) != 32 {
		return 0, nil, false
	}
	return version, program, true
}
