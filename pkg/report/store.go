package report

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"recover/internal/output"
	"recover/internal/secret"
	"recover/internal/uuid"
)

// Names in the directory of a run.
const (
	JournalName  = "journal.ndjson"
	IdentityName = "identity.age"
	ReportName   = "report.json"
	pendingName  = "pending.ndjson"
)

// A segment is closed when it holds so many keys, or when its first key is so
// old: what a crash costs is at most one of them.
const (
	SegmentKeys = 256
	SegmentAge  = 2 * time.Second
)

// Store writes the rebuilt keys, sealed, and the journal of what was done. A key
// is in the journal only when its segment is on the disk. A Store is for one
// goroutine.
type Store struct {
	MaxAge time.Duration // of the first key of a segment: SegmentAge, or more in tests

	dir     *output.Dir
	journal *output.Journal
	sealer  *output.Sealer
	limit   int  // keys of a segment
	run     *Run // that is resumed, or nil
	keys    segments
	masters segments // master keys without their wallet key

	waiting []waiting // for their segment
	since   time.Time // when the first key came that waits
	failed  error     // of a flush: nothing is written after it
}

type waiting struct {
	key       *Key
	hasMaster bool // a master key is kept, without its wallet key
}

// Create makes the directory of a run, which must not exist, and begins its
// journal with head. identity is the file that opens the segments where they
// are sealed with a passphrase, else nil. segmentKeys is SegmentKeys, or less
// in tests. Where it fails, what it made is removed again. Errors are those of
// output.CreateDir and of its writes.
func Create(path string, head *Header, identity []byte, sealer *output.Sealer, segmentKeys int) (*Store, error) {
	dir, err := output.CreateDir(path)
	if err != nil {
		return nil, err
	}
	s := newStore(dir, sealer, segmentKeys)
	if len(identity) > 0 {
		err = dir.WriteFile(IdentityName, identity)
	}
	if err == nil {
		s.journal, err = dir.OpenJournal(JournalName)
	}
	if err == nil {
		err = s.log(head)
	}
	if err == nil {
		err = s.journal.Sync()
	}
	if err != nil {
		s.remove()
		return nil, err
	}
	return s, nil
}

func newStore(dir *output.Dir, sealer *output.Sealer, segmentKeys int) *Store {
	return &Store{MaxAge: SegmentAge, dir: dir, sealer: sealer, limit: segmentKeys, keys: segments{prefix: keysPrefix}, masters: segments{prefix: mastersPrefix}}
}

// Add takes a result, and what goes into a segment with it: the wallet key of
// one that is done, or a master key that is kept of one that is not; both may
// be nil. Their secrets are wiped. Segments are closed when it is time; results
// without a key wait in their place among the others. An error is one of the
// disk, and every later call returns it.
func (s *Store) Add(k *Key, wallet *WalletKey, master *MasterKey) error {
	if wallet != nil {
		defer wallet.Wipe()
	}
	if master != nil {
		defer master.Wipe()
	}
	if k.IsDone() != (wallet != nil) {
		return errNotBelonging
	}
	var err error
	switch {
	case s.failed != nil:
		err = s.failed
	case wallet != nil:
		err = s.keys.add(wallet)
	case master != nil:
		err = s.masters.add(master)
	}
	if err != nil {
		return err
	}
	keys := s.keys.keys + s.masters.keys
	if keys == 1 && (wallet != nil || master != nil) {
		s.since = time.Now()
	}
	s.waiting = append(s.waiting, waiting{k, master != nil})
	if keys >= s.limit || keys > 0 && time.Since(s.since) > s.MaxAge || len(s.waiting) > 4*s.limit {
		return s.Flush()
	}
	return nil
}

// Flush closes the open segments, and then enters their keys in the journal. In
// between, a list of what is pending lies in the directory: should the run break
// off right there, the list tells which keys the segment holds, and none is
// rebuilt twice.
func (s *Store) Flush() error {
	if s.failed == nil {
		s.failed = s.write()
	}
	return s.failed
}

func (s *Store) write() error {
	keys, err := s.keys.seal(s.sealer)
	if err != nil {
		return err
	}
	defer s.wipe(keys)
	masters, err := s.masters.seal(s.sealer)
	if err != nil {
		return err
	}
	defer s.wipe(masters)
	pending, err := s.pending(keys, masters)
	if err != nil {
		return err
	}
	hasSegment := keys != nil || masters != nil
	if hasSegment {
		err = s.dir.WriteFile(pendingName, pending)
	}
	if err == nil && keys != nil {
		if err = s.dir.WriteFile(keys.Name, keys.data); err == nil {
			s.keys.written()
		}
	}
	if err == nil && masters != nil {
		if err = s.dir.WriteFile(masters.Name, masters.data); err == nil {
			s.masters.written()
		}
	}
	if err != nil {
		return err
	}
	for line := range bytes.Lines(pending) {
		if err := s.journal.Append(bytes.TrimSuffix(line, []byte("\n"))); err != nil {
			return err
		}
	}
	s.waiting = s.waiting[:0]
	if err := s.journal.Sync(); err != nil || !hasSegment {
		return err
	}
	return s.dir.Remove(pendingName)
}

// wipe overwrites a segment that is not sealed.
func (s *Store) wipe(f *sealed) {
	if f != nil && !s.sealer.Sealed() {
		secret.Wipe(f.data)
	}
}

// pending returns the journal lines of the segments, and of the results that
// wait, each with the segment that its key will be in.
func (s *Store) pending(files ...*sealed) ([]byte, error) {
	var text []byte
	add := func(v any) error {
		line, err := json.Marshal(v)
		text = append(append(text, line...), '\n')
		return err
	}
	for _, f := range files {
		if f == nil {
			continue
		}
		if err := add(&f.Segment); err != nil {
			return nil, err
		}
	}
	for _, w := range s.waiting {
		switch {
		case w.key.IsDone():
			w.key.Segment = segmentName(s.keys.prefix, s.keys.count+1, s.sealer.Suffix())
		case w.hasMaster:
			w.key.Segment = segmentName(s.masters.prefix, s.masters.count+1, s.sealer.Suffix())
		}
		if err := add(w.key); err != nil {
			return nil, err
		}
	}
	return text, nil
}

func (s *Store) log(v any) error {
	line, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return s.journal.Append(line)
}

// Waiting returns how many results, the last ones that were added, are not in the
// journal yet.
func (s *Store) Waiting() int { return len(s.waiting) }

// IsEmpty reports whether no segment is in the directory.
func (s *Store) IsEmpty() bool { return s.keys.count+s.masters.count == 0 }

// Segments returns how many segments of wallet keys there are, and the paths of
// the first and the last one.
func (s *Store) Segments() (n int, first, last string) {
	return s.keys.count, s.path(&s.keys, 1), s.path(&s.keys, s.keys.count)
}

// Masters returns how many segments of master keys there are, and the path of
// the first one.
func (s *Store) Masters() (n int, first string) { return s.masters.count, s.path(&s.masters, 1) }

func (s *Store) path(g *segments, number int) string {
	return filepath.Join(s.dir.Path(), segmentName(g.prefix, number, s.sealer.Suffix()))
}

// Finish closes the last segment and, when every key was worked on, writes the
// report, under a name that no earlier one has; else the journal is there to go
// on from. A directory into which no key came is removed again. seconds is how
// long the run took.
func (s *Store) Finish(complete bool, seconds float64) error {
	err := s.Flush()
	if s.IsEmpty() && s.run == nil && s.removeIfEmpty() {
		return err
	}
	if err == nil && complete {
		err = s.writeReport(seconds)
	}
	if closing := s.journal.Close(); err == nil {
		err = closing
	}
	return err
}

func (s *Store) writeReport(seconds float64) error {
	names, err := s.dir.Names()
	if err != nil {
		return err
	}
	var skip func(uuid.ID) bool
	if s.run != nil {
		skip = s.run.isWithdrawn
	}
	ended := time.Now().UTC().Format(time.RFC3339)
	return s.dir.WriteTo(reportName(latestReport(names)+1), func(w io.Writer) error {
		return writeReport(w, s.journal.Reader(), skip, seconds, ended)
	})
}

// removeIfEmpty takes the directory away if no segment is in it: one may be
// there although its write has failed, if only its directory could not be synced.
func (s *Store) removeIfEmpty() bool {
	names, err := s.dir.Names()
	if err != nil || slices.ContainsFunc(names, isSegment) {
		return false
	}
	s.remove()
	return true
}

// remove takes away what this run made before there was a segment, and the
// directory if nothing else is in it.
func (s *Store) remove() {
	if s.journal != nil {
		_ = s.journal.Close()
	}
	for _, name := range []string{IdentityName, JournalName, pendingName} {
		_ = os.Remove(filepath.Join(s.dir.Path(), name))
	}
	_ = os.Remove(s.dir.Path())
}

func isSegment(name string) bool {
	kind, _ := parseSegmentName(name)
	return kind != ""
}
