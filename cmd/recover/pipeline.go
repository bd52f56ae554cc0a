package main

import (
	"context"
	"iter"
	"runtime"
	"sync"
)

// inOrder works on items with several workers and yields the results in the
// order of the items. No more than a few items a worker are held at a time, so
// memory does not grow with their number. It ends at the first error of the
// items or of work, which comes last; when ctx ends, that is errInterruptedRun.
// workers 0 means one per CPU.
func inOrder[In, Out any](ctx context.Context, workers int, items iter.Seq2[In, error], work func(In) (Out, error)) iter.Seq2[Out, error] {
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	return func(yield func(Out, error) bool) {
		ctx, cancel := context.WithCancelCause(ctx)
		var done sync.WaitGroup
		defer done.Wait() // nothing works on when this returns
		defer cancel(nil)
		type task struct {
			in  In
			out Out
			err error
			end chan struct{}
		}
		queue := make(chan *task, workers)   // to be worked on
		order := make(chan *task, 4*workers) // to be yielded
		done.Go(func() {
			defer close(order)
			defer close(queue)
			for in, err := range items {
				t := &task{in: in, err: err, end: make(chan struct{})}
				if err != nil {
					close(t.end)
				}
				select {
				case order <- t:
				case <-ctx.Done():
					return
				}
				if err != nil {
					return
				}
				select {
				case queue <- t:
				case <-ctx.Done():
					t.err = errInterruptedRun
					close(t.end)
					return
				}
			}
		})
		for range workers {
			done.Go(func() {
				for t := range queue {
					if ctx.Err() != nil {
						t.err = errInterruptedRun
					} else {
						t.out, t.err = work(t.in)
					}
					close(t.end)
				}
			})
		}
		for t := range order {
			<-t.end
			if !yield(t.out, t.err) || t.err != nil {
				return
			}
		}
		if ctx.Err() != nil {
			var none Out
			yield(none, errInterruptedRun)
		}
	}
}
