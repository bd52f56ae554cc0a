package bitcoin

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"testing"

	"recover/fixtures/signing"
	"recover/fixtures/vectors"
	"recover/internal/group"
	"recover/pkg/transaction"
	"recover/pkg/wallet"
)

var unhex, testKey, describe = signing.Unhex, signing.Key, signing.Text

var anyFee = transaction.Limits{MaxFee: big.NewInt(maxMoney), MaxFeeRate: maxMoney}

// TestBIP143 has the example "Native P2WPKH" of BIP-143.
func TestBIP143(t *testing.T) {
	unsigned, err := readTx(unhex(t, "0100000002fff7f7881a8099afa6940d42d1e7f6362bec38171ea3edf433541db4e4ad969f0000000000eeffffffef51e1b804cc89d182d279655c3aa89e815b1b309fe287d9b2b55d57b90ec68a0100000000ffffffff02202cb206000000001976a9148280b37df378db99f66f85c95a783a76ac7a6d5988ac9093510d000000001976a9143bde42dbee7e4dbe6a21b2d50ce2f0167faa815988ac11000000"), false)
	if err != nil {
		t.Fatal(err)
	}
	key := testKey(t, "619c335025c7f4012e556c2a58b2506e30b8511b53ade95ea316fd8c3286feb9")
	script := unhex(t, "00141d0f172a0ecb48aee1be1f2687d2963ae33f71a1")
	if hash := wallet.BitcoinKeyHash(group.Compressed(key.Public())); !bytes.Equal(hash[:], keyHash(script)) {
		t.Fatalf("the key's hash is %x", hash)
	}
	tx := &Transaction{packet: &packet{tx: unsigned}, spent: []output{{625000000, nil}, {600000000, script}}}
	digest := tx.digest(1, newHashes(unsigned))
	if hex.EncodeToString(digest[:]) != "c37af31116d1b27caf68aae9e3ac82f1477929014d5b917657d0eb49478cb670" {
		t.Errorf("digest %x", digest)
	}
	s, err := key.SignDigest(digest)
	if err != nil {
		t.Fatal(err)
	}
	if got := hex.EncodeToString(s.DER()); got != "304402203609e17b84f6a7d30c80bfa610b5b4542f32a8a0d5447a12fb1366d7f01cc44a0220573a954c4518331561406f90300e8f3358f51928d43c212a8caed02de67eebee" {
		t.Errorf("signature %s", got)
	}
}

// The shortest examples of BIP-174.
func TestBIP174(t *testing.T) {
	for _, c := range []struct {
		name, psbt string
		valid      bool
	}{
		{"unknown types in the inputs", "cHNidP8BAD8CAAAAAf//////////////////////////////////////////AAAAAAD/////AQAAAAAAAAAAA2oBAAAAAAAACvABAgMEBQYHCAkPAQIDBAUGBwgJCgsMDQ4PAAA=", true},
		{"no inputs and no outputs", "cHNidP8BAAoAAAAAAAAAAAAAAA==", true},
		{"no inputs", "cHNidP8BAEwCAAAAAALT3/UFAAAAABl2qRTQxZkDxbrChodg6Q/VIaRmWqdlIIisAOH1BQAAAAAXqRQ1RebjO4MsRwUPJNPuuTycA5SLx4ezLhMAAAAA", true},
		{"a value of another size than stated", "cHNidP8BADN0Af8HAAEAAAABAP8BAApzMXQo/wAAAAAB/wEDAQAAAQAAAAAAAAAAdgEAAABBAAkAAAAAAA==", false},
	} {
		checkExample(t, c.name, c.psbt, c.valid)
	}
}

func checkExample(t *testing.T, name, text string, valid bool) {
	t.Helper()
	b, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	p, err := readPacket(b)
	if (err == nil) != valid {
		t.Errorf("%s: %v, want valid = %t", name, err, valid)
	}
	if err == nil && !bytes.Equal(p.encode(), b) {
		t.Errorf("%s: written again it is another one", name)
	}
}

// TestAllOfBIP174 has all examples of BIP-174, where they are.
func TestAllOfBIP174(t *testing.T) {
	var cases []struct {
		Case, Verdict string
		PSBT          string `json:"psbt_base64"`
	}
	if err := json.Unmarshal(vectors.ReadOutside(t, "third-party", "bip-0174-psbts.json"), &cases); err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		checkExample(t, c.Case, c.PSBT, c.Verdict != "invalid")
		// None of them is of our kinds of inputs only, so none can be signed.
		if tx, err := Parse([]byte(c.PSBT), Options{}); err == nil && c.Verdict != "valid" {
			t.Errorf("%s is accepted:\n%s", c.Case, describe(tx))
		}
	}
}

// previous returns a transaction that pays amounts to a script, and its ID.
func previous(script []byte, amounts ...int64) (raw []byte, id string) {
	t := &tx{version: 1, inputs: []input{{sequence: 7, scriptSig: []byte{1, 2}, witness: [][]byte{{3}}}}}
	for _, n := range amounts {
		t.outputs = append(t.outputs, output{n, script})
	}
	return t.encode(true), idText(t.id())
}

const (
	keyOne    = "0000000000000000000000000000000000000000000000000000000000000001"
	addressOf = "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4" // of keyOne (BIP-173)
	legacyOf  = "1BgGZ9tcN4rm9KBzDn7KprQz87SZ26SAMH"         // of keyOne
	taproot   = "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0"
)

func scriptOf(t testing.TB, address string) []byte {
	t.Helper()
	script, err := wallet.ParseBitcoinAddress(address, false)
	if err != nil {
		t.Fatal(err)
	}
	return script
}

// state has two UTXOs, of 1 and 0.5 BTC.
func state(t testing.TB, from string) State {
	raw, id := previous(scriptOf(t, from), 100_000_000, 50_000_000)
	return State{From: from, FeeRate: 10, UTXOs: []UTXO{{id, 0, 100_000_000, raw}, {id, 1, 50_000_000, raw}}}
}

func TestDescribe(t *testing.T) {
	tx, err := Transfer(state(t, addressOf), taproot, 123_456_789)
	if err != nil {
		t.Fatal(err)
	}
	id := tx.packet.tx.inputs[0].from.txid
	want := `Network: Bitcoin
From: ` + addressOf + `
Output 1: 1.23456789 BTC (123456789 satoshis) to ` + taproot + `
Output 2: 0.26541001 BTC (26541001 satoshis) to ` + addressOf + ` (back to the same key)
Fee: 0.0000221 BTC (2210 satoshis)
Fee rate: 10 sat/vB for 221 virtual bytes
Spent in all: 1.5 BTC (150000000 satoshis) from 2 inputs
Input 1: 1 BTC (100000000 satoshis) of ` + addressOf + `, output 0 of ` + idText(id) + `, sequence 0xfffffffd
Input 2: 0.5 BTC (50000000 satoshis) of ` + addressOf + `, output 1 of ` + idText(id) + `, sequence 0xfffffffd
Replaceable: yes, by one with a higher fee (BIP-125)
Version: 2
`
	if got := describe(tx); got != want {
		t.Errorf("it reads:\n%s\nwant:\n%s", got, want)
	}
}

// TestSign: everything is moved, to the last satoshi, in all forms of input, and
// the size that the fee is for is hardly above the real one.
func TestSign(t *testing.T) {
	key := testKey(t, keyOne)
	for _, from := range []string{addressOf, legacyOf} {
		tx, err := TransferAll(state(t, from), taproot)
		if err != nil {
			t.Fatal(err)
		}
		if n := sum(tx.packet.tx.outputs) + tx.fee(); n != 150_000_000 || tx.fee() != 10*tx.virtualSize() {
			t.Errorf("%d are spent, the fee is %d for %d bytes", n, tx.fee(), tx.virtualSize())
		}
		raw := tx.Unsigned()
		for _, in := range [][]byte{raw, []byte(hex.EncodeToString(raw)), []byte(" " + base64.StdEncoding.EncodeToString(raw) + "\r\n")} {
			back, err := Parse(in, Options{})
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(back.Unsigned(), raw) || describe(back) != describe(tx) {
				t.Error("read back it is another one")
			}
			s, err := back.Sign(key, transaction.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			final, err := readTx(s.Raw, true)
			if err != nil || idText(final.id()) != s.ID || s.Text != hex.EncodeToString(s.Raw) || s.From != from {
				t.Errorf("signed: %+v, %v", s, err)
			}
			size := int64(3*len(final.encode(false))+len(s.Raw)+3) / 4
			if size > tx.virtualSize() || size < tx.virtualSize()-6 {
				t.Errorf("%d virtual bytes, estimated %d", size, tx.virtualSize())
			}
		}
	}
}

// TestShown has what a description has to mention.
func TestShown(t *testing.T) {
	tx, err := TransferAll(state(t, addressOf), taproot)
	if err != nil {
		t.Fatal(err)
	}
	for want, how := range map[string]func(*packet){
		"! Warning: the amounts of inputs are as the PSBT states them":                        func(p *packet) { p.inputs[1] = p.inputs[1][1:] },
		"Output 1: 0 BTC (0 satoshis) with data 6869 \"hi\"":                                  func(p *packet) { p.tx.outputs[0] = output{0, []byte{opReturn, 2, 'h', 'i'}} },
		"Output 1: 0 BTC (0 satoshis) with data 00ff (not text)":                              func(p *packet) { p.tx.outputs[0] = output{0, []byte{opReturn, 2, 0, 255}} },
		"! Warning: nobody can spend":                                                         func(p *packet) { p.tx.outputs[0].script = []byte{opReturn} },
		"! Output 1: 1.49998 BTC (149998000 satoshis) to a script that is not understood: 51": func(p *packet) { p.tx.outputs[0] = output{149998000, []byte{0x51}} },
		"! Warning: less than 330 satoshis is dust":                                           func(p *packet) { p.tx.outputs[0].amount = 329 },
		"! Warning: the fee is below 1 satoshi":                                               func(p *packet) { p.tx.outputs[0].amount = 149_999_999 },
		"Valid: from block 900000 on":                                                         func(p *packet) { p.tx.lockTime = 900000 },
		"Valid: from 2025-11-24 16:00:00 UTC on":                                              func(p *packet) { p.tx.lockTime = 1764000000 },
		"Valid: at once (a lock time of 5 is there, and every sequence is final)": func(p *packet) {
			p.tx.lockTime = 5
			p.tx.inputs[0].sequence = 1<<32 - 1
			p.tx.inputs[1].sequence = 1<<32 - 1
		},
		"! Warning: input 2 can only be spent some time after it was received (BIP-68)":     func(p *packet) { p.tx.inputs[1].sequence = 144 },
		"Output 1: 1 BTC (100000000 satoshis) to 3P14159f73E4gFr7JterCCQh9QjiTjiZrG\n":      func(p *packet) { p.tx.outputs[0] = output{1e8, scriptOf(t, "3P14159f73E4gFr7JterCCQh9QjiTjiZrG")} },
		"Output 1: 1 BTC (100000000 satoshis) to " + legacyOf + " (back to the same key)\n": func(p *packet) { p.tx.outputs[0] = output{1e8, scriptOf(t, legacyOf)} },
	} {
		made, err := Parse(change(tx, how), Options{})
		if err != nil {
			t.Errorf("%s: %v", want, err)
		} else if !strings.Contains(describe(made), want) {
			t.Errorf("%s is not in\n%s", want, describe(made))
		}
	}
	test, err := Parse(tx.Unsigned(), Options{Testnet: true})
	if err != nil || !strings.Contains(describe(test), "to tb1p") || !strings.Contains(describe(test), "From: tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx\n") {
		t.Errorf("on a test network: %v\n%s", err, describe(test))
	}
}

func TestOtherKey(t *testing.T) {
	tx, err := TransferAll(state(t, addressOf), taproot)
	if err != nil {
		t.Fatal(err)
	}
	var other *transaction.AccountError
	if _, err := tx.Sign(testKey(t, keyOne[:63]+"2"), transaction.Limits{}); !errors.As(err, &other) || other.Want != addressOf {
		t.Errorf("another key: %v", err)
	}
	edwards, err := transaction.NewKey(group.Edwards25519, group.Edwards25519.NewScalar().SetUint64(1))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Sign(edwards, transaction.Limits{}); !errors.As(err, &other) {
		t.Errorf("a key of edwards25519: %v", err)
	}
}

func TestFormat(t *testing.T) {
	for _, in := range []string{"", "0a02", "ec", "{}", "cHNidP", "cHNidA==", "70736274"} {
		if _, err := Parse([]byte(in), Options{}); !errors.Is(err, transaction.ErrFormat) {
			t.Errorf("%q: %v, want ErrFormat", in, err)
		}
	}
	if _, err := Parse(make([]byte, transaction.MaxSize+1), Options{}); !errors.Is(err, transaction.ErrSize) {
		t.Errorf("too long: %v", err)
	}
}

// FuzzParse holds that what is accepted is written again as it was read, and that
// what is shown alike has the same digests to be signed.
func FuzzParse(f *testing.F) {
	for _, from := range []string{addressOf, legacyOf} {
		tx, err := TransferAll(state(f, from), taproot)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(tx.Unsigned())
	}
	f.Add(unhex(f, "70736274ff01003f0200000001ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff0000000000ffffffff010000000000000000036a01000000000000"))
	f.Fuzz(func(t *testing.T, in []byte) {
		if p, err := readPacket(in); err == nil && !bytes.Equal(p.encode(), in) {
			t.Errorf("%x becomes %x", in, p.encode())
		}
		made, err := Parse(in, Options{})
		if err != nil {
			return
		}
		tx := made.(*Transaction)
		if tx.fee() < 0 || tx.fee() > maxMoney {
			t.Errorf("a fee of %d", tx.fee())
		}
		text := describe(tx)
		for _, c := range text {
			if c != '\n' && (c < ' ' || c > '~') {
				t.Errorf("not printable: %q", text)
			}
		}
		for _, o := range tx.packet.tx.outputs {
			if !strings.Contains(text, fmt.Sprintf("(%d satoshis)", o.amount)) {
				t.Errorf("an output is not shown")
			}
		}
	})
}
