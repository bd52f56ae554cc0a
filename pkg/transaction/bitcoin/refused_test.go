package bitcoin

import (
	"bytes"
	"encoding/binary"
	"errors"
	"slices"
	"testing"

	"recover/pkg/transaction"
)

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
		"an entry of another":         {segwit, func(p *packet) { p.outputs[0] = append(p.outputs[0], pair{0xfc, []byte{1}, []byte{1}}) }, "ok"},
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
		"a final witness":         {segwit, func(p *packet) { p.inputs[0] = append(p.inputs[0], pair{kind: inFinalWitness, value: []byte{0}}) }, ""},
		"an entry twice":          {segwit, func(p *packet) { p.inputs[0] = append(p.inputs[0], p.inputs[0][0]) }, ""},
		"no unsigned transaction": {segwit, func(p *packet) { p.global = nil }, ""},
		"a scriptSig":             {segwit, func(p *packet) { p.tx.inputs[0].scriptSig = []byte{1} }, ""},
		"a witness":               {segwit, func(p *packet) { p.tx.inputs[0].witness = [][]byte{{1}} }, ""},
		"the same input twice":    {segwit, func(p *packet) { p.tx.inputs[1] = p.tx.inputs[0] }, ""},
		"more than there is":      {segwit, func(p *packet) { p.tx.outputs[0].amount = 150_000_001 }, ""},
		"more than all bitcoins":  {segwit, func(p *packet) { p.tx.outputs[0].amount = maxMoney + 1 }, ""},
		"no outputs":              {segwit, func(p *packet) { p.tx.outputs, p.outputs = nil, nil }, ""},
		"transaction version 3":   {segwit, func(p *packet) { p.tx.version = 3 }, transaction.Unsupported},
		"a map too many":          {segwit, func(p *packet) { p.outputs = append(p.outputs, nil) }, ""},
		"a map too few":           {segwit, func(p *packet) { p.outputs = nil }, ""},
		"too large": {segwit, func(p *packet) {
			p.tx.outputs = append(p.tx.outputs, slices.Repeat([]output{{0, other}}, 3300)...)
			p.outputs = append(p.outputs, make([][]pair, 3300)...)
		}, transaction.Unsupported},
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
	// As many as can be spent at once are within what nodes pass on.
	many := state(t, legacyOf)
	for i := range MaxInputs {
		raw, id := previous(scriptOf(t, legacyOf), int64(100_000+i))
		many.UTXOs = append(many.UTXOs, UTXO{id, 0, int64(100_000 + i), raw})
	}
	many.UTXOs = many.UTXOs[2:]
	if tx, err := TransferAll(many, taproot); err != nil || tx.virtualSize() > maxVirtualSize {
		t.Errorf("%d inputs: %v", MaxInputs, err)
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
