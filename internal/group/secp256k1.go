package group

import (
	"encoding/binary"
	"fmt"
	"math/big"

	secp "github.com/decred/dcrd/dcrec/secp256k1/v4"
)

const (
	secpPointSize      = 65
	secpCompressedSize = 33
)

// secpOrder is n of SEC 2, section 2.4.1.
var secpOrder = mustInt("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141")

type secpGroup struct{}

func (secpGroup) Name() string      { return "secp256k1" }
func (secpGroup) Algorithm() string { return "SECP256K1" }
func (secpGroup) PointSize() int    { return secpPointSize }
func (secpGroup) Order() *big.Int   { return new(big.Int).Set(secpOrder) }
func (secpGroup) NewScalar() Scalar { return newSecpScalar() }
func (secpGroup) NewPoint() Point   { return new(secpPoint) }

func (secpGroup) ParseScalar(b []byte) (Scalar, error) {
	if len(b) != scalarSize {
		return nil, sizeError(ErrScalar, len(b), scalarSize)
	}
	s := newSecpScalar()
	if s.n.SetByteSlice(b) {
		return nil, fmt.Errorf("%w: not below the group order", ErrScalar)
	}
	return s, nil
}

// ParsePoint reads the coordinates itself: the parser of the library also
// takes the hybrid form, 0x06 and 0x07.
func (secpGroup) ParsePoint(b []byte) (Point, error) {
	if len(b) != secpPointSize {
		return nil, sizeError(ErrPoint, len(b), secpPointSize)
	}
	if b[0] != secp.PubKeyFormatUncompressed {
		return nil, fmt.Errorf("%w: first byte 0x%02x, want 0x04", ErrPoint, b[0])
	}
	p := new(secpPoint)
	if p.j.X.SetByteSlice(b[1:33]) || p.j.Y.SetByteSlice(b[33:]) {
		return nil, fmt.Errorf("%w: coordinate not below the field prime", ErrPoint)
	}
	if !secp.NewPublicKey(&p.j.X, &p.j.Y).IsOnCurve() {
		return nil, fmt.Errorf("%w: not on the curve", ErrPoint)
	}
	p.j.Z.SetInt(1)
	return p, nil
}

// DecodePoint is ParsePoint: the cofactor is 1, so the curve is the group.
func (g secpGroup) DecodePoint(b []byte) (Point, error) { return g.ParsePoint(b) }

func (secpGroup) InSubgroup(p Point) bool {
	_ = p.(*secpPoint)
	return true
}

// parseSecpCompressed reads the compressed form of SEC 1, section 2.3.3: 0x02
// or 0x03 for an even or odd y, and 32 bytes of x.
func parseSecpCompressed(b []byte) (Point, error) {
	if len(b) != secpCompressedSize {
		return nil, sizeError(ErrPoint, len(b), secpCompressedSize)
	}
	if b[0] != secp.PubKeyFormatCompressedEven && b[0] != secp.PubKeyFormatCompressedOdd {
		return nil, fmt.Errorf("%w: first byte 0x%02x, want 0x02 or 0x03", ErrPoint, b[0])
	}
	p := new(secpPoint)
	if p.j.X.SetByteSlice(b[1:]) {
		return nil, fmt.Errorf("%w: coordinate not below the field prime", ErrPoint)
	}
	if !secp.DecompressY(&p.j.X, b[0] == secp.PubKeyFormatCompressedOdd, &p.j.Y) {
		return nil, fmt.Errorf("%w: not on the curve", ErrPoint)
	}
	p.j.Z.SetInt(1)
	return p, nil
}

// secpScalar points to the value because fmt goes around Format for unexported
// fields, and shows what one pointer leads to, but not two.
type secpScalar struct{ n *secp.ModNScalar }

func newSecpScalar() *secpScalar { return &secpScalar{new(secp.ModNScalar)} }

func (s *secpScalar) Set(a Scalar) Scalar {
	s.n.Set(a.(*secpScalar).n)
	return s
}

func (s *secpScalar) SetUint64(v uint64) Scalar {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], v)
	s.n.SetByteSlice(b[:])
	return s
}

func (s *secpScalar) setReduced(b *[scalarSize]byte) Scalar {
	s.n.SetBytes(b)
	return s
}

func (s *secpScalar) Add(a, b Scalar) Scalar {
	s.n.Add2(a.(*secpScalar).n, b.(*secpScalar).n)
	return s
}

func (s *secpScalar) Sub(a, b Scalar) Scalar {
	var minusB secp.ModNScalar
	minusB.NegateVal(b.(*secpScalar).n)
	s.n.Add2(a.(*secpScalar).n, &minusB)
	return s
}

func (s *secpScalar) Mul(a, b Scalar) Scalar {
	s.n.Mul2(a.(*secpScalar).n, b.(*secpScalar).n)
	return s
}

// secpOrderMinus2 is the exponent of Invert.
var secpOrderMinus2 = new(big.Int).Sub(secpOrder, big.NewInt(2)).Bytes()

// Invert computes a^(n−2), by Fermat: the inversion of the library takes
// variable time. The exponent is public, so its digits may steer.
func (s *secpScalar) Invert(a Scalar) Scalar {
	var powers [16]secp.ModNScalar // of a
	powers[0].SetInt(1)
	for i := range powers[1:] {
		powers[i+1].Mul2(&powers[i], a.(*secpScalar).n)
	}
	s.n.SetInt(1)
	for _, b := range secpOrderMinus2 {
		for _, digit := range [2]byte{b >> 4, b & 15} {
			s.n.Square().Square().Square().Square()
			s.n.Mul(&powers[digit])
		}
	}
	clear(powers[:])
	return s
}

func (s *secpScalar) Equal(b Scalar) bool { return s.n.Equals(b.(*secpScalar).n) }
func (s *secpScalar) IsZero() bool        { return s.n.IsZero() }
func (s *secpScalar) Wipe()               { s.n.Zero() }

func (s *secpScalar) Bytes() []byte {
	b := make([]byte, scalarSize)
	s.n.PutBytesUnchecked(b)
	return b
}

func (*secpScalar) Format(f fmt.State, _ rune) { format(f) }

// secpPoint holds a point in Jacobian coordinates (X/Z², Y/Z³), each of them
// normalized, as the library requires. The identity has Z = 0 or X = Y = 0.
type secpPoint struct{ j secp.JacobianPoint }

func (p *secpPoint) Set(a Point) Point {
	p.j = a.(*secpPoint).j
	return p
}

func (p *secpPoint) clone() Point { return new(secpPoint).Set(p) }

func (p *secpPoint) Add(a, b Point) Point {
	secp.AddNonConst(&a.(*secpPoint).j, &b.(*secpPoint).j, &p.j)
	return p
}

func (p *secpPoint) Sub(a, b Point) Point {
	minusB := b.(*secpPoint).j
	minusB.Y.Negate(1).Normalize()
	secp.AddNonConst(&a.(*secpPoint).j, &minusB, &p.j)
	return p
}

func (p *secpPoint) BaseMul(s Scalar) Point {
	secp.ScalarBaseMultNonConst(s.(*secpScalar).n, &p.j)
	return p
}

func (p *secpPoint) Mul(s Scalar, q Point) Point {
	secp.ScalarMultNonConst(s.(*secpScalar).n, &q.(*secpPoint).j, &p.j)
	return p
}

// Equal compares X₁Z₂² with X₂Z₁², and Y₁Z₂³ with Y₂Z₁³.
func (p *secpPoint) Equal(b Point) bool {
	q := b.(*secpPoint)
	if p.IsIdentity() || q.IsIdentity() {
		return p.IsIdentity() && q.IsIdentity()
	}
	var zzP, zzQ, l, r secp.FieldVal
	zzP.SquareVal(&p.j.Z)
	zzQ.SquareVal(&q.j.Z)
	l.Mul2(&p.j.X, &zzQ).Normalize()
	r.Mul2(&q.j.X, &zzP).Normalize()
	if !l.Equals(&r) {
		return false
	}
	l.Mul2(&p.j.Y, zzQ.Mul(&q.j.Z)).Normalize()
	r.Mul2(&q.j.Y, zzP.Mul(&p.j.Z)).Normalize()
	return l.Equals(&r)
}

func (p *secpPoint) IsIdentity() bool {
	return p.j.Z.IsZero() || p.j.X.IsZero() && p.j.Y.IsZero()
}

func (p *secpPoint) Bytes() []byte {
	if p.IsIdentity() {
		panic("group: the identity of secp256k1 has no encoding")
	}
	j := p.j
	if !j.Z.IsOne() {
		j.ToAffine()
	}
	return secp.NewPublicKey(&j.X, &j.Y).SerializeUncompressed()
}
