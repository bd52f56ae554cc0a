package record

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"recover/internal/group"
	"recover/internal/plaintext"
	"recover/internal/strictjson"
	"recover/internal/uuid"
)

// MaxWalletsSize is the largest list of wallets that is read, in bytes.
const MaxWalletsSize = 64 << 20

// Wallet is what a list of wallets says of one. What it does not say is zero.
type Wallet struct {
	QuorumID, KeyID           uuid.ID
	Name, Address, Blockchain string
	PublicKey                 group.Point
}

// Wallets is a list of wallets, such as the service's wallets API exports.
type Wallets struct {
	List    []Wallet
	Missing map[string]int // for each field that is missing or of no use in a wallet, in how many
}

// The fields of a list of wallets: as the service exports them, and as a record
// has them.
var walletFields = map[string]int{
	"quorumId": fieldQuorumID, "keyId": fieldKeyID, "name": fieldName, "publicKey": fieldPublicKey, "address": fieldAddress,
	"blockchain": fieldBlockchain,
	"quorum_id":  fieldQuorumID, "key_id": fieldKeyID, "public_key": fieldPublicKey,
}

// ParseWallets reads a list of wallets: JSON, an array of objects (or an object
// that holds one) with the service's names quorumId, keyId, name, address,
// publicKey and blockchain, the key ID also inside metadata; or CSV with a
// header of these names or of a record's. The algorithm is not taken: the backup
// says it. Unknown fields are passed over; a wallet may lack any field, which Missing tells. The error is an
// *Error.
func ParseWallets(data []byte) (*Wallets, error) {
	if len(data) > MaxWalletsSize {
		return nil, problem("larger than %d MiB", MaxWalletsSize>>20)
	}
	w := &Wallets{Missing: make(map[string]int)}
	s := strictjson.New(data)
	var err error
	switch s.Peek() {
	case '[':
		err = s.Array(func(int) error { return w.object(s) })
	case '{':
		err = s.Object(func(string) error {
			if s.Peek() != '[' {
				return s.Skip()
			}
			return s.Array(func(int) error { return w.object(s) })
		})
	default:
		err = w.csv(data)
		s = nil
	}
	if err == nil && s != nil {
		err = s.End()
	}
	if err == nil && len(w.List) == 0 {
		err = problem("no wallets are in it")
	}
	if err != nil {
		return nil, in("", 0, err)
	}
	return w, nil
}

// object reads one wallet; what is no object is passed over.
func (w *Wallets) object(s *strictjson.Scanner) error {
	if s.Peek() != '{' {
		return s.Skip()
	}
	var raw rawEntry
	err := s.Object(func(name string) error {
		field, known := walletFields[name]
		switch {
		case known && s.Peek() == '"':
			text, err := s.Text()
			raw.text[field] = text
			return err
		case name == "metadata" && s.Peek() == '{':
			return metadata(s, &raw)
		}
		return s.Skip()
	})
	if err == nil {
		w.add(&raw)
	}
	return err
}

// metadata takes the key ID; a field of the wallet itself goes before it.
func metadata(s *strictjson.Scanner, raw *rawEntry) error {
	return s.Object(func(name string) error {
		if field, known := walletFields[name]; !known || field != fieldKeyID || s.Peek() != '"' {
			return s.Skip()
		}
		text, err := s.Text()
		if raw.text[fieldKeyID] == "" {
			raw.text[fieldKeyID] = text
		}
		return err
	})
}

func (w *Wallets) csv(data []byte) error {
	r := csv.NewReader(bytes.NewReader(plaintext.TrimMark(data)))
	header, err := r.Read()
	if err != nil || !slices.Contains(header, "quorum_id") && !slices.Contains(header, "quorumId") {
		return problem("neither JSON nor CSV with a column quorum_id")
	}
	for {
		values, err := r.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return csvProblem(err)
		}
		var raw rawEntry
		for i, name := range header {
			if field, known := walletFields[name]; known {
				raw.text[field] = values[i]
			}
		}
		w.add(&raw)
	}
}

// csvProblem is the place and the kind of a fault, without what is in the file.
func csvProblem(err error) error {
	var at *csv.ParseError
	if !errors.As(err, &at) {
		return problem("not CSV")
	}
	return &Error{Line: at.Line, Problem: at.Err.Error()}
}

// add takes what is of use in one wallet.
func (w *Wallets) add(raw *rawEntry) {
	var wallet Wallet
	for _, id := range []struct {
		field int
		to    *uuid.ID
	}{{fieldQuorumID, &wallet.QuorumID}, {fieldKeyID, &wallet.KeyID}} {
		var err error
		if *id.to, err = uuid.Parse(raw.text[id.field]); err != nil {
			w.Missing[fieldNames[id.field]]++
		}
	}
	for _, text := range []struct {
		field int
		to    *string
	}{{fieldName, &wallet.Name}, {fieldAddress, &wallet.Address}, {fieldBlockchain, &wallet.Blockchain}} {
		if *text.to = raw.text[text.field]; *text.to == "" || textProblem(*text.to) != "" {
			*text.to = ""
			w.Missing[fieldNames[text.field]]++
		}
	}
	if wallet.PublicKey = anyPublicKey(raw.text[fieldPublicKey]); wallet.PublicKey == nil {
		w.Missing[fieldNames[fieldPublicKey]]++
	}
	w.List = append(w.List, wallet)
}

// anyPublicKey reads a public key of either group, or returns nil.
func anyPublicKey(text string) group.Point {
	for _, g := range []group.Group{group.Secp256k1, group.Edwards25519} {
		if p, err := parsePublicKey(fieldPublicKey, g, text); err == nil && p != nil {
			return p
		}
	}
	return nil
}

// MissingText lists Missing for people, "" where nothing is missing.
func (w *Wallets) MissingText() string {
	var parts []string
	for _, name := range fieldNames {
		if n := w.Missing[name]; n > 0 {
			parts = append(parts, fmt.Sprintf("%s in %d of %d", name, n, len(w.List)))
		}
	}
	return strings.Join(parts, ", ")
}
