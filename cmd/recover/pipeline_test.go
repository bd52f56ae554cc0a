package main

import (
	"iter"
	"runtime"
	"testing"
)

// TestProcessors has fewer workers than there are processors, and as many: no
// more processors are used than workers, and afterwards all are again. It is not
// parallel, because the number is one of the whole process.
func TestProcessors(t *testing.T) {
	before := runtime.GOMAXPROCS(3)
	defer runtime.GOMAXPROCS(before)
	for workers, want := range map[int]int{0: 3, 1: 1, 2: 2, 3: 3, 8: 3} {
		seen := 0
		for n, err := range inOrder(t.Context(), workers, numbers(20), func(int) (int, error) { return runtime.GOMAXPROCS(0), nil }) {
			if err != nil || n != want {
				t.Errorf("%d workers use %d processors, %v", workers, n, err)
			}
			seen++
		}
		if seen != 20 || runtime.GOMAXPROCS(0) != 3 {
			t.Errorf("%d workers: %d results, and %d processors in the end", workers, seen, runtime.GOMAXPROCS(0))
		}
	}
	for range inOrder(t.Context(), 1, numbers(20), func(n int) (int, error) { return n, nil }) {
		break
	}
	if n := runtime.GOMAXPROCS(0); n != 3 {
		t.Errorf("%d processors after a run that was ended early", n)
	}
}

func numbers(n int) iter.Seq2[int, error] {
	return func(yield func(int, error) bool) {
		for i := range n {
			if !yield(i, nil) {
				return
			}
		}
	}
}
