package group

import (
	"encoding/binary"
	"math/bits"
)

// product multiplies small integers that are public. It collects them in one
// machine word and then in four while they fit, because scalar multiplications
// are the cost of an interpolation.
type product struct {
	g        Group
	done     Scalar // nil is 1
	wide     [4]uint64
	word     uint64
	negative bool
}

func newProduct(g Group) *product { return &product{g: g, wide: [4]uint64{1}, word: 1} }

func (p *product) times(v int) {
	if v < 0 {
		v, p.negative = -v, !p.negative
	}
	hi, lo := bits.Mul64(p.word, uint64(v))
	if hi != 0 {
		p.widen()
		lo = uint64(v)
	}
	p.word = lo
}

// widen takes the word into the wide number, or where there is no room for it
// makes a scalar of that, and begins a new one.
func (p *product) widen() {
	var next [4]uint64
	var over uint64
	for i, limb := range p.wide {
		hi, lo := bits.Mul64(limb, p.word)
		var carry uint64
		next[i], carry = bits.Add64(lo, over, 0)
		over = hi + carry
	}
	if over != 0 {
		p.flush()
		next = [4]uint64{p.word}
	}
	p.wide, p.word = next, 1
}

func (p *product) flush() {
	var b [scalarSize]byte
	for i, limb := range p.wide {
		binary.BigEndian.PutUint64(b[scalarSize-8*(i+1):], limb)
	}
	s := p.g.NewScalar().setReduced(&b)
	if p.done == nil {
		p.done = s
		return
	}
	p.done.Mul(p.done, s)
}

// scalar returns the product, and ends its use.
func (p *product) scalar() Scalar {
	p.widen()
	p.flush()
	if p.negative {
		p.done.Sub(p.g.NewScalar(), p.done)
	}
	return p.done
}
