package tron

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"strconv"
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

// isSaidBy tells whether raw_data says what t is, and nothing else.
func (t *Transaction) isSaidBy(raw []byte, visible bool) bool {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var given any
	return d.Decode(&given) == nil && same(given, t.rawData(visible))
}

// rawData is the JSON of the transaction as a node writes it.
func (t *Transaction) rawData(visible bool) map[string]any {
	address := func(a account) string {
		if visible {
			return a.String()
		}
		return hex.EncodeToString(a.encoded())
	}
	value := map[string]any{"owner_address": address(t.owner)}
	kind, url := "TransferContract", urlTransfer
	if t.token == nil {
		value["to_address"], value["amount"] = address(t.to), json.Number(t.amount.String())
	} else {
		kind, url = "TriggerSmartContract", urlTrigger
		value["contract_address"], value["data"] = address(*t.token), hex.EncodeToString(t.callData())
	}
	m := map[string]any{
		"contract":        []any{map[string]any{"type": kind, "parameter": map[string]any{"type_url": url, "value": value}}},
		"ref_block_bytes": hex.EncodeToString(t.refBlockBytes[:]),
		"ref_block_hash":  hex.EncodeToString(t.refBlockHash[:]),
		"expiration":      number(t.expiration),
		"timestamp":       number(t.timestamp),
		"fee_limit":       number(t.feeLimit),
	}
	if len(t.memo) > 0 {
		m["data"] = hex.EncodeToString(t.memo)
	}
	return m
}

func number(n int64) json.Number { return json.Number(strconv.FormatInt(n, 10)) }

// same compares JSON values. A member that is missing is zero, and hex digits may
// be in either case.
func same(given, want any) bool {
	switch want := want.(type) {
	case map[string]any:
		object, ok := given.(map[string]any)
		if !ok {
			return false
		}
		for name, v := range object {
			if _, known := want[name]; !known && v != json.Number("0") {
				return false
			}
		}
		for name, v := range want {
			g, there := object[name]
			if !there {
				g = json.Number("0")
			}
			if !same(g, v) {
				return false
			}
		}
		return true
	case []any:
		list, ok := given.([]any)
		return ok && len(list) == len(want) && same(list[0], want[0])
	case string:
		text, ok := given.(string)
		if _, err := hex.DecodeString(want); err == nil {
			return ok && strings.EqualFold(text, want)
		}
		return ok && text == want
	}
	return given == want
}
