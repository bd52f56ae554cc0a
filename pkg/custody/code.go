package custody

import (
	"slices"

	"recover/internal/bech32"
)

// codex32 is the code of BIP-93, for share strings: a BCH code of length 93 and
// distance 9. It finds any 8 wrong characters, and tells where 4 wrong
// characters, or 8 of which the places are known, are.
var codex32 = bech32.NewCode("EM3GQEEELMCSS", "SECRETSHARE32")

// The roots of codex32's generator are βᶦ for i = 77 … 84, and others.
const (
	firstRoot = 77
	rootCount = 8
)

// correct returns the one word that ends in its codex32 checksum and that data
// can be turned into by changing t values besides the erased ones, where
// 2t + len(erased) ≤ 8. Places count from 0. It is found as in any BCH code:
// Berlekamp-Massey, with Forney's syndromes for what is erased.
func correct(data []byte, erased []int) (word []byte, ok bool) {
	if len(erased) > rootCount {
		return nil, false
	}
	syndromes := syndromesOf(codex32.Residue(prefix, data))
	known := poly{1}
	for _, place := range erased {
		known = known.times(poly{1, locator(data, place)})
	}
	forney := syndromes.times(known)[len(erased):rootCount]
	all := known.times(connection(forney)).trim()
	word = slices.Clone(data)
	if !repair(word, all, syndromes) || !codex32.Checks(prefix, word) {
		clear(word)
		return nil, false
	}
	return word, true
}

// locator returns the X of a place: the value there is a coefficient of xⁱ, and
// X is βⁱ.
func locator(data []byte, place int) element { return pow(beta, len(data)-1-place) }

// syndromesOf evaluates the error polynomial, which modulo the generator is the
// residue, at the generator's roots.
func syndromesOf(residue []byte) poly {
	diff := make(poly, len(residue))
	for i, r := range residue {
		diff[len(diff)-1-i] = element(r)
	}
	s := make(poly, rootCount)
	for j := range s {
		s[j] = diff.eval(pow(beta, firstRoot+j))
	}
	return s
}

// connection returns the shortest linear recurrence of s (Massey 1969), which
// is the error locator polynomial.
func connection(s poly) poly {
	c, b := poly{1}, poly{1}
	length, shift, last := 0, 1, element(1)
	for n := range s {
		d := s[n]
		for i := 1; i <= length; i++ {
			d ^= mul(c[i], s[n-i])
		}
		if d == 0 {
			shift++
			continue
		}
		longer := c.plusShifted(mul(d, pow(last, -1)), shift, b)
		if 2*length <= n {
			length, b, last, shift = n+1-length, c, d, 0
		}
		c = longer
		shift++
	}
	return c
}

// repair adds the error values (Forney's formula) at the roots of the locator
// polynomial. It fails if not all its roots are places of word, or a value is
// not in GF(32).
func repair(word []byte, locators, syndromes poly) bool {
	evaluator := syndromes.times(locators)[:rootCount]
	roots := 0
	for place := range word {
		x := locator(word, place)
		inverse := pow(x, -1)
		if locators.eval(inverse) != 0 {
			continue
		}
		slope := locators.evalDerivative(inverse)
		if slope == 0 {
			return false
		}
		y := mul(pow(x, 1-firstRoot), mul(evaluator.eval(inverse), pow(slope, -1)))
		if y > 31 {
			return false
		}
		word[place] ^= byte(y)
		roots++
	}
	return roots == len(locators)-1
}
