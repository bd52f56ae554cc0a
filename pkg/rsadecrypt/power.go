package rsadecrypt

import (
	"math/big"
	"math/bits"
)

// power raises to one exponent modulo one number, in variable time: for public
// values.
//
// big.Int.Exp reduces by dividing where the exponent is as short as an RSA
// key's, and three quarters of its time are that. Here a product is made
// shorter first, by multiplying: what is above a bit 2^at is as much as
// (2^at mod n) times it. Then little is left to be divided.
//
// It reuses buffers, and is not for concurrent use.
type power struct {
	n     *big.Int
	e     uint
	folds []fold

	t, next   *big.Int
	high, low big.Int // views of t, never written to
	quotient  big.Int
}

// fold is a place at which a product is folded, in words, and what 2 to that
// place is modulo n.
type fold struct {
	at        int
	remainder *big.Int
}

// leastFold is how many words are not worth folding: dividing is as fast.
const leastFold = 256 / bits.UintSize

// newPower needs an e of at least 1.
func newPower(n *big.Int, e uint) *power {
	p := &power{n: n, e: e, t: new(big.Int), next: new(big.Int)}
	words := len(n.Bits())
	for half := words / 2; half >= leastFold; half /= 2 {
		at := words + half
		r := new(big.Int).Lsh(big.NewInt(1), uint(at*bits.UintSize))
		p.folds = append(p.folds, fold{at, r.Mod(r, n)})
	}
	return p
}

// exp sets z to x^e mod n, for 0 ≤ x < n. z is not x.
func (p *power) exp(z, x *big.Int) {
	z.Set(x)
	for bit := bits.Len(p.e) - 2; bit >= 0; bit-- {
		p.mul(z, z)
		if p.e>>bit&1 == 1 {
			p.mul(z, x)
		}
	}
}

// mul sets z to zx mod n.
func (p *power) mul(z, x *big.Int) {
	p.t.Mul(z, x)
	for _, f := range p.folds {
		words := p.t.Bits()
		if len(words) <= f.at {
			continue
		}
		p.high.SetBits(words[f.at:])
		p.low.SetBits(words[:f.at])
		p.next.Add(p.next.Mul(&p.high, f.remainder), &p.low)
		p.t, p.next = p.next, p.t
	}
	p.quotient.QuoRem(p.t, p.n, z)
}
