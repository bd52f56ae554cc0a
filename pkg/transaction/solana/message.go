package solana

import (
	"encoding/binary"
	"errors"
	"slices"
)

// Sizes in bytes, and the limits of the format (Solana documents, "Transactions").
const (
	maxSize       = 1232 // of a transaction: an IPv6 packet, less the headers
	keySize       = 32
	signatureSize = 64
	versionBit    = 0x80 // in the first byte of a message that has a version
)

// address is an account: a public key, or 32 bytes that are none.
type address [keySize]byte

// message is what is signed.
type message struct {
	versioned        bool // version 0, else a legacy message
	signers          byte // how many of the keys have to sign; the first pays the fee
	readOnlySigners  byte // the last of them that are read-only
	readOnlyUnsigned byte // the last of all keys that are read-only
	keys             []address
	blockhash        address
	instructions     []instruction
	lookups          []lookup // of version 0
}

// instruction calls a program. Accounts are places in the list of all accounts.
type instruction struct {
	program  byte
	accounts []byte
	data     []byte
}

// lookup adds accounts that are listed in a table on the chain.
type lookup struct {
	table              address
	writable, readOnly []byte // places in the table
}

// errWire is any fault of the binary format. It has no details: bytes of another
// format have the most absurd ones.
var errWire = errors.New("not a message")

// reader takes bytes from the front of a message. After a fault it gives zeros.
type reader struct {
	rest  []byte
	fault bool
}

func (r *reader) bytes(n int) []byte {
	if n > len(r.rest) {
		r.rest, r.fault = nil, true
	}
	if r.fault {
		return nil
	}
	b := r.rest[:n:n]
	r.rest = r.rest[n:]
	return b
}

func (r *reader) byte() byte {
	if b := r.bytes(1); b != nil {
		return b[0]
	}
	return 0
}

func (r *reader) address() (a address) {
	copy(a[:], r.bytes(keySize))
	return a
}

// count reads a compact-u16: seven bits at a time, the lowest first, in as few
// bytes as possible.
func (r *reader) count() int {
	n := 0
	for i := range 3 {
		b := r.byte()
		n |= int(b&0x7f) << (7 * i)
		if b < 0x80 {
			if b == 0 && i > 0 || n > 0xffff {
				r.fault = true
			}
			return n
		}
	}
	r.fault = true
	return 0
}

// list reads a count and as many elements of at least size bytes.
func list[T any](r *reader, size int, element func() T) []T {
	n := r.count()
	if n*size > len(r.rest) {
		r.fault = true
		return nil
	}
	var all []T
	for range n {
		all = append(all, element())
	}
	return all
}

// readMessage reads one message, up to the end of b. The error is errWire.
func readMessage(b []byte) (*message, error) {
	m, r := &message{}, &reader{rest: b}
	if len(b) > 0 && b[0]&versionBit != 0 {
		m.versioned = true
		if r.byte() != versionBit { // version 0
			return nil, errWire
		}
	}
	m.signers, m.readOnlySigners, m.readOnlyUnsigned = r.byte(), r.byte(), r.byte()
	m.keys = list(r, keySize, r.address)
	m.blockhash = r.address()
	bytes := func() []byte { return r.bytes(r.count()) }
	m.instructions = list(r, 3, func() instruction { return instruction{r.byte(), bytes(), bytes()} })
	if m.versioned {
		m.lookups = list(r, keySize+2, func() lookup { return lookup{r.address(), bytes(), bytes()} })
	}
	if r.fault || len(r.rest) > 0 || !m.consistent() {
		return nil, errWire
	}
	return m, nil
}

// consistent tells whether the counts and places fit together.
func (m *message) consistent() bool {
	static := len(m.keys)
	if m.signers == 0 || m.readOnlySigners >= m.signers || int(m.signers)+int(m.readOnlyUnsigned) > static {
		return false
	}
	total := static
	for _, l := range m.lookups {
		if len(l.writable)+len(l.readOnly) == 0 {
			return false
		}
		total += len(l.writable) + len(l.readOnly)
	}
	for _, i := range m.instructions {
		if i.program == 0 || int(i.program) >= static {
			return false
		}
		if slices.ContainsFunc(i.accounts, func(a byte) bool { return int(a) >= total }) {
			return false
		}
	}
	return total <= 256
}

// bytes writes the message as readMessage reads it.
func (m *message) bytes() []byte {
	var b []byte
	if m.versioned {
		b = append(b, versionBit)
	}
	b = append(b, m.signers, m.readOnlySigners, m.readOnlyUnsigned)
	b = binary.AppendUvarint(b, uint64(len(m.keys)))
	for _, k := range m.keys {
		b = append(b, k[:]...)
	}
	b = append(b, m.blockhash[:]...)
	b = binary.AppendUvarint(b, uint64(len(m.instructions)))
	for _, i := range m.instructions {
		b = append(b, i.program)
		b = appendBytes(appendBytes(b, i.accounts), i.data)
	}
	if !m.versioned {
		return b
	}
	b = binary.AppendUvarint(b, uint64(len(m.lookups)))
	for _, l := range m.lookups {
		b = append(b, l.table[:]...)
		b = appendBytes(appendBytes(b, l.writable), l.readOnly)
	}
	return b
}

func appendBytes(b, data []byte) []byte {
	return append(binary.AppendUvarint(b, uint64(len(data))), data...)
}
