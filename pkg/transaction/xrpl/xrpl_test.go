package xrpl

import (
	"testing"

	"recover/fixtures/signing"
	"recover/internal/group"
	"recover/pkg/transaction"
)

var said, unhex = signing.Text, signing.Unhex

// newKey returns a key made from a seed.
func newKey(t testing.TB, g group.Group, seed byte) *transaction.Key {
	return signing.SeededKey(t, g, [32]byte{seed})
}

// Addresses of the XRP Ledger documents.
const (
	genesis = "rHb9CJAWyB4rj91VRWn96DkukG4bwdtyTh"
	sender  = "rf1BiGeXwwQoi8Z2ueFYTEXSwuJYfV2Jpn"
	other   = "ra5nK24KXen9AHvsdFTKHSANinZseWnPcX"
	gate    = "rvYAfWj5gh67oV6fW32ZzP3Aw4Eubs59B"
)

func mustParse(t testing.TB, text string) *Transaction {
	t.Helper()
	tx, err := Parse([]byte(text), Options{})
	if err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return tx.(*Transaction)
}

// payment is a Payment of JSON with more fields, given as JSON.
func payment(more string) string {
	return `{"TransactionType":"Payment","Account":"` + sender + `","Destination":"` + other +
		`","Fee":"12","Sequence":7` + more + `}`
}
