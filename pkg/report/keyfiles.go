package report

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"recover/internal/output"
	"recover/internal/secret"
)

// KeyFiles are the segments of wallet keys in the directory of a run.
type KeyFiles struct {
	Files    []KeyFile // in the order of their numbers
	Rejected []Rejected
	Missing  []Rejected // that the run wrote, and that are not there
	// Journal says why the segments could not be compared with what the run wrote
	// down of them; nil where they were, or where nothing is there to tell.
	Journal error
}

// KeyFile is a segment of wallet keys, with what its run wrote down of it.
type KeyFile struct {
	Path   string
	listed *Segment // nil: nothing is known of it
}

// IsSealed tells by its name whether the segment is sealed.
func (f KeyFile) IsSealed() bool { return filepath.Ext(f.Path) == ".age" }

// Read reads the segment, and makes sure that it is the file that the run wrote.
// Errors are ErrSegmentChanged, and those of output.ReadFile.
func (f KeyFile) Read() ([]byte, error) {
	data, err := output.ReadFile(f.Path, MaxSegmentSize)
	if err != nil || f.listed == nil || f.listed.SHA256 == "" {
		return data, err
	}
	if sum := sha256.Sum256(data); hex.EncodeToString(sum[:]) != f.listed.SHA256 {
		secret.Wipe(data)
		return nil, ErrSegmentChanged
	}
	return data, nil
}

// ErrSegmentChanged is a segment that does not have the SHA-256 that the run wrote
// down.
var ErrSegmentChanged = errors.New("it is not the file that the run wrote: its content has changed")

// ErrNoKeys is returned for a directory without segments of wallet keys.
var ErrNoKeys = errors.New("it holds no rebuilt keys")

// SegmentError is a file that is named like a segment, and that the run has not
// written. Whoever can write to the directory can put keys there.
type SegmentError struct{ Name, Problem string }

func (e *SegmentError) Error() string { return e.Name + ": " + e.Problem }

// FindKeys looks for the segments of a directory, and compares them with the
// journal that lies there, or without one with the latest report. Segments of both
// kinds, sealed and not, are never of one run. Neither of these is authenticated:
// what keeps a stranger from writing keys is that they are sealed to an identity
// that only the holder of a passphrase knows. Errors are ErrNoKeys, a
// *SegmentError, or one of the system.
func FindKeys(dir string) (*KeyFiles, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var names, keys []string
	for _, e := range entries {
		names = append(names, e.Name())
		if IsKeySegment(e.Name()) {
			keys = append(keys, e.Name())
		}
	}
	if len(keys) == 0 {
		return nil, ErrNoKeys
	}
	slices.SortFunc(keys, func(a, b string) int {
		_, m := parseSegmentName(a)
		_, n := parseSegmentName(b)
		return m - n
	})
	for _, name := range keys {
		if filepath.Ext(name) != filepath.Ext(keys[0]) {
			return nil, &SegmentError{name, fmt.Sprintf("%s lies there too, and a run either seals its keys or does not", keys[0])}
		}
	}
	return compareKeys(dir, names, keys)
}

// compareKeys holds the segments against what the run wrote down of them.
func compareKeys(dir string, names, keys []string) (*KeyFiles, error) {
	run, err := readRun(dir, names)
	found := &KeyFiles{Journal: err}
	if run == nil || err != nil {
		for _, name := range keys {
			found.Files = append(found.Files, KeyFile{filepath.Join(dir, name), nil})
		}
		return found, nil
	}
	for _, name := range keys {
		path := filepath.Join(dir, name)
		i, listed := run.byName[name]
		if !listed {
			return nil, &SegmentError{name, "the run has not written it: neither its journal nor its report has it"}
		}
		g := &run.segments[i]
		if g.Rejected != "" {
			found.Rejected = append(found.Rejected, Rejected{Path: path, Problem: g.Rejected})
			continue
		}
		found.Files = append(found.Files, KeyFile{path, g})
	}
	for i, g := range run.segments {
		if t := run.tallies[i]; g.Rejected == "" && IsKeySegment(g.Name) && !slices.Contains(names, g.Name) {
			found.Missing = append(found.Missing, Rejected{filepath.Join(dir, g.Name), t.ok + t.unproved, isMissing})
		}
	}
	return found, nil
}

// readRun reads the journal of a directory with what is pending, or else the
// latest report, and changes nothing. It returns nil where there is neither.
func readRun(dir string, names []string) (*Run, error) {
	name := JournalName
	if n := latestReport(names); !slices.Contains(names, name) {
		if n == 0 {
			return nil, nil
		}
		name = reportName(n)
	}
	f, err := output.OpenInput(filepath.Join(dir, name), maxFile)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	d, err := output.OpenDir(dir)
	if err != nil {
		return nil, err
	}
	r := &Run{dir: d, names: names, ledger: newLedger()}
	s := &scanner{ledger: r.ledger, growing: true}
	if err := s.run(f); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if s.isReport {
		return r, nil
	}
	r.size = s.next
	return r, r.readPending()
}

// Hide returns recipients by their hashes. Whoever knows an age recipient can seal
// a file to it; to one that nobody knows, only the run itself can, and what opens
// with the passphrase of the run is then its own.
func Hide(recipients []string) []string {
	hidden := make([]string, len(recipients))
	for i, r := range recipients {
		hidden[i] = r
		if !strings.HasPrefix(r, hiddenPrefix) {
			sum := sha256.Sum256([]byte(r))
			hidden[i] = hiddenPrefix + hex.EncodeToString(sum[:])
		}
	}
	return hidden
}

const hiddenPrefix = "sha256:"
