package report

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"recover/internal/uuid"
)

// What a journal or report may hold at most. The first two are more than the
// largest record has keys for.
const (
	maxLine     = 1 << 20 // bytes
	maxKeys     = 8 << 20 // different ones
	maxLines    = 64 << 20
	maxSegments = 1 << 20
	maxResumed  = 4096
)

// ledger is what the lines of a journal or report add up to. In a journal a
// later line of a key takes the place of an earlier one that says that it was
// not rebuilt, or whose segment has been rejected since.
type ledger struct {
	header    Header
	isReport  bool // keys come before the segments that they name, and each once
	keys      map[uuid.ID]keyState
	unchecked bool // keys is not kept: for what this process wrote itself
	segments  []Segment
	listed    []Segment // of a report: as it lists them
	tallies   []tally   // of the segments
	byName    map[string]int32
	resumed   []Header
	counts    Summary
}

// keyState is where the last line of a key is, and what it says.
type keyState struct {
	offset   int64 // of the line, in bytes
	segment  int32 // index; -1: none
	status   int8  // index in statuses
	recorded bool  // see Run.CheckRecord
	warned   bool  // it has a warning
}

var statuses = []string{OK, Failed, Missing, Unrecorded, Unproved}

func (s keyState) isDone() bool { return statuses[s.status] == OK || statuses[s.status] == Unproved }

// tally counts the keys that a segment holds.
type tally struct {
	ok, unproved int
	warned       int  // of these
	declared     bool // it has a line of its own
}

func newLedger() *ledger {
	return &ledger{keys: make(map[uuid.ID]keyState), byName: make(map[string]int32), counts: Summary{Type: "summary"}}
}

// isDone reports whether a key is in a segment that is believed.
func (l *ledger) isDone(s keyState) bool {
	return s.isDone() && l.segments[s.segment].Rejected == ""
}

// addKey takes the line of a key. The problem is empty if it is right.
func (l *ledger) addKey(k *Key, offset int64) (problem string) {
	id, err := uuid.Parse(k.KeyID)
	if err != nil {
		return "key_id: " + err.Error()
	}
	status := slices.Index(statuses, k.Status)
	if status < 0 {
		return "an unknown status"
	}
	kind := ""
	if k.Segment != "" {
		if kind, _ = parseSegmentName(k.Segment); kind == "" {
			return "segment: not the name of one"
		}
	}
	withKeys := l.header.Verb != VerbVerify // which writes none
	if (withKeys && k.IsDone()) != (kind == keysPrefix) {
		return "a key that is done is in a segment of keys, and no other is"
	}
	state := keyState{offset: offset, segment: -1, status: int8(status), warned: len(k.Warnings) > 0}
	if kind != "" {
		if state.segment, problem = l.segmentOf(k.Segment); problem != "" {
			return problem
		}
	}
	if !l.unchecked {
		before, seen := l.keys[id]
		switch {
		case seen && (l.isReport || l.isDone(before)):
			return "a key comes twice"
		case seen && !before.isDone():
			l.counts.add(statuses[before.status], -1)
			if before.warned {
				l.counts.Warnings--
			}
		case !seen && len(l.keys) >= maxKeys:
			return fmt.Sprintf("more than %d keys", maxKeys)
		}
		l.keys[id] = state
	}
	l.counts.Count(k)
	if state.segment < 0 {
		return ""
	}
	if k.Status == OK {
		l.tallies[state.segment].ok++
	}
	if k.Status == Unproved {
		l.tallies[state.segment].unproved++
	}
	if k.IsDone() && state.warned {
		l.tallies[state.segment].warned++
	}
	return ""
}

// segmentOf returns the index of the segment that a key names. Journals without
// segment lines, and reports, name it there for the first time.
func (l *ledger) segmentOf(name string) (index int32, problem string) {
	index, known := l.byName[name]
	switch {
	case known && l.segments[index].Rejected != "":
		return 0, "a key is in a segment that is rejected"
	case known:
		return index, ""
	case !l.isReport && l.header.Format == Format:
		return 0, "a key is in a segment that has no line"
	}
	return l.newSegment(Segment{Type: "segment", Name: name})
}

func (l *ledger) newSegment(s Segment) (index int32, problem string) {
	if len(l.segments) >= maxSegments {
		return 0, fmt.Sprintf("more than %d segments", maxSegments)
	}
	index = int32(len(l.segments))
	l.segments, l.tallies = append(l.segments, s), append(l.tallies, tally{})
	l.byName[s.Name] = index
	return index, ""
}

// addSegment takes the line of a segment, or one that rejects it.
func (l *ledger) addSegment(s *Segment) (problem string) {
	if l.header.Verb == VerbVerify {
		return "a segment in the report of a verification"
	}
	if kind, _ := parseSegmentName(s.Name); kind == "" {
		return "name: not that of a segment"
	}
	hashed := s.Size > 0 && isHash(s.SHA256)
	if !hashed && (s.Size != 0 || s.SHA256 != "") {
		return "a segment without its size, or without its SHA-256"
	}
	index, known := l.byName[s.Name]
	switch {
	case l.header.Merged > 0: // of several directories: the names come again
		l.listed = append(l.listed, *s)
		_, problem = l.newSegment(*s)
		return problem
	case l.isReport:
		return l.declare(s)
	case s.Rejected != "" && !known:
		return "a segment that was not there is rejected"
	case s.Rejected == "" && !hashed:
		return "a segment without size and SHA-256"
	case s.Rejected == "" && known, known && l.segments[index].Rejected != "":
		return "a segment comes twice"
	case !known:
		return l.declare(s)
	}
	l.segments[index].Rejected = s.Rejected
	t := l.tallies[index]
	l.counts.add(OK, -t.ok)
	l.counts.add(Unproved, -t.unproved)
	l.counts.Warnings -= t.warned
	return ""
}

// declare takes a segment that has its line, once.
func (l *ledger) declare(s *Segment) (problem string) {
	index, known := l.byName[s.Name]
	if !known {
		if index, problem = l.newSegment(*s); problem != "" {
			return problem
		}
	}
	t := &l.tallies[index]
	switch {
	case t.declared:
		return "a segment comes twice"
	case s.Rejected != "" && t.ok+t.unproved > 0:
		return "keys are in a segment that is rejected"
	}
	t.declared = true
	l.segments[index] = *s
	if l.isReport {
		l.listed = append(l.listed, *s)
	}
	return ""
}

// allDeclared reports whether each segment that a key names has its line.
func (l *ledger) allDeclared() bool {
	return l.header.Merged > 0 || !slices.ContainsFunc(l.tallies, func(t tally) bool { return !t.declared })
}

// addResumed takes the line that a resumed run writes first.
func (l *ledger) addResumed(h *Header) (problem string) {
	if h.Verb != l.header.Verb || !isFormat(h.Format) {
		return "resumed by something else"
	}
	if len(l.resumed) >= maxResumed {
		return fmt.Sprintf("resumed more than %d times", maxResumed)
	}
	l.resumed = append(l.resumed, *h)
	return ""
}

func isFormat(format string) bool { return format == Format || format == formatWithoutSegments }

// latest is the header that the results answer to: of a run that was resumed
// with a corrected record, the last one.
func (l *ledger) latest() *Header {
	if n := len(l.resumed); n > 0 {
		return &l.resumed[n-1]
	}
	return &l.header
}

func isHash(text string) bool {
	b, err := hex.DecodeString(text)
	return err == nil && len(b) == 32 && text == strings.ToLower(text)
}

// Prefixes of segments.
const (
	keysPrefix    = "keys"
	mastersPrefix = "masters" // master keys without their wallet key
)

func segmentName(kind string, number int, suffix string) string {
	return fmt.Sprintf("%s-%04d.ndjson%s", kind, number, suffix)
}

// parseSegmentName returns the prefix and the number of a segment; an empty
// prefix if it is none.
func parseSegmentName(name string) (kind string, number int) {
	kind, rest, _ := strings.Cut(name, "-")
	digits, suffix, _ := strings.Cut(rest, ".")
	number, err := strconv.Atoi(digits)
	if kind != keysPrefix && kind != mastersPrefix || err != nil || number < 1 || number > 1<<30 || suffix != "ndjson" && suffix != "ndjson.age" ||
		name != segmentName(kind, number, strings.TrimPrefix(suffix, "ndjson")) {
		return "", 0
	}
	return kind, number
}
