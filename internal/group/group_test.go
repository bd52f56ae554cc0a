package group

import (
	"encoding/hex"
	"errors"
	"io"
	"math/big"
	"math/rand/v2"
	"testing"
)

var groups = []Group{Secp256k1, Edwards25519}

// eachGroup runs a test for both groups, with a seeded source of its own.
func eachGroup(t *testing.T, f func(*testing.T, Group, io.Reader)) {
	for _, g := range groups {
		t.Run(g.Name(), func(t *testing.T) { f(t, g, rand.NewChaCha8([32]byte{7})) })
	}
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func random(t testing.TB, g Group, r io.Reader) Scalar {
	t.Helper()
	s, err := RandomScalar(g, r)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// toInt and toScalar go through the encoding.
func toInt(s Scalar) *big.Int { return new(big.Int).SetBytes(s.Bytes()) }

func toScalar(t testing.TB, g Group, v *big.Int) Scalar {
	t.Helper()
	s, err := g.ParseScalar(new(big.Int).Mod(v, g.Order()).FillBytes(make([]byte, 32)))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func wantError(t testing.TB, err, kind error, text string) {
	t.Helper()
	if !errors.Is(err, kind) || err.Error() != text {
		t.Errorf("error %q, want %q", err, text)
	}
}

func TestNames(t *testing.T) {
	for _, g := range groups {
		if got, ok := ByName(g.Name()); !ok || got != g {
			t.Errorf("ByName(%q) = %v, %v", g.Name(), got, ok)
		}
		if got, ok := ByAlgorithm(g.Algorithm()); !ok || got != g {
			t.Errorf("ByAlgorithm(%q) = %v, %v", g.Algorithm(), got, ok)
		}
	}
	for _, name := range []string{"", "P-256", "Secp256k1", "ed25519"} {
		if g, ok := ByName(name); ok || g != nil {
			t.Errorf("ByName(%q) = %v", name, g)
		}
		if g, ok := ByAlgorithm(name); ok || g != nil {
			t.Errorf("ByAlgorithm(%q) = %v", name, g)
		}
	}
}

func TestOrder(t *testing.T) {
	eachGroup(t, func(t *testing.T, g Group, r io.Reader) {
		g.Order().SetInt64(1)
		minus1 := g.NewScalar().Sub(g.NewScalar(), g.NewScalar().SetUint64(1))
		if v := toInt(minus1); v.Add(v, big.NewInt(1)).Cmp(g.Order()) != 0 {
			t.Errorf("-1 is %x, the order %x", minus1.Bytes(), g.Order())
		}
		p := g.NewPoint().BaseMul(random(t, g, r))
		if !g.NewPoint().Add(g.NewPoint().Mul(minus1, p), p).IsIdentity() {
			t.Error("the order times a point is not the identity")
		}
		if !g.InSubgroup(p) || !g.InSubgroup(g.NewPoint()) {
			t.Error("a point is not in the subgroup")
		}
	})
}

// TestAliasing runs every operation with the receiver among the arguments.
func TestAliasing(t *testing.T) {
	eachGroup(t, func(t *testing.T, g Group, r io.Reader) {
		a, b := random(t, g, r), random(t, g, r)
		for name, op := range map[string]func(r, a, b Scalar) Scalar{
			"Add": Scalar.Add, "Sub": Scalar.Sub, "Mul": Scalar.Mul,
			"Invert": func(r, a, _ Scalar) Scalar { return r.Invert(a) },
		} {
			fresh := func() (Scalar, Scalar) { return g.NewScalar().Set(a), g.NewScalar().Set(b) }
			checkAliasing(t, name, op, g.NewScalar, fresh)
		}
		// Other formulas serve affine points, points of one z, and doubling.
		p := g.NewPoint().BaseMul(a)
		q := g.NewPoint().Mul(b, p)
		affine, err := g.ParsePoint(p.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		sum := g.NewPoint().Add(p, q)
		for _, pair := range [][2]Point{{p, q}, {affine, q}, {q, affine}, {affine, affine}, {p, affine},
			{p, g.NewPoint()}, {g.NewPoint(), p}, {sum, g.NewPoint().Sub(g.NewPoint(), sum)}} {
			for name, op := range map[string]func(r, a, b Point) Point{
				"Add": Point.Add, "Sub": Point.Sub,
				"Mul": func(r, p, _ Point) Point { return r.Mul(a, p) },
			} {
				fresh := func() (Point, Point) { return pair[0].clone(), pair[1].clone() }
				checkAliasing(t, name, op, g.NewPoint, fresh)
			}
		}
	})
}

func checkAliasing[T interface {
	comparable
	Equal(T) bool
}](t *testing.T, name string, op func(r, a, b T) T, blank func() T, fresh func() (T, T)) {
	t.Helper()
	a, b := fresh()
	want := op(blank(), a, b)
	if a0, b0 := fresh(); !a.Equal(a0) || !b.Equal(b0) {
		t.Errorf("%s changes an argument", name)
	}
	if r := op(a, a, b); !r.Equal(want) || r != a {
		t.Errorf("%s is wrong with the receiver as its first argument", name)
	}
	a, b = fresh()
	if r := op(b, a, b); !r.Equal(want) || r != b {
		t.Errorf("%s is wrong with the receiver as its second argument", name)
	}
	a, _ = fresh()
	a2, _ := fresh()
	want = op(blank(), a2, a2)
	if r := op(a, a, a); !r.Equal(want) {
		t.Errorf("%s is wrong with the receiver as both arguments", name)
	}
}

func TestPointArithmetic(t *testing.T) {
	eachGroup(t, func(t *testing.T, g Group, r io.Reader) {
		a, b := random(t, g, r), random(t, g, r)
		p, q := g.NewPoint().BaseMul(a), g.NewPoint().BaseMul(b)
		o := g.NewPoint()
		sum := g.NewPoint().BaseMul(g.NewScalar().Add(a, b))
		difference := g.NewPoint().BaseMul(g.NewScalar().Sub(a, b))
		product := g.NewPoint().BaseMul(g.NewScalar().Mul(a, b))
		for i, pair := range [][2]Point{
			{g.NewPoint().Add(p, q), sum},
			{g.NewPoint().Sub(p, q), difference},
			{g.NewPoint().Mul(a, q), product},
			{g.NewPoint().Mul(b, p), product},
			{g.NewPoint().Add(p, o), p},
			{g.NewPoint().Sub(o, p), g.NewPoint().BaseMul(g.NewScalar().Sub(g.NewScalar(), a))},
			{g.NewPoint().Add(p, p), g.NewPoint().Mul(g.NewScalar().SetUint64(2), p)},
			{g.NewPoint().Sub(p, p), o},
			{g.NewPoint().Mul(a, o), o},
			{g.NewPoint().Mul(g.NewScalar(), p), o},
			{g.NewPoint().BaseMul(g.NewScalar()), o},
		} {
			if !pair[0].Equal(pair[1]) || pair[0].IsIdentity() != (pair[1] == o) {
				t.Errorf("case %d: not equal", i)
			}
		}
		minusP := g.NewPoint().Sub(o, p)
		for _, other := range []Point{q, o, minusP} {
			if p.Equal(other) || other.Equal(p) {
				t.Error("different points are equal")
			}
		}
	})
}

func TestMixedGroupsPanic(t *testing.T) {
	s, p := Secp256k1.NewScalar(), Secp256k1.NewPoint()
	for i, f := range []func(){
		func() { Edwards25519.NewScalar().Add(s, s) },
		func() { Edwards25519.NewPoint().Set(p) },
		func() { Edwards25519.NewPoint().BaseMul(s) },
		func() { Edwards25519.InSubgroup(p) },
		func() { Secp256k1.InSubgroup(Edwards25519.NewPoint()) },
		func() { MarshalSPKI(Secp256k1, Edwards25519.NewPoint()) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("case %d does not panic", i)
				}
			}()
			f()
		}()
	}
}
