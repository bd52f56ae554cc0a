package xrpl

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"maps"
	"math"
	"slices"

	"recover/internal/strictjson"
	"recover/pkg/transaction"
	"recover/pkg/wallet"
)

// jsonValue is a value of one field, before it is known what the field is.
type jsonValue struct {
	text     string // of a string
	number   int64
	isNumber bool
	issued   map[string]string // of an object
	isOther  bool              // what no field that is understood can be
}

// parseJSON reads one flat object. Numbers are whole, strings are the values that
// the ledger's tools write; nothing is converted between them.
func parseJSON(text []byte) (*Transaction, error) {
	values, err := readObject(text)
	if err != nil {
		return nil, err
	}
	name, ok := values[fields[fTransactionType].name]
	if !ok {
		return nil, transaction.ErrFormat // JSON of something else
	}
	format := formatNamed(name.text)
	if format == nil {
		return nil, transaction.Refuse(transaction.Unsupported, "a transaction of type %+.40q is not understood; these are: %s", name.text, typeNames())
	}
	delete(values, fields[fTransactionType].name)
	// API version 2 of the ledger's servers has another name for a payment's amount.
	if v, ok := values["DeliverMax"]; ok && format.name == "Payment" {
		if _, both := values["Amount"]; both {
			return nil, transaction.Syntax("DeliverMax", "Amount is there as well, and means the same")
		}
		values["Amount"] = v
		delete(values, "DeliverMax")
	}
	t := &Transaction{format, make([][]byte, len(fields))}
	t.values[fTransactionType] = binary.BigEndian.AppendUint16(nil, format.code)
	for _, name := range slices.Sorted(maps.Keys(values)) {
		at := placeOf(name)
		if at < 0 {
			return nil, transaction.Refuse(transaction.Unsupported, "the field %+.40q is not understood", name)
		}
		if values[name].isOther {
			return nil, transaction.Refuse(transaction.Unsupported, "the field %s has a value that is not understood", name)
		}
		if t.values[at], err = values[name].bytes(fields[at]); err != nil {
			return nil, err
		}
		if err := checkValue(fields[at], t.values[at]); err != nil {
			return nil, err
		}
	}
	return t, t.check()
}

// readObject reads the names and values of the transaction. JSON without a
// transaction type is transaction.ErrFormat: it may be anything.
func readObject(text []byte) (map[string]jsonValue, error) {
	if len(text) > maxJSON || !bytes.Contains(text, []byte(`"TransactionType"`)) {
		return nil, transaction.ErrFormat
	}
	values := make(map[string]jsonValue)
	s := strictjson.New(text)
	err := s.Object(func(name string) (err error) {
		values[name], err = readValue(s)
		return err
	})
	if err == nil {
		err = s.End()
	}
	if err != nil {
		return nil, transaction.Syntax("", "%v", err)
	}
	return values, nil
}

func readValue(s *strictjson.Scanner) (v jsonValue, err error) {
	switch c := s.Peek(); {
	case c == '"':
		v.text, err = s.Text()
	case c == '{':
		v.issued = make(map[string]string)
		err = s.Object(func(name string) (err error) {
			if s.Peek() != '"' {
				v.isOther = true
				return s.Skip()
			}
			v.issued[name], err = s.Text()
			return err
		})
	case c == '-' || c >= '0' && c <= '9':
		v.isNumber = true
		v.number, err = s.Int()
	default:
		v.isOther = true
		err = s.Skip()
	}
	return v, err
}

// bytes is the binary form of a value, not nil.
func (v jsonValue) bytes(f field) ([]byte, error) {
	switch f.kind {
	case kindUint32:
		if !v.isNumber || v.number < 0 || v.number > math.MaxUint32 {
			return nil, transaction.Syntax(f.name, "not a whole number of 32 bits")
		}
		return binary.BigEndian.AppendUint32(nil, uint32(v.number)), nil
	case kindAmount:
		a, err := v.amount(f.name)
		return a.bytes(), err
	}
	if v.isNumber || v.issued != nil {
		return nil, transaction.Syntax(f.name, "not a string")
	}
	if f.kind == kindAccount {
		account, err := wallet.ParseXRPAddress(v.text)
		if err != nil {
			return nil, transaction.Syntax(f.name, "%v", err)
		}
		return account[:], nil
	}
	b, err := hex.AppendDecode([]byte{}, []byte(v.text))
	if err != nil || f.kind == kindHash256 && len(b) != 32 {
		return nil, transaction.Syntax(f.name, "not hex digits, or not of the right length")
	}
	return b, nil
}

func (v jsonValue) amount(name string) (amount, error) {
	switch {
	case v.isNumber:
		return amount{}, transaction.Syntax(name, "a number; XRP is a string of drops")
	case v.issued == nil:
		return parseDrops(name, v.text)
	}
	if _, multi := v.issued["mpt_issuance_id"]; multi {
		return amount{}, transaction.Refuse(transaction.Unsupported, "%s: multi-purpose tokens are not understood", name)
	}
	for _, need := range []string{"currency", "issuer", "value"} {
		if _, ok := v.issued[need]; !ok {
			return amount{}, transaction.Syntax(name, "without %s", need)
		}
	}
	if len(v.issued) != 3 {
		return amount{}, transaction.Syntax(name, "has more than currency, issuer and value")
	}
	return parseIssued(name, v.issued["value"], v.issued["currency"], v.issued["issuer"])
}
