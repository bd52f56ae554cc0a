package report

import (
	"io"

	"recover/internal/message"
	"recover/internal/output"
	"recover/internal/uuid"
	"recover/pkg/record"
)

// Merge joins the reports of a divided run. It believes of each key only what
// agrees with the record, and with every other report that has the key.
type Merge struct {
	record  *record.Record
	reports []*openReport
	keys    map[uuid.ID]merged  // all of the record
	more    map[uuid.ID][]place // other reports of a key
	last    string              // the last end of a report
}

// openReport is a report whose keys are read again.
type openReport struct {
	name string
	*output.Input
	header   Header
	segments []Segment
	nearby   Nearby
}

// place is where the line of a key is.
type place struct {
	report int32
	offset int64
}

// merged is what the reports have of a key: the place that is taken, and whether
// it is done there.
type merged struct {
	place
	seen, done bool
}

// NewMerge begins a merge of the reports of a record. Errors are those of the
// record.
func NewMerge(rec *record.Record) (*Merge, error) {
	m := &Merge{record: rec, keys: make(map[uuid.ID]merged, rec.Len()), more: make(map[uuid.ID][]place)}
	for e, err := range rec.Entries() {
		if err != nil {
			return nil, err
		}
		m.keys[e.KeyID] = merged{}
	}
	return m, nil
}

// Close closes the reports.
func (m *Merge) Close() {
	for _, r := range m.reports {
		_ = r.Close() // it was only read
	}
}

// Add reads a report. It stays open until Close. Errors are ErrIsJournal,
// ErrOtherRecord, ErrOtherEnvironment, ErrOtherRecoveryKey, ErrUnrecordedKey,
// ErrNotRebuild, a *TwiceError, a *FormatError, and those of output.OpenInput.
func (m *Merge) Add(path string) error {
	in, err := output.OpenInput(path, maxFile)
	if err != nil {
		return err
	}
	r := &openReport{name: path, Input: in}
	m.reports = append(m.reports, r)
	file, err := Scan(in, Visitor{
		Head: m.checkHead,
		Key:  func(k *Key, l Line) error { return m.add(k, l.Offset) },
	})
	if err == nil && file.IsJournal {
		err = ErrIsJournal
	}
	if err != nil {
		return err
	}
	r.header, r.segments = file.Header, file.Segments
	if r.nearby, err = CheckNearby(path, file.Segments); err != nil {
		return err
	}
	m.last = max(m.last, file.Tail.Ended)
	return nil
}

func (m *Merge) checkHead(h *Header) error {
	if h.Verb != VerbRebuild {
		return ErrNotRebuild
	}
	if err := checkRecord(h, m.record); err != nil {
		return err
	}
	if len(m.reports) > 1 && h.RecoveryKey != m.reports[0].header.RecoveryKey {
		return ErrOtherRecoveryKey
	}
	return nil
}

func (m *Merge) add(k *Key, offset int64) error {
	id, err := uuid.Parse(k.KeyID)
	if err != nil {
		return err
	}
	at := place{int32(len(m.reports) - 1), offset}
	before, known := m.keys[id]
	switch {
	case !known:
		return &ContradictionError{k.KeyID, "it is in the report, and not in the record"}
	case before.done && k.IsDone():
		return &TwiceError{k.KeyID, m.reports[before.report].name}
	case !before.seen:
		m.keys[id] = merged{at, true, k.IsDone()}
		return nil
	case k.IsDone():
		m.keys[id], at = merged{at, true, true}, before.place
	}
	m.more[id] = append(m.more[id], at)
	return nil
}

// Each yields the result of each key of the record, in its order: one that is
// done as its report has it; else one that says why it is not, with
// ReasonReported, ReasonUnreported or ReasonContradiction. It can be called
// again.
func (m *Merge) Each(yield func(e record.Entry, k *Key, line []byte) error) error {
	for e, err := range m.record.Entries() {
		if err != nil {
			return err
		}
		k, line, err := m.result(e)
		if err != nil {
			return err
		}
		if err := yield(e, k, line); err != nil {
			return err
		}
	}
	return nil
}

// result returns what became of a key; line is that of its report, where it is
// believed.
func (m *Merge) result(e record.Entry) (k *Key, line []byte, err error) {
	of := m.keys[e.KeyID]
	not := &Key{Type: "key", QuorumID: e.QuorumID.String(), KeyID: e.KeyID.String(), Algorithm: e.Algorithm.Algorithm(), Warnings: []message.Warning{}}
	if !of.seen {
		not.Status, not.Reason, not.Detail = Missing, ReasonUnreported, "in none of the reports"
		return not, nil, nil
	}
	k, line, err = m.read(of.place, e.KeyID)
	if err != nil {
		return nil, nil, err
	}
	name := m.reports[of.report].name
	contradicted := func(by, problem string) (*Key, []byte, error) {
		not.Status, not.Reason, not.Detail = Failed, ReasonContradiction, by+": "+problem
		return not, nil, nil
	}
	if problem := m.disagrees(k, e, of.report); problem != "" {
		return contradicted(name, problem)
	}
	failedBy := ""
	for _, at := range m.more[e.KeyID] {
		other, _, err := m.read(at, e.KeyID)
		if err != nil {
			return nil, nil, err
		}
		problem := m.disagrees(other, e, at.report)
		if problem == "" && k.PublicKey != "" && other.PublicKey != "" && k.PublicKey != other.PublicKey {
			problem = "its public key is not that of " + name
		}
		if problem != "" {
			return contradicted(m.reports[at.report].name, problem)
		}
		if other.Status == Failed {
			failedBy = m.reports[at.report].name
		}
	}
	if of.done && failedBy != "" { // nothing tells which of the two is right
		return contradicted(failedBy, "the key failed there, and is rebuilt according to "+name)
	}
	if !of.done {
		not.Status, not.Reason, not.Detail = Failed, ReasonReported, "not rebuilt: "+name+" says why"
		return not, line, nil
	}
	return k, line, nil
}

// disagrees says in what a key contradicts the record, the head of its report, or
// the segment next to it.
func (m *Merge) disagrees(k *Key, e record.Entry, report int32) (problem string) {
	r := m.reports[report]
	if problem = k.Disagreement(e); problem == "" {
		problem = k.Contradiction(&r.header)
	}
	if wrong := r.nearby.Wrong[k.Segment]; problem == "" && k.IsDone() && wrong != "" {
		problem = "its segment " + k.Segment + ": " + wrong
	}
	return problem
}

// Nearby returns how many segments the reports list, and how many of them lie
// next to their report and are as it says.
func (m *Merge) Nearby() (listed, compared int) {
	for _, r := range m.reports {
		listed, compared = listed+r.nearby.Listed, compared+r.nearby.Compared
	}
	return listed, compared
}

func (m *Merge) read(at place, id uuid.ID) (*Key, []byte, error) {
	k, line, err := readKeyAt(m.reports[at.report], at.offset)
	if err != nil {
		return nil, nil, err
	}
	if now, err := uuid.Parse(k.KeyID); err != nil || now != id {
		return nil, nil, ErrChanged
	}
	return k, line, nil
}

// Write writes the joined report, in the form of any other: of each key that a
// report has the line of that report, or one that names the contradiction.
func (m *Merge) Write(out io.Writer) error {
	if len(m.reports) == 0 {
		return ErrFormat
	}
	head := m.reports[0].header
	head.Format, head.Part, head.BegunRecordSHA256, head.Merged = Format, "", "", len(m.reports)
	w := newWriter(out)
	w.head(&head)
	sum := &Summary{Type: "summary"}
	err := m.Each(func(_ record.Entry, k *Key, line []byte) error {
		switch {
		case k.Reason == ReasonUnreported:
			return nil
		case line == nil:
			line = w.marshal(k)
		}
		written, err := parseKey(line)
		if err != nil {
			return err
		}
		sum.Count(written)
		w.line(line)
		return nil
	})
	if err != nil {
		return err
	}
	var segments []Segment
	for _, r := range m.reports {
		for _, g := range r.segments {
			if g.Report == "" {
				g.Report = r.name
			}
			segments = append(segments, g)
		}
	}
	return w.end(segments, nil, &Tail{Ended: m.last, Complete: sum.Keys == m.record.Len(), Summary: sum})
}
