package custody

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"recover/internal/qrcode"
	"recover/internal/uuid"
)

// A code of quorum IDs holds, in the alphanumeric mode of QR codes,
//
//	RQ1 <part>/<parts> <set ID> <check> <quorum ID> …
//
// where an ID is its 32 upper-case hex digits. The check is over the IDs of all
// parts, so that those of two series are told apart.
const (
	codeStart   = "RQ1"
	codeQuorums = 16 // of a code: 77 modules square at the most, 1.06 mm each
	maxCodes    = 100
)

// MaxCodeQuorums is above how many quorum IDs no codes are made: a sheet of so
// many is kept as a file.
const MaxCodeQuorums = codeQuorums * maxCodes

// Codes returns the texts of the QR codes; none of more than MaxCodeQuorums.
func (q *QuorumIDs) Codes() []string {
	if len(q.IDs) > MaxCodeQuorums {
		return nil
	}
	set, _ := q.Set.MarshalText() // never fails
	var texts []string
	parts := (len(q.IDs) + codeQuorums - 1) / codeQuorums
	for ids := range slices.Chunk(q.IDs, codeQuorums) {
		text := fmt.Sprintf("%s %d/%d %s %s", codeStart, len(texts)+1, parts, set, q.check())
		for _, id := range ids {
			text += fmt.Sprintf(" %X", id[:])
		}
		texts = append(texts, text)
	}
	return texts
}

// SVGs returns the codes for paper, 90 mm wide, each with a caption.
func (q *QuorumIDs) SVGs() ([][]byte, error) {
	var all [][]byte
	texts := q.Codes()
	for i, text := range texts {
		code, err := qrcode.Upper(text)
		if err != nil {
			return nil, err
		}
		all = append(all, qrcode.SVG(code, fmt.Sprintf("PRIVATE: quorum IDs, code %d of %d", i+1, len(texts)), "with the shares of set "+q.Set.String()))
	}
	return all, nil
}

// parseCodes reads the texts of codes, as a scanner types them.
func parseCodes(text []byte) (*QuorumIDs, error) {
	q := new(QuorumIDs)
	var parts [][]uuid.ID
	check, n := "", 0
	for raw := range bytes.Lines(text) {
		n++
		words := strings.Fields(strings.ToUpper(string(raw)))
		if len(words) < 5 || words[0] != codeStart {
			continue
		}
		number, of, _ := strings.Cut(words[1], "/")
		part, _ := strconv.Atoi(number)
		count, _ := strconv.Atoi(of)
		var set SetID
		if part < 1 || part > count || count > maxCodes || set.UnmarshalText([]byte(words[2])) != nil {
			return nil, &QuorumLineError{n, "not the text of a code"}
		}
		if parts == nil {
			parts, q.Set, check = make([][]uuid.ID, count), set, words[3]
		}
		if len(parts) != count || q.Set != set || check != words[3] {
			return nil, ErrQuorumIDsTwice
		}
		var ids []uuid.ID
		for _, digits := range words[4:] {
			var id uuid.ID
			if len(digits) != 2*len(id) {
				return nil, &QuorumLineError{n, "not a quorum ID of 32 hex digits"}
			}
			if _, err := hex.Decode(id[:], []byte(digits)); err != nil {
				return nil, &QuorumLineError{n, "not a quorum ID of 32 hex digits"}
			}
			ids = append(ids, id)
		}
		if have := parts[part-1]; have != nil && !slices.Equal(have, ids) {
			return nil, ErrQuorumIDsTwice
		}
		parts[part-1] = ids
	}
	if parts == nil {
		return nil, ErrNoQuorumIDs
	}
	for i, ids := range parts {
		if ids == nil {
			return nil, &QuorumLineError{0, fmt.Sprintf("are not complete: code %d of %d is missing", i+1, len(parts))}
		}
		q.IDs = append(q.IDs, ids...)
	}
	if len(q.IDs) > MaxQuorumIDs {
		return nil, ErrTooManyQuorums
	}
	if err := q.complete(len(q.IDs), check); err != nil {
		return nil, err
	}
	return q, nil
}
