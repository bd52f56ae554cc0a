package bitcoin

import (
	"bytes"
	"encoding/hex"
	"math/big"
	"slices"

	"recover/pkg/transaction"
	"recover/pkg/wallet"
)

// UTXO is an output that can be spent.
type UTXO struct {
	TxID   string // as explorers write it
	Index  uint32
	Amount int64 // satoshis
	// Previous is the transaction that made it, which is needed for P2PKH and
	// proves the amount.
	Previous []byte
}

// State is what has to be known of an account to build a transaction.
type State struct {
	From    string // a P2WPKH or P2PKH address
	UTXOs   []UTXO // all of them are spent
	FeeRate int64  // satoshis per virtual byte
	Options Options
}

// MaxInputs is the most UTXOs of one transaction: with more it would be larger
// than what nodes pass on.
const MaxInputs = 600

// replaceable is a sequence that permits a higher fee later (BIP-125).
const replaceable = 0xfffffffd

// TransferAll builds a transaction that sends all UTXOs to one address. The error
// is a *transaction.SyntaxError, or a *transaction.InsufficientError.
func TransferAll(s State, to string) (*Transaction, error) {
	t, err := s.begin(to)
	if err != nil {
		return nil, err
	}
	first := &t.packet.tx.outputs[0]
	if err := t.pay(first, sum(t.spent)-s.FeeRate*t.virtualSize()); err != nil {
		return nil, err
	}
	return s.finish(t)
}

// Transfer builds a transaction that sends an amount to an address, and what is
// left back to the account, unless that is dust.
func Transfer(s State, to string, amount int64) (*Transaction, error) {
	t, err := s.begin(to)
	if err != nil {
		return nil, err
	}
	if amount <= 0 || amount > maxMoney {
		return nil, transaction.Syntax("amount", "not above zero, or more than all bitcoins")
	}
	unsigned := t.packet.tx
	if err := t.pay(&unsigned.outputs[0], amount); err != nil {
		return nil, err
	}
	if need := amount + s.FeeRate*t.virtualSize(); need > sum(t.spent) {
		return nil, t.insufficient(need)
	}
	unsigned.outputs = append(unsigned.outputs, output{0, t.spent[0].script})
	change := sum(t.spent) - amount - s.FeeRate*t.virtualSize()
	if change < dust(t.spent[0].script) {
		unsigned.outputs = unsigned.outputs[:1]
	} else {
		unsigned.outputs[1].amount = change
	}
	return s.finish(t)
}

func (t *Transaction) pay(o *output, amount int64) error {
	if least := dust(o.script); amount < least {
		return t.insufficient(sum(t.spent) - amount + least)
	}
	o.amount = amount
	return nil
}

func (t *Transaction) insufficient(need int64) error {
	return &transaction.InsufficientError{Have: t.Chain().Native(big.NewInt(sum(t.spent))), Need: t.Chain().Native(big.NewInt(need))}
}

// begin makes a transaction with all inputs, and one output without an amount.
func (s *State) begin(to string) (*Transaction, error) {
	from, err := wallet.ParseBitcoinAddress(s.From, s.Options.Testnet)
	if err != nil {
		return nil, transaction.Syntax("from", "%v", err)
	}
	if kind := kindOf(from); kind != kindP2WPKH && kind != kindP2PKH {
		return nil, transaction.Syntax("from", "neither a P2WPKH nor a P2PKH address")
	}
	script, err := wallet.ParseBitcoinAddress(to, s.Options.Testnet)
	if err != nil {
		return nil, transaction.Syntax("to", "%v", err)
	}
	if kindOf(script) == kindUnknown {
		return nil, transaction.Syntax("to", "an address of a kind that has no meaning yet")
	}
	if len(s.UTXOs) == 0 || len(s.UTXOs) > MaxInputs {
		return nil, transaction.Syntax("UTXOs", "%d are there, between 1 and %d can be spent at once", len(s.UTXOs), MaxInputs)
	}
	if s.FeeRate < 1 || s.FeeRate > maxFeeRate {
		return nil, transaction.Syntax("fee rate", "not between 1 and %d", maxFeeRate)
	}
	t := &Transaction{options: s.Options, packet: &packet{tx: &tx{version: 2, outputs: []output{{0, script}}}}}
	for _, u := range s.UTXOs {
		hash, err := hex.DecodeString(u.TxID)
		if err != nil || len(hash) != 32 || u.Amount < 0 || u.Amount > maxMoney {
			return nil, transaction.Syntax("UTXO", "%s: not a hash of 32 bytes, or not an amount", transaction.Quote(u.TxID))
		}
		slices.Reverse(hash)
		t.packet.tx.inputs = append(t.packet.tx.inputs, input{from: outpoint{[32]byte(hash), u.Index}, sequence: replaceable})
		t.spent = append(t.spent, output{u.Amount, from})
	}
	return t, nil
}

// maxFeeRate keeps the products of rates and sizes within 64 bits.
const maxFeeRate = 1_000_000

// finish writes the PSBT and reads it as any other.
func (s *State) finish(t *Transaction) (*Transaction, error) {
	t.packet.global = []pair{{kind: globalTx, value: t.packet.tx.encode(false)}}
	t.packet.outputs = make([][]pair, len(t.packet.tx.outputs))
	for i, u := range s.UTXOs {
		var m []pair
		if u.Previous != nil {
			m = append(m, pair{kind: inNonWitnessUTXO, value: u.Previous})
		}
		if kindOf(t.spent[i].script) == kindP2WPKH {
			m = append(m, pair{kind: inWitnessUTXO, value: appendOutput(nil, t.spent[i])})
		}
		t.packet.inputs = append(t.packet.inputs, m)
	}
	made, err := Parse(t.packet.encode(), s.Options)
	if err != nil {
		return nil, err
	}
	back := made.(*Transaction)
	for i := range back.spent {
		if !back.spent[i].equal(t.spent[i]) || !bytes.Equal(back.spent[i].script, t.spent[0].script) {
			return nil, transaction.Syntax("UTXO", "%s has another amount or script in its transaction", s.UTXOs[i].TxID)
		}
	}
	return back, nil
}
