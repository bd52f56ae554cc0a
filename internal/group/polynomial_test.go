package group

import (
	"fmt"
	"io"
	"math"
	"math/big"
	"testing"
)

// polynomial returns n random coefficients.
func polynomial(t testing.TB, g Group, r io.Reader, n int) []Scalar {
	coeffs := make([]Scalar, n)
	for i := range coeffs {
		coeffs[i] = random(t, g, r)
	}
	return coeffs
}

// evalInt is Eval by big.Int.
func evalInt(g Group, coeffs []Scalar, x int) *big.Int {
	sum := new(big.Int)
	for i, c := range coeffs {
		power := new(big.Int).Exp(big.NewInt(int64(x)), big.NewInt(int64(i)), nil)
		sum.Add(sum, power.Mul(power, toInt(c)))
	}
	return sum.Mod(sum, g.Order())
}

// lagrangeInt is LagrangeAtZero by big.Int.
func lagrangeInt(g Group, xs []int) []*big.Int {
	ls := make([]*big.Int, len(xs))
	for i, xi := range xs {
		num, den := big.NewInt(1), big.NewInt(1)
		for j, xj := range xs {
			if j != i {
				num.Mul(num, big.NewInt(int64(xj)))
				den.Mul(den, new(big.Int).Sub(big.NewInt(int64(xj)), big.NewInt(int64(xi))))
			}
		}
		den.ModInverse(den.Mod(den, g.Order()), g.Order())
		ls[i] = num.Mod(num.Mul(num, den), g.Order())
	}
	return ls
}

// someXs are sets of x coordinates as they come, and worse.
func someXs() [][]int {
	opened := make([]int, 41)
	for i := range opened {
		opened[i] = i*37%79 + 1 // distinct, as 79 is prime
	}
	return [][]int{
		{1}, {7}, {1, 2}, {3, 1}, {1, 2, 3, 4, 5}, {5, 2, 9}, opened,
		{math.MaxInt, 1, math.MaxInt - 1, math.MaxInt / 2, 2},
	}
}

func TestInterpolate(t *testing.T) {
	eachGroup(t, func(t *testing.T, g Group, r io.Reader) {
		for _, xs := range someXs() {
			coeffs := polynomial(t, g, r, len(xs))
			ls, err := LagrangeAtZero(g, xs)
			if err != nil {
				t.Fatalf("%v: %v", xs, err)
			}
			for i, want := range lagrangeInt(g, xs) {
				if toInt(ls[i]).Cmp(want) != 0 {
					t.Errorf("coefficient %d for %v is %x, want %x", i, xs, ls[i].Bytes(), want)
				}
			}
			ys, ps := make([]Scalar, len(xs)), make([]Point, len(xs))
			for i, x := range xs {
				ys[i] = Eval(g, coeffs, x)
				if want := evalInt(g, coeffs, x); toInt(ys[i]).Cmp(want) != 0 {
					t.Fatalf("Eval at %d is %x, want %x", x, ys[i].Bytes(), want)
				}
				ps[i] = g.NewPoint().BaseMul(ys[i])
			}
			if y, err := InterpolateAtZero(g, xs, ys); err != nil || !y.Equal(coeffs[0]) {
				t.Errorf("InterpolateAtZero at %v: %v", xs, err)
			}
			p, err := InterpolatePointsAtZero(g, xs, ps)
			if err != nil || !p.Equal(g.NewPoint().BaseMul(coeffs[0])) {
				t.Errorf("InterpolatePointsAtZero at %v: %v", xs, err)
			}
		}
	})
}

func TestEval(t *testing.T) {
	eachGroup(t, func(t *testing.T, g Group, r io.Reader) {
		coeffs := polynomial(t, g, r, 3)
		if !Eval(g, coeffs, 0).Equal(coeffs[0]) || !Eval(g, nil, 5).IsZero() {
			t.Error("Eval at 0, or of no coefficients, is wrong")
		}
		defer func() {
			if recover() != "group: Eval at a negative x" {
				t.Error("Eval takes a negative x")
			}
		}()
		Eval(g, coeffs, -1)
	})
}

func TestBadXs(t *testing.T) {
	eachGroup(t, func(t *testing.T, g Group, _ io.Reader) {
		for _, tt := range []struct {
			xs   []int
			text string
		}{
			{nil, "bad x coordinates: none"},
			{[]int{1, 0}, "bad x coordinates: 0 is not positive"},
			{[]int{-3, 1}, "bad x coordinates: -3 is not positive"},
			{[]int{4, 5, 4}, "bad x coordinates: 4 twice"},
		} {
			ys, ps := make([]Scalar, len(tt.xs)), make([]Point, len(tt.xs))
			_, err := LagrangeAtZero(g, tt.xs)
			wantError(t, err, ErrX, tt.text)
			_, err = InterpolateAtZero(g, tt.xs, ys)
			wantError(t, err, ErrX, tt.text)
			_, err = InterpolatePointsAtZero(g, tt.xs, ps)
			wantError(t, err, ErrX, tt.text)
			_, err = DegreeAtMost(g, tt.xs, ps, 1)
			wantError(t, err, ErrX, tt.text)
		}
		const text = "bad x coordinates: 2 for 1 values"
		_, err := InterpolateAtZero(g, []int{1, 2}, make([]Scalar, 1))
		wantError(t, err, ErrX, text)
		_, err = InterpolatePointsAtZero(g, []int{1, 2}, make([]Point, 1))
		wantError(t, err, ErrX, text)
		_, err = DegreeAtMost(g, []int{1, 2}, make([]Point, 1), 0)
		wantError(t, err, ErrX, text)
	})
}

func TestExtend(t *testing.T) {
	eachGroup(t, func(t *testing.T, g Group, r io.Reader) {
		for _, d := range []int{0, 1, 2, 7, 40} {
			coeffs := polynomial(t, g, r, d+1)
			checkExtend(t, g, coeffs, d)
			coeffs[d].Wipe() // and of a lower degree
			checkExtend(t, g, coeffs, d)
		}
		checkExtend(t, g, make([]Scalar, 0), 3)
	})
}

func checkExtend(t *testing.T, g Group, coeffs []Scalar, d int) {
	t.Helper()
	const n = 12
	xs, ps := make([]int, d+1+n), make([]Point, d+1+n)
	for x := range ps {
		xs[x], ps[x] = x, g.NewPoint().BaseMul(Eval(g, coeffs, x))
	}
	known := make([]Point, d+1)
	for i := range known {
		known[i] = ps[i].clone()
	}
	next := Extend(known, n)
	if len(next) != n {
		t.Fatalf("degree %d: %d points, want %d", d, len(next), n)
	}
	for i, p := range next {
		if !p.Equal(ps[d+1+i]) {
			t.Errorf("degree %d: the point at %d is wrong", d, d+1+i)
		}
	}
	for i, p := range known {
		if !p.Equal(ps[i]) {
			t.Errorf("degree %d: Extend changes its argument %d", d, i)
		}
	}
	p, err := InterpolatePointsAtZero(g, xs[n:][:d+1], append(known, next...)[n:][:d+1])
	if err != nil || !p.Equal(ps[0]) {
		t.Errorf("degree %d: the points do not interpolate back: %v", d, err)
	}
}

func TestDegreeAtMost(t *testing.T) {
	eachGroup(t, func(t *testing.T, g Group, r io.Reader) {
		for _, xs := range [][]int{{1}, {1, 2, 3, 4, 5}, {9, 2, 64, 5}} {
			for degree := range xs {
				coeffs := polynomial(t, g, r, degree+1)
				ps := make([]Point, len(xs))
				for i, x := range xs {
					ps[i] = g.NewPoint().BaseMul(Eval(g, coeffs, x))
				}
				for d := range len(xs) + 1 {
					t.Run(fmt.Sprintf("degree %d at %d of %v", degree, d, xs), func(t *testing.T) {
						checkDegree(t, g, xs, ps, d, degree <= d)
					})
				}
				ps[0].Add(ps[0], ps[0]) // one point off the polynomial
				checkDegree(t, g, xs, ps, len(xs)-1, true)
				if len(xs) > 1 {
					checkDegree(t, g, xs, ps, len(xs)-2, false)
				}
			}
		}
	})
}

func checkDegree(t *testing.T, g Group, xs []int, ps []Point, d int, want bool) {
	t.Helper()
	if got, err := DegreeAtMost(g, xs, ps, d); got != want || err != nil {
		t.Errorf("DegreeAtMost(%d) = %v, %v", d, got, err)
	}
}

// TestWeights compares the weights that need no inversion with those by
// division, on all of the span, on less, and beyond it.
func TestWeights(t *testing.T) {
	whole := make([]int, span)
	for i := range whole {
		whole[i] = i + 1
	}
	for _, g := range groups {
		for _, xs := range [][]int{{1}, {80}, {80, 1}, {3, 2, 7}, {79, 80, 81}, whole, whole[20:61]} {
			got, want := weights(g, xs), dividedWeights(g, xs)
			for i := range xs {
				if !got[i].Equal(want[i]) {
					t.Errorf("%s: weight %d of %v", g.Name(), i, xs)
				}
			}
		}
	}
}
