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
	var d transaction.Lines
	d.Add("Network", t.network())
	addOrMark(&d, t.format.name == "AccountDelete", "Transaction", t.format.says)
	d.Add("From", t.From())
	switch t.format.name {
	case "Payment":
		t.describePayment(&d)
	case "AccountDelete":
		t.describeDestination(&d)
	case "SetRegularKey":
		t.describeRegularKey(&d)
	case "TrustSet":
		t.describeTrustLine(&d)
	case "TicketCreate":
		d.Add("Tickets to create", t.decimal(fTicketCount))
	}
	for _, f := range t.flags() {
		addOrMark(&d, f.warning, "Flag", f.name+": "+f.says)
	}
	d.Add("Fee", t.MaxFee().String())
	t.describeOrder(&d)
	t.describeRest(&d)
	return d
}

// addOrMark adds a line that is a warning in some cases.
func addOrMark(d *transaction.Lines, warning bool, label, value string) {
	if warning {
		d.Mark(label, value)
	} else {
		d.Add(label, value)
	}
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

func (t *Transaction) describeDestination(d *transaction.Lines) {
	d.Add("To", t.account(fDestination))
	if t.has(fDestinationTag) {
		d.Add("Destination tag", t.decimal(fDestinationTag))
	} else {
		d.Mark("Destination tag", "NONE: an exchange or custodian needs one to know whose money it is")
	}
}

func (t *Transaction) describePayment(d *transaction.Lines) {
	t.describeDestination(d)
	sum := t.amount(fAmount)
	d.Add("Amount", sum.said(t.Chain()))
	if t.has(fSendMax) {
		most := t.amount(fSendMax)
		addOrMark(d, !most.sameCurrency(sum), "Costs at most", most.said(t.Chain()))
	} else if sum.issued {
		d.Add("Costs at most", "the amount")
	}
	if t.has(fDeliverMin) {
		d.Add("Arrives at least", t.amount(fDeliverMin).said(t.Chain()))
	}
}

func (t *Transaction) describeRegularKey(d *transaction.Lines) {
	if t.has(fRegularKey) {
		d.Mark("New regular key", t.account(fRegularKey)+": its holder can then sign for everything in the account")
	} else {
		d.Mark("Regular key", "REMOVED: only the account's own key can then sign")
	}
}

func (t *Transaction) describeTrustLine(d *transaction.Lines) {
	limit := t.amount(fLimitAmount)
	d.Add("Issuer", limit.token())
	d.Add("Limit", limit.said(t.Chain()))
	if limit.isZero() {
		d.Mark("Limit", "ZERO: the line is removed once nothing is held on it")
	}
	for _, q := range []struct {
		at    int
		label string
	}{{fQualityIn, "Value of what comes in"}, {fQualityOut, "Value of what goes out"}} {
		if t.has(q.at) {
			addOrMark(d, t.number(q.at) != 0, q.label, t.decimal(q.at)+" / 1000000000 (0: at its full value)")
		}
	}
}

// flags are the flags that are set.
func (t *Transaction) flags() []flag {
	known, _ := t.format.flagsSaid(t.number(fFlags))
	return known
}

// describeOrder says what the transaction has to wait for, and how long it can wait.
func (t *Transaction) describeOrder(d *transaction.Lines) {
	if t.has(fTicketSequence) {
		d.Add("Ticket", t.decimal(fTicketSequence))
	} else {
		d.Add("Sequence", t.decimal(fSequence)+": valid only as the account's next transaction")
	}
	if t.has(fLastLedgerSequence) {
		d.Add("Valid until", "ledger "+t.decimal(fLastLedgerSequence))
	} else {
		d.Add("Valid until", "used, without a limit")
	}
	if t.has(fAccountTxnID) {
		d.Add("Valid after", "transaction "+t.hexadecimal(fAccountTxnID))
	}
}

// describeRest says the fields that nothing depends on.
func (t *Transaction) describeRest(d *transaction.Lines) {
	if t.has(fSourceTag) {
		d.Add("Source tag", t.decimal(fSourceTag))
	}
	if t.has(fInvoiceID) {
		d.Add("Invoice ID", t.hexadecimal(fInvoiceID))
	}
	if t.has(fFlags) {
		d.Add("All flags", fmt.Sprintf("0x%08x", t.number(fFlags)))
	}
	if t.has(fSigningPubKey) {
		d.Add("Signing key", t.signingKey())
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
