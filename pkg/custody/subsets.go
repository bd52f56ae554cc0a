package custody

import (
	"iter"
	"math/big"
	"slices"

	"recover/internal/subset"
)

const (
	maxSubsets = 300 // how many are tried at most
	minUses    = 2   // of each share in a sample
)

func choices(n, k int) *big.Int { return new(big.Int).Binomial(int64(n), int64(k)) }

// subsets yields subsets of k of the numbers below n: all of them, or a sample.
// Each is valid until the next.
func subsets(n, k int) iter.Seq[[]int] {
	if choices(n, k).Cmp(big.NewInt(maxSubsets)) > 0 {
		return sample(n, k)
	}
	return subset.All(n, k)
}

// sample yields subsets until each number was in minUses of them and any two
// were together in one, or maxSubsets were tried: each number comes first. The
// 255 shares of the largest set take 255 subsets of two for that.
func sample(n, k int) iter.Seq[[]int] {
	return func(yield func([]int) bool) {
		c := cover{uses: make([]int, n), met: make([][]bool, n)}
		for i := range c.met {
			c.met[i] = make([]bool, n)
			c.met[i][i] = true
		}
		tried := 0
		for subset := c.seed(); subset != nil && tried < maxSubsets; subset = c.seed() {
			for len(subset) < k {
				subset = append(subset, c.best(subset))
			}
			c.count(subset)
			if tried++; !yield(subset) {
				return
			}
		}
	}
}

type cover struct {
	uses []int
	met  [][]bool
}

// seed begins a subset with what is lacking, and returns nil when nothing is.
func (c *cover) seed() []int {
	if least := slices.Index(c.uses, slices.Min(c.uses)); c.uses[least] < minUses {
		return []int{least}
	}
	for i, met := range c.met {
		if j := slices.Index(met, false); j >= 0 {
			return []int{i, j}
		}
	}
	return nil
}

// best returns the number that meets the most members of subset for the first
// time; of equals, the one that was used least.
func (c *cover) best(subset []int) (best int) {
	most := -1
	for i, met := range c.met {
		if slices.Contains(subset, i) {
			continue
		}
		first := 0
		for _, member := range subset {
			if !met[member] {
				first++
			}
		}
		if first > most || first == most && c.uses[i] < c.uses[best] {
			best, most = i, first
		}
	}
	return best
}

func (c *cover) count(subset []int) {
	for _, i := range subset {
		c.uses[i]++
		for _, j := range subset {
			c.met[i][j] = true
		}
	}
}
