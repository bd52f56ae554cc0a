// Package await leaves long work behind when a run is interrupted.
package await

import "context"

// Do runs f, which works on public data only, or makes a secret that nobody has yet, and returns the error of ctx without
// waiting for f if that ends before: a large file takes some seconds. f then goes on
// alone, and what it writes may not be used.
func Do(ctx context.Context, f func()) error {
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
