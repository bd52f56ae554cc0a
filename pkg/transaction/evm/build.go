package evm

import (
	"math/big"

	"recover/pkg/transaction"
	"recover/pkg/transaction/chain"
	"recover/pkg/wallet"
)

// State is what has to be known of an account and its chain to build a
// transaction. It comes from outside, so it is shown before it is signed.
type State struct {
	ChainID uint64
	From    string // the account
	Nonce   uint64 // the number of transactions that it has sent
	Balance *big.Int
	// MaxFeePerGas and Tip are for EIP-1559; with Tip nil the transaction is a
	// legacy one, and MaxFeePerGas its gas price.
	MaxFeePerGas, Tip *big.Int
	Gas               uint64 // the gas limit; 0 is TransferGas or TokenGas
	// Reserve stays in the account, for what the chain charges beyond the gas
	// (chain.Chain.ExtraFee); nil is nothing.
	Reserve *big.Int
	Options Options
}

// Gas limits that suffice for a transfer to an account without code, and for the
// transfer of any usual token.
const (
	TransferGas = 21000
	TokenGas    = 100000
)

// Transfer builds a transaction that sends an amount of the native coin. The
// error is a *transaction.SyntaxError, or a *transaction.InsufficientError.
func Transfer(s State, to string, amount *big.Int) (*Transaction, error) {
	t, err := s.begin(to, TransferGas)
	if err != nil {
		return nil, err
	}
	t.value = new(big.Int).Set(amount)
	return s.finish(t)
}

// TransferAll builds a transaction that sends the whole balance less the highest
// fee and the reserve.
func TransferAll(s State, to string) (*Transaction, error) {
	t, err := s.begin(to, TransferGas)
	if err != nil {
		return nil, err
	}
	t.value = new(big.Int).Sub(s.Balance, t.needed())
	if s.Reserve != nil {
		t.value.Sub(t.value, s.Reserve)
	}
	if t.value.Sign() <= 0 {
		t.value.SetUint64(1) // finish says how much is missing
	}
	return s.finish(t)
}

// TransferToken builds an ERC-20 transfer of an amount of a token's smallest
// unit.
func TransferToken(s State, contract, to string, amount *big.Int) (*Transaction, error) {
	recipient, err := wallet.ParseEVMAddress(to)
	if err != nil {
		return nil, transaction.Syntax("to", "%v", err)
	}
	if amount.Sign() < 0 || amount.BitLen() > 256 {
		return nil, transaction.Syntax("amount", "not a number of 256 bits")
	}
	t, err := s.begin(contract, TokenGas)
	if err != nil {
		return nil, err
	}
	t.data = append(append([]byte{}, selectorTransfer...), make([]byte, 64)...)
	copy(t.data[16:], recipient[:])
	amount.FillBytes(t.data[36:])
	return s.finish(t)
}

// begin makes a transaction without value and data.
func (s *State) begin(to string, gas uint64) (*Transaction, error) {
	from, err := wallet.ParseEVMAddress(s.From)
	if err != nil {
		return nil, transaction.Syntax("from", "%v", err)
	}
	recipient, err := wallet.ParseEVMAddress(to)
	if err != nil {
		return nil, transaction.Syntax("to", "%v", err)
	}
	for _, n := range []*big.Int{s.MaxFeePerGas, s.Balance} {
		if n == nil || n.Sign() < 0 || n.BitLen() > 256 {
			return nil, transaction.Syntax("", "the balance and the price per gas have to be numbers of 256 bits")
		}
	}
	if s.Reserve != nil && s.Reserve.Sign() < 0 {
		return nil, transaction.Syntax("reserve", "is negative")
	}
	if s.Gas != 0 {
		gas = s.Gas
	}
	t := &Transaction{chain: chain.EVMChain(s.ChainID), nonce: s.Nonce, price: s.MaxFeePerGas, gas: gas,
		to: (*account)(&recipient), from: (*account)(&from), value: new(big.Int), options: s.Options}
	if s.Tip != nil {
		if s.Tip.Sign() < 0 {
			return nil, transaction.Syntax("tip per gas", "is negative")
		}
		t.kind, t.tip = kindDynamic, s.Tip
	}
	return t, nil
}

// needed is what the account has to have.
func (t *Transaction) needed() *big.Int { return new(big.Int).Add(t.value, t.maxFee()) }

func (s *State) finish(t *Transaction) (*Transaction, error) {
	if t.value.Sign() < 0 || t.value.BitLen() > 256 {
		return nil, transaction.Syntax("amount", "not a number of 256 bits")
	}
	need := t.needed()
	if s.Reserve != nil {
		need.Add(need, s.Reserve)
	}
	if need.Cmp(s.Balance) > 0 {
		return nil, &transaction.InsufficientError{Have: t.chain.Native(s.Balance), Need: t.chain.Native(need)}
	}
	if err := t.valid(); err != nil {
		return nil, err
	}
	return t, nil
}
