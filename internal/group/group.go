// Package group holds the two groups that wallet keys live in, secp256k1 and
// the prime-order subgroup of edwards25519, behind one small interface, and
// the polynomials over them that shares are made of.
//
// Points are public, here: operations on them take a time that depends on
// their values. Scalars are mostly secret. Scalar arithmetic takes constant
// time; so do BaseMul and Mul on edwards25519, but not on secp256k1, where
// they take a time that depends on the scalar. This suits a machine on which
// nothing else runs. A program that signs for others should use something
// else.
//
// Values of the two groups do not mix: an operation on both panics.
package group

import (
	"errors"
	"fmt"
	"io"
	"math/big"
)

// Group is one of the two groups: Secp256k1 or Edwards25519.
type Group interface {
	// Name is the name of the curve in the recovery data: "secp256k1",
	// "ED-25519" (docs/formats.md, section 2.2).
	Name() string
	// Algorithm is the key algorithm of the record: "SECP256K1", "ED25519".
	Algorithm() string
	// PointSize is the size of Point.Bytes: 65 or 32 bytes.
	PointSize() int
	// Order returns a copy of the order of the group, a prime.
	Order() *big.Int
	// NewScalar returns the scalar zero.
	NewScalar() Scalar
	// NewPoint returns the identity.
	NewPoint() Point
	// ParseScalar reads 32 bytes, big-endian, below the order. Zero is allowed.
	// The error is an ErrScalar.
	ParseScalar(b []byte) (Scalar, error)
	// ParsePoint reads the one canonical encoding of a point of the group, the
	// identity excepted: 65 bytes, 0x04 and both coordinates (SEC 1, section
	// 2.3.3), or 32 bytes (RFC 8032, section 5.1.2). The error is an ErrPoint.
	ParsePoint(b []byte) (Point, error)
	// DecodePoint is ParsePoint without the subgroup check, which is most of
	// its cost on edwards25519. It is for callers that prove in another way
	// that the point is in the group, and use it for nothing else before.
	DecodePoint(b []byte) (Point, error)
	// InSubgroup reports whether p, a point of the curve, is in the group of
	// prime order. The identity is.
	InSubgroup(p Point) bool
}

// Scalar is an integer modulo the order of its group. Operations set the
// receiver, which may also be an argument, and return it. They take constant
// time.
type Scalar interface {
	Set(a Scalar) Scalar
	SetUint64(v uint64) Scalar
	Add(a, b Scalar) Scalar
	Sub(a, b Scalar) Scalar
	Mul(a, b Scalar) Scalar
	// Invert sets the receiver to 1/a. The inverse of zero is zero.
	Invert(a Scalar) Scalar
	Equal(b Scalar) bool
	IsZero() bool
	// Bytes returns 32 bytes, big-endian. The caller wipes them.
	Bytes() []byte
	// Wipe sets the receiver to zero.
	Wipe()
	// Format prints "[scalar]", whatever the verb.
	fmt.Formatter

	// setReduced sets the receiver to 32 bytes, big-endian, modulo the order.
	setReduced(b *[scalarSize]byte) Scalar
}

// Point is a point of a curve. Operations set the receiver, which may also be
// an argument, and return it.
type Point interface {
	Set(a Point) Point
	Add(a, b Point) Point
	Sub(a, b Point) Point
	// BaseMul sets the receiver to s times the generator.
	BaseMul(s Scalar) Point
	// Mul sets the receiver to s times p.
	Mul(s Scalar, p Point) Point
	Equal(b Point) bool
	IsIdentity() bool
	// Bytes returns the canonical encoding, as ParsePoint reads it. It panics
	// for the identity of secp256k1, which has none.
	Bytes() []byte

	clone() Point
}

// The two groups. They are comparable with ==.
var (
	Secp256k1    Group = secpGroup{}
	Edwards25519 Group = edGroup{}
)

// What is wrong with an encoding. Errors wrap these and say which fault it is.
var (
	ErrScalar = errors.New("bad scalar")
	ErrPoint  = errors.New("bad point")
)

// ErrRandom is returned by RandomScalar for a source that cannot be random.
var ErrRandom = errors.New("the random source repeats itself")

// scalarSize is the size of Scalar.Bytes, in bytes.
const scalarSize = 32

// ByName returns the group that the recovery data calls name.
func ByName(name string) (Group, bool) {
	return find(func(g Group) bool { return g.Name() == name })
}

// ByAlgorithm returns the group of a key algorithm of the record.
func ByAlgorithm(name string) (Group, bool) {
	return find(func(g Group) bool { return g.Algorithm() == name })
}

func find(match func(Group) bool) (Group, bool) {
	for _, g := range []Group{Secp256k1, Edwards25519} {
		if match(g) {
			return g, true
		}
	}
	return nil, false
}

// RandomScalar returns a uniform nonzero scalar, made of 32 bytes of r at a
// time until some are below the order (two times on average for edwards25519).
// It returns the error of r, or ErrRandom.
func RandomScalar(g Group, r io.Reader) (Scalar, error) {
	b := make([]byte, scalarSize)
	defer clear(b)
	spare := 8*scalarSize - g.Order().BitLen()
	for range 256 { // all of them fail with a chance of 2⁻²⁵⁶
		if _, err := io.ReadFull(r, b); err != nil {
			return nil, fmt.Errorf("random scalar: %w", err)
		}
		b[0] &= 0xff >> spare
		if s, err := g.ParseScalar(b); err == nil && !s.IsZero() {
			return s, nil
		}
	}
	return nil, ErrRandom
}

// format is the Format of all scalars.
func format(f fmt.State) { _, _ = io.WriteString(f, "[scalar]") }

func sizeError(kind error, got, want int) error {
	return fmt.Errorf("%w: %d bytes, want %d", kind, got, want)
}

func mustInt(hex string) *big.Int {
	n, ok := new(big.Int).SetString(hex, 16)
	if !ok {
		panic("group: bad constant " + hex)
	}
	return n
}
