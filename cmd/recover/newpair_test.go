package main

import (
	"context"
	"crypto/rsa"
	"errors"
	"io"
	"testing"
	"time"

	"recover/internal/terminal"
)

// TestNewPairInterrupted: an interrupt ends the making of a pair, which takes
// seconds, at once.
func TestNewPairInterrupted(t *testing.T) {
	begun, made := make(chan struct{}), make(chan struct{})
	real := generateRSA
	generateRSA = func(io.Reader, int) (*rsa.PrivateKey, error) {
		close(begun)
		<-made
		return nil, errors.New("nobody waits for this")
	}
	t.Cleanup(func() { generateRSA = real })
	t.Cleanup(func() { close(made) })
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan error)
	go func() {
		_, err := newPair(ctx)
		ended <- err
	}()
	<-begun
	cancel()
	select {
	case err := <-ended:
		if err != terminal.ErrInterrupted {
			t.Errorf("%v", err)
		}
	case <-time.After(10 * time.Second):
		t.Error("it goes on")
	}
}
