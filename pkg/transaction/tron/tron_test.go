package tron

import (
	"bytes"
	"encoding/hex"
	"errors"
	"math/big"
	"strings"
	"testing"
	"time"

	"recover/fixtures/signing"
	"recover/internal/group"
	"recover/pkg/transaction"
)

var describe = signing.Text

// What TronWeb 6.5.1 builds for the account of the private key 1: a transfer of
// TRX with a memo, and one of a token.
const (
	transferHex = "0A02A1B22208010203040506070840E0A4E3B4AB33520568656C6C6F5A67080112630A2D747970652E676F6F676C65617069732E636F6D2F70726F746F636F6C2E5472616E73666572436F6E747261637412320A15417E5F4552091A69125D5DFCB7B8C2659029395BDF121541A614F803B6FD780986A42C78EC9C7F77E6DED13C1887AD4B7080D0DFB4AB33"
	transferID  = "af6c43b222ff5d069809b3cd1f1e75c7c95fc7249ae46b96a68e4a754b8e02e2"
	triggerHex  = "0A02A1B22208010203040506070840E0A4E3B4AB335AAE01081F12A9010A31747970652E676F6F676C65617069732E636F6D2F70726F746F636F6C2E54726967676572536D617274436F6E747261637412740A15417E5F4552091A69125D5DFCB7B8C2659029395BDF121541A614F803B6FD780986A42C78EC9C7F77E6DED13C2244A9059CBB0000000000000000000000007E5F4552091A69125D5DFCB7B8C2659029395BDF000000000000000000000000000000000000000000000000000000000012D6877080D0DFB4AB3390018087A70E"
	triggerID   = "49daadb1a6e9afdece94018926d8a4826e43bda5c8072107d83e608b02c752d6"

	transferJSON = `{"visible":true,"raw_data":{"contract":[{"parameter":{"value":{"owner_address":"TMVQGm1qAQYVdetCeGRRkTWYYrLXuHK2HC","to_address":"TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t","amount":1234567},"type_url":"type.googleapis.com/protocol.TransferContract"},"type":"TransferContract"}],"ref_block_bytes":"a1b2","ref_block_hash":"0102030405060708","expiration":1764000060000,"timestamp":1764000000000,"data":"68656c6c6f"},"txID":"` + transferID + `","raw_data_hex":"` + transferHex + `"}`
	triggerJSON  = `{"visible":false,"raw_data":{"contract":[{"parameter":{"value":{"owner_address":"417e5f4552091a69125d5dfcb7b8c2659029395bdf","contract_address":"41a614f803b6fd780986a42c78ec9c7f77e6ded13c","data":"a9059cbb0000000000000000000000007e5f4552091a69125d5dfcb7b8c2659029395bdf000000000000000000000000000000000000000000000000000000000012d687"},"type_url":"type.googleapis.com/protocol.TriggerSmartContract"},"type":"TriggerSmartContract"}],"ref_block_bytes":"a1b2","ref_block_hash":"0102030405060708","expiration":1764000060000,"timestamp":1764000000000,"fee_limit":30000000},"txID":"` + triggerID + `","raw_data_hex":"` + triggerHex + `"}`
)

func keyOf(t testing.TB, n uint64) *transaction.Key {
	t.Helper()
	k, err := transaction.NewKey(group.Secp256k1, group.Secp256k1.NewScalar().SetUint64(n))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestDescribe(t *testing.T) {
	for _, c := range []struct{ hex, json, id, want string }{
		{transferHex, transferJSON, transferID, `Network: Tron
From: TMVQGm1qAQYVdetCeGRRkTWYYrLXuHK2HC
Action: send TRX
To: TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t
Amount: 1.234567 TRX (1234567 sun)
Memo: "hello", hex 68656c6c6f
Highest fee: 2.376 TRX (2376000 sun) by the network's usual prices, without free bandwidth
Expires: 2025-11-24 16:01:00.000 UTC
Made: 2025-11-24 16:00:00.000 UTC
Reference block: a1b2 0102030405060708
`},
		{triggerHex, triggerJSON, triggerID, `Network: Tron
From: TMVQGm1qAQYVdetCeGRRkTWYYrLXuHK2HC
Action: send tokens (TRC-20 transfer)
To: TMVQGm1qAQYVdetCeGRRkTWYYrLXuHK2HC
Amount: 1.234567 USDT (1234567 of the smallest unit)
Token contract: TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t (USDT)
Highest fee: 30.347 TRX (30347000 sun) by the network's usual prices, without free bandwidth
Expires: 2025-11-24 16:01:00.000 UTC
Fee limit: 30 TRX (30000000 sun) for the energy of the call
Made: 2025-11-24 16:00:00.000 UTC
Reference block: a1b2 0102030405060708
`},
	} {
		raw, _ := hex.DecodeString(c.hex)
		whole := hex.EncodeToString(appendBytes(nil, 1, raw))
		for _, in := range []string{c.hex, "0x" + strings.ToLower(c.hex), whole, c.json} {
			tx, err := Parse([]byte(in), Options{})
			if err != nil {
				t.Fatal(err)
			}
			if got := describe(tx); got != c.want {
				t.Errorf("it reads:\n%s\nwant:\n%s", got, c.want)
			}
			s, err := tx.Sign(keyOf(t, 1), transaction.Limits{})
			if err != nil || s.ID != c.id {
				t.Fatalf("ID %v, want %s, %v", s, c.id, err)
			}
			if _, err := Parse([]byte(s.Text), Options{}); !errors.Is(err, errSigned) {
				t.Errorf("signed once more: %v", err)
			}
			var other *transaction.AccountError
			if _, err := tx.Sign(keyOf(t, 2), transaction.Limits{}); !errors.As(err, &other) {
				t.Errorf("another key: %v", err)
			}
		}
	}
}

// TestMutatedJSON: what the readable part says has to be what is signed.
func TestMutatedJSON(t *testing.T) {
	for _, c := range []struct{ in, old, new string }{
		{transferJSON, `"amount":1234567`, `"amount":1234568`}, {transferJSON, `"amount":1234567`, `"amount":"1234567"`}, {transferJSON, `"amount":1234567`, `"amount":1234567.0`},
		{transferJSON, `"TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t"`, `"TMVQGm1qAQYVdetCeGRRkTWYYrLXuHK2HC"`}, {transferJSON, `"visible":true`, `"visible":false`}, {transferJSON, `"visible":true`, `"visible":1`},
		{transferJSON, `"txID":"a`, `"txID":"b`}, {transferJSON, `"data":"68`, `"data":"69`}, {transferJSON, `,"data":"68656c6c6f"`, ``}, {transferJSON, `,"timestamp":1764000000000`, ``},
		{transferJSON, `"type":"TransferContract"`, `"type":"TransferContract","Permission_id":2`}, {transferJSON, `"expiration":1764000060000`, `"expiration":1764000060001`},
		{transferJSON, `"a1b2"`, `"a1b3"`}, {transferJSON, `"0102`, `"0202`}, {transferJSON, `"type":"TransferContract"`, `"type":"TriggerSmartContract"`},
		{transferJSON, `{"visible"`, `{"visible":true,"visible"`}, {transferJSON, `{"visible"`, `{"more":1,"visible"`}, {transferJSON, `"raw_data":{`, `"raw_data":{"more":1,`},
		{transferJSON, `"contract":[`, `"contract":[{},`}, {transferJSON, `"raw_data_hex":"0A02A1`, `"raw_data_hex":"0A02A2`}, {transferJSON, `"raw_data_hex":"0A`, `"raw_data_hex":"A`},
		{triggerJSON, `"fee_limit":30000000`, `"fee_limit":30000001`}, {triggerJSON, `"data":"a9`, `"data":"a8`}, {triggerJSON, `"data":"a9`, `"call_value":1,"data":"a9`},
		{triggerJSON, `"fee_limit":30000000},`, `"fee_limit":30000000},"signature":["00"],`}, {triggerJSON, `"contract_address":"41a6`, `"contract_address":"41a7`},
	} {
		in := strings.Replace(c.in, c.old, c.new, 1)
		if in == c.in {
			t.Fatalf("%s is not there", c.old)
		}
		if tx, err := Parse([]byte(in), Options{}); err == nil {
			t.Errorf("%s is accepted:\n%s", in, describe(tx))
		}
	}
	for _, same := range [][2]string{{`"data":"a9`, `"call_value":0,"data":"a9`}} {
		if _, err := Parse([]byte(strings.Replace(triggerJSON, same[0], same[1], 1)), Options{}); err != nil {
			t.Errorf("%s: %v", same[1], err)
		}
	}
}

// TestRefused has messages with one fault each. They are put together anew, so
// that the lengths are right.
func TestRefused(t *testing.T) {
	good := Transaction{refBlockBytes: [2]byte{1, 2}, expiration: 1764000060000, timestamp: 1764000000000, owner: account{1}, to: account{2}, amount: big.NewInt(5)}
	raw := func(contract []byte, more func([]byte) []byte) []byte {
		b := appendBytes(appendBytes(nil, 1, []byte{1, 2}), 4, make([]byte, 8))
		return more(appendBytes(appendNumber(b, 8, good.expiration), 11, contract))
	}
	contract := func(kind int64, url string, value []byte, permission int64) []byte {
		parameter := appendBytes(appendBytes(nil, 1, []byte(url)), 2, value)
		return appendNumber(appendBytes(appendNumber(nil, 1, kind), 2, parameter), 5, permission)
	}
	same := func(b []byte) []byte { return b }
	trigger := func(data []byte, callValue int64) []byte {
		b := appendBytes(appendBytes(nil, 1, good.owner.encoded()), 2, good.to.encoded())
		return contract(typeTrigger, urlTrigger, appendBytes(appendNumber(b, 3, callValue), 4, data), 0)
	}
	transfer := good.encodeContract()
	if _, err := ParseRaw(raw(contract(typeTransfer, urlTransfer, transfer, 0), same), Options{}); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		raw    []byte
		reason transaction.Reason // empty for a SyntaxError
	}{
		"a permission":               {raw(contract(typeTransfer, urlTransfer, transfer, 2), same), transaction.Unsupported},
		"another contract":           {raw(contract(2, "type.googleapis.com/protocol.TransferAssetContract", transfer, 0), same), transaction.Unsupported},
		"value sent along":           {raw(trigger(make([]byte, 68), 1), same), transaction.Unsupported},
		"approve":                    {raw(trigger(append([]byte{0x09, 0x5e, 0xa7, 0xb3}, make([]byte, 64)...), 0), same), transaction.UnknownData},
		"a dirty address":            {raw(trigger(append([]byte{0xa9, 0x05, 0x9c, 0xbb, 1}, make([]byte, 63)...), 0), same), transaction.UnknownData},
		"more data":                  {raw(trigger(append([]byte{0xa9, 0x05, 0x9c, 0xbb}, make([]byte, 65)...), 0), same), transaction.UnknownData},
		"the URL of another":         {raw(contract(typeTransfer, urlTrigger, transfer, 0), same), ""},
		"no contract":                {raw(nil, same), ""},
		"no amount":                  {raw(contract(typeTransfer, urlTransfer, transfer[:46], 0), same), ""},
		"a short address":            {raw(contract(typeTransfer, urlTransfer, appendNumber(appendBytes(appendBytes(nil, 1, good.owner.encoded()), 2, good.to[:]), 3, 5), 0), same), ""},
		"to itself":                  {raw(contract(typeTransfer, urlTransfer, appendNumber(appendBytes(appendBytes(nil, 1, good.owner.encoded()), 2, good.owner.encoded()), 3, 5), 0), same), ""},
		"an unknown field":           {raw(contract(typeTransfer, urlTransfer, transfer, 0), func(b []byte) []byte { return appendNumber(b, 19, 1) }), ""},
		"scripts":                    {raw(contract(typeTransfer, urlTransfer, transfer, 0), func(b []byte) []byte { return appendBytes(b, 12, []byte{1}) }), ""},
		"a field twice":              {raw(contract(typeTransfer, urlTransfer, transfer, 0), func(b []byte) []byte { return appendNumber(appendNumber(b, 14, 1764000000000), 14, 1764000000000) }), ""},
		"fields out of order":        {raw(contract(typeTransfer, urlTransfer, transfer, 0), func(b []byte) []byte { return appendNumber(b, 10, 1764000000000) }), ""},
		"a zero that is written":     {raw(contract(typeTransfer, urlTransfer, transfer, 0), func(b []byte) []byte { return append(b, 18<<3&0x7f|0x80, 1, 0) }), ""},
		"a number in too many bytes": {raw(contract(typeTransfer, urlTransfer, transfer, 0), func(b []byte) []byte { return append(b, 18<<3&0x7f|0x80, 1, 0x81, 0) }), ""},
		"a negative number":          {raw(contract(typeTransfer, urlTransfer, transfer, 0), func(b []byte) []byte { return append(append(b, 18<<3&0x7f|0x80, 1), bytes.Repeat([]byte{0xff}, 9)...) }), ""},
		"a fixed-size field":         {raw(contract(typeTransfer, urlTransfer, transfer, 0), func(b []byte) []byte { return append(b, 14<<3|1, 1, 2, 3, 4, 5, 6, 7, 8) }), ""},
		"cut off":                    {raw(contract(typeTransfer, urlTransfer, transfer, 0), func(b []byte) []byte { return b[:len(b)-1] }), ""},
		"a fee limit of a million":   {raw(contract(typeTransfer, urlTransfer, transfer, 0), func(b []byte) []byte { return appendNumber(b, 18, 1e12) }), ""},
		"an expiration in seconds": {raw(contract(typeTransfer, urlTransfer, transfer, 0), func(b []byte) []byte {
			return bytes.Replace(b, appendNumber(nil, 8, good.expiration), appendNumber(nil, 8, 1764000060), 1)
		}), ""},
		"a timestamp in seconds": {raw(contract(typeTransfer, urlTransfer, transfer, 0), func(b []byte) []byte { return appendNumber(b, 14, 1764000060) }), ""},
		"no block hash":          {raw(contract(typeTransfer, urlTransfer, transfer, 0), func(b []byte) []byte { return append(b[:4:4], b[14:]...) }), ""},
	} {
		tx, err := ParseRaw(c.raw, Options{})
		if err == nil {
			t.Errorf("%s: accepted:\n%s", name, describe(tx))
			continue
		}
		var refused *transaction.RefusedError
		var syntax *transaction.SyntaxError
		if c.reason != "" && (!errors.As(err, &refused) || refused.Reason != c.reason) || c.reason == "" && !errors.As(err, &syntax) {
			t.Errorf("%s: %v, want %q", name, err, c.reason)
		}
	}
	for _, in := range []string{"", "0a", "ec0a", "cHNidP8=", `{"to":1}`} {
		if _, err := Parse([]byte(in), Options{}); !errors.Is(err, transaction.ErrFormat) {
			t.Errorf("%q: %v, want ErrFormat", in, err)
		}
	}
	if _, err := Parse(make([]byte, transaction.MaxSize+1), Options{}); !errors.Is(err, transaction.ErrSize) {
		t.Errorf("too long: %v", err)
	}
}

func TestBuild(t *testing.T) {
	key := keyOf(t, 1)
	made := time.UnixMilli(1764000000000)
	s := State{From: key.Address("tron"), RefBlockBytes: [2]byte{1, 2}, Made: made, Expiration: made.Add(12 * time.Hour), FeeLimit: 40e6}
	to := keyOf(t, 2).Address("tron")
	// Around these, the amount gets a byte longer.
	for _, balance := range []int64{1_400_000, 3_500_000, 1<<21 + 1_371_000, 1<<21 + 1_372_000, 1<<28 + 1_372_500, 1<<35 + 1_372_999, 1<<62 + 7} {
		s.Balance = balance
		tx, err := TransferAll(s, to)
		if err != nil {
			t.Fatal(err)
		}
		rest := balance - tx.amount.Int64() - tx.maxFee()
		if rest < 0 || rest >= 1000 {
			t.Errorf("of %d, %d are left", balance, rest)
		}
		if back, err := ParseRaw(tx.Unsigned(), Options{}); err != nil || describe(back) != describe(tx) {
			t.Errorf("not read back: %v", err)
		}
		if _, err := tx.Sign(key, transaction.Limits{}); err != nil {
			t.Error(err)
		}
	}
	var poor *transaction.InsufficientError
	s.Balance = 1_300_000
	if _, err := TransferAll(s, to); !errors.As(err, &poor) {
		t.Errorf("a balance below the fee: %v", err)
	}
	if _, err := TransferToken(s, tokens[0].Contract, to, big.NewInt(1)); !errors.As(err, &poor) {
		t.Errorf("a token transfer without TRX for the fee: %v", err)
	}
	s.Balance = 100e6
	tx, err := TransferToken(s, tokens[0].Contract, to, new(big.Int).Lsh(big.NewInt(1), 255))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Sign(key, transaction.Limits{}); err != nil {
		t.Error(err)
	}
	var high *transaction.RefusedError
	if _, err := tx.Sign(key, transaction.Limits{MaxFee: big.NewInt(40e6)}); !errors.As(err, &high) || high.Reason != transaction.FeeTooHigh {
		t.Errorf("a fee above the cap: %v", err)
	}
	for _, bad := range []func() (*Transaction, error){
		func() (*Transaction, error) { return Transfer(s, to, 0) },
		func() (*Transaction, error) { return Transfer(s, to, -1) },
		func() (*Transaction, error) { return Transfer(s, s.From, 1) },
		func() (*Transaction, error) { return Transfer(s, to[:33], 1) },
		func() (*Transaction, error) { return TransferToken(s, "T", to, big.NewInt(1)) },
		func() (*Transaction, error) { return TransferToken(s, tokens[0].Contract, to, big.NewInt(-1)) },
		func() (*Transaction, error) {
			return TransferToken(s, tokens[0].Contract, to, new(big.Int).Lsh(big.NewInt(1), 256))
		},
		func() (*Transaction, error) { s := s; s.Expiration = time.Time{}; return Transfer(s, to, 1) },
	} {
		if tx, err := bad(); err == nil {
			t.Errorf("accepted:\n%s", describe(tx))
		}
	}
}

// FuzzParse holds that what is accepted has one encoding: it is the input where
// that was raw_data, and is read again as the same transaction.
func FuzzParse(f *testing.F) {
	f.Add([]byte(transferHex))
	f.Add([]byte(triggerHex))
	f.Add([]byte(transferJSON))
	f.Add([]byte(triggerJSON))
	f.Fuzz(func(t *testing.T, in []byte) {
		tx, err := Parse(in, Options{})
		if err != nil {
			return
		}
		if b, ok := transaction.DecodeHex(in); ok && !bytes.Equal(b, tx.Unsigned()) && !bytes.Equal(b, appendBytes(nil, 1, tx.Unsigned())) {
			t.Errorf("%x becomes %x", b, tx.Unsigned())
		}
		again, err := ParseRaw(tx.Unsigned(), Options{})
		if err != nil || describe(again) != describe(tx) {
			t.Fatalf("read back it is another one: %v", err)
		}
		for _, c := range describe(tx) {
			if c != '\n' && (c < ' ' || c > '~') {
				t.Errorf("not printable: %q", describe(tx))
			}
		}
	})
}
