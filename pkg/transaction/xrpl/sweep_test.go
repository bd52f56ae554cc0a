package xrpl

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"strings"
	"testing"

	"recover/pkg/transaction"
)

func TestSweep(t *testing.T) {
	tag := uint32(7)
	state := State{
		Account: sender, Balance: 25_000_000, Sequence: 40, Owned: 3, Tickets: []uint32{31},
		Lines: []Line{
			{Currency: "USD", Issuer: gate, Balance: "1.5"},
			{Currency: "EUR", Issuer: gate, Balance: "-3"}, // owed by this account
			{Currency: "JPY", Issuer: gate, Balance: "0"},
			{Currency: "GBP", Issuer: gate, Balance: "100.5", TransferRate: 1_005_000_000},
		},
	}
	network := Network{BaseReserve: 1_000_000, OwnerReserve: 200_000, Fee: 12, LastLedger: 5000}
	all, err := Sweep(state, network, Destination{other, &tag})
	if err != nil {
		t.Fatal(err)
	}
	var got strings.Builder
	for _, tx := range all {
		for _, l := range tx.Describe() {
			switch l.Label {
			case "To", "Destination tag", "Amount", "Costs at most", "Sequence", "Ticket", "Valid until":
				fmt.Fprintf(&got, "%s: %s\n", l.Label, l.Value)
			}
		}
	}
	head := "To: " + other + "\nDestination tag: 7\n"
	want := head + "Amount: 1.5 USD, issued by " + gate + "\nCosts at most: the amount\nTicket: 31\nValid until: ledger 5000\n" +
		head + "Amount: 100 GBP, issued by " + gate + "\nCosts at most: 100.5 GBP, issued by " + gate + "\nSequence: 40: valid only as the account's next transaction\nValid until: ledger 5000\n" +
		head + "Amount: 23.399964 XRP (23399964 drops)\nSequence: 41: valid only as the account's next transaction\nValid until: ledger 5000\n"
	if got.String() != want {
		t.Errorf("%s\nwant\n%s", got.String(), want)
	}
}

func TestSweepNothing(t *testing.T) {
	network := Network{BaseReserve: 1_000_000, Fee: 12}
	to := Destination{Account: other}
	for balance, want := range map[uint64]uint64{0: 0, 1_000_012: 0, 1_000_013: 1} {
		all, err := Sweep(State{Account: sender, Balance: balance, Sequence: 1}, network, to)
		var short *transaction.InsufficientError
		if want == 0 && (!errors.As(err, &short) || short.Need.Units.Uint64() != 1_000_013 || short.Have.Units.Uint64() != balance) {
			t.Errorf("%d drops: %v", balance, err)
		}
		if want > 0 && (err != nil || all[0].Payments()[0].Amount.Units.Uint64() != want) {
			t.Errorf("%d drops: %v", balance, err)
		}
	}
	huge := Network{BaseReserve: math.MaxUint64, OwnerReserve: math.MaxUint64, Fee: math.MaxUint64}
	var short *transaction.InsufficientError
	if _, err := Sweep(State{Account: sender, Balance: maxDrops, Owned: math.MaxUint32}, huge, to); !errors.As(err, &short) {
		t.Errorf("huge: %v", err)
	}
}

func TestSweepRefused(t *testing.T) {
	good := State{Account: sender, Balance: 5_000_000, Sequence: 1}
	network := Network{BaseReserve: 1_000_000, Fee: 12}
	for _, c := range []struct {
		change func(*State, *Network, *Destination)
		want   string
	}{
		{func(s *State, _ *Network, _ *Destination) { s.Account = "r" }, "Account: not an address"},
		{func(_ *State, _ *Network, d *Destination) { d.Account = sender + "x" }, "Destination: not an address"},
		{func(_ *State, _ *Network, d *Destination) { d.Account = sender }, "Payment of " + sender + ": Destination: the account that pays"},
		{func(s *State, _ *Network, _ *Destination) { s.Sequence = 0 }, "Payment of " + sender + ": Sequence: it is 0 with"},
		{func(s *State, _ *Network, _ *Destination) { s.Tickets = []uint32{0} }, "Payment of " + sender + ": TicketSequence: no ticket"},
		{func(s *State, _ *Network, _ *Destination) { s.Balance = math.MaxUint64 }, "balance: more XRP than there is"},
		{func(s *State, _ *Network, _ *Destination) { s.Lines = []Line{{"USD", gate, "x", 0}} }, "line: value: not a positive"},
		{func(s *State, _ *Network, _ *Destination) { s.Lines = []Line{{"USD", gate, "", 0}} }, "line: value: not a positive"},
		{func(s *State, _ *Network, _ *Destination) { s.Lines = []Line{{"USD", gate, "1", 999_999_999}} }, "line: the transfer rate 999999999"},
		{func(s *State, _ *Network, _ *Destination) { s.Lines = []Line{{"USD", gate, "1e-81", 2_000_000_000}} }, "line: too small"},
	} {
		s, n, d := good, network, Destination{Account: other}
		c.change(&s, &n, &d)
		if _, err := Sweep(s, n, d); err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("got %v\nwant %s", err, c.want)
		}
	}
}

func TestDelete(t *testing.T) {
	network := Network{BaseReserve: 1_000_000, OwnerReserve: 200_000, Fee: 12, DeleteFee: 200_000}
	tx, err := Delete(State{Account: sender, Balance: 1_000_000, Sequence: 1, Owned: 1, Tickets: []uint32{5}}, network, Destination{Account: other})
	if err != nil {
		t.Fatal(err)
	}
	if moved := tx.Payments(); len(moved) != 1 || moved[0].To != other || tx.MaxFee().Units.Uint64() != 200_000 || tx.number(fTicketSequence) != 5 {
		t.Errorf("%+v, fee %s", moved, tx.MaxFee())
	}
	if _, err := Delete(State{Account: sender, Balance: 1_000_000, Sequence: 1, Owned: 1}, network, Destination{Account: other}); !errors.Is(err, ErrObjects) {
		t.Errorf("with an object: %v", err)
	}
	var short *transaction.InsufficientError
	if _, err := Delete(State{Account: sender, Balance: 1, Sequence: 1}, network, Destination{Account: other}); !errors.As(err, &short) {
		t.Errorf("without the fee: %v", err)
	}
}

// TestTransferRate holds that what arrives, times the rate, is the balance to 16
// digits, and never above it.
func TestTransferRate(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 10_000 {
		held := amount{issued: true, mantissa: minMantissa + rng.Uint64N(maxMantissa-minMantissa+1), exponent: rng.IntN(120) - 60}
		rate := wholeRate + 1 + rng.Uint32N(wholeRate)
		arrives, err := held.less(rate)
		if err != nil {
			t.Fatal(err)
		}
		cost := func(mantissa uint64) *big.Int {
			n := new(big.Int).Mul(new(big.Int).SetUint64(mantissa), big.NewInt(int64(rate)))
			return n.Mul(n, new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(arrives.exponent-held.exponent+16)), nil))
		}
		balance := new(big.Int).Mul(new(big.Int).SetUint64(held.mantissa), new(big.Int).Exp(big.NewInt(10), big.NewInt(25), nil))
		if cost(arrives.mantissa).Cmp(balance) > 0 || cost(arrives.mantissa+1).Cmp(balance) <= 0 {
			t.Fatalf("%+v at %d gives %+v", held, rate, arrives)
		}
	}
}
