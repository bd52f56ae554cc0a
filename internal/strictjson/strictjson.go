// Package strictjson reads JSON (RFC 8259) piece by piece, without building a
// tree and without copying the strings that need no unescaping.
//
// encoding/json takes the last of two equal names, matches names in any case
// and drops what it does not know: two programs can then read one file
// differently, and here a file decides which key is rebuilt. The tokens come
// from jsontext (encoding/json/v2), which refuses duplicate names and text that
// is not UTF-8. This package bounds the depth and names the line of every
// fault. It is for bytes that are in memory already, so the caller bounds their
// size.
package strictjson

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"

	"recover/internal/message"
	"recover/internal/plaintext"
)

// MaxDepth is how deep objects and arrays may be nested.
const MaxDepth = 32

// SyntaxError says where the text stops being the JSON that was expected.
type SyntaxError struct {
	Line    int // 1-based
	Problem string
}

func (e *SyntaxError) Error() string { return fmt.Sprintf("line %d: %s", e.Line, e.Problem) }

// Scanner reads one JSON text from its beginning to its end. After an error it
// is of no further use.
type Scanner struct {
	text    []byte // without a byte order mark
	mark    int    // the length of the mark
	decoder *jsontext.Decoder
}

// New returns a Scanner of data, which must not change while it is used:
// strings are slices of it. A UTF-8 byte order mark is passed over.
func New(data []byte) *Scanner {
	text := plaintext.TrimMark(data)
	return &Scanner{text, len(data) - len(text), jsontext.NewDecoder(bytes.NewBuffer(text))}
}

// Offset returns where the next value begins, in bytes from the beginning.
func (s *Scanner) Offset() int {
	read := int(s.decoder.InputOffset())
	return s.mark + len(s.text) - len(bytes.TrimLeft(s.text[read:], " \t\r\n,:"))
}

// Fail returns a SyntaxError at the place that was reached, for callers that
// find a fault in a value.
func (s *Scanner) Fail(format string, args ...any) error {
	return s.failAt(s.mark+int(s.decoder.InputOffset()), format, args...)
}

func (s *Scanner) failAt(offset int, format string, args ...any) error {
	line := 1 + bytes.Count(s.text[:offset-s.mark], []byte{'\n'})
	return &SyntaxError{line, fmt.Sprintf(format, args...)}
}

// fault makes a SyntaxError of an error of the decoder.
func (s *Scanner) fault(err error) error {
	if err == nil {
		return nil // before at, which is on the heap
	}
	var at *jsontext.SyntacticError
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return s.failAt(s.mark+len(s.text), "the text ends too early")
	case !errors.As(err, &at):
		return s.Fail("%v", err)
	case errors.Is(err, jsontext.ErrDuplicateName):
		return s.failAt(s.mark+int(at.ByteOffset), "the name %s occurs twice", message.Quote(at.JSONPointer.LastToken()))
	}
	return s.failAt(s.mark+int(at.ByteOffset), "%v", at.Err)
}

// Peek returns what the next value begins with: '{', '[', '"', 't', 'f', 'n', or
// '0' for any number. '}' and ']' end what was begun; 0 is the end of the text,
// or a fault.
func (s *Scanner) Peek() byte { return byte(s.decoder.PeekKind()) }

// expect makes sure that a value of the kind comes next, or nothing at all.
func (s *Scanner) expect(kind byte) error {
	if next := s.Peek(); next != kind && next != 0 {
		return s.failAt(s.Offset(), "%s expected, found %s", kindNames[kind], kindNames[next])
	}
	return nil
}

var kindNames = map[byte]string{
	'{': "an object", '[': "an array", '"': "a string", '0': "a number", 't': "true or false", 'f': "true or false", 'n': "null",
	'}': "the object's end", ']': "the array's end",
}

func (s *Scanner) enter(kind byte) error {
	if err := s.expect(kind); err != nil {
		return err
	}
	if _, err := s.decoder.ReadToken(); err != nil {
		return s.fault(err)
	}
	if s.decoder.StackDepth() > MaxDepth {
		return s.Fail("nested more than %d deep", MaxDepth)
	}
	return nil
}

// Object reads an object. For each name it calls field, which must read the
// value. A name that comes twice is an error.
func (s *Scanner) Object(field func(name string) error) error {
	if err := s.enter('{'); err != nil {
		return err
	}
	for s.Peek() != '}' {
		name, err := s.decoder.ReadToken()
		if err != nil {
			return s.fault(err)
		}
		if err := field(name.String()); err != nil {
			return err
		}
	}
	_, err := s.decoder.ReadToken()
	return s.fault(err)
}

// Array reads an array. For each element it calls elem, which must read the
// value; i counts from 0.
func (s *Scanner) Array(elem func(i int) error) error {
	if err := s.enter('['); err != nil {
		return err
	}
	for i := 0; s.Peek() != ']'; i++ {
		if err := elem(i); err != nil {
			return err
		}
	}
	_, err := s.decoder.ReadToken()
	return s.fault(err)
}

// Null reads a null if one comes next, and tells whether it did.
func (s *Scanner) Null() bool {
	if s.Peek() != 'n' {
		return false
	}
	_, err := s.decoder.ReadToken()
	return err == nil
}

// Skip reads any value, and holds it to the same rules.
func (s *Scanner) Skip() error {
	switch s.Peek() {
	case '{':
		return s.Object(func(string) error { return s.Skip() })
	case '[':
		return s.Array(func(int) error { return s.Skip() })
	}
	return s.fault(s.decoder.SkipValue())
}

// Raw reads any value, holds it to the same rules, and returns its text: a slice
// of the scanned data, without the white space around it.
func (s *Scanner) Raw() ([]byte, error) {
	start := s.Offset() - s.mark
	if err := s.Skip(); err != nil {
		return nil, err
	}
	end := int(s.decoder.InputOffset())
	return s.text[start:end:end], nil
}

// End makes sure that nothing but white space is left.
func (s *Scanner) End() error {
	if _, err := s.decoder.ReadToken(); err != io.EOF {
		return s.failAt(s.Offset(), "something follows the end of the JSON text")
	}
	return nil
}

// Int reads a whole number that fits in 64 bits; a fraction or an exponent is
// refused, even where its value would be whole.
func (s *Scanner) Int() (int64, error) {
	value, err := s.value('0')
	if err != nil {
		return 0, err
	}
	n, err := strconv.ParseInt(string(value), 10, 64)
	if err != nil {
		return 0, s.Fail("not a whole number of 64 bits")
	}
	return n, nil
}

// Text reads a string.
func (s *Scanner) Text() (string, error) {
	b, err := s.Bytes()
	return string(b), err
}

// Bytes reads a string as UTF-8 bytes: a slice of the scanned data where the
// string has no escapes, else a copy.
func (s *Scanner) Bytes() ([]byte, error) {
	value, err := s.value('"')
	if err != nil {
		return nil, err
	}
	if bytes.IndexByte(value, '\\') >= 0 {
		return jsontext.AppendUnquote(nil, value)
	}
	end := int(s.decoder.InputOffset()) - 1
	return s.text[end-(len(value)-2) : end : end], nil
}

func (s *Scanner) value(kind byte) (jsontext.Value, error) {
	if err := s.expect(kind); err != nil {
		return nil, err
	}
	value, err := s.decoder.ReadValue()
	return value, s.fault(err)
}
