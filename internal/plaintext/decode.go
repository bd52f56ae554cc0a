// Package plaintext turns the bytes of a file that people give into the bytes
// that were meant. What editors, shells, mail programs, spreadsheets and object
// stores put around a text is undone here and nowhere else, and what is no file
// of this program is named here: see Identify.
//
//   - Decode undoes gzip, UTF-16 and byte order marks. It is for every file.
//   - Unwrap also undoes base64 and hex, for files that have a mark of their own
//     inside (keys, sealed files, backup files).
//   - Clean is for text that is read by lines or by characters: PEM, shares,
//     identities.
//   - PEM rewrites the blocks of a text as strict readers want them.
//   - Spellings lists the ways in which a passphrase may have been encoded.
//
// Nothing here returns more than the limit that the caller names, whatever the
// input expands to.
package plaintext

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"recover/internal/secret"
)

// ErrDamagedGzip is gzip data that is cut off or fails its checksum.
var ErrDamagedGzip = errors.New("the gzip data in it is damaged or cut off")

// LimitError is a file that expands to more than Max bytes.
type LimitError struct{ Max int }

func (e *LimitError) Error() string {
	return fmt.Sprintf("what is packed in it is larger than %d bytes", e.Max)
}

const (
	utf8Mark          = "\xef\xbb\xbf"
	gzipMagic         = "\x1f\x8b\x08"
	utf16LittleEndian = "\xff\xfe"
	utf16BigEndian    = "\xfe\xff"
)

// maxLayers is how often one wrapping within another is undone.
const maxLayers = 4

// TrimMark returns text without the byte order mark of UTF-8.
func TrimMark(text []byte) []byte { return bytes.TrimPrefix(text, []byte(utf8Mark)) }

// Decode undoes gzip, then UTF-16 (with a mark, or plain ASCII without one), and
// takes the byte order mark off; anything else is returned as it is. The result
// is a slice of data where nothing had to be undone, and a new one otherwise:
// whoever wipes one wipes both.
//
// The errors are *LimitError for more than max bytes, and ErrDamagedGzip, with
// which the result holds what could still be unpacked.
func Decode(data []byte, max int) ([]byte, error) {
	if len(data) > max {
		return nil, &LimitError{max}
	}
	text := data
	var err error
	for n := 0; n < maxLayers && err == nil && bytes.HasPrefix(text, []byte(gzipMagic)); n++ {
		var unpacked []byte
		if unpacked, err = gunzip(text, max); len(unpacked) == 0 && errors.Is(err, ErrDamagedGzip) {
			break
		}
		if n > 0 {
			secret.Wipe(text)
		}
		text = unpacked
	}
	if err != nil && !errors.Is(err, ErrDamagedGzip) {
		return nil, err
	}
	if decoded, ok := decodeUTF16(text); ok {
		if len(decoded) > max {
			secret.Wipe(decoded)
			return nil, &LimitError{max}
		}
		if &text[0] != &data[0] {
			secret.Wipe(text)
		}
		return decoded, err
	}
	return TrimMark(text), err
}

// gunzip unpacks all members, at most max bytes. Bytes after the last member
// that begin no other one are ignored, as gunzip does.
func gunzip(data []byte, max int) ([]byte, error) {
	in := bytes.NewReader(data)
	r, err := gzip.NewReader(in)
	if err != nil {
		return nil, ErrDamagedGzip
	}
	size := min(max, int(binary.LittleEndian.Uint32(data[len(data)-4:])))
	out := bytes.NewBuffer(make([]byte, 0, size+bytes.MinRead))
	for {
		r.Multistream(false)
		_, err := out.ReadFrom(io.LimitReader(r, int64(max-out.Len()+1)))
		switch {
		case out.Len() > max:
			secret.Wipe(out.Bytes())
			return nil, &LimitError{max}
		case err != nil:
			return out.Bytes(), ErrDamagedGzip
		}
		if r.Reset(in) != nil {
			return out.Bytes(), nil
		}
	}
}

// decodeUTF16 returns the text in UTF-8, without its mark. What has a mark and
// is no text, and what has no mark and is not all ASCII, is left alone.
func decodeUTF16(data []byte) ([]byte, bool) {
	var order binary.ByteOrder
	body := data
	switch {
	case bytes.HasPrefix(data, []byte(utf16LittleEndian)):
		order, body = binary.LittleEndian, data[2:]
	case bytes.HasPrefix(data, []byte(utf16BigEndian)):
		order, body = binary.BigEndian, data[2:]
	case len(data) < 8:
		return nil, false
	case allASCII(data, 0):
		order = binary.LittleEndian
	case allASCII(data, 1):
		order = binary.BigEndian
	default:
		return nil, false
	}
	text := make([]byte, 0, len(body)/2*3)
	for i := 0; i+1 < len(body); i += 2 {
		r := rune(order.Uint16(body[i:]))
		if utf16.IsSurrogate(r) {
			pair := unicode.ReplacementChar // half of one is a damaged character
			if i+3 < len(body) {
				pair = utf16.DecodeRune(r, rune(order.Uint16(body[i+2:])))
			}
			if r = pair; r != unicode.ReplacementChar {
				i += 2
			}
		}
		if !isText(r) {
			secret.Wipe(text)
			return nil, false
		}
		text = utf8.AppendRune(text, r)
	}
	return TrimMark(text), true
}

func hasUTF16Mark(data []byte) bool {
	return bytes.HasPrefix(data, []byte(utf16LittleEndian)) || bytes.HasPrefix(data, []byte(utf16BigEndian))
}

// allASCII reports whether data is UTF-16 of nothing but ASCII; low is where in
// a unit of two bytes the character is.
func allASCII(data []byte, low int) bool {
	if len(data)%2 != 0 {
		return false
	}
	for i := 0; i < len(data); i += 2 {
		if c := data[i+low]; data[i+1-low] != 0 || c >= 0x80 || !isText(rune(c)) {
			return false
		}
	}
	return true
}

// isText reports whether r can be in a text.
func isText(r rune) bool {
	switch r {
	case '\t', '\n', '\v', '\f', '\r':
		return true
	case 0xfffe, 0xffff:
		return false
	}
	return r >= 0x20 && r != 0x7f
}

// windows1252 is what that code page has in place of the controls 0x80 to 0x9f
// of Latin-1; zero where it has nothing.
var windows1252 = [32]rune{
	'€', 0, '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', 0, 'Ž', 0,
	0, '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', 0, 'ž', 'Ÿ',
}

// FromWindows returns text that is no UTF-8 as UTF-8, read as Windows-1252,
// which is Latin-1 with more characters. Valid UTF-8 is returned as it is.
func FromWindows(text []byte) []byte {
	if utf8.Valid(text) {
		return text
	}
	out := make([]byte, 0, len(text)+len(text)/2)
	for _, c := range text {
		r := rune(c)
		if 0x80 <= c && c < 0xa0 && windows1252[c-0x80] != 0 {
			r = windows1252[c-0x80]
		}
		out = utf8.AppendRune(out, r)
	}
	return out
}
