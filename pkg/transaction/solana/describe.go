package solana

import (
	"fmt"
	"slices"

	"recover/pkg/transaction"
)

// Describe says who signs and pays, every instruction, and how long the
// transaction is valid.
func (t *Transaction) Describe() []transaction.Line {
	var all transaction.Lines
	all.Add("Network", "Solana, or one of its test networks: the transaction does not say which")
	all.Add("Signed by", t.signer.String())
	t.describeOthers(&all)
	for _, e := range t.effects {
		all = append(all, e.lines...)
	}
	all.Add("Fee at most", t.MaxFee().String())
	t.describeValidity(&all)
	all.Add("Message", t.form())
	for _, l := range t.message.lookups {
		all.Mark("Lookup table", l.table.String()+": its content was given, and is not part of what is signed")
	}
	return all
}

// describeOthers says who else signs, and who pays.
func (t *Transaction) describeOthers(all *transaction.Lines) {
	for i, s := range t.signatures {
		key := t.message.keys[i]
		switch {
		case key == t.signer:
		case s == [signatureSize]byte{}:
			all.Mark("Also needs the signature of", key.String())
		default:
			all.Add("Signed already by", key.String())
		}
	}
	if payer := t.message.keys[0]; payer != t.signer {
		all.Add("Fee paid by", payer.String())
	}
}

// describeValidity says what the blockhash of the message is.
func (t *Transaction) describeValidity(all *transaction.Lines) {
	if t.nonce != nil {
		all.Add("Durable nonce", t.message.blockhash.String())
		all.Add("Valid until", "the nonce account is used or changed")
		return
	}
	all.Add("Recent blockhash", t.message.blockhash.String())
	all.Mark("Valid for", "150 blocks after that one, about a minute: too short to carry it by hand; a durable nonce has no such limit")
}

// form is the shape of the message, so that nothing of it is left unsaid.
func (t *Transaction) form() string {
	version := "legacy"
	if t.message.versioned {
		version = "version 0"
	}
	var readOnly []int
	for i, a := range t.accounts {
		if !a.writable {
			readOnly = append(readOnly, i+1)
		}
	}
	return fmt.Sprintf("%s, %d accounts, %d of them sign, read-only: %s", version, len(t.accounts), t.message.signers, places(readOnly))
}

// places writes "1, 3-5", or "none".
func places(all []int) string {
	if len(all) == 0 {
		return "none"
	}
	text := ""
	for len(all) > 0 {
		n := 1
		for n < len(all) && all[n] == all[0]+n {
			n++
		}
		if text != "" {
			text += ", "
		}
		text += fmt.Sprint(all[0])
		if n > 1 {
			text += fmt.Sprintf("-%d", all[n-1])
		}
		all = slices.Clone(all[n:])
	}
	return text
}
