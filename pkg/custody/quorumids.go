package custody

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"recover/internal/plaintext"
	"recover/internal/secret"
	"recover/internal/uuid"
)

// QuorumIDs are the quorum IDs of an offline record: what of it is not in the
// bucket, and cannot be made again. They open nothing. Whoever has them and can
// write to the bucket can make a valid backup of another key, so public keys that
// are known from elsewhere go with them, in the record.
type QuorumIDs struct {
	Set    SetID  // of the shares that they lie with; zeros: not known
	Record Digest // of the record that they are of; zeros: not known
	IDs    []uuid.ID
}

// The most quorum IDs of a sheet, and the largest file that is read, in bytes.
const (
	MaxQuorumIDs     = 10_000
	MaxQuorumIDsSize = 1 << 20
)

// The marks of the block that is read back.
const (
	quorumsBegin = "---- begin quorum IDs ----"
	quorumsEnd   = "---- end quorum IDs ----"
)

// pageQuorums is how many quorum IDs fit on the page of a share, which has 60
// lines.
const pageQuorums = 22

// What can be wrong with quorum IDs.
var (
	ErrNoQuorumIDs     = errors.New("no quorum IDs are in it")
	ErrTooManyQuorums  = fmt.Errorf("more than %d quorum IDs", MaxQuorumIDs)
	ErrQuorumIDsTwice  = errors.New("quorum IDs are in it more than once, and not the same ones")
	ErrQuorumIDsSealed = errors.New("the page is sealed")
)

// QuorumLineError is a fault in quorum IDs, at a line counted from 1; 0 is the
// whole.
type QuorumLineError struct {
	Line    int
	Problem string
}

func (e *QuorumLineError) Error() string {
	if e.Line == 0 {
		return "the quorum IDs " + e.Problem
	}
	return fmt.Sprintf("line %d: %s", e.Line, e.Problem)
}

// NewQuorumIDs sorts the IDs of a record, each of which it takes once. The error
// is ErrTooManyQuorums, or ErrNoQuorumIDs.
func NewQuorumIDs(set SetID, record Digest, ids []uuid.ID) (*QuorumIDs, error) {
	sorted := slices.Clone(ids)
	slices.SortFunc(sorted, func(a, b uuid.ID) int { return bytes.Compare(a[:], b[:]) })
	q := &QuorumIDs{set, record, slices.Compact(sorted)}
	switch {
	case len(q.IDs) == 0:
		return nil, ErrNoQuorumIDs
	case len(q.IDs) > MaxQuorumIDs:
		return nil, ErrTooManyQuorums
	}
	return q, nil
}

// check is 8 hex digits of a hash of all IDs, so that one that was changed or left
// out is noticed.
func (q *QuorumIDs) check() string {
	h := sha256.New()
	for _, id := range q.IDs {
		h.Write(id[:])
	}
	return fmt.Sprintf("%X", h.Sum(nil)[:4])
}

// The words around the quorum IDs on a sheet of their own.
const sheetHead = `THE QUORUM IDS OF THE BACKUPS                                         PRIVATE

No backup opens without its quorum ID, which is not in the bucket. From these
and a download of the bucket, this makes the offline record again:
    recover record new --shards BUCKET --from THIS-FILE --out record.json
IDs that are typed or scanned from paper go into a text file, one per line.

They open nothing. But whoever has them, and can write to the bucket, can make a
backup of another key that passes for genuine: the public keys in record.json
tell, or your own list of addresses. Keep this sheet where your share is.

`

// Text returns the sheet, quorum-ids.txt: plain text of at most 80 columns, which
// ParseQuorumIDs reads.
func (q *QuorumIDs) Text() []byte {
	b := fmt.Appendf(nil, "%s%s\n", sheetHead, quorumsBegin)
	if q.Set != (SetID{}) {
		b = fmt.Appendf(b, "Set:         %s\n", q.Set)
	}
	if q.Record != (Digest{}) {
		b = fmt.Appendf(b, "Record:      %x\n", q.Record)
	}
	return fmt.Appendf(q.appendIDs(b), "%s\n", quorumsEnd)
}

// appendIDs writes the IDs, two on a line.
func (q *QuorumIDs) appendIDs(b []byte) []byte {
	b = fmt.Appendf(b, "Quorum IDs:  %d, check %s\n", len(q.IDs), q.check())
	for pair := range slices.Chunk(q.IDs, 2) {
		b = append(b, pair[0].String()...)
		if len(pair) > 1 {
			b = append(b, " "+pair[1].String()...)
		}
		b = append(b, '\n')
	}
	return b
}

// appendToPage writes the IDs on the page of a share.
func (q *QuorumIDs) appendToPage(page []byte) []byte {
	switch {
	case q == nil:
		return page
	case len(q.IDs) > pageQuorums:
		return fmt.Appendf(page, "\nTHE %d QUORUM IDS, without which no backup opens, do not fit on this page:\n  print %s and the codes next to it, too.\n",
			len(q.IDs), QuorumsName)
	}
	page = append(page, "\nTHE QUORUM IDS, without which no backup opens; also in "+QuorumsName+"\n"+quorumsBegin+"\n"...)
	return append(q.appendIDs(page), quorumsEnd+"\n"...)
}

// ParseQuorumIDs reads what Text wrote, the page of a share with quorum IDs on it,
// or the texts of all codes of a series, one per line. Other text may stand
// around. Of a page, nothing but the quorum IDs is kept.
//
// The errors are ErrNoQuorumIDs, ErrQuorumIDsSealed, ErrQuorumIDsTwice,
// ErrTooManyQuorums and *QuorumLineError.
func ParseQuorumIDs(data []byte) (q *QuorumIDs, err error) {
	secret.Do(func() { q, err = parseQuorumIDs(data) })
	return q, err
}

func parseQuorumIDs(data []byte) (*QuorumIDs, error) {
	if len(data) > MaxQuorumIDsSize {
		return nil, ErrNoQuorumIDs
	}
	if SealOf(data) != NotSealed {
		return nil, ErrQuorumIDsSealed
	}
	decoded, err := plaintext.Decode(data, MaxQuorumIDsSize)
	if err != nil {
		return nil, ErrNoQuorumIDs
	}
	text := plaintext.Clean(bytes.Clone(decoded))
	defer secret.Wipe(text)
	begin := bytes.Index(text, []byte(quorumsBegin))
	if begin < 0 {
		return parseCodes(text)
	}
	rest := text[begin+len(quorumsBegin):]
	end := bytes.Index(rest, []byte(quorumsEnd))
	switch {
	case end < 0:
		return nil, &QuorumLineError{0, "that begin here have no end: the sheet is cut off"}
	case bytes.Contains(rest[end:], []byte(quorumsBegin)):
		return nil, ErrQuorumIDsTwice
	}
	return parseBlock(rest[:end], bytes.Count(text[:begin], []byte("\n")))
}

// parseBlock reads what is between the marks; n is the number of lines before it.
func parseBlock(block []byte, n int) (*QuorumIDs, error) {
	q := new(QuorumIDs)
	count, check := -1, ""
	for raw := range bytes.Lines(block) {
		n++
		line := strings.TrimSpace(string(raw))
		name, value, isFact := strings.Cut(line, ":")
		value = strings.TrimSpace(value)
		var err error
		switch {
		case line == "":
		case !isFact:
			for _, word := range strings.Fields(line) {
				id, err := uuid.Parse(word)
				if err != nil {
					return nil, &QuorumLineError{n, "not a quorum ID: " + err.Error()}
				}
				if len(q.IDs) == MaxQuorumIDs {
					return nil, ErrTooManyQuorums
				}
				q.IDs = append(q.IDs, id)
			}
		case name == "Set":
			q.Set, err = ParseSetID(value)
		case name == "Record":
			q.Record, err = ParseDigest(value)
		case name == "Quorum IDs":
			number, digits, _ := strings.Cut(value, ", check ")
			if count, err = strconv.Atoi(number); err == nil {
				check = strings.ToUpper(strings.Join(strings.Fields(digits), ""))
			}
		default:
			err = ErrNoQuorumIDs
		}
		if err != nil {
			return nil, &QuorumLineError{n, "not as it was written"}
		}
	}
	if err := q.complete(count, check); err != nil {
		return nil, err
	}
	return q, nil
}

// complete holds what was read against its count and check.
func (q *QuorumIDs) complete(count int, check string) error {
	switch {
	case len(q.IDs) == 0 && count <= 0:
		return &QuorumLineError{0, "are missing between their marks"}
	case count != len(q.IDs):
		return &QuorumLineError{0, fmt.Sprintf("are %d, and should be %d", len(q.IDs), max(count, 0))}
	case check != q.check():
		return &QuorumLineError{0, "are not those that were written: one of them was changed"}
	}
	return nil
}
