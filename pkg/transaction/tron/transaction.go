// Package tron reads, describes, signs and builds the transactions of Tron that
// send TRX (TransferContract) or call transfer of a TRC-20 token
// (TriggerSmartContract).
package tron

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"math/big"

	"recover/internal/group"
	"recover/pkg/transaction"
	"recover/pkg/transaction/chain"
	"recover/pkg/wallet"
)

// account is the 20 bytes behind an address.
type account [20]byte

func (a account) String() string { return wallet.TronAddress(a) }

// encoded is the account with Tron's prefix, as it is in messages.
func (a account) encoded() []byte { return append([]byte{addressPrefix}, a[:]...) }

// addressPrefix begins an address of the main network.
const addressPrefix = 0x41

// Transaction is an unsigned transaction. Parse or one of the builders makes it.
type Transaction struct {
	refBlockBytes [2]byte // bytes 6 and 7 of a recent block's number
	refBlockHash  [8]byte // bytes 8 to 15 of its hash
	expiration    int64   // milliseconds since 1970
	timestamp     int64   // the same; 0 is not written
	memo          []byte
	feeLimit      int64 // in sun, for a call

	owner  account
	to     account  // who receives
	amount *big.Int // sun, or the token's smallest unit
	token  *account // the contract that is called, or nil for TRX

	options Options
}

// Options are what the caller knows better than the transaction.
type Options struct {
	// Tokens are looked up before the one that is built in.
	Tokens []Token
}

// Token is what is known of a TRC-20 contract.
type Token struct {
	Contract string // as wallet.ParseTronAddress reads it
	Symbol   string
	Decimals int
}

// tokens is Tether's dollar token, as its issuer publishes it.
var tokens = []Token{{"TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t", "USDT", 6}}

var _ transaction.Transaction = (*Transaction)(nil)

// Chain returns chain.TronMainnet: the same bytes are valid on Tron's test
// networks only if they have the same recent block, which no two have.
func (t *Transaction) Chain() chain.Chain { return chain.TronMainnet }

// From returns the owner.
func (t *Transaction) From() string { return t.owner.String() }

// Prices of the network in sun. They are decided by vote, and are not part of a
// transaction.
const (
	pricePerByte  = 1000      // of bandwidth, where the account has none left
	priceActivate = 1_100_000 // a transfer of TRX to an address that does not exist
	priceMemo     = 1_000_000
	// signedExtra is what signature and result add to the bytes of raw_data that
	// are paid for.
	signedExtra = 67 + 64 + 5
)

// MaxFee returns what the network takes by its prices of today where the account
// has no bandwidth left: for the bytes, a memo, and a new account; and the fee
// limit, which the transaction itself sets for the energy of a call.
func (t *Transaction) MaxFee() chain.Amount { return t.Chain().Native(big.NewInt(t.maxFee())) }

func (t *Transaction) maxFee() int64 {
	fee := int64(len(t.Unsigned())+signedExtra) * pricePerByte
	if len(t.memo) > 0 {
		fee += priceMemo
	}
	if t.token == nil {
		fee += priceActivate
	}
	return fee + t.feeLimit
}

// Check implements transaction.Transaction.
func (t *Transaction) Check(l transaction.Limits) error {
	return transaction.CheckFee(t.Chain(), big.NewInt(t.maxFee()), l)
}

// Payments implements transaction.Transaction.
func (t *Transaction) Payments() []transaction.Payment {
	p := transaction.Payment{To: t.to.String(), Amount: t.shownAmount()}
	if t.token != nil {
		p.Token = t.token.String()
	}
	return []transaction.Payment{p}
}

func (t *Transaction) shownAmount() chain.Amount {
	if t.token == nil {
		return t.Chain().Native(t.amount)
	}
	if k, ok := t.lookUp(*t.token); ok {
		return chain.Amount{Units: t.amount, Decimals: k.Decimals, Symbol: k.Symbol}
	}
	return chain.Amount{Units: t.amount, Decimals: -1}
}

// lookUp returns what is known of a contract.
func (t *Transaction) lookUp(contract account) (Token, bool) {
	for _, list := range [][]Token{t.options.Tokens, tokens} {
		for _, k := range list {
			if k.Contract == contract.String() && k.Decimals >= 0 && k.Decimals <= chain.MaxDecimals {
				k.Symbol = transaction.Printable(k.Symbol)
				return k, true
			}
		}
	}
	return Token{}, false
}

// The numbers of the contract types that are understood, and their names.
const (
	typeTransfer = 1
	typeTrigger  = 31

	urlTransfer = "type.googleapis.com/protocol.TransferContract"
	urlTrigger  = "type.googleapis.com/protocol.TriggerSmartContract"
)

// selectorTransfer begins the data of transfer(address,uint256).
var selectorTransfer = []byte{0xa9, 0x05, 0x9c, 0xbb}

// Unsigned returns raw_data, whose SHA-256 is signed.
func (t *Transaction) Unsigned() []byte {
	kind, url := int64(typeTransfer), urlTransfer
	if t.token != nil {
		kind, url = typeTrigger, urlTrigger
	}
	parameter := appendBytes(nil, 1, []byte(url))
	parameter = appendBytes(parameter, 2, t.encodeContract())
	contract := appendBytes(appendNumber(nil, 1, kind), 2, parameter)

	b := appendBytes(nil, 1, t.refBlockBytes[:])
	b = appendBytes(b, 4, t.refBlockHash[:])
	b = appendNumber(b, 8, t.expiration)
	b = appendBytes(b, 10, t.memo)
	b = appendBytes(b, 11, contract)
	b = appendNumber(b, 14, t.timestamp)
	return appendNumber(b, 18, t.feeLimit)
}

// encodeContract writes the TransferContract or TriggerSmartContract.
func (t *Transaction) encodeContract() []byte {
	b := appendBytes(nil, 1, t.owner.encoded())
	if t.token == nil {
		b = appendBytes(b, 2, t.to.encoded())
		return appendNumber(b, 3, t.amount.Int64())
	}
	return appendBytes(appendBytes(b, 2, t.token.encoded()), 4, t.callData())
}

// callData is transfer(to, amount) as the contract ABI has it.
func (t *Transaction) callData() []byte {
	data := append(append([]byte{}, selectorTransfer...), make([]byte, 64)...)
	copy(data[16:], t.to[:])
	t.amount.FillBytes(data[36:])
	return data
}

// id is the hash that is signed, and that the transaction is known by.
func (t *Transaction) id() [32]byte { return sha256.Sum256(t.Unsigned()) }

// Sign implements transaction.Transaction. Text is the hexadecimal form of
// wallet/broadcasthex.
func (t *Transaction) Sign(k *transaction.Key, l transaction.Limits) (*transaction.Signed, error) {
	if err := t.Check(l); err != nil {
		return nil, err
	}
	if from := k.Address("tron"); from != t.From() {
		return nil, &transaction.AccountError{Want: t.From(), Key: from}
	}
	id := t.id()
	s, err := k.SignDigest(id)
	if err != nil {
		return nil, err
	}
	if s.Recovery > 1 {
		return nil, transaction.ErrSignature // once in 2^127; not every node takes it
	}
	signature := append(append(append([]byte{}, s.R[:]...), s.S[:]...), 27+s.Recovery)
	raw := appendBytes(appendBytes(nil, 1, t.Unsigned()), 2, signature)
	if !t.isSignedBy(raw, k.Public()) {
		return nil, transaction.ErrSignature
	}
	return &transaction.Signed{Raw: raw, Text: hex.EncodeToString(raw), ID: hex.EncodeToString(id[:]), From: t.From()}, nil
}

// isSignedBy reads a signed transaction back: it has to hold t, and a signature
// that verifies under public.
func (t *Transaction) isSignedBy(raw []byte, public group.Point) bool {
	fields, err := readMessage("transaction", raw)
	if err != nil || len(fields) != 2 || len(fields[1].bytes) != 65 {
		return false
	}
	back, err := parseRaw(fields[0].bytes, t.options)
	if err != nil || !bytes.Equal(back.Unsigned(), t.Unsigned()) {
		return false
	}
	b := fields[1].bytes
	s := transaction.ECDSA{R: [32]byte(b[:32]), S: [32]byte(b[32:64]), Recovery: b[64] - 27}
	return transaction.VerifyDigest(public, back.id(), s)
}
