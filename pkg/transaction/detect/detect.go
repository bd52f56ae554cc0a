// Package detect finds out of which chain an unsigned transaction is.
package detect

import (
	"errors"
	"strings"

	"recover/pkg/transaction"
	"recover/pkg/transaction/bitcoin"
	"recover/pkg/transaction/chain"
	"recover/pkg/transaction/evm"
	"recover/pkg/transaction/solana"
	"recover/pkg/transaction/tron"
	"recover/pkg/transaction/xrpl"
)

// Options are what transactions do not say themselves.
type Options struct {
	Bitcoin bitcoin.Options
	EVM     evm.Options
	Solana  solana.Options
	Tron    tron.Options
}

// Families are all families, in the order in which they are tried.
var Families = []chain.Family{chain.EVM, chain.Bitcoin, chain.XRPL, chain.Solana, chain.Tron}

// ErrUnknown is returned for data that is a transaction of none of the chains.
var ErrUnknown = errors.New("not an unsigned transaction of an EVM chain, Bitcoin, the XRP Ledger, Solana or Tron")

// AmbiguousError says that the data can be read as a transaction of several chains.
type AmbiguousError struct{ Families []chain.Family }

func (e *AmbiguousError) Error() string {
	var names []string
	for _, f := range e.Families {
		names = append(names, string(f))
	}
	return "it can be a transaction of several chains: " + strings.Join(names, ", ")
}

// ParseAs reads a transaction of one family.
func ParseAs(f chain.Family, data []byte, o Options) (transaction.Transaction, error) {
	switch f {
	case chain.EVM:
		return evm.Parse(data, o.EVM)
	case chain.Bitcoin:
		return bitcoin.Parse(data, o.Bitcoin)
	case chain.XRPL:
		return xrpl.Parse(data, xrpl.Options{})
	case chain.Solana:
		return solana.Parse(data, o.Solana)
	case chain.Tron:
		return tron.Parse(data, o.Tron)
	}
	return nil, transaction.ErrFormat
}

// Parse reads a transaction of any family. Where none understands it, the error is
// the one of the only family that it can be of, an *AmbiguousError, ErrUnknown, or
// transaction.ErrSize. What one family understands, while another one knows it as
// a transaction of its own that it does not sign, is ambiguous as well.
func Parse(data []byte, o Options) (transaction.Transaction, error) {
	if len(data) > transaction.MaxSize {
		return nil, transaction.ErrSize
	}
	var understood transaction.Transaction
	var candidates, malformed []chain.Family
	var problem, syntax error
	for _, f := range Families {
		t, err := ParseAs(f, data, o)
		var refused *transaction.RefusedError
		switch {
		case errors.Is(err, transaction.ErrFormat):
		case err == nil:
			understood, candidates = t, append(candidates, f)
		case errors.As(err, &refused):
			problem, candidates = err, append(candidates, f)
		default:
			syntax, malformed = err, append(malformed, f)
		}
	}
	switch {
	case len(candidates) > 1:
		return nil, &AmbiguousError{candidates}
	case understood != nil:
		return understood, nil
	case problem != nil:
		return nil, problem
	case len(malformed) == 1:
		return nil, syntax
	case len(malformed) > 1:
		return nil, &AmbiguousError{malformed}
	}
	return nil, ErrUnknown
}
