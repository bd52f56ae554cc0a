package await

import (
	"context"
	"errors"
	"testing"
)

// TestDo: work that ends is waited for, and work that does not is left.
func TestDo(t *testing.T) {
	done := false
	if err := Do(t.Context(), func() { done = true }); err != nil || !done {
		t.Errorf("%v, done: %v", err, done)
	}
	ctx, cancel := context.WithCancel(t.Context())
	hold := make(chan struct{})
	defer close(hold)
	if err := Do(ctx, func() { cancel(); <-hold }); !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted: %v", err)
	}
}
