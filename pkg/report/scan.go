package report

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// Visitor is told what Scan reads. A function that is nil is not called; an
// error that one returns ends the Scan, which returns it.
type Visitor struct {
	Head func(h *Header) error // before any key
	Key  func(k *Key, l Line) error
}

// Line is where a key was read. Text is only valid during the call.
type Line struct {
	Text   []byte // without the comma of a report
	Offset int64  // in bytes
}

// File is what a journal or report says, but for its keys.
type File struct {
	IsJournal bool
	Header    Header
	Segments  []Segment
	Resumed   []Header
	Tail      *Tail   // nil in a journal
	Counts    Summary // of the keys; in a journal, of the last line of each
}

// Scan reads a journal or a report to its end, and checks it: each line is as it
// is written, no key is done twice, each is in a segment that has its line, and
// a report counts its keys. It keeps some 85 bytes of each key, some 200 of each
// segment, and one line of at most 1 MiB. The error is a *FormatError, one of
// the visitor, or of r.
func Scan(r io.Reader, v Visitor) (*File, error) {
	s := &scanner{ledger: newLedger(), visit: v}
	if err := s.run(r); err != nil {
		return &File{IsJournal: !s.isReport}, err
	}
	segments := s.segments
	if s.isReport && s.header.Format == Format {
		segments = s.listed
	}
	return &File{
		IsJournal: !s.isReport, Header: s.header, Segments: segments, Resumed: s.resumed, Tail: s.tail, Counts: s.counts,
	}, nil
}

type scanner struct {
	*ledger
	visit  Visitor
	lines  *bufio.Scanner
	number int   // of the line, from 1
	offset int64 // of the line
	next   int64 // of the one after it
	torn   bool  // the line has no line break
	// growing: a journal that may be written to, or broke off; half a line at its end
	// is passed over.
	growing bool
	tail    *Tail
}

// begin begins to read r.
func (s *scanner) begin(r io.Reader) {
	s.lines = bufio.NewScanner(r)
	s.lines.Buffer(nil, maxLine)
	s.lines.Split(s.split)
}

func (s *scanner) run(r io.Reader) error {
	s.begin(r)
	err := s.readHead()
	switch {
	case err != nil:
	case s.isReport:
		err = s.readReport()
	default:
		err = s.readJournal()
	}
	return s.lineError(err)
}

// lineError is err, or that of the lines where one could not be read.
func (s *scanner) lineError(err error) error {
	if errors.Is(s.lines.Err(), bufio.ErrTooLong) {
		return &FormatError{s.number + 1, fmt.Sprintf("longer than %d bytes", maxLine)}
	}
	if s.lines.Err() != nil {
		return s.lines.Err()
	}
	if s.number >= maxLines {
		return &FormatError{0, fmt.Sprintf("more than %d lines", maxLines)}
	}
	return err
}

// split cuts at line breaks, and nothing else.
func (s *scanner) split(data []byte, atEOF bool) (advance int, token []byte, err error) {
	if i := bytes.IndexByte(data, '\n'); i >= 0 {
		return i + 1, data[:i], nil
	}
	if atEOF && len(data) > 0 {
		s.torn = true
		return len(data), data, nil
	}
	return 0, nil, nil
}

// scan goes to the next line.
func (s *scanner) scan() bool {
	if s.number >= maxLines || !s.lines.Scan() {
		return false
	}
	s.number++
	s.offset, s.next = s.next, s.next+int64(len(s.lines.Bytes()))+1
	return true
}

func (s *scanner) fail(problem string) error { return &FormatError{s.number, problem} }

const breaksOff = "it breaks off"

func (s *scanner) readHead() error {
	if !s.scan() {
		return &FormatError{0, "empty"}
	}
	head, isReport := bytes.CutSuffix(s.lines.Bytes(), []byte(`,"keys":[`))
	s.isReport = isReport
	if isReport {
		head = append(bytes.Clone(head), '}')
	}
	if s.torn {
		return &FormatError{0, breaksOff}
	}
	if err := json.Unmarshal(head, &s.header); err != nil || s.header.Type != "run" || !isFormat(s.header.Format) {
		return s.fail("not the head of a run")
	}
	if s.header.Verb == VerbVerify && (!isReport || s.header.Format != Format) {
		return s.fail("not the head of a verification")
	}
	if s.visit.Head != nil {
		return s.visit.Head(&s.header)
	}
	return nil
}

func (s *scanner) readJournal() error {
	for s.scan() {
		if s.torn && s.growing {
			return s.lines.Err()
		}
		if s.torn {
			return &FormatError{0, breaksOff}
		}
		if err := s.journalLine(s.lines.Bytes()); err != nil {
			return err
		}
	}
	return s.lines.Err()
}

func (s *scanner) journalLine(line []byte) error {
	switch {
	case bytes.HasPrefix(line, []byte(`{"type":"segment",`)):
		return s.readSegment(line)
	case bytes.HasPrefix(line, []byte(`{"type":"resumed",`)):
		return s.readResumed(line)
	}
	return s.readKey(line)
}

// readReport reads the sections of a report, and its end.
func (s *scanner) readReport() error {
	keys, err := s.section(s.readKey)
	end := keys
	if err == nil && s.header.Format == Format {
		if end != `],"segments":[` {
			return s.fail("the keys end without the segments")
		}
		if end, err = s.section(s.readSegment); err == nil {
			if end != `],"resumed":[` {
				return s.fail("the segments end without what was resumed")
			}
			end, err = s.section(s.readResumed)
		}
	}
	if err != nil {
		return err
	}
	if end != "]," {
		return s.fail("not the end of a list")
	}
	return s.readTail()
}

// section reads the lines of a list and returns the one that ends it.
func (s *scanner) section(read func(line []byte) error) (end string, err error) {
	comma := true // there is one before each line but the first
	for first := true; s.scan(); first = false {
		line := s.lines.Bytes()
		if bytes.HasPrefix(line, []byte("]")) {
			if comma && !first {
				return "", s.fail("a comma too many")
			}
			return string(line[:min(len(line), 32)]), nil
		}
		if !comma {
			return "", s.fail("a comma is missing")
		}
		line, comma = bytes.CutSuffix(line, []byte(","))
		if err := read(line); err != nil {
			return "", err
		}
	}
	return "", &FormatError{0, breaksOff}
}

func (s *scanner) readTail() error {
	if !s.scan() {
		return &FormatError{0, breaksOff}
	}
	s.tail = new(Tail)
	if err := json.Unmarshal(append([]byte("{"), s.lines.Bytes()...), s.tail); err != nil || s.tail.Summary == nil {
		return s.fail("not the end of a report")
	}
	switch {
	case s.scan():
		return s.fail("something comes after the end")
	case !s.tail.Summary.sameCounts(&s.counts):
		return &FormatError{0, "its summary does not count its keys"}
	case s.header.Format == Format && !s.allDeclared():
		return &FormatError{0, "a key is in a segment that is not listed"}
	}
	return nil
}

func (s *scanner) readKey(line []byte) error {
	k, err := parseKey(line)
	if err != nil {
		return s.fail("not the line of a key")
	}
	if problem := s.addKey(k, s.offset); problem != "" {
		return s.fail(problem)
	}
	if s.visit.Key != nil {
		return s.visit.Key(k, Line{line, s.offset})
	}
	return nil
}

func (s *scanner) readSegment(line []byte) error {
	g := new(Segment)
	if err := decodeStrictly(line, g); err != nil || g.Type != "segment" {
		return s.fail("not the line of a segment")
	}
	if problem := s.addSegment(g); problem != "" {
		return s.fail(problem)
	}
	return nil
}

func (s *scanner) readResumed(line []byte) error {
	h := new(Header)
	if err := decodeStrictly(line, h); err != nil || h.Type != "resumed" {
		return s.fail("not the line of a run that was resumed")
	}
	if problem := s.addResumed(h); problem != "" {
		return s.fail(problem)
	}
	return nil
}

func parseKey(line []byte) (*Key, error) {
	k := new(Key)
	if err := decodeStrictly(line, k); err != nil {
		return nil, err
	}
	if k.Type != "key" {
		return nil, ErrFormat
	}
	return k, nil
}

// decodeStrictly decodes one JSON object with known fields only.
func decodeStrictly(line []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(line))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return ErrFormat
	}
	return nil
}
