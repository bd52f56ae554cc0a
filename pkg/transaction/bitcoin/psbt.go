package bitcoin

import (
	"bytes"
	"encoding/binary"

	"recover/pkg/transaction"
)

// magic begins a PSBT: "psbt" and 0xff.
var magic = []byte("psbt\xff")

// The types of entries that are looked at (BIP-174).
const (
	globalTx      = 0x00
	globalXpub    = 0x01
	globalVersion = 0xfb

	inNonWitnessUTXO = 0x00
	inWitnessUTXO    = 0x01
	inPartialSig     = 0x02
	inSighash        = 0x03
	inRedeemScript   = 0x04
	inWitnessScript  = 0x05
	inDerivation     = 0x06
	inFinalScript    = 0x07
	inFinalWitness   = 0x08
	inProofOfReserve = 0x09
	inTaprootFirst   = 0x13
	inTaprootLast    = 0x18

	outRedeemScript  = 0x00
	outWitnessScript = 0x01
	outDerivation    = 0x02
)

// pair is one entry of a map: a type, key data, and a value.
type pair struct {
	kind    uint64
	keyData []byte
	value   []byte
}

// packet is a PSBT of version 0. Its entries keep their order, so encode gives
// back the bytes that were read.
type packet struct {
	tx      *tx
	global  []pair
	inputs  [][]pair
	outputs [][]pair
}

var errPSBT = transaction.Syntax("", "the PSBT is damaged, or cut off")

// readPacket reads a PSBT and checks what BIP-174 says of the form of its entries.
func readPacket(b []byte) (*packet, error) {
	r := &reader{b: b}
	if !bytes.Equal(r.take(uint64(len(magic))), magic) {
		return nil, transaction.ErrFormat
	}
	p := &packet{}
	var err error
	if p.global, err = readMap(r, "PSBT", checkGlobal); err != nil {
		return nil, err
	}
	unsigned, ok := find(p.global, globalTx)
	if !ok {
		return nil, transaction.Syntax("PSBT", "there is no unsigned transaction")
	}
	if p.tx, err = readTx(unsigned, false); err != nil {
		return nil, err
	}
	for _, in := range p.tx.inputs {
		if len(in.scriptSig) > 0 {
			return nil, transaction.Syntax("PSBT", "an input of the unsigned transaction has a script")
		}
		m, err := readMap(r, "input", checkInput)
		if err != nil {
			return nil, err
		}
		p.inputs = append(p.inputs, m)
	}
	for range p.tx.outputs {
		m, err := readMap(r, "output", checkOutput)
		if err != nil {
			return nil, err
		}
		p.outputs = append(p.outputs, m)
	}
	if len(r.b) > 0 {
		return nil, transaction.Syntax("PSBT", "%d bytes follow it", len(r.b))
	}
	return p, nil
}

// readMap reads entries up to the zero byte that ends them. No key comes twice.
func readMap(r *reader, where string, check func(pair) bool) (m []pair, err error) {
	seen := map[string]bool{}
	for {
		key := r.bytes()
		if r.failed {
			return nil, errPSBT
		}
		if len(key) == 0 {
			return m, nil
		}
		value := r.bytes()
		k := &reader{b: key}
		p := pair{kind: k.size(), keyData: k.b, value: value}
		if r.failed || k.failed {
			return nil, errPSBT
		}
		if seen[string(key)] {
			return nil, transaction.Syntax(where, "an entry of type 0x%02x comes twice", p.kind)
		}
		seen[string(key)] = true
		if !check(p) {
			return nil, transaction.Syntax(where, "an entry of type 0x%02x is not as BIP-174 has it", p.kind)
		}
		m = append(m, p)
	}
}

func checkGlobal(p pair) bool {
	switch p.kind {
	case globalTx:
		return len(p.keyData) == 0
	case globalXpub:
		return len(p.keyData) == 78 && isPath(p.value)
	case globalVersion:
		return len(p.keyData) == 0 && len(p.value) == 4 && binary.LittleEndian.Uint32(p.value) == 0
	case 0x02, 0x03, 0x04, 0x05, 0x06: // of version 2
		return false
	}
	return true
}

func checkInput(p pair) bool {
	switch p.kind {
	case inPartialSig:
		return isPublicKey(p.keyData) && len(p.value) >= 9 && len(p.value) <= 73
	case inDerivation:
		return isPublicKey(p.keyData) && isPath(p.value)
	case inSighash:
		return len(p.keyData) == 0 && len(p.value) == 4
	case inNonWitnessUTXO, inRedeemScript, inWitnessScript, inFinalScript, inFinalWitness, inProofOfReserve:
		return len(p.keyData) == 0
	case inWitnessUTXO:
		_, ok := readOutput(p.value)
		return len(p.keyData) == 0 && ok
	case 0x0e, 0x0f, 0x10, 0x11, 0x12: // of version 2
		return false
	case 0x13, 0x17, 0x18: // key-path signature, internal key, Merkle root (BIP-371)
		sizes := map[uint64][]int{0x13: {64, 65}, 0x17: {32}, 0x18: {32}}[p.kind]
		return len(p.keyData) == 0 && (len(p.value) == sizes[0] || len(p.value) == sizes[len(sizes)-1])
	case 0x14: // script-path signature
		return len(p.keyData) == 64 && (len(p.value) == 64 || len(p.value) == 65)
	case 0x15: // leaf script
		return len(p.keyData) >= 33 && len(p.keyData)%32 == 1 && len(p.value) > 0
	case 0x16: // derivation
		return len(p.keyData) == 32
	}
	return true
}

func checkOutput(p pair) bool {
	switch p.kind {
	case outRedeemScript, outWitnessScript:
		return len(p.keyData) == 0
	case outDerivation:
		return isPublicKey(p.keyData) && isPath(p.value)
	case 0x03, 0x04: // of version 2
		return false
	case 0x05: // internal key (BIP-371)
		return len(p.keyData) == 0 && len(p.value) == 32
	case 0x06: // tree
		return len(p.keyData) == 0
	case 0x07: // derivation
		return len(p.keyData) == 32
	}
	return true
}

// isPublicKey tells whether b has the form of a key: 33 or 65 bytes.
func isPublicKey(b []byte) bool {
	return len(b) == 33 && (b[0] == 2 || b[0] == 3) || len(b) == 65 && b[0] == 4
}

// isPath tells whether b is a fingerprint and child numbers of 4 bytes each.
func isPath(b []byte) bool { return len(b) >= 4 && len(b)%4 == 0 }

func readOutput(b []byte) (output, bool) {
	r := &reader{b: b}
	o := output{r.amount(), r.bytes()}
	return o, !r.failed && len(r.b) == 0
}

// find returns the value of an entry without key data.
func find(m []pair, kind uint64) ([]byte, bool) {
	for _, p := range m {
		if p.kind == kind && len(p.keyData) == 0 {
			return p.value, true
		}
	}
	return nil, false
}

// encode writes the PSBT.
func (p *packet) encode() []byte {
	b := appendMap(bytes.Clone(magic), p.global)
	for _, m := range p.inputs {
		b = appendMap(b, m)
	}
	for _, m := range p.outputs {
		b = appendMap(b, m)
	}
	return b
}

func appendMap(b []byte, m []pair) []byte {
	for _, p := range m {
		key := append(appendSize(nil, p.kind), p.keyData...)
		b = appendBytes(appendBytes(b, key), p.value)
	}
	return append(b, 0)
}
