package report

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"recover/internal/output"
	"recover/internal/uuid"
)

// Run is an earlier run, as its directory shows it.
type Run struct {
	dir     *output.Dir
	journal *output.Journal
	names   []string
	*ledger
	size     int64    // of the journal, in bytes; what is pending comes behind it
	pending  [][]byte // lines that are to be entered: their segment is on the disk
	rejected []Rejected
	sample   []Key
	current  string // SHA-256 of the record of CheckRecord, hex
}

// Rejected is a segment that is not the file that the run wrote. Its keys count
// as not done; the file stays as it is.
type Rejected struct {
	Path    string
	Keys    int // that were rebuilt into it
	Problem string
}

// sampled is how many of the keys that are done Sample returns.
const sampled = 20

// maxPending is the size of the largest list of what is pending, in bytes.
const maxPending = 64 << 20

// Open reads the journal of a run that broke off, or whose keys are not all
// done, and checks its segments. Nothing is changed yet, but for half a line at
// the end of what is a journal for certain. The journal is locked until Close,
// or until the Store of Resume has finished. Errors are ErrNotBegun,
// ErrNoJournal, ErrLostJournal, ErrNotRebuild, a *FormatError, a
// *output.PathError.
func Open(path string) (*Run, error) {
	dir, err := output.OpenDir(path)
	if err != nil {
		return nil, err
	}
	r := &Run{dir: dir, ledger: newLedger()}
	if r.names, err = dir.Names(); err != nil {
		return nil, err
	}
	if !slices.Contains(r.names, JournalName) {
		return nil, r.withoutJournal()
	}
	r.journal, err = dir.ResumeJournal(JournalName, r.checkHead)
	if err != nil {
		if named, ok := errors.AsType[*output.PathError](err); ok && !isOfSystem(named.Err) {
			err = named.Err
		}
		return nil, err
	}
	if err := r.read(); err != nil {
		r.Close()
		return nil, err
	}
	return r, nil
}

// isOfSystem tells an error that needs the name of its file from one of this
// package.
func isOfSystem(err error) bool {
	return !errors.Is(err, ErrNotBegun) && !errors.Is(err, ErrLostJournal) && !errors.Is(err, ErrFormat) && !errors.Is(err, ErrNotRebuild)
}

// Close gives the journal free.
func (r *Run) Close() { _ = r.journal.Close() }

// withoutJournal says what a directory without a journal is.
func (r *Run) withoutJournal() error {
	if slices.ContainsFunc(r.names, isSegment) {
		return ErrLostJournal
	}
	for _, name := range r.names {
		if name != IdentityName && !strings.HasSuffix(name, ".partial") {
			return ErrNoJournal
		}
	}
	return ErrNotBegun
}

// checkHead reads the first line of the journal, which is empty where there is
// no whole one.
func (r *Run) checkHead(line []byte) error {
	if len(line) == 0 && slices.ContainsFunc(r.names, isSegment) {
		return ErrLostJournal
	}
	if len(line) == 0 {
		return ErrNotBegun
	}
	s := &scanner{ledger: newLedger()}
	err := s.run(bytes.NewReader(append(bytes.Clone(line), '\n')))
	switch {
	case err != nil || s.isReport:
		return &FormatError{1, "not the head of a run"}
	case s.header.Verb != VerbRebuild:
		return ErrNotRebuild
	}
	return nil
}

// read reads the journal and what is pending, and checks the segments.
func (r *Run) read() error {
	done := 0
	s := &scanner{ledger: r.ledger, visit: Visitor{Key: func(k *Key, _ Line) error {
		if !k.IsDone() {
			return nil
		}
		done++
		if len(r.sample) < sampled {
			r.sample = append(r.sample, *k)
		} else if i := rand.IntN(done); i < sampled { // each with the same probability
			r.sample[i] = *k
		}
		return nil
	}}}
	if err := s.run(r.journal.Reader()); err != nil {
		return err
	}
	r.size = s.next
	if err := r.readPending(); err != nil {
		return err
	}
	return r.checkSegments()
}

// readPending finds the lines of keys whose segment was written when the run
// broke off, before they were entered in the journal. They count as if they had
// been.
func (r *Run) readPending() error {
	if !slices.Contains(r.names, pendingName) {
		return nil
	}
	text, err := output.ReadFile(filepath.Join(r.dir.Path(), pendingName), maxPending)
	if err != nil {
		return err
	}
	n := 0
	for line := range bytes.Lines(text) {
		n++
		line = bytes.TrimSuffix(line, []byte("\n"))
		problem := r.takePending(line)
		if problem != "" {
			return &FormatError{n, problem + ", in the list of what is pending"}
		}
	}
	return nil
}

func (r *Run) takePending(line []byte) (problem string) {
	g := new(Segment)
	if decodeStrictly(line, g) == nil && g.Type == "segment" {
		if _, entered := r.byName[g.Name]; entered || !slices.Contains(r.names, g.Name) {
			return ""
		}
		problem = r.addSegment(g)
	} else {
		k, err := parseKey(line)
		if err != nil {
			return "not the line of a key"
		}
		id, err := uuid.Parse(k.KeyID)
		if err != nil {
			return "not the line of a key"
		}
		before, entered := r.keys[id]
		// Its segment was not written; or the line was entered before the run broke off.
		if !slices.Contains(r.names, k.Segment) || entered && before.segment >= 0 && r.segments[before.segment].Name == k.Segment {
			return ""
		}
		problem = r.addKey(k, r.size+int64(len(r.pending)))
	}
	if problem == "" {
		r.pending = append(r.pending, line)
	}
	return problem
}

// Rejected returns the segments that are not believed, for a warning.
func (r *Run) Rejected() []Rejected { return r.rejected }

// Unhashed returns how many segments could not be checked: those of a run before
// segments were hashed.
func (r *Run) Unhashed() int {
	n := 0
	for _, g := range r.segments {
		if g.SHA256 == "" && g.Rejected == "" {
			n++
		}
	}
	return n
}

// IsDone reports whether a key is done. All others are tried again, in whatever
// way they ended.
func (r *Run) IsDone(id uuid.ID) bool {
	s, known := r.keys[id]
	return known && r.ledger.isDone(s)
}

// Counts returns the counts of the keys that are done.
func (r *Run) Counts() Summary {
	done := Summary{Type: "summary", Keys: r.counts.OK + r.counts.Unproved, OK: r.counts.OK, Unproved: r.counts.Unproved}
	for i, t := range r.tallies {
		if r.segments[i].Rejected == "" {
			done.Warnings += t.warned
		}
	}
	return done
}

// Sample returns some of the keys that are done, chosen at random, so that their
// shards can be looked at again.
func (r *Run) Sample() []Key {
	return slices.DeleteFunc(slices.Clone(r.sample), func(k Key) bool {
		id, err := uuid.Parse(k.KeyID)
		return err != nil || !r.IsDone(id)
	})
}

// CheckHeader makes sure that the run goes on with what it was begun with. The
// record may be another one: CheckRecord is about that. The error is an
// *OtherRunError.
func (r *Run) CheckHeader(now *Header) error {
	was := &r.header
	environment := was.Environment
	if now.Environment == "" {
		environment = "" // a record in CSV has none
	}
	for _, c := range []struct{ what, was, is string }{
		{"environment", environment, now.Environment},
		{"recovery key", was.RecoveryKey, now.RecoveryKey},
		{"--part", was.Part, now.Part},
		{"--with-master", strconv.FormatBool(was.WithMaster), strconv.FormatBool(now.WithMaster)},
		{"way of sealing", was.Sealed, now.Sealed},
		{"recipient", strings.Join(Hide(was.Recipients), " "), strings.Join(Hide(now.Recipients), " ")},
	} {
		if c.was != c.is && (c.what != "environment" || c.was != "") {
			return &OtherRunError{c.what}
		}
	}
	return nil
}

// Resume goes on in the directory: what a killed process left half done is
// finished or removed, and the journal tells that the run is resumed, and which
// segments are rejected. now is checked as CheckHeader does. Errors are that of
// CheckHeader, and those of writing.
func (r *Run) Resume(now *Header, sealer *output.Sealer, segmentKeys int) (*Store, error) {
	if err := r.CheckHeader(now); err != nil {
		return nil, err
	}
	if err := r.dir.RemovePartial(); err != nil {
		return nil, err
	}
	s := newStore(r.dir, sealer, segmentKeys)
	s.journal, s.run = r.journal, r
	names := slices.Clone(r.names)
	for _, g := range r.segments { // one that is missing keeps its name too
		names = append(names, g.Name)
	}
	for _, name := range names {
		switch kind, n := parseSegmentName(name); kind {
		case keysPrefix:
			s.keys.count = max(s.keys.count, n)
		case mastersPrefix:
			s.masters.count = max(s.masters.count, n)
		}
	}
	for _, line := range r.pending {
		if err := r.journal.Append(line); err != nil {
			return nil, err
		}
	}
	if len(r.resumed) < maxResumed {
		head := *now
		head.Type = "resumed"
		if err := s.log(&head); err != nil {
			return nil, err
		}
	}
	for _, g := range r.rejected {
		if err := s.log(&Segment{Type: "segment", Name: filepath.Base(g.Path), Rejected: g.Problem}); err != nil {
			return nil, err
		}
	}
	if err := r.journal.Sync(); err != nil {
		return nil, err
	}
	return s, r.dir.Remove(pendingName)
}

// reportName is the name of the n-th report of a run.
func reportName(n int) string {
	if n == 1 {
		return ReportName
	}
	return strings.TrimSuffix(ReportName, ".json") + "-" + strconv.Itoa(n) + ".json"
}

// latestReport returns the number of the last report, or 0.
func latestReport(names []string) int {
	last := 0
	for _, name := range names {
		n := 1
		if digits, numbered := strings.CutPrefix(name, "report-"); numbered {
			n, _ = strconv.Atoi(strings.TrimSuffix(digits, ".json"))
		}
		if n > 0 && n < 1<<30 && name == reportName(n) {
			last = max(last, n)
		}
	}
	return last
}
