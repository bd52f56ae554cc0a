package group

import (
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
)

// ErrX is returned for x coordinates that are not distinct and positive, or
// not as many as the values. Errors wrap it and say which fault it is.
var ErrX = errors.New("bad x coordinates")

// LagrangeAtZero returns the coefficients l_i with f(0) = Σ l_i·f(xs[i]) for
// every polynomial f of degree below len(xs). The xs must be distinct and
// positive. The error is an ErrX.
func LagrangeAtZero(g Group, xs []int) ([]Scalar, error) {
	if err := checkXs(xs); err != nil {
		return nil, err
	}
	ls, common := lagrange(g, xs)
	for _, l := range ls {
		l.Mul(l, common)
	}
	return ls, nil
}

// lagrange returns the coefficients of LagrangeAtZero but for a factor that all
// of them have: l_i = Π(−x_j) · w_i / (−x_i), with the weights w_i.
func lagrange(g Group, xs []int) (ls []Scalar, common Scalar) {
	all := newProduct(g)
	for _, x := range xs {
		all.times(-x)
	}
	if inSpan(xs) {
		return withoutOthers(g, xs, spanLagrange()[g]), all.scalar()
	}
	ls = dividedWeights(g, xs)
	for i, l := range ls {
		l.Mul(l, smallInverse(g, -xs[i]))
	}
	return ls, all.scalar()
}

// InterpolateAtZero returns f(0) of the polynomial of degree below len(xs) with
// f(xs[i]) = ys[i]. The error is an ErrX.
func InterpolateAtZero(g Group, xs []int, ys []Scalar) (Scalar, error) {
	if len(xs) != len(ys) {
		return nil, countError(len(xs), len(ys))
	}
	if err := checkXs(xs); err != nil {
		return nil, err
	}
	ls, common := lagrange(g, xs)
	sum, term := g.NewScalar(), g.NewScalar()
	for i, l := range ls {
		sum.Add(sum, term.Mul(l, ys[i]))
	}
	term.Wipe()
	return sum.Mul(sum, common), nil
}

// InterpolatePointsAtZero returns f(0)·G of the polynomial of degree below
// len(xs) with f(xs[i])·G = ps[i]. The error is an ErrX.
func InterpolatePointsAtZero(g Group, xs []int, ps []Point) (Point, error) {
	if len(xs) != len(ps) {
		return nil, countError(len(xs), len(ps))
	}
	ls, err := LagrangeAtZero(g, xs)
	if err != nil {
		return nil, err
	}
	return multiMul(g, ls, ps), nil
}

// Extend takes f(0)·G … f(d)·G of a polynomial f of degree at most d, at least
// one point, and returns f(d+1)·G … f(d+n)·G. It goes by differences: d(d+1)/2
// subtractions make the last differences ∇ᵏf(d), which n·d additions carry on.
func Extend(points []Point, n int) []Point {
	if _, ok := points[0].(*secpPoint); ok {
		return extendAffine(points, n)
	}
	return extendPlain(points, n)
}

func extendPlain(points []Point, n int) []Point {
	d := len(points) - 1
	diffs := make([]Point, d+1) // in the end, diffs[d-k] is ∇ᵏf at the last x
	for i, p := range points {
		diffs[i] = p.clone()
	}
	for k := 1; k <= d; k++ {
		for i := range d + 1 - k {
			diffs[i].Sub(diffs[i+1], diffs[i])
		}
	}
	next := make([]Point, n)
	for i := range next {
		for k := 1; k <= d; k++ {
			diffs[k].Add(diffs[k], diffs[k-1])
		}
		next[i] = diffs[d].clone()
	}
	return next
}

// DegreeAtMost reports whether the points are f(xs[i])·G of one polynomial f of
// degree at most d ≥ 0. The points must be of the subgroup. The error is an
// ErrX, or comes from the random source of the system.
//
// For a random polynomial q of degree n−1−d with q(0) = 0, n the number of
// points, f·q has a degree below n and is 0 at 0, so that interpolating its
// values f(x)·q(x) must give 0. If the degree of f is above d, it does with a
// chance of one in the group order only (the check of SCRAPE, Cascudo and
// David 2017).
func DegreeAtMost(g Group, xs []int, ps []Point, d int) (bool, error) {
	if len(xs) != len(ps) {
		return false, countError(len(xs), len(ps))
	}
	ls, err := LagrangeAtZero(g, xs)
	if err != nil {
		return false, err
	}
	q := []Scalar{g.NewScalar()}
	for len(q) < len(xs)-d {
		r, err := RandomScalar(g, rand.Reader)
		if err != nil {
			return false, err
		}
		q = append(q, r)
	}
	for i, l := range ls {
		l.Mul(l, Eval(g, q, xs[i]))
	}
	return multiMul(g, ls, ps).IsIdentity(), nil
}

// Eval returns the value at x of the polynomial with the given coefficients,
// from low to high. It panics for a negative x.
func Eval(g Group, coeffs []Scalar, x int) Scalar {
	if x < 0 {
		panic("group: Eval at a negative x")
	}
	at, y := g.NewScalar().SetUint64(uint64(x)), g.NewScalar()
	for _, c := range slices.Backward(coeffs) {
		y.Add(y.Mul(y, at), c)
	}
	return y
}

func checkXs(xs []int) error {
	if len(xs) == 0 {
		return fmt.Errorf("%w: none", ErrX)
	}
	for i, x := range xs {
		if x <= 0 {
			return fmt.Errorf("%w: %d is not positive", ErrX, x)
		}
		if slices.Contains(xs[:i], x) {
			return fmt.Errorf("%w: %d twice", ErrX, x)
		}
	}
	return nil
}

func countError(xs, values int) error {
	return fmt.Errorf("%w: %d for %d values", ErrX, xs, values)
}

// divide replaces every s of ss, none of them zero, by a/s. One inversion does
// for all (Montgomery's trick).
func divide(g Group, a Scalar, ss []Scalar) {
	before := make([]Scalar, len(ss)) // the product of the ss before each
	all := g.NewScalar().SetUint64(1)
	for i, s := range ss {
		before[i] = g.NewScalar().Set(all)
		all.Mul(all, s)
	}
	rest := all.Mul(all.Invert(all), a) // a over the product of the ss not yet done
	for i, s := range slices.Backward(ss) {
		before[i].Mul(before[i], rest)
		rest.Mul(rest, s)
		s.Set(before[i])
	}
}
