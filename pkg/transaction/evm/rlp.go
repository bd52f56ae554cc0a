package evm

import (
	"math/big"

	"recover/pkg/transaction"
)

// item is a value of RLP (Ethereum yellow paper, appendix B): bytes, or a list.
type item struct {
	isList bool
	bytes  []byte
	list   []item
}

// maxDepth is how deep the lists of a transaction go: transaction, access list,
// its entries, their storage keys.
const maxDepth = 4

// errRLP is the error for every departure from the one canonical form.
var errRLP = transaction.Syntax("", "the RLP encoding is damaged, or not canonical")

// decodeRLP reads one item that takes up all of b, in the canonical form only.
func decodeRLP(b []byte) (item, error) {
	it, rest, err := nextItem(b, maxDepth)
	if err == nil && len(rest) > 0 {
		return item{}, transaction.Syntax("", "%d bytes follow the transaction", len(rest))
	}
	return it, err
}

func nextItem(b []byte, depth int) (it item, rest []byte, err error) {
	if len(b) == 0 {
		return it, nil, errRLP
	}
	prefix := b[0]
	if prefix < 0x80 {
		return item{bytes: b[:1]}, b[1:], nil
	}
	it.isList = prefix >= 0xc0
	content, rest, err := splitContent(b, prefix&0x3f)
	if err != nil {
		return it, nil, err
	}
	if !it.isList {
		it.bytes = content
		if len(content) == 1 && content[0] < 0x80 {
			return it, nil, errRLP // has to be written as itself
		}
		return it, rest, nil
	}
	if depth == 0 {
		return it, nil, transaction.Syntax("", "lists are nested deeper than in any transaction")
	}
	for len(content) > 0 {
		var child item
		if child, content, err = nextItem(content, depth-1); err != nil {
			return it, nil, err
		}
		it.list = append(it.list, child)
	}
	return it, rest, nil
}

// splitContent cuts off what the length of an item says; size is the low six bits
// of its first byte: the length itself up to 55, above it the length's length.
func splitContent(b []byte, size byte) (content, rest []byte, err error) {
	b = b[1:]
	n := uint64(size)
	if size > 55 {
		digits := int(size - 55)
		if len(b) < digits || b[0] == 0 {
			return nil, nil, errRLP
		}
		n = new(big.Int).SetBytes(b[:digits]).Uint64()
		if b = b[digits:]; n <= 55 {
			return nil, nil, errRLP
		}
	}
	if n > uint64(len(b)) {
		return nil, nil, errRLP
	}
	return b[:n], b[n:], nil
}

// encodeBytes writes a string of bytes.
func encodeBytes(b []byte) []byte {
	if len(b) == 1 && b[0] < 0x80 {
		return []byte{b[0]}
	}
	return append(encodeLength(0x80, len(b)), b...)
}

// encodeNumber writes a whole number without zeros in front.
func encodeNumber(n *big.Int) []byte { return encodeBytes(n.Bytes()) }

func encodeUint(n uint64) []byte { return encodeNumber(new(big.Int).SetUint64(n)) }

// encodeList writes a list of items that are encoded already.
func encodeList(items ...[]byte) []byte {
	var content []byte
	for _, it := range items {
		content = append(content, it...)
	}
	return append(encodeLength(0xc0, len(content)), content...)
}

func encodeLength(offset byte, n int) []byte {
	if n <= 55 {
		return []byte{offset + byte(n)}
	}
	length := new(big.Int).SetInt64(int64(n)).Bytes()
	return append([]byte{offset + 55 + byte(len(length))}, length...)
}

// number reads a whole number below 2^bits.
func (it item) number(field string, bits int) (*big.Int, error) {
	if it.isList || len(it.bytes) > 0 && it.bytes[0] == 0 {
		return nil, transaction.Syntax(field, "not a number without zeros in front")
	}
	n := new(big.Int).SetBytes(it.bytes)
	if n.BitLen() > bits {
		return nil, transaction.Syntax(field, "is too large")
	}
	return n, nil
}

func (it item) uint64(field string) (uint64, error) {
	n, err := it.number(field, 64)
	if err != nil {
		return 0, err
	}
	return n.Uint64(), nil
}

// account reads 20 bytes, or nil for an empty string.
func (it item) account(field string) (*account, error) {
	if it.isList || len(it.bytes) != 0 && len(it.bytes) != 20 {
		return nil, transaction.Syntax(field, "not an address of 20 bytes")
	}
	if len(it.bytes) == 0 {
		return nil, nil
	}
	a := account(it.bytes)
	return &a, nil
}
