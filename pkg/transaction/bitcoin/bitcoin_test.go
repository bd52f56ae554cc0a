package bitcoin

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"testing"

	"recover/fixtures/vectors"
	"recover/internal/group"
	"recover/pkg/transaction"
	"recover/pkg/wallet"
)

func unhex(t testing.TB, digits string) []byte {
	t.Helper()
	b, err := hex.DecodeString(digits)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func testKey(t testing.TB, digits string) *transaction.Key {
	t.Helper()
	s, err := group.Secp256k1.ParseScalar(unhex(t, digits))
	if err != nil {
		t.Fatal(err)
	}
	k, err := transaction.NewKey(group.Secp256k1, s)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

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
	if err := json.Unmarshal(vectors.Read(t, "third-party", "bip-0174-psbts.json"), &cases); err != nil {
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

func describe(tx transaction.Transaction) string {
	var b strings.Builder
	for _, l := range tx.Describe() {
		if l.Warning {
			b.WriteString("! ")
		}
		b.WriteString(l.Label + ": " + l.Value + "\n")
	}
	return b.String()
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

// change returns the PSBT of a transaction, changed; the unsigned transaction and
// the maps are written anew.
func change(tx *Transaction, how func(*packet)) []byte {
	p := &packet{tx: tx.packet.tx.copy(), global: slices.Clone(tx.packet.global), outputs: slices.Clone(tx.packet.outputs)}
	p.tx.outputs = slices.Clone(p.tx.outputs)
	for _, m := range tx.packet.inputs {
		p.inputs = append(p.inputs, slices.Clone(m))
	}
	p.global[0].value = nil
	how(p)
	if len(p.global) > 0 && p.global[0].value == nil {
		p.global[0].value = p.tx.encode(true)
	}
	return p.encode()
}

func TestRefused(t *testing.T) {
	segwit, err := TransferAll(state(t, addressOf), taproot)
	if err != nil {
		t.Fatal(err)
	}
	legacy, err := TransferAll(state(t, legacyOf), taproot)
	if err != nil {
		t.Fatal(err)
	}
	sighash := func(n uint32) pair { return pair{kind: inSighash, value: binary.LittleEndian.AppendUint32(nil, n)} }
	witness := func(amount int64, script []byte) pair {
		return pair{kind: inWitnessUTXO, value: appendOutput(nil, output{amount, script})}
	}
	other := scriptOf(t, "bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyu")
	for name, c := range map[string]struct {
		tx     *Transaction
		how    func(*packet)
		reason transaction.Reason // "ok" where it is accepted; empty for a SyntaxError
	}{
		"nothing":                    {segwit, func(p *packet) {}, "ok"},
		"signature hash ALL":         {segwit, func(p *packet) { p.inputs[0] = append(p.inputs[0], sighash(1)) }, "ok"},
		"only the witness UTXO":      {segwit, func(p *packet) { p.inputs[0] = p.inputs[0][1:] }, "ok"},
		"only the whole transaction": {segwit, func(p *packet) { p.inputs[0] = p.inputs[0][:1] }, "ok"},
		"a derivation": {segwit, func(p *packet) {
			p.inputs[0] = append(p.inputs[0], pair{inDerivation, append([]byte{2}, make([]byte, 32)...), make([]byte, 8)})
		}, "ok"},
		"an entry of another":         {segwit, func(p *packet) { p.outputs[0] = append(p.outputs[0], pair{proprietary, []byte{1}, []byte{1}}) }, "ok"},
		"version 0 as an entry":       {segwit, func(p *packet) { p.global = append(p.global, pair{globalVersion, nil, make([]byte, 4)}) }, "ok"},
		"version 2":                   {segwit, func(p *packet) { p.global = append(p.global, pair{globalVersion, nil, []byte{2, 0, 0, 0}}) }, ""},
		"a field of version 2":        {segwit, func(p *packet) { p.inputs[0] = append(p.inputs[0], pair{0x0e, nil, make([]byte, 32)}) }, ""},
		"signature hash NONE":         {segwit, func(p *packet) { p.inputs[0] = append(p.inputs[0], sighash(2)) }, transaction.Unsupported},
		"signature hash ANYONECANPAY": {segwit, func(p *packet) { p.inputs[0] = append(p.inputs[0], sighash(0x81)) }, transaction.Unsupported},
		"signature hash 0":            {segwit, func(p *packet) { p.inputs[0] = append(p.inputs[0], sighash(0)) }, transaction.Unsupported},
		"another amount":              {segwit, func(p *packet) { p.inputs[0][1] = witness(100_000_001, segwit.spent[0].script) }, ""},
		"another script":              {segwit, func(p *packet) { p.inputs[0][1] = witness(100_000_000, other) }, ""},
		"another transaction": {segwit, func(p *packet) {
			p.inputs[0][0].value = bytes.Replace(p.inputs[0][0].value, []byte{0, 0xe1, 0xf5, 5}, []byte{0, 0xe1, 0xf5, 6}, 1)
		}, ""},
		"another output of it":  {segwit, func(p *packet) { p.tx.inputs[0].from.index = 2 }, ""},
		"nothing that is spent": {segwit, func(p *packet) { p.inputs[0] = nil }, ""},
		"two keys":              {segwit, func(p *packet) { p.inputs[0] = []pair{witness(100_000_000, other)} }, transaction.Unsupported},
		"P2TR":                  {segwit, func(p *packet) { p.inputs[0] = []pair{witness(100_000_000, scriptOf(t, taproot))} }, transaction.Unsupported},
		"P2SH": {segwit, func(p *packet) {
			p.inputs[0] = []pair{witness(100_000_000, scriptOf(t, "3P14159f73E4gFr7JterCCQh9QjiTjiZrG"))}
		}, transaction.Unsupported},
		"a redeem script": {segwit, func(p *packet) { p.inputs[0] = append(p.inputs[0], pair{kind: inRedeemScript, value: other}) }, transaction.Unsupported},
		"a Taproot key":   {segwit, func(p *packet) { p.inputs[0] = append(p.inputs[0], pair{kind: 0x17, value: make([]byte, 32)}) }, transaction.Unsupported},
		"a signature": {segwit, func(p *packet) {
			p.inputs[0] = append(p.inputs[0], pair{inPartialSig, append([]byte{2}, make([]byte, 32)...), make([]byte, 70)})
		}, ""},
		"a final witness":          {segwit, func(p *packet) { p.inputs[0] = append(p.inputs[0], pair{kind: inFinalWitness, value: []byte{0}}) }, ""},
		"an entry twice":           {segwit, func(p *packet) { p.inputs[0] = append(p.inputs[0], p.inputs[0][0]) }, ""},
		"no unsigned transaction":  {segwit, func(p *packet) { p.global = nil }, ""},
		"a scriptSig":              {segwit, func(p *packet) { p.tx.inputs[0].scriptSig = []byte{1} }, ""},
		"a witness":                {segwit, func(p *packet) { p.tx.inputs[0].witness = [][]byte{{1}} }, ""},
		"the same input twice":     {segwit, func(p *packet) { p.tx.inputs[1] = p.tx.inputs[0] }, ""},
		"more than there is":       {segwit, func(p *packet) { p.tx.outputs[0].amount = 150_000_001 }, ""},
		"more than all bitcoins":   {segwit, func(p *packet) { p.tx.outputs[0].amount = maxMoney + 1 }, ""},
		"no outputs":               {segwit, func(p *packet) { p.tx.outputs, p.outputs = nil, nil }, ""},
		"transaction version 3":    {segwit, func(p *packet) { p.tx.version = 3 }, transaction.Unsupported},
		"a map too many":           {segwit, func(p *packet) { p.outputs = append(p.outputs, nil) }, ""},
		"a map too few":            {segwit, func(p *packet) { p.outputs = nil }, ""},
		"the fee":                  {segwit, func(p *packet) { p.tx.outputs[0].amount -= 2_000_000 }, transaction.FeeTooHigh},
		"the fee rate":             {segwit, func(p *packet) { p.tx.outputs[0].amount -= 900_000 }, transaction.FeeTooHigh},
		"an unknown script":        {segwit, func(p *packet) { p.tx.outputs[0].script = []byte{0x51} }, transaction.UnknownData},
		"witness version 2":        {segwit, func(p *packet) { p.tx.outputs[0].script = append([]byte{0x52, 32}, make([]byte, 32)...) }, transaction.UnknownData},
		"data in two pushes":       {segwit, func(p *packet) { p.tx.outputs[0].script = []byte{opReturn, 1, 1, 1, 1} }, transaction.UnknownData},
		"P2PKH":                    {legacy, func(p *packet) {}, "ok"},
		"P2PKH, witness UTXO only": {legacy, func(p *packet) { p.inputs[0] = []pair{witness(100_000_000, legacy.spent[0].script)} }, ""},
	} {
		tx, err := Parse(change(c.tx, c.how), Options{})
		if err == nil {
			if err = tx.Check(transaction.Limits{}); err != nil {
				if _, allowed := tx.Sign(testKey(t, keyOne), transaction.Limits{MaxFee: anyFee.MaxFee, MaxFeeRate: anyFee.MaxFeeRate, AllowData: true}); allowed != nil {
					t.Errorf("%s: allowed, but: %v", name, allowed)
				}
			}
		}
		var refused *transaction.RefusedError
		var syntax *transaction.SyntaxError
		switch {
		case c.reason == "ok" && err != nil, c.reason == "" && !errors.As(err, &syntax),
			c.reason != "ok" && c.reason != "" && (!errors.As(err, &refused) || refused.Reason != c.reason):
			t.Errorf("%s: %v, want %q", name, err, c.reason)
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

func TestBuildRefused(t *testing.T) {
	good := state(t, addressOf)
	var poor *transaction.InsufficientError
	for _, n := range []int64{150_000_000 - 2199 + 430, 150_000_000, maxMoney} {
		if _, err := Transfer(good, taproot, n); !errors.As(err, &poor) {
			t.Errorf("%d: %v, want an InsufficientError", n, err)
		}
	}
	small := good
	small.UTXOs = []UTXO{{good.UTXOs[0].TxID, 0, 1000, nil}}
	if _, err := TransferAll(small, taproot); !errors.As(err, &poor) {
		t.Errorf("a UTXO below its fee: %v", err)
	}
	// What is left is dust, so it goes to the fee.
	if tx, err := Transfer(good, taproot, 150_000_000-2300); err != nil || len(tx.packet.tx.outputs) != 1 || tx.fee() != 2300 {
		t.Errorf("dust as change: %v", err)
	}
	for name, how := range map[string]func(*State, *string){
		"from":             func(s *State, _ *string) { s.From = taproot },
		"a network":        func(s *State, _ *string) { s.Options.Testnet = true },
		"to":               func(_ *State, to *string) { *to = "bc1q" },
		"a future version": func(_ *State, to *string) { *to = "bc1zw508d6qejxtdg4y5r3zarvaryvaxxpcs" },
		"no UTXO":          func(s *State, _ *string) { s.UTXOs = nil },
		"too many":         func(s *State, _ *string) { s.UTXOs = make([]UTXO, MaxInputs+1) },
		"a fee rate of 0":  func(s *State, _ *string) { s.FeeRate = 0 },
		"a fee rate":       func(s *State, _ *string) { s.FeeRate = maxFeeRate + 1 },
		"a hash":           func(s *State, _ *string) { s.UTXOs = []UTXO{{"00", 0, 1e8, nil}} },
		"an amount":        func(s *State, _ *string) { s.UTXOs = []UTXO{{s.UTXOs[0].TxID, 0, -1, nil}} },
		"a wrong amount":   func(s *State, _ *string) { s.UTXOs = []UTXO{{s.UTXOs[0].TxID, 0, 1e8 + 1, s.UTXOs[0].Previous}} },
		"P2PKH alone":      func(s *State, _ *string) { *s = state(t, legacyOf); s.UTXOs[0].Previous = nil },
		"P2PKH, wrong":     func(s *State, _ *string) { *s = state(t, legacyOf); s.UTXOs[0].Amount++ },
		"twice":            func(s *State, _ *string) { s.UTXOs = []UTXO{s.UTXOs[0], s.UTXOs[0]} },
	} {
		s, to := good, taproot
		how(&s, &to)
		var syntax *transaction.SyntaxError
		if _, err := TransferAll(s, to); !errors.As(err, &syntax) {
			t.Errorf("%s: %v, want a SyntaxError", name, err)
		}
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
