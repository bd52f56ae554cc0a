// Package solana understands transactions of Solana, legacy and version 0, that
// move SOL and SPL tokens, with durable nonces and compute budgets, and signs them
// with an Ed25519 key that is a scalar.
//
// Every instruction that it does not know is refused, and every account that a
// lookup table adds unless the table's content is given, so that nothing is
// signed which was not shown.
package solana

import (
	"encoding/binary"
	"math/big"
	"slices"

	"recover/pkg/transaction"
	"recover/pkg/transaction/chain"
)

var _ transaction.Transaction = (*Transaction)(nil)

// Transaction is one transaction that was understood. It is not changed any more.
type Transaction struct {
	message    *message
	signatures [][signatureSize]byte // one for each signer; zeros where it has not signed
	accounts   []account
	effects    []effect
	budget     budget
	nonce      *effect // the instruction that advances a durable nonce
	signer     address // the account that signs here
}

// account is one of the accounts that instructions name by their place.
type account struct {
	address
	signs, writable bool
	table           *address // the lookup table that it comes from
}

// effect is what one instruction does.
type effect struct {
	lines   transaction.Lines
	payment *transaction.Payment
	kind    string // the same for instructions of which a transaction may have one
}

// budget is what the compute budget instructions say.
type budget struct {
	limit    uint32 // compute units, where hasLimit
	hasLimit bool
	price    uint64 // micro-lamports for a unit
	others   int    // instructions of other programs
}

// What the network takes (Solana documents, "Transaction Fees", "Compute Budget").
const (
	signatureFee    = 5000 // lamports for each signature
	unitsAtMost     = 1_400_000
	unitsOfOne      = 200_000 // for an instruction, where no limit is set
	microPerLamport = 1_000_000
)

// priorityFee is what is paid above the fee of the signatures, at most.
func (b budget) priorityFee() *big.Int {
	units := int64(b.limit)
	if !b.hasLimit {
		units = int64(b.others) * unitsOfOne
	}
	fee := new(big.Int).SetUint64(b.price)
	fee.Mul(fee, big.NewInt(min(units, unitsAtMost)))
	fee.Add(fee, big.NewInt(microPerLamport-1))
	return fee.Quo(fee, big.NewInt(microPerLamport))
}

// Chain is Solana. A transaction does not say whether it is of the main network
// or of a test network.
func (t *Transaction) Chain() chain.Chain { return chain.SolanaMainnet }

// From is the account that signs here: Options.Account, or the one that pays the
// fee.
func (t *Transaction) From() string { return t.signer.String() }

// MaxFee is the fee of all signatures and the most that the compute budget allows.
// The rent of an account that the transaction makes is not part of it.
func (t *Transaction) MaxFee() chain.Amount {
	fee := t.budget.priorityFee()
	return t.Chain().Native(fee.Add(fee, big.NewInt(signatureFee*int64(t.message.signers))))
}

// Payments lists the transfers in their order. The destination of tokens is the
// owner where the token account is known to be one's associated token account,
// else the token account. The token is the mint, or "unknown mint".
func (t *Transaction) Payments() []transaction.Payment {
	var all []transaction.Payment
	for _, e := range t.effects {
		if e.payment != nil {
			all = append(all, *e.payment)
		}
	}
	return all
}

// Unsigned returns the transaction as the network takes it, with zeros in the
// place of the signatures that are missing.
func (t *Transaction) Unsigned() []byte { return encode(t.signatures, t.message) }

func encode(signatures [][signatureSize]byte, m *message) []byte {
	b := binary.AppendUvarint(nil, uint64(len(signatures)))
	for _, s := range signatures {
		b = append(b, s[:]...)
	}
	return append(b, m.bytes()...)
}

// signerIndex is the place of the account that signs here.
func (t *Transaction) signerIndex() int { return slices.Index(t.message.keys, t.signer) }
