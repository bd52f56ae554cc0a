//go:build wallets

package xrpl

import (
	"fmt"
	"maps"
	"slices"
	"testing"
)

// TestMutated: 1000 transactions in which one field was changed are refused, or
// shown in other words.
func TestMutated(t *testing.T) {
	var before, after []map[string]any
	var changed []string
	for len(before) < many {
		tx := randomTransaction(randomAccount())
		names := slices.Sorted(maps.Keys(tx))
		name := names[random.IntN(len(names))]
		other := mutate(tx, name)
		if asText(t, other) == asText(t, tx) {
			continue
		}
		before, after, changed = append(before, tx), append(after, other), append(changed, name)
	}
	refused := 0
	old, mutated := build(t, before), build(t, after)
	for i := range old {
		first, err := Parse([]byte(old[i].Hex), Options{})
		if err != nil {
			t.Fatalf("%v: %s", err, old[i].JSON)
		}
		for _, form := range []string{mutated[i].Hex, asText(t, after[i])} {
			second, err := Parse([]byte(form), Options{})
			if err != nil {
				refused++
				continue
			}
			if said(first) == said(second) {
				t.Errorf("%s changed, and is not shown:\n%s\n%s", changed[i], old[i].JSON, mutated[i].JSON)
			}
		}
	}
	t.Logf("%d of %d refused, the others shown differently", refused/2, many)
}

// mutate returns a copy with one field of another value, or without it.
func mutate(tx map[string]any, name string) map[string]any {
	tx = maps.Clone(tx)
	switch value := tx[name].(type) {
	case map[string]any:
		value = maps.Clone(value)
		switch random.IntN(3) {
		case 0:
			value["value"] = "7." + fmt.Sprint(1+random.IntN(1e9))
		case 1:
			value["issuer"] = randomAccount()
		case 2:
			value["currency"] = "XY" + string(rune('A'+random.IntN(26)))
		}
		tx[name] = value
	case string:
		switch {
		case name == "TransactionType":
			tx[name] = []string{"Payment", "SetRegularKey", "AccountDelete", "TrustSet", "TicketCreate", "AccountSet", "EscrowCreate"}[random.IntN(7)]
		case name == "InvoiceID":
			tx[name] = randomHex(32)
		case name == "Fee" || name == "Amount" || name == "SendMax":
			tx[name] = randomDrops()
		case random.IntN(4) == 0 && name != "Account":
			delete(tx, name)
		default:
			tx[name] = randomAccount()
		}
	default:
		if random.IntN(4) == 0 && name != "Sequence" {
			delete(tx, name)
		} else {
			tx[name] = random.Uint32()
		}
	}
	return tx
}
