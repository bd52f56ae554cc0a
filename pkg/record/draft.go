package record

import "io"

// Draft is a record whose quorum and key IDs may be wrong; all else is checked.
type Draft struct {
	Environment  string
	RecoveryKeys []RecoveryKey
	Events       []Event
	Entries      []DraftEntry
	Warnings     []string // what was not read
}

// DraftEntry is an entry of a Draft.
type DraftEntry struct {
	Quorum, Key string // as they are written
	Entry       Entry  // all the rest
}

// OpenDraft reads a record as Open does, but takes the quorum and key IDs as
// they are, so that the right ones can be searched for. It holds all entries in
// memory. Errors are those of Open.
func OpenDraft(r io.ReaderAt, size int64) (*Draft, error) {
	text, err := decode(r, size)
	if err != nil {
		return nil, err
	}
	open, err := opener(text.SectionReader)
	if err != nil {
		return nil, err
	}
	d, faults := new(Draft), new(Faults)
	record, err := open(text.SectionReader, faults, func(raw *rawEntry, line, index int) error {
		e, wrong := raw.withoutIDs()
		faults.add(line, index, wrong...)
		e.Line, e.Index = line, index
		d.Entries = append(d.Entries, DraftEntry{raw.text[fieldQuorumID], raw.text[fieldKeyID], e})
		return nil
	})
	if err = faults.take(err); err == nil {
		err = faults.err()
	}
	if err != nil {
		return nil, err
	}
	if len(d.Entries) == 0 {
		return nil, problem("the record has no keys")
	}
	d.Environment, d.RecoveryKeys, d.Events, d.Warnings = record.Environment, record.RecoveryKeys, record.Events, record.Warnings
	return d, nil
}
