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
		if value != nil && !t.format.takes(i) {
			return transaction.Refuse(transaction.Unsupported, "a %s with the field %s is not understood", t.format.name, fields[i].name)
		}
	}
	for _, at := range append([]int{fAccount, fFee, fSequence}, t.format.required...) {
		if !t.has(at) {
			return transaction.Syntax(fields[at].name, "missing")
		}
	}
	if t.amount(fFee).issued {
		return transaction.Syntax("Fee", "not XRP")
	}
	if (t.number(fSequence) == 0) != t.has(fTicketSequence) {
		return transaction.Syntax("Sequence", "it is 0 with a TicketSequence, and with nothing else")
	}
	if t.has(fTicketSequence) && t.number(fTicketSequence) == 0 {
		return transaction.Syntax("TicketSequence", "no ticket has the number 0")
	}
	if t.has(fTicketSequence) && t.has(fAccountTxnID) {
		return transaction.Syntax("AccountTxnID", "not with a ticket")
	}
	if t.has(fNetworkID) && t.number(fNetworkID) <= 1024 {
		return transaction.Syntax("NetworkID", "networks up to 1024 have no such field")
	}
	if _, unknown := t.format.flagsSaid(t.number(fFlags)); unknown != 0 {
		return transaction.Refuse(transaction.Unsupported, "the flags 0x%08x of a %s are not understood", unknown, t.format.name)
	}
	if key := t.values[fSigningPubKey]; len(key) > 0 {
		if account, err := signer(key); err != nil || account != t.From() {
			return transaction.Refuse(transaction.Unsupported, "SigningPubKey is not the account's own key: signing with a regular key is not understood")
		}
	}
	return t.checkType()
}

func (t *Transaction) checkType() error {
	switch t.format.name {
	case "Payment":
		return t.checkPayment()
	case "AccountDelete":
		if t.equal(fAccount, fDestination) {
			return transaction.Syntax("Destination", "the account that is deleted")
		}
	case "SetRegularKey":
		if t.equal(fAccount, fRegularKey) {
			return transaction.Syntax("RegularKey", "the account's own key")
		}
	case "TrustSet":
		limit := t.amount(fLimitAmount)
		if !limit.issued || limit.token() == t.From() {
			return transaction.Syntax("LimitAmount", "not of a currency that another account issues")
		}
	case "TicketCreate":
		if n := t.number(fTicketCount); n == 0 || n > maxTickets {
			return transaction.Syntax("TicketCount", "not 1 to %d", maxTickets)
		}
	}
	return nil
}

// checkPayment refuses what the ledger calls malformed.
func (t *Transaction) checkPayment() error {
	sum := t.amount(fAmount)
	if sum.isZero() {
		return transaction.Syntax("Amount", "nothing is paid")
	}
	partial := t.number(fFlags)&partialPayment != 0
	direct := !sum.issued && !t.has(fSendMax)
	switch {
	case direct && t.equal(fAccount, fDestination):
		return transaction.Syntax("Destination", "the account that pays")
	case direct && partial:
		return transaction.Syntax("Flags", "XRP cannot be paid partially")
	case t.has(fDeliverMin) && !partial:
		return transaction.Syntax("DeliverMin", "only with the flag of a partial payment")
	case t.has(fDeliverMin) && (!t.amount(fDeliverMin).sameCurrency(sum) || t.amount(fDeliverMin).isZero()):
		return transaction.Syntax("DeliverMin", "zero, or not of the amount's currency and issuer")
	case t.has(fSendMax) && t.amount(fSendMax).isZero():
		return transaction.Syntax("SendMax", "zero")
	case t.has(fSendMax) && !sum.issued && !t.amount(fSendMax).issued:
		return transaction.Syntax("SendMax", "not where XRP is paid with XRP")
	}
	return nil
}
