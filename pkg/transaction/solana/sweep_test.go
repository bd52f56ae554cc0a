package solana

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"recover/pkg/transaction"
)

func sweepState() State {
	return State{Account: exampleFrom, Lamports: 50_000_000, Blockhash: hash1, Tokens: []Token{
		{Account: exampleUSDC, Mint: usdc, Amount: 1_500_000, Decimals: 6, Exists: true},
		{Account: nonce1, Mint: mintX, Amount: 0, Decimals: 6},
		{Account: nonce1, Mint: mintX, Program: token2022Program.String(), Amount: 9, Decimals: 0},
	}}
}

func TestSweep(t *testing.T) {
	all, err := Sweep(sweepState(), Network{UnitPrice: 1000, UnitLimit: 150_000, Rent: 2_039_280}, exampleTo)
	if err != nil || len(all) != 1 {
		t.Fatal(len(all), err)
	}
	text := said(all[0])
	for _, want := range []string{
		"Compute limit: 150000 units\nCompute price: 1000 micro-lamports a unit\n",
		"To: " + exampleTo + "\nTo token account: " + tokenAccount(known(exampleTo), tokenProgram, known(usdc)).String(),
		"Amount: 1.5 USDC (1500000 of the smallest unit, 6 decimals)\nInstruction 4: make a token account, if it is not there\n",
		"Instruction 5: transfer tokens (Token-2022)\n",
		// 50,000,000 − 5000 − 150 − 2,039,280
		"Amount: 0.04795557 SOL (47955570 lamports)\nFee at most: 0.00000515 SOL (5150 lamports)\n",
		"Recent blockhash: " + hash1,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
}

// TestSweepMany needs several transactions, with a durable nonce for each; the
// sums are the balances less the fees.
func TestSweepMany(t *testing.T) {
	for tokens := range 40 {
		s := State{Account: exampleFrom, Lamports: 1_000_000_000}
		for i := range 10 {
			s.Nonces = append(s.Nonces, Nonce{address{1, byte(i)}.String(), address{2, byte(i)}.String()})
		}
		for i := range tokens {
			s.Tokens = append(s.Tokens, Token{Account: address{3, byte(i)}.String(), Mint: address{4, byte(i)}.String(), Amount: uint64(i + 1), Exists: i%3 != 0})
		}
		network := Network{Rent: 2_000_000}
		all, err := Sweep(s, network, exampleTo)
		if err != nil {
			t.Fatal(err)
		}
		native, moved, fees := uint64(0), 0, uint64(0)
		for i, tx := range all {
			if size := len(tx.Unsigned()); size > maxSize {
				t.Errorf("%d tokens: %d bytes", tokens, size)
			}
			if text := said(tx); !strings.Contains(text, "Nonce account: "+s.Nonces[i].Account+"\n") || !strings.Contains(text, "Durable nonce: "+s.Nonces[i].Value+"\n") {
				t.Errorf("%d tokens, transaction %d:\n%s", tokens, i, text)
			}
			fees += tx.MaxFee().Units.Uint64()
			for _, p := range tx.Payments() {
				if p.To != exampleTo {
					t.Errorf("%+v", p)
				}
				if p.Token == "" {
					native += p.Amount.Units.Uint64()
					continue
				}
				if p.Token != s.Tokens[moved].Mint || p.Amount.Units.Uint64() != uint64(moved+1) {
					t.Errorf("%d tokens: %+v", tokens, p)
				}
				moved++
			}
		}
		rents := uint64((tokens+2)/3) * network.Rent
		if moved != tokens || native+fees+rents != s.Lamports {
			t.Errorf("%d tokens: %d moved, %d + %d + %d lamports", tokens, moved, native, fees, rents)
		}
	}
}

func TestSweepEdges(t *testing.T) {
	for lamports, want := range map[uint64]uint64{0: 0, 5000: 0, 5001: 1, math.MaxUint64: math.MaxUint64 - 5000} {
		all, err := Sweep(State{Account: exampleFrom, Lamports: lamports, Blockhash: hash1}, Network{}, exampleTo)
		var short *transaction.InsufficientError
		if want == 0 && (!errors.As(err, &short) || short.Need.Units.Uint64() != 5001 || short.Have.Units.Uint64() != lamports) {
			t.Errorf("%d: %v", lamports, err)
		}
		if want > 0 && (err != nil || all[0].Payments()[0].Amount.Units.Uint64() != want) {
			t.Errorf("%d: %v", lamports, err)
		}
	}
	// Tokens alone, where the SOL is just enough for the fee.
	s := sweepState()
	s.Tokens, s.Lamports = s.Tokens[:1], 5000
	all, err := Sweep(s, Network{}, exampleTo)
	if err != nil || len(all) != 1 || len(all[0].Payments()) != 1 {
		t.Errorf("%v, %v", all, err)
	}
}

func TestSweepRefused(t *testing.T) {
	many := func(s *State) {
		for i := range 30 {
			s.Tokens = append(s.Tokens, Token{Account: address{3, byte(i)}.String(), Mint: address{4, byte(i)}.String(), Amount: 1, Exists: true})
		}
	}
	for _, c := range []struct {
		change func(*State, *Network)
		to     string
		want   string
	}{
		{func(s *State, _ *Network) { s.Lamports = 4999 }, exampleTo, "the account has 0.000004999 SOL (4999 lamports), and needs at least 0.000005 SOL (5000 lamports)"},
		{func(_ *State, n *Network) { n.Rent = math.MaxUint64 }, exampleTo, "the account has 0.05 SOL (50000000 lamports), and needs at least 18446744073.709556615 SOL (18446744073709556615 lamports)"},
		{func(_ *State, n *Network) { n.UnitPrice = 1 }, exampleTo, ErrNoBudget.Error()},
		{func(s *State, _ *Network) { s.Blockhash = "" }, exampleTo, ErrNoNonce.Error()},
		{func(s *State, _ *Network) { s.Nonces = []Nonce{{nonce1, hash1}}; many(s) }, exampleTo, ErrNonces.Error()},
		{func(*State, *Network) {}, exampleFrom, "the destination is the account itself"},
		{func(*State, *Network) {}, "x", `"x": not an address: a character was mistyped or is missing, or it is of another chain`},
		{func(s *State, _ *Network) { s.Account = "\x1b" }, exampleTo, `"\x1b": not an address: a character was mistyped or is missing, or it is of another chain`},
		{func(s *State, _ *Network) { s.Tokens[0].Account = "" }, exampleTo, "token account: not an address: a character was mistyped or is missing, or it is of another chain"},
		{func(s *State, _ *Network) { s.Tokens[0].Mint = "" }, exampleTo, "mint: not an address: a character was mistyped or is missing, or it is of another chain"},
		{func(s *State, _ *Network) { s.Tokens[0].Program = "x" }, exampleTo, "token program: not an address: a character was mistyped or is missing, or it is of another chain"},
		{func(s *State, _ *Network) { s.Tokens[0].Program = mintX }, exampleTo, fmt.Sprintf("transaction of %s: instruction 1 calls the program %s, which is not understood", exampleFrom, mintX)},
		{func(s *State, _ *Network) { s.Tokens[0].Decimals = 5 }, exampleTo, "transaction of " + exampleFrom + ": instruction 1: USDC has 6 decimals, not 5"},
	} {
		s, n := sweepState(), Network{}
		c.change(&s, &n)
		if _, err := Sweep(s, n, c.to); err == nil || err.Error() != c.want {
			t.Errorf("got %v\nwant %s", err, c.want)
		}
	}
}
