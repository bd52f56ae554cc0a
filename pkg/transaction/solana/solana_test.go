package solana

import (
	"encoding/base64"
	"testing"

	"recover/fixtures/signing"
	"recover/internal/group"
	"recover/pkg/transaction"
)

var said = signing.Text

func newKey(t testing.TB, seed byte) *transaction.Key {
	return signing.SeededKey(t, group.Edwards25519, [32]byte{seed})
}

func keyAddress(k *transaction.Key) address { return address(k.Public().Bytes()) }

func unbase64(t testing.TB, text string) []byte {
	t.Helper()
	b, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
