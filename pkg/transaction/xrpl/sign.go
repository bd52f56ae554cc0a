package xrpl

import (
	"bytes"
	"encoding/hex"
	"strings"

	"recover/internal/group"
	"recover/pkg/transaction"
)

// Prefixes of what is hashed or signed (XRP Ledger documents, "Hash Prefixes").
const (
	prefixSign = "STX\x00"
	prefixID   = "TXN\x00"
)

// Check compares the fee with the cap: limits.MaxFee, or that of the chain.
func (t *Transaction) Check(limits transaction.Limits) error {
	return transaction.CheckFee(t.Chain(), t.MaxFee().Units, limits)
}

// Sign signs with the account's own key, of either curve: ECDSA over the
// SHA-512Half of the transaction, in DER with the lower s, or Ed25519 over the
// transaction itself. What comes out is read again and verified. The text is the
// signed transaction in hex, the ID its hash.
func (t *Transaction) Sign(key *transaction.Key, limits transaction.Limits) (*transaction.Signed, error) {
	if err := t.Check(limits); err != nil {
		return nil, err
	}
	from := key.Address("xrp")
	if from != t.From() {
		return nil, &transaction.AccountError{Want: t.From(), Key: from}
	}
	ready := t.with(fSigningPubKey, publicKey(key.Group(), key.Public()))
	signature, err := sign(key, ready.Unsigned())
	if err != nil {
		return nil, err
	}
	raw := ready.with(fTxnSignature, signature).Unsigned()
	if signer, err := Verify(raw); err != nil || signer != from {
		return nil, transaction.ErrSignature
	}
	id := half(prefixID, raw)
	return &transaction.Signed{
		Raw:  raw,
		Text: strings.ToUpper(hex.EncodeToString(raw)),
		ID:   strings.ToUpper(hex.EncodeToString(id[:])),
		From: from,
	}, nil
}

// sign signs the transaction without its signature.
func sign(key *transaction.Key, unsigned []byte) ([]byte, error) {
	if key.Group() == group.Edwards25519 {
		return key.SignMessage(append([]byte(prefixSign), unsigned...))
	}
	signature, err := key.SignDigest(half(prefixSign, unsigned))
	if err != nil {
		return nil, err
	}
	return signature.DER(), nil
}

// Verify reads a signed transaction, JSON or binary, and returns the account
// whose own key signed it. The errors are those of Parse, or
// transaction.ErrSignature where it is not signed, or not strictly: DER with the
// lower s, or Ed25519 with everything canonical.
func Verify(data []byte) (from string, err error) {
	t, err := parse(data)
	if err != nil {
		return "", err
	}
	key, signature := t.values[fSigningPubKey], t.values[fTxnSignature]
	unsigned := t.with(fTxnSignature, nil).Unsigned()
	if len(key) == 0 || !verify(key, unsigned, signature) {
		return "", transaction.ErrSignature
	}
	return t.From(), nil
}

// verify tells whether signature is of the transaction under the key, as
// SigningPubKey has it, and canonical (XRP Ledger documents, "Transaction
// Malleability").
func verify(key, unsigned, signature []byte) bool {
	g, public, err := group.ParsePublicKey(bytes.TrimPrefix(key, []byte{0xED}))
	if err != nil {
		return false
	}
	if g == group.Edwards25519 {
		return transaction.VerifyMessage(public, append([]byte(prefixSign), unsigned...), signature)
	}
	return transaction.VerifyDER(public, half(prefixSign, unsigned), signature)
}
