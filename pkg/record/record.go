// Package record reads and writes the offline record: the list of the keys of a
// company, which a backup cannot be opened without, because nothing in it names
// the quorum.
//
// A record is JSON or CSV. What can be read in one way only is read, however a
// spreadsheet writes it. Anything else is an error that names the line and the
// column, for a record that is read otherwise than it was meant is worse than one
// that is not read; all errors of a file are reported at once. No entry is kept in
// memory: Open reads the record through once, and Entries once more.
package record

import (
	"crypto/sha256"
	"errors"
	"io"
	"iter"

	"recover/internal/group"
	"recover/internal/uuid"
)

// The largest records that are read, in bytes. A JSON record is held in memory
// as it is, a CSV record is not. Open takes another 0.3 bytes of memory for
// each byte of either, until it returns.
const (
	MaxJSONSize = 256 << 20
	MaxCSVSize  = 512 << 20
)

// ErrChanged is returned by Entries when the record is not what Open read.
var ErrChanged = errors.New("the record has changed since it was opened")

// Entry is one key of the record.
type Entry struct {
	QuorumID, KeyID uuid.ID
	Algorithm       group.Group

	// What else is recorded; empty or nil where it is not. Texts have at most
	// 1024 bytes of UTF-8 and no control characters.
	Name, Address, Blockchain, Note string
	PublicKey                       group.Point // of Algorithm
	PreviousQuorumIDs               []uuid.ID   // 27 at most
	Recorded                        Anchor      // as the record has it; Anchor tells what it comes to
	MasterPublicKey                 group.Point // of Algorithm; pins a key that has no better anchor

	Line  int // at which the entry begins, from 1; 0 in a record made by Single
	Index int // the number of the entry, from 1
}

// RecoveryKey is a recovery key that shards may be encrypted to.
type RecoveryKey struct {
	SHA256        [sha256.Size]byte // of the DER SubjectPublicKeyInfo
	Custody, Note string            // for people
	Set           [8]byte           // ID of the present set of shares; zeros: not recorded
}

// Record is a valid record: every entry has been checked, and no key ID is
// there twice.
type Record struct {
	Environment  string        // "production", "sandbox", or empty: not recorded
	RecoveryKeys []RecoveryKey // empty: not recorded
	Events       []Event       // what happened to keys, quorums, holders and kits; empty: not recorded
	IsCSV        bool          // it can have none of these
	Warnings     []string      // what was not read, such as columns with unknown names

	entries int
	sum     [sha256.Size]byte
	scan    func(emit func(Entry) error) error
}

// Open reads a record of size bytes, JSON when it begins with "{" and CSV
// else, and checks all of it. r has to stay readable as long as the Record
// is used. A fault of the record is an *Error, several are a *Faults; any other
// error is of r.
func Open(r io.ReaderAt, size int64) (*Record, error) {
	text, err := decode(r, size)
	if err != nil {
		return nil, err
	}
	open, err := opener(text.SectionReader)
	if err != nil {
		return nil, err
	}
	ids := make(idList, 0, text.Size()/int64(minEntrySize))
	faults := new(Faults)
	record, err := open(text.SectionReader, faults, func(raw *rawEntry, line, index int) error {
		e, wrong := raw.entry()
		if len(wrong) > 0 {
			faults.add(line, index, wrong...)
			return nil
		}
		ids = append(ids, occurrence{e.KeyID, uint32(line), uint32(index)})
		return nil
	})
	if err = faults.take(err); err != nil {
		return nil, err
	}
	entries := len(ids)
	if entries == 0 && len(faults.List) == 0 {
		return nil, problem("the record has no keys")
	}
	ids.unique(faults)
	if err := faults.err(); err != nil {
		return nil, err
	}
	record.entries = entries
	if text.packed {
		record.sum = text.sum
	}
	return record, nil
}

// emitter is given the entries of a record as they are read.
type emitter func(raw *rawEntry, line, index int) error

// strict is an emitter that checks each entry, and ends with the first fault.
func strict(emit func(Entry) error) emitter {
	return func(raw *rawEntry, line, index int) error {
		e, faults := raw.entry()
		if len(faults) > 0 {
			return at(faults[0], line, index)
		}
		e.Line, e.Index = line, index
		return emit(e)
	}
}

// opener returns how a record is read, by its looks.
func opener(r *io.SectionReader) (func(*io.SectionReader, *Faults, emitter) (*Record, error), error) {
	isJSON, err := recognize(io.NewSectionReader(r, 0, r.Size()))
	if err != nil {
		return nil, err
	}
	open, limit := openCSV, int64(MaxCSVSize)
	if isJSON {
		open, limit = openJSON, MaxJSONSize
	}
	if r.Size() > limit {
		return nil, problem("larger than %d MiB", limit>>20)
	}
	return open, nil
}

// Single makes a record of one entry, for a key that is named by flags. The
// error, an *Error, says that both IDs are the same, or what is wrong with the
// anchor.
func Single(entry Entry) (*Record, error) {
	if err := checkIDs(entry.QuorumID, entry.KeyID); err != nil {
		return nil, err
	}
	if err := entry.checkAnchor(); err != nil {
		return nil, err
	}
	entry.Index = 1
	return &Record{
		entries: 1,
		scan:    func(emit func(Entry) error) error { return emit(entry) },
	}, nil
}

// Len returns the number of entries, which is 1 or more.
func (r *Record) Len() int { return r.entries }

// SHA256 returns the hash of the bytes that Open read; zeros for a record made
// by Single.
func (r *Record) SHA256() [sha256.Size]byte { return r.sum }

// Entries reads the entries again, in their order. When reading fails, the
// error comes last, with no entry. It is ErrChanged when the record is another
// than the one that was opened, which may show as late as after the last entry.
func (r *Record) Entries() iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		err := r.scan(func(e Entry) error {
			if !yield(e, nil) {
				return errStop
			}
			return nil
		})
		if err != nil && err != errStop {
			yield(Entry{}, err)
		}
	}
}

// errStop ends a scan whose entries are no longer wanted.
var errStop = errors.New("stop")
