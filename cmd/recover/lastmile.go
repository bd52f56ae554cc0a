package main

import (
	"errors"

	"recover/internal/sheet"
	"recover/pkg/report"
	"recover/pkg/sweep"
	"recover/pkg/transaction"
	"recover/pkg/transaction/chain"
	"recover/pkg/transaction/detect"
	"recover/pkg/wallet/export"
)

// What the verbs that use rebuilt keys (addresses, export, sign, sweep) have in
// common: the roles of their files, and what to do about their errors.

const (
	asRebuilt     role = 100 + iota // a directory of rebuilt keys, or a file in it
	asList                          // of addresses or destinations
	asTransaction                   // to be signed
	asState
	asPlan
)

// errSmallWindow is of a code that a camera could not see the whole of.
var errSmallWindow = errors.New("the window has too few lines for this QR code")

// lastMileAdvice is about an error of these verbs.
func lastMileAdvice(err error) advice {
	var file *fileError
	var form *export.FormatError
	switch {
	case is[*unprovedError](err):
		return advice{"key-unproved", "compare its address with a source outside the bucket first; if it is right, add --accept-unproved"}
	case is[*noKeyError](err):
		return advice{"key-not-there", "\"recover addresses --keys DIR\" lists the key IDs; keys of a divided run are in several directories"}
	case is[*listError](err):
		return advice{"list-invalid", "correct these lines in a copy of the list; every other line can be read"}
	case is[*transaction.AccountError](err):
		return advice{"account-of-other-key", "\"recover addresses --keys DIR\" shows which key has which address"}
	case errors.As(err, &form):
		return formatAdvice(form)
	case errors.As(err, &file) && file.role == asRebuilt:
		return rebuiltAdvice(err)
	case errors.As(err, &file) && (errors.Is(err, sheet.ErrNone) || errors.Is(err, errNoAddresses)):
		return advice{"list-empty", "give a CSV file with an address on each line, as a spreadsheet saves it"}
	}
	switch {
	case errors.Is(err, errOtherPlan):
		return advice{"plan-changed", "do not sign it: compare it with the approved copy, or have this one approved"}
	case errors.Is(err, sweep.ErrPlan), errors.Is(err, sweep.ErrSums):
		return planEdited
	case errors.Is(err, errSmallWindow):
		return advice{"window-small", "make the window larger or its letters smaller, and run it again; or have a picture written with --out FILE instead of --show"}
	case errors.Is(err, errStopped):
		return advice{"signing-stopped", "start again when ready"}
	case is[sweep.Faults](err) && file != nil && file.role == asPlan:
		return planEdited
	case is[sweep.Faults](err):
		return advice{"sweep-invalid", "correct the file in a copy, and make the plan again; docs/after-the-rebuild.md describes the files"}
	}
	if errors.Is(err, errNotAgreed) {
		return advice{"not-agreed", "if it is right after all, run the same command again"}
	}
	if file != nil && file.role == asTransaction {
		if h := transactionAdvice(err); h != (advice{}) {
			return h
		}
	}
	return refusalAdvice(err)
}

// transactionAdvice is about a file that is to be signed.
func transactionAdvice(err error) advice {
	switch {
	case errors.Is(err, detect.ErrUnknown):
		return advice{"transaction-unknown", "docs/transactions.md lists the forms that are read; --blind signs a digest that something else made"}
	case is[*transaction.SyntaxError](err), is[*detect.AmbiguousError](err):
		return advice{"transaction-invalid", "build the transaction again with a wallet or library that writes one of the forms of docs/transactions.md"}
	case errors.Is(err, errNotHex), errors.Is(err, errNotDigest):
		return advice{"blind-not-a-digest", "remove --blind if this is a transaction: it is then shown in words"}
	case errors.Is(err, transaction.ErrSignature):
		return advice{"signature-wrong", "do not trust this machine: repeat it on another one"}
	}
	return advice{}
}

func rebuiltAdvice(err error) advice {
	switch {
	case errors.Is(err, report.ErrNoKeys):
		return advice{"keys-not-there", "give the directory that was --out of the rebuild"}
	case is[*report.SegmentError](err):
		return advice{"keys-foreign", "move what you opened with age to another directory; if it is nothing that you put there, do not use it, and find out where it comes from; if keys are missing then: recover rebuild --resume DIR"}
	case is[*twoKeysError](err):
		return advice{"keys-contradict", "use neither: rebuild into a new directory, with the public keys of the service's list in the record"}
	case errors.Is(err, errNeedsKeyOpener):
		return advice{"keys-identity-missing", "give the age identity with --identity; \"age -d\" opens the files with the same one"}
	case errors.Is(err, errWrongOpener):
		return advice{"keys-identity-wrong", "try the other identities with --identity"}
	case errors.Is(err, errSegmentDamaged), errors.Is(err, report.ErrSegmentChanged):
		return advice{"keys-damaged", "take another copy of the file, or rebuild into a new directory"}
	}
	return advice{}
}

// refusalAdvice is about a transaction that is not signed.
func refusalAdvice(err error) advice {
	var refused *transaction.RefusedError
	if !errors.As(err, &refused) {
		return advice{}
	}
	switch refused.Reason {
	case transaction.FeeTooHigh:
		return advice{"fee-too-high", "lower the fee and build it again, or allow it with --max-fee"}
	case transaction.FeeUnlimited:
		return advice{"fee-unlimited", "give the highest fee that you accept with --max-fee, in the chain's smallest unit"}
	case transaction.UnknownData:
		return advice{"data-unknown", "find out what the data does first; --allow-data signs it all the same"}
	}
	return advice{"transaction-refused", "build a plain transfer instead; docs/transactions.md lists what is understood"}
}

func formatAdvice(e *export.FormatError) advice {
	if e.Algorithm == "ED25519" {
		return advice{"format-unknown", "for ED25519 there are scalar-hex-big and scalar-hex-little; \"recover sign\" and \"recover sweep\" move the funds without an export"}
	}
	return advice{"format-unknown", "the formats are hex, wif, descriptor, eth-keystore, pem and pem-sec1"}
}

var planEdited = advice{"plan-invalid", "make the plan again with \"recover sweep plan\"; it cannot be edited"}

// readSheet reads a list as a spreadsheet writes it.
func readSheet(path string) ([]sheet.Row, error) {
	return parseFile(path, asList, sheet.MaxSize, sheet.Read)
}

// broadcastWith says which call of a node takes a signed transaction.
func broadcastWith(c chain.Chain) string {
	switch c.Family {
	case chain.EVM:
		return "eth_sendRawTransaction"
	case chain.Bitcoin:
		return "sendrawtransaction"
	case chain.XRPL:
		return "submit, as tx_blob"
	case chain.Solana:
		return "sendTransaction, with encoding base64"
	}
	return "wallet/broadcasthex"
}
