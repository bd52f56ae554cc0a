package xrpl

import (
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"

	"recover/pkg/transaction"
)

// Describe says every field of the transaction, and what is absent and should
// not be overlooked.
func (t *Transaction) Describe() []transaction.Line {
	var d lines
	d.add("Network", t.network())
	d.addWarning(t.format.name == "AccountDelete", "Transaction", t.format.says)
	d.add("From", t.From())
	switch t.format.name {
	case "Payment":
		d.payment(t)
	case "AccountDelete":
		d.destination(t)
	case "SetRegularKey":
		d.regularKey(t)
	case "TrustSet":
		d.trustLine(t)
	case "TicketCreate":
		d.add("Tickets to create", t.decimal("TicketCount"))
	}
	for _, f := range t.flags() {
		d.addWarning(f.warning, "Flag", f.name+": "+f.says)
	}
	d.add("Fee", t.MaxFee().String())
	d.order(t)
	d.rest(t)
	return d
}

// lines are a description that grows.
type lines []transaction.Line

func (d *lines) add(label, value string) { d.addWarning(false, label, value) }

func (d *lines) addWarning(warning bool, label, value string) {
	*d = append(*d, transaction.Line{Label: label, Value: value, Warning: warning})
}

func (t *Transaction) network() string {
	if t.has("NetworkID") {
		return "XRPL network with the ID " + t.decimal("NetworkID")
	}
	return t.Chain().Name
}

// decimal writes a number.
func (t *Transaction) decimal(name string) string {
	return strconv.FormatUint(uint64(t.number(name)), 10)
}

func (d *lines) destination(t *Transaction) {
	d.add("To", t.account("Destination"))
	if t.has("DestinationTag") {
		d.add("Destination tag", t.decimal("DestinationTag"))
	} else {
		d.addWarning(true, "Destination tag", "NONE: an exchange or custodian needs one to know whose money it is")
	}
}

func (d *lines) payment(t *Transaction) {
	d.destination(t)
	sum := t.amount("Amount")
	d.add("Amount", sum.said(t.Chain()))
	if t.has("SendMax") {
		most := t.amount("SendMax")
		d.addWarning(!most.sameCurrency(sum), "Costs at most", most.said(t.Chain()))
	} else if sum.issued {
		d.add("Costs at most", "the amount")
	}
	if t.has("DeliverMin") {
		d.add("Arrives at least", t.amount("DeliverMin").said(t.Chain()))
	}
}

func (d *lines) regularKey(t *Transaction) {
	if t.has("RegularKey") {
		d.addWarning(true, "New regular key", t.account("RegularKey")+": its holder can then sign for everything in the account")
	} else {
		d.addWarning(true, "Regular key", "REMOVED: only the account's own key can then sign")
	}
}

func (d *lines) trustLine(t *Transaction) {
	limit := t.amount("LimitAmount")
	d.add("Issuer", limit.token())
	d.add("Limit", limit.said(t.Chain()))
	if limit.isZero() {
		d.addWarning(true, "Limit", "ZERO: the line is removed once nothing is held on it")
	}
	for _, q := range []struct{ name, label string }{{"QualityIn", "Value of what comes in"}, {"QualityOut", "Value of what goes out"}} {
		if t.has(q.name) {
			d.addWarning(t.number(q.name) != 0, q.label, t.decimal(q.name)+" / 1000000000 (0: at its full value)")
		}
	}
}

// flags are the flags that are set.
func (t *Transaction) flags() []flag {
	known, _ := t.format.flagsSaid(t.number("Flags"))
	return known
}

// order says what the transaction has to wait for, and how long it can wait.
func (d *lines) order(t *Transaction) {
	if t.has("TicketSequence") {
		d.add("Ticket", t.decimal("TicketSequence"))
	} else {
		d.add("Sequence", t.decimal("Sequence")+": valid only as the account's next transaction")
	}
	if t.has("LastLedgerSequence") {
		d.add("Valid until", "ledger "+t.decimal("LastLedgerSequence"))
	} else {
		d.add("Valid until", "used, without a limit")
	}
	if t.has("AccountTxnID") {
		d.add("Valid after", "transaction "+t.hexadecimal("AccountTxnID"))
	}
}

// rest says the fields that nothing depends on.
func (d *lines) rest(t *Transaction) {
	if t.has("SourceTag") {
		d.add("Source tag", t.decimal("SourceTag"))
	}
	if t.has("InvoiceID") {
		d.add("Invoice ID", t.hexadecimal("InvoiceID"))
	}
	if t.has("Flags") {
		d.add("All flags", fmt.Sprintf("0x%08x", t.number("Flags")))
	}
	if t.has(signerField) {
		d.add("Signing key", t.signingKey())
	}
}

func (t *Transaction) hexadecimal(name string) string {
	return strings.ToUpper(hex.EncodeToString(t.values[placeOf(name)]))
}

func (t *Transaction) signingKey() string {
	if key := t.hexadecimal(signerField); key != "" {
		return key
	}
	return "not named yet"
}
