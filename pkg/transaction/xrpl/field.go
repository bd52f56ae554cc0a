package xrpl

import "strings"

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

// The fields of the transactions that are understood, in canonical order: by
// type code, then by field code (XRP Ledger documents, "Serialization Format").
var fields = []field{
	{"TransactionType", kindUint16, 2},
	{"NetworkID", kindUint32, 1},
	{"Flags", kindUint32, 2},
	{"SourceTag", kindUint32, 3},
	{"Sequence", kindUint32, 4},
	{"DestinationTag", kindUint32, 14},
	{"QualityIn", kindUint32, 20},
	{"QualityOut", kindUint32, 21},
	{"LastLedgerSequence", kindUint32, 27},
	{"TicketCount", kindUint32, 40},
	{"TicketSequence", kindUint32, 41},
	{"AccountTxnID", kindHash256, 9},
	{"InvoiceID", kindHash256, 17},
	{"Amount", kindAmount, 1},
	{"LimitAmount", kindAmount, 3},
	{"Fee", kindAmount, 8},
	{"SendMax", kindAmount, 9},
	{"DeliverMin", kindAmount, 10},
	{"SigningPubKey", kindBlob, 3},
	{"TxnSignature", kindBlob, 4},
	{"Account", kindAccount, 1},
	{"Destination", kindAccount, 3},
	{"RegularKey", kindAccount, 8},
}

// Names of fields that the code asks for.
const (
	typeField     = "TransactionType"
	signerField   = "SigningPubKey"
	signatureName = "TxnSignature"
)

// place returns where in the canonical order the field is, or -1.
func place(match func(field) bool) int {
	for i, f := range fields {
		if match(f) {
			return i
		}
	}
	return -1
}

func placeOf(name string) int { return place(func(f field) bool { return f.name == name }) }

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
var common = []string{
	typeField, "NetworkID", "Flags", "SourceTag", "Sequence", "LastLedgerSequence", "TicketSequence",
	"AccountTxnID", "Fee", signerField, signatureName, "Account",
}

// format is one type of transaction.
type format struct {
	name     string
	code     uint16
	says     string // what it does
	required []string
	optional []string
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
		required: []string{"Destination", "Amount"},
		optional: []string{"DestinationTag", "InvoiceID", "SendMax", "DeliverMin"},
		flags: []flag{
			{partialPayment, "tfPartialPayment", "PARTIAL PAYMENT: the destination may get less than the amount", true},
			{0x00040000, "tfLimitQuality", "only exchange rates as good as amount / at most", false},
		},
	},
	{
		name: "SetRegularKey", code: 5, says: "Set or remove the regular key, which can sign for the whole account",
		optional: []string{"RegularKey"},
	},
	{
		name: "TicketCreate", code: 10, says: "Create tickets, which later transactions use instead of a sequence number",
		required: []string{"TicketCount"},
	},
	{
		name: "TrustSet", code: 20, says: "Set a trust line, the limit of an issued currency that the account accepts",
		required: []string{"LimitAmount"},
		optional: []string{"QualityIn", "QualityOut"},
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
		required: []string{"Destination"},
		optional: []string{"DestinationTag"},
	},
}

func formatOf(match func(*format) bool) *format {
	for i := range formats {
		if match(&formats[i]) {
			return &formats[i]
		}
	}
	return nil
}

// takes tells whether the type may have a field.
func (f *format) takes(name string) bool {
	for _, list := range [][]string{common, f.required, f.optional} {
		for _, have := range list {
			if have == name {
				return true
			}
		}
	}
	return false
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
