package record

import "io"

// Draft is a record whose quorum and key IDs may be wrong; all else is checked.
type Draft struct {
	Environment  string
	RecoveryKeys []RecoveryKey
	Entries      []DraftEntry
}

// DraftEntry is an entry of a Draft.
type DraftEntry struct {
	Quorum, Key string // as they are written
	Entry       Entry  // all the rest
}

// OpenDraft reads a record as Open does, but takes the quorum and key IDs as
// they are, so that the right ones can be searched for. It holds all entries in
// memory. A fault is an *Error; any other error is of r.
func OpenDraft(r io.ReaderAt, size int64) (*Draft, error) {
	open, err := opener(r, size)
	if err != nil {
		return nil, err
	}
	d := new(Draft)
	record, err := open(io.NewSectionReader(r, 0, size), func(raw *rawEntry, line, index int) error {
		e, err := raw.withoutIDs()
		if err != nil {
			return at(err, line, index)
		}
		e.Line, e.Index = line, index
		d.Entries = append(d.Entries, DraftEntry{raw.text[fieldQuorumID], raw.text[fieldKeyID], e})
		return nil
	})
	if err != nil {
		return nil, err
	}
	if len(d.Entries) == 0 {
		return nil, problem("the record has no keys")
	}
	d.Environment, d.RecoveryKeys = record.Environment, record.RecoveryKeys
	return d, nil
}
