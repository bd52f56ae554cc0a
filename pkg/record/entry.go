package record

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
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
	columns  *[fieldCount]int // of CSV: the column of each field, from 1
	service  *serviceFields   // of a list of the service's API: what a record has no field for
}

// fault is an *Error about a field.
func (raw *rawEntry) fault(field int, format string, args ...any) *Error {
	e := &Error{Field: fieldNames[field], Problem: fmt.Sprintf(format, args...)}
	if raw.columns != nil {
		e.Column = raw.columns[field]
	}
	return e
}

// entry checks an entry, and returns all that is wrong with it. The errors have
// no line.
func (raw *rawEntry) entry() (Entry, []*Error) {
	e, faults := raw.withoutIDs()
	ids := [2]*uuid.ID{&e.QuorumID, &e.KeyID}
	for field, to := range ids {
		if raw.text[field] == "" {
			continue // withoutIDs has said so
		}
		id, err := raw.parseID(field, raw.text[field])
		if err != nil {
			faults = append(faults, err)
		}
		*to = id
	}
	switch {
	case e.KeyID.IsZero():
	case slices.Contains(e.PreviousQuorumIDs, e.KeyID):
		faults = append(faults, raw.fault(fieldPreviousQuorumIDs, "the same as key_id"))
	case e.QuorumID == e.KeyID:
		faults = append(faults, raw.fault(fieldQuorumID, "the same as key_id"))
	}
	return e, faults
}

// withoutIDs checks all of an entry but its quorum and key ID.
func (raw *rawEntry) withoutIDs() (e Entry, faults []*Error) {
	for field, text := range raw.text {
		if problem := textProblem(text); problem != "" {
			fault := raw.fault(field, "%s", problem)
			if !utf8.ValidString(text) {
				fault.err = ErrNotUTF8
			}
			faults = append(faults, fault)
		} else if field <= fieldAlgorithm && text == "" {
			faults = append(faults, raw.fault(field, "missing"))
		}
	}
	if len(faults) > 0 && raw.text[fieldAlgorithm] == "" {
		return e, faults
	}
	var known bool
	if e.Algorithm, known = ParseAlgorithm(raw.text[fieldAlgorithm]); !known {
		return e, append(faults, raw.fault(fieldAlgorithm, "%s is not SECP256K1 or ED25519", message.Quote(raw.text[fieldAlgorithm])))
	}
	for _, text := range raw.previous {
		id, err := raw.parseID(fieldPreviousQuorumIDs, text)
		if err != nil {
			faults = append(faults, err)
			continue
		}
		e.PreviousQuorumIDs = append(e.PreviousQuorumIDs, id)
	}
	var fault *Error
	for i, to := range []*group.Point{&e.PublicKey, &e.MasterPublicKey} {
		field := []int{fieldPublicKey, fieldMasterPublicKey}[i]
		var err error
		if *to, err = parsePublicKey(field, e.Algorithm, raw.text[field]); errors.As(err, &fault) {
			faults = append(faults, raw.fault(field, "%s", fault.Problem))
		}
	}
	e.Name, e.Address = raw.text[fieldName], raw.text[fieldAddress]
	e.Blockchain, e.Note = raw.text[fieldBlockchain], raw.text[fieldNote]
	e.Recorded = Anchor(raw.text[fieldAnchor])
	if len(faults) > 0 {
		return e, faults
	}
	if errors.As(e.checkAnchor(), &fault) {
		faults = append(faults, raw.fault(max(0, slices.Index(fieldNames[:], fault.Field)), "%s", fault.Problem))
	}
	return e, faults
}

// textProblem says why text cannot be in a record; it is empty if it can.
func textProblem(text string) string {
	switch {
	case len(text) > maxText:
		return fmt.Sprintf("longer than %d bytes", maxText)
	case !utf8.ValidString(text):
		return message.Quote(text) + " is not UTF-8"
	case strings.ContainsFunc(text, unicode.IsControl):
		return message.Quote(text) + " has a control character"
	}
	return ""
}

func (raw *rawEntry) parseID(field int, text string) (uuid.ID, *Error) {
	id, err := uuid.ParseAny(text)
	if err != nil {
		return id, raw.fault(field, "%s is %v", message.QuoteLong(text), err)
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
	if rest, ok := strings.CutPrefix(strings.ToLower(text), "0x"); ok && len(rest) > 2 {
		text = rest
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
