package solana

import (
	"bytes"
	"encoding/base64"
	"errors"
	"math/big"
	"strings"
	"testing"

	"recover/internal/group"
	"recover/pkg/transaction"
	"recover/pkg/wallet"
)

// payTo is a transfer by the key.
func payTo(k *transaction.Key, lamports uint64) *message {
	s := transferStep(lamports)
	s.accounts[0] = signsWritable(keyAddress(k))
	return compile(keyAddress(k), known(hash1), []step{s})
}

func TestSign(t *testing.T) {
	key := newKey(t, 1)
	m := payTo(key, 5)
	for _, versioned := range []bool{false, true} {
		m.versioned = versioned
		tx, err := Parse(m.bytes(), Options{})
		if err != nil {
			t.Fatal(err)
		}
		signed, err := tx.Sign(key, transaction.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		if from, err := Verify(signed.Raw); err != nil || from != key.Address("solana") || signed.From != from {
			t.Errorf("signed by %s, %v", from, err)
		}
		if signed.Text != base64.StdEncoding.EncodeToString(signed.Raw) || signed.ID != wallet.SolanaSignature([64]byte(signed.Raw[1:])) {
			t.Errorf("%+v", signed)
		}
		if !bytes.Equal(signed.Raw[65:], m.bytes()) {
			t.Error("another message was signed")
		}
		for i := range signed.Raw {
			for _, bit := range []byte{1, 0x80} {
				changed := bytes.Clone(signed.Raw)
				changed[i] ^= bit
				if from, err := Verify(changed); err == nil {
					t.Errorf("byte %d changed: signed by %s", i, from)
				}
			}
		}
	}
}

// TestSignWithOthers has another account pay the fee.
func TestSignWithOthers(t *testing.T) {
	key, payer := newKey(t, 2), newKey(t, 3)
	s := transferStep(5)
	s.accounts[0] = signsWritable(keyAddress(key))
	m := compile(keyAddress(payer), known(hash1), []step{s})
	options := Options{Account: key.Address("solana")}

	tx, err := Parse(m.bytes(), options)
	if err != nil {
		t.Fatal(err)
	}
	want := "Signed by: " + key.Address("solana") + "\n! Also needs the signature of: " + payer.Address("solana") + "\nFee paid by: " + payer.Address("solana") + "\n"
	if !strings.Contains(said(tx), want) || tx.MaxFee().Units.Int64() != 10_000 {
		t.Errorf("%q is not in\n%s", want, said(tx))
	}
	half, err := tx.Sign(key, transaction.Limits{})
	if err != nil || half.ID != "" {
		t.Fatal(half, err)
	}
	if _, err := Verify(half.Raw); !errors.Is(err, transaction.ErrSignature) {
		t.Errorf("half signed: %v", err)
	}
	// The one who pays takes it from there.
	tx, err = Parse([]byte(half.Text), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if want := "Signed by: " + payer.Address("solana") + "\nSigned already by: " + key.Address("solana") + "\n"; !strings.Contains(said(tx), want) {
		t.Errorf("%q is not in\n%s", want, said(tx))
	}
	whole, err := tx.Sign(payer, transaction.Limits{})
	if err != nil || whole.ID == "" {
		t.Fatal(whole, err)
	}
	if from, err := Verify(whole.Raw); err != nil || from != payer.Address("solana") {
		t.Errorf("signed by %s, %v", from, err)
	}
	// A signature of another that is not valid is not signed along with.
	half.Raw[1+64+3] ^= 1
	if _, err := Parse(half.Raw, Options{}); err == nil || err.Error() != "the signature of "+key.Address("solana")+" is not valid" {
		t.Errorf("badly signed: %v", err)
	}
}

func TestSignRefuses(t *testing.T) {
	key, another := newKey(t, 4), newKey(t, 5)
	tx, err := Parse(payTo(key, 5).bytes(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	var account *transaction.AccountError
	if _, err := tx.Sign(another, transaction.Limits{}); !errors.As(err, &account) || account.Want != key.Address("solana") || account.Key != another.Address("solana") {
		t.Errorf("another key: %v", err)
	}
	scalar, err := group.RandomScalar(group.Secp256k1, bytes.NewReader(bytes.Repeat([]byte{7}, 64)))
	if err != nil {
		t.Fatal(err)
	}
	secp, err := transaction.NewKey(group.Secp256k1, scalar)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Sign(secp, transaction.Limits{}); !errors.As(err, &account) {
		t.Errorf("a key of the other curve: %v", err)
	}
	var refused *transaction.RefusedError
	if _, err := tx.Sign(key, transaction.Limits{MaxFee: big.NewInt(4999)}); !errors.As(err, &refused) || refused.Reason != transaction.FeeTooHigh {
		t.Errorf("fee: %v", err)
	}
	if _, err := Verify(tx.Unsigned()); !errors.Is(err, transaction.ErrSignature) {
		t.Errorf("unsigned: %v", err)
	}
	if _, err := Verify([]byte("x")); !errors.Is(err, transaction.ErrFormat) {
		t.Errorf("no transaction: %v", err)
	}
}

// TestMaxFee has the fees of compute budgets.
func TestMaxFee(t *testing.T) {
	price := func(v byte) step { return budgetStep(3, 0, 0, v, 0, 0, 0, 0, 0) } // v·65536
	limit := func(v byte) step { return budgetStep(2, v, 0, 0, 0) }
	for _, c := range []struct {
		want  string
		steps []step
	}{
		{"5000", []step{transferStep(1)}},
		{"5000", []step{limit(200), transferStep(1)}},
		{"5001", []step{limit(1), price(1), transferStep(1)}},
		{"5014", []step{limit(200), price(1), transferStep(1)}},
		{"18108", []step{price(1), transferStep(1)}},                               // 200,000 units
		{"31215", []step{price(1), transferStep(1), transferStep(2)}},              // 400,000
		{"96751", []step{budgetStep(2, 0, 0, 0, 0xff), price(1), transferStep(1)}}, // no more than 1,400,000
		{"100880631653104109", []step{budgetStep(2, 0, 0, 0, 0xff), budgetStep(3, 255, 255, 255, 255, 255, 255, 255, 0), transferStep(1)}},
	} {
		tx, err := Parse(messageOf(c.steps...), Options{})
		if err != nil {
			t.Fatal(err)
		}
		if got := tx.MaxFee().Units.String(); got != c.want {
			t.Errorf("%s, want %s", got, c.want)
		}
	}
}

// FuzzSign holds that a transfer of any sum is signed, verifies, and is the same
// transfer.
func FuzzSign(f *testing.F) {
	f.Add(byte(1), uint64(5), false)
	f.Fuzz(func(t *testing.T, seed byte, lamports uint64, versioned bool) {
		key := newKey(t, seed)
		m := payTo(key, lamports)
		m.versioned = versioned
		tx, err := Parse(m.bytes(), Options{})
		if err != nil {
			t.Fatal(err)
		}
		signed, err := tx.Sign(key, transaction.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		if from, err := Verify(signed.Raw); err != nil || from != key.Address("solana") {
			t.Fatal(from, err)
		}
		if p := tx.Payments()[0]; p.To != exampleTo || p.Amount.Units.Uint64() != lamports {
			t.Fatal(p)
		}
	})
}
