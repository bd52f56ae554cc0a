package xrpl

import (
	"bytes"
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"recover/pkg/transaction"
)

const issuedAmount = `{"currency":"USD","value":"1","issuer":"` + sender + `"}`

// TestPublishedPayment is the example of the XRP Ledger documents,
// "Serialization Format" and "Payment", with its published blob.
func TestPublishedPayment(t *testing.T) {
	const text = `{"TransactionType":"Payment","Account":"rf1BiGeXwwQoi8Z2ueFYTEXSwuJYfV2Jpn",
		"Destination":"ra5nK24KXen9AHvsdFTKHSANinZseWnPcX",
		"Amount":{"currency":"USD","value":"1","issuer":"rf1BiGeXwwQoi8Z2ueFYTEXSwuJYfV2Jpn"},
		"Fee":"10","Flags":2147483648,"Sequence":1}`
	const blob = "1200002280000000240000000161D4838D7EA4C6800000000000000000000000000055534400000000004B4E9C06F24296074F7BC48F92A97916C6DC5EA968400000000000000A" +
		"81144B4E9C06F24296074F7BC48F92A97916C6DC5EA983143E9D4A2B8AA0780F682D136F7A56D6724EF53754"
	tx := mustParse(t, text)
	if got := strings.ToUpper(hex.EncodeToString(tx.Unsigned())); got != blob {
		t.Errorf("blob %s\nwant %s", got, blob)
	}
	want := `Network: XRP Ledger
Transaction: Payment
From: rf1BiGeXwwQoi8Z2ueFYTEXSwuJYfV2Jpn
To: ra5nK24KXen9AHvsdFTKHSANinZseWnPcX
! Destination tag: NONE: an exchange or custodian needs one to know whose money it is
Amount: 1 USD, issued by rf1BiGeXwwQoi8Z2ueFYTEXSwuJYfV2Jpn
Costs at most: the amount
Flag: tfFullyCanonicalSig: the signature has to be canonical
Fee: 0.00001 XRP (10 drops)
Sequence: 1: valid only as the account's next transaction
Valid until: used, without a limit
All flags: 0x80000000
`
	for _, form := range []string{text, blob, strings.ToLower(blob) + "\n", string(unhex(t, blob))} {
		if got := said(mustParse(t, form)); got != want {
			t.Errorf("%s\nwant\n%s", got, want)
		}
	}
	moved := tx.Payments()
	if len(moved) != 1 || moved[0].To != other || moved[0].Token != sender || moved[0].Amount.String() != "1 USD" {
		t.Errorf("payments %+v", moved)
	}
}

// TestDescriptions says one transaction of each type.
func TestDescriptions(t *testing.T) {
	start := `{"Account":"` + sender + `","Fee":"200000","Sequence":0,"TicketSequence":9,"LastLedgerSequence":99,`
	for _, c := range []struct{ text, want string }{
		{payment(`,"Amount":"1500000","DestinationTag":0,"SourceTag":5,"InvoiceID":"` + strings.Repeat("ab", 32) + `"`), `Network: XRP Ledger
Transaction: Payment
From: ` + sender + `
To: ` + other + `
Destination tag: 0
Amount: 1.5 XRP (1500000 drops)
Fee: 0.000012 XRP (12 drops)
Sequence: 7: valid only as the account's next transaction
Valid until: used, without a limit
Source tag: 5
Invoice ID: ` + strings.Repeat("AB", 32) + "\n"},
		{payment(`,"Amount":{"currency":"524C555344000000000000000000000000000000","value":"12.50","issuer":"` + gate + `"},"DestinationTag":7,
			"Flags":131072,"SendMax":"100","DeliverMin":{"currency":"524C555344000000000000000000000000000000","value":"1e1","issuer":"` + gate + `"}`), `Network: XRP Ledger
Transaction: Payment
From: ` + sender + `
To: ` + other + `
Destination tag: 7
Amount: 12.5 524C555344000000000000000000000000000000 (the code reads "RLUSD"), issued by ` + gate + `
! Costs at most: 0.0001 XRP (100 drops)
Arrives at least: 10 524C555344000000000000000000000000000000 (the code reads "RLUSD"), issued by ` + gate + `
! Flag: tfPartialPayment: PARTIAL PAYMENT: the destination may get less than the amount
Fee: 0.000012 XRP (12 drops)
Sequence: 7: valid only as the account's next transaction
Valid until: used, without a limit
All flags: 0x00020000
`},
		{start + `"TransactionType":"AccountDelete","Destination":"` + other + `","DestinationTag":4294967295}`, `Network: XRP Ledger
! Transaction: DELETE THE ACCOUNT and send all the XRP that is left to the destination
From: ` + sender + `
To: ` + other + `
Destination tag: 4294967295
Fee: 0.2 XRP (200000 drops)
Ticket: 9
Valid until: ledger 99
`},
		{start + `"TransactionType":"SetRegularKey","RegularKey":"` + other + `","NetworkID":21337}`, `Network: XRPL network with the ID 21337
Transaction: Set or remove the regular key, which can sign for the whole account
From: ` + sender + `
! New regular key: ` + other + `: its holder can then sign for everything in the account
Fee: 0.2 of its native coin (200000 drops)
Ticket: 9
Valid until: ledger 99
`},
		{start + `"TransactionType":"SetRegularKey"}`, `Network: XRP Ledger
Transaction: Set or remove the regular key, which can sign for the whole account
From: ` + sender + `
! Regular key: REMOVED: only the account's own key can then sign
Fee: 0.2 XRP (200000 drops)
Ticket: 9
Valid until: ledger 99
`},
		{start + `"TransactionType":"TrustSet","LimitAmount":{"currency":"EUR","value":"0","issuer":"` + gate + `"},"QualityIn":0,"QualityOut":5,"Flags":131072}`, `Network: XRP Ledger
Transaction: Set a trust line, the limit of an issued currency that the account accepts
From: ` + sender + `
Issuer: ` + gate + `
Limit: 0 EUR, issued by ` + gate + `
! Limit: ZERO: the line is removed once nothing is held on it
Value of what comes in: 0 / 1000000000 (0: at its full value)
! Value of what goes out: 5 / 1000000000 (0: at its full value)
Flag: tfSetNoRipple: no rippling through this line
Fee: 0.2 XRP (200000 drops)
Ticket: 9
Valid until: ledger 99
All flags: 0x00020000
`},
		{`{"Account":"` + sender + `","Fee":"10","Sequence":3,"TransactionType":"TicketCreate","TicketCount":250,"AccountTxnID":"` + strings.Repeat("0a", 32) + `"}`, `Network: XRP Ledger
Transaction: Create tickets, which later transactions use instead of a sequence number
From: ` + sender + `
Tickets to create: 250
Fee: 0.00001 XRP (10 drops)
Sequence: 3: valid only as the account's next transaction
Valid until: used, without a limit
Valid after: transaction ` + strings.Repeat("0A", 32) + "\n"},
	} {
		tx := mustParse(t, c.text)
		if got := said(tx); got != c.want {
			t.Errorf("%s\nwant\n%s", got, c.want)
		}
		again := mustParse(t, string(tx.Unsigned()))
		if said(again) != c.want || !bytes.Equal(again.Unsigned(), tx.Unsigned()) {
			t.Errorf("the blob of %s is another transaction", c.text)
		}
	}
}

// TestRefused has one fault each.
func TestRefused(t *testing.T) {
	issued := func(value string) string {
		return payment(`,"Amount":{"currency":"USD","value":"` + value + `","issuer":"` + gate + `"}`)
	}
	const deleteIt = `{"Fee":"1","Sequence":1,"TransactionType":"AccountDelete","Account":"` + sender + `","Destination":"`
	for _, c := range []struct{ text, want string }{
		{payment(`,"Amount":"1","Paths":[]`), `the field "Paths" is not understood`},
		{payment(`,"Amount":"1","Memos":[{"Memo":{"MemoData":"00"}}]`), `the field "Memos" is not understood`},
		{payment(`,"Amount":"1","Delegate":"` + gate + `"`), `the field "Delegate" is not understood`},
		{payment(`,"Amount":"1","amount":"1"`), `the field "amount" is not understood`},
		{payment(`,"Amount":"1","TicketCount":1`), "a Payment with the field TicketCount is not understood"},
		{payment(`,"Amount":"1","TxnSignature":"3000"`), "TxnSignature: the transaction is signed already"},
		{payment(`,"Amount":"1","SigningPubKey":"0279BE667EF9DCBBAC55A06295CE870B07029BFCDB2DCE28D959F2815B16F81798"`), "SigningPubKey is not the account's own key: signing with a regular key is not understood"},
		{payment(`,"Amount":"1","SigningPubKey":"0579BE667EF9DCBBAC55A06295CE870B07029BFCDB2DCE28D959F2815B16F81798"`), "SigningPubKey: bad point: first byte 0x05, want 0x02 or 0x03"},
		{payment(`,"Amount":"1","Flags":1`), "the flags 0x00000001 of a Payment are not understood"},
		{payment(`,"Amount":"1","Flags":65536`), "the flags 0x00010000 of a Payment are not understood"},
		{payment(`,"Amount":"1","Flags":131072`), "Flags: XRP cannot be paid partially"},
		{payment(`,"Amount":"1","DestinationTag":"5"`), "DestinationTag: not a whole number of 32 bits"},
		{payment(`,"Amount":"1","DestinationTag":4294967296`), "DestinationTag: not a whole number of 32 bits"},
		{payment(`,"Amount":"1","DestinationTag":-1`), "DestinationTag: not a whole number of 32 bits"},
		{payment(`,"Amount":"1","DestinationTag":1.5`), "line 1: not a whole number of 64 bits"},
		{payment(`,"Amount":"1","NetworkID":1`), "NetworkID: networks up to 1024 have no such field"},
		{payment(`,"Amount":"1","TicketSequence":1`), "Sequence: it is 0 with a TicketSequence, and with nothing else"},
		{payment(`,"Amount":"1","SendMax":"2"`), "SendMax: not where XRP is paid with XRP"},
		{payment(`,"Amount":"1","DeliverMin":"1"`), "DeliverMin: only with the flag of a partial payment"},
		{payment(`,"Amount":"1","DeliverMax":"1"`), "DeliverMax: Amount is there as well, and means the same"},
		{payment(`,"Amount":[]`), "the field Amount has a value that is not understood"},
		{payment(`,"Amount":true`), "the field Amount has a value that is not understood"},
		{payment(`,"Amount":{"currency":"USD","value":1,"issuer":"` + gate + `"}`), "the field Amount has a value that is not understood"},
		{payment(`,"DestinationTag":{}`), "DestinationTag: not a whole number of 32 bits"},
		{payment(`,"Amount":1`), "Amount: a number; XRP is a string of drops"},
		{payment(`,"Amount":"0"`), "Amount: nothing is paid"},
		{payment(`,"Amount":"-1"`), "Amount: not a whole number of drops"},
		{payment(`,"Amount":"+1"`), "Amount: not a whole number of drops"},
		{payment(`,"Amount":"01"`), "Amount: not a whole number of drops"},
		{payment(`,"Amount":"1.0"`), "Amount: not a whole number of drops"},
		{payment(`,"Amount":"100000000000000001"`), "Amount: not a whole number of drops"},
		{payment(""), "Amount: missing"},
		{payment(`,"Amount":{"mpt_issuance_id":"00","value":"1"}`), "Amount: multi-purpose tokens are not understood"},
		{payment(`,"Amount":{"currency":"USD","value":"1"}`), "Amount: without issuer"},
		{payment(`,"Amount":{"currency":"USD","value":"1","issuer":"` + gate + `","x":""}`), "Amount: has more than currency, issuer and value"},
		{payment(`,"Amount":{"currency":"XRP","value":"1","issuer":"` + gate + `"}`), "Amount: currency: XRP as a currency that somebody issues"},
		{payment(`,"Amount":{"currency":"U D","value":"1","issuer":"` + gate + `"}`), "Amount: currency: not a currency code"},
		{payment(`,"Amount":{"currency":"USDT","value":"1","issuer":"` + gate + `"}`), "Amount: currency: neither three characters nor 40 hex digits"},
		{payment(`,"Amount":{"currency":"USD","value":"1","issuer":"` + gate[:32] + `C"}`), "Amount: issuer: not an address: a character was mistyped or is missing, or it is of another chain"},
		{issued("-1"), "Amount: value: not a positive decimal number"},
		{issued("1."), "Amount: value: not a positive decimal number"},
		{issued(""), "Amount: value: not a positive decimal number"},
		{issued("1,5"), "Amount: value: not a positive decimal number"},
		{issued("12345678901234567"), "Amount: value: more than 16 significant digits"},
		{issued("1e97"), "Amount: value: too large or too small for the XRP Ledger"},
		{issued("1e-98"), "Amount: value: too large or too small for the XRP Ledger"},
		{deleteIt + sender + `"}`, "Destination: the account that is deleted"},
		{deleteIt + `XVLhHMPHU98es4dbozjVtdWzVrDjtV5fdx1mHp98tDMoQXb"}`, "Destination: not an address: a character was mistyped or is missing, or it is of another chain"},
		{strings.Replace(payment(`,"Amount":"1"`), other, sender, 1), "Destination: the account that pays"},
		{strings.Replace(payment(`,"Amount":"1"`), `"Fee":"12"`, `"Fee":`+issuedAmount, 1), "Fee: not XRP"},
		{strings.Replace(payment(`,"Amount":"1"`), `"Fee":"12",`, "", 1), "Fee: missing"},
		{strings.Replace(payment(`,"Amount":"1"`), `"Sequence":7`, `"Sequence":0`, 1), "Sequence: it is 0 with a TicketSequence, and with nothing else"},
		{`{"Fee":"1","Sequence":1,"TransactionType":"SetRegularKey","Account":"` + sender + `","RegularKey":"` + sender + `"}`, "RegularKey: the account's own key"},
		{`{"Fee":"1","Sequence":1,"TransactionType":"TicketCreate","Account":"` + sender + `","TicketCount":251}`, "TicketCount: not 1 to 250"},
		{`{"Fee":"1","Sequence":1,"TransactionType":"TrustSet","Account":"` + sender + `","LimitAmount":"5"}`, "LimitAmount: not of a currency that another account issues"},
		{`{"Fee":"1","Sequence":1,"TransactionType":"TrustSet","Account":"` + sender + `","LimitAmount":` + issuedAmount + `}`, "LimitAmount: not of a currency that another account issues"},
		{`{"TransactionType":""}`, `a transaction of type "" is not understood; these are: Payment, SetRegularKey, TicketCreate, TrustSet, AccountDelete`},
		{`{"TransactionType":5}`, `a transaction of type "" is not understood; these are: Payment, SetRegularKey, TicketCreate, TrustSet, AccountDelete`},
		{`{"TransactionType":"OfferCreate"}`, `a transaction of type "OfferCreate" is not understood; these are: Payment, SetRegularKey, TicketCreate, TrustSet, AccountDelete`},
		{`{"TransactionType":"Payment"} x`, "line 1: something follows the end of the JSON text"},
		{`{"TransactionType":"Payment","TransactionType":"Payment"}`, `line 1: the name "TransactionType" occurs twice`},
		{"120007", "a transaction of type 7 is not understood; these are: Payment, SetRegularKey, TicketCreate, TrustSet, AccountDelete"},
		{"120000240000000122", "Flags: the transaction ends inside it"},
		{"12000024000000012200000000", "Flags: twice, or not in the canonical order"},
		{"1200002400000001" + "2400000001", "Sequence: twice, or not in the canonical order"},
		{"1200002002" + "00000001", "a field is not in its canonical form"},
		{"1200000112", "a field with the header 0112 is not understood"},
		{"120000F9EA7C00E1F1", "a field with the header f9ea7c is not understood"},
		{"12000061C000000000000001", "Amount: the transaction ends inside it"},
		{"120000610000000000000001", "Amount: negative, or more XRP than there is"},
		{"1200006161000000000000000100000000000000000000000000000000000000", "Amount: multi-purpose tokens are not understood"},
		{"12000061D4838D7EA4C67FFF" + "000000000000000000000000555344" + strings.Repeat("00", 25), "Amount: not in its canonical form"},
		{"1200006194838D7EA4C68000" + "000000000000000000000000555344" + strings.Repeat("00", 25), "Amount: a negative amount"},
		{"1200008113" + strings.Repeat("01", 19), "Account: 19 bytes, an account has 20"},
		{"12000081", "Account: of a length that is not possible"},
		{"12000073C1", "SigningPubKey: of a length that is not possible"},
		{"12000073020102", "SigningPubKey: 2 bytes, a public key has 33"},
		{"120000" + strings.Repeat("00", 1022), "longer than 1024 bytes"},
	} {
		if _, err := Parse([]byte(c.text), Options{}); err == nil || err.Error() != c.want {
			t.Errorf("%.150s\n got %v\nwant %s", c.text, err, c.want)
		}
	}
}

// TestFieldOrder holds that the table is in the canonical order.
func TestFieldOrder(t *testing.T) {
	for i := 1; i < len(fields); i++ {
		if a, b := fields[i-1], fields[i]; a.kind > b.kind || a.kind == b.kind && a.code >= b.code {
			t.Errorf("%s is before %s", a.name, b.name)
		}
	}
}

func TestOtherFormats(t *testing.T) {
	for _, text := range []string{
		"", " ", "{}", "{", `{"to":"0x00"}`, `{"inputs":[]}`, "12xyz", "12", "02f86c", "\x02\xf8", "cHNidP8BAAo", "\x12", "\x80\x01", "null", "[]",
		`{"a":"` + strings.Repeat("x", maxJSON) + `"}`,
	} {
		if _, err := Parse([]byte(text), Options{}); !errors.Is(err, transaction.ErrFormat) {
			t.Errorf("%.40q: %v", text, err)
		}
	}
	if _, err := Parse(make([]byte, transaction.MaxSize+1), Options{}); !errors.Is(err, transaction.ErrSize) {
		t.Errorf("large: %v", err)
	}
}

// TestDeliverMax takes the other name of the amount.
func TestDeliverMax(t *testing.T) {
	one, two := mustParse(t, payment(`,"Amount":"5"`)), mustParse(t, payment(`,"DeliverMax":"5"`))
	if !bytes.Equal(one.Unsigned(), two.Unsigned()) {
		t.Error("another transaction")
	}
}

// FuzzParse holds that what is accepted is written again as it was, from JSON and
// from the binary format, and that the description is printable.
func FuzzParse(f *testing.F) {
	for _, text := range []string{
		payment(`,"Amount":"5","DestinationTag":1`), payment(`,"Amount":` + issuedAmount), payment(`,"Amount":"5","Flags":2147483648,"SigningPubKey":""`),
		`{"TransactionType":"AccountDelete","Account":"` + sender + `","Destination":"` + other + `","Fee":"200000","Sequence":0,"TicketSequence":3}`,
		`{"TransactionType":"TrustSet","Account":"` + other + `","LimitAmount":` + issuedAmount + `,"Fee":"2","Sequence":1,"QualityIn":4}`,
	} {
		f.Add([]byte(text))
		tx, err := Parse([]byte(text), Options{})
		if err != nil {
			f.Fatal(err)
		}
		f.Add(tx.Unsigned())
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		tx, err := Parse(data, Options{})
		if err != nil {
			return
		}
		blob := tx.Unsigned()
		if data[0] == 0x12 && !bytes.Equal(blob, data) {
			t.Fatalf("%x is written as %x", data, blob)
		}
		again, err := Parse(blob, Options{})
		if err != nil || !bytes.Equal(again.Unsigned(), blob) || said(again) != said(tx) {
			t.Fatalf("%x: %v", blob, err)
		}
		for _, l := range tx.Describe() {
			if strings.ContainsFunc(l.Label+l.Value, func(r rune) bool { return r < ' ' || r > '~' }) {
				t.Fatalf("not printable: %q", l.Value)
			}
		}
	})
}
