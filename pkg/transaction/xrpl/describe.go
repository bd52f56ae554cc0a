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
		d.add("Tickets to create", t.decimal(fTicketCount))
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

// add and addWarning are not inlined: there are so many calls that the program
// would grow by them.
//
//go:noinline
func (d *lines) add(label, value string) { d.addWarning(false, label, value) }

//go:noinline
func (d *lines) addWarning(warning bool, label, value string) {
	*d = append(*d, transaction.Line{Label: label, Value: value, Warning: warning})
}

func (t *Transaction) network() string {
	if t.has(fNetworkID) {
		return "XRPL network with the ID " + t.decimal(fNetworkID)
	}
	return t.Chain().Name
}

// decimal writes a number.
func (t *Transaction) decimal(at int) string {
	return strconv.FormatUint(uint64(t.number(at)), 10)
}

func (d *lines) destination(t *Transaction) {
	d.add("To", t.account(fDestination))
	if t.has(fDestinationTag) {
		d.add("Destination tag", t.decimal(fDestinationTag))
	} else {
		d.addWarning(true, "Destination tag", "NONE: an exchange or custodian needs one to know whose money it is")
	}
}

func (d *lines) payment(t *Transaction) {
	d.destination(t)
	sum := t.amount(fAmount)
	d.add("Amount", sum.said(t.Chain()))
	if t.has(fSendMax) {
		most := t.amount(fSendMax)
		d.addWarning(!most.sameCurrency(sum), "Costs at most", most.said(t.Chain()))
	} else if sum.issued {
		d.add("Costs at most", "the amount")
	}
	if t.has(fDeliverMin) {
		d.add("Arrives at least", t.amount(fDeliverMin).said(t.Chain()))
	}
}

func (d *lines) regularKey(t *Transaction) {
	if t.has(fRegularKey) {
		d.addWarning(true, "New regular key", t.account(fRegularKey)+": its holder can then sign for everything in the account")
	} else {
		d.addWarning(true, "Regular key", "REMOVED: only the account's own key can then sign")
	}
}

func (d *lines) trustLine(t *Transaction) {
	limit := t.amount(fLimitAmount)
	d.add("Issuer", limit.token())
	d.add("Limit", limit.said(t.Chain()))
	if limit.isZero() {
		d.addWarning(true, "Limit", "ZERO: the line is removed once nothing is held on it")
	}
	for _, q := range []struct {
		at    int
		label string
	}{{fQualityIn, "Value of what comes in"}, {fQualityOut, "Value of what goes out"}} {
		if t.has(q.at) {
			d.addWarning(t.number(q.at) != 0, q.label, t.decimal(q.at)+" / 1000000000 (0: at its full value)")
		}
	}
}

// flags are the flags that are set.
func (t *Transaction) flags() []flag {
	known, _ := t.format.flagsSaid(t.number(fFlags))
	return known
}

// order says what the transaction has to wait for, and how long it can wait.
func (d *lines) order(t *Transaction) {
	if t.has(fTicketSequence) {
		d.add("Ticket", t.decimal(fTicketSequence))
	} else {
		d.add("Sequence", t.decimal(fSequence)+": valid only as the account's next transaction")
	}
	if t.has(fLastLedgerSequence) {
		d.add("Valid until", "ledger "+t.decimal(fLastLedgerSequence))
	} else {
		d.add("Valid until", "used, without a limit")
	}
	if t.has(fAccountTxnID) {
		d.add("Valid after", "transaction "+t.hexadecimal(fAccountTxnID))
	}
}

// rest says the fields that nothing depends on.
func (d *lines) rest(t *Transaction) {
	if t.has(fSourceTag) {
		d.add("Source tag", t.decimal(fSourceTag))
	}
	if t.has(fInvoiceID) {
		d.add("Invoice ID", t.hexadecimal(fInvoiceID))
	}
	if t.has(fFlags) {
		d.add("All flags", fmt.Sprintf("0x%08x", t.number(fFlags)))
	}
	if t.has(fSigningPubKey) {
		d.add("Signing key", t.signingKey())
	}
}

func (t *Transaction) hexadecimal(at int) string {
	return strings.ToUpper(hex.EncodeToString(t.values[at]))
}

func (t *Transaction) signingKey() string {
	if key := t.hexadecimal(fSigningPubKey); key != "" {
		return key
	}
	return "not named yet"
}
