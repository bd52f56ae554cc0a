package wallet_test

import (
	"bytes"
	"testing"

	"recover/internal/group"
	"recover/pkg/wallet"
)

func TestSign(t *testing.T) {
	for _, g := range []group.Group{group.Secp256k1, group.Edwards25519} {
		_, m := master(t, g, nil)
		k, err := wallet.Derive(m)
		if err != nil {
			t.Fatal(err)
		}
		other := g.NewPoint().Add(k.Public(), k.Public())
		for _, message := range [][]byte{nil, []byte("a challenge"), bytes.Repeat([]byte{7}, 5000)} {
			signature, err := k.Sign(message)
			if err != nil {
				t.Fatal(err)
			}
			if !wallet.VerifySignature(g, k.Public(), message, signature) {
				t.Errorf("%s: the signature is not right", g.Name())
			}
			if wallet.VerifySignature(g, other, message, signature) {
				t.Errorf("%s: the signature is right for another key", g.Name())
			}
			if wallet.VerifySignature(g, k.Public(), append([]byte("x"), message...), signature) {
				t.Errorf("%s: the signature is right for another message", g.Name())
			}
			for _, i := range []int{0, 5, len(signature) - 1} {
				bad := bytes.Clone(signature)
				bad[i] ^= 1
				if wallet.VerifySignature(g, k.Public(), message, bad) {
					t.Errorf("%s: a signature that is changed at byte %d is right", g.Name(), i)
				}
			}
		}
	}
}

// TestSignTwice: with the same nonce for two messages, the key could be
// computed from the signatures.
func TestSignTwice(t *testing.T) {
	_, m := master(t, group.Edwards25519, nil)
	k, err := wallet.Derive(m)
	if err != nil {
		t.Fatal(err)
	}
	a, errA := k.Sign([]byte("message"))
	b, errB := k.Sign([]byte("message"))
	if errA != nil || errB != nil || bytes.Equal(a[:32], b[:32]) {
		t.Error("two signatures have the same R")
	}
}
