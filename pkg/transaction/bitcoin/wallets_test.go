//go:build wallets

package bitcoin

import (
	"encoding/hex"
	"fmt"
	"math/big"
	"strings"
	"testing"

	"recover/fixtures/wallets"
	"recover/internal/group"
	"recover/pkg/transaction"
	"recover/pkg/wallet"
)

const many = 1000

var random, randomBytes = wallets.Random, wallets.Bytes

// randomScript is a script of one of the usual kinds.
func randomScript() []byte {
	switch random.IntN(5) {
	case 0:
		return append([]byte{0, 20}, randomBytes(20)...)
	case 1:
		return append([]byte{0, 32}, randomBytes(32)...)
	case 2:
		return append(append([]byte{0x76, 0xa9, 20}, randomBytes(20)...), 0x88, 0xac)
	case 3:
		return append(append([]byte{0xa9, 20}, randomBytes(20)...), 0x87)
	}
	// The x of a point of the curve, as @scure/btc-signer wants it.
	r, _ := group.Secp256k1.ParseScalar(append([]byte{0}, randomBytes(31)...))
	x := group.Compressed(group.Secp256k1.NewPoint().BaseMul(r))[1:]
	return append([]byte{op1, 32}, x...)
}

type orderInput struct {
	TxID     string `json:"txid"`
	Index    uint32 `json:"index"`
	Sequence uint32 `json:"sequence"`
	Script   string `json:"script"`
	Amount   string `json:"amount"`
	Previous string `json:"previous,omitempty"`
	Witness  bool   `json:"witness"`
}

type orderOutput struct {
	Address string `json:"address,omitempty"`
	Script  string `json:"script,omitempty"`
	Amount  string `json:"amount"`
	Data    bool   `json:"data,omitempty"`
}

// order is what @scure/btc-signer is asked to build.
type order struct {
	Op       string        `json:"op"`
	Version  int           `json:"version"`
	LockTime uint32        `json:"lockTime"`
	Testnet  bool          `json:"testnet"`
	Inputs   []orderInput  `json:"inputs"`
	Outputs  []orderOutput `json:"outputs"`

	fee int64
}

type fund struct {
	Op      string        `json:"op"`
	Salt    string        `json:"salt"`
	Outputs []orderOutput `json:"outputs"`
}

type fundAnswer struct{ Raw, ID string }

// randomOrders has transactions of 1 to 5 inputs of one key and 1 to 6 outputs.
func randomOrders(t *testing.T) []order {
	orders, funds := make([]order, many), make([]any, many)
	for i := range orders {
		o := order{Op: "build", Version: 1 + random.IntN(2), Testnet: random.IntN(4) == 0}
		if random.IntN(3) == 0 {
			o.LockTime = random.Uint32()
		}
		hash := randomBytes(20)
		f := fund{Op: "fund", Salt: hex.EncodeToString(randomBytes(32))}
		total := int64(0)
		for n := range 1 + random.IntN(5) {
			script := append([]byte{0, 20}, hash...)
			witness := random.IntN(3) > 0
			if !witness {
				script = append(append([]byte{0x76, 0xa9, 20}, hash...), 0x88, 0xac)
			}
			amount := 10_000 + random.Int64N(1<<random.IntN(48))
			total += amount
			in := orderInput{Index: uint32(n), Sequence: random.Uint32() | 1<<31, Script: hex.EncodeToString(script), Amount: fmt.Sprint(amount), Witness: witness}
			o.Inputs = append(o.Inputs, in)
			f.Outputs = append(f.Outputs, orderOutput{Script: in.Script, Amount: in.Amount})
		}
		o.fee = 1 + random.Int64N(5000)
		o.Outputs = randomOutputs(total-o.fee, o.Testnet)
		orders[i], funds[i] = o, f
	}
	for i, a := range wallets.Judge[fundAnswer](t, "bitcoin.mjs", funds) {
		for n := range orders[i].Inputs {
			in := &orders[i].Inputs[n]
			in.TxID = a.ID
			if !in.Witness || random.IntN(2) == 0 {
				in.Previous = a.Raw
			}
		}
	}
	return orders
}

func randomOutputs(total int64, testnet bool) (all []orderOutput) {
	for n := 1 + random.IntN(6); n > 0; n-- {
		amount := total
		if n > 1 {
			amount = random.Int64N(total + 1)
		}
		total -= amount
		if n > 1 && random.IntN(8) == 0 {
			total += amount
			data := randomBytes(1 + random.IntN(75))
			all = append(all, orderOutput{Script: hex.EncodeToString(append([]byte{opReturn, byte(len(data))}, data...)), Amount: "0", Data: true})
			continue
		}
		address, _ := wallet.BitcoinAddress(randomScript(), testnet)
		all = append(all, orderOutput{Address: address, Amount: fmt.Sprint(amount)})
	}
	return all
}

type buildAnswer struct{ PSBT, Fee string }

func build(t *testing.T, orders []order) []buildAnswer {
	requests := make([]any, len(orders))
	for i, o := range orders {
		requests[i] = o
	}
	return wallets.Judge[buildAnswer](t, "bitcoin.mjs", requests)
}

// TestBuiltByOthers: of 1000 PSBTs of @scure/btc-signer, every amount and
// destination and the fee are shown.
func TestBuiltByOthers(t *testing.T) {
	orders := randomOrders(t)
	for i, a := range build(t, orders) {
		o := orders[i]
		tx, err := Parse([]byte(a.PSBT), Options{Testnet: o.Testnet})
		if err != nil {
			t.Fatalf("%v: %+v %s", err, o, a.PSBT)
		}
		text := describe(tx)
		payments := tx.Payments()
		if len(payments) != len(o.Outputs) || tx.MaxFee().Units.String() != a.Fee || a.Fee != fmt.Sprint(o.fee) {
			t.Fatalf("%d payments, want %d; a fee of %s, want %s, %d", len(payments), len(o.Outputs), tx.MaxFee(), a.Fee, o.fee)
		}
		for n, out := range o.Outputs {
			want := out.Address
			if out.Data {
				want = "script " + out.Script
			}
			if p := payments[n]; p.To != want || p.Amount.Units.String() != out.Amount {
				t.Errorf("output %d: %+v, want %+v", n+1, p, out)
			}
			shown := fmt.Sprintf("(%s satoshis) to %s\n", out.Amount, out.Address)
			if out.Data {
				shown = "with data " + out.Script[4:]
			}
			if !strings.Contains(text, shown) {
				t.Errorf("%s is not in\n%s", shown, text)
			}
		}
		for _, in := range o.Inputs {
			if !strings.Contains(text, fmt.Sprintf("(%s satoshis) of ", in.Amount)) || !strings.Contains(text, fmt.Sprintf("output %d of %s, sequence 0x%08x", in.Index, in.TxID, in.Sequence)) {
				t.Errorf("%+v is not in\n%s", in, text)
			}
		}
	}
}

type readAnswer struct {
	Error, ID, Signers, Outputs string
	Valid                       bool
	VSize                       int64
}

// TestSigned: the signatures of 1000 transactions that are built and signed here
// verify under the digests that @scure/btc-signer computes.
func TestSigned(t *testing.T) {
	type spent struct {
		Script string `json:"script"`
		Amount string `json:"amount"`
	}
	wants, txs, requests := make([]readAnswer, many), make([]*Transaction, many), make([]any, many)
	for i := range many {
		private, err := group.Secp256k1.ParseScalar(append([]byte{0}, randomBytes(31)...))
		if err != nil {
			t.Fatal(err)
		}
		key, err := transaction.NewKey(group.Secp256k1, private)
		if err != nil {
			t.Fatal(err)
		}
		script := unhex(t, "0014"+hex.EncodeToString(keyHashOf(key)))
		if random.IntN(2) == 0 {
			script = unhex(t, "76a914"+hex.EncodeToString(keyHashOf(key))+"88ac")
		}
		from, _ := wallet.BitcoinAddress(script, false)
		s := State{From: from, FeeRate: 1 + random.Int64N(100)}
		var all []spent
		for range 1 + random.IntN(4) {
			amount := 100_000 + random.Int64N(1<<40)
			raw, id := previous(script, random.Int64N(1e6), amount)
			s.UTXOs = append(s.UTXOs, UTXO{id, 1, amount, raw})
			all = append(all, spent{hex.EncodeToString(script), fmt.Sprint(amount)})
		}
		to, _ := wallet.BitcoinAddress(randomScript(), false)
		tx, err := TransferAll(s, to)
		if random.IntN(2) == 0 {
			tx, err = Transfer(s, to, 50_000)
		}
		if err != nil {
			t.Fatal(err)
		}
		signed, err := tx.Sign(key, anyFee)
		if err != nil {
			t.Fatal(err)
		}
		var outputs []string
		for _, p := range tx.Payments() {
			outputs = append(outputs, p.Amount.Units.String(), p.To)
		}
		txs[i] = tx
		wants[i] = readAnswer{ID: signed.ID, Signers: from, Outputs: strings.Join(outputs, " "), Valid: true}
		requests[i] = map[string]any{"op": "read", "raw": signed.Text, "spent": all}
	}
	for i, got := range wallets.Judge[readAnswer](t, "bitcoin.mjs", requests) {
		if size := txs[i].virtualSize(); got.VSize > size || got.VSize < size-3*int64(len(txs[i].spent)) {
			t.Errorf("%d virtual bytes, estimated %d", got.VSize, size)
		}
		got.VSize = 0
		if got != wants[i] {
			t.Errorf("@scure/btc-signer reads %+v, want %+v", got, wants[i])
		}
	}
}

func keyHashOf(k *transaction.Key) []byte {
	hash := wallet.BitcoinKeyHash(group.Compressed(k.Public()))
	return hash[:]
}

// TestMutated: with one field changed, a PSBT is refused or shown differently;
// with one byte changed that is not a field of ours, the same is signed.
func TestMutated(t *testing.T) {
	orders := randomOrders(t)
	answers := build(t, orders)
	for i := range orders {
		orders[i] = mutateField(orders[i])
	}
	refused := 0
	for i, m := range build(t, orders) {
		options := Options{Testnet: orders[i].Testnet}
		made, err := Parse([]byte(answers[i].PSBT), options)
		if err != nil {
			t.Fatal(err)
		}
		tx := made.(*Transaction)
		if other, err := Parse([]byte(m.PSBT), options); err != nil {
			refused++
		} else if describe(other) == describe(tx) {
			t.Errorf("%s\nis shown like\n%s", m.PSBT, answers[i].PSBT)
		}
		b := tx.Unsigned()
		b[random.IntN(len(b))] ^= byte(1 + random.IntN(255))
		other, err := Parse(b, options)
		if err != nil {
			refused++
			continue
		}
		changed := other.(*Transaction)
		h, g := newHashes(tx.packet.tx), newHashes(changed.packet.tx)
		if describe(changed) == describe(tx) && (len(changed.spent) != len(tx.spent) || changed.digest(0, g) != tx.digest(0, h)) {
			t.Errorf("%x\nis shown like\n%s, and is another one", b, answers[i].PSBT)
		}
	}
	t.Logf("%d of %d mutations refused, the others shown differently, or the same to the last signed bit", refused, 2*many)
}

func mutateField(o order) order {
	o.Inputs = append([]orderInput(nil), o.Inputs...)
	o.Outputs = append([]orderOutput(nil), o.Outputs...)
	in, out := &o.Inputs[random.IntN(len(o.Inputs))], &o.Outputs[len(o.Outputs)-1]
	switch random.IntN(7) {
	case 0:
		in.Sequence ^= 1
	case 1:
		o.Version = 3 - o.Version
	case 2:
		o.LockTime++
	case 3:
		out.Address, _ = wallet.BitcoinAddress(randomScript(), o.Testnet)
	case 4:
		n, _ := new(big.Int).SetString(out.Amount, 10)
		out.Amount = n.Xor(n, big.NewInt(1)).String()
	case 5:
		o.Outputs = append(o.Outputs, orderOutput{Script: "6a", Amount: "0", Data: true})
	case 6:
		if in.Sequence -= 2; in.Witness {
			in.TxID, in.Previous = hex.EncodeToString(randomBytes(32)), ""
		}
	}
	return o
}
