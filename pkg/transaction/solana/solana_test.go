package solana

import (
	"encoding/base64"
	"math/rand/v2"
	"strings"
	"testing"

	"recover/internal/group"
	"recover/pkg/transaction"
)

func newKey(t testing.TB, seed byte) *transaction.Key {
	t.Helper()
	s, err := group.RandomScalar(group.Edwards25519, rand.NewChaCha8([32]byte{seed}))
	if err != nil {
		t.Fatal(err)
	}
	k, err := transaction.NewKey(group.Edwards25519, s)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func keyAddress(k *transaction.Key) address { return address(k.Public().Bytes()) }

// said is a description as text, warnings with an exclamation mark.
func said(tx transaction.Transaction) string {
	var b strings.Builder
	for _, l := range tx.Describe() {
		if l.Warning {
			b.WriteString("! ")
		}
		b.WriteString(l.Label + ": " + l.Value + "\n")
	}
	return b.String()
}

func unbase64(t testing.TB, text string) []byte {
	t.Helper()
	b, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
