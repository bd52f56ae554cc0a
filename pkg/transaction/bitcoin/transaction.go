// Package bitcoin reads, describes, signs and builds partially signed Bitcoin
// transactions of version 0 (BIP-174) whose inputs are all of one key: P2WPKH,
// and P2PKH where the transaction that is spent comes along.
package bitcoin

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"math/big"

	"recover/internal/group"
	"recover/pkg/transaction"
	"recover/pkg/transaction/chain"
	"recover/pkg/wallet"
)

// DefaultMaxFeeRate is the cap of the fee rate, in satoshis per virtual byte,
// unless the caller sets another.
const DefaultMaxFeeRate = 500

// Options are what a PSBT does not say.
type Options struct {
	// Testnet has the addresses of the test networks shown; the bytes of a
	// transaction are the same on all networks.
	Testnet bool
}

// Transaction is an unsigned transaction with what it spends.
type Transaction struct {
	packet  *packet
	spent   []output // what each input spends
	proved  bool     // for every input the whole transaction was there that is spent
	options Options
}

var _ transaction.Transaction = (*Transaction)(nil)

// Chain returns the network of the options.
func (t *Transaction) Chain() chain.Chain {
	if t.options.Testnet {
		return chain.BitcoinTestnet
	}
	return chain.BitcoinMainnet
}

// From returns the address of the first input.
func (t *Transaction) From() string {
	text, _ := wallet.BitcoinAddress(t.spent[0].script, t.options.Testnet)
	return text
}

// MaxFee returns the fee: what the inputs have and no output gets.
func (t *Transaction) MaxFee() chain.Amount { return t.Chain().Native(big.NewInt(t.fee())) }

func (t *Transaction) fee() int64 { return sum(t.spent) - sum(t.packet.tx.outputs) }

func sum(outputs []output) (total int64) {
	for _, o := range outputs {
		total += o.amount
	}
	return total
}

// Unsigned returns the PSBT.
func (t *Transaction) Unsigned() []byte { return t.packet.encode() }

// Payments implements transaction.Transaction. The outputs that go back to the
// key of the inputs are marked as change.
func (t *Transaction) Payments() []transaction.Payment {
	var all []transaction.Payment
	for _, o := range t.packet.tx.outputs {
		to, ok := wallet.BitcoinAddress(o.script, t.options.Testnet)
		if !ok {
			to = "script " + hex.EncodeToString(o.script)
		}
		all = append(all, transaction.Payment{To: to, Amount: t.Chain().Native(big.NewInt(o.amount)), Change: t.isChange(o)})
	}
	return all
}

// isChange tells whether an output is of the key of the inputs.
func (t *Transaction) isChange(o output) bool {
	kind := kindOf(o.script)
	return (kind == kindP2WPKH || kind == kindP2PKH) && bytes.Equal(keyHash(o.script), keyHash(t.spent[0].script))
}

// Check implements transaction.Transaction.
func (t *Transaction) Check(l transaction.Limits) error {
	if err := transaction.CheckFee(t.Chain(), big.NewInt(t.fee()), l); err != nil {
		return err
	}
	limit := l.MaxFeeRate
	if limit == 0 {
		limit = DefaultMaxFeeRate
	}
	if new(big.Int).Mul(big.NewInt(limit), big.NewInt(t.virtualSize())).Cmp(big.NewInt(t.fee())) < 0 {
		return transaction.Refuse(transaction.FeeTooHigh, "the fee rate is %s, above the cap of %d sat/vB", t.feeRate(), limit)
	}
	for i, o := range t.packet.tx.outputs {
		if kindOf(o.script) == kindUnknown && !l.AllowData {
			return transaction.Refuse(transaction.UnknownData, "output %d goes to a script that is not understood: %s", i+1, transaction.Hex(o.script))
		}
	}
	return nil
}

// Sign implements transaction.Transaction. Raw is the final transaction, Text its
// hexadecimal form for sendrawtransaction.
func (t *Transaction) Sign(k *transaction.Key, l transaction.Limits) (*transaction.Signed, error) {
	if err := t.Check(l); err != nil {
		return nil, err
	}
	if k.Group() != group.Secp256k1 {
		return nil, &transaction.AccountError{Want: t.From(), Key: ""}
	}
	public := group.Compressed(k.Public())
	hash := wallet.BitcoinKeyHash(public)
	final := t.packet.tx.copy()
	hashes := newHashes(final)
	for i, spent := range t.spent {
		if !bytes.Equal(keyHash(spent.script), hash[:]) {
			return nil, &transaction.AccountError{Want: t.From(), Key: k.Address(t.accountChain())}
		}
		s, err := k.SignDigest(t.digest(i, hashes))
		if err != nil {
			return nil, err
		}
		signature := append(s.DER(), sighashAll)
		if kindOf(spent.script) == kindP2WPKH {
			final.inputs[i].witness = [][]byte{signature, public}
		} else {
			final.inputs[i].scriptSig = appendBytes(appendBytes(nil, signature), public)
		}
	}
	raw := final.encode(true)
	if !t.isSignedBy(raw, k.Public()) {
		return nil, transaction.ErrSignature
	}
	return &transaction.Signed{Raw: raw, Text: hex.EncodeToString(raw), ID: idText(final.id()), From: t.From()}, nil
}

func (t *Transaction) accountChain() string {
	if t.options.Testnet {
		return "bitcoin_testnet"
	}
	return "bitcoin"
}

func (t *tx) copy() *tx {
	c := *t
	c.inputs = append([]input(nil), t.inputs...)
	return &c
}

// Parse reads a PSBT: in base64, as hex digits, or as it is. The error is
// transaction.ErrFormat where it is none, a *transaction.SyntaxError where it is
// not right, and a *transaction.RefusedError where it is not signed here.
func Parse(data []byte, options Options) (transaction.Transaction, error) {
	if len(data) > transaction.MaxSize {
		return nil, transaction.ErrSize
	}
	b, ok := decodeText(data)
	if !ok {
		return nil, transaction.ErrFormat
	}
	p, err := readPacket(b)
	if err != nil {
		return nil, err
	}
	t := &Transaction{packet: p, options: options}
	if err := t.read(); err != nil {
		return nil, err
	}
	return t, nil
}

// decodeText returns the bytes of a PSBT in one of its three forms.
func decodeText(data []byte) ([]byte, bool) {
	if bytes.HasPrefix(data, magic) {
		return data, true
	}
	if b, ok := transaction.DecodeHex(data); ok {
		return b, bytes.HasPrefix(b, magic)
	}
	b, err := base64.StdEncoding.Strict().DecodeString(string(bytes.TrimSpace(data)))
	return b, err == nil && bytes.HasPrefix(b, magic)
}

// read finds what the inputs spend, and refuses what is not signed here.
func (t *Transaction) read() error {
	unsigned := t.packet.tx
	if len(unsigned.inputs) == 0 || len(unsigned.outputs) == 0 {
		return transaction.Syntax("PSBT", "the transaction has no inputs or no outputs")
	}
	if unsigned.version != 1 && unsigned.version != 2 {
		return transaction.Refuse(transaction.Unsupported, "transactions of version %d are not signed here", unsigned.version)
	}
	t.proved = true
	total := int64(0)
	seen := map[outpoint]bool{}
	for i, in := range unsigned.inputs {
		if seen[in.from] {
			return transaction.Syntax("PSBT", "input %d spends what another one spends", i+1)
		}
		seen[in.from] = true
		spent, err := t.readInput(i)
		if err != nil {
			return err
		}
		t.spent = append(t.spent, spent)
		if total += spent.amount; total > maxMoney {
			return transaction.Syntax("PSBT", "the inputs have more than all bitcoins")
		}
		if !bytes.Equal(keyHash(spent.script), keyHash(t.spent[0].script)) {
			return transaction.Refuse(transaction.Unsupported, "inputs 1 and %d are of different keys, and one key signs here", i+1)
		}
	}
	for _, o := range unsigned.outputs {
		if total -= o.amount; total < 0 {
			return transaction.Syntax("PSBT", "the outputs get more than the inputs have")
		}
	}
	if size := t.virtualSize(); size > maxVirtualSize {
		return transaction.Refuse(transaction.Unsupported, "the transaction has %d virtual bytes, nodes pass on %d at most", size, maxVirtualSize)
	}
	return nil
}

// maxVirtualSize is what nodes pass on (400,000 units of weight). It bounds the
// work too: a P2PKH input is signed over the whole transaction.
const maxVirtualSize = 100_000

// readInput returns what input i spends. Where the whole transaction is there that
// made it, it has to have the hash that the input names.
func (t *Transaction) readInput(i int) (output, error) {
	m, in := t.packet.inputs[i], t.packet.tx.inputs[i]
	if err := checkUnsigned(i, m); err != nil {
		return output{}, err
	}
	b, short := find(m, inWitnessUTXO)
	spent, _ := readOutput(b) // readPacket has read it already
	whole, full := find(m, inNonWitnessUTXO)
	if full {
		previous, err := readTx(whole, true)
		if err != nil || previous.id() != in.from.txid || uint64(in.from.index) >= uint64(len(previous.outputs)) {
			return output{}, transaction.Syntax("PSBT", "input %d comes with a transaction that is not the one it spends", i+1)
		}
		if o := previous.outputs[in.from.index]; short && !o.equal(spent) {
			return output{}, transaction.Syntax("PSBT", "input %d names another amount or script than the transaction that it spends", i+1)
		} else {
			spent = o
		}
	}
	switch kind := kindOf(spent.script); {
	case !full && !short:
		return output{}, transaction.Syntax("PSBT", "input %d does not say what it spends", i+1)
	case kind != kindP2WPKH && kind != kindP2PKH:
		return output{}, transaction.Refuse(transaction.Unsupported, "input %d spends from a script that is not signed for here, only P2WPKH and P2PKH are: %s", i+1, transaction.Hex(spent.script))
	case kind == kindP2PKH && !full:
		return output{}, transaction.Syntax("PSBT", "input %d is P2PKH, and needs the whole transaction that it spends", i+1)
	}
	t.proved = t.proved && full
	return spent, nil
}

// checkUnsigned refuses an input that is signed already, or signed in another way.
func checkUnsigned(i int, m []pair) error {
	for _, p := range m {
		switch kind := p.kind; {
		case kind == inSighash && binary.LittleEndian.Uint32(p.value) != sighashAll:
			return transaction.Refuse(transaction.Unsupported, "input %d asks for the signature hash type 0x%02x, only ALL (0x01) is signed", i+1, binary.LittleEndian.Uint32(p.value))
		case kind == inPartialSig || kind == inFinalScript || kind == inFinalWitness:
			return transaction.Syntax("PSBT", "input %d carries a signature already", i+1)
		case kind == inRedeemScript || kind == inWitnessScript || kind == inProofOfReserve || kind >= inTaprootFirst && kind <= inTaprootLast:
			return transaction.Refuse(transaction.Unsupported, "input %d has an entry of type 0x%02x, of a script that is not signed for here", i+1, kind)
		}
	}
	return nil
}
