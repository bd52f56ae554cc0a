// Package bech32 is what Bech32 (BIP-173) and codex32 (BIP-93) have in common:
// the alphabet, groups of five bits, and a cyclic code over GF(32) whose word
// the human-readable part goes into. They differ in the code.
package bech32

import "strings"

// Alphabet are the 32 characters in the order of their values, in upper case.
const Alphabet = "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L"

// Values turns characters of the alphabet, in upper case, into numbers below 32.
func Values(s string) []byte {
	v := make([]byte, len(s))
	for i := range s {
		v[i] = byte(strings.IndexByte(Alphabet, s[i]))
	}
	return v
}

// Append appends the characters of values, in upper case.
func Append(text, values []byte) []byte {
	for _, v := range values {
		text = append(text, Alphabet[v])
	}
	return text
}

// AppendFives splits b into groups of five bits, the most significant first,
// filled up with zero bits.
func AppendFives(to, b []byte) []byte {
	var held uint32
	var bits int
	for _, v := range b {
		held, bits = held<<8|uint32(v), bits+8
		for ; bits >= 5; bits -= 5 {
			to = append(to, byte(held>>(bits-5))&31)
		}
	}
	if bits > 0 {
		to = append(to, byte(held<<(5-bits))&31)
	}
	return to
}

// Bytes reverses AppendFives. What is left over has to be zero, and less than one
// group. The result is the only copy that is made.
func Bytes(fives []byte) (b []byte, ok bool) {
	b = make([]byte, 0, len(fives))
	var held uint32
	var bits int
	for _, v := range fives {
		held, bits = held<<5|uint32(v), bits+5
		if bits >= 8 {
			bits -= 8
			b = append(b, byte(held>>bits))
		}
	}
	return b, bits < 5 && held&(1<<bits-1) == 0
}

// Mul multiplies in GF(32), where x⁵ = x³ + 1.
func Mul(a, b byte) (product byte) {
	for ; b > 0; b >>= 1 {
		product ^= a * (b & 1)
		if a <<= 1; a > 31 {
			a ^= 0b101001
		}
	}
	return product
}

// Code is a cyclic code: the remainder of a word modulo a generator is its
// target.
type Code struct {
	multiples [32][]byte // of the generator below its highest power
	target    []byte
}

// Bech32 is the code of BIP-173; Bech32m, of BIP-350, differs in its target,
// 0x2bc830a3 instead of 1.
var (
	Bech32  = NewCode("AK54AJ", "QQQQQP")
	Bech32m = NewCode("AK54AJ", "4USV9R")
)

// NewCode makes a code of the coefficients of its generator below the highest,
// which is one, and its target, as characters of the alphabet.
func NewCode(generator, target string) *Code {
	c := &Code{target: Values(target)}
	for top := range c.multiples {
		for _, g := range Values(generator) {
			c.multiples[top] = append(c.multiples[top], Mul(byte(top), g))
		}
	}
	return c
}

// Residue returns the remainder of hrp and word modulo the generator, less the
// target, with the highest coefficient first: zeros for a word of the code.
func (c *Code) Residue(hrp string, word []byte) []byte {
	r := c.remainder(hrp, word)
	for i, t := range c.target {
		r[i] ^= t
	}
	return r
}

// Checksum returns the values that make a word of the code of data.
func (c *Code) Checksum(hrp string, data []byte) []byte {
	sum := c.remainder(hrp, data)
	for range c.target {
		c.feed(sum, 0)
	}
	for i, t := range c.target {
		sum[i] ^= t
	}
	return sum
}

// Checks reports whether word ends in its checksum.
func (c *Code) Checks(hrp string, word []byte) bool {
	var wrong byte
	for _, r := range c.Residue(hrp, word) {
		wrong |= r
	}
	return wrong == 0
}

func (c *Code) remainder(hrp string, word []byte) []byte {
	r := make([]byte, len(c.target))
	r[len(r)-1] = 1
	for _, h := range []byte(hrp) {
		c.feed(r, h>>5)
	}
	c.feed(r, 0)
	for _, h := range []byte(hrp) {
		c.feed(r, h&31)
	}
	for _, v := range word {
		c.feed(r, v)
	}
	return r
}

func (c *Code) feed(r []byte, v byte) {
	top := r[0]
	copy(r, r[1:])
	r[len(r)-1] = v
	for i, g := range c.multiples[top] {
		r[i] ^= g
	}
}
