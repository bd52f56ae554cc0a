package interp

import (
	"recover/internal/group"
	"recover/pkg/shard/internal/part"
)

// decode finds the polynomial of degree 40 on which so many of the evaluations
// lie that no other can have as many: with n of them, up to (n-41)/2 may be
// wrong. The evaluations are a Reed-Solomon code word, and this is its decoder
// (Gao, A new algorithm for decoding Reed-Solomon codes, 2003). It returns p(0),
// and which evaluations agree; nil where there is none, or where nothing more
// than 41 evaluations could speak for it.
func decode(g group.Group, e evaluations) (zero group.Scalar, agree evaluations) {
	if len(e) <= part.Needed {
		return nil, nil
	}
	c := &codeWord{group: g}
	defer c.wipe()
	r, s := c.interpolate(e)
	u, v := polynomial{}, polynomial{c.number(1)}
	for 2*len(s) > len(e)+part.Needed+1 { // the degree of s is not below (n+41)/2
		q, rest := c.divide(r, s)
		r, s = s, rest
		u, v = v, c.minus(u, c.times(q, v))
	}
	if len(v) == 0 {
		return nil, nil
	}
	p, rest := c.divide(s, v)
	if len(rest) > 0 || len(p) > part.Needed {
		return nil, nil
	}
	for _, have := range e {
		if c.eval(p, have.x).Equal(have.value) {
			agree = append(agree, have)
		}
	}
	if 2*len(agree) < len(e)+part.Needed {
		return nil, nil
	}
	return g.NewScalar().Set(c.eval(p, 0)), agree
}

// polynomial is a list of coefficients, that of the lowest power first, with no
// zeros at the end.
type polynomial []group.Scalar

// codeWord does the arithmetic of decode, and wipes all that it made: it is
// as secret as the share.
type codeWord struct {
	group group.Group
	made  []group.Scalar
}

func (c *codeWord) wipe() {
	for _, s := range c.made {
		s.Wipe()
	}
}

func (c *codeWord) number(n int) group.Scalar {
	s := c.group.NewScalar()
	c.made = append(c.made, s)
	if n < 0 {
		return s.Sub(s, c.group.NewScalar().SetUint64(uint64(-n)))
	}
	return s.SetUint64(uint64(n))
}

func (c *codeWord) zeros(n int) polynomial {
	p := make(polynomial, n)
	for i := range p {
		p[i] = c.number(0)
	}
	return p
}

func (p polynomial) trimmed() polynomial {
	for len(p) > 0 && p[len(p)-1].IsZero() {
		p = p[:len(p)-1]
	}
	return p
}

// interpolate returns the product of all X - x, and the polynomial through all
// evaluations (Newton): of each, what it adds vanishes at those before it.
func (c *codeWord) interpolate(e evaluations) (vanishing, through polynomial) {
	vanishing = polynomial{c.number(1)}
	for _, have := range e {
		weight, off := c.eval(vanishing, have.x), c.eval(through, have.x)
		weight.Mul(weight.Invert(weight), off.Sub(off, have.value))
		through = c.minus(through, c.times(vanishing, polynomial{weight}))
		vanishing = c.times(vanishing, polynomial{c.number(-have.x), c.number(1)})
	}
	return vanishing, through
}

func (c *codeWord) times(a, b polynomial) polynomial {
	if len(a) == 0 || len(b) == 0 {
		return nil
	}
	p := c.zeros(len(a) + len(b) - 1)
	term := c.number(0)
	for i, x := range a {
		for j, y := range b {
			p[i+j].Add(p[i+j], term.Mul(x, y))
		}
	}
	return p.trimmed()
}

func (c *codeWord) minus(a, b polynomial) polynomial {
	p := c.zeros(max(len(a), len(b)))
	for i, x := range a {
		p[i].Set(x)
	}
	for i, x := range b {
		p[i].Sub(p[i], x)
	}
	return p.trimmed()
}

// divide divides a by b, which is not zero.
func (c *codeWord) divide(a, b polynomial) (quotient, rest polynomial) {
	rest = c.minus(a, nil)
	if len(a) < len(b) {
		return nil, rest
	}
	quotient = c.zeros(len(a) - len(b) + 1)
	inverse, term := c.number(0), c.number(0)
	inverse.Invert(b[len(b)-1])
	for k := len(quotient) - 1; k >= 0; k-- {
		quotient[k].Mul(rest[k+len(b)-1], inverse)
		for j, y := range b {
			rest[k+j].Sub(rest[k+j], term.Mul(quotient[k], y))
		}
	}
	return quotient.trimmed(), rest.trimmed()
}

func (c *codeWord) eval(p polynomial, x int) group.Scalar {
	at, sum := c.number(x), c.number(0)
	for k := len(p) - 1; k >= 0; k-- {
		sum.Mul(sum, at)
		sum.Add(sum, p[k])
	}
	return sum
}
