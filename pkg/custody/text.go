package custody

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"recover/internal/bech32"
	"recover/internal/plaintext"
	"recover/internal/secret"
)

// A share string is "RS1" and 89 characters of the alphabet: 376 bits of
// payload and 4 zero bits in 76, the checksum in 13. That makes 23 groups of
// four, all of them characters of QR codes' alphanumeric mode.
const (
	prefix     = "rs" // the human-readable part; a "1" follows
	prefixLen  = len(prefix) + 1
	payloadEnd = (8*payloadLen + 4) / 5
	dataLen    = payloadEnd + 13 // of which 13 are the checksum
	stringLen  = prefixLen + dataLen

	groupLen   = 4       // characters
	lineGroups = 6       // of a line on a page
	unknown    = 0xff    // a character that cannot be read
	maxString  = 4 << 10 // bytes of a typed string, with all its blanks
)

// start is the prefix as symbols. A "1" is read as an "L", like any other.
var start = bech32.Values("RSL")

// LooksLikeShare reports whether data is a page, begins with a line of a share
// string, or has one whole share string in it.
func LooksLikeShare(data []byte) bool {
	if startsShare(data) {
		return true
	}
	text, err := plaintext.Unwrap(data[:min(len(data), MaxPageSize)], MaxPageSize, startsShare)
	if err != nil {
		return false
	}
	cleaned := cleanText(text)
	defer secret.Wipe(cleaned)
	if startsShare(cleaned) {
		return true
	}
	share, err := findString(cleaned)
	if err != nil {
		return errors.Is(err, ErrSeveralShares)
	}
	share.Wipe()
	return true
}

func startsShare(data []byte) bool {
	if bytes.Contains(data, []byte(pageBegin)) {
		return true
	}
	symbols := read(data[:min(len(data), maxString)])
	defer secret.Wipe(symbols)
	return len(symbols) >= groupLen*lineGroups && bytes.HasPrefix(symbols, start)
}

// LooksLikeLine reports whether text may be a line of a share string as it is on a
// page, or part of one without blanks: three groups of four characters or more, or
// 16 characters in a row with a digit among them. So is much that is no share, but
// hardly the name of a file.
func LooksLikeLine(text []byte) bool {
	groups := bytes.Fields(text)
	characters, digits := 0, 0
	for i, group := range groups {
		for _, c := range group {
			switch {
			case '0' <= c && c <= '9' || c == '?':
				digits++
			case !('a' <= c|0x20 && c|0x20 <= 'z'):
				return false
			}
			characters++
		}
		if len(group) != groupLen && (i < len(groups)-1 || len(group) > groupLen) && len(groups) > 1 {
			return false
		}
	}
	return digits > 0 && (len(groups) >= 3 || len(groups) == 1 && characters >= 4*groupLen)
}

// Complete reports whether what was typed so far has as many characters as a share
// string, or more.
func Complete(typed []byte) bool {
	symbols := read(typed)
	defer secret.Wipe(symbols)
	return len(symbols) >= stringLen
}

// encode returns the share string: 92 upper-case characters in groups of four,
// with between after each group but the last, and newline instead after every
// sixth.
func (s *Share) encode(between, newline string) *secret.Bytes {
	symbols := s.symbols()
	defer secret.Wipe(symbols)
	return write(symbols, between, newline)
}

func (s *Share) symbols() []byte {
	payload := s.payload()
	defer secret.Wipe(payload)
	symbols := make([]byte, 0, stringLen)
	symbols = append(symbols, start...)
	symbols = bech32.AppendFives(symbols, payload)
	return append(symbols, codex32.Checksum(prefix, symbols[prefixLen:])...)
}

// write turns symbols into text.
func write(symbols []byte, between, newline string) *secret.Bytes {
	text := make([]byte, 0, 2*len(symbols))
	for i, v := range symbols {
		switch {
		case i == 0 || i%groupLen != 0:
		case i%(groupLen*lineGroups) == 0:
			text = append(text, newline...)
		default:
			text = append(text, between...)
		}
		if i == prefixLen-1 {
			text = append(text, '1')
		} else {
			text = append(text, bech32.Alphabet[v])
		}
	}
	return secret.New(text)
}

// parseString reads a share string as it was typed, or scanned.
func parseString(text []byte) (*Share, error) {
	if len(text) > maxString {
		return nil, ErrNotShare
	}
	symbols := read(text)
	defer secret.Wipe(symbols)
	if hasChecksum(symbols) {
		return parseSymbols(symbols)
	}
	return nil, diagnose(symbols)
}

// read returns a symbol for each character of text but blanks and dashes:
// unknown where it is none of the alphabet, and "B", "O", "1" and "I", which
// the alphabet leaves out, as what they look like.
func read(text []byte) []byte {
	symbols := make([]byte, 0, len(text))
	for len(text) > 0 {
		r, size := utf8.DecodeRune(text)
		text = text[size:]
		if isSymbol(r) {
			symbols = append(symbols, symbol(r))
		}
	}
	return symbols
}

// isSymbol reports whether r is no blank or dash.
func isSymbol(r rune) bool {
	return !unicode.IsSpace(r) && !unicode.Is(unicode.Pd, r) && r != '\ufeff'
}

func symbol(r rune) byte {
	if 'a' <= r && r <= 'z' {
		r -= 'a' - 'A'
	}
	switch r {
	case 'B':
		r = '8'
	case 'O':
		r = '0'
	case '1', 'I':
		r = 'L'
	}
	if v := strings.IndexRune(bech32.Alphabet, r); v >= 0 {
		return byte(v)
	}
	return unknown
}

// hasChecksum reports whether symbols are a whole share string.
func hasChecksum(symbols []byte) bool {
	return len(symbols) == stringLen && bytes.HasPrefix(symbols, start) &&
		!slices.Contains(symbols, unknown) && codex32.Checks(prefix, symbols[prefixLen:])
}

// parseSymbols takes symbols whose checksum is right.
func parseSymbols(symbols []byte) (*Share, error) {
	payload, ok := bech32.Bytes(symbols[prefixLen : prefixLen+payloadEnd])
	defer secret.Wipe(payload)
	if !ok {
		return nil, ErrInvalidFields
	}
	return parsePayload(payload)
}
