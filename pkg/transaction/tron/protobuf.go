package tron

import (
	"encoding/binary"
	"math"

	"recover/pkg/transaction"
)

// The wire types of Protocol Buffers that Tron's messages use.
const (
	wireVarint = 0
	wireBytes  = 2
)

// field is one field of a message.
type field struct {
	number uint64
	wire   byte
	varint int64  // wireVarint
	bytes  []byte // wireBytes
}

// readMessage splits a message into its fields. It accepts the one encoding that
// every encoder of Tron writes: fields in ascending order, each once, numbers in
// the fewest bytes, and no field that has its default. Anything else is refused,
// because two decoders could read it differently.
func readMessage(name string, b []byte) ([]field, error) {
	bad := func(problem string) ([]field, error) { return nil, transaction.Syntax(name, "%s", problem) }
	var fields []field
	for last := uint64(0); len(b) > 0; {
		key, rest, ok := readVarint(b)
		if !ok {
			return bad("the encoding is damaged, or not canonical")
		}
		f := field{number: key >> 3, wire: byte(key & 7)}
		if f.number <= last {
			return bad("a field comes twice, or out of order")
		}
		last = f.number
		n, rest, ok := readVarint(rest)
		if !ok {
			return bad("the encoding is damaged, or not canonical")
		}
		switch f.wire {
		case wireVarint:
			if n == 0 || n > math.MaxInt64 {
				return bad("a number is zero or negative")
			}
			f.varint = int64(n)
		case wireBytes:
			if n == 0 || n > uint64(len(rest)) {
				return bad("a field is empty or cut off")
			}
			f.bytes, rest = rest[:n], rest[n:]
		default:
			return bad("a field has a type that Tron does not use")
		}
		fields, b = append(fields, f), rest
	}
	return fields, nil
}

// readVarint reads a number of 64 bits in the fewest bytes.
//
//go:noinline
func readVarint(b []byte) (n uint64, rest []byte, ok bool) {
	n, size := binary.Uvarint(b)
	if size <= 0 || size > 1 && b[size-1] == 0 {
		return 0, nil, false
	}
	return n, b[size:], true
}

// appendNumber writes a field that is a number; zero is not written.
//
//go:noinline
func appendNumber(b []byte, number uint64, n int64) []byte {
	if n == 0 {
		return b
	}
	return binary.AppendUvarint(binary.AppendUvarint(b, number<<3|wireVarint), uint64(n))
}

// appendBytes writes a field of bytes; none are not written.
//
//go:noinline
func appendBytes(b []byte, number uint64, content []byte) []byte {
	if len(content) == 0 {
		return b
	}
	b = binary.AppendUvarint(binary.AppendUvarint(b, number<<3|wireBytes), uint64(len(content)))
	return append(b, content...)
}
