package xrpl

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/big"

	"recover/pkg/transaction"
	"recover/pkg/transaction/chain"
	"recover/pkg/wallet"
)

// State is what a server of the ledger tells about an account (account_info,
// account_lines, account_objects).
type State struct {
	Account  string
	Balance  uint64   // drops
	Sequence uint32   // of the next transaction
	Owned    uint32   // OwnerCount: objects that hold a part of the reserve
	Tickets  []uint32 // tickets that are used before sequence numbers, in this order
	Lines    []Line
}

// Line is a trust line on which something is held.
type Line struct {
	Currency string // three characters, or 40 hex digits
	Issuer   string
	Balance  string // a decimal number; what is not positive is left alone
	// TransferRate is what the issuer takes of a transfer, as the ledger has it:
	// 1005000000 for 0.5 %. 0 and 1000000000 are nothing.
	TransferRate uint32
}

// Network is what holds for all accounts at the time (server_state).
type Network struct {
	BaseReserve  uint64 // drops that an account has to keep
	OwnerReserve uint64 // drops more for each object
	Fee          uint64 // drops for a transaction
	DeleteFee    uint64 // drops for an AccountDelete; on the XRP Ledger the owner reserve
	LastLedger   uint32 // the transactions are valid up to this ledger; 0 is without a limit
	ID           uint32 // NetworkID, where it is above 1024
}

// Destination is where everything goes.
type Destination struct {
	Account string
	Tag     *uint32 // nil is without a tag
}

// ErrObjects is returned by Delete for an account that owns more than tickets.
var ErrObjects = errors.New("the account owns objects that have to go before it can be deleted")

const wholeRate = 1_000_000_000 // a TransferRate that takes nothing

// Sweep builds unsigned payments that move everything: what is held on each line,
// in the order of s.Lines, then the XRP above the reserve and all the fees. Each
// is a Transaction as Parse returns it. Where the issuer takes a part of a
// transfer, Amount is what arrives and SendMax the balance.
//
// The error is a *transaction.InsufficientError where there is nothing to move, or
// what Parse has to say about a value of the state.
func Sweep(s State, n Network, to Destination) ([]*Transaction, error) {
	if s.Balance > maxDrops {
		return nil, transaction.Syntax("balance", "more XRP than there is")
	}
	var all []*Transaction
	b := newBuilder(s, n)
	for _, l := range s.Lines {
		values, err := l.values()
		if err != nil {
			return nil, err
		}
		if values == nil {
			continue
		}
		t, err := b.build("Payment", n.Fee, to, values)
		if err != nil {
			return nil, err
		}
		all = append(all, t)
	}
	kept := kept(s, n, len(all)+1)
	balance := new(big.Int).SetUint64(s.Balance)
	if balance.Cmp(kept) > 0 {
		drops := new(big.Int).Sub(balance, kept).Uint64()
		t, err := b.build("Payment", n.Fee, to, map[int][]byte{fAmount: amount{drops: drops}.bytes()})
		if err != nil {
			return nil, err
		}
		all = append(all, t)
	}
	if len(all) == 0 {
		return nil, insufficient(balance, kept.Add(kept, big.NewInt(1)))
	}
	return all, nil
}

// Delete builds an AccountDelete, which sends the reserve as well. The ledger
// takes it only 256 ledgers after the account's last sequence number. The error
// is ErrObjects, or a *transaction.InsufficientError where the fee is not there.
func Delete(s State, n Network, to Destination) (*Transaction, error) {
	if len(s.Lines) > 0 || s.Owned > uint32(len(s.Tickets)) {
		return nil, ErrObjects
	}
	if n.DeleteFee > s.Balance {
		return nil, insufficient(new(big.Int).SetUint64(s.Balance), new(big.Int).SetUint64(n.DeleteFee))
	}
	return newBuilder(s, n).build("AccountDelete", n.DeleteFee, to, map[int][]byte{})
}

// kept is the reserve and the fees of count transactions.
func kept(s State, n Network, count int) *big.Int {
	sum := new(big.Int).SetUint64(n.BaseReserve)
	for _, part := range [][2]uint64{{uint64(s.Owned), n.OwnerReserve}, {uint64(count), n.Fee}} {
		product := new(big.Int).SetUint64(part[0])
		sum.Add(sum, product.Mul(product, new(big.Int).SetUint64(part[1])))
	}
	return sum
}

func insufficient(have, need *big.Int) error {
	return &transaction.InsufficientError{Have: chain.XRPLedger.Native(have), Need: chain.XRPLedger.Native(need)}
}

// values are the amounts of the payment that empties the line, nil where nothing
// is held on it.
func (l Line) values() (map[int][]byte, error) {
	if len(l.Balance) > 0 && l.Balance[0] == '-' {
		return nil, nil
	}
	held, err := parseIssued("line", l.Balance, l.Currency, l.Issuer)
	if err != nil || held.isZero() {
		return nil, err
	}
	if l.TransferRate == 0 || l.TransferRate == wholeRate {
		return map[int][]byte{fAmount: held.bytes()}, nil
	}
	if l.TransferRate < wholeRate {
		return nil, transaction.Syntax("line", "the transfer rate %d is below %d", l.TransferRate, wholeRate)
	}
	arrives, err := held.less(l.TransferRate)
	if err != nil {
		return nil, err
	}
	return map[int][]byte{fAmount: arrives.bytes(), fSendMax: held.bytes()}, nil
}

// less is what arrives of an amount of an issued currency, rounded down to 16
// digits: a · 10^9 / rate.
func (a amount) less(rate uint32) (amount, error) {
	n := new(big.Int).SetUint64(a.mantissa)
	n.Quo(n.Mul(n, big.NewInt(wholeRate*100)), new(big.Int).SetUint64(uint64(rate)))
	a.exponent -= 2
	for n.Cmp(big.NewInt(maxMantissa)) > 0 {
		n.Quo(n, big.NewInt(10))
		a.exponent++
	}
	a.mantissa = n.Uint64()
	if a.exponent < minExponent {
		return amount{}, transaction.Syntax("line", "too small for the XRP Ledger after the issuer's part")
	}
	return a, nil
}

// builder numbers the transactions of one account.
type builder struct {
	state   State
	network Network
}

func newBuilder(s State, n Network) *builder { return &builder{s, n} }

// build makes the next transaction of the account.
func (b *builder) build(name string, fee uint64, to Destination, values map[int][]byte) (*Transaction, error) {
	for _, a := range []struct {
		at   int
		text string
	}{{fAccount, b.state.Account}, {fDestination, to.Account}} {
		account, err := wallet.ParseXRPAddress(a.text)
		if err != nil {
			return nil, transaction.Syntax(fields[a.at].name, "%v", err)
		}
		values[a.at] = account[:]
	}
	if fee > maxDrops {
		return nil, transaction.Syntax("Fee", "more XRP than there is")
	}
	values[fFee] = amount{drops: fee}.bytes()
	if to.Tag != nil {
		values[fDestinationTag] = number(*to.Tag)
	}
	if b.network.LastLedger != 0 {
		values[fLastLedgerSequence] = number(b.network.LastLedger)
	}
	if b.network.ID > 1024 {
		values[fNetworkID] = number(b.network.ID)
	}
	b.next(values)

	format := formatNamed(name)
	t := &Transaction{format, make([][]byte, len(fields))}
	t.values[fTransactionType] = binary.BigEndian.AppendUint16(nil, format.code)
	for at, value := range values {
		t.values[at] = value
	}
	built, err := parseBlob(t.Unsigned())
	if err != nil {
		return nil, fmt.Errorf("%s of %s: %w", name, b.state.Account, err)
	}
	return built, nil
}

// next uses up a ticket, or a sequence number.
func (b *builder) next(values map[int][]byte) {
	if len(b.state.Tickets) > 0 {
		values[fSequence], values[fTicketSequence] = number(0), number(b.state.Tickets[0])
		b.state.Tickets = b.state.Tickets[1:]
		return
	}
	values[fSequence] = number(b.state.Sequence)
	b.state.Sequence++
}

func number(v uint32) []byte { return binary.BigEndian.AppendUint32(nil, v) }
