package xrpl

import (
	"encoding/hex"
	"math/rand/v2"
	"strings"
	"testing"

	"recover/internal/group"
	"recover/pkg/transaction"
)

// Addresses of the XRP Ledger documents.
const (
	genesis = "rHb9CJAWyB4rj91VRWn96DkukG4bwdtyTh"
	sender  = "rf1BiGeXwwQoi8Z2ueFYTEXSwuJYfV2Jpn"
	other   = "ra5nK24KXen9AHvsdFTKHSANinZseWnPcX"
	gate    = "rvYAfWj5gh67oV6fW32ZzP3Aw4Eubs59B"
)

// newKey returns a key made from a seed.
func newKey(t testing.TB, g group.Group, seed byte) *transaction.Key {
	t.Helper()
	s, err := group.RandomScalar(g, rand.NewChaCha8([32]byte{seed}))
	if err != nil {
		t.Fatal(err)
	}
	k, err := transaction.NewKey(g, s)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func mustParse(t testing.TB, text string) *Transaction {
	t.Helper()
	tx, err := Parse([]byte(text), Options{})
	if err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return tx.(*Transaction)
}

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

func unhex(t testing.TB, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// payment is a Payment of JSON with more fields, given as JSON.
func payment(more string) string {
	return `{"TransactionType":"Payment","Account":"` + sender + `","Destination":"` + other +
		`","Fee":"12","Sequence":7` + more + `}`
}
