package main

import (
	"context"
	"crypto/rand"
	"crypto/rsa"

	"recover/internal/await"
	"recover/internal/terminal"
)

const recoveryKeyBits = 4096

// generateRSA is what makes pairs. Tests take another.
var generateRSA = rsa.GenerateKey

// newPair makes a pair. That takes seconds, and an interrupted run does not wait for
// it: what is made then, nobody gets, and the program ends.
func newPair(ctx context.Context) (*rsa.PrivateKey, error) {
	var private *rsa.PrivateKey
	var err error
	if await.Do(ctx, func() { private, err = generateRSA(rand.Reader, recoveryKeyBits) }) != nil {
		return nil, terminal.ErrInterrupted
	}
	return private, err
}
