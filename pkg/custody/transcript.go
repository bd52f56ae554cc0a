package custody

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// ErrEvent is an event that a transcript cannot hold.
var ErrEvent = errors.New("not an event of a transcript")

// Transcript writes what happens in a ceremony: NDJSON, an Event a line, each
// with the SHA-256 of the line before. A line that is changed, put in or taken
// out breaks the chain. That lines are missing at the end does not show in the
// file: the witness writes Head down.
type Transcript struct {
	w    io.Writer
	now  func() time.Time
	head Digest
}

// NewTranscript begins a transcript. Every event is one call of w.Write, after
// which the caller syncs.
func NewTranscript(w io.Writer, now func() time.Time) *Transcript {
	return &Transcript{w: w, now: now}
}

// Record writes an event, with its time. The error is ErrEvent, or that of the
// writer, after which the transcript cannot go on.
func (t *Transcript) Record(e Event) error {
	e.Previous = t.head
	e.Time = t.now().UTC().Truncate(time.Second)
	if !e.valid() {
		return ErrEvent
	}
	line, err := json.Marshal(e)
	if err != nil {
		return err
	}
	if _, err := t.w.Write(append(line, '\n')); err != nil {
		return err
	}
	t.head = DigestOf(line)
	return nil
}

// Head returns the SHA-256 of the last line, without its line feed.
func (t *Transcript) Head() Digest { return t.head }

// ChainError is the line, counted from 1, at which a transcript is not what was
// written.
type ChainError struct {
	Line    int
	Problem string
}

func (e *ChainError) Error() string {
	return fmt.Sprintf("line %d of the transcript: %s", e.Line, e.Problem)
}

// The largest transcript that is read.
const (
	maxEventLen = 2 << 10 // bytes
	maxEvents   = 1 << 16

	// MaxTranscript is the size of the largest file, in bytes.
	MaxTranscript = maxEventLen * maxEvents
)

// ReadTranscript reads a transcript and checks its chain. It returns the events
// and the SHA-256 of the last line. The error is a *ChainError, with the events
// before it, or that of the reader.
func ReadTranscript(r io.Reader) (events []Event, head Digest, err error) {
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, maxEventLen), maxEventLen)
	lines.Split(wholeLines)
	for lines.Scan() {
		e, problem := parseEvent(lines.Bytes())
		switch {
		case problem == "" && e.Previous != head:
			problem = "does not continue the line before"
		case len(events) == maxEvents:
			problem = "there are too many"
		}
		if problem != "" {
			return events, head, &ChainError{len(events) + 1, problem}
		}
		events, head = append(events, e), DigestOf(lines.Bytes())
	}
	if err := lines.Err(); errors.Is(err, bufio.ErrTooLong) || errors.Is(err, io.ErrUnexpectedEOF) {
		return events, head, &ChainError{len(events) + 1, "not a whole line"}
	}
	return events, head, lines.Err()
}

// wholeLines is a bufio.SplitFunc that keeps what bufio.ScanLines takes away,
// but for the line feed, and wants one at the end.
func wholeLines(data []byte, atEOF bool) (advance int, token []byte, err error) {
	if i := bytes.IndexByte(data, '\n'); i >= 0 {
		return i + 1, data[:i], nil
	}
	if atEOF && len(data) > 0 {
		return 0, nil, io.ErrUnexpectedEOF
	}
	return 0, nil, nil
}

// parseEvent takes only what Record writes.
func parseEvent(line []byte) (e Event, problem string) {
	if json.Unmarshal(line, &e) != nil || !e.valid() {
		return Event{}, "not an event"
	}
	e.Time = e.Time.UTC().Truncate(time.Second)
	if again, err := json.Marshal(e); err != nil || !bytes.Equal(again, line) {
		return Event{}, "not written by this program"
	}
	return e, ""
}

// valid reports whether an event is one that can be written and told.
func (e Event) valid() bool {
	for _, name := range []string{e.Verb, e.Version, e.File, e.Item} {
		if !token(name) {
			return false
		}
	}
	_, known := reasonTexts[e.Reason]
	return e.validAdditions() && e.text() != "" && (e.Holder == "" || validName(e.Holder)) &&
		known == (e.Step == StepRefused) && (e.Reason == "" || known) &&
		slices.Contains([]Outcome{"", Done, Failed, Interrupted}, e.Outcome)
}

// validAdditions is valid for the fields that earlier programs did not write.
func (e Event) validAdditions() bool {
	recipient := e.Step == StepRecipient && validRecipientName(e.Recipient) && validName(e.Holder)
	return (e.Item != "") == (e.Step == StepMachine) &&
		recipient == (e.Recipient != "" || e.Step == StepRecipient) &&
		slices.Contains([]Source{"", FromFile, Typed}, e.Source) &&
		slices.Contains([]ReadBack{"", FromMedium, FromCache}, e.ReadBack)
}

// token reports whether a name is short and plain, or empty. A share string has
// 92 characters and an identity 74.
func token(name string) bool {
	const maxToken = 48
	for i := range len(name) {
		if c := name[i]; !alphanumeric(c) && strings.IndexByte("._+-", c) < 0 {
			return false
		}
	}
	return len(name) <= maxToken
}
