package tron

import (
	"encoding/hex"
	"time"

	"recover/pkg/transaction"
)

func line(label, value string) transaction.Line {
	return transaction.Line{Label: label, Value: value}
}

func warning(value string) transaction.Line {
	return transaction.Line{Label: "Warning", Value: value, Warning: true}
}

// Describe implements transaction.Transaction.
func (t *Transaction) Describe() []transaction.Line {
	lines := []transaction.Line{line("Network", t.Chain().String()), line("From", t.From())}
	if t.token == nil {
		lines = append(lines, line("Action", "send TRX"), line("To", t.to.String()), line("Amount", t.shownAmount().String()))
	} else {
		lines = append(lines, t.describeToken()...)
	}
	if t.to == (account{}) || t.token != nil && t.to == *t.token {
		lines = append(lines, warning("nobody can spend from this destination: what goes there is lost"))
	}
	if len(t.memo) > 0 {
		lines = append(lines, line("Memo", transaction.Quote(string(t.memo))+", hex "+hex.EncodeToString(t.memo)))
	}
	lines = append(lines,
		line("Highest fee", t.MaxFee().String()+" by the network's usual prices, without free bandwidth"),
		line("Expires", moment(t.expiration)))
	if t.feeLimit > 0 || t.token != nil {
		lines = append(lines, line("Fee limit", t.Chain().Native(units(t.feeLimit)).String()+" for the energy of the call"))
	}
	if t.timestamp != 0 {
		lines = append(lines, line("Made", moment(t.timestamp)))
	}
	return append(lines, line("Reference block", hex.EncodeToString(t.refBlockBytes[:])+" "+hex.EncodeToString(t.refBlockHash[:])))
}

func (t *Transaction) describeToken() []transaction.Line {
	contract := line("Token contract", t.token.String())
	amount := line("Amount", t.shownAmount().String())
	if k, known := t.lookUp(*t.token); known {
		contract.Value += " (" + k.Symbol + ")"
		amount.Value += " (" + t.amount.String() + " of the smallest unit)"
	} else {
		contract.Value += " (not known here)"
		contract.Warning = true
	}
	return []transaction.Line{line("Action", "send tokens (TRC-20 transfer)"), line("To", t.to.String()), amount, contract}
}

// moment writes a time to the millisecond.
func moment(ms int64) string {
	return time.UnixMilli(ms).UTC().Format("2006-01-02 15:04:05.000 UTC")
}
