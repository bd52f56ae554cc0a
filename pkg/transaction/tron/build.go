package tron

import (
	"math/big"
	"time"

	"recover/pkg/transaction"
	"recover/pkg/wallet"
)

// State is what has to be known of an account and the chain to build a
// transaction.
type State struct {
	From    string // the account
	Balance int64  // in sun
	// RefBlockBytes and RefBlockHash name a recent block (one of the last 65536):
	// bytes 6 and 7 of its number, and bytes 8 to 15 of its hash.
	RefBlockBytes [2]byte
	RefBlockHash  [8]byte
	// Made and Expiration are the transaction's times. A node takes it until it
	// expires, and for at most 24 hours from the time of its newest block.
	Made, Expiration time.Time
	FeeLimit         int64 // in sun, for the energy of a token transfer
	Options          Options
}

// Transfer builds a transaction that sends an amount of sun. The error is a
// *transaction.SyntaxError, or a *transaction.InsufficientError.
func Transfer(s State, to string, amount int64) (*Transaction, error) {
	t, err := s.begin(to)
	if err != nil {
		return nil, err
	}
	if amount <= 0 {
		return nil, transaction.Syntax("amount", "is not above zero")
	}
	t.amount = big.NewInt(amount)
	return s.finish(t, amount)
}

// TransferAll builds a transaction that sends the whole balance less MaxFee. What
// the network does not take stays in the account.
func TransferAll(s State, to string) (*Transaction, error) {
	t, err := s.begin(to)
	if err != nil {
		return nil, err
	}
	// The fee depends on how long the amount is. With the balance instead, it is
	// the highest; a second try may leave a byte less to pay for.
	t.amount = big.NewInt(max(s.Balance, 1))
	amount := max(s.Balance-t.maxFee(), 1)
	t.amount = big.NewInt(amount)
	if more, err := Transfer(s, to, max(s.Balance-t.maxFee(), 1)); err == nil {
		return more, nil
	}
	return Transfer(s, to, amount)
}

// TransferToken builds a TRC-20 transfer of an amount of a token's smallest unit.
func TransferToken(s State, contract, to string, amount *big.Int) (*Transaction, error) {
	t, err := s.begin(to)
	if err != nil {
		return nil, err
	}
	token, err := wallet.ParseTronAddress(contract)
	if err != nil {
		return nil, transaction.Syntax("token contract", "%v", err)
	}
	if amount.Sign() < 0 || amount.BitLen() > 256 {
		return nil, transaction.Syntax("amount", "not a number of 256 bits")
	}
	if s.FeeLimit < 0 {
		return nil, transaction.Syntax("fee limit", "is negative")
	}
	t.token, t.amount, t.feeLimit = (*account)(&token), amount, s.FeeLimit
	return s.finish(t, 0)
}

func (s *State) begin(to string) (*Transaction, error) {
	owner, err := wallet.ParseTronAddress(s.From)
	if err != nil {
		return nil, transaction.Syntax("from", "%v", err)
	}
	recipient, err := wallet.ParseTronAddress(to)
	if err != nil {
		return nil, transaction.Syntax("to", "%v", err)
	}
	return &Transaction{refBlockBytes: s.RefBlockBytes, refBlockHash: s.RefBlockHash, expiration: s.Expiration.UnixMilli(),
		timestamp: s.Made.UnixMilli(), owner: owner, to: recipient, options: s.Options}, nil
}

// finish checks that the balance suffices for the amount of sun and the fee.
func (s *State) finish(t *Transaction, amount int64) (*Transaction, error) {
	need := new(big.Int).Add(big.NewInt(amount), big.NewInt(t.maxFee()))
	if need.Cmp(big.NewInt(s.Balance)) > 0 {
		return nil, &transaction.InsufficientError{Have: t.Chain().Native(big.NewInt(s.Balance)), Need: t.Chain().Native(need)}
	}
	if err := t.valid(); err != nil {
		return nil, err
	}
	return t, nil
}
