package group

import (
	"slices"
	"sync"
)

// weights returns the barycentric weights of distinct positive xs:
// 1/Π_{j≠i}(xs[i] − xs[j]).
func weights(g Group, xs []int) []Scalar {
	if inSpan(xs) {
		return withoutOthers(g, xs, spanWeights()[g])
	}
	return dividedWeights(g, xs)
}

func inSpan(xs []int) bool { return slices.Max(xs) <= span }

// withoutOthers takes what is a product over all of 1 … span, each less xs[i],
// in the denominator, and returns the same over xs alone.
//
// Where the xs are among 1 … span, as those of a player's polynomial are, no
// inversion is needed: over all of them the product is a factorial times
// another, whose inverses are kept, and what is too much in it is the product
// over those that are not in xs.
func withoutOthers(g Group, xs []int, overAll []Scalar) []Scalar {
	var isX [span + 1]bool
	for _, x := range xs {
		isX[x] = true
	}
	ws := make([]Scalar, len(xs))
	for i, x := range xs {
		p := newProduct(g)
		for other := 1; other <= span; other++ {
			if !isX[other] {
				p.times(x - other)
			}
		}
		ws[i] = p.scalar()
		ws[i].Mul(ws[i], overAll[x-1])
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

// span is how many evaluations of its polynomial a player encrypts (docs/formats.md,
// section 2.2).
const span = 80

// spanWeights are the weights of 1 … span in each group.
var spanWeights = sync.OnceValue(func() map[Group][]Scalar {
	xs := make([]int, span)
	for i := range xs {
		xs[i] = i + 1
	}
	return map[Group][]Scalar{Secp256k1: dividedWeights(Secp256k1, xs), Edwards25519: dividedWeights(Edwards25519, xs)}
})

// spanLagrange are the weights of 1 … span, each divided by −x.
var spanLagrange = sync.OnceValue(func() map[Group][]Scalar {
	all := make(map[Group][]Scalar)
	for g, ws := range spanWeights() {
		for i, w := range ws {
			all[g] = append(all[g], g.NewScalar().Mul(w, smallInverse(g, -(i+1))))
		}
	}
	return all
})
