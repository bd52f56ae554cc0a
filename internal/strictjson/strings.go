package strictjson

import (
	"unicode/utf16"
	"unicode/utf8"
)

// Text reads a string.
func (s *Scanner) Text() (string, error) {
	b, err := s.Bytes()
	return string(b), err
}

// Bytes reads a string as UTF-8 bytes: a slice of the scanned data where the
// string has no escapes, else a copy.
func (s *Scanner) Bytes() ([]byte, error) {
	if err := s.expect('"', "a string"); err != nil {
		return nil, err
	}
	start := s.pos
	s.pos += plain(s.data[s.pos:])
	if s.pos < len(s.data) && s.data[s.pos] == '"' {
		s.pos++
		return s.data[start : s.pos-1 : s.pos-1], nil
	}
	return s.rest(append([]byte(nil), s.data[start:s.pos]...))
}

// rest reads on in a string that has something in it but plain ASCII.
func (s *Scanner) rest(out []byte) ([]byte, error) {
	for s.pos < len(s.data) {
		switch c := s.data[s.pos]; {
		case c == '"':
			s.pos++
			return out, nil
		case c == '\\':
			r, err := s.escape()
			if err != nil {
				return nil, err
			}
			out = utf8.AppendRune(out, r)
		case c < ' ':
			return nil, s.Fail("a control character in a string")
		case c < utf8.RuneSelf:
			n := plain(s.data[s.pos:])
			out = append(out, s.data[s.pos:s.pos+n]...)
			s.pos += n
		default:
			r, n := utf8.DecodeRune(s.data[s.pos:])
			if r == utf8.RuneError && n == 1 {
				return nil, s.Fail("a string is not UTF-8")
			}
			out = append(out, s.data[s.pos:s.pos+n]...)
			s.pos += n
		}
	}
	return nil, s.Fail("the text ends inside a string")
}

// escapes are the two-character escapes of RFC 8259, section 7, but \u.
var escapes = map[byte]rune{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

func (s *Scanner) escape() (rune, error) {
	at := s.pos
	if s.pos+2 > len(s.data) {
		return 0, s.Fail("the text ends inside a string")
	}
	c := s.data[s.pos+1]
	if r, ok := escapes[c]; ok {
		s.pos += 2
		return r, nil
	}
	r, ok := s.unicodeEscape()
	if !ok {
		return 0, s.failAt(at, "a bad escape in a string")
	}
	if utf16.IsSurrogate(r) {
		low, ok := s.unicodeEscape()
		if r = utf16.DecodeRune(r, low); !ok || r == utf8.RuneError {
			return 0, s.failAt(at, "half of a surrogate pair in a string")
		}
	}
	return r, nil
}

func (s *Scanner) unicodeEscape() (rune, bool) {
	if s.pos+6 > len(s.data) || s.data[s.pos] != '\\' || s.data[s.pos+1] != 'u' {
		return 0, false
	}
	var r rune
	for _, c := range s.data[s.pos+2 : s.pos+6] {
		v, ok := hexDigit(c)
		if !ok {
			return 0, false
		}
		r = r<<4 | v
	}
	s.pos += 6
	return r, true
}

func hexDigit(c byte) (rune, bool) {
	switch {
	case c >= '0' && c <= '9':
		return rune(c - '0'), true
	case c >= 'a' && c <= 'f':
		return rune(c-'a') + 10, true
	case c >= 'A' && c <= 'F':
		return rune(c-'A') + 10, true
	}
	return 0, false
}

// plain returns how many bytes at the beginning of b are ASCII, no control
// characters, and neither '"' nor '\\': what a JSON string may hold as it is.
func plain(b []byte) int {
	for i, c := range b {
		if special[c] {
			return i
		}
	}
	return len(b)
}

var special = func() (table [256]bool) {
	for c := range table {
		table[c] = c < ' ' || c == '"' || c == '\\' || c >= utf8.RuneSelf
	}
	return table
}()
