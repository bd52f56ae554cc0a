package tron

import (
	"math/big"
	"time"

	"recover/pkg/transaction"
)

// Describe implements transaction.Transaction.
func (t *Transaction) Describe() []transaction.Line {
	var l transaction.Lines
	l.Add("Network", t.Chain().String())
	l.Add("From", t.From())
	if t.token == nil {
		l.Add("Action", "send TRX")
		l.Add("To", t.to.String())
		l.Add("Amount", t.shownAmount().String())
	} else {
		t.describeToken(&l)
	}
	if t.to == (account{}) || t.token != nil && t.to == *t.token {
		l.Warn("nobody can spend from this destination: what goes there is lost")
	}
	if len(t.memo) > 0 {
		l.Addf("Memo", "%s, hex %x", transaction.Quote(string(t.memo)), t.memo)
	}
	l.Add("Highest fee", t.MaxFee().String()+" by the network's usual prices, without free bandwidth")
	l.Add("Expires", moment(t.expiration))
	if t.feeLimit > 0 || t.token != nil {
		l.Add("Fee limit", t.Chain().Native(big.NewInt(t.feeLimit)).String()+" for the energy of the call")
	}
	if t.timestamp != 0 {
		l.Add("Made", moment(t.timestamp))
	}
	l.Addf("Reference block", "%x %x", t.refBlockBytes, t.refBlockHash)
	return l
}

func (t *Transaction) describeToken(l *transaction.Lines) {
	l.Add("Action", "send tokens (TRC-20 transfer)")
	l.Add("To", t.to.String())
	if k, known := t.lookUp(*t.token); known {
		l.Addf("Amount", "%s (%d of the smallest unit)", t.shownAmount(), t.amount)
		l.Add("Token contract", t.token.String()+" ("+k.Symbol+")")
	} else {
		l.Add("Amount", t.shownAmount().String())
		l.Mark("Token contract", t.token.String()+" (not known here)")
	}
}

// moment writes a time to the millisecond.
func moment(ms int64) string {
	return time.UnixMilli(ms).UTC().Format("2006-01-02 15:04:05.000 UTC")
}
