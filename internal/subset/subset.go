// Package subset chooses some of several things.
package subset

import "iter"

// All yields every subset of k of the numbers below n, in lexical order, each
// ascending. A subset is valid until the next.
func All(n, k int) iter.Seq[[]int] {
	return func(yield func([]int) bool) {
		if k > n {
			return
		}
		subset := make([]int, k)
		for i := range subset {
			subset[i] = i
		}
		for yield(subset) {
			last := k - 1
			for last >= 0 && subset[last] == n-k+last {
				last--
			}
			if last < 0 {
				return
			}
			subset[last]++
			for i := last + 1; i < k; i++ {
				subset[i] = subset[i-1] + 1
			}
		}
	}
}
