package solana

import (
	"encoding/base64"
	"slices"

	"recover/pkg/transaction"
	"recover/pkg/wallet"
)

// Check compares the fee with the cap: limits.MaxFee, or that of the chain.
func (t *Transaction) Check(limits transaction.Limits) error {
	return transaction.CheckFee(t.Chain(), t.MaxFee().Units, limits)
}

// Sign signs the message (Ed25519) for Transaction.From. What comes out is read
// again and verified. The text is the transaction in base64, the ID the first
// signature in base58, empty where the account that pays has not signed yet.
// Missing tells whose signatures are left.
func (t *Transaction) Sign(key *transaction.Key, limits transaction.Limits) (*transaction.Signed, error) {
	if err := t.Check(limits); err != nil {
		return nil, err
	}
	from := key.Address("solana")
	if from != t.From() {
		return nil, &transaction.AccountError{Want: t.From(), Key: from}
	}
	signature, err := key.SignMessage(t.message.bytes())
	if err != nil {
		return nil, err
	}
	signatures := slices.Clone(t.signatures)
	signatures[t.signerIndex()] = [signatureSize]byte(signature)
	raw := encode(signatures, t.message)
	if !hasSigned(raw, t.signer) {
		return nil, transaction.ErrSignature
	}
	signed := &transaction.Signed{Raw: raw, Text: base64.StdEncoding.EncodeToString(raw), From: from}
	if signatures[0] != [signatureSize]byte{} {
		signed.ID = wallet.SolanaSignature(signatures[0])
	}
	return signed, nil
}

// hasSigned reads a transaction and tells whether the account has signed it, and
// all signatures verify.
func hasSigned(raw []byte, a address) bool {
	signatures, m, err := read(raw)
	if err != nil {
		return false
	}
	t := &Transaction{message: m, signatures: signatures, signer: a}
	i := t.signerIndex()
	return i >= 0 && i < len(signatures) && signatures[i] != [signatureSize]byte{} && t.checkSignatures() == nil
}

// Verify reads a transaction that everybody has signed and returns the account
// that pays. The error is transaction.ErrFormat, or transaction.ErrSignature where
// a signature is missing or not valid, strictly: S below the order, R and the key
// canonical and of the prime-order subgroup.
func Verify(raw []byte) (from string, err error) {
	signatures, m, err := read(raw)
	if err != nil {
		return "", transaction.ErrFormat
	}
	t := &Transaction{message: m, signatures: signatures}
	if slices.Contains(signatures, [signatureSize]byte{}) || t.checkSignatures() != nil {
		return "", transaction.ErrSignature
	}
	return m.keys[0].String(), nil
}
