//go:build wallets

package tron

import (
	"encoding/hex"
	"math/big"
	"strings"
	"testing"
	"time"

	"recover/fixtures/wallets"
	"recover/internal/group"
	"recover/pkg/transaction"
)

const many = 1000

var random, randomBytes, randomNumber = wallets.Random, wallets.Bytes, wallets.Number

func randomAccount() account { return account(randomBytes(20)) }

// order is what TronWeb is asked to build.
type order struct {
	Op       string         `json:"op"`
	Owner    string         `json:"owner"`
	To       string         `json:"to"`
	Amount   string         `json:"amount"`
	Token    string         `json:"token,omitempty"`
	FeeLimit int64          `json:"feeLimit,omitempty"`
	Memo     string         `json:"memo,omitempty"`
	Visible  bool           `json:"visible"`
	Header   map[string]any `json:"header"`
}

func randomOrder() order {
	made := 1_600_000_000_000 + random.Int64N(1<<38)
	o := order{Op: "build", Owner: randomAccount().String(), To: randomAccount().String(), Visible: random.IntN(2) == 0,
		Amount: new(big.Int).Add(randomNumber(48), big.NewInt(1)).String()}
	o.Header = map[string]any{"ref_block_bytes": hex.EncodeToString(randomBytes(2)), "ref_block_hash": hex.EncodeToString(randomBytes(8)),
		"expiration": made + 60000, "timestamp": made}
	if random.IntN(2) == 0 {
		o.Token, o.FeeLimit, o.Amount = randomAccount().String(), random.Int64N(1e9), randomNumber(256).String()
		if random.IntN(2) == 0 {
			o.Token = tokens[0].Contract
		}
	}
	if random.IntN(4) == 0 {
		o.Memo = hex.EncodeToString(randomBytes(1 + random.IntN(30)))
	}
	return o
}

type buildAnswer struct{ Hex, JSON, ID, TRX string }

func build(t *testing.T, orders []order) []buildAnswer {
	requests := make([]any, len(orders))
	for i, o := range orders {
		requests[i] = o
	}
	return wallets.Judge[buildAnswer](t, "tron.mjs", requests)
}

func randomOrders() []order {
	orders := make([]order, many)
	for i := range orders {
		orders[i] = randomOrder()
	}
	return orders
}

// TestShown: of 1000 transactions that TronWeb builds, every amount and destination
// is shown, as TronWeb writes them.
func TestShown(t *testing.T) {
	orders := randomOrders()
	for i, a := range build(t, orders) {
		o := orders[i]
		for _, in := range []string{a.Hex, a.JSON} {
			tx, err := Parse([]byte(in), Options{})
			if err != nil {
				t.Fatalf("%v: %s", err, in)
			}
			p := tx.Payments()
			if len(p) != 1 || p[0].To != o.To || p[0].Token != o.Token || p[0].Amount.Units.String() != o.Amount || tx.From() != o.Owner {
				t.Errorf("payments %+v, want %+v: %s", p, o, in)
			}
			text := describe(tx)
			if !strings.Contains(text, "\nTo: "+o.To+"\n") || !strings.Contains(text, "\nAmount: "+a.TRX) || o.Token != "" && !strings.Contains(text, o.Amount+" of the smallest unit") {
				t.Errorf("%s (%s) to %s is not in\n%s", o.Amount, a.TRX, o.To, text)
			}
			if id := tx.(*Transaction).id(); hex.EncodeToString(id[:]) != a.ID {
				t.Errorf("the ID is %x, TronWeb has %s: %s", id, a.ID, in)
			}
		}
	}
}

type readAnswer struct {
	Error, ID, Signer, Owner, To, Amount, Token string
	Same                                        bool
}

// TestSigned: TronWeb finds the right signer, recipient and amount in 1000
// transactions that are built and signed here.
func TestSigned(t *testing.T) {
	wants, requests := make([]readAnswer, many), make([]any, many)
	for i := range many {
		private, err := group.Secp256k1.ParseScalar(append([]byte{0}, randomBytes(31)...))
		if err != nil {
			t.Fatal(err)
		}
		key, err := transaction.NewKey(group.Secp256k1, private)
		if err != nil {
			t.Fatal(err)
		}
		made := time.UnixMilli(1_600_000_000_000 + random.Int64N(1<<38))
		s := State{From: key.Address("tron"), Balance: 1 << 60, RefBlockBytes: [2]byte(randomBytes(2)), RefBlockHash: [8]byte(randomBytes(8)),
			Made: made, Expiration: made.Add(time.Hour), FeeLimit: random.Int64N(1e8)}
		want := readAnswer{Owner: s.From, Signer: s.From, To: randomAccount().String(), Same: true}
		var tx *Transaction
		if random.IntN(2) == 0 {
			amount := 1 + random.Int64N(1<<50)
			want.Amount = big.NewInt(amount).String()
			tx, err = Transfer(s, want.To, amount)
		} else {
			amount := randomNumber(256)
			want.Amount, want.Token = amount.String(), randomAccount().String()
			tx, err = TransferToken(s, want.Token, want.To, amount)
		}
		if err != nil {
			t.Fatal(err)
		}
		signed, err := tx.Sign(key, transaction.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		want.ID = signed.ID
		wants[i], requests[i] = want, map[string]string{"op": "read", "raw": signed.Text}
	}
	for i, got := range wallets.Judge[readAnswer](t, "tron.mjs", requests) {
		if got != wants[i] {
			t.Errorf("TronWeb reads %+v, want %+v", got, wants[i])
		}
	}
}

// TestMutated: with one byte changed, or one field, a transaction is refused or
// shown differently.
func TestMutated(t *testing.T) {
	orders := randomOrders()
	answers := build(t, orders)
	for i := range orders {
		orders[i] = mutateField(orders[i])
	}
	refused := 0
	for i, m := range build(t, orders) {
		tx, err := Parse([]byte(answers[i].Hex), Options{})
		if err != nil {
			t.Fatal(err)
		}
		b, _ := hex.DecodeString(answers[i].Hex)
		b[random.IntN(len(b))] ^= byte(1 + random.IntN(255))
		// The readable part of one, with the bytes that are signed of the other.
		mixed := strings.Replace(answers[i].JSON, answers[i].Hex, m.Hex, 1)
		for _, in := range []string{hex.EncodeToString(b), m.Hex, m.JSON, mixed} {
			other, err := Parse([]byte(in), Options{})
			if err != nil {
				refused++
			} else if describe(other) == describe(tx) || in == mixed {
				t.Errorf("%s\nis shown like\n%s", in, answers[i].Hex)
			}
		}
	}
	t.Logf("%d of %d mutations refused, the others shown differently", refused, 4*many)
}

func mutateField(o order) order {
	header := map[string]any{}
	for name, value := range o.Header {
		header[name] = value
	}
	o.Header = header
	switch random.IntN(6) {
	case 0:
		o.Owner = randomAccount().String()
	case 1:
		o.To = randomAccount().String()
	case 2:
		n, _ := new(big.Int).SetString(o.Amount, 10)
		n.Xor(n, big.NewInt(1))
		if n.Sign() == 0 {
			n.SetInt64(2)
		}
		o.Amount = n.String()
	case 3:
		header["ref_block_hash"] = hex.EncodeToString(randomBytes(8))
	case 4:
		header["expiration"] = header["expiration"].(int64) + 1
	case 5:
		o.Memo += "21"
	}
	return o
}
