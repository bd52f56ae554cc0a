package record

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"recover/internal/group"
	"recover/internal/message"
	"recover/internal/uuid"
)

const (
	maxText            = 1024               // bytes
	maxPreviousQuorums = (maxText + 1) / 37 // as many as one field of CSV can hold
)

// The fields of an entry, in the order in which they are written.
const (
	fieldQuorumID = iota
	fieldKeyID
	fieldAlgorithm
	fieldName
	fieldPublicKey
	fieldAddress
	fieldBlockchain
	fieldNote
	fieldAnchor
	fieldMasterPublicKey
	fieldPreviousQuorumIDs
	fieldCount
)

var fieldNames = [fieldCount]string{
	"quorum_id", "key_id", "algorithm", "name", "public_key", "address", "blockchain", "note",
	"anchor", "master_public_key", "previous_quorum_ids",
}

// rawEntry is an entry as it is written. A field that is missing is empty.
type rawEntry struct {
	text     [fieldCount]string // previous_quorum_ids excepted
	previous []string
}

// entry checks an entry. The error is an *Error without a place.
func (raw *rawEntry) entry() (Entry, error) {
	e, err := raw.withoutIDs()
	if err != nil {
		return e, err
	}
	if e.QuorumID, err = parseID(fieldQuorumID, raw.text[fieldQuorumID]); err != nil {
		return e, err
	}
	if e.KeyID, err = parseID(fieldKeyID, raw.text[fieldKeyID]); err != nil {
		return e, err
	}
	if slices.Contains(e.PreviousQuorumIDs, e.KeyID) {
		return e, fieldProblem("previous_quorum_ids", "the same as key_id")
	}
	return e, checkIDs(e.QuorumID, e.KeyID)
}

// withoutIDs checks all of an entry but its quorum and key ID.
func (raw *rawEntry) withoutIDs() (e Entry, err error) {
	for field, text := range raw.text {
		if problem := textProblem(text); problem != "" {
			return e, fieldProblem(fieldNames[field], "%s", problem)
		}
		if field <= fieldAlgorithm && text == "" {
			return e, fieldProblem(fieldNames[field], "missing")
		}
	}
	var known bool
	if e.Algorithm, known = group.ByAlgorithm(raw.text[fieldAlgorithm]); !known {
		return e, fieldProblem("algorithm", "%s is not SECP256K1 or ED25519", message.Quote(raw.text[fieldAlgorithm]))
	}
	if e.PreviousQuorumIDs, err = parsePrevious(raw.previous); err != nil {
		return e, err
	}
	if e.PublicKey, err = parsePublicKey(fieldPublicKey, e.Algorithm, raw.text[fieldPublicKey]); err != nil {
		return e, err
	}
	if e.MasterPublicKey, err = parsePublicKey(fieldMasterPublicKey, e.Algorithm, raw.text[fieldMasterPublicKey]); err != nil {
		return e, err
	}
	e.Name, e.Address = raw.text[fieldName], raw.text[fieldAddress]
	e.Blockchain, e.Note = raw.text[fieldBlockchain], raw.text[fieldNote]
	e.Recorded = Anchor(raw.text[fieldAnchor])
	return e, e.checkAnchor()
}

// textProblem says why text cannot be in a record; it is empty if it can.
func textProblem(text string) string {
	switch {
	case len(text) > maxText:
		return fmt.Sprintf("longer than %d bytes", maxText)
	case !utf8.ValidString(text):
		return "not UTF-8"
	case strings.ContainsFunc(text, unicode.IsControl):
		return "a control character"
	}
	return ""
}

func parseID(field int, text string) (uuid.ID, error) {
	id, err := uuid.Parse(text)
	if err != nil {
		return id, fieldProblem(fieldNames[field], "%v", err)
	}
	return id, nil
}

// checkIDs refuses one ID in both places: one of them was copied twice.
func checkIDs(quorum, key uuid.ID) error {
	if quorum == key {
		return fieldProblem("quorum_id", "the same as key_id")
	}
	return nil
}

func parsePrevious(texts []string) ([]uuid.ID, error) {
	var ids []uuid.ID
	for _, text := range texts {
		id, err := parseID(fieldPreviousQuorumIDs, text)
		if err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, nil
}

// ParsePublicKey reads a public key as a record may have it: hex or base64 of a
// point or of a SubjectPublicKeyInfo, or of an Ed25519 key with the prefix 0xED,
// as the XRP Ledger writes it. Of an empty text it makes nil. The error is an
// *Error.
func ParsePublicKey(algorithm group.Group, text string) (group.Point, error) {
	return parsePublicKey(fieldPublicKey, algorithm, text)
}

// parsePublicKey reads hex or base64 of a point or SubjectPublicKeyInfo, or of
// an Ed25519 key with the prefix 0xED, as the XRP Ledger writes it.
func parsePublicKey(field int, algorithm group.Group, text string) (group.Point, error) {
	if text == "" {
		return nil, nil
	}
	b, err := hex.DecodeString(text)
	if err != nil {
		b, err = base64.StdEncoding.Strict().DecodeString(text)
	}
	if err != nil {
		return nil, fieldProblem(fieldNames[field], "neither hex nor base64")
	}
	if len(b) == 33 && b[0] == 0xED && algorithm == group.Edwards25519 {
		b = b[1:]
	}
	g, point, err := group.ParsePublicKey(b)
	if err != nil {
		return nil, fieldProblem(fieldNames[field], "%v", err)
	}
	if g != algorithm {
		return nil, fieldProblem(fieldNames[field], "a key for %s, but algorithm is %s", g.Algorithm(), algorithm.Algorithm())
	}
	return point, nil
}
