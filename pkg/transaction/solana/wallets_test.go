//go:build wallets

package solana

import (
	"encoding/base64"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strings"
	"testing"

	"recover/fixtures/signing"
	"recover/fixtures/wallets"
	"recover/internal/group"
	"recover/pkg/transaction"
	"recover/pkg/transaction/chain"
)

const (
	many   = 1000
	script = "../wallets-ed/solana.mjs"
)

var random = wallets.Random

func randomAddress() address { return address(wallets.Bytes(len(address{}))) }

func randomKey(t *testing.T) *transaction.Key {
	return signing.SeededKey(t, group.Edwards25519, randomAddress())
}

// randomOwner is an account that is a public key, as the library wants owners.
func randomOwner(t *testing.T) string { return randomKey(t).Address("solana") }

// asked is what the library is asked to build.
type asked struct {
	Op           string           `json:"op"`
	Payer        string           `json:"payer"`
	Blockhash    string           `json:"blockhash"`
	Version0     bool             `json:"version0"`
	Instructions []map[string]any `json:"instructions"`
}

// randomAsked has transfers of SOL and tokens by one account, and around them
// what a transaction can have besides.
func randomAsked(t *testing.T, from string) asked {
	a := asked{Op: "build", Payer: from, Blockhash: randomAddress().String(), Version0: random.IntN(2) == 0}
	amount := func() string { return fmt.Sprint(random.Uint64() >> random.IntN(64)) }
	if random.IntN(2) == 0 {
		a.add("nonce", map[string]any{"account": randomAddress().String(), "from": from})
	}
	for code, size := range map[int]int{1: 4, 2: 4, 3: 8, 4: 4} {
		if random.IntN(4) == 0 {
			a.add("budget", map[string]any{"code": code, "size": size, "value": fmt.Sprint(random.Uint32())})
		}
	}
	for range 1 + random.IntN(3) {
		mint, to := randomAddress().String(), randomOwner(t)
		switch random.IntN(4) {
		case 0:
			a.add("token", map[string]any{"source": randomAddress().String(), "to": randomAddress().String(), "from": from, "amount": amount()})
		case 1:
			if random.IntN(2) == 0 {
				a.add("create", map[string]any{"from": from, "to": to, "mint": mint})
			}
			a.add("checked", map[string]any{"mint": mint, "to": to, "from": from, "amount": amount(), "decimals": random.IntN(20)})
		default:
			a.add("transfer", map[string]any{"from": from, "to": randomAddress().String(), "amount": amount()})
		}
	}
	return a
}

func (a *asked) add(kind string, fields map[string]any) {
	fields["kind"] = kind
	a.Instructions = append(a.Instructions, fields)
}

// owners are the destinations of tokens.
func (a *asked) owners() []string {
	var all []string
	for _, i := range a.Instructions {
		if i["kind"] == "checked" {
			all = append(all, i["to"].(string))
		}
	}
	return all
}

type buildAnswer struct{ Transaction, Message string }

func build(t *testing.T, all []asked) []buildAnswer {
	t.Helper()
	var requests []any
	for _, a := range all {
		requests = append(requests, a)
	}
	return wallets.Judge[buildAnswer](t, script, requests)
}

// TestSigned: 1000 transactions that are signed here verify strictly elsewhere,
// with the right sender, and hold the transfers that were asked for.
func TestSigned(t *testing.T) {
	var keys []*transaction.Key
	var all []asked
	for range many {
		keys = append(keys, randomKey(t))
		all = append(all, randomAsked(t, keys[len(keys)-1].Address("solana")))
	}
	var requests []any
	for i, b := range build(t, all) {
		tx, err := Parse([]byte([]string{b.Transaction, b.Message}[i%2]), Options{})
		if err != nil {
			t.Fatalf("%v: %s", err, b.Message)
		}
		signed, err := tx.Sign(keys[i], transaction.Limits{MaxFee: big.NewInt(1e18)})
		if err != nil {
			t.Fatalf("%v: %s", err, b.Message)
		}
		requests = append(requests, map[string]any{"op": "read", "raw": signed.Text})
	}
	type answer struct {
		Valid                    bool
		Signer, Blockhash, Error string
		Instructions             []struct{ Program, Type, Amount, To, Mint, From string }
	}
	accepted := 0
	for i, a := range wallets.Judge[answer](t, script, requests) {
		if !a.Valid || a.Error != "" || a.Signer != keys[i].Address("solana") || a.Blockhash != all[i].Blockhash || len(a.Instructions) != len(all[i].Instructions) {
			t.Errorf("%d: %+v, the account is %s", i, a, keys[i].Address("solana"))
			continue
		}
		accepted++
		for n, want := range all[i].Instructions {
			got := a.Instructions[n]
			switch want["kind"] {
			case "transfer", "token":
				if got.Amount != want["amount"] || got.To != want["to"] {
					t.Errorf("%d: %+v, want %v", i, got, want)
				}
			case "checked":
				if got.Amount != want["amount"] || got.Mint != want["mint"] {
					t.Errorf("%d: %+v, want %v", i, got, want)
				}
			}
		}
	}
	t.Logf("%d of %d accepted", accepted, many)
}

// TestSwept: what Sweep builds is accepted too, and reads as what was meant.
func TestSwept(t *testing.T) {
	type answer struct {
		Valid         bool
		Signer, Error string
		Instructions  []struct{ Program, Type, Amount, To, Mint, From string }
	}
	var requests, addresses []any
	var want []chain.Amount
	for range 100 {
		key, to, mint := randomKey(t), randomOwner(t), randomAddress().String()
		s := State{Account: key.Address("solana"), Lamports: 1e9 + random.Uint64N(1e12), Nonces: []Nonce{{randomAddress().String(), randomAddress().String()}},
			Tokens: []Token{{Account: randomAddress().String(), Mint: mint, Amount: 1 + random.Uint64N(1e12), Decimals: 6, Exists: true}}}
		all, err := Sweep(s, Network{UnitPrice: 1000, UnitLimit: 100_000}, to)
		if err != nil || len(all) != 1 {
			t.Fatal(len(all), err)
		}
		signed, err := all[0].Sign(key, transaction.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		requests = append(requests, map[string]any{"op": "read", "raw": signed.Text})
		addresses = append(addresses, map[string]any{"op": "tokenAddress", "mint": mint, "owner": to})
		for _, p := range all[0].Payments() {
			want = append(want, p.Amount)
		}
	}
	tokenAddresses := wallets.Judge[string](t, script, addresses)
	for i, a := range wallets.Judge[answer](t, script, requests) {
		n := len(a.Instructions)
		if !a.Valid || a.Error != "" || n != 5 || a.Instructions[0].Type != "advanceNonce" {
			t.Fatalf("%+v", a)
		}
		token, native := a.Instructions[3], a.Instructions[4]
		if token.To != tokenAddresses[i] || token.Amount != want[2*i].Units.String() || native.Amount != want[2*i+1].Units.String() {
			t.Errorf("%+v", a)
		}
	}
}

// TestShown: of 1000 transactions that micro-sol-signer builds, every amount and
// destination is shown, and they are written again as they were.
func TestShown(t *testing.T) {
	var all []asked
	for range many {
		all = append(all, randomAsked(t, randomOwner(t)))
	}
	for i, b := range build(t, all) {
		tx, err := Parse([]byte(b.Transaction), Options{Owners: all[i].owners()})
		if err != nil {
			t.Fatalf("%v: %s", err, b.Message)
		}
		if got := base64.StdEncoding.EncodeToString(tx.Unsigned()); got != b.Transaction {
			t.Errorf("written as %s\nit was %s", got, b.Transaction)
		}
		text := said(tx)
		payments := tx.Payments()
		for n, want := range all[i].Instructions {
			_, text, _ := strings.Cut(text, fmt.Sprintf("Instruction %d: ", n+1))
			text, _, _ = strings.Cut(text, "Instruction ")
			var lines []string
			switch want["kind"] {
			case "transfer":
				lines = []string{"To: " + want["to"].(string) + "\n", " SOL (" + want["amount"].(string) + " lamports)\n"}
			case "token":
				lines = []string{"To token account: " + want["to"].(string) + ",", "Amount: " + want["amount"].(string) + " of the smallest unit\n"}
			case "checked":
				lines = []string{"To: " + want["to"].(string) + "\n", "(" + want["amount"].(string) + " of the smallest unit", "mint " + want["mint"].(string) + "\n",
					"Amount: " + chain.Decimal(units(want["amount"]), want["decimals"].(int)) + " "}
			default:
				continue
			}
			for _, line := range lines {
				if !strings.Contains(text, line) {
					t.Errorf("%q is not in\n%s", line, text)
				}
			}
			if len(payments) == 0 || payments[0].To != want["to"] || payments[0].Amount.Units.String() != want["amount"] {
				t.Errorf("payments %+v, want %v", payments, want)
			} else {
				payments = payments[1:]
			}
		}
		if len(payments) != 0 {
			t.Errorf("more payments: %+v", payments)
		}
	}
}

func units(text any) *big.Int {
	n, _ := new(big.Int).SetString(text.(string), 10)
	return n
}

// TestMutated: 1000 transactions in which one field was changed are refused, or
// shown in other words.
func TestMutated(t *testing.T) {
	var before, after []asked
	var changed []string
	for len(before) < many {
		a := randomAsked(t, randomOwner(t))
		b, name := mutate(t, a)
		before, after, changed = append(before, a), append(after, b), append(changed, name)
	}
	refused := 0
	old, mutated := build(t, before), build(t, after)
	for i := range old {
		if old[i] == mutated[i] {
			t.Fatalf("%s did not change", changed[i])
		}
		first, err := Parse([]byte(old[i].Message), Options{Owners: before[i].owners()})
		if err != nil {
			t.Fatal(err)
		}
		second, err := Parse([]byte(mutated[i].Message), Options{Owners: before[i].owners()})
		if err != nil {
			refused++
			continue
		}
		if said(first) == said(second) {
			t.Errorf("%s changed, and is not shown:\n%s\n%s", changed[i], old[i].Message, mutated[i].Message)
		}
	}
	t.Logf("%d of %d refused, the others shown differently", refused, many)
}

// mutate returns a copy with one field of another value.
func mutate(t *testing.T, a asked) (asked, string) {
	switch random.IntN(6) {
	case 0:
		a.Blockhash = randomAddress().String()
		return a, "blockhash"
	case 1:
		a.Version0 = !a.Version0
		return a, "version"
	}
	a.Instructions = slices.Clone(a.Instructions)
	n := random.IntN(len(a.Instructions))
	i := maps.Clone(a.Instructions[n])
	a.Instructions[n] = i
	names := slices.DeleteFunc(slices.Sorted(maps.Keys(i)), func(name string) bool { return name == "kind" || name == "code" || name == "size" })
	name := names[random.IntN(len(names))]
	switch name {
	case "amount":
		i[name] = fmt.Sprint(random.Uint64())
	case "value":
		i[name] = fmt.Sprint(1 + random.Uint32()>>1)
	case "decimals":
		i[name] = (i[name].(int) + 1 + random.IntN(200)) % 256
	default:
		i[name] = randomOwner(t)
	}
	return a, fmt.Sprint(i["kind"], " ", name)
}

// TestChangedBytes: a byte of a message that is changed makes another message: it
// is refused, or shown in other words.
func TestChangedBytes(t *testing.T) {
	var all []asked
	for range 100 {
		all = append(all, randomAsked(t, randomOwner(t)))
	}
	for i, b := range build(t, all) {
		message, err := base64.StdEncoding.DecodeString(b.Message)
		if err != nil {
			t.Fatal(err)
		}
		tx, err := Parse(message, Options{Owners: all[i].owners()})
		if err != nil {
			t.Fatal(err)
		}
		for at := range message {
			other := slices.Clone(message)
			other[at] ^= 1 << random.IntN(8)
			second, err := Parse(other, Options{Owners: all[i].owners()})
			if err == nil && said(second) == said(tx) {
				t.Errorf("byte %d of %s changed from %d to %d, and is not shown", at, b.Message, message[at], other[at])
			}
		}
	}
}
