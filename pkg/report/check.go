package report

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"recover/internal/output"
	"recover/internal/uuid"
	"recover/pkg/record"
)

// checkSegments holds each segment against its size and SHA-256, and rejects
// those that are not what was written. Only a file that was read can be judged:
// an error of the system is returned.
func (r *Run) checkSegments() error {
	for i := range r.segments {
		g, t := &r.segments[i], r.tallies[i]
		if g.Rejected != "" {
			continue
		}
		path := filepath.Join(r.dir.Path(), g.Name)
		problem, err := checkSegment(path, g)
		if err != nil {
			return err
		}
		if problem == "" {
			continue
		}
		r.rejected = append(r.rejected, Rejected{path, t.ok + t.unproved, problem})
		if problem := r.addSegment(&Segment{Type: "segment", Name: g.Name, Rejected: problem}); problem != "" {
			return &FormatError{0, problem}
		}
	}
	return nil
}

const isMissing = "it is missing"

func checkSegment(path string, g *Segment) (problem string, err error) {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return isMissing, nil
	case err != nil:
		return "", err
	case !info.Mode().IsRegular():
		return "it is not a regular file", nil
	case info.Size() == 0:
		return "it is empty", nil
	case g.SHA256 == "":
		return "", nil // of a run before segments were hashed
	case info.Size() != g.Size:
		return fmt.Sprintf("it has %d bytes, and %d were written", info.Size(), g.Size), nil
	}
	f, err := output.OpenInput(path, g.Size)
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	if hex.EncodeToString(h.Sum(nil)) != g.SHA256 {
		return "its content has changed", nil
	}
	return "", nil
}

// CheckRecord holds each key that is done against the record, which may be a
// corrected one: it has to be there, with the same IDs and algorithm, and a
// public key or address that does not contradict it. What is not done is taken
// as the record has it now. wanted tells which entries the run is about. The
// error is a *ContradictionError, ErrComplete where nothing is left to be done
// and a report says so, or one of the record.
func (r *Run) CheckRecord(rec *record.Record, wanted func(uuid.ID) bool) error {
	for id, state := range r.keys {
		state.recorded = false
		r.keys[id] = state
	}
	left, found := 0, 0
	for e, err := range rec.Entries() {
		if err != nil {
			return err
		}
		state, known := r.keys[e.KeyID]
		if known {
			state.recorded = true
			r.keys[e.KeyID] = state
		}
		switch {
		case known && r.ledger.isDone(state):
			found++
			if err := r.checkKey(state, e); err != nil {
				return err
			}
		case wanted(e.KeyID):
			left++
		}
	}
	if found < r.counts.OK+r.counts.Unproved {
		first := ""
		for id, state := range r.keys {
			if r.ledger.isDone(state) && !state.recorded && (first == "" || id.String() < first) {
				first = id.String()
			}
		}
		if first != "" {
			return &ContradictionError{first, "it was rebuilt, and is not in the record"}
		}
	}
	sum := rec.SHA256()
	r.current = hex.EncodeToString(sum[:])
	if left == 0 && len(r.pending) == 0 && r.isReported() {
		return ErrComplete
	}
	return nil
}

// checkKey reads the line of a key again and compares it with its entry.
func (r *Run) checkKey(state keyState, e record.Entry) error {
	var line []byte
	if i := state.offset - r.size; i >= 0 {
		line = r.pending[i]
	} else {
		var err error
		if line, err = readLine(r.journal.Reader(), state.offset); err != nil {
			return err
		}
	}
	k, err := parseKey(line)
	if err != nil {
		return ErrChanged
	}
	if problem := k.Disagreement(e); problem != "" {
		return &ContradictionError{k.KeyID, problem}
	}
	return nil
}

// isWithdrawn tells of a key that was not rebuilt, and that the record of the
// resumed run does not have: the report does not list it.
func (r *Run) isWithdrawn(id uuid.ID) bool {
	state, known := r.keys[id]
	return known && !state.recorded
}

// isReported tells whether the newest report is whole, of this record, and has
// every key that is done.
func (r *Run) isReported() bool {
	n := latestReport(r.names)
	if n == 0 {
		return false
	}
	f, err := output.OpenInput(filepath.Join(r.dir.Path(), reportName(n)), maxFile)
	if err != nil {
		return false
	}
	defer func() { _ = f.Close() }()
	file, err := Scan(f, Visitor{})
	return err == nil && !file.IsJournal && file.Header.RecordSHA256 == r.current &&
		file.Counts.Keys == file.Counts.OK+file.Counts.Unproved && file.Counts.OK == r.counts.OK && file.Counts.Unproved == r.counts.Unproved
}

// maxFile is the size of the largest report, in bytes.
const maxFile = 1 << 40
