package interp

import (
	"math/rand/v2"
	"testing"

	"recover/internal/group"
	"recover/pkg/shard/internal/part"
)

// TestDecode evaluates random polynomials at n places and spoils some of the
// values: up to (n-41)/2 are found and p(0) comes out; more, and nothing does.
func TestDecode(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, g := range []group.Group{group.Secp256k1, group.Edwards25519} {
		for _, n := range []int{41, 42, 43, 50, 80} {
			for _, wrong := range []int{0, (n - part.Needed) / 2, (n-part.Needed)/2 + 1} {
				p := make([]group.Scalar, part.Needed)
				for k := range p {
					p[k] = g.NewScalar().SetUint64(rng.Uint64())
				}
				var e evaluations
				for _, i := range rng.Perm(part.Ciphertexts)[:n] {
					e = append(e, evaluation{x: i + 1, value: eval(g, p, i+1)})
				}
				for i := range wrong {
					e[i].value.Add(e[i].value, g.NewScalar().SetUint64(1+rng.Uint64N(1000)))
				}
				zero, agree := decode(g, e)
				if can := n > part.Needed && 2*wrong <= n-part.Needed; !can {
					if zero != nil {
						t.Errorf("%s: %d of %d wrong, and something came out", g.Name(), wrong, n)
					}
				} else if zero == nil || !zero.Equal(p[0]) || len(agree) != n-wrong || agree.at(e[0].x) != (wrong == 0) {
					t.Errorf("%s: %d of %d wrong: %d agree", g.Name(), wrong, n, len(agree))
				}
			}
		}
	}
}

func eval(g group.Group, p []group.Scalar, x int) group.Scalar {
	at, sum := g.NewScalar().SetUint64(uint64(x)), g.NewScalar()
	for k := len(p) - 1; k >= 0; k-- {
		sum.Mul(sum, at)
		sum.Add(sum, p[k])
	}
	return sum
}
