package group

import (
	"math/rand/v2"
	"testing"
)

func benchGroups(b *testing.B, f func(*testing.B, Group, []Scalar)) {
	for _, g := range groups {
		b.Run(g.Name(), func(b *testing.B) {
			b.ReportAllocs()
			f(b, g, polynomial(b, g, rand.NewChaCha8([32]byte{}), 41))
		})
	}
}

// pointOf returns f(x)·G, read from its encoding.
func pointOf(b *testing.B, g Group, coeffs []Scalar, x int) Point {
	p, err := g.ParsePoint(g.NewPoint().BaseMul(Eval(g, coeffs, x)).Bytes())
	if err != nil {
		b.Fatal(err)
	}
	return p
}

func BenchmarkBaseMul(b *testing.B) {
	benchGroups(b, func(b *testing.B, g Group, f []Scalar) {
		p := g.NewPoint()
		for b.Loop() {
			p.BaseMul(f[0])
		}
	})
}

func BenchmarkMul(b *testing.B) {
	benchGroups(b, func(b *testing.B, g Group, f []Scalar) {
		p := pointOf(b, g, f, 1)
		for b.Loop() {
			p.Mul(f[0], p)
		}
	})
}

func BenchmarkAdd(b *testing.B) {
	benchGroups(b, func(b *testing.B, g Group, f []Scalar) {
		p, q := g.NewPoint().BaseMul(f[0]), g.NewPoint().BaseMul(f[1])
		for b.Loop() {
			p.Add(p, q)
		}
	})
}

func BenchmarkEqual(b *testing.B) {
	benchGroups(b, func(b *testing.B, g Group, f []Scalar) {
		p, q := g.NewPoint().BaseMul(f[0]), g.NewPoint().BaseMul(f[1])
		sum, same := g.NewPoint().Add(p, q), g.NewPoint().BaseMul(g.NewScalar().Add(f[0], f[1]))
		for b.Loop() {
			if !sum.Equal(same) {
				b.Fatal("not equal")
			}
		}
	})
}

func BenchmarkScalarMul(b *testing.B) {
	benchGroups(b, func(b *testing.B, g Group, f []Scalar) {
		for b.Loop() {
			f[0].Mul(f[0], f[1])
		}
	})
}

func BenchmarkInvert(b *testing.B) {
	benchGroups(b, func(b *testing.B, g Group, f []Scalar) {
		for b.Loop() {
			f[0].Invert(f[0])
		}
	})
}

func BenchmarkExtend(b *testing.B) {
	benchGroups(b, func(b *testing.B, g Group, f []Scalar) {
		ps := make([]Point, 41)
		for x := range ps {
			ps[x] = pointOf(b, g, f, x)
		}
		for b.Loop() {
			Extend(ps, 40)
		}
	})
}

func BenchmarkInterpolateAtZero(b *testing.B) {
	benchGroups(b, func(b *testing.B, g Group, f []Scalar) {
		xs := someXs()[6]
		for b.Loop() {
			if _, err := InterpolateAtZero(g, xs, f); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkDegreeAtMost(b *testing.B) {
	benchGroups(b, func(b *testing.B, g Group, f []Scalar) {
		xs, ps := []int{1, 2, 3, 4, 5}, make([]Point, 5)
		for i, x := range xs {
			ps[i] = pointOf(b, g, f[:3], x)
		}
		for b.Loop() {
			if ok, err := DegreeAtMost(g, xs, ps, 2); !ok || err != nil {
				b.Fatal(ok, err)
			}
		}
	})
}

func BenchmarkParsePoint(b *testing.B) {
	benchGroups(b, func(b *testing.B, g Group, f []Scalar) { benchParse(b, g, f, g.ParsePoint) })
}

func BenchmarkDecodePoint(b *testing.B) {
	benchGroups(b, func(b *testing.B, g Group, f []Scalar) { benchParse(b, g, f, g.DecodePoint) })
}

func benchParse(b *testing.B, g Group, f []Scalar, parse func([]byte) (Point, error)) {
	encoded := g.NewPoint().BaseMul(f[0]).Bytes()
	for b.Loop() {
		if _, err := parse(encoded); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkInSubgroup(b *testing.B) {
	p := pointOf(b, Edwards25519, polynomial(b, Edwards25519, rand.NewChaCha8([32]byte{}), 1), 1)
	for b.Loop() {
		Edwards25519.InSubgroup(p)
	}
}

func BenchmarkBytes(b *testing.B) {
	benchGroups(b, func(b *testing.B, g Group, f []Scalar) {
		p := g.NewPoint().BaseMul(f[0])
		for b.Loop() {
			p.Bytes()
		}
	})
}
