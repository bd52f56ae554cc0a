package custody

import (
	"crypto/subtle"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"recover/internal/message"
	"recover/internal/secret"
	"recover/pkg/rsadecrypt"
)

// SetID names a set of shares: the first 8 bytes of the SHA-256 of its
// description. The description holds a random salt, so that no two sets have
// one ID, and the ID commits every share to all that the description says.
type SetID [8]byte

// String returns 16 hex digits in groups of four: "7F3A 91C2 0B55 E1D0".
func (id SetID) String() string {
	return message.Groups(strings.ToUpper(hex.EncodeToString(id[:])))
}

// MarshalText writes the 16 hex digits without blanks.
func (id SetID) MarshalText() ([]byte, error) {
	return []byte(strings.ReplaceAll(id.String(), " ", "")), nil
}

var errSetID = errors.New("not a set ID (16 upper-case hex digits)")

// UnmarshalText reads what MarshalText writes.
func (id *SetID) UnmarshalText(text []byte) error {
	var read SetID
	if len(text) != 2*len(id) {
		return errSetID
	}
	if _, err := hex.Decode(read[:], text); err != nil {
		return errSetID
	}
	if again, _ := read.MarshalText(); string(again) != string(text) {
		return errSetID
	}
	*id = read
	return nil
}

// Share is one holder's part of a recovery key. It agrees with its own
// checksum and is not trusted for anything else: Set.Add does the rest.
type Share struct {
	Set       SetID
	Created   time.Time // midnight UTC of the day that the set was made
	Threshold int       // how many shares are needed: 2 … Count
	Count     int       // how many shares there are: at most 255
	Index     int       // which of them this is: 1 … Count

	// Holder and Key are what a page says besides the share string. They are
	// empty in a share that was typed.
	Holder string
	Key    rsadecrypt.Fingerprint

	value *secret.Bytes // as vault/shamir makes it: 32 bytes, then x, not 0
}

const (
	secretLen = 32            // an age X25519 identity
	valueLen  = secretLen + 1 // what vault/shamir makes of it

	version = 1
	setAt   = 1 + 2 // version, day
	restAt  = setAt + 8
	valueAt = restAt + 3 // threshold, count, index

	payloadLen = valueAt + valueLen
	day        = 24 * time.Hour
)

// String says which share it is, and nothing of its content.
func (s *Share) String() string {
	return fmt.Sprintf("share %d of %d, set %s", s.Index, s.Count, s.Set)
}

// Wipe overwrites the secret part.
func (s *Share) Wipe() { s.value.Wipe() }

// payload returns the content of a share string, to be wiped by the caller:
//
//	1 byte    version, 1
//	2 bytes   the day on which the set was made, counted from 1970-01-01, big-endian
//	8 bytes   set ID
//	1 byte    threshold
//	1 byte    count
//	1 byte    index
//	33 bytes  the share
func (s *Share) payload() []byte {
	b := make([]byte, 0, payloadLen)
	b = append(b, version)
	b = binary.BigEndian.AppendUint16(b, uint16(s.Created.Unix()/int64(day/time.Second)))
	b = append(b, s.Set[:]...)
	b = append(b, byte(s.Threshold), byte(s.Count), byte(s.Index))
	return append(b, s.value.Reveal()...)
}

// equal reports whether two share strings are the same.
func (s *Share) equal(other *Share) bool {
	a, b := s.payload(), other.payload()
	defer secret.Wipe(a)
	defer secret.Wipe(b)
	return subtle.ConstantTimeCompare(a, b) == 1
}

// parsePayload takes 47 bytes that agree with their checksum.
func parsePayload(b []byte) (*Share, error) {
	if b[0] != version {
		return nil, VersionError(b[0])
	}
	s := &Share{
		Created:   time.Unix(0, 0).UTC().Add(time.Duration(binary.BigEndian.Uint16(b[1:])) * day),
		Set:       SetID(b[setAt:restAt]),
		Threshold: int(b[restAt]),
		Count:     int(b[restAt+1]),
		Index:     int(b[restAt+2]),
	}
	if s.Threshold < 2 || s.Threshold > s.Count || s.Index < 1 || s.Index > s.Count || b[payloadLen-1] == 0 {
		return nil, ErrInvalidFields
	}
	s.value = secret.New(append([]byte(nil), b[valueAt:]...))
	return s, nil
}
