package tron

import (
	"bytes"
	"math/big"

	"recover/pkg/transaction"
)

// Parse reads an unsigned transaction: raw_data as hex digits, alone or within a
// transaction without a signature, or the JSON of a Tron node and of TronWeb. The
// error is transaction.ErrFormat where it is neither, a *transaction.SyntaxError
// where it is not right, and a *transaction.RefusedError where it is of a kind that
// is not signed here.
func Parse(data []byte, options Options) (transaction.Transaction, error) {
	if len(data) > transaction.MaxSize {
		return nil, transaction.ErrSize
	}
	if transaction.IsObject(data) {
		return parseJSON(data, options)
	}
	b, ok := transaction.DecodeHex(data)
	// Both forms begin with a field 1 of bytes: two bytes of a block's number, or
	// raw_data, which is longer.
	if !ok || len(b) < 3 || b[0] != 1<<3|wireBytes {
		return nil, transaction.ErrFormat
	}
	if b[1] != 2 {
		fields, err := readMessage("transaction", b)
		if err != nil {
			return nil, err
		}
		if len(fields) != 1 {
			return nil, errSigned
		}
		b = fields[0].bytes
	}
	return ParseRaw(b, options)
}

// ParseRaw reads the bytes of raw_data.
func ParseRaw(b []byte, options Options) (transaction.Transaction, error) {
	t, err := parseRaw(b, options)
	if err != nil {
		return nil, err
	}
	return t, nil
}

var errSigned = transaction.Syntax("", "this transaction carries a signature already")

func parseRaw(b []byte, options Options) (*Transaction, error) {
	fields, err := readMessage("raw_data", b)
	if err != nil {
		return nil, err
	}
	t := &Transaction{options: options}
	var contract []byte
	for _, f := range fields {
		switch {
		case f.number == 1 && len(f.bytes) == len(t.refBlockBytes):
			copy(t.refBlockBytes[:], f.bytes)
		case f.number == 4 && len(f.bytes) == len(t.refBlockHash):
			copy(t.refBlockHash[:], f.bytes)
		case f.number == 8 && f.wire == wireVarint:
			t.expiration = f.varint
		case f.number == 10 && f.wire == wireBytes:
			t.memo = f.bytes
		case f.number == 11 && f.wire == wireBytes:
			contract = f.bytes
		case f.number == 14 && f.wire == wireVarint:
			t.timestamp = f.varint
		case f.number == 18 && f.wire == wireVarint:
			t.feeLimit = f.varint
		default:
			return nil, transaction.Syntax("raw_data", "field %d is not known, or not of its type", f.number)
		}
	}
	if len(fields) == 0 || fields[0].number != 1 || len(fields) == 1 || fields[1].number != 4 {
		return nil, transaction.Syntax("raw_data", "ref_block_bytes or ref_block_hash is missing")
	}
	if err := t.readContract(contract); err != nil {
		return nil, err
	}
	if err := t.valid(); err != nil {
		return nil, err
	}
	if !bytes.Equal(t.Unsigned(), b) {
		return nil, transaction.Syntax("raw_data", "the encoding is not canonical")
	}
	return t, nil
}

// readContract reads the one contract: its type, and the message of that type.
func (t *Transaction) readContract(b []byte) error {
	fields, err := readMessage("contract", b)
	if err != nil {
		return err
	}
	if len(fields) == 3 && fields[2].number == 5 {
		return transaction.Refuse(transaction.Unsupported, "this is to be signed with permission %d of the account, only the owner's is signed here", fields[2].varint)
	}
	if len(fields) != 2 || fields[0].number != 1 || fields[0].wire != wireVarint || fields[1].number != 2 {
		return transaction.Syntax("contract", "has to be a type and a parameter")
	}
	kind := fields[0].varint
	if kind != typeTransfer && kind != typeTrigger {
		return transaction.Refuse(transaction.Unsupported, "Tron contracts of type %d are not signed here, only TransferContract (1) and TriggerSmartContract (31)", kind)
	}
	parameter, err := readMessage("parameter", fields[1].bytes)
	if err != nil {
		return err
	}
	url := urlTransfer
	if kind == typeTrigger {
		url = urlTrigger
	}
	if len(parameter) != 2 || parameter[0].number != 1 || parameter[1].number != 2 || string(parameter[0].bytes) != url {
		return transaction.Syntax("parameter", "is not of the type of the contract")
	}
	if kind == typeTrigger {
		return t.readTrigger(parameter[1].bytes)
	}
	return t.readTransfer(parameter[1].bytes)
}

func (t *Transaction) readTransfer(b []byte) error {
	f, err := readMessage("TransferContract", b)
	if err != nil {
		return err
	}
	if len(f) != 3 || f[0].number != 1 || f[1].number != 2 || f[2].number != 3 || f[2].wire != wireVarint {
		return transaction.Syntax("TransferContract", "has to be owner_address, to_address and amount")
	}
	if t.owner, err = readAccount("owner_address", f[0].bytes); err != nil {
		return err
	}
	t.amount = big.NewInt(f[2].varint)
	t.to, err = readAccount("to_address", f[1].bytes)
	return err
}

func (t *Transaction) readTrigger(b []byte) error {
	f, err := readMessage("TriggerSmartContract", b)
	if err != nil {
		return err
	}
	for _, more := range f {
		if more.number == 3 || more.number == 5 || more.number == 6 {
			return transaction.Refuse(transaction.Unsupported, "this sends TRX or TRC-10 tokens along with a call")
		}
	}
	if len(f) != 3 || f[0].number != 1 || f[1].number != 2 || f[2].number != 4 {
		return transaction.Syntax("TriggerSmartContract", "has to be owner_address, contract_address and data")
	}
	if t.owner, err = readAccount("owner_address", f[0].bytes); err != nil {
		return err
	}
	token, err := readAccount("contract_address", f[1].bytes)
	if err != nil {
		return err
	}
	data := f[2].bytes
	if len(data) != 68 || !bytes.HasPrefix(data, selectorTransfer) || !bytes.Equal(data[4:16], make([]byte, 12)) {
		return transaction.Refuse(transaction.UnknownData, "this calls %s with data that is no TRC-20 transfer: %s", token, transaction.Hex(data))
	}
	t.token, t.to = &token, account(data[16:36])
	t.amount = new(big.Int).SetBytes(data[36:])
	return nil
}

func readAccount(name string, b []byte) (account, error) {
	if len(b) != 21 || b[0] != addressPrefix {
		return account{}, transaction.Syntax(name, "not an address of 21 bytes that begin with 41")
	}
	return account(b[1:]), nil
}

// Times in milliseconds, and a memo, that make sense.
const (
	minTime = 1_500_000_000_000   // in 2017, before the chain began
	maxTime = 253_402_300_799_999 // the end of the year 9999
	maxMemo = 1024
)

// valid holds what no node accepts.
func (t *Transaction) valid() error {
	switch {
	case t.expiration < minTime || t.expiration > maxTime:
		return transaction.Syntax("expiration", "not a time in milliseconds")
	case t.timestamp != 0 && (t.timestamp < minTime || t.timestamp > maxTime):
		return transaction.Syntax("timestamp", "not a time in milliseconds")
	case len(t.memo) > maxMemo:
		return transaction.Syntax("data", "the memo is longer than %d bytes", maxMemo)
	case t.token == nil && t.owner == t.to:
		return transaction.Syntax("to_address", "is the account itself")
	case t.feeLimit > maxFeeLimit:
		return transaction.Syntax("fee_limit", "is above what the network allows")
	}
	return nil
}

// maxFeeLimit is the network's own limit, in sun.
const maxFeeLimit = 15_000_000_000
