package bitcoin

import (
	"encoding/binary"

	"recover/internal/group"
	"recover/pkg/transaction"
	"recover/pkg/wallet"
)

// scriptKind is what an output script pays to.
type scriptKind int

const (
	kindUnknown scriptKind = iota
	kindP2PKH
	kindP2SH
	kindP2WPKH
	kindP2WSH
	kindP2TR
	kindData // OP_RETURN and one push: nobody can spend it
)

const (
	opPushData1 = 0x4c
	op1         = 0x51
	opReturn    = 0x6a
	opDup       = 0x76
	opHash160   = 0xa9
)

// kindOf recognizes the standard scripts. Witness versions above 1 are unknown:
// anybody can spend them until they are given a meaning.
func kindOf(script []byte) scriptKind {
	switch n := len(script); {
	case n == 22 && script[0] == 0 && script[1] == 20:
		return kindP2WPKH
	case n == 34 && script[0] == 0 && script[1] == 32:
		return kindP2WSH
	case n == 34 && script[0] == op1 && script[1] == 32:
		return kindP2TR
	case n == 25 && hasAddress(script):
		return kindP2PKH
	case n == 23 && script[0] == opHash160 && hasAddress(script):
		return kindP2SH
	case n > 0 && script[0] == opReturn:
		if _, ok := dataOf(script); ok {
			return kindData
		}
	}
	return kindUnknown
}

func hasAddress(script []byte) bool {
	_, ok := wallet.BitcoinAddress(script, false)
	return ok && (script[0] == opDup || script[0] == opHash160)
}

// dataOf returns the data of an OP_RETURN script with at most one push, in the
// shortest form.
func dataOf(script []byte) ([]byte, bool) {
	rest := script[1:]
	switch {
	case len(rest) == 0:
		return nil, true
	case int(rest[0]) == len(rest)-1 && rest[0] > 0 && rest[0] < opPushData1:
		return rest[1:], true
	case rest[0] == opPushData1 && len(rest) > 1 && int(rest[1]) == len(rest)-2 && rest[1] >= opPushData1:
		return rest[2:], true
	}
	return nil, false
}

// keyHash returns the hash of the key that a P2WPKH or P2PKH script pays to.
func keyHash(script []byte) []byte {
	if kindOf(script) == kindP2WPKH {
		return script[2:]
	}
	return script[3:23]
}

// sighashAll commits to all inputs and all outputs.
const sighashAll = 1

// commonHashes are what the digests of all P2WPKH inputs share (BIP-143).
type commonHashes struct {
	outpoints, sequences, outputs [32]byte
}

func newHashes(t *tx) commonHashes {
	var outpoints, sequences, outputs []byte
	for _, in := range t.inputs {
		outpoints = appendOutpoint(outpoints, in.from)
		sequences = binary.LittleEndian.AppendUint32(sequences, in.sequence)
	}
	for _, o := range t.outputs {
		outputs = appendOutput(outputs, o)
	}
	return commonHashes{hash256(outpoints), hash256(sequences), hash256(outputs)}
}

// digest returns what is signed for input i, with the signature hash type ALL.
func (t *Transaction) digest(i int, h commonHashes) [32]byte {
	unsigned, spent := t.packet.tx, t.spent[i]
	if kindOf(spent.script) == kindP2PKH {
		c := unsigned.copy()
		c.inputs[i].scriptSig = spent.script
		return hash256(binary.LittleEndian.AppendUint32(c.encode(false), sighashAll))
	}
	// BIP-143: the script code of P2WPKH is the P2PKH script of the same hash.
	code := append(append([]byte{0x76, 0xa9, 20}, keyHash(spent.script)...), 0x88, 0xac)
	b := binary.LittleEndian.AppendUint32(nil, unsigned.version)
	b = append(append(b, h.outpoints[:]...), h.sequences[:]...)
	b = appendOutpoint(b, unsigned.inputs[i].from)
	b = appendBytes(b, code)
	b = binary.LittleEndian.AppendUint64(b, uint64(spent.amount))
	b = binary.LittleEndian.AppendUint32(b, unsigned.inputs[i].sequence)
	b = append(b, h.outputs[:]...)
	b = binary.LittleEndian.AppendUint32(b, unsigned.lockTime)
	return hash256(binary.LittleEndian.AppendUint32(b, sighashAll))
}

// isSignedBy reads a final transaction back: apart from the signatures it has to
// be the unsigned one, and each signature has to verify under public.
func (t *Transaction) isSignedBy(raw []byte, public group.Point) bool {
	final, err := readTx(raw, true)
	if err != nil || len(final.inputs) != len(t.spent) {
		return false
	}
	stripped := final.copy()
	for i := range stripped.inputs {
		stripped.inputs[i].scriptSig, stripped.inputs[i].witness = nil, nil
	}
	if string(stripped.encode(true)) != string(t.packet.tx.encode(true)) {
		return false
	}
	h := newHashes(t.packet.tx)
	for i, in := range final.inputs {
		items := in.witness
		if kindOf(t.spent[i].script) == kindP2PKH {
			r := &reader{b: in.scriptSig}
			items = [][]byte{r.bytes(), r.bytes()}
			if r.failed || len(r.b) > 0 || len(in.witness) > 0 {
				return false
			}
		}
		if len(items) != 2 || string(items[1]) != string(group.Compressed(public)) {
			return false
		}
		n := len(items[0]) - 1
		if n < 0 || items[0][n] != sighashAll || !transaction.VerifyDER(public, t.digest(i, h), items[0][:n]) {
			return false
		}
	}
	return true
}
