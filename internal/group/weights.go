package group

import "sync"

// weights returns the barycentric weights of distinct positive xs:
// 1/Π_{j≠i}(xs[i] − xs[j]).
//
// Where the xs are among 1 … span, as those of a player's polynomial are, no
// inversion is needed: over all of 1 … span the product is a factorial times
// another, whose inverses are kept, and what is too much in it is the product
// over those that are not in xs.
func weights(g Group, xs []int) []Scalar {
	var others []int
	in := make(map[int]bool, len(xs))
	for _, x := range xs {
		if x > span {
			return dividedWeights(g, xs)
		}
		in[x] = true
	}
	for x := 1; x <= span; x++ {
		if !in[x] {
			others = append(others, x)
		}
	}
	ws := make([]Scalar, len(xs))
	for i, x := range xs {
		p := newProduct(g)
		for _, other := range others {
			p.times(x - other)
		}
		ws[i] = p.scalar()
		ws[i].Mul(ws[i], spanWeights()[g][x-1])
	}
	return ws
}

// dividedWeights are the weights of any xs.
func dividedWeights(g Group, xs []int) []Scalar {
	ws := make([]Scalar, len(xs))
	for i, xi := range xs {
		p := newProduct(g)
		for j, xj := range xs {
			if j != i {
				p.times(xi - xj)
			}
		}
		ws[i] = p.scalar()
	}
	divide(g, g.NewScalar().SetUint64(1), ws)
	return ws
}

// span is how many evaluations of its polynomial a player encrypts (spec,
// section 2).
const span = 80

// spanWeights are the weights of 1 … span in each group.
var spanWeights = sync.OnceValue(func() map[Group][]Scalar {
	xs := make([]int, span)
	for i := range xs {
		xs[i] = i + 1
	}
	return map[Group][]Scalar{Secp256k1: dividedWeights(Secp256k1, xs), Edwards25519: dividedWeights(Edwards25519, xs)}
})
