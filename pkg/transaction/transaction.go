// Package transaction is what the packages of the chains below it have in
// common: an unsigned transaction that was understood completely, said in words,
// signed with one wallet key, verified, and encoded as the network takes it.
//
// Each chain has a package (evm, tron, bitcoin, xrpl, solana) with a function
//
//	Parse(data []byte, options Options) (transaction.Transaction, error)
//
// that returns ErrFormat where data is not of its chain at all, so that a caller
// can try one after the other, and another error where it is, but cannot be
// signed. What is not understood to the last bit is refused. Amounts are whole
// numbers of the smallest unit; package chain writes them as decimals.
//
// Nothing here reads files or asks people.
package transaction

import (
	"errors"
	"fmt"
	"math/big"

	"recover/pkg/transaction/chain"
)

// MaxSize is the largest input that a Parse reads, in bytes.
const MaxSize = 1 << 20

// Line is one line of a description. Both texts are printable ASCII: what comes
// from the transaction is quoted where it could be anything else.
type Line struct {
	Label string // "To", "Amount"
	Value string // "0.5 ETH (500000000000000000 wei)"
	// Warning marks what a reader must not overlook.
	Warning bool
}

// Payment is what a transaction moves to one destination.
type Payment struct {
	To     string // an address, as the chain's own tools write it
	Amount chain.Amount
	// Token is the contract, mint, or issuer; empty for the native coin.
	Token string
	// Change marks what comes back to the account that signs.
	Change bool
}

// Transaction is an unsigned transaction that was understood completely.
type Transaction interface {
	// Chain is the network that it is valid on.
	Chain() chain.Chain
	// From is the account that has to sign, or empty where the form does not
	// name it (the RLP of an EVM transaction).
	From() string
	// Describe says everything that is signed, in the order in which people
	// want to know it.
	Describe() []Line
	// Payments lists what is moved, in the order of the transaction. An approval
	// or a change of settings moves nothing.
	Payments() []Payment
	// MaxFee is the most that the network can take, in the native coin.
	MaxFee() chain.Amount
	// Unsigned returns the one canonical encoding of the unsigned transaction;
	// Parse reads it, and gives the same transaction.
	Unsigned() []byte
	// Check returns nil, or the *RefusedError of the first thing that the limits
	// do not allow.
	Check(Limits) error
	// Sign checks the limits, signs, and verifies strictly what it signed. The
	// error is a *RefusedError, an *AccountError, or ErrSignature.
	Sign(*Key, Limits) (*Signed, error)
}

// Limits are what the caller allows. The zero value is for ordinary transfers.
type Limits struct {
	// MaxFee is the cap of the whole fee, in the smallest unit of the native
	// coin; nil stands for the chain's own cap (chain.Chain.FeeCap).
	MaxFee *big.Int
	// MaxFeeRate is the cap of Bitcoin's fee rate in satoshis per virtual byte;
	// 0 stands for bitcoin.DefaultMaxFeeRate.
	MaxFeeRate int64
	// AllowData permits what moves something in a way that is not understood:
	// contract creation and unknown calldata on EVM chains.
	AllowData bool
}

// Signed is a signed transaction.
type Signed struct {
	Raw  []byte // the bytes
	Text string // as the network takes it: 0x…, hex or base64
	ID   string // the hash that explorers know it by, as they write it
	From string // the address of the key that signed
}

// ErrFormat is returned for data that is not of this chain.
var ErrFormat = errors.New("not a transaction of this chain")

// ErrSignature is returned where the signature that was just made does not
// verify: the machine is not to be trusted.
var ErrSignature = errors.New("the signature does not verify under the wallet key")

// ErrSize is returned for an input above MaxSize.
var ErrSize = fmt.Errorf("longer than %d bytes", MaxSize)

// SyntaxError says what in the transaction is not as its format wants it.
type SyntaxError struct {
	Field   string // "nonce", "input 2", or empty for the whole
	Problem string
}

func (e *SyntaxError) Error() string {
	if e.Field == "" {
		return e.Problem
	}
	return e.Field + ": " + e.Problem
}

// Syntax makes a *SyntaxError. It has many callers, so it is not copied into them.
//
//go:noinline
func Syntax(field, format string, args ...any) error {
	return &SyntaxError{field, fmt.Sprintf(format, args...)}
}

// Reason is a stable code for a refusal.
type Reason string

// The reasons of a RefusedError.
const (
	FeeTooHigh   Reason = "fee"         // above Limits.MaxFee or Limits.MaxFeeRate
	FeeUnlimited Reason = "fee-unknown" // the chain is not known: give Limits.MaxFee
	UnknownData  Reason = "data"        // Limits.AllowData is needed
	Unsupported  Reason = "unsupported" // valid on its chain, not understood here
)

// RefusedError says what is valid, but not signed.
type RefusedError struct {
	Reason  Reason
	Problem string
}

func (e *RefusedError) Error() string { return e.Problem }

// Refuse makes a *RefusedError.
//
//go:noinline
func Refuse(reason Reason, format string, args ...any) error {
	return &RefusedError{reason, fmt.Sprintf(format, args...)}
}

// AccountError says that the transaction is of another account than the key's.
type AccountError struct {
	Want string // the account of the transaction, where it names one
	Key  string // the account of the key, or empty where it has none on the chain
}

func (e *AccountError) Error() string {
	if e.Key == "" {
		return "the key is of a curve that has no accounts on this chain"
	}
	return "the transaction is for the account " + e.Want + ", the key has " + e.Key
}

// InsufficientError is returned by builders: an account has less than what it is
// to send and the highest fee.
type InsufficientError struct {
	Have, Need chain.Amount
}

func (e *InsufficientError) Error() string {
	return "the account has " + e.Have.String() + ", and needs at least " + e.Need.String()
}

// CheckFee compares the fee of a transaction on c with the limit.
func CheckFee(c chain.Chain, fee *big.Int, l Limits) error {
	limit := l.MaxFee
	if limit == nil {
		limit = c.FeeCap
	}
	if limit == nil {
		return Refuse(FeeUnlimited, "%s has no fee cap of its own, and none was given", c.Name)
	}
	if fee.Cmp(limit) > 0 {
		return Refuse(FeeTooHigh, "the fee can be %s, above the cap of %s", c.Native(fee), c.Native(limit))
	}
	return nil
}
