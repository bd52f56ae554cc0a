// Package uuid holds the IDs of quorums and keys.
//
// It writes one text form only, the 36 characters that the service writes and
// that the label of a backup is made of (docs/formats.md, section 2.2). Parse
// reads that form alone; what people write by hand or get out of a spreadsheet
// is read by ParseAny. IDs are compared as 16 bytes, never as text, so that two
// spellings of one ID cannot pass for two IDs.
package uuid

import (
	"encoding/hex"
	"errors"
)

// ID is a UUID: 16 bytes, of any version. The zero ID is a valid value of the
// type but no ID of the service.
type ID [16]byte

// ErrSyntax is returned by Parse for text that is not a UUID of 36 characters.
var ErrSyntax = errors.New("not a UUID (36 characters: 8-4-4-4-12 hex digits)")

// Parse reads a UUID in the form xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx. Hex
// digits may be of either case.
func Parse(s string) (ID, error) {
	var id ID
	if len(s) != 36 || s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' {
		return id, ErrSyntax
	}
	digits := s[:8] + s[9:13] + s[14:18] + s[19:23] + s[24:]
	if _, err := hex.Decode(id[:], []byte(digits)); err != nil {
		return ID{}, ErrSyntax
	}
	return id, nil
}

// String returns the 36 characters in lower case.
func (id ID) String() string {
	var b [36]byte
	at := 0
	for i, v := range id {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			b[at] = '-'
			at++
		}
		hex.Encode(b[at:], []byte{v})
		at += 2
	}
	return string(b[:])
}

// IsZero reports whether id is the zero ID.
func (id ID) IsZero() bool { return id == ID{} }
