//go:build wallets

package solana

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"recover/fixtures/wallets"
	"recover/pkg/transaction"
)

// TestLookups: 1000 messages of version 0 with lookup tables, built by the makers'
// library, are refused without the tables; with them, every destination is shown,
// and what is signed here reads there as it was meant.
func TestLookups(t *testing.T) {
	type ask struct {
		Op           string              `json:"op"`
		Payer        string              `json:"payer"`
		Blockhash    string              `json:"blockhash"`
		Instructions []map[string]any    `json:"instructions"`
		Tables       map[string][]string `json:"tables"`
	}
	var keys []*transaction.Key
	var all []ask
	var requests []any
	for range many {
		key := randomKey(t)
		a := ask{Op: "buildLookup", Payer: key.Address("solana"), Blockhash: randomAddress().String(), Tables: map[string][]string{}}
		var known []string
		for range 1 + random.IntN(4) {
			to := randomAddress().String()
			known = append(known, to, randomAddress().String())
			a.Instructions = append(a.Instructions, map[string]any{"kind": "transfer", "from": a.Payer, "to": to, "amount": fmt.Sprint(random.Uint64() >> random.IntN(64))})
		}
		for range 1 + random.IntN(2) {
			a.Tables[randomAddress().String()] = slices.Clone(known[:2+random.IntN(len(known)-1)])
			random.Shuffle(len(known), func(i, j int) { known[i], known[j] = known[j], known[i] })
		}
		keys, all, requests = append(keys, key), append(all, a), append(requests, a)
	}
	var reads []any
	lookedUp := 0
	for i, b := range wallets.Judge[buildAnswer](t, script, requests) {
		options := Options{Tables: all[i].Tables}
		tx, err := Parse([]byte(b.Message), options)
		if err != nil {
			t.Fatalf("%v: %s", err, b.Message)
		}
		if len(tx.(*Transaction).message.lookups) > 0 {
			lookedUp++
			if _, err := Parse([]byte(b.Message), Options{}); err == nil || !strings.HasSuffix(err.Error(), "whose content is not known") {
				t.Errorf("without the tables: %v", err)
			}
		}
		payments := tx.Payments()
		for n, want := range all[i].Instructions {
			if len(payments) <= n || payments[n].To != want["to"] || payments[n].Amount.Units.String() != want["amount"] || !strings.Contains(said(tx), "To: "+want["to"].(string)) {
				t.Errorf("payments %+v, want %v", payments, want)
			}
		}
		signed, err := tx.Sign(keys[i], transaction.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		reads = append(reads, map[string]any{"op": "readLookup", "raw": signed.Text, "tables": all[i].Tables})
	}
	type answer struct {
		Valid         bool
		Signer, Error string
		Instructions  []struct {
			Program, Data string
			Accounts      []string
		}
	}
	for i, a := range wallets.Judge[answer](t, script, reads) {
		if !a.Valid || a.Error != "" || a.Signer != all[i].Payer || len(a.Instructions) != len(all[i].Instructions) {
			t.Fatalf("%+v", a)
		}
		for n, want := range all[i].Instructions {
			if got := a.Instructions[n]; len(got.Accounts) != 2 || got.Accounts[0] != all[i].Payer || got.Accounts[1] != want["to"] {
				t.Errorf("%+v, want %v", got, want)
			}
		}
	}
	if lookedUp < many/2 {
		t.Errorf("%d of %d have lookup tables", lookedUp, many)
	}
	t.Logf("%d of %d have lookup tables", lookedUp, many)
}
