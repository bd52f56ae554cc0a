package xrpl

import (
	"recover/pkg/transaction"
)

// maxTickets is the most tickets that an account may have.
const maxTickets = 250

// check refuses fields that the type does not have, and what the ledger does not
// take in any case.
func (t *Transaction) check() error {
	for i, value := range t.values {
		if value != nil && !t.format.takes(fields[i].name) {
			return transaction.Refuse(transaction.Unsupported, "a %s with the field %s is not understood", t.format.name, fields[i].name)
		}
	}
	for _, name := range append([]string{"Account", "Fee", "Sequence"}, t.format.required...) {
		if !t.has(name) {
			return transaction.Syntax(name, "missing")
		}
	}
	if t.amount("Fee").issued {
		return transaction.Syntax("Fee", "not XRP")
	}
	if (t.number("Sequence") == 0) != t.has("TicketSequence") {
		return transaction.Syntax("Sequence", "it is 0 with a TicketSequence, and with nothing else")
	}
	if t.has("TicketSequence") && t.number("TicketSequence") == 0 {
		return transaction.Syntax("TicketSequence", "no ticket has the number 0")
	}
	if t.has("TicketSequence") && t.has("AccountTxnID") {
		return transaction.Syntax("AccountTxnID", "not with a ticket")
	}
	if t.has("NetworkID") && t.number("NetworkID") <= 1024 {
		return transaction.Syntax("NetworkID", "networks up to 1024 have no such field")
	}
	if _, unknown := t.format.flagsSaid(t.number("Flags")); unknown != 0 {
		return transaction.Refuse(transaction.Unsupported, "the flags 0x%08x of a %s are not understood", unknown, t.format.name)
	}
	if key := t.values[placeOf(signerField)]; len(key) > 0 {
		if account, err := signer(key); err != nil || account != t.From() {
			return transaction.Refuse(transaction.Unsupported, "%s is not the account's own key: signing with a regular key is not understood", signerField)
		}
	}
	return t.checkType()
}

func (t *Transaction) checkType() error {
	switch t.format.name {
	case "Payment":
		return t.checkPayment()
	case "AccountDelete":
		if t.equal("Account", "Destination") {
			return transaction.Syntax("Destination", "the account that is deleted")
		}
	case "SetRegularKey":
		if t.equal("Account", "RegularKey") {
			return transaction.Syntax("RegularKey", "the account's own key")
		}
	case "TrustSet":
		limit := t.amount("LimitAmount")
		if !limit.issued || limit.token() == t.From() {
			return transaction.Syntax("LimitAmount", "not of a currency that another account issues")
		}
	case "TicketCreate":
		if n := t.number("TicketCount"); n == 0 || n > maxTickets {
			return transaction.Syntax("TicketCount", "not 1 to %d", maxTickets)
		}
	}
	return nil
}

// checkPayment refuses what the ledger calls malformed.
func (t *Transaction) checkPayment() error {
	sum := t.amount("Amount")
	if sum.isZero() {
		return transaction.Syntax("Amount", "nothing is paid")
	}
	partial := t.number("Flags")&partialPayment != 0
	direct := !sum.issued && !t.has("SendMax")
	switch {
	case direct && t.equal("Account", "Destination"):
		return transaction.Syntax("Destination", "the account that pays")
	case direct && partial:
		return transaction.Syntax("Flags", "XRP cannot be paid partially")
	case t.has("DeliverMin") && !partial:
		return transaction.Syntax("DeliverMin", "only with the flag of a partial payment")
	case t.has("DeliverMin") && (!t.amount("DeliverMin").sameCurrency(sum) || t.amount("DeliverMin").isZero()):
		return transaction.Syntax("DeliverMin", "zero, or not of the amount's currency and issuer")
	case t.has("SendMax") && t.amount("SendMax").isZero():
		return transaction.Syntax("SendMax", "zero")
	case t.has("SendMax") && !sum.issued && !t.amount("SendMax").issued:
		return transaction.Syntax("SendMax", "not where XRP is paid with XRP")
	}
	return nil
}
