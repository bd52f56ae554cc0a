package solana

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"slices"

	"recover/internal/group"
	"recover/pkg/transaction"
	"recover/pkg/wallet"
)

// Options are what a transaction does not say itself.
type Options struct {
	// Account is the account that signs here. Empty stands for the one that pays
	// the fee, which is the only one in most transactions.
	Account string
	// Owners are accounts whose associated token accounts are recognized: the
	// destinations that are expected. Those that the transaction names are
	// recognized anyway.
	Owners []string
	// Tables is the content of address lookup tables, by their address. It is not
	// part of what is signed: whoever gives it vouches for it.
	Tables map[string][]string
}

// Parse reads an unsigned transaction, or its message alone: base64, hex digits,
// or the bytes. Other accounts may have signed it already. It returns
// transaction.ErrFormat for what is neither, transaction.ErrSize, a
// *transaction.SyntaxError for what the network would not take, and a
// *transaction.RefusedError for what is not understood.
func Parse(data []byte, options Options) (transaction.Transaction, error) {
	t, err := parse(data, options)
	if err != nil {
		return nil, err
	}
	if t.signatures[t.signerIndex()] != [signatureSize]byte{} {
		return nil, transaction.Syntax("", "%s has signed it already", t.signer)
	}
	return t, nil
}

// parse reads a signed transaction as well.
func parse(data []byte, options Options) (*Transaction, error) {
	if len(data) > transaction.MaxSize {
		return nil, transaction.ErrSize
	}
	var t *Transaction
	for _, b := range forms(data) {
		signatures, m, err := read(b)
		if err != nil {
			continue
		}
		if t != nil {
			return nil, transaction.Syntax("", "it can be read in two ways")
		}
		t = &Transaction{message: m, signatures: signatures}
	}
	if t == nil {
		return nil, transaction.ErrFormat
	}
	return t, t.understand(options)
}

// forms returns the bytes that data can mean.
func forms(data []byte) [][]byte {
	all := [][]byte{data}
	text := bytes.TrimSpace(data)
	if b, err := hex.AppendDecode(nil, text); err == nil {
		all = append(all, b)
	}
	if b, err := base64.StdEncoding.Strict().AppendDecode(nil, text); err == nil {
		all = append(all, b)
	}
	return all
}

// read reads a transaction, or a message, which has no signatures. It cannot be
// both: the error is errWire then as well.
func read(b []byte) ([][signatureSize]byte, *message, error) {
	alone, aloneErr := readMessage(b)
	r := &reader{rest: b}
	signatures := list(r, signatureSize, func() [signatureSize]byte {
		var s [signatureSize]byte
		copy(s[:], r.bytes(signatureSize))
		return s
	})
	m, err := readMessage(r.rest)
	if r.fault || err == nil && len(signatures) != int(m.signers) {
		err = errWire
	}
	switch {
	case err == nil && aloneErr == nil:
		return nil, nil, errWire
	case aloneErr == nil:
		m, signatures = alone, make([][signatureSize]byte, alone.signers)
	case err != nil:
		return nil, nil, err
	}
	if len(encode(signatures, m)) > maxSize {
		return nil, nil, errWire
	}
	return signatures, m, nil
}

// understand fills in everything that follows from the message.
func (t *Transaction) understand(options Options) error {
	t.signer = t.message.keys[0]
	if options.Account != "" {
		a, err := wallet.ParseSolanaAddress(options.Account)
		if err != nil {
			return transaction.Syntax("account", "%v", err)
		}
		t.signer = a
	}
	if i := t.signerIndex(); i < 0 || i >= int(t.message.signers) {
		return &transaction.AccountError{Want: t.message.keys[0].String(), Key: t.signer.String()}
	}
	if err := t.resolve(options.Tables); err != nil {
		return err
	}
	if err := t.checkSignatures(); err != nil {
		return err
	}
	owners, err := t.owners(options.Owners)
	if err != nil {
		return err
	}
	return t.interpret(owners)
}

// resolve lists all accounts: the keys, then what lookup tables add, first all
// that is writable. None may be there twice.
func (t *Transaction) resolve(tables map[string][]string) error {
	m := t.message
	for i, key := range m.keys {
		signs := i < int(m.signers)
		writable := i < len(m.keys)-int(m.readOnlyUnsigned)
		if signs {
			writable = i < int(m.signers-m.readOnlySigners)
		}
		t.accounts = append(t.accounts, account{key, signs, writable, nil})
	}
	for _, writable := range []bool{true, false} {
		for i := range m.lookups {
			if err := t.lookUp(&m.lookups[i], writable, tables); err != nil {
				return err
			}
		}
	}
	seen := make(map[address]bool)
	for _, a := range t.accounts {
		if seen[a.address] {
			return transaction.Syntax("", "the account %s occurs twice", a)
		}
		seen[a.address] = true
	}
	return nil
}

func (t *Transaction) lookUp(l *lookup, writable bool, tables map[string][]string) error {
	content, ok := tables[l.table.String()]
	if !ok {
		return transaction.Refuse(transaction.Unsupported, "it takes accounts from the lookup table %s, whose content is not known", l.table)
	}
	places := l.readOnly
	if writable {
		places = l.writable
	}
	for _, place := range places {
		if int(place) >= len(content) {
			return transaction.Syntax("", "the lookup table %s has no place %d as it was given", l.table, place)
		}
		a, err := wallet.ParseSolanaAddress(content[place])
		if err != nil {
			return transaction.Syntax("", "the lookup table %s, place %d: %v", l.table, place, err)
		}
		t.accounts = append(t.accounts, account{a, false, writable, &l.table})
	}
	return nil
}

// checkSignatures verifies the signatures that are there.
func (t *Transaction) checkSignatures() error {
	signed := t.message.bytes()
	for i, s := range t.signatures {
		if s == [signatureSize]byte{} {
			continue
		}
		public, err := group.Edwards25519.ParsePoint(t.message.keys[i][:])
		if err != nil || !transaction.VerifyMessage(public, signed, s[:]) {
			return transaction.Syntax("", "the signature of %s is not valid", t.message.keys[i])
		}
	}
	return nil
}

// owners are the accounts whose associated token accounts are recognized.
func (t *Transaction) owners(expected []string) ([]address, error) {
	var all []address
	for _, text := range expected {
		a, err := wallet.ParseSolanaAddress(text)
		if err != nil {
			return nil, transaction.Syntax("owner", "%v", err)
		}
		all = append(all, a)
	}
	for _, a := range t.accounts {
		if !slices.Contains(all, a.address) {
			all = append(all, a.address)
		}
	}
	return all, nil
}
