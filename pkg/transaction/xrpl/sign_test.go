package xrpl

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"testing"

	"recover/internal/group"
	"recover/pkg/transaction"
)

var curves = []group.Group{group.Secp256k1, group.Edwards25519}

// from returns payment with the key's account.
func from(k *transaction.Key, more string) string {
	return strings.Replace(payment(more), sender, k.Address("xrp"), 1)
}

func TestSign(t *testing.T) {
	for _, g := range curves {
		key := newKey(t, g, 1)
		tx := mustParse(t, from(key, `,"Amount":"5","DestinationTag":1`))
		signed, err := tx.Sign(key, transaction.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		if signer, err := Verify(signed.Raw); err != nil || signer != key.Address("xrp") || signed.From != signer {
			t.Errorf("%s: %s, %v", g.Name(), signer, err)
		}
		if signed.Text != fmt.Sprintf("%X", signed.Raw) || len(signed.ID) != 64 {
			t.Errorf("%s: text %s, ID %s", g.Name(), signed.Text, signed.ID)
		}
		if _, err := Parse(signed.Raw, Options{}); err == nil || err.Error() != "TxnSignature: the transaction is signed already" {
			t.Errorf("%s: signed again: %v", g.Name(), err)
		}
		// Signing names the key, and changes nothing else.
		named := mustParse(t, from(key, `,"Amount":"5","DestinationTag":1,"SigningPubKey":"`+hex.EncodeToString(publicKey(g, key.Public()))+`"`))
		again, err := parse(signed.Raw)
		if err != nil || !bytes.Equal(again.with(fTxnSignature, nil).Unsigned(), named.Unsigned()) {
			t.Errorf("%s: another transaction was signed: %v", g.Name(), err)
		}
	}
}

// TestPublishedSignature is the answer in the XRP Ledger documents, "sign".
func TestPublishedSignature(t *testing.T) {
	const blob = "1200002280000000240000000361D4838D7EA4C6800000000000000000000000000055534400000000004B4E9C06F24296074F7BC48F92A97916C6DC5EA968400000000000000A" +
		"732103AB40A0490F9B7ED8DF29D246BF2D6269820A0EE7742ACDD457BEA7C7D0931EDB74473045022100D184EB4AE5956FF600E7536EE459345C7BBCF097A84CC61A93B9AF7197EDB987" +
		"02201CEA8009B7BEEBAA2AACC0359B41C427C1C5B550A4CA4B80CF2174AF2D6D5DCE81144B4E9C06F24296074F7BC48F92A97916C6DC5EA983143E9D4A2B8AA0780F682D136F7A56D6724EF53754"
	if from, err := Verify([]byte(blob)); err != nil || from != sender {
		t.Errorf("signed by %s, %v", from, err)
	}
}

// TestChangedByte holds that no byte of a signed transaction can be changed.
func TestChangedByte(t *testing.T) {
	for _, g := range curves {
		key := newKey(t, g, 2)
		signed, err := mustParse(t, from(key, `,"Amount":"5","DestinationTag":1`)).Sign(key, transaction.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		for i := range signed.Raw {
			for _, bit := range []byte{1, 0x80} {
				changed := bytes.Clone(signed.Raw)
				changed[i] ^= bit
				if from, err := Verify(changed); err == nil {
					t.Errorf("%s: byte %d changed: signed by %s", g.Name(), i, from)
				}
			}
		}
		for _, short := range [][]byte{signed.Raw[:len(signed.Raw)-1], append(bytes.Clone(signed.Raw), 0)} {
			if _, err := Verify(short); err == nil {
				t.Errorf("%s: %d bytes are accepted", g.Name(), len(short))
			}
		}
	}
}

func TestSignRefuses(t *testing.T) {
	for _, g := range curves {
		key, another := newKey(t, g, 3), newKey(t, g, 4)
		tx := mustParse(t, from(key, `,"Amount":"5"`))
		var account *transaction.AccountError
		if _, err := tx.Sign(another, transaction.Limits{}); !errors.As(err, &account) || account.Want != key.Address("xrp") || account.Key != another.Address("xrp") {
			t.Errorf("another key: %v", err)
		}
		expensive := mustParse(t, strings.Replace(from(key, `,"Amount":"5"`), `"Fee":"12"`, `"Fee":"5000001"`, 1))
		var refused *transaction.RefusedError
		if _, err := expensive.Sign(key, transaction.Limits{}); !errors.As(err, &refused) || refused.Reason != transaction.FeeTooHigh {
			t.Errorf("fee: %v", err)
		}
		if _, err := expensive.Sign(key, transaction.Limits{MaxFee: big.NewInt(5_000_001)}); err != nil {
			t.Errorf("fee that is allowed: %v", err)
		}
		if _, err := tx.Sign(key, transaction.Limits{MaxFee: big.NewInt(11)}); !errors.As(err, &refused) || refused.Reason != transaction.FeeTooHigh {
			t.Errorf("low cap: %v", err)
		}
		elsewhere := mustParse(t, from(key, `,"Amount":"5","NetworkID":2000`))
		if _, err := elsewhere.Sign(key, transaction.Limits{}); !errors.As(err, &refused) || refused.Reason != transaction.FeeUnlimited {
			t.Errorf("unknown network: %v", err)
		}
	}
}

func TestVerifyRefuses(t *testing.T) {
	key := newKey(t, group.Secp256k1, 5)
	tx := mustParse(t, from(key, `,"Amount":"5"`))
	if _, err := Verify(tx.Unsigned()); !errors.Is(err, transaction.ErrSignature) {
		t.Errorf("unsigned: %v", err)
	}
	if _, err := Verify(tx.with(fTxnSignature, []byte{0x30, 0}).Unsigned()); !errors.Is(err, transaction.ErrSignature) {
		t.Errorf("without a key: %v", err)
	}
	// The other s of a signature that is valid.
	signed, err := tx.Sign(key, transaction.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := parse(signed.Raw)
	if err != nil {
		t.Fatal(err)
	}
	der := parsed.values[fTxnSignature]
	rSize := int(der[3])
	s := new(big.Int).SetBytes(der[6+rSize:])
	high := new(big.Int).Sub(group.Secp256k1.Order(), s).Bytes()
	if high[0] >= 0x80 {
		high = append([]byte{0}, high...)
	}
	other := append(append([]byte{}, der[:4+rSize]...), 2, byte(len(high)))
	other = append(other, high...)
	other[1] = byte(len(other) - 2)
	if _, err := Verify(parsed.with(fTxnSignature, other).Unsigned()); !errors.Is(err, transaction.ErrSignature) {
		t.Errorf("high s: %v", err)
	}
}

// FuzzSign holds that a payment of any values is signed, verifies, and is the
// same payment.
func FuzzSign(f *testing.F) {
	f.Add(byte(1), true, uint64(5), uint32(7), uint32(0))
	f.Fuzz(func(t *testing.T, seed byte, edwards bool, drops uint64, tag, sequence uint32) {
		key := newKey(t, curves[0], seed)
		if edwards {
			key = newKey(t, curves[1], seed)
		}
		tx, err := Parse([]byte(from(key, fmt.Sprintf(`,"Amount":"%d","DestinationTag":%d,"SourceTag":%d`, drops, tag, sequence))), Options{})
		if (err == nil) != (drops > 0 && drops <= maxDrops) {
			t.Fatalf("%d drops: %v", drops, err)
		}
		if err != nil {
			return
		}
		signed, err := tx.Sign(key, transaction.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		if from, err := Verify([]byte(signed.Text)); err != nil || from != key.Address("xrp") {
			t.Fatal(from, err)
		}
		moved := tx.Payments()[0]
		if moved.Amount.Units.Uint64() != drops || moved.To != other || !strings.Contains(said(tx), fmt.Sprintf("\nDestination tag: %d\n", tag)) {
			t.Fatal(said(tx))
		}
	})
}
