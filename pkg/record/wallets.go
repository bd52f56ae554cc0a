package record

import (
	"bytes"
	"errors"
	"fmt"
	"io"
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
	ID, Keystore, Status      string // as the service's API has them; Keystore is HSM or MPC
}

// Wallets is a list of wallets, such as the service's wallets API exports; or
// another of its lists: of the quorums, or of the backup kits.
type Wallets struct {
	List    []Wallet
	Quorums []Quorum
	Kits    []Kit
	Pages   Pages
	Missing map[string]int // for each field that is missing or of no use in a wallet, in how many
	Unread  []string       // the names of columns that are not known, 20 at most
	Faults  Faults         // the IDs that are no UUIDs

	refused map[string]bool // fields with a text that is of no use
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
// says it. CSV may be in any form that a record may have. Pages of JSON may follow
// each other, or be in an array. Objects that are quorums or kits are recognised by
// their fields. Unknown fields are passed over; a wallet may lack any field, which
// Missing tells. The error is an *Error or *Faults.
func ParseWallets(data []byte) (*Wallets, error) {
	if len(data) > MaxWalletsSize {
		return nil, problem("larger than %d MiB", MaxWalletsSize>>20)
	}
	w := &Wallets{Missing: make(map[string]int), refused: make(map[string]bool)}
	data, err := plaintext.Decode(data, MaxWalletsSize)
	if err != nil {
		return nil, problem("%v", err)
	}
	s := strictjson.New(data)
	switch s.Peek() {
	case '[':
		err = s.Array(func(int) error { return w.object(s, false) })
	case '{':
		for err == nil && s.Peek() == '{' {
			err = w.object(s, true)
		}
	default:
		if s = nil; !w.plainIDs(data) {
			err = w.csv(data)
		}
	}
	if err == nil && s != nil {
		err = s.End()
	}
	if err == nil && len(w.List)+len(w.Quorums)+len(w.Kits) == 0 {
		err = problem("no wallets are in it")
	}
	if err != nil {
		return nil, in("", 0, err)
	}
	return w, nil
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

// plainIDs reads a list of IDs without a header: they can only be those of
// quorums, because each key's backup says whether it is of one of them.
func (w *Wallets) plainIDs(data []byte) bool {
	lines := strings.FieldsFunc(string(data), func(r rune) bool { return r == '\n' || r == '\r' })
	for _, line := range lines {
		if isBlank(line) {
			continue
		}
		id, err := uuid.ParseAny(line)
		if err != nil {
			w.List = nil
			return false
		}
		w.List = append(w.List, Wallet{QuorumID: id})
	}
	return len(w.List) > 0
}

// csv reads a list that is CSV. Only columns that are there can lack a value.
func (w *Wallets) csv(data []byte) error {
	crOnly := bytes.IndexByte(data, '\r') >= 0 && bytes.IndexByte(data, '\n') < 0
	t, err := openTable(bytes.NewReader(data), crOnly, []int{fieldQuorumID})
	if err != nil {
		return err
	}
	if t == nil {
		return problem("neither JSON nor CSV with a column quorum_id")
	}
	if t.twice != nil {
		return t.twice
	}
	w.Unread = t.unread()
	faults := new(Faults)
	for index := 1; ; index++ {
		texts, line, err := t.row()
		if err == io.EOF {
			break
		}
		if fault, ok := errors.AsType[*Error](err); ok {
			faults.add(line, index, fault)
			continue
		}
		if err != nil {
			return err
		}
		w.add(&rawEntry{text: texts, columns: &t.of}, line)
	}
	for i, name := range fieldNames {
		if t.of[i] == 0 {
			delete(w.Missing, name)
		}
	}
	return faults.err()
}

// add takes what is of use in one wallet.
func (w *Wallets) add(raw *rawEntry, line int) {
	var wallet Wallet
	for _, id := range []struct {
		field int
		to    *uuid.ID
	}{{fieldQuorumID, &wallet.QuorumID}, {fieldKeyID, &wallet.KeyID}} {
		if raw.text[id.field] == "" {
			w.Missing[fieldNames[id.field]]++
			continue
		}
		var err *Error
		if *id.to, err = raw.parseID(id.field, raw.text[id.field]); err != nil {
			w.Missing[fieldNames[id.field]]++
			w.Faults.add(line, len(w.List)+1, err)
		}
	}
	for _, text := range []struct {
		field int
		to    *string
	}{{fieldName, &wallet.Name}, {fieldAddress, &wallet.Address}, {fieldBlockchain, &wallet.Blockchain}} {
		if *text.to = raw.text[text.field]; *text.to == "" || textProblem(*text.to) != "" {
			*text.to = ""
			w.lacks(text.field, raw)
		}
	}
	if wallet.PublicKey = anyPublicKey(raw.text[fieldPublicKey]); wallet.PublicKey == nil {
		w.lacks(fieldPublicKey, raw)
	}
	if raw.service != nil {
		wallet.ID, wallet.Keystore, wallet.Status = raw.service.id, raw.service.keystore, raw.service.status
	}
	w.List = append(w.List, wallet)
}

// lacks counts a field that is missing, or whose text is of no use.
func (w *Wallets) lacks(field int, raw *rawEntry) {
	w.Missing[fieldNames[field]]++
	if raw.text[field] != "" {
		w.refused[fieldNames[field]] = true
	}
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

// MissingText lists for people what some wallets lack, "" where none does. A field
// that is empty in all of them is not a fault of one: the list has no such field. Of
// quorum IDs, which are what the list is for, it is said all the same; and so it is
// where a text is there and of no use, such as a key that a spreadsheet has rounded.
func (w *Wallets) MissingText() string {
	var parts []string
	for _, name := range fieldNames {
		if n := w.Missing[name]; n > 0 && (n < len(w.List) || w.refused[name] || name == fieldNames[fieldQuorumID]) {
			parts = append(parts, fmt.Sprintf("%s in %d of %d", name, n, len(w.List)))
		}
	}
	return strings.Join(parts, ", ")
}
