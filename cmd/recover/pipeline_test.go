package main

import (
	"iter"
	"sync/atomic"
	"testing"
)

// TestInOrder gets every result in its place, and never more work at a time than
// there are workers.
func TestInOrder(t *testing.T) {
	for _, workers := range []int{0, 1, 2, 8} {
		var busy atomic.Int32
		results := 0
		work := func(n int) (int, error) {
			defer busy.Add(-1)
			if b := busy.Add(1); workers > 0 && int(b) > workers {
				t.Errorf("%d items at a time with %d workers", b, workers)
			}
			return n * n, nil
		}
		for got, err := range inOrder(t.Context(), workers, numbers(100), work) {
			if err != nil || got != results*results {
				t.Errorf("%d workers: result %d is %d, %v", workers, results, got, err)
			}
			results++
		}
		if results != 100 {
			t.Errorf("%d workers: %d results", workers, results)
		}
	}
}

// TestInOrderLeft ends early: nothing is worked on when the loop has ended.
func TestInOrderLeft(t *testing.T) {
	var ended atomic.Bool
	for range inOrder(t.Context(), 4, numbers(1000), func(n int) (int, error) {
		if ended.Load() {
			t.Errorf("item %d is worked on after the end", n)
		}
		return n, nil
	}) {
		break
	}
	ended.Store(true)
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
