package xrpl

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"slices"

	"recover/internal/group"
	"recover/pkg/transaction"
	"recover/pkg/wallet"
)

// Options is empty: a transaction of the XRP Ledger says everything itself.
type Options struct{}

// Parse reads an unsigned transaction: JSON as the ledger's tools write it, the
// binary format, or the binary format in hex. It returns
// transaction.ErrFormat for what is none of these, transaction.ErrSize, a
// *transaction.SyntaxError for what the ledger would not take, and a
// *transaction.RefusedError for a transaction that is not understood.
func Parse(data []byte, _ Options) (transaction.Transaction, error) {
	t, err := parse(data)
	if err != nil {
		return nil, err
	}
	if t.has(fTxnSignature) {
		return nil, transaction.Syntax("TxnSignature", "the transaction is signed already")
	}
	return t, nil
}

// parse reads a signed transaction as well.
func parse(data []byte) (*Transaction, error) {
	if len(data) > transaction.MaxSize {
		return nil, transaction.ErrSize
	}
	text := bytes.TrimSpace(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")))
	switch {
	case bytes.HasPrefix(text, []byte("{")):
		return parseJSON(text)
	case bytes.HasPrefix(text, []byte("12")):
		blob, err := hex.AppendDecode(nil, text)
		if err != nil {
			return nil, transaction.ErrFormat
		}
		return parseBlob(blob)
	case bytes.HasPrefix(data, []byte{0x12}):
		return parseBlob(data)
	}
	return nil, transaction.ErrFormat
}

// parseBlob reads the binary format. The first field of every transaction is its
// type.
func parseBlob(blob []byte) (*Transaction, error) {
	if len(blob) < 3 || blob[0] != 0x12 {
		return nil, transaction.ErrFormat
	}
	code := binary.BigEndian.Uint16(blob[1:])
	format := formatCoded(code)
	if format == nil {
		return nil, transaction.Refuse(transaction.Unsupported, "a transaction of type %d is not understood; these are: %s", code, typeNames())
	}
	if len(blob) > maxBlob {
		return nil, transaction.Syntax("", "longer than %d bytes", maxBlob)
	}
	t := &Transaction{format, make([][]byte, len(fields))}
	for last := -1; len(blob) > 0; {
		at, value, rest, err := readField(blob)
		if err != nil {
			return nil, err
		}
		if at <= last {
			return nil, transaction.Syntax(fields[at].name, "twice, or not in the canonical order")
		}
		t.values[at], blob, last = value, rest, at
	}
	return t, t.check()
}

// readField reads a header and a value. It returns the field's place, the value,
// not nil, and what follows.
func readField(blob []byte) (at int, value, rest []byte, err error) {
	head, size := field{kind: kind(blob[0] >> 4), code: blob[0] & 15}, 1
	if head.kind == 0 || head.code == 0 && len(blob) < 2 {
		return 0, nil, nil, unknownField(blob)
	}
	if head.code == 0 {
		head.code, size = blob[1], 2
		if head.code < 16 {
			return 0, nil, nil, transaction.Syntax("", "a field is not in its canonical form")
		}
	}
	at = slices.IndexFunc(fields[:], func(f field) bool { return f.kind == head.kind && f.code == head.code })
	if at < 0 {
		return 0, nil, nil, unknownField(blob)
	}
	f := fields[at]
	blob = blob[size:]
	if size, blob, err = valueSize(f, blob); err != nil {
		return 0, nil, nil, err
	}
	if size > len(blob) {
		return 0, nil, nil, transaction.Syntax(f.name, "the transaction ends inside it")
	}
	value = append([]byte{}, blob[:size]...)
	return at, value, blob[size:], checkValue(f, value)
}

func unknownField(blob []byte) error {
	return transaction.Refuse(transaction.Unsupported, "a field with the header %x is not understood", blob[:min(len(blob), 3)])
}

// valueSize returns the size of the value of f, and the bytes from its first on.
func valueSize(f field, blob []byte) (int, []byte, error) {
	switch f.kind {
	case kindUint16:
		return 2, blob, nil
	case kindUint32:
		return 4, blob, nil
	case kindHash256:
		return 32, blob, nil
	case kindAmount:
		if len(blob) > 0 && blob[0]>>7 == 1 {
			return issuedSize, blob, nil
		}
		if len(blob) > 0 && blob[0]&(multiBit>>56) != 0 {
			return 0, nil, transaction.Refuse(transaction.Unsupported, "%s: multi-purpose tokens are not understood", f.name)
		}
		return nativeSize, blob, nil
	}
	if len(blob) == 0 || blob[0] > 192 { // none is so long
		return 0, nil, transaction.Syntax(f.name, "of a length that is not possible")
	}
	return int(blob[0]), blob[1:], nil
}

// checkValue refuses what cannot be the value of f.
func checkValue(f field, value []byte) error {
	switch f.kind {
	case kindAmount:
		_, err := readAmount(f.name, value)
		return err
	case kindAccount:
		if len(value) != 20 {
			return transaction.Syntax(f.name, "%d bytes, an account has 20", len(value))
		}
	case kindBlob:
		if f.name == fields[fSigningPubKey].name {
			_, err := signer(value)
			return err
		}
		if len(value) > 72 {
			return transaction.Syntax(f.name, "longer than a signature")
		}
	}
	return nil
}

// signer reads the field SigningPubKey: empty, 33 bytes of secp256k1, or 0xED and
// 32 bytes of Ed25519. It returns the account that has this key as its own.
func signer(key []byte) (account string, err error) {
	if len(key) == 0 {
		return "", nil
	}
	if len(key) != 33 {
		return "", transaction.Syntax("SigningPubKey", "%d bytes, a public key has 33", len(key))
	}
	g, p, err := group.ParsePublicKey(bytes.TrimPrefix(key, []byte{0xED}))
	if err != nil {
		return "", transaction.Syntax("SigningPubKey", "%v", err)
	}
	for _, a := range wallet.Addresses(g, p) {
		if a.Chain == "xrp" {
			account = a.Text
		}
	}
	return account, nil
}

// publicKey is the field SigningPubKey of a key.
func publicKey(g group.Group, p group.Point) []byte {
	if g == group.Edwards25519 {
		return append([]byte{0xED}, p.Bytes()...)
	}
	return group.Compressed(p)
}
