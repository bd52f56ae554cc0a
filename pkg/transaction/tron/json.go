package tron

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"

	"recover/pkg/transaction"
)

// parseJSON reads {visible, txID, raw_data, raw_data_hex}. raw_data_hex is what is
// signed; the others have to say the same, so that whoever reads them is not
// deceived.
func parseJSON(data []byte, options Options) (transaction.Transaction, error) {
	f, err := transaction.ReadObject(data)
	if err != nil {
		return nil, err
	}
	if f["raw_data"] == nil && f["raw_data_hex"] == nil {
		return nil, transaction.ErrFormat
	}
	if s := f["signature"]; s != nil && string(s) != "[]" {
		return nil, errSigned
	}
	if err := f.Only("visible", "txID", "raw_data", "raw_data_hex", "signature"); err != nil {
		return nil, err
	}
	text, err := f.Text("raw_data_hex")
	if err != nil {
		return nil, err
	}
	b, ok := transaction.DecodeHex([]byte(text))
	if !ok {
		return nil, transaction.Syntax("raw_data_hex", "not hex digits")
	}
	t, err := parseRaw(b, options)
	if err != nil {
		return nil, err
	}
	id := t.id()
	if given, err := f.Text("txID"); f["txID"] != nil && (err != nil || !strings.EqualFold(given, hex.EncodeToString(id[:]))) {
		return nil, transaction.Syntax("txID", "is not the hash of raw_data_hex")
	}
	visible := string(f["visible"])
	if f["visible"] != nil && visible != "true" && visible != "false" {
		return nil, transaction.Syntax("visible", "has to be true or false")
	}
	if f["raw_data"] != nil && !t.isSaidBy(f["raw_data"], visible == "true") {
		return nil, transaction.Syntax("raw_data", "does not say the same as raw_data_hex")
	}
	return t, nil
}

// isSaidBy tells whether raw_data says what t is, and nothing else. A member that
// is zero is the same as none.
func (t *Transaction) isSaidBy(raw []byte, visible bool) bool {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var given any
	if d.Decode(&given) != nil {
		return false
	}
	withoutZeros(given)
	text, err := json.Marshal(given) // names in the order of the alphabet
	return err == nil && string(text) == t.rawData(visible)
}

func withoutZeros(value any) {
	switch value := value.(type) {
	case []any:
		for _, v := range value {
			withoutZeros(v)
		}
	case map[string]any:
		for name, v := range value {
			if withoutZeros(v); v == json.Number("0") {
				delete(value, name)
			}
		}
	}
}

// rawData is the JSON of the transaction as a node writes it, with names in the
// order of the alphabet.
func (t *Transaction) rawData(visible bool) string {
	address := func(a account) string {
		if visible {
			return a.String()
		}
		return hex.EncodeToString(a.encoded())
	}
	kind, url, value, rest := "TransferContract", urlTransfer, "", ""
	if t.token == nil {
		value = fmt.Sprintf(`"amount":%d,"owner_address":"%s","to_address":"%s"`, t.amount, address(t.owner), address(t.to))
	} else {
		kind, url = "TriggerSmartContract", urlTrigger
		value = fmt.Sprintf(`"contract_address":"%s","data":"%x","owner_address":"%s"`, address(*t.token), t.callData(), address(t.owner))
	}
	if len(t.memo) > 0 {
		rest = fmt.Sprintf(`"data":"%x",`, t.memo)
	}
	rest += fmt.Sprintf(`"expiration":%d,`, t.expiration)
	if t.feeLimit != 0 {
		rest += fmt.Sprintf(`"fee_limit":%d,`, t.feeLimit)
	}
	rest += fmt.Sprintf(`"ref_block_bytes":"%x","ref_block_hash":"%x"`, t.refBlockBytes, t.refBlockHash)
	if t.timestamp != 0 {
		rest += fmt.Sprintf(`,"timestamp":%d`, t.timestamp)
	}
	return fmt.Sprintf(`{"contract":[{"parameter":{"type_url":"%s","value":{%s}},"type":"%s"}],%s}`, url, value, kind, rest)
}
