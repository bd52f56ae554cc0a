// Package strictjson reads JSON (RFC 8259) piece by piece, without building a
// tree and without copying the strings that need no unescaping.
//
// encoding/json takes the last of two equal names, matches names in any case
// and drops what it does not know: two programs can then read one file
// differently, and here a file decides which key is rebuilt. This reader
// refuses double names, bounds the depth, names the line of every fault, and
// is fast enough to disappear beside RSA. It reads only; it is for bytes that
// are in memory already, so the caller bounds their size.
package strictjson

import (
	"bytes"
	"fmt"
	"strconv"

	"recover/internal/bom"
	"recover/internal/message"
)

// MaxDepth is how deep objects and arrays may be nested.
const MaxDepth = 32

// SyntaxError says where the text stops being the JSON that was expected.
type SyntaxError struct {
	Line    int // 1-based
	Offset  int // bytes from the beginning
	Problem string
}

func (e *SyntaxError) Error() string { return fmt.Sprintf("line %d: %s", e.Line, e.Problem) }

// Scanner reads one JSON text from its beginning to its end. After an error it
// is of no further use.
type Scanner struct {
	data  []byte
	pos   int
	depth int
}

// New returns a Scanner of data, which must not change while it is used:
// strings are slices of it. A UTF-8 byte order mark is passed over.
func New(data []byte) *Scanner {
	return &Scanner{data: data, pos: len(data) - len(bom.Trim(data))}
}

// Offset returns how many bytes have been read.
func (s *Scanner) Offset() int { return s.pos }

// Line returns the number of the line (1-based) at which the next value begins.
func (s *Scanner) Line() int {
	s.space()
	return s.lineAt(s.pos)
}

func (s *Scanner) lineAt(pos int) int { return 1 + bytes.Count(s.data[:pos], []byte{'\n'}) }

// Fail returns a SyntaxError at the place that was reached, for callers that
// find a fault in a value.
func (s *Scanner) Fail(format string, args ...any) error { return s.failAt(s.pos, format, args...) }

func (s *Scanner) failAt(pos int, format string, args ...any) error {
	return &SyntaxError{Line: s.lineAt(pos), Offset: pos, Problem: fmt.Sprintf(format, args...)}
}

func (s *Scanner) space() {
	for s.pos < len(s.data) {
		switch s.data[s.pos] {
		case ' ', '\t', '\r', '\n':
			s.pos++
		default:
			return
		}
	}
}

// Peek returns the first byte of the next value: '{', '[', '"', 't', 'f', 'n',
// '-' or a digit; any other byte is no value, and 0 is the end of the text.
func (s *Scanner) Peek() byte {
	s.space()
	if s.pos == len(s.data) {
		return 0
	}
	return s.data[s.pos]
}

// expect reads one byte that has to be c.
func (s *Scanner) expect(c byte, what string) error {
	got := s.Peek()
	if got != c {
		return s.unexpected(what)
	}
	s.pos++
	return nil
}

func (s *Scanner) unexpected(want string) error {
	c := s.Peek()
	if s.pos == len(s.data) {
		return s.Fail("the text ends where %s should be", want)
	}
	return s.Fail("%s expected, found %s", want, kind(c))
}

func kind(c byte) string {
	switch {
	case c == '{':
		return "an object"
	case c == '[':
		return "an array"
	case c == '"':
		return "a string"
	case c == 't' || c == 'f':
		return "true or false"
	case c == 'n':
		return "null"
	case c == '-' || c >= '0' && c <= '9':
		return "a number"
	}
	return strconv.QuoteRuneToASCII(rune(c))
}

func (s *Scanner) enter() error {
	if s.depth++; s.depth > MaxDepth {
		return s.Fail("nested more than %d deep", MaxDepth)
	}
	return nil
}

// Object reads an object. For each name it calls field, which must read the
// value. A name that comes twice is an error.
func (s *Scanner) Object(field func(name string) error) error {
	if err := s.expect('{', "an object"); err != nil {
		return err
	}
	if err := s.enter(); err != nil {
		return err
	}
	var names nameSet
	for s.Peek() != '}' {
		if names.count() > 0 {
			if err := s.expect(',', "a comma or the object's end"); err != nil {
				return err
			}
		}
		name, err := s.name(&names)
		if err != nil {
			return err
		}
		if err := field(name); err != nil {
			return err
		}
	}
	s.pos++
	s.depth--
	return nil
}

func (s *Scanner) name(seen *nameSet) (string, error) {
	s.space()
	at := s.pos
	raw, err := s.Bytes()
	if err != nil {
		return "", err
	}
	name := string(raw)
	if !seen.add(name) {
		return "", s.failAt(at, "the name %s is there twice", message.Quote(name))
	}
	return name, s.expect(':', "a colon")
}

// Array reads an array. For each element it calls elem, which must read the
// value; i counts from 0.
func (s *Scanner) Array(elem func(i int) error) error {
	if err := s.expect('[', "an array"); err != nil {
		return err
	}
	if err := s.enter(); err != nil {
		return err
	}
	for i := 0; s.Peek() != ']'; i++ {
		if i > 0 {
			if err := s.expect(',', "a comma or the array's end"); err != nil {
				return err
			}
		}
		if err := elem(i); err != nil {
			return err
		}
	}
	s.pos++
	s.depth--
	return nil
}

// Null reads a null if one comes next, and tells whether it did.
func (s *Scanner) Null() bool { return s.Peek() == 'n' && s.literal("null") }

func (s *Scanner) literal(word string) bool {
	if !bytes.HasPrefix(s.data[s.pos:], []byte(word)) {
		return false
	}
	s.pos += len(word)
	return true
}

// Skip reads any value, and holds it to the same rules.
func (s *Scanner) Skip() error {
	switch c := s.Peek(); {
	case c == '{':
		return s.Object(func(string) error { return s.Skip() })
	case c == '[':
		return s.Array(func(int) error { return s.Skip() })
	case c == '"':
		_, err := s.Bytes()
		return err
	case c == '-' || c >= '0' && c <= '9':
		_, _, err := s.number()
		return err
	case s.literal("true"), s.literal("false"), s.literal("null"):
		return nil
	}
	return s.unexpected("a value")
}

// End makes sure that nothing but white space is left.
func (s *Scanner) End() error {
	if s.Peek() != 0 || s.pos < len(s.data) {
		return s.Fail("something follows the end of the JSON text")
	}
	return nil
}
