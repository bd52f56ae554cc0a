//go:build wallets

package xrpl

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"testing"

	"recover/fixtures/signing"
	"recover/fixtures/wallets"
	"recover/internal/group"
	"recover/pkg/transaction"
	"recover/pkg/wallet"
)

const (
	many   = 1000
	script = "../wallets-ed/xrpl.mjs"
)

var random = wallets.Random

func randomHex(n int) string { return fmt.Sprintf("%X", wallets.Bytes(n)) }

func randomAccount() string { return wallet.XRPAddress([20]byte(wallets.Bytes(20))) }

func randomKey(t *testing.T, g group.Group) *transaction.Key {
	return signing.SeededKey(t, g, [32]byte(wallets.Bytes(32)))
}

func randomDrops() string { return fmt.Sprint(1 + random.Uint64N(1<<random.IntN(56))) }

// randomIssued is an amount of an issued currency, with its value as the ledger's
// tools write it.
func randomIssued() map[string]any {
	currency := string([]byte{byte('A' + random.IntN(26)), byte('a' + random.IntN(26)), byte('0' + random.IntN(10))})
	if random.IntN(3) == 0 {
		currency = "52" + randomHex(19)
	}
	value := fmt.Sprint(1 + random.Uint64N(1<<(1+random.IntN(52))))
	switch random.IntN(3) {
	case 0:
		value += "." + strings.TrimRight(fmt.Sprint(1+random.Uint64N(1<<20))+"1", "0")
		value = value[max(0, len(value)-17):]
		if value[0] == '.' || value[0] == '0' {
			value = "1" + value[1:]
		}
	case 1:
		value = value[:min(len(value), 16)] + "e" + fmt.Sprint(random.IntN(100)-50)
	}
	return map[string]any{"currency": currency, "issuer": randomAccount(), "value": value}
}

func randomAmount() any {
	if random.IntN(2) == 0 {
		return randomDrops()
	}
	return randomIssued()
}

func maybe(tx map[string]any, name string, value any) {
	if random.IntN(2) == 0 {
		tx[name] = value
	}
}

// randomTransaction is JSON of one of the types that are understood.
func randomTransaction(account string) map[string]any {
	tx := map[string]any{"Account": account, "Fee": randomDrops(), "Sequence": 1 + random.Uint32N(1<<31)}
	if random.IntN(3) == 0 {
		tx["Sequence"], tx["TicketSequence"] = 0, 1+random.Uint32N(1<<31)
	}
	if len(tx["Fee"].(string)) > 6 {
		tx["Fee"] = "12"
	}
	maybe(tx, "LastLedgerSequence", random.Uint32())
	maybe(tx, "SourceTag", random.Uint32())
	maybe(tx, "Flags", uint32(0x80000000))
	switch random.IntN(6) {
	case 0:
		tx["TransactionType"] = "SetRegularKey"
		maybe(tx, "RegularKey", randomAccount())
	case 1:
		tx["TransactionType"], tx["Destination"] = "AccountDelete", randomAccount()
		maybe(tx, "DestinationTag", random.Uint32())
	case 2:
		tx["TransactionType"], tx["LimitAmount"] = "TrustSet", randomIssued()
		maybe(tx, "QualityIn", random.Uint32())
		maybe(tx, "Flags", uint32(0x00120000))
	case 3:
		tx["TransactionType"], tx["TicketCount"] = "TicketCreate", 1+random.IntN(250)
	default:
		tx["TransactionType"], tx["Destination"], tx["Amount"] = "Payment", randomAccount(), randomAmount()
		maybe(tx, "DestinationTag", random.Uint32())
		maybe(tx, "InvoiceID", randomHex(32))
		if _, issued := tx["Amount"].(map[string]any); issued {
			maybe(tx, "SendMax", randomAmount())
			maybe(tx, "Flags", uint32(partialPayment))
			if tx["Flags"] == uint32(partialPayment) {
				minimum := maps.Clone(tx["Amount"].(map[string]any))
				minimum["value"] = "0.5"
				maybe(tx, "DeliverMin", minimum)
			}
		}
	}
	return tx
}

func asText(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

type buildAnswer struct{ Hex, JSON string }

func build(t *testing.T, all []map[string]any) []buildAnswer {
	t.Helper()
	var requests []any
	for _, tx := range all {
		requests = append(requests, map[string]any{"op": "build", "tx": tx})
	}
	return wallets.Judge[buildAnswer](t, script, requests)
}

// TestSigned: 1000 transactions of each curve that are signed here are accepted by
// ripple-keypairs, with the right sender, and hold the fields that were asked for.
func TestSigned(t *testing.T) {
	for _, g := range curves {
		var keys []*transaction.Key
		var asked []map[string]any
		for range many {
			keys = append(keys, randomKey(t, g))
			asked = append(asked, randomTransaction(keys[len(keys)-1].Address("xrp")))
		}
		var requests []any
		var ids []string
		for i, b := range build(t, asked) {
			for _, in := range []string{b.Hex, asText(t, asked[i])}[i%2:] {
				tx, err := Parse([]byte(in), Options{})
				if err != nil {
					t.Fatalf("%v: %s", err, in)
				}
				signed, err := tx.Sign(keys[i], transaction.Limits{})
				if err != nil {
					t.Fatalf("%v: %s", err, in)
				}
				requests = append(requests, map[string]any{"op": "read", "raw": signed.Text})
				ids = append(ids, signed.ID)
				break
			}
			asked[i] = nil
			if err := json.Unmarshal([]byte(b.JSON), &asked[i]); err != nil {
				t.Fatal(err)
			}
		}
		type answer struct {
			Valid, Same           bool
			Signer, Fields, Error string
			ID                    string
		}
		accepted := 0
		for i, a := range wallets.Judge[answer](t, script, requests) {
			if !a.Valid || !a.Same || a.Error != "" || a.Signer != keys[i].Address("xrp") || a.ID != ids[i] {
				t.Errorf("%s %d: %+v, the account is %s", g.Name(), i, a, keys[i].Address("xrp"))
				continue
			}
			var fields map[string]any
			if err := json.Unmarshal([]byte(a.Fields), &fields); err != nil {
				t.Fatal(err)
			}
			if asText(t, fields) != asText(t, asked[i]) {
				t.Errorf("%s %d: signed %s\nasked for %s", g.Name(), i, a.Fields, asText(t, asked[i]))
				continue
			}
			accepted++
		}
		t.Logf("%s: %d of %d accepted", g.Name(), accepted, many)
	}
}

// TestShown: of 1000 transactions that ripple-binary-codec builds, every field is
// shown, and written again as it was.
func TestShown(t *testing.T) {
	var asked []map[string]any
	for range many {
		asked = append(asked, randomTransaction(randomAccount()))
	}
	for i, b := range build(t, asked) {
		tx, err := Parse([]byte(b.Hex), Options{})
		if err != nil {
			t.Fatalf("%v: %s", err, b.JSON)
		}
		if got := fmt.Sprintf("%X", tx.Unsigned()); got != b.Hex {
			t.Errorf("written as %s, it was %s", got, b.Hex)
		}
		for _, form := range []string{b.JSON, asText(t, asked[i])} {
			other, err := Parse([]byte(form), Options{})
			if err != nil || said(other) != said(tx) {
				t.Errorf("%v: the JSON is another transaction: %s", err, form)
			}
		}
		shownFields(t, asked[i], said(tx))
		for _, p := range tx.Payments() {
			if p.To != asked[i]["Destination"] {
				t.Errorf("payment to %s: %s", p.To, b.JSON)
			}
		}
	}
}

// shownFields looks for the lines of each field's value in a description.
func shownFields(t *testing.T, tx map[string]any, text string) {
	t.Helper()
	labels := map[string]string{
		"Account": "From", "Destination": "To", "DestinationTag": "Destination tag", "Amount": "Amount", "SendMax": "Costs at most",
		"DeliverMin": "Arrives at least", "LimitAmount": "Limit", "Fee": "Fee", "TicketCount": "Tickets to create", "TicketSequence": "Ticket",
		"RegularKey": "New regular key", "InvoiceID": "Invoice ID", "SourceTag": "Source tag", "QualityIn": "Value of what comes in",
	}
	for name, label := range labels {
		value, ok := tx[name]
		if !ok {
			continue
		}
		want := []string{fmt.Sprint(value)}
		if issued, ok := value.(map[string]any); ok {
			want = []string{plain(t, issued["value"].(string)) + " " + issued["currency"].(string), "issued by " + issued["issuer"].(string)}
		} else if name == "Amount" || name == "SendMax" || name == "Fee" {
			want = []string{plain(t, value.(string)+"e-6") + " XRP (" + value.(string) + " drops)"}
		}
		i := strings.Index("\n"+strings.ReplaceAll(text, "\n! ", "\n"), "\n"+label+": ")
		if i < 0 {
			t.Errorf("%s is not shown:\n%s", name, text)
			continue
		}
		line, _, _ := strings.Cut(strings.ReplaceAll(text, "\n! ", "\n")[i:], "\n")
		for _, w := range want {
			if !strings.Contains(line, w) {
				t.Errorf("%s: %q is not in %q", name, w, line)
			}
		}
	}
}

// plain writes a decimal number with an exponent without it, digit by digit.
func plain(t *testing.T, text string) string {
	t.Helper()
	digits, exponent := text, 0
	if number, e, found := strings.Cut(text, "e"); found {
		digits = number
		if _, err := fmt.Sscan(e, &exponent); err != nil {
			t.Fatal(err)
		}
	}
	whole, part, _ := strings.Cut(digits, ".")
	for ; exponent > 0; exponent-- {
		part += "0"
		whole, part = whole+part[:1], part[1:]
	}
	for ; exponent < 0; exponent++ {
		whole = "0" + whole
		whole, part = whole[:len(whole)-1], whole[len(whole)-1:]+part
	}
	whole, part = strings.TrimLeft(whole, "0"), strings.TrimRight(part, "0")
	if whole == "" {
		whole = "0"
	}
	if part != "" {
		whole += "." + part
	}
	return whole
}
