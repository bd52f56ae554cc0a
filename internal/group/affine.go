package group

import (
	"math/big"

	secp "github.com/decred/dcrd/dcrec/secp256k1/v4"
)

// fieldOrder is the order of the field that secp256k1 is over.
var fieldOrder = secp.Params().P

// affine is a point of secp256k1 with coordinates that are normalized field
// elements. Adding two costs six multiplications and an inversion, and many
// additions share one inversion: for the thousands of additions of Extend that
// is less than half of what Jacobian coordinates cost.
type affine struct {
	x, y       secp.FieldVal
	isIdentity bool
}

// sum is one of several additions that are done together: a + b, to where it
// is wanted, which may be a or b.
type sum struct {
	a, b, to *affine
	minus    bool // a − b
}

// affinePoints converts points, with one inversion for all of them.
func affinePoints(points []Point) []affine {
	out := make([]affine, len(points))
	inverses := make([]secp.FieldVal, len(points))
	for i, p := range points {
		out[i].isIdentity = p.IsIdentity()
		inverses[i].SetInt(1)
		if !out[i].isIdentity {
			inverses[i].Set(&p.(*secpPoint).j.Z)
		}
	}
	invertAll(inverses)
	for i, p := range points {
		var zz secp.FieldVal
		zz.SquareVal(&inverses[i])
		out[i].x.Mul2(&p.(*secpPoint).j.X, &zz).Normalize()
		out[i].y.Mul2(&p.(*secpPoint).j.Y, zz.Mul(&inverses[i])).Normalize()
	}
	return out
}

func (a *affine) point() Point {
	p := new(secpPoint)
	if !a.isIdentity {
		p.j.X, p.j.Y = a.x, a.y
		p.j.Z.SetInt(1)
	}
	return p
}

// invertAll replaces nonzero field elements by their inverses (Montgomery's
// trick). The one inversion is math/big's, in variable time: these are points
// of public data, and it is five times as fast.
func invertAll(values []secp.FieldVal) {
	if len(values) == 0 {
		return
	}
	products := make([]secp.FieldVal, len(values))
	product := values[0]
	for i := 1; i < len(values); i++ {
		products[i] = product
		product.Mul(&values[i])
	}
	product.SetByteSlice(new(big.Int).ModInverse(new(big.Int).SetBytes(product.Normalize().Bytes()[:]), fieldOrder).Bytes())
	for i := len(values) - 1; i > 0; i-- {
		v := values[i]
		values[i].Mul2(&product, &products[i])
		product.Mul(&v)
	}
	values[0] = product
}

// addAll does the additions in their order. None may need the result of one
// before it, but where it is written may be what one before it reads.
func addAll(sums []sum) {
	slopes := make([]secp.FieldVal, 0, len(sums))
	plain := make([]bool, len(sums)) // with distinct x: the formula holds
	for i, s := range sums {
		var dx secp.FieldVal
		dx.NegateVal(&s.a.x, 1).Add(&s.b.x).Normalize()
		if plain[i] = !s.a.isIdentity && !s.b.isIdentity && !dx.IsZero(); plain[i] {
			slopes = append(slopes, dx)
		}
	}
	invertAll(slopes)
	for i := range sums {
		if !plain[i] {
			sums[i].rare()
			continue
		}
		sums[i].finish(&slopes[0])
		slopes = slopes[1:]
	}
}

// finish computes a + b from 1/(x_b − x_a).
func (s *sum) finish(inverse *secp.FieldVal) {
	var by, slope, x, y secp.FieldVal
	by = s.b.y
	if s.minus {
		by.Negate(1).Normalize()
	}
	slope.NegateVal(&s.a.y, 1).Add(&by).Mul(inverse) // (y_b − y_a)/(x_b − x_a)
	x.Add2(&s.a.x, &s.b.x).Negate(2)
	y.SquareVal(&slope)
	x.Add(&y).Normalize() // slope² − x_a − x_b
	y.NegateVal(&x, 1).Add(&s.a.x).Mul(&slope)
	by.NegateVal(&s.a.y, 1)
	y.Add(&by).Normalize() // slope·(x_a − x) − y_a
	s.to.x, s.to.y, s.to.isIdentity = x, y, false
}

// rare handles an addition that the formula is not for: of the identity, of a
// point to itself or to its negative.
func (s *sum) rare() {
	switch {
	case s.b.isIdentity:
		*s.to = *s.a
		return
	case s.a.isIdentity && !s.minus:
		*s.to = *s.b
		return
	}
	a, b := s.a.point(), s.b.point()
	if s.minus {
		a.Sub(a, b)
	} else {
		a.Add(a, b)
	}
	*s.to = affinePoints([]Point{a})[0]
}

// extendAffine is Extend for secp256k1. The subtractions of one order of
// differences are independent, and so are the additions on an anti-diagonal of
// the table that they are carried on in: each set is done together.
func extendAffine(points []Point, n int) []Point {
	d := len(points) - 1
	diffs := affinePoints(points)
	sums := make([]sum, 0, d+n)
	for k := 1; k <= d; k++ {
		sums = sums[:0]
		for i := range d + 1 - k {
			sums = append(sums, sum{a: &diffs[i+1], b: &diffs[i], to: &diffs[i], minus: true})
		}
		addAll(sums)
	}
	// table[i][k] is ∇^(d-k)f at the i-th new x; row −1 is diffs, and column 0
	// does not change.
	table := make([][]affine, n)
	for i := range table {
		table[i] = make([]affine, d+1)
		table[i][0] = diffs[0]
	}
	for diagonal := 1; diagonal <= n-1+d; diagonal++ {
		sums = sums[:0]
		for k := max(1, diagonal-n+1); k <= min(d, diagonal); k++ {
			i := diagonal - k
			above := &diffs[k]
			if i > 0 {
				above = &table[i-1][k]
			}
			sums = append(sums, sum{a: above, b: &table[i][k-1], to: &table[i][k]})
		}
		addAll(sums)
	}
	next := make([]Point, n)
	for i := range next {
		next[i] = table[i][d].point()
	}
	return next
}
