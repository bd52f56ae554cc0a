package group

import (
	"math/rand/v2"
	"testing"
)

// TestExtendAffine compares the fast way with the plain one, also where points
// are the identity, equal to or the negative of each other, so that differences
// vanish.
func TestExtendAffine(t *testing.T) {
	g := Secp256k1
	rng := rand.New(rand.NewPCG(8, 9))
	for round := range 60 {
		d := 1 + rng.IntN(12)
		coefficients := make([]Scalar, d+1)
		for i := range coefficients {
			// Small coefficients, zero among them, make collisions.
			coefficients[i] = g.NewScalar().SetUint64(rng.Uint64N(3))
			if round%3 == 0 {
				coefficients[i].SetUint64(rng.Uint64())
			}
			if rng.IntN(3) == 0 {
				coefficients[i].Sub(g.NewScalar(), coefficients[i])
			}
		}
		points := make([]Point, d+1)
		for x := range points {
			points[x] = g.NewPoint().BaseMul(Eval(g, coefficients, x))
		}
		n := 1 + rng.IntN(15)
		fast, plain := extendAffine(points, n), extendPlain(points, n)
		for i := range plain {
			right := g.NewPoint().BaseMul(Eval(g, coefficients, d+1+i))
			if !fast[i].Equal(plain[i]) || !fast[i].Equal(right) {
				t.Fatalf("round %d, degree %d: point %d differs", round, d, i)
			}
		}
	}
}

// TestExtendAnyPoints compares both ways on points that are of no polynomial of
// low degree, as a hostile backup has them.
func TestExtendAnyPoints(t *testing.T) {
	g := Secp256k1
	rng := rand.New(rand.NewPCG(10, 11))
	for range 20 {
		points := make([]Point, 1+rng.IntN(20))
		for i := range points {
			points[i] = g.NewPoint().BaseMul(g.NewScalar().SetUint64(rng.Uint64N(4)))
		}
		fast, plain := extendAffine(points, 9), extendPlain(points, 9)
		for i := range plain {
			if !fast[i].Equal(plain[i]) {
				t.Fatalf("point %d of %d differs", i, len(points))
			}
		}
	}
}

// BenchmarkExtendWays measures what the affine way saves.
func BenchmarkExtendWays(b *testing.B) {
	g := Secp256k1
	points := make([]Point, 41)
	for i := range points {
		points[i] = g.NewPoint().BaseMul(g.NewScalar().SetUint64(uint64(i*i*i) ^ 0x9e3779b97f4a7c15))
	}
	b.Run("plain", func(b *testing.B) {
		for b.Loop() {
			extendPlain(points, 40)
		}
	})
	b.Run("affine", func(b *testing.B) {
		for b.Loop() {
			extendAffine(points, 40)
		}
	})
}
