package detect

import (
	"errors"
	"fmt"
	"math/big"
	"testing"
	"time"

	"recover/internal/group"
	"recover/pkg/transaction"
	"recover/pkg/transaction/bitcoin"
	"recover/pkg/transaction/chain"
	"recover/pkg/transaction/evm"
	"recover/pkg/transaction/solana"
	"recover/pkg/transaction/tron"
	"recover/pkg/transaction/xrpl"
	"recover/pkg/wallet"
)

func address(t testing.TB, g group.Group, n uint64, chain string) string {
	for _, a := range wallet.Addresses(g, g.NewPoint().BaseMul(g.NewScalar().SetUint64(n))) {
		if a.Chain == chain {
			return a.Text
		}
	}
	t.Fatal(chain)
	return ""
}

// built has a transfer of each family.
func built(t testing.TB) map[chain.Family]transaction.Transaction {
	must := func(tx transaction.Transaction, err error) transaction.Transaction {
		if err != nil {
			t.Fatal(err)
		}
		return tx
	}
	from := func(c string) string { return address(t, group.Secp256k1, 1, c) }
	to := func(c string) string { return address(t, group.Secp256k1, 2, c) }
	ripple, err := xrpl.Sweep(xrpl.State{Account: from("xrp"), Balance: 50_000_000, Sequence: 7}, xrpl.Network{BaseReserve: 1_000_000, Fee: 12}, xrpl.Destination{Account: to("xrp")})
	if err != nil {
		t.Fatal(err)
	}
	sol, err := solana.Sweep(solana.State{Account: address(t, group.Edwards25519, 1, "solana"), Lamports: 1_000_000_000, Blockhash: address(t, group.Edwards25519, 3, "solana")},
		solana.Network{}, address(t, group.Edwards25519, 2, "solana"))
	if err != nil {
		t.Fatal(err)
	}
	made := time.UnixMilli(1_700_000_000_000)
	return map[chain.Family]transaction.Transaction{
		chain.EVM: must(evm.TransferAll(evm.State{ChainID: 1, From: from("ethereum"), Balance: big.NewInt(1e18), MaxFeePerGas: big.NewInt(2e10), Tip: big.NewInt(1e9)}, to("ethereum"))),
		chain.Bitcoin: must(bitcoin.TransferAll(bitcoin.State{From: from("bitcoin"), FeeRate: 10,
			UTXOs: []bitcoin.UTXO{{TxID: fmt.Sprintf("%064x", 5), Amount: 100_000_000}}}, to("bitcoin"))),
		chain.XRPL:   ripple[0],
		chain.Solana: sol[0],
		chain.Tron: must(tron.TransferAll(tron.State{From: from("tron"), Balance: 50_000_000, RefBlockBytes: [2]byte{1, 2}, RefBlockHash: [8]byte{3},
			Made: made, Expiration: made.Add(time.Hour)}, to("tron"))),
	}
}

func TestParse(t *testing.T) {
	for family, tx := range built(t) {
		text := fmt.Appendf(nil, "%x\n", tx.Unsigned())
		got, err := Parse(text, Options{})
		if err != nil {
			t.Errorf("%s: %v", family, err)
			continue
		}
		if got.Chain().Family != family || string(got.Unsigned()) != string(tx.Unsigned()) {
			t.Errorf("%s is read as %s", family, got.Chain())
		}
		for _, other := range Families {
			if tx, err := ParseAs(other, text, Options{}); (err == nil) != (other == family) {
				t.Errorf("%s as %s: %v, %v", family, other, tx, err)
			}
		}
	}
}

func TestUnknown(t *testing.T) {
	for _, text := range []string{"", "hello", "{}", "[]", "00", "0x", "AAAA", `{"a":1}`} {
		if tx, err := Parse([]byte(text), Options{}); err == nil || tx != nil {
			t.Errorf("%q is %v", text, tx)
		}
	}
	if _, err := Parse([]byte("hello"), Options{}); err != ErrUnknown {
		t.Error(err)
	}
	if _, err := Parse(make([]byte, transaction.MaxSize+1), Options{}); err != transaction.ErrSize {
		t.Error(err)
	}
	if _, err := ParseAs("other", nil, Options{}); err != transaction.ErrFormat {
		t.Error(err)
	}
}

// FuzzParse holds that what is understood is so in its one encoding as well, as a
// transaction of the same chain.
func FuzzParse(f *testing.F) {
	for _, tx := range built(f) {
		f.Add(fmt.Appendf(nil, "%x", tx.Unsigned()))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		tx, err := Parse(data, Options{})
		var ambiguous *AmbiguousError
		if errors.As(err, &ambiguous) && len(ambiguous.Families) < 2 {
			t.Error(err)
		}
		if err != nil {
			return
		}
		again, err := ParseAs(tx.Chain().Family, fmt.Appendf(nil, "%x", tx.Unsigned()), Options{})
		if err != nil || string(again.Unsigned()) != string(tx.Unsigned()) || again.Chain().Family != tx.Chain().Family {
			t.Errorf("%v, %v", again, err)
		}
	})
}
