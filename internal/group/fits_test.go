package group

import (
	"encoding/hex"
	"math/rand/v2"
	"testing"
)

// evaluated is a random polynomial with its commitments at 0 … d and its values
// at d random xs.
func evaluated(g Group, rng *rand.Rand, d int) (points []Point, xs []int, values []Scalar) {
	f := make([]Scalar, d+1)
	for i := range f {
		f[i] = randomScalar(g, rng)
	}
	for x := range d + 1 {
		points = append(points, g.NewPoint().BaseMul(Eval(g, f, x)))
	}
	for _, i := range rng.Perm(2 * d)[:d] {
		xs = append(xs, i+1)
		values = append(values, Eval(g, f, i+1))
	}
	return points, xs, values
}

func randomScalar(g Group, rng *rand.Rand) Scalar {
	s := g.NewScalar().SetUint64(rng.Uint64())
	for range 3 {
		s.Add(s.Mul(s, g.NewScalar().SetUint64(1<<63)), g.NewScalar().SetUint64(rng.Uint64()))
	}
	return s
}

// TestFitsValues accepts what is right, and refuses it with any one point or
// value changed.
func TestFitsValues(t *testing.T) {
	for _, g := range []Group{Secp256k1, Edwards25519} {
		rng := rand.New(rand.NewPCG(21, 22))
		for _, d := range []int{1, 2, 5, 9} {
			points, xs, values := evaluated(g, rng, d)
			if ok, err := FitsValues(g, points, xs, values); !ok || err != nil {
				t.Fatalf("%s, degree %d: refused, %v", g.Name(), d, err)
			}
			one := g.NewPoint().BaseMul(g.NewScalar().SetUint64(1))
			for x := range points {
				kept := points[x]
				points[x] = g.NewPoint().Add(kept, one)
				// With d = 1 and no point that is not at xs but C_0, any C_0 fits.
				if ok, _ := FitsValues(g, points, xs, values); ok && !(x == 0 && covered(d, xs)) {
					t.Errorf("%s, degree %d: accepted with point %d changed", g.Name(), d, x)
				}
				points[x] = kept
			}
			for i := range values {
				values[i].Add(values[i], g.NewScalar().SetUint64(1))
				if ok, _ := FitsValues(g, points, xs, values); ok && !(xs[i] > d && covered(d, xs)) {
					t.Errorf("%s, degree %d: accepted with value %d changed", g.Name(), d, i)
				}
				values[i].Sub(values[i], g.NewScalar().SetUint64(1))
			}
		}
	}
}

// covered tells whether all of 1 … d are among xs: then every C_0 fits, because
// the degree of freedom that the values leave is not used up.
func covered(d int, xs []int) bool {
	n := 0
	for _, x := range xs {
		if x <= d {
			n++
		}
	}
	return n == d
}

// TestFitsValuesLikeExtend compares with the slow way: extend the commitments,
// and compare every value.
func TestFitsValuesLikeExtend(t *testing.T) {
	for _, g := range []Group{Secp256k1, Edwards25519} {
		rng := rand.New(rand.NewPCG(23, 24))
		for round := range 30 {
			d := 2 + rng.IntN(8)
			points, xs, values := evaluated(g, rng, d)
			if round%2 == 0 {
				values[rng.IntN(d)].SetUint64(uint64(round))
			}
			all := append(points[:d+1:d+1], Extend(points, d)...)
			slow := true
			for i, x := range xs {
				slow = slow && g.NewPoint().BaseMul(values[i]).Equal(all[x])
			}
			if fast, err := FitsValues(g, points, xs, values); fast != slow || err != nil {
				t.Errorf("%s, round %d: %v, the slow way says %v (%v)", g.Name(), round, fast, slow, err)
			}
		}
	}
}

// TestFitsValuesOfSmallOrder refuses every point that differs from the right one
// by a point of small order.
func TestFitsValuesOfSmallOrder(t *testing.T) {
	g := Edwards25519
	points, xs, values := evaluated(g, rand.New(rand.NewPCG(27, 28)), 40)
	for _, small := range smallOrder(t) {
		for x := 1; x < len(points); x++ {
			kept := points[x]
			points[x] = g.NewPoint().Add(kept, small)
			if ok, err := FitsValues(g, points, xs, values); ok || err != nil {
				t.Errorf("accepted with point %d off by one of small order (%v)", x, err)
			}
			points[x] = kept
		}
	}
}

// smallOrder returns the 7 points of order 2, 4 and 8: the multiples of one of
// order 8.
func smallOrder(t *testing.T) []Point {
	t.Helper()
	b, err := hex.DecodeString("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a")
	if err != nil {
		t.Fatal(err)
	}
	p, err := Edwards25519.DecodePoint(b)
	if err != nil {
		t.Fatal(err)
	}
	var all []Point
	for q := p.clone(); !q.IsIdentity(); q.Add(q, p) {
		all = append(all, q.clone())
	}
	if len(all) != 7 {
		t.Fatalf("%d points of small order, not 7", len(all))
	}
	return all
}

func TestMultiMul(t *testing.T) {
	for _, g := range []Group{Secp256k1, Edwards25519} {
		rng := rand.New(rand.NewPCG(25, 26))
		for n := range 8 {
			var scalars []Scalar
			var points []Point
			want := g.NewPoint()
			for i := range n {
				s := randomScalar(g, rng)
				if i == 3 {
					s.SetUint64(0)
				}
				p := g.NewPoint().BaseMul(randomScalar(g, rng))
				if i == 5 {
					p = g.NewPoint()
				}
				scalars, points = append(scalars, s), append(points, p)
				want.Add(want, g.NewPoint().Mul(s, p))
			}
			if got := multiMul(g, scalars, points); !got.Equal(want) {
				t.Errorf("%s: a sum of %d is wrong", g.Name(), n)
			}
		}
	}
}

func BenchmarkFitsValues(b *testing.B) {
	for _, g := range []Group{Secp256k1, Edwards25519} {
		points, xs, values := evaluated(g, rand.New(rand.NewPCG(1, 1)), 40)
		b.Run(g.Name(), func(b *testing.B) {
			for b.Loop() {
				if ok, err := FitsValues(g, points, xs, values); !ok || err != nil {
					b.Fatal(ok, err)
				}
			}
		})
	}
}
