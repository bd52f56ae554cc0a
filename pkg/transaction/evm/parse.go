package evm

import (
	"encoding/hex"
	"math"
	"math/big"

	"golang.org/x/crypto/sha3"

	"recover/pkg/transaction"
	"recover/pkg/transaction/chain"
)

// Parse reads an unsigned transaction: as hex digits of its RLP, with or without
// 0x, or as the JSON of ethers and of eth_signTransaction. The error is
// transaction.ErrFormat where it is neither, a *transaction.SyntaxError where it
// is not right, and a *transaction.RefusedError where it is of a kind that is not
// signed here.
func Parse(data []byte, options Options) (transaction.Transaction, error) {
	if len(data) > transaction.MaxSize {
		return nil, transaction.ErrSize
	}
	if transaction.IsObject(data) {
		return parseJSON(data, options)
	}
	b, ok := transaction.DecodeHex(data)
	if !ok {
		return nil, transaction.ErrFormat
	}
	return ParseRLP(b, options)
}

// ParseRLP reads an unsigned transaction in the encoding that is signed.
func ParseRLP(b []byte, options Options) (transaction.Transaction, error) {
	kind := byte(kindLegacy)
	switch {
	case len(b) > 1 && b[0] == kindDynamic && b[1] >= 0xc0:
		kind, b = kindDynamic, b[1:]
	case len(b) > 1 && b[0] < 0x80 && b[1] >= 0xc0:
		return nil, transaction.Refuse(transaction.Unsupported, unsupportedKind, b[0])
	case len(b) == 0 || b[0] < 0xc0:
		return nil, transaction.ErrFormat
	}
	it, err := decodeRLP(b)
	if err != nil {
		return nil, err
	}
	t := &Transaction{kind: kind, options: options}
	if err := t.read(it.list); err != nil {
		return nil, err
	}
	return t, nil
}

const unsupportedKind = "EVM transactions of type %d are not signed here, only legacy ones and type 2"

// read reads the items of the RLP.
func (t *Transaction) read(list []item) error {
	read := t.readDynamic
	if t.kind == kindLegacy {
		read = t.readLegacy
	}
	if err := read(list); err != nil {
		return err
	}
	return t.valid()
}

var errSigned = transaction.Syntax("", "this transaction carries a signature already")

// readLegacy reads nonce, gasPrice, gas, to, value, data, chain ID, 0, 0
// (EIP-155). Without a chain ID it would be valid on every chain.
func (t *Transaction) readLegacy(list []item) error {
	if len(list) == 6 {
		return transaction.Refuse(transaction.Unsupported, "this transaction names no chain, so it could be repeated on every other chain (EIP-155)")
	}
	if len(list) != 9 {
		return transaction.Syntax("", "a legacy transaction has 9 fields, this one has %d", len(list))
	}
	if len(list[7].bytes) > 0 || len(list[8].bytes) > 0 {
		return errSigned
	}
	if list[7].isList || list[8].isList {
		return errRLP
	}
	id, err := list[6].uint64("chain ID")
	if err != nil {
		return err
	}
	t.chain = chain.EVMChain(id)
	return t.readFields([]*item{&list[0], nil, &list[1], &list[2], &list[3], &list[4], &list[5]})
}

// readDynamic reads chain ID, nonce, tip, price, gas, to, value, data and the
// access list (EIP-1559).
func (t *Transaction) readDynamic(list []item) error {
	if len(list) == 12 {
		return errSigned
	}
	if len(list) != 9 {
		return transaction.Syntax("", "a transaction of type 2 has 9 fields, this one has %d", len(list))
	}
	id, err := list[0].uint64("chain ID")
	if err != nil {
		return err
	}
	t.chain = chain.EVMChain(id)
	if err := t.readAccess(list[8]); err != nil {
		return err
	}
	return t.readFields([]*item{&list[1], &list[2], &list[3], &list[4], &list[5], &list[6], &list[7]})
}

// readFields reads nonce, tip, price, gas, to, value and data.
func (t *Transaction) readFields(list []*item) (err error) {
	if t.nonce, err = list[0].uint64("nonce"); err != nil {
		return err
	}
	if list[1] != nil {
		if t.tip, err = list[1].number("tip per gas", 256); err != nil {
			return err
		}
	}
	if t.price, err = list[2].number("price per gas", 256); err != nil {
		return err
	}
	if t.gas, err = list[3].uint64("gas limit"); err != nil {
		return err
	}
	if t.to, err = list[4].account("to"); err != nil {
		return err
	}
	if t.value, err = list[5].number("value", 256); err != nil {
		return err
	}
	if list[6].isList {
		return errRLP
	}
	t.data = list[6].bytes
	return nil
}

func (t *Transaction) readAccess(it item) error {
	const field = "access list"
	if !it.isList {
		return transaction.Syntax(field, "not a list")
	}
	for _, entry := range it.list {
		if len(entry.list) != 2 || !entry.list[1].isList {
			return transaction.Syntax(field, "not a list of addresses and their keys")
		}
		contract, err := entry.list[0].account(field)
		if err != nil || contract == nil {
			return transaction.Syntax(field, "not an address of 20 bytes")
		}
		e := accessEntry{contract: *contract}
		for _, key := range entry.list[1].list {
			if key.isList || len(key.bytes) != 32 {
				return transaction.Syntax(field, "a storage key is not 32 bytes long")
			}
			e.keys = append(e.keys, [32]byte(key.bytes))
		}
		t.access = append(t.access, e)
	}
	return nil
}

// valid holds what no node accepts.
func (t *Transaction) valid() error {
	switch {
	case t.chain.ID == 0:
		return transaction.Syntax("chain ID", "is zero")
	case t.chain.ID > math.MaxInt64:
		return transaction.Syntax("chain ID", "is too large")
	case t.nonce == math.MaxUint64: // EIP-2681
		return transaction.Syntax("nonce", "is too large")
	case t.maxFee().BitLen() > 256:
		return transaction.Syntax("gas limit", "the fee is above 256 bits")
	case t.kind == kindDynamic && t.tip.Cmp(t.price) > 0:
		return transaction.Syntax("tip per gas", "is above the whole price per gas")
	case t.to == nil && len(t.data) == 0:
		return transaction.Syntax("to", "is missing, and there is no contract to create")
	}
	return nil
}

func keccak256(b []byte) [32]byte {
	h := sha3.NewLegacyKeccak256()
	h.Write(b)
	return [32]byte(h.Sum(nil))
}

func hash(b []byte) string {
	sum := keccak256(b)
	return hexText(sum[:])
}

func hexText(b []byte) string { return "0x" + hex.EncodeToString(b) }

// gwei writes a price per gas.
func gwei(n *big.Int) string { return chain.Decimal(n, 9) + " gwei" }
