// Package xrpl understands transactions of the XRP Ledger: Payment, SetRegularKey,
// AccountDelete, TrustSet and TicketCreate, as JSON or in the binary format
// (XRP Ledger documents, "Serialization Format"), signed by the account's own key
// of either curve.
//
// It is no general codec: every field of every type that it does not know is
// refused, so that nothing is signed which was not shown. Paths, memos, several
// signers, delegates and multi-purpose tokens are not understood.
package xrpl

import (
	"bytes"
	"crypto/sha512"
	"encoding/binary"
	"slices"

	"recover/pkg/transaction"
	"recover/pkg/transaction/chain"
	"recover/pkg/wallet"
)

// Limits of the input, in bytes. The longest transaction that is understood has
// about 550.
const (
	maxBlob = 1024
	maxJSON = 16 << 10
)

var _ transaction.Transaction = (*Transaction)(nil)

// Transaction is one transaction that was understood. It is not changed any more.
type Transaction struct {
	format *format
	values [][]byte // by the place in fields; nil where the field is absent
}

// has tells whether the field is there.
func (t *Transaction) has(at int) bool { return t.values[at] != nil }

// number returns a field of kindUint32, 0 where it is absent.
func (t *Transaction) number(at int) uint32 {
	if b := t.values[at]; b != nil {
		return binary.BigEndian.Uint32(b)
	}
	return 0
}

// amount returns a field of kindAmount, which is there.
func (t *Transaction) amount(at int) amount {
	a, err := readAmount(fields[at].name, t.values[at])
	if err != nil {
		panic(err) // it was read before
	}
	return a
}

// account returns the address in a field of kindAccount, or "".
func (t *Transaction) account(at int) string {
	if b := t.values[at]; b != nil {
		return wallet.XRPAddress([20]byte(b))
	}
	return ""
}

// with returns a copy with one field set.
func (t *Transaction) with(at int, value []byte) *Transaction {
	c := &Transaction{t.format, slices.Clone(t.values)}
	c.values[at] = value
	return c
}

// Unsigned returns the binary format: the fields in canonical order.
func (t *Transaction) Unsigned() []byte {
	var b []byte
	for i, value := range t.values {
		if value == nil {
			continue
		}
		b = append(b, fields[i].header()...)
		if fields[i].kind.prefixed() {
			b = append(b, byte(len(value))) // all are below 193 bytes
		}
		b = append(b, value...)
	}
	return b
}

// Chain is the XRP Ledger, or the network that NetworkID names. Test networks
// with an ID up to 1024 are not named in a transaction: what is valid on one of
// them is valid on the XRP Ledger.
func (t *Transaction) Chain() chain.Chain {
	c := chain.XRPLedger
	if id := t.number(fNetworkID); t.has(fNetworkID) {
		return chain.Chain{Family: chain.XRPL, Name: "UNKNOWN XRPL NETWORK", ID: uint64(id), Symbol: "of its native coin", Unit: c.Unit, Decimals: c.Decimals}
	}
	return c
}

// From is the account that sends the transaction and pays its fee.
func (t *Transaction) From() string { return t.account(fAccount) }

// MaxFee is the fee, exactly: it is taken whatever becomes of the transaction.
func (t *Transaction) MaxFee() chain.Amount { return t.amount(fFee).on(t.Chain()) }

// Payments is the payment's amount, with the issuer as its token. Of an
// AccountDelete it is the destination with zero: what is left is not in the
// transaction.
func (t *Transaction) Payments() []transaction.Payment {
	switch t.format.name {
	case "Payment":
		a := t.amount(fAmount)
		return []transaction.Payment{{To: t.account(fDestination), Amount: a.on(t.Chain()), Token: a.token()}}
	case "AccountDelete":
		return []transaction.Payment{{To: t.account(fDestination), Amount: amount{}.on(t.Chain())}}
	}
	return nil
}

// half is the SHA-512Half of a prefix and data: the first 32 bytes.
func half(prefix string, data []byte) [32]byte {
	sum := sha512.Sum512(slices.Concat([]byte(prefix), data))
	return [32]byte(sum[:32])
}

// equal tells whether two fields have the same value.
func (t *Transaction) equal(a, b int) bool {
	return bytes.Equal(t.values[a], t.values[b])
}
