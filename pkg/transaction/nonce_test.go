package transaction

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/binary"
	"io"
	mathrand "math/rand/v2"
	"testing"

	"recover/fixtures/tier"
	"recover/internal/group"
)

// stuckSource always gives the same byte.
type stuckSource byte

func (s stuckSource) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = byte(s)
	}
	return len(b), nil
}

func nonceKey(t *testing.T, seed byte) *Key {
	t.Helper()
	s, err := group.RandomScalar(group.Edwards25519, mathrand.NewChaCha8([32]byte{seed}))
	if err != nil {
		t.Fatal(err)
	}
	k, err := NewKey(group.Edwards25519, s)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// TestNoncesNeverRepeat signs the same message 10,000 times, and with a random
// source that is stuck 10,000 messages, and with many keys one message: no two
// signatures share R, which two different signatures of one key must not. What
// the stuck source gives for the same message and key is the same signature as
// before, or one with another R: neither tells anything about the key.
func TestNoncesNeverRepeat(t *testing.T) {
	tier.Long(t)
	seen := make(map[[32]byte]bool)
	sign := func(k *Key, random io.Reader, message []byte) []byte {
		signature, err := k.signMessage(random, message)
		if err != nil {
			t.Fatal(err)
		}
		return signature
	}
	fresh := func(what string, signature []byte) {
		if r := [32]byte(signature); seen[r] {
			t.Fatalf("%s: a nonce for the second time", what)
		} else {
			seen[r] = true
		}
	}
	k, message := nonceKey(t, 1), []byte("the same message")
	for i := range 10_000 {
		fresh("the same message", sign(k, rand.Reader, message))
		fresh("a stuck source", sign(k, stuckSource(7), binary.BigEndian.AppendUint32(nil, uint32(i))))
	}
	for i := range 100 {
		fresh("another key", sign(nonceKey(t, byte(i+2)), stuckSource(7), message))
		fresh("another stuck source", sign(k, stuckSource(i+8), message))
	}
	first := sign(k, stuckSource(7), message)
	if !ed25519.Verify(k.public.Bytes(), message, first) {
		t.Error("the signature is not valid")
	}
	fresh("the same message with a stuck source", first)
	for range 1000 {
		if again := sign(k, stuckSource(7), message); !bytes.Equal(again, first) {
			fresh("the same message with a stuck source", again)
		}
	}
}
