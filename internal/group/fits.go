package group

import (
	"crypto/rand"
	"fmt"
	"math/big"
	"sync"

	"filippo.io/edwards25519"
	secp "github.com/decred/dcrd/dcrec/secp256k1/v4"
)

// FitsValues reports whether there is one polynomial f of degree at most d with
// f(x)·G = points[x] for x = 0 … d and f(xs[i]) = values[i], where there are d
// values at distinct positive xs. points[0] must be of the subgroup; that the
// others are follows. The error is an ErrX, or comes from the random source of
// the system.
//
// The values leave one degree of freedom: f = I + a·Z, with I interpolating
// them and Z zero at xs. points[0] fixes a·G, and every point that is not at xs
// has to be I(x)·G + Z(x)·a·G.
func FitsValues(g Group, points []Point, xs []int, values []Scalar) (bool, error) {
	d := len(points) - 1
	if len(xs) != d || len(values) != d {
		return false, fmt.Errorf("%w: %d for %d values and %d points", ErrX, len(xs), len(values), len(points))
	}
	if err := checkXs(xs); err != nil {
		return false, err
	}
	at := make(map[int]int, d)
	made := g.NewPoint()
	for i, x := range xs {
		at[x] = i
		if x <= d && !made.BaseMul(values[i]).Equal(points[x]) {
			return false, nil
		}
	}
	var rest []int // the x that are left
	for x := 1; x <= d; x++ {
		if _, isValue := at[x]; !isValue {
			rest = append(rest, x)
		}
	}
	f := newBarycentric(g, xs, values)
	if g == Edwards25519 {
		return fitsEach(points, rest, f), nil
	}
	return fitsRest(g, points, rest, f)
}

// fitsEach compares every point on edwards25519 with what it has to be. A random
// combination would let points pass that differ from it by one of small order.
func fitsEach(points []Point, rest []int, f *barycentric) bool {
	z0, i0 := f.at(0)
	z0.Invert(z0)
	made := new(edPoint)
	for _, x := range rest {
		ratio, value := f.at(x) // Z(x)/Z(0), and I(x) − I(0)·Z(x)/Z(0)
		ratio.Mul(ratio, z0)
		value.Sub(value, f.g.NewScalar().Mul(ratio, i0))
		made.p.VarTimeDoubleScalarBaseMult(ratio.(*edScalar).s, &points[0].(*edPoint).p, value.(*edScalar).s)
		if !made.Equal(points[x]) {
			return false
		}
	}
	return true
}

// fitsRest checks Σ r_x·(points[x] − I(x)·G − Z(x)/Z(0)·(points[0] − I(0)·G)) = 0
// for random r_x of 128 bits, in a group of prime order: a wrong point passes
// with a chance of 2^-128.
func fitsRest(g Group, points []Point, rest []int, f *barycentric) (bool, error) {
	z0, i0 := f.at(0)
	ratio, sum, term := g.NewScalar(), g.NewScalar(), g.NewScalar()
	scalars, terms := make([]Scalar, 0, len(rest)+1), make([]Point, 0, len(rest)+1)
	for _, x := range rest {
		r, err := short(g)
		if err != nil {
			return false, err
		}
		z, i := f.at(x)
		ratio.Add(ratio, term.Mul(r, z))
		sum.Add(sum, term.Mul(r, i))
		scalars, terms = append(scalars, r), append(terms, points[x])
	}
	ratio.Mul(ratio, z0.Invert(z0))
	sum.Sub(term.Mul(ratio, i0), sum)
	scalars, terms = append(scalars, g.NewScalar().Sub(g.NewScalar(), ratio)), append(terms, points[0])
	left := multiMul(g, scalars, terms)
	return left.Add(left, g.NewPoint().BaseMul(sum)).IsIdentity(), nil
}

// short returns a random scalar of 128 bits.
func short(g Group) (Scalar, error) {
	var b [scalarSize]byte
	if _, err := rand.Read(b[scalarSize/2:]); err != nil {
		return nil, err
	}
	return g.ParseScalar(b[:])
}

// barycentric is a polynomial given by its values at distinct xs.
type barycentric struct {
	g       Group
	xs      []int
	weights []Scalar // values[i] / Π_{j≠i}(xs[i] − xs[j])
}

func newBarycentric(g Group, xs []int, values []Scalar) *barycentric {
	f := &barycentric{g, xs, weights(g, xs)}
	for i, v := range values {
		f.weights[i].Mul(f.weights[i], v)
	}
	return f
}

// at returns Z(x) = Π(x − xs[i]) and the value of the polynomial, for an x that
// is none of xs.
func (f *barycentric) at(x int) (z, value Scalar) {
	product, term := newProduct(f.g), f.g.NewScalar()
	value = f.g.NewScalar()
	for i, xi := range f.xs {
		product.times(x - xi)
		value.Add(value, term.Mul(f.weights[i], smallInverse(f.g, x-xi)))
	}
	z = product.scalar()
	return z, value.Mul(value, z)
}

// maxDifference is the largest difference of two xs whose inverse is kept.
const maxDifference = 128

// smallInverses are 1/n for n from -maxDifference to maxDifference but 0, at
// n + maxDifference, of each group.
var smallInverses = sync.OnceValue(func() map[Group][]Scalar {
	return map[Group][]Scalar{Secp256k1: inversesOf(Secp256k1), Edwards25519: inversesOf(Edwards25519)}
})

func inversesOf(g Group) []Scalar {
	all := make([]Scalar, 2*maxDifference+1)
	for i := range all {
		all[i] = g.NewScalar().SetUint64(uint64(max(1, i-maxDifference)))
	}
	divide(g, g.NewScalar().SetUint64(1), all[maxDifference+1:])
	for i := range maxDifference {
		all[i].Sub(g.NewScalar(), all[2*maxDifference-i])
	}
	return all
}

// smallInverse returns 1/n, for an n that is not zero. It is shared: the caller
// does not change it.
func smallInverse(g Group, n int) Scalar {
	if n < -maxDifference || n > maxDifference {
		inverse := g.NewScalar().SetUint64(uint64(max(n, -n)))
		inverse.Invert(inverse)
		if n < 0 {
			inverse.Sub(g.NewScalar(), inverse)
		}
		return inverse
	}
	return smallInverses()[g][n+maxDifference]
}

// window is the width of the digits of multiMulSecp in bits, and oddMultiples
// how many multiples of each point it needs: P, 3P … 15P.
const (
	window       = 5
	oddMultiples = 1 << (window - 2)
)

// multiMul returns Σ scalars[i]·points[i], in variable time: for public values.
func multiMul(g Group, scalars []Scalar, points []Point) Point {
	if g == Edwards25519 {
		ss, ps := make([]*edwards25519.Scalar, len(points)), make([]*edwards25519.Point, len(points))
		for i, p := range points {
			ss[i], ps[i] = scalars[i].(*edScalar).s, &p.(*edPoint).p
		}
		sum := new(edPoint)
		sum.p.VarTimeMultiScalarMult(ss, ps)
		return sum
	}
	return multiMulSecp(scalars, points)
}

// multiMulSecp adds the points bit by bit, with shared doublings (Straus), in
// non-adjacent form, and with the multiples of the points in affine coordinates.
func multiMulSecp(scalars []Scalar, points []Point) Point {
	multiples := make([]Point, 0, oddMultiples*len(points))
	for _, p := range points {
		twice := new(secpPoint).Add(p, p)
		for k := range oddMultiples {
			if k > 0 {
				p = new(secpPoint).Add(p, twice)
			}
			multiples = append(multiples, p)
		}
	}
	table := affinePoints(multiples)
	digits := make([][]int8, len(scalars))
	longest := 0
	for i, s := range scalars {
		digits[i] = nonAdjacent(s.Bytes())
		longest = max(longest, len(digits[i]))
	}
	var sum, term secp.JacobianPoint
	for bit := longest - 1; bit >= 0; bit-- {
		secp.DoubleNonConst(&sum, &sum)
		for i, d := range digits {
			if bit >= len(d) || d[bit] == 0 {
				continue
			}
			digit := int(d[bit])
			a := &table[i*oddMultiples+max(digit, -digit)/2]
			if a.isIdentity {
				continue
			}
			term.X, term.Y = a.x, a.y
			term.Z.SetInt(1)
			if digit < 0 {
				term.Y.Negate(1).Normalize()
			}
			secp.AddNonConst(&sum, &term, &sum)
		}
	}
	return &secpPoint{sum}
}

// nonAdjacent returns the digits of a big-endian number in non-adjacent form,
// the lowest first: odd or zero, and below 2^(window-1) in magnitude.
func nonAdjacent(b []byte) []int8 {
	n := new(big.Int).SetBytes(b)
	digits := make([]int8, 0, 8*len(b)+1)
	low := new(big.Int)
	for n.Sign() > 0 {
		digit := 0
		if n.Bit(0) == 1 {
			digit = int(low.And(n, big.NewInt(1<<window-1)).Int64())
			if digit >= 1<<(window-1) {
				digit -= 1 << window
			}
			n.Sub(n, big.NewInt(int64(digit)))
		}
		digits = append(digits, int8(digit))
		n.Rsh(n, 1)
	}
	return digits
}
