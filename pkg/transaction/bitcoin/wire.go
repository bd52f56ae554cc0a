package bitcoin

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"slices"

	"recover/pkg/transaction"
)

// maxMoney is all that there will ever be, in satoshis.
const maxMoney = 21_000_000 * 100_000_000

// outpoint names an output of an earlier transaction.
type outpoint struct {
	txid  [32]byte // as it is hashed; people write it backwards
	index uint32
}

// idText writes a transaction's hash as people do, backwards.
func idText(hash [32]byte) string {
	slices.Reverse(hash[:])
	return hex.EncodeToString(hash[:])
}

type input struct {
	from      outpoint
	scriptSig []byte
	sequence  uint32
	witness   [][]byte
}

type output struct {
	amount int64 // satoshis
	script []byte
}

func (o output) equal(p output) bool { return o.amount == p.amount && bytes.Equal(o.script, p.script) }

// tx is a transaction as it is on the wire.
type tx struct {
	version  uint32
	inputs   []input
	outputs  []output
	lockTime uint32
}

// reader reads what the wire format is made of. After the first fault everything
// it gives is zero.
type reader struct {
	b      []byte
	failed bool
}

func (r *reader) take(n uint64) []byte {
	if r.failed || n > uint64(len(r.b)) {
		r.failed = true
		return nil
	}
	taken := r.b[:n:n]
	r.b = r.b[n:]
	return taken
}

func (r *reader) uint32() uint32 {
	if b := r.take(4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

func (r *reader) amount() int64 {
	b := r.take(8)
	if b == nil {
		return 0
	}
	n := binary.LittleEndian.Uint64(b)
	if n > maxMoney {
		r.failed = true
		return 0
	}
	return int64(n)
}

// size reads a number of 1 to 9 bytes in the shortest form.
func (r *reader) size() uint64 {
	first := r.take(1)
	if first == nil {
		return 0
	}
	var n, least uint64
	switch first[0] {
	default:
		return uint64(first[0])
	case 0xfd:
		if b := r.take(2); b != nil {
			n, least = uint64(binary.LittleEndian.Uint16(b)), 0xfd
		}
	case 0xfe:
		n, least = uint64(r.uint32()), 1<<16
	case 0xff:
		if b := r.take(8); b != nil {
			n, least = binary.LittleEndian.Uint64(b), 1<<32
		}
	}
	if n < least {
		r.failed = true
	}
	return n
}

func (r *reader) bytes() []byte { return r.take(r.size()) }

// readTx reads a transaction. With allowWitness it may be in the form of BIP-144,
// which cannot be told from a transaction without inputs.
func readTx(b []byte, allowWitness bool) (*tx, error) {
	r := &reader{b: b}
	t := &tx{version: r.uint32()}
	segwit := allowWitness && len(r.b) > 1 && r.b[0] == 0 && r.b[1] == 1
	if segwit {
		r.take(2)
	}
	for n := r.size(); n > 0 && !r.failed; n-- {
		in := input{}
		copy(in.from.txid[:], r.take(32))
		in.from.index = r.uint32()
		in.scriptSig = r.bytes()
		in.sequence = r.uint32()
		t.inputs = append(t.inputs, in)
	}
	for n := r.size(); n > 0 && !r.failed; n-- {
		t.outputs = append(t.outputs, output{r.amount(), r.bytes()})
	}
	for i := range t.inputs {
		if !segwit || r.failed {
			break
		}
		for n := r.size(); n > 0 && !r.failed; n-- {
			t.inputs[i].witness = append(t.inputs[i].witness, r.bytes())
		}
	}
	t.lockTime = r.uint32()
	if r.failed || len(r.b) > 0 || segwit && !t.hasWitness() {
		return nil, transaction.Syntax("", "the transaction is damaged, cut off, or has bytes behind it")
	}
	return t, nil
}

func (t *tx) hasWitness() bool {
	return slices.ContainsFunc(t.inputs, func(in input) bool { return len(in.witness) > 0 })
}

// encode writes the transaction, with its witnesses if there are any and
// withWitness asks for them.
func (t *tx) encode(withWitness bool) []byte {
	withWitness = withWitness && t.hasWitness()
	b := binary.LittleEndian.AppendUint32(nil, t.version)
	if withWitness {
		b = append(b, 0, 1)
	}
	b = appendSize(b, uint64(len(t.inputs)))
	for _, in := range t.inputs {
		b = appendOutpoint(b, in.from)
		b = appendBytes(b, in.scriptSig)
		b = binary.LittleEndian.AppendUint32(b, in.sequence)
	}
	b = appendSize(b, uint64(len(t.outputs)))
	for _, out := range t.outputs {
		b = appendOutput(b, out)
	}
	if withWitness {
		for _, in := range t.inputs {
			b = appendSize(b, uint64(len(in.witness)))
			for _, item := range in.witness {
				b = appendBytes(b, item)
			}
		}
	}
	return binary.LittleEndian.AppendUint32(b, t.lockTime)
}

// id is the hash that the transaction is known by, which leaves witnesses out.
func (t *tx) id() [32]byte { return hash256(t.encode(false)) }

//go:noinline
func appendOutpoint(b []byte, o outpoint) []byte {
	return binary.LittleEndian.AppendUint32(append(b, o.txid[:]...), o.index)
}

//go:noinline
func appendOutput(b []byte, o output) []byte {
	return appendBytes(binary.LittleEndian.AppendUint64(b, uint64(o.amount)), o.script)
}

//go:noinline
func appendBytes(b, content []byte) []byte {
	return append(appendSize(b, uint64(len(content))), content...)
}

//go:noinline
func appendSize(b []byte, n uint64) []byte {
	switch {
	case n < 0xfd:
		return append(b, byte(n))
	case n < 1<<16:
		return binary.LittleEndian.AppendUint16(append(b, 0xfd), uint16(n))
	case n < 1<<32:
		return binary.LittleEndian.AppendUint32(append(b, 0xfe), uint32(n))
	}
	return binary.LittleEndian.AppendUint64(append(b, 0xff), n)
}

// hash256 is the double SHA-256.
func hash256(b []byte) [32]byte {
	first := sha256.Sum256(b)
	return sha256.Sum256(first[:])
}
