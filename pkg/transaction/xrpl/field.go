package xrpl

import (
	"slices"
	"strings"
)

// kind is the type of a field's value, by the type code of the binary format.
type kind byte

const (
	kindUint16  kind = 1
	kindUint32  kind = 2
	kindHash256 kind = 5
	kindAmount  kind = 6
	kindBlob    kind = 7
	kindAccount kind = 8
)

// field is one field of the binary format: its name in JSON, the type code and
// the field code. Both are below 16 for all types here, and the type is for all
// fields, so that a header is one byte, or two with a field code of 16 and above.
type field struct {
	name string
	kind kind
	code byte
}

// The places of the fields of the transactions that are understood, in canonical
// order: by type code, then by field code (XRP Ledger documents, "Serialization
// Format").
const (
	fTransactionType = iota
	fNetworkID
	fFlags
	fSourceTag
	fSequence
	fDestinationTag
	fQualityIn
	fQualityOut
	fLastLedgerSequence
	fTicketCount
	fTicketSequence
	fAccountTxnID
	fInvoiceID
	fAmount
	fLimitAmount
	fFee
	fSendMax
	fDeliverMin
	fSigningPubKey
	fTxnSignature
	fAccount
	fDestination
	fRegularKey
	fieldCount
)

// fields are the fields by their place.
var fields = [fieldCount]field{
	fTransactionType:    {"TransactionType", kindUint16, 2},
	fNetworkID:          {"NetworkID", kindUint32, 1},
	fFlags:              {"Flags", kindUint32, 2},
	fSourceTag:          {"SourceTag", kindUint32, 3},
	fSequence:           {"Sequence", kindUint32, 4},
	fDestinationTag:     {"DestinationTag", kindUint32, 14},
	fQualityIn:          {"QualityIn", kindUint32, 20},
	fQualityOut:         {"QualityOut", kindUint32, 21},
	fLastLedgerSequence: {"LastLedgerSequence", kindUint32, 27},
	fTicketCount:        {"TicketCount", kindUint32, 40},
	fTicketSequence:     {"TicketSequence", kindUint32, 41},
	fAccountTxnID:       {"AccountTxnID", kindHash256, 9},
	fInvoiceID:          {"InvoiceID", kindHash256, 17},
	fAmount:             {"Amount", kindAmount, 1},
	fLimitAmount:        {"LimitAmount", kindAmount, 3},
	fFee:                {"Fee", kindAmount, 8},
	fSendMax:            {"SendMax", kindAmount, 9},
	fDeliverMin:         {"DeliverMin", kindAmount, 10},
	fSigningPubKey:      {"SigningPubKey", kindBlob, 3},
	fTxnSignature:       {"TxnSignature", kindBlob, 4},
	fAccount:            {"Account", kindAccount, 1},
	fDestination:        {"Destination", kindAccount, 3},
	fRegularKey:         {"RegularKey", kindAccount, 8},
}

// placeOf returns the place of the field that JSON calls name, or -1.
func placeOf(name string) int {
	for i := range fields {
		if fields[i].name == name {
			return i
		}
	}
	return -1
}

// header returns the bytes in front of the field's value.
func (f field) header() []byte {
	if f.code < 16 {
		return []byte{byte(f.kind)<<4 | f.code}
	}
	return []byte{byte(f.kind) << 4, f.code}
}

// prefixed tells whether a length is in front of the value.
func (k kind) prefixed() bool { return k == kindBlob || k == kindAccount }

// common are the fields that any transaction may have. Delegate, Memos and
// Signers are not among them.
var common = []int{
	fTransactionType, fNetworkID, fFlags, fSourceTag, fSequence, fLastLedgerSequence, fTicketSequence, fAccountTxnID, fFee,
	fSigningPubKey, fTxnSignature, fAccount,
}

// format is one type of transaction.
type format struct {
	name     string
	code     uint16
	says     string // what it does
	required []int
	optional []int
	flags    []flag
}

// flag is one bit of the field Flags.
type flag struct {
	bit     uint32
	name    string
	says    string
	warning bool
}

// tfFullyCanonicalSig is a flag of all types, without an effect since 2021.
var canonicalFlag = flag{0x80000000, "tfFullyCanonicalSig", "the signature has to be canonical", false}

// partialPayment is the flag of Payment that lets less arrive than Amount says.
const partialPayment = 0x00020000

// The transactions that are understood (XRP Ledger documents, "Transaction
// Types").
var formats = []format{
	{
		name: "Payment", code: 0, says: "Payment",
		required: []int{fDestination, fAmount},
		optional: []int{fDestinationTag, fInvoiceID, fSendMax, fDeliverMin},
		flags: []flag{
			{partialPayment, "tfPartialPayment", "PARTIAL PAYMENT: the destination may get less than the amount", true},
			{0x00040000, "tfLimitQuality", "only exchange rates as good as amount / at most", false},
		},
	},
	{
		name: "SetRegularKey", code: 5, says: "Set or remove the regular key, which can sign for the whole account",
		optional: []int{fRegularKey},
	},
	{
		name: "TicketCreate", code: 10, says: "Create tickets, which later transactions use instead of a sequence number",
		required: []int{fTicketCount},
	},
	{
		name: "TrustSet", code: 20, says: "Set a trust line, the limit of an issued currency that the account accepts",
		required: []int{fLimitAmount},
		optional: []int{fQualityIn, fQualityOut},
		flags: []flag{
			{0x00010000, "tfSetfAuth", "authorises the other side to hold what this account issues", true},
			{0x00020000, "tfSetNoRipple", "no rippling through this line", false},
			{0x00040000, "tfClearNoRipple", "allows rippling through this line", true},
			{0x00100000, "tfSetFreeze", "FREEZES the line", true},
			{0x00200000, "tfClearFreeze", "ends a freeze of the line", false},
		},
	},
	{
		name: "AccountDelete", code: 21, says: "DELETE THE ACCOUNT and send all the XRP that is left to the destination",
		required: []int{fDestination},
		optional: []int{fDestinationTag},
	},
}

// formatNamed returns the type that JSON calls name, or nil.
func formatNamed(name string) *format {
	for i := range formats {
		if formats[i].name == name {
			return &formats[i]
		}
	}
	return nil
}

// formatCoded returns the type of a code, or nil.
func formatCoded(code uint16) *format {
	for i := range formats {
		if formats[i].code == code {
			return &formats[i]
		}
	}
	return nil
}

// takes tells whether the type may have the field at a place.
func (f *format) takes(at int) bool {
	return slices.Contains(common, at) || slices.Contains(f.required, at) || slices.Contains(f.optional, at)
}

// flagsSaid returns the known flags among the bits, and the bits that are not.
func (f *format) flagsSaid(bits uint32) (known []flag, unknown uint32) {
	for _, flag := range append([]flag{canonicalFlag}, f.flags...) {
		if bits&flag.bit != 0 {
			known = append(known, flag)
			bits &^= flag.bit
		}
	}
	return known, bits
}

// typeNames joins the names of the transactions that are understood.
func typeNames() string {
	var names []string
	for _, f := range formats {
		names = append(names, f.name)
	}
	return strings.Join(names, ", ")
}
