// Package evm reads, describes, signs and builds transactions of Ethereum and
// the chains that work like it: legacy with a chain ID (EIP-155), and with a fee
// market (EIP-1559), that move the native coin, or call transfer or approve of an
// ERC-20 token.
package evm

import (
	"bytes"
	"math/big"

	"recover/internal/group"
	"recover/pkg/transaction"
	"recover/pkg/transaction/chain"
	"recover/pkg/wallet"
)

// The kinds of transactions (EIP-2718).
const (
	kindLegacy  = 0
	kindDynamic = 2 // EIP-1559
)

// account is the 20 bytes that a chain knows an account by.
type account [20]byte

func (a account) String() string { return wallet.EVMAddress(a) }

// accessEntry is an entry of an access list (EIP-2930): what is paid for in
// advance to be read. It changes nothing but the price of gas.
type accessEntry struct {
	contract account
	keys     [][32]byte
}

// Transaction is an unsigned transaction. Parse or one of the builders makes it.
type Transaction struct {
	kind    byte
	chain   chain.Chain
	nonce   uint64
	tip     *big.Int // the most for the block's producer, per gas; EIP-1559 only
	price   *big.Int // the most per gas: gasPrice, or maxFeePerGas
	gas     uint64
	to      *account // nil creates a contract
	value   *big.Int
	data    []byte
	access  []accessEntry
	from    *account // where the form names it
	options Options
}

// Options are what the caller knows better than the transaction.
type Options struct {
	// Tokens are looked up before the ones that are built in.
	Tokens []Token
}

var _ transaction.Transaction = (*Transaction)(nil)

// Chain returns the chain of the transaction's chain ID.
func (t *Transaction) Chain() chain.Chain { return t.chain }

// From returns the account that the JSON form names, or "".
func (t *Transaction) From() string {
	if t.from == nil {
		return ""
	}
	return t.from.String()
}

// MaxFee returns gas limit × highest price. Chains that publish to another chain
// may charge for that on top (chain.Chain.ExtraFee).
func (t *Transaction) MaxFee() chain.Amount { return t.chain.Native(t.maxFee()) }

func (t *Transaction) maxFee() *big.Int {
	fee := new(big.Int).SetUint64(t.gas)
	return fee.Mul(fee, t.price)
}

// Unsigned returns the bytes whose Keccak-256 is signed.
func (t *Transaction) Unsigned() []byte {
	if t.kind == kindLegacy {
		return encodeList(append(t.fields(), encodeUint(t.chain.ID), encodeUint(0), encodeUint(0))...)
	}
	return append([]byte{kindDynamic}, encodeList(t.fields()...)...)
}

// fields returns what comes before the signature, each encoded.
func (t *Transaction) fields() [][]byte {
	var to []byte
	if t.to != nil {
		to = t.to[:]
	}
	end := [][]byte{encodeUint(t.gas), encodeBytes(to), encodeNumber(t.value), encodeBytes(t.data)}
	if t.kind == kindLegacy {
		return append([][]byte{encodeUint(t.nonce), encodeNumber(t.price)}, end...)
	}
	begin := [][]byte{encodeUint(t.chain.ID), encodeUint(t.nonce), encodeNumber(t.tip), encodeNumber(t.price)}
	return append(append(begin, end...), t.encodeAccess())
}

func (t *Transaction) encodeAccess() []byte {
	var entries [][]byte
	for _, e := range t.access {
		var keys [][]byte
		for _, k := range e.keys {
			keys = append(keys, encodeBytes(k[:]))
		}
		entries = append(entries, encodeList(encodeBytes(e.contract[:]), encodeList(keys...)))
	}
	return encodeList(entries...)
}

// Check implements transaction.Transaction.
func (t *Transaction) Check(l transaction.Limits) error {
	if err := transaction.CheckFee(t.chain, t.maxFee(), l); err != nil {
		return err
	}
	if l.AllowData {
		return nil
	}
	if t.to == nil {
		return transaction.Refuse(transaction.UnknownData, "this creates a contract")
	}
	if _, known := t.call(); len(t.data) > 0 && !known {
		return transaction.Refuse(transaction.UnknownData, "this calls %s with data that is not understood: %s", t.to, transaction.Hex(t.data))
	}
	return nil
}

// Sign implements transaction.Transaction. Raw is what eth_sendRawTransaction
// takes.
func (t *Transaction) Sign(k *transaction.Key, l transaction.Limits) (*transaction.Signed, error) {
	if err := t.Check(l); err != nil {
		return nil, err
	}
	from := k.Address("ethereum")
	if from == "" || t.from != nil && t.from.String() != from {
		return nil, &transaction.AccountError{Want: t.From(), Key: from}
	}
	s, err := k.SignDigest(keccak256(t.Unsigned()))
	if err != nil {
		return nil, err
	}
	if s.Recovery > 1 { // EVM chains have no room for it; once in 2^127
		return nil, transaction.ErrSignature
	}
	raw := t.encodeSigned(s)
	if !t.isSignedBy(raw, k.Public()) {
		return nil, transaction.ErrSignature
	}
	return &transaction.Signed{Raw: raw, Text: hexText(raw), ID: hash(raw), From: from}, nil
}

func (t *Transaction) encodeSigned(s transaction.ECDSA) []byte {
	r, low := new(big.Int).SetBytes(s.R[:]), new(big.Int).SetBytes(s.S[:])
	v := new(big.Int).SetUint64(uint64(s.Recovery))
	if t.kind == kindLegacy { // EIP-155: v = parity + 2·chain ID + 35
		v.Add(v, new(big.Int).Lsh(new(big.Int).SetUint64(t.chain.ID), 1))
		v.Add(v, big.NewInt(35))
	}
	list := encodeList(append(t.fields(), encodeNumber(v), encodeNumber(r), encodeNumber(low))...)
	if t.kind == kindLegacy {
		return list
	}
	return append([]byte{kindDynamic}, list...)
}

// isSignedBy reads a signed transaction back: the fields before the signature
// have to be the ones of t, and the signature has to verify under public.
func (t *Transaction) isSignedBy(raw []byte, public group.Point) bool {
	body := raw
	if t.kind != kindLegacy {
		body = raw[1:]
	}
	it, err := decodeRLP(body)
	if err != nil || len(it.list) != len(t.fields())+3 {
		return false
	}
	tail := it.list[len(it.list)-3:]
	v := new(big.Int).SetBytes(tail[0].bytes)
	if t.kind == kindLegacy {
		v.Sub(v, big.NewInt(35))
		v.Sub(v, new(big.Int).Lsh(new(big.Int).SetUint64(t.chain.ID), 1))
	}
	if v.Sign() < 0 || v.BitLen() > 1 || len(tail[1].bytes) > 32 || len(tail[2].bytes) > 32 {
		return false
	}
	s := transaction.ECDSA{Recovery: byte(v.Uint64())}
	copy(s.R[32-len(tail[1].bytes):], tail[1].bytes)
	copy(s.S[32-len(tail[2].bytes):], tail[2].bytes)
	again := encodeList(append(t.fields(), encodeBytes(tail[0].bytes), encodeBytes(tail[1].bytes), encodeBytes(tail[2].bytes))...)
	return bytes.Equal(again, body) && transaction.VerifyDigest(public, keccak256(t.Unsigned()), s)
}
