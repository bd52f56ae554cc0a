package report

import (
	"errors"
	"io"
	"slices"
	"time"

	"recover/internal/message"
	"recover/internal/output"
	"recover/internal/uuid"
	"recover/pkg/record"
)

// Join joins the reports of the parts of one verification. It wants all parts of
// one division, each once, of one record and one day, and in each part its keys
// and no others. A Merge, of rebuilds, takes what there is: its keys are done for
// good, while a verification of last week proves nothing about this one.
type Join struct {
	record     *record.Record
	parts      []*joinedPart
	keys       map[uuid.ID]place // of the record: where its line is, or notSeen
	unrecorded []place
}

type joinedPart struct {
	name string
	*output.Input
	header Header
	part   Part
	begun  time.Time
	tail   Tail
}

// Parts of one verification are begun within so long.
const maxApart = 24 * time.Hour

var errStopped = errors.New("stopped")

var notSeen = place{report: -1}

// NewJoin begins to join reports of a record. Errors are those of the record.
func NewJoin(rec *record.Record) (*Join, error) {
	j := &Join{record: rec, keys: make(map[uuid.ID]place, rec.Len())}
	for e, err := range rec.Entries() {
		if err != nil {
			return nil, err
		}
		j.keys[e.KeyID] = notSeen
	}
	return j, nil
}

// Close closes the reports.
func (j *Join) Close() {
	for _, p := range j.parts {
		_ = p.Close() // it was only read
	}
}

// VerbOf returns the verb of the report at path, which tells whether a Merge or a
// Join takes it. Errors are *FormatError and those of output.OpenInput.
func VerbOf(path string) (string, error) {
	in, err := output.OpenInput(path, maxFile)
	if err != nil {
		return "", err
	}
	defer func() { _ = in.Close() }()
	s := &scanner{ledger: newLedger()}
	s.begin(in)
	if err := s.readHead(); err != nil {
		return "", s.lineError(err)
	}
	return s.header.Verb, nil
}

// Add reads a report. It stays open until Close. Errors are ErrNotVerification,
// ErrOtherRecord, ErrOtherEnvironment, ErrOtherRecoveryKey, ErrUnrecordedKey, a
// *PartError, a *ContradictionError, a *FormatError, and those of
// output.OpenInput.
func (j *Join) Add(path string) error {
	in, err := output.OpenInput(path, maxFile)
	if err != nil {
		return err
	}
	p := &joinedPart{name: path, Input: in}
	j.parts = append(j.parts, p)
	file, err := Scan(in, Visitor{
		Head: func(h *Header) error { return j.addHead(p, h) },
		Key:  func(k *Key, l Line) error { return j.addKey(p, k, l.Offset) },
	})
	if err != nil {
		return err
	}
	if !file.Tail.Complete {
		return &FormatError{0, "not every key was worked on"}
	}
	if newest := file.Tail.Summary.NewestBackup; newest != "" {
		if _, err := time.Parse(time.RFC3339, newest); err != nil {
			return &FormatError{0, "newest_backup: not a time"}
		}
	}
	p.tail = *file.Tail
	return nil
}

func (j *Join) addHead(p *joinedPart, h *Header) error {
	if h.Verb != VerbVerify {
		return ErrNotVerification
	}
	if err := checkRecord(h, j.record); err != nil {
		return err
	}
	var ok bool
	if p.part, ok = ParsePart(h.Part); !ok {
		return &FormatError{1, "part: not a part"}
	}
	var err error
	if p.begun, err = time.Parse(time.RFC3339, h.Begun); err != nil {
		return &FormatError{1, "begun: not a time"}
	}
	p.header = *h
	for _, other := range j.parts[:len(j.parts)-1] {
		var problem error
		switch {
		case h.RecoveryKey != other.header.RecoveryKey:
			return ErrOtherRecoveryKey
		case p.part.Of != other.part.Of:
			problem = ErrPartForeign
		case p.part == other.part:
			problem = ErrPartTwice
		case p.begun.Sub(other.begun).Abs() > maxApart:
			problem = ErrPartApart
		}
		if problem != nil {
			return &PartError{p.part.named(), other.name, problem}
		}
	}
	return nil
}

// named is the part for people.
func (p Part) named() string {
	if p.Of == 1 {
		return "1/1"
	}
	return p.String()
}

func (j *Join) addKey(p *joinedPart, k *Key, offset int64) error {
	id, err := uuid.Parse(k.KeyID)
	if err != nil {
		return err
	}
	if !p.part.Has(id) {
		return &ContradictionError{k.KeyID, "it is not of the part of its report"}
	}
	at := place{int32(len(j.parts) - 1), offset}
	_, recorded := j.keys[id]
	switch {
	case k.Status == Unproved:
		return &ContradictionError{k.KeyID, "a verification has no such status"}
	case recorded && k.Status == Unrecorded:
		return &ContradictionError{k.KeyID, "it is in the record, and the report calls it unrecorded"}
	case !recorded && k.Status != Unrecorded:
		return &ContradictionError{k.KeyID, "it is in the report, and not in the record"}
	case recorded:
		j.keys[id] = at // the parts have no key in common, and no report has one twice
	default:
		j.unrecorded = append(j.unrecorded, at)
	}
	return nil
}

// Check tells whether all parts are there. The error is a *PartError with
// ErrPartMissing.
func (j *Join) Check() error {
	if len(j.parts) == 0 {
		return ErrFormat
	}
	of := j.parts[0].part.Of
	var missing []string
	for n := 1; n <= of; n++ {
		if !slices.ContainsFunc(j.parts, func(p *joinedPart) bool { return p.part.N == n }) {
			missing = append(missing, Part{n, of}.named())
		}
	}
	if len(missing) == 0 {
		return nil
	}
	return &PartError{message.Few(missing, 10), "", ErrPartMissing}
}

// Each yields what the parts say of each key: those of the record in its order,
// and then those that are not in it. e is the entry of the record, or nil. It can
// be called again. The error is a *ContradictionError where a report does not
// have a key of its part, or says of it what the record does not bear out.
func (j *Join) Each(yield func(e *record.Entry, k *Key) error) error {
	for e, err := range j.record.Entries() {
		if err != nil {
			return err
		}
		at := j.keys[e.KeyID]
		if at == notSeen && !slices.ContainsFunc(j.parts, func(p *joinedPart) bool { return p.part.Has(e.KeyID) }) {
			continue // of a part that is not there: Check tells
		}
		if at == notSeen {
			return &ContradictionError{e.KeyID.String(), "it is in the record, and in none of the reports"}
		}
		k, err := j.read(at)
		if err != nil {
			return err
		}
		if problem := k.unlike(e); problem != "" {
			return &ContradictionError{k.KeyID, problem}
		}
		if err := yield(&e, k); err != nil {
			return err
		}
	}
	for _, at := range j.unrecorded {
		k, err := j.read(at)
		if err != nil {
			return err
		}
		if err := yield(nil, k); err != nil {
			return err
		}
	}
	return nil
}

// unlike says in what the result of a verification contradicts the record's entry
// of its key; empty if in nothing. The public key is what the backup claims: that
// it is another one than the record's may be what was found.
func (k *Key) unlike(e record.Entry) (problem string) {
	switch {
	case k.KeyID != e.KeyID.String():
		return "its key ID is not written as in the record"
	case k.QuorumID != e.QuorumID.String():
		return "its quorum ID is not that of the record"
	case k.Algorithm != e.Algorithm.Algorithm():
		return "its algorithm is not that of the record"
	case k.Anchor != string(e.Anchor()):
		return "its anchor is not that of the record"
	case k.Status == OK && k.Reason != "":
		return "it is ok, and has the reason of a failure"
	case k.PublicKey == "":
		return ""
	}
	public, err := parsePublicKey(e.Algorithm, k.PublicKey)
	if err != nil {
		return "its public key is not one"
	}
	return k.addressProblem(e.Algorithm, public)
}

func (j *Join) read(at place) (*Key, error) {
	k, _, err := readKeyAt(j.parts[at.report], at.offset)
	return k, err
}

// Parts returns how many reports were added.
func (j *Join) Parts() int { return len(j.parts) }

// Summary returns what the parts know together besides their keys. They run side
// by side, so it took as long as the longest of them; the newest backup is that
// of any part; and a warning that is of no key is of the download, which all
// parts have searched.
func (j *Join) Summary() Summary {
	var sum Summary
	for _, p := range j.parts {
		s := p.tail.Summary
		sum.Seconds = max(sum.Seconds, s.Seconds)
		sum.NewestBackup = max(sum.NewestBackup, s.NewestBackup)
		sum.Elsewhere = max(sum.Elsewhere, s.Elsewhere)
		for _, c := range s.RecoveryKeys {
			if i := slices.IndexFunc(sum.RecoveryKeys, func(o RecoveryKeyCount) bool { return o.SHA256 == c.SHA256 }); i >= 0 {
				sum.RecoveryKeys[i].Keys += c.Keys
			} else {
				sum.RecoveryKeys = append(sum.RecoveryKeys, c)
			}
		}
	}
	return sum
}

// Write writes the joined report, in the form of any other.
func (j *Join) Write(out io.Writer, sum Summary) error {
	head := j.parts[0].header
	head.Part, head.Merged = "", len(j.parts)
	ended := ""
	for _, p := range j.parts {
		head.Begun, ended = min(head.Begun, p.header.Begun), max(ended, p.tail.Ended)
	}
	var failed error
	err := WriteVerification(out, &head, func(yield func(*Key) bool) {
		failed = j.Each(func(_ *record.Entry, k *Key) error {
			if !yield(k) {
				return errStopped
			}
			return nil
		})
	}, sum, ended)
	if failed != nil {
		return failed
	}
	return err
}
