package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"recover/internal/bucket"
	"recover/internal/output"
	"recover/internal/uuid"
	"recover/pkg/recovery"
)

// earlierRun is a rebuild that was broken off, as its directory tells it.
type earlierRun struct {
	dir     *output.Dir
	journal *output.Journal
	header  runHeader
	done    map[uuid.ID]struct{} // what the journal lists, in whatever way it ended
	counts  summary
	names   map[string]bool // of the files in the directory
	sample  []keyResult
}

// Errors of resuming.
var (
	errComplete     = errors.New("the run is complete: there is nothing to resume")
	errNotBegun     = errors.New("the run broke off before it began: nothing is in it")
	errJournal      = errors.New("the journal is not as a rebuild writes it")
	errOtherRun     = errors.New("the run was begun with something else")
	errShardChanged = errors.New("the shard is not the one that was rebuilt before")
)

const (
	journalName = "journal.ndjson"
	pendingName = "pending.ndjson"
	reportName  = "report.json"
)

// openEarlierRun reads the journal of a run. Nothing is changed yet, but for half
// a line at the end of what is a journal for certain.
func openEarlierRun(path string) (*earlierRun, error) {
	dir, err := output.OpenDir(path)
	if err != nil {
		return nil, &fileError{path, asOutput, err}
	}
	r := &earlierRun{dir: dir, done: make(map[uuid.ID]struct{})}
	names, err := dir.Names()
	if err != nil {
		return nil, &fileError{path, asOutput, err}
	}
	r.names = make(map[string]bool, len(names))
	for _, name := range names {
		r.names[name] = true
	}
	if r.names[reportName] {
		return nil, &fileError{path, asOutput, errComplete}
	}
	if r.journal, err = dir.ResumeJournal(journalName, r.readHeader); err != nil {
		return nil, &fileError{path, asOutput, err}
	}
	if err := r.read(filepath.Join(path, journalName)); err != nil {
		_ = r.journal.Close()
		return nil, &fileError{path, asOutput, err}
	}
	return r, nil
}

// read reads the journal.
func (r *earlierRun) read(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, maxJournalLine)
	lines.Scan() // the header
	for n := 2; lines.Scan(); n++ {
		k, id, err := parseJournalKey(lines.Bytes())
		if err == nil {
			err = r.add(k, id)
		}
		if err != nil {
			return fmt.Errorf("%w, line %d", err, n)
		}
	}
	return lines.Err()
}

// readHeader reads the first line of a journal.
func (r *earlierRun) readHeader(line []byte) error {
	if len(line) == 0 {
		return errNotBegun
	}
	if json.Unmarshal(line, &r.header) != nil || r.header.Format != reportFormat || r.header.Verb != "rebuild" {
		return errJournal
	}
	return nil
}

func parseJournalKey(line []byte) (*keyResult, uuid.ID, error) {
	k := new(keyResult)
	if err := json.Unmarshal(line, k); err != nil || k.Type != "key" {
		return nil, uuid.ID{}, errJournal
	}
	id, err := uuid.Parse(k.KeyID)
	if err != nil {
		return nil, id, errJournal
	}
	return k, id, nil
}

// maxPending is the size of the largest list of what is pending, in bytes.
const maxPending = 64 << 20

// sampled is how many of the shards that were done are looked at again.
const sampled = 20

// add counts a key as done. One that is said to be in a segment which is not
// there, or that comes twice, is not believed.
func (r *earlierRun) add(k *keyResult, id uuid.ID) error {
	if (k.Status == statusOK || k.Segment != "") && !r.names[k.Segment] {
		return fmt.Errorf("%w: %q, which it lists, is missing", errJournal, k.Segment)
	}
	if _, twice := r.done[id]; twice {
		return fmt.Errorf("%w: a key comes twice", errJournal)
	}
	r.done[id] = struct{}{}
	r.counts.count(k)
	if k.Status == statusOK && len(r.sample) < sampled {
		r.sample = append(r.sample, *k)
	}
	return nil
}

// settle enters keys in the journal whose segment was written when the run
// broke off, before they were entered.
func (r *earlierRun) settle() error {
	if !r.names[pendingName] {
		return nil
	}
	text, err := output.ReadFile(filepath.Join(r.dir.Path(), pendingName), maxPending)
	if err != nil {
		return err
	}
	for line := range bytes.Lines(text) {
		line = bytes.TrimSuffix(line, []byte("\n"))
		k, id, err := parseJournalKey(line)
		if err != nil {
			return err
		}
		if _, entered := r.done[id]; entered || !r.names[k.Segment] {
			continue
		}
		if err := r.journal.Append(line); err != nil {
			return err
		}
		if err := r.add(k, id); err != nil {
			return err
		}
	}
	if err := r.journal.Sync(); err != nil {
		return err
	}
	return r.dir.Remove(pendingName)
}

// segments returns the number of the last segment of a kind.
func (r *earlierRun) segments(prefix string) int {
	last := 0
	for name := range r.names {
		digits, isSegment := strings.CutPrefix(name, prefix+"-")
		digits, _, _ = strings.Cut(digits, ".")
		if n, err := strconv.Atoi(digits); isSegment && err == nil {
			last = max(last, n)
		}
	}
	return last
}

// check makes sure that the run goes on with what it was begun with.
func (r *earlierRun) check(j *rebuildJob) error {
	now := j.header()
	for _, c := range []struct{ what, was, is string }{
		{"record", r.header.RecordSHA256, now.RecordSHA256},
		{"recovery key", r.header.RecoveryKey, now.RecoveryKey},
		{"--part", r.header.Part, now.Part},
		{"--with-master", strconv.FormatBool(r.header.WithMaster), strconv.FormatBool(now.WithMaster)},
		{"way of sealing", r.header.Sealed, now.Sealed},
		{"recipient", strings.Join(r.header.Recipients, " "), strings.Join(now.Recipients, " ")},
	} {
		if c.was != c.is {
			return &fileError{r.dir.Path(), asOutput, fmt.Errorf("%w: the %s is another one", errOtherRun, c.what)}
		}
	}
	return r.checkShards(j.selection)
}

// checkShards looks at some of the shards that were done: they have to be what
// they were.
func (r *earlierRun) checkShards(s *selection) error {
	for _, k := range r.sample {
		c, _ := recovery.Read(s.bucket, bucket.File{Path: k.Shard})
		if recovery.ReasonOf(c.Err) == recovery.ReasonUnreadable {
			return &fileError{k.Shard, asShards, c.Err}
		}
		if c.SHA256 != k.ShardSHA256 {
			return &fileError{k.Shard, asShards, errShardChanged}
		}
	}
	return nil
}

// resume takes the store of an earlier run over, and brings its directory in
// order: what a killed process left half done is finished or removed.
func (r *earlierRun) resume(j *rebuildJob) (*keyStore, error) {
	err := r.check(j)
	if err == nil {
		err = r.tidy()
	}
	if err != nil {
		_ = r.journal.Close()
		return nil, err
	}
	s := newStore(j, r.dir)
	s.journal = r.journal
	s.keys.count, s.masters.count = r.segments("keys"), r.segments("masters")
	return s, nil
}

// tidy finishes or removes what a killed process left half done.
func (r *earlierRun) tidy() error {
	err := r.dir.RemovePartial()
	if err == nil {
		err = r.settle()
	}
	if err != nil {
		return &fileError{r.dir.Path(), asOutput, err}
	}
	return nil
}

// part is the division of a record over several workstations: the n-th of of,
// by key ID, so that it does not depend on the order of the record.
type part struct{ n, of int }

const maxParts = 1000

// parsePart reads "2/5"; the empty text is the whole.
func parsePart(text string) (part, error) {
	if text == "" {
		return part{1, 1}, nil
	}
	first, second, found := strings.Cut(text, "/")
	n, err1 := strconv.Atoi(first)
	of, err2 := strconv.Atoi(second)
	if !found || err1 != nil || err2 != nil || of < 1 || of > maxParts || n < 1 || n > of {
		return part{}, &usageError{"--part is not of the form 2/5", "of five workstations, the first takes --part 1/5, and the last --part 5/5"}
	}
	return part{n, of}, nil
}

// has tells whether a key belongs to the part. The last bytes of an ID are
// random in all versions of UUIDs in use.
func (p part) has(id uuid.ID) bool {
	sum := 0
	for _, b := range id {
		sum = (sum*257 + int(b)) % 1000003
	}
	return sum%p.of == p.n-1
}

func (p part) String() string {
	if p.of == 1 {
		return ""
	}
	return fmt.Sprintf("%d/%d", p.n, p.of)
}
