package bitcoin

import (
	"fmt"
	"math/big"
	"strings"
	"time"

	"recover/pkg/transaction"
	"recover/pkg/transaction/chain"
	"recover/pkg/wallet"
)

func (t *Transaction) amount(n int64) string { return t.Chain().Native(big.NewInt(n)).String() }

// Describe implements transaction.Transaction: every output, the fee, every input.
func (t *Transaction) Describe() []transaction.Line {
	var l transaction.Lines
	unsigned := t.packet.tx
	l.Add("Network", t.Chain().String())
	l.Add("From", t.From())
	for i, o := range unsigned.outputs {
		t.describeOutput(&l, fmt.Sprintf("Output %d", i+1), o)
	}
	l.Add("Fee", t.amount(t.fee()))
	l.Addf("Fee rate", "%s for %d virtual bytes", t.feeRate(), t.virtualSize())
	l.Addf("Spent in all", "%s from %d inputs", t.amount(sum(t.spent)), len(t.spent))
	if t.fee() < t.virtualSize() {
		l.Warn("the fee is below 1 satoshi per virtual byte: nodes may not pass this on")
	}
	if !t.proved {
		l.Warn("the amounts of inputs are as the PSBT states them: a wrong one makes the signature worthless, and can hide a high fee when the same inputs are signed for twice")
	}
	replaceable := false
	for i, in := range unsigned.inputs {
		t.describeInput(&l, i, in)
		replaceable = replaceable || in.sequence < 0xfffffffe
	}
	if replaceable {
		l.Add("Replaceable", "yes, by one with a higher fee (BIP-125)")
	}
	t.describeLock(&l)
	l.Addf("Version", "%d", unsigned.version)
	return l
}

func (t *Transaction) describeOutput(l *transaction.Lines, label string, o output) {
	switch kindOf(o.script) {
	case kindData:
		data, _ := dataOf(o.script)
		l.Addf(label, "%s with data %x %s", t.amount(o.amount), data, quoteAll(data))
		if o.amount > 0 {
			l.Warn("nobody can spend what this output gets")
		}
		return
	case kindUnknown:
		l.Mark(label, fmt.Sprintf("%s to a script that is not understood: %x", t.amount(o.amount), o.script))
		return
	}
	to, _ := wallet.BitcoinAddress(o.script, t.options.Testnet)
	if t.isChange(o) {
		to += " (back to the same key)"
	}
	l.Add(label, t.amount(o.amount)+" to "+to)
	if o.amount < dust(o.script) {
		l.Warn("less than %d satoshis is dust: nodes will not pass this on", dust(o.script))
	}
}

// quoteAll writes data as text where it is printable.
func quoteAll(data []byte) string {
	if len(data) == 0 || strings.IndexFunc(string(data), func(c rune) bool { return c < ' ' || c > '~' }) >= 0 {
		return "(not text)"
	}
	return transaction.Quote(string(data))
}

func (t *Transaction) describeInput(l *transaction.Lines, i int, in input) {
	from, _ := wallet.BitcoinAddress(t.spent[i].script, t.options.Testnet)
	l.Addf(fmt.Sprintf("Input %d", i+1), "%s of %s, output %d of %s, sequence 0x%08x",
		t.amount(t.spent[i].amount), from, in.from.index, idText(in.from.txid), in.sequence)
	if t.packet.tx.version >= 2 && in.sequence>>31 == 0 {
		l.Warn("input %d can only be spent some time after it was received (BIP-68)", i+1)
	}
}

// firstTime is the first lock time that is a time and not a block.
const firstTime = 500_000_000

func (t *Transaction) describeLock(l *transaction.Lines) {
	switch n := t.packet.tx.lockTime; {
	case n == 0:
	case !t.isLocked():
		l.Addf("Valid", "at once (a lock time of %d is there, and every sequence is final)", n)
	case n < firstTime:
		l.Addf("Valid", "from block %d on", n)
	default:
		l.Add("Valid", time.Unix(int64(n), 0).UTC().Format("from 2006-01-02 15:04:05 UTC on"))
	}
}

// isLocked tells whether the lock time has an effect.
func (t *Transaction) isLocked() bool {
	for _, in := range t.packet.tx.inputs {
		if in.sequence != 0xffffffff {
			return true
		}
	}
	return false
}

// Sizes in bytes, with a signature of the greatest length: 71 bytes of DER and the
// signature hash type.
const (
	witnessSize   = 1 + 1 + 72 + 1 + 33 // count, signature, key
	scriptSigSize = 1 + 72 + 1 + 33
)

// virtualSize is the most that the final transaction can have: a byte of a witness
// counts for a quarter (BIP-141).
func (t *Transaction) virtualSize() int64 {
	base := int64(len(t.packet.tx.encode(false)))
	witness := int64(0)
	for _, spent := range t.spent {
		if kindOf(spent.script) == kindP2PKH {
			base += scriptSigSize
			witness++ // an empty one, if others have one
		} else {
			witness += witnessSize
		}
	}
	if witness == int64(len(t.spent)) {
		return base
	}
	return (4*base + 2 + witness + 3) / 4
}

func (t *Transaction) feeRate() string {
	hundredths := new(big.Int).Mul(big.NewInt(t.fee()), big.NewInt(100))
	return chain.Decimal(hundredths.Quo(hundredths, big.NewInt(t.virtualSize())), 2) + " sat/vB"
}

// dust is the least that nodes pass on to a script (Bitcoin Core, at 3 satoshis
// for each byte that it takes to make and spend the output).
func dust(script []byte) int64 {
	switch kindOf(script) {
	case kindP2WPKH:
		return 294
	case kindP2WSH, kindP2TR:
		return 330
	case kindP2SH:
		return 540
	case kindData:
		return 0
	}
	return 546
}
