//go:build wallets

package evm

import (
	"encoding/hex"
	"fmt"
	"math/big"
	"strings"
	"testing"

	"recover/fixtures/wallets"
	"recover/internal/group"
	"recover/pkg/transaction"
)

const many = 1000

var random, randomBytes, randomNumber = wallets.Random, wallets.Bytes, wallets.Number

func randomAccount() account { return account(randomBytes(20)) }

// built is what ethers is asked to build, and what it makes of it.
type built struct {
	Fields map[string]any `json:"fields"`
	Call   map[string]any `json:"call,omitempty"`
	Op     string         `json:"op"`
	// Decimals are those of the amount that is shown.
	Decimals int `json:"decimals"`

	to, amount, token string
}

type buildAnswer struct{ Hex, JSON, Decimal, Digest string }

// randomBuild has the fields of a transfer of coins or tokens.
func randomBuild() built {
	ids := []uint64{1, 10, 56, 137, 8453, 42161, 43114, 11155111, 1 + random.Uint64N(1<<40)}
	b := built{Op: "build", Decimals: 18, to: randomAccount().String(), amount: randomNumber(128).String()}
	b.Fields = map[string]any{"chainId": ids[random.IntN(len(ids))], "nonce": random.IntN(1 << 30), "gasLimit": randomNumber(48).String(), "to": b.to, "value": b.amount}
	if random.IntN(2) == 0 {
		b.Fields["type"], b.Fields["gasPrice"] = 0, randomNumber(64).String()
	} else {
		tip := randomNumber(48)
		b.Fields["type"], b.Fields["maxPriorityFeePerGas"] = 2, tip.String()
		b.Fields["maxFeePerGas"] = new(big.Int).Add(tip, randomNumber(64)).String()
		if random.IntN(3) == 0 {
			b.Fields["accessList"] = []any{map[string]any{"address": randomAccount().String(), "storageKeys": []string{hexText(randomBytes(32))}}}
		}
	}
	if random.IntN(2) == 0 {
		contract := randomAccount().String()
		if id := b.Fields["chainId"].(uint64); id == 1 {
			contract, b.Decimals = tokens[0].Contract, tokens[0].Decimals
		} else {
			b.Decimals = 0
		}
		b.token = contract
		b.Fields["to"], b.Fields["value"] = contract, 0
		b.Call = map[string]any{"name": "transfer", "account": b.to, "amount": b.amount}
	}
	return b
}

// buildMany has ethers build n random transactions.
func buildMany(t *testing.T, n int) ([]built, []buildAnswer) {
	asked, requests := make([]built, n), make([]any, n)
	for i := range asked {
		asked[i] = randomBuild()
		requests[i] = asked[i]
	}
	return asked, wallets.Judge[buildAnswer](t, "evm.mjs", requests)
}

// TestShown: of 1000 transactions that ethers builds, every amount and destination
// is shown, as ethers writes them.
func TestShown(t *testing.T) {
	asked, answers := buildMany(t, many)
	for i, a := range answers {
		for _, in := range []string{a.Hex, a.JSON} {
			tx, err := Parse([]byte(in), Options{})
			if err != nil {
				t.Fatalf("%v: %s", err, in)
			}
			b := asked[i]
			p := tx.Payments()
			if len(p) != 1 || p[0].To != b.to || p[0].Token != b.token || p[0].Amount.Units.String() != b.amount {
				t.Errorf("payments %+v, want %s of %q to %s: %s", p, b.amount, b.token, b.to, in)
			}
			decimal := strings.TrimSuffix(a.Decimal, ".0")
			if text := describe(tx); !strings.Contains(text, "\nTo: "+b.to+"\n") || !strings.Contains(text, "Amount: "+decimal+" ") {
				t.Errorf("%s to %s is not in\n%s", decimal, b.to, text)
			}
			if digest := keccak256(tx.Unsigned()); hexText(digest[:]) != a.Digest {
				t.Errorf("the digest is %x, ethers has %s: %s", digest, a.Digest, in)
			}
		}
	}
}

type readAnswer struct {
	Error, From, Hash, Digest, To, Value, ChainID string
	Nonce                                         uint64
	Same                                          bool
	Call                                          *struct{ Name, Account, Amount string }
}

// TestSigned: ethers accepts 1000 transactions that are built and signed here, and
// reads the right sender, recipient and amount in them.
func TestSigned(t *testing.T) {
	type want struct{ from, to, amount, token, id string }
	wants, requests := make([]want, many), make([]any, many)
	for i := range many {
		private, err := group.Secp256k1.ParseScalar(append([]byte{0}, randomBytes(31)...))
		if err != nil {
			t.Fatal(err)
		}
		key, err := transaction.NewKey(group.Secp256k1, private)
		if err != nil {
			t.Fatal(err)
		}
		w := want{from: key.Address("ethereum"), to: randomAccount().String(), amount: randomNumber(96).String()}
		s := State{ChainID: 1 + random.Uint64N(1<<random.IntN(60)), From: w.from, Nonce: random.Uint64N(1 << 40), Balance: new(big.Int).Lsh(big.NewInt(1), 250), MaxFeePerGas: randomNumber(64)}
		if random.IntN(2) == 0 {
			s.Tip = new(big.Int).Rsh(s.MaxFeePerGas, 1)
		}
		amount, _ := new(big.Int).SetString(w.amount, 10)
		tx, err := Transfer(s, w.to, amount)
		if random.IntN(2) == 0 {
			w.token = randomAccount().String()
			tx, err = TransferToken(s, w.token, w.to, amount)
		}
		if err != nil {
			t.Fatal(err)
		}
		signed, err := tx.Sign(key, anyFee)
		if err != nil {
			t.Fatal(err)
		}
		w.id = signed.ID
		wants[i] = w
		requests[i] = map[string]string{"op": "read", "raw": signed.Text}
	}
	for i, a := range wallets.Judge[readAnswer](t, "evm.mjs", requests) {
		got := want{from: a.From, to: a.To, amount: a.Value, id: a.Hash}
		if a.Call != nil {
			got.to, got.amount, got.token = a.Call.Account, a.Call.Amount, a.To
		}
		if a.Error != "" || !a.Same || got != wants[i] {
			t.Errorf("ethers reads %+v %s, want %+v", got, a.Error, wants[i])
		}
	}
}

// TestMutated: with one byte changed, or one field, a transaction is refused or
// shown differently.
func TestMutated(t *testing.T) {
	asked, answers := buildMany(t, many)
	requests := make([]any, many)
	for i, b := range asked {
		requests[i] = mutateField(b)
	}
	mutated := wallets.Judge[buildAnswer](t, "evm.mjs", requests)
	refused := 0
	for i, a := range answers {
		tx, err := Parse([]byte(a.Hex), Options{})
		if err != nil {
			t.Fatal(err)
		}
		b, _ := hex.DecodeString(a.Hex[2:])
		b[random.IntN(len(b))] ^= byte(1 + random.IntN(255))
		for _, in := range []string{hex.EncodeToString(b), mutated[i].Hex, mutated[i].JSON} {
			other, err := Parse([]byte(in), Options{})
			if err != nil {
				refused++
			} else if describe(other) == describe(tx) {
				t.Errorf("%s\nis shown like\n%s", in, a.Hex)
			}
		}
	}
	t.Logf("%d of %d mutations refused, the others shown differently", refused, 3*many)
}

// mutateField changes one field.
func mutateField(b built) built {
	fields := map[string]any{}
	names := []string{"chainId", "nonce", "gasLimit"}
	for name, value := range b.Fields {
		fields[name] = value
		if name == "gasPrice" || name == "maxFeePerGas" || name == "to" {
			names = append(names, name)
		}
	}
	if b.Call == nil {
		names = append(names, "value")
	}
	switch name := names[random.IntN(len(names))]; name {
	case "to":
		fields[name] = randomAccount().String()
	case "nonce", "chainId":
		fields[name] = fmt.Sprint(random.Uint64N(1 << 40))
		if name == "nonce" {
			fields[name] = random.IntN(1 << 30)
		}
	default:
		n, _ := new(big.Int).SetString(fmt.Sprint(fields[name]), 10)
		fields[name] = n.Add(n, big.NewInt(1)).String()
	}
	b.Fields = fields
	return b
}
