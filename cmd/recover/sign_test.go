package main

import (
	"errors"
	"fmt"
	"testing"

	"recover/internal/group"
	"recover/pkg/transaction"
	"recover/pkg/transaction/detect"
	"recover/pkg/transaction/solana"
	"recover/pkg/wallet"
)

func TestReadTables(t *testing.T) {
	got, err := readTables([]byte(`{"a":["x","y"],"b":[]}`))
	if err != nil || fmt.Sprint(got) != "map[a:[x y]]" {
		t.Errorf("%v, %v", got, err)
	}
	for _, bad := range []string{"", "[]", `{"a":1}`, `{"a":[1]}`, `{"a":[],"a":[]}`, `{"a":["x"`} {
		if got, err := readTables([]byte(bad)); err == nil {
			t.Errorf("%s is %v", bad, got)
		}
	}
}

func signer(t *testing.T, g group.Group, n uint64) *transaction.Key {
	t.Helper()
	key, err := transaction.NewKey(g, g.NewScalar().SetUint64(n))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// TestParseFor: a transaction is signed by the key whose account it is of, and by
// no other.
func TestParseFor(t *testing.T) {
	mine, other := signer(t, group.Edwards25519, 7), signer(t, group.Edwards25519, 8)
	all, err := solana.Sweep(solana.State{Account: mine.Address("solana"), Lamports: 1_000_000, Blockhash: other.Address("solana")}, solana.Network{}, other.Address("solana"))
	if err != nil {
		t.Fatal(err)
	}
	data := fmt.Appendf(nil, "%x", all[0].Unsigned())
	if tx, err := parseFor(mine, data, detect.Options{}); err != nil || tx.From() != mine.Address("solana") {
		t.Errorf("%v, %v", tx, err)
	}
	for _, key := range []*transaction.Key{other, signer(t, group.Secp256k1, 7)} {
		var account *transaction.AccountError
		if tx, err := parseFor(key, data, detect.Options{}); !errors.As(err, &account) || account.Want != mine.Address("solana") || account.Key != key.Address("solana") {
			t.Errorf("%v, %v", tx, err)
		}
	}
}

func TestAccountsOf(t *testing.T) {
	key := signer(t, group.Secp256k1, 1)
	legacy := wallet.LegacyAddress(group.Compressed(key.Public()), false)
	found := map[string]bool{}
	for _, a := range accountsOf(key) {
		found[a] = true
	}
	if !found[legacy] || !found[key.Address("ethereum")] || !found[key.Address("bitcoin_testnet")] || len(found) != 7 {
		t.Errorf("%v", found)
	}
}
