package bitcoin

import (
	"encoding/hex"
	"fmt"
	"math/big"
	"strings"
	"time"

	"recover/pkg/transaction"
	"recover/pkg/transaction/chain"
	"recover/pkg/wallet"
)

func line(label, value string) transaction.Line {
	return transaction.Line{Label: label, Value: value}
}

func warning(value string) transaction.Line {
	return transaction.Line{Label: "Warning", Value: value, Warning: true}
}

func (t *Transaction) amount(n int64) string { return t.Chain().Native(big.NewInt(n)).String() }

// Describe implements transaction.Transaction: every output, the fee, every input.
func (t *Transaction) Describe() []transaction.Line {
	unsigned := t.packet.tx
	lines := []transaction.Line{line("Network", t.Chain().String()), line("From", t.From())}
	for i, o := range unsigned.outputs {
		lines = append(lines, t.describeOutput(i, o)...)
	}
	lines = append(lines,
		line("Fee", t.amount(t.fee())),
		line("Fee rate", fmt.Sprintf("%s for %d virtual bytes", t.feeRate(), t.virtualSize())),
		line("Spent in all", fmt.Sprintf("%s from %d inputs", t.amount(sum(t.spent)), len(t.spent))))
	if t.fee() < t.virtualSize() {
		lines = append(lines, warning("the fee is below 1 satoshi per virtual byte: nodes may not pass this on"))
	}
	if !t.proved {
		lines = append(lines, warning("the amounts of inputs are as the PSBT states them: a wrong one makes the signature worthless, and can hide a high fee when the same inputs are signed for twice"))
	}
	replaceable := false
	for i, in := range unsigned.inputs {
		lines = append(lines, line(fmt.Sprintf("Input %d", i+1), t.describeInput(i)))
		replaceable = replaceable || in.sequence < 0xfffffffe
		if unsigned.version >= 2 && in.sequence>>31 == 0 {
			lines = append(lines, warning(fmt.Sprintf("input %d can only be spent some time after it was received (BIP-68)", i+1)))
		}
	}
	if replaceable {
		lines = append(lines, line("Replaceable", "yes, by one with a higher fee (BIP-125)"))
	}
	return append(append(lines, t.describeLock()...), line("Version", fmt.Sprint(unsigned.version)))
}

func (t *Transaction) describeOutput(i int, o output) []transaction.Line {
	label := fmt.Sprintf("Output %d", i+1)
	kind := kindOf(o.script)
	if kind == kindData {
		data, _ := dataOf(o.script)
		lines := []transaction.Line{line(label, t.amount(o.amount)+" with data "+hex.EncodeToString(data)+" "+quoteAll(data))}
		if o.amount > 0 {
			lines = append(lines, warning("nobody can spend what this output gets"))
		}
		return lines
	}
	if kind == kindUnknown {
		return []transaction.Line{{Label: label, Value: t.amount(o.amount) + " to a script that is not understood: " + hex.EncodeToString(o.script), Warning: true}}
	}
	to, _ := wallet.BitcoinAddress(o.script, t.options.Testnet)
	text := t.amount(o.amount) + " to " + to
	if t.isChange(o) {
		text += " (back to the same key)"
	}
	lines := []transaction.Line{line(label, text)}
	if o.amount < dust(o.script) {
		lines = append(lines, warning(fmt.Sprintf("less than %d satoshis is dust: nodes will not pass this on", dust(o.script))))
	}
	return lines
}

// quoteAll writes data as text where it is printable.
func quoteAll(data []byte) string {
	if len(data) == 0 || strings.IndexFunc(string(data), func(c rune) bool { return c < ' ' || c > '~' }) >= 0 {
		return "(not text)"
	}
	return transaction.Quote(string(data))
}

func (t *Transaction) describeInput(i int) string {
	in, spent := t.packet.tx.inputs[i], t.spent[i]
	from, _ := wallet.BitcoinAddress(spent.script, t.options.Testnet)
	return fmt.Sprintf("%s of %s, output %d of %s, sequence 0x%08x", t.amount(spent.amount), from, in.from.index, idText(in.from.txid), in.sequence)
}

// firstTime is the first lock time that is a time and not a block.
const firstTime = 500_000_000

func (t *Transaction) describeLock() []transaction.Line {
	n := t.packet.tx.lockTime
	text := "from block " + fmt.Sprint(n) + " on"
	if n >= firstTime {
		text = "from " + time.Unix(int64(n), 0).UTC().Format("2006-01-02 15:04:05 UTC") + " on"
	}
	switch {
	case n == 0:
		return nil
	case !t.isLocked():
		text = fmt.Sprintf("at once (a lock time of %d is there, and every sequence is final)", n)
	}
	return []transaction.Line{line("Valid", text)}
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
