package sweep

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"slices"
	"time"

	"recover/internal/strictjson"
	"recover/pkg/transaction"
	"recover/pkg/transaction/bitcoin"
	"recover/pkg/transaction/evm"
	"recover/pkg/transaction/solana"
	"recover/pkg/transaction/tron"
	"recover/pkg/transaction/xrpl"
	"recover/pkg/wallet"
)

// MaxStateSize is the largest state file that is read, in bytes.
const MaxStateSize = 32 << 20

// StateFormat is the format of a state file (docs/formats.md).
const StateFormat = "recover-sweep-state/1"

// holding is an account with what is needed to build its transactions.
type holding struct {
	network Network
	address string   // normalized
	maxFee  *big.Int // for each transaction; nil: the chain's own cap
	build   func(to Destination) ([]transaction.Transaction, error)
}

// State is what is known of accounts and chains at one time.
type State struct{ holdings []holding }

// ReadState reads a state file. The error is a Faults.
func ReadState(data []byte) (*State, error) {
	if len(data) > MaxStateSize {
		return nil, Faults{fmt.Sprintf("larger than %d MiB", MaxStateSize>>20)}
	}
	r := &stateReader{state: new(State)}
	s := strictjson.New(data)
	format := ""
	err := s.Object(func(name string) (err error) {
		if name == "format" {
			format, err = s.Text()
			return err
		}
		read, known := sections[name]
		if !known {
			return s.Fail("the member %s is not known here", transaction.Quote(name))
		}
		return s.Array(func(i int) error {
			raw, err := s.Raw()
			if err != nil {
				return err
			}
			v := newValues(fmt.Sprintf("%s %d", name, i+1), raw)
			read(v, r)
			v.end(&r.faults)
			return nil
		})
	})
	if err == nil {
		err = s.End()
	}
	switch {
	case err != nil:
		return nil, Faults{err.Error()}
	case format != StateFormat:
		return nil, Faults{fmt.Sprintf("the format is %s, not %s", transaction.Quote(format), StateFormat)}
	case len(r.state.holdings) == 0 && len(r.faults) == 0:
		return nil, Faults{"it lists no accounts"}
	}
	return r.state, r.faults.err()
}

type stateReader struct {
	state  *State
	faults Faults
}

// sections are what a state file has for each family: how the accounts in an
// element of the list are read.
var sections = map[string]func(*values, *stateReader){
	"evm": readEVM, "bitcoin": readBitcoin, "tron": readTron, "xrp": readXRP, "solana": readSolana,
}

// add adds an account. What is in v but was not read by now is not known here.
func (r *stateReader) add(v *values, network Network, address string, maxFee *big.Int, build func(Destination) ([]transaction.Transaction, error)) {
	if !v.end(&r.faults) {
		return
	}
	if !isAddressOf(network, address) {
		r.faults.add("%s: %s is not an address of %s: %s", v.place, transaction.Quote(address), network, notAnAddress)
		return
	}
	normalized, _ := wallet.Normalize(address)
	same := func(h holding) bool { return h.network == network && h.address == normalized }
	if slices.ContainsFunc(r.state.holdings, same) {
		r.faults.add("%s: the account %s occurs twice", v.place, normalized)
		return
	}
	r.state.holdings = append(r.state.holdings, holding{network, normalized, maxFee, build})
}

func readEVM(v *values, r *stateReader) {
	id, price, maxFee := v.uint64("chain_id"), v.number("max_fee_per_gas"), v.optional("max_fee")
	tip, reserve := v.optional("tip_per_gas"), v.optional("reserve")
	for _, a := range v.list("accounts") {
		s := evm.State{ChainID: id, From: a.text("address"), Nonce: a.uint64("nonce"), Balance: a.number("balance"), MaxFeePerGas: price, Tip: tip, Reserve: reserve}
		var tokens []tokenState
		for _, t := range a.list("tokens") {
			tokens = append(tokens, tokenState{t.text("contract"), t.number("balance"), t.optionalUint64("gas")})
			t.end(&r.faults)
		}
		r.add(a, EVM(id), s.From, maxFee, func(to Destination) ([]transaction.Transaction, error) { return sweepEVM(s, tokens, to) })
	}
}

type tokenState struct {
	contract string
	balance  *big.Int
	gas      uint64
}

// sweepEVM moves the tokens first, then the coins that the fees leave.
func sweepEVM(s evm.State, tokens []tokenState, to Destination) ([]transaction.Transaction, error) {
	s.Balance = new(big.Int).Set(s.Balance)
	move := func(t tokenState) (transaction.Transaction, error) {
		s.Gas = t.gas
		tx, err := evm.TransferToken(s, t.contract, to.Address, t.balance)
		if err != nil {
			return nil, err
		}
		s.Nonce++
		s.Balance.Sub(s.Balance, tx.MaxFee().Units)
		return tx, nil
	}
	return sweepTokens(tokens, move, func() (transaction.Transaction, error) {
		s.Gas = 0
		return evm.TransferAll(s, to.Address)
	})
}

// sweepTokens moves each token that there is something of, and then the coins.
// These are passed over where they are too few for a transfer of their own, and
// tokens have been moved.
func sweepTokens(tokens []tokenState, move func(tokenState) (transaction.Transaction, error), coins func() (transaction.Transaction, error)) ([]transaction.Transaction, error) {
	var all []transaction.Transaction
	for _, t := range tokens {
		if t.balance.Sign() == 0 {
			continue
		}
		tx, err := move(t)
		if err != nil {
			return nil, fmt.Errorf("token %s: %w", transaction.Quote(t.contract), err)
		}
		all = append(all, tx)
	}
	tx, err := coins()
	if err == nil {
		return append(all, tx), nil
	}
	if _, few := errors.AsType[*transaction.InsufficientError](err); few && len(all) > 0 {
		return all, nil
	}
	return nil, err
}

func readTron(v *values, r *stateReader) {
	made := time.UnixMilli(v.int64("timestamp"))
	expiration, feeLimit, maxFee := time.UnixMilli(v.int64("expiration")), v.int64("fee_limit"), v.optional("max_fee")
	bytes, hash := v.hex("ref_block_bytes", 2), v.hex("ref_block_hash", 8)
	for _, a := range v.list("accounts") {
		s := tron.State{From: a.text("address"), Balance: a.int64("balance"), RefBlockBytes: [2]byte(bytes), RefBlockHash: [8]byte(hash),
			Made: made, Expiration: expiration, FeeLimit: feeLimit}
		var tokens []tokenState
		for _, t := range a.list("tokens") {
			tokens = append(tokens, tokenState{t.text("contract"), t.number("balance"), 0})
			t.end(&r.faults)
		}
		r.add(a, "tron", s.From, maxFee, func(to Destination) ([]transaction.Transaction, error) { return sweepTron(s, tokens, to) })
	}
}

func sweepTron(s tron.State, tokens []tokenState, to Destination) ([]transaction.Transaction, error) {
	move := func(t tokenState) (transaction.Transaction, error) {
		tx, err := tron.TransferToken(s, t.contract, to.Address, t.balance)
		if err != nil {
			return nil, err
		}
		s.Balance -= tx.MaxFee().Units.Int64()
		return tx, nil
	}
	return sweepTokens(tokens, move, func() (transaction.Transaction, error) { return tron.TransferAll(s, to.Address) })
}

func readBitcoin(v *values, r *stateReader) {
	network := Network("bitcoin")
	testnet := v.flag("testnet")
	if testnet {
		network = "bitcoin_testnet"
	}
	rate, maxFee := v.int64("fee_rate"), v.optional("max_fee")
	for _, a := range v.list("accounts") {
		s := bitcoin.State{From: a.text("address"), FeeRate: rate, Options: bitcoin.Options{Testnet: testnet}}
		for _, u := range a.list("utxos") {
			s.UTXOs = append(s.UTXOs, bitcoin.UTXO{TxID: u.text("txid"), Index: u.uint32("vout"), Amount: u.int64("value"), Previous: u.hex("transaction", -1)})
			u.end(&r.faults)
		}
		r.add(a, network, s.From, maxFee, func(to Destination) ([]transaction.Transaction, error) { return sweepBitcoin(s, to) })
	}
}

// sweepBitcoin makes as many transactions as the number of outputs needs.
func sweepBitcoin(s bitcoin.State, to Destination) ([]transaction.Transaction, error) {
	var all []transaction.Transaction
	if len(s.UTXOs) == 0 {
		return nil, transaction.Syntax("utxos", "there are none")
	}
	for part := range slices.Chunk(s.UTXOs, bitcoin.MaxInputs) {
		state := s
		state.UTXOs = part
		tx, err := bitcoin.TransferAll(state, to.Address)
		if err != nil {
			return nil, err
		}
		all = append(all, tx)
	}
	return all, nil
}

func readXRP(v *values, r *stateReader) {
	n := xrpl.Network{BaseReserve: v.uint64("base_reserve"), OwnerReserve: v.uint64("owner_reserve"), Fee: v.uint64("fee"),
		LastLedger: v.optionalUint32("last_ledger"), ID: v.optionalUint32("network_id")}
	maxFee := v.optional("max_fee")
	for _, a := range v.list("accounts") {
		s := xrpl.State{Account: a.text("address"), Balance: a.uint64("balance"), Sequence: a.uint32("sequence"), Owned: a.uint32("owner_count"), Tickets: a.numbers("tickets")}
		for _, l := range a.list("lines") {
			s.Lines = append(s.Lines, xrpl.Line{Currency: l.text("currency"), Issuer: l.text("issuer"), Balance: l.text("balance"), TransferRate: l.optionalUint32("transfer_rate")})
			l.end(&r.faults)
		}
		r.add(a, "xrp", s.Account, maxFee, func(to Destination) ([]transaction.Transaction, error) {
			txs, err := xrpl.Sweep(s, n, xrpl.Destination{Account: to.Address, Tag: to.Tag})
			return asTransactions(txs), err
		})
	}
}

func readSolana(v *values, r *stateReader) {
	n := solana.Network{UnitPrice: v.optionalUint64("unit_price"), UnitLimit: v.optionalUint32("unit_limit"), Rent: v.optionalUint64("rent")}
	blockhash, maxFee := v.optionalText("blockhash"), v.optional("max_fee")
	for _, a := range v.list("accounts") {
		s := solana.State{Account: a.text("address"), Lamports: a.uint64("lamports"), Blockhash: blockhash}
		for _, t := range a.list("tokens") {
			s.Tokens = append(s.Tokens, solana.Token{Account: t.text("account"), Mint: t.text("mint"), Program: t.optionalText("program"),
				Amount: t.uint64("amount"), Decimals: byte(t.limited("decimals", math.MaxUint8)), Exists: t.flag("exists")})
			t.end(&r.faults)
		}
		for _, o := range a.list("nonces") {
			s.Nonces = append(s.Nonces, solana.Nonce{Account: o.text("account"), Value: o.text("value")})
			o.end(&r.faults)
		}
		r.add(a, "solana", s.Account, maxFee, func(to Destination) ([]transaction.Transaction, error) {
			txs, err := solana.Sweep(s, n, to.Address)
			return asTransactions(txs), err
		})
	}
}

func asTransactions[T transaction.Transaction](txs []T) []transaction.Transaction {
	var all []transaction.Transaction
	for _, t := range txs {
		all = append(all, t)
	}
	return all
}
