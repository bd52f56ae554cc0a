package group

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/big"
	"slices"

	"filippo.io/edwards25519"
)

const edPointSize = 32

// edOrder is L of RFC 8032, section 5.1.
var edOrder = mustInt("1000000000000000000000000000000014def9dea2f79cd65812631a5cf5d3ed")

type edGroup struct{}

func (edGroup) Name() string      { return "ED-25519" }
func (edGroup) Algorithm() string { return "ED25519" }
func (edGroup) PointSize() int    { return edPointSize }
func (edGroup) Order() *big.Int   { return new(big.Int).Set(edOrder) }
func (edGroup) NewScalar() Scalar { return newEdScalar() }
func (edGroup) NewPoint() Point   { return &edPoint{*edwards25519.NewIdentityPoint()} }

func (edGroup) ParseScalar(b []byte) (Scalar, error) {
	if len(b) != scalarSize {
		return nil, sizeError(ErrScalar, len(b), scalarSize)
	}
	var little [scalarSize]byte
	defer clear(little[:])
	copy(little[:], b)
	slices.Reverse(little[:])
	s := newEdScalar()
	if _, err := s.s.SetCanonicalBytes(little[:]); err != nil {
		return nil, fmt.Errorf("%w: not below the group order", ErrScalar)
	}
	return s, nil
}

func (g edGroup) ParsePoint(b []byte) (Point, error) {
	p, err := g.DecodePoint(b)
	if err != nil {
		return nil, err
	}
	if !g.InSubgroup(p) {
		return nil, fmt.Errorf("%w: not in the prime-order subgroup", ErrPoint)
	}
	return p, nil
}

func (edGroup) DecodePoint(b []byte) (Point, error) {
	if len(b) != edPointSize {
		return nil, sizeError(ErrPoint, len(b), edPointSize)
	}
	p := new(edPoint)
	if _, err := p.p.SetBytes(b); err != nil {
		return nil, fmt.Errorf("%w: not on the curve", ErrPoint)
	}
	if !bytes.Equal(p.affineBytes(), b) {
		return nil, fmt.Errorf("%w: not the canonical encoding", ErrPoint)
	}
	if p.IsIdentity() {
		return nil, fmt.Errorf("%w: the identity", ErrPoint)
	}
	return p, nil
}

// edMinusOne is L−1.
var edMinusOne, edZero = new(edwards25519.Scalar).Negate(newEdScalar().SetUint64(1).(*edScalar).s), edwards25519.NewScalar()

// InSubgroup asks whether [L−1]p = −p, which is [L]p = 0: the points of small
// order, and those with such a part, are outside. Scalars are modulo L, so L
// itself cannot be multiplied by. The points of backups and records are public, so
// the time may depend on them.
func (edGroup) InSubgroup(p Point) bool {
	q := &p.(*edPoint).p
	multiple := new(edwards25519.Point).VarTimeDoubleScalarBaseMult(edMinusOne, q, edZero)
	return multiple.Equal(new(edwards25519.Point).Negate(q)) == 1
}

// affineBytes is Bytes for a point with Z = 1, as SetBytes leaves it: it saves
// the inversion.
func (p *edPoint) affineBytes() []byte {
	x, y, _, _ := p.p.ExtendedCoordinates()
	b := y.Bytes()
	b[edPointSize-1] |= byte(x.IsNegative() << 7)
	return b
}

// edScalar points to the value for the same reason as secpScalar.
type edScalar struct{ s *edwards25519.Scalar }

func newEdScalar() *edScalar { return &edScalar{new(edwards25519.Scalar)} }

func (s *edScalar) Set(a Scalar) Scalar {
	s.s.Set(a.(*edScalar).s)
	return s
}

func (s *edScalar) SetUint64(v uint64) Scalar {
	var b [scalarSize]byte
	binary.LittleEndian.PutUint64(b[:], v)
	if _, err := s.s.SetCanonicalBytes(b[:]); err != nil {
		panic(err) // 64 bits are below the order
	}
	return s
}

func (s *edScalar) setReduced(b *[scalarSize]byte) Scalar {
	var wide [2 * scalarSize]byte
	for i, v := range b {
		wide[scalarSize-1-i] = v
	}
	if _, err := s.s.SetUniformBytes(wide[:]); err != nil {
		panic(err) // it takes any 64 bytes
	}
	return s
}

func (s *edScalar) Add(a, b Scalar) Scalar {
	s.s.Add(a.(*edScalar).s, b.(*edScalar).s)
	return s
}

func (s *edScalar) Sub(a, b Scalar) Scalar {
	s.s.Subtract(a.(*edScalar).s, b.(*edScalar).s)
	return s
}

func (s *edScalar) Mul(a, b Scalar) Scalar {
	s.s.Multiply(a.(*edScalar).s, b.(*edScalar).s)
	return s
}

func (s *edScalar) Invert(a Scalar) Scalar {
	s.s.Invert(a.(*edScalar).s)
	return s
}

func (s *edScalar) Equal(b Scalar) bool { return s.s.Equal(b.(*edScalar).s) == 1 }
func (s *edScalar) IsZero() bool        { return s.s.Equal(new(edwards25519.Scalar)) == 1 }
func (s *edScalar) Wipe()               { *s.s = edwards25519.Scalar{} }

func (s *edScalar) Bytes() []byte {
	b := s.s.Bytes()
	slices.Reverse(b)
	return b
}

func (*edScalar) Format(f fmt.State, _ rune) { format(f) }

type edPoint struct{ p edwards25519.Point }

func (p *edPoint) Set(a Point) Point {
	p.p.Set(&a.(*edPoint).p)
	return p
}

func (p *edPoint) clone() Point { return new(edPoint).Set(p) }

func (p *edPoint) Add(a, b Point) Point {
	p.p.Add(&a.(*edPoint).p, &b.(*edPoint).p)
	return p
}

func (p *edPoint) Sub(a, b Point) Point {
	p.p.Subtract(&a.(*edPoint).p, &b.(*edPoint).p)
	return p
}

func (p *edPoint) BaseMul(s Scalar) Point {
	p.p.ScalarBaseMult(s.(*edScalar).s)
	return p
}

func (p *edPoint) Mul(s Scalar, q Point) Point {
	p.p.ScalarMult(s.(*edScalar).s, &q.(*edPoint).p)
	return p
}

func (p *edPoint) Equal(b Point) bool { return p.p.Equal(&b.(*edPoint).p) == 1 }

var edIdentity = edwards25519.NewIdentityPoint()

func (p *edPoint) IsIdentity() bool { return p.p.Equal(edIdentity) == 1 }

func (p *edPoint) Bytes() []byte { return p.p.Bytes() }
