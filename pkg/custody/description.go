package custody

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"

	"recover/pkg/rsadecrypt"
)

// Description is what everybody may know of a set of shares. It is in the
// header of the sealed key.
type Description struct {
	ID      SetID
	Key     rsadecrypt.Fingerprint // of the recovery key
	Created time.Time              // UTC, in seconds

	Replaces SetID  // the set that this one was made to replace; zeros: none
	Record   Digest // of the offline record that lies with the shares; zeros: none

	Threshold int
	Holders   []string // in the order of the shares

	salt   [16]byte
	hashes [][sha256.Size]byte
}

// Count returns the number of shares.
func (d *Description) Count() int { return len(d.Holders) }

// Holder returns the name of the holder of share index, counted from 1.
func (d *Description) Holder(index int) string { return d.Holders[index-1] }

// describe finishes the description of shares that were just made: it sets
// their hashes, and the ID in them and in itself.
func (d *Description) describe(shares []*Share) {
	_, _ = rand.Read(d.salt[:]) // never fails
	for _, s := range shares {
		d.hashes = append(d.hashes, d.hash(s))
	}
	d.ID = idOf(d.marshal())
	for _, s := range shares {
		s.Set = d.ID
	}
}

// hash returns the salted hash of a share: HMAC-SHA-256, keyed with the salt,
// of its payload with zeros for the set ID, which is itself made of the hashes.
// To whoever guesses, it is no help: a share is 32 random bytes, also when all
// others but enough are known.
func (d *Description) hash(s *Share) (sum [sha256.Size]byte) {
	payload := s.payload()
	defer clear(payload)
	clear(payload[setAt:restAt])
	mac := hmac.New(sha256.New, d.salt[:])
	mac.Write(payload)
	return [sha256.Size]byte(mac.Sum(nil))
}

// has reports whether s is one of the shares that were made.
func (d *Description) has(s *Share) bool {
	if s.Index < 1 || s.Index > len(d.hashes) {
		return false
	}
	sum := d.hash(s)
	return hmac.Equal(sum[:], d.hashes[s.Index-1][:])
}

func idOf(text []byte) SetID {
	sum := sha256.Sum256(text)
	return SetID(sum[:len(SetID{})])
}

// The first line of a description. The second one is for a set that replaces
// another, the third one for a set with a record: programs that know only the
// earlier ones refuse it.
const (
	descriptionFormat  = "recover-custody-set/1"
	descriptionReplace = "recover-custody-set/2"
	descriptionRecord  = "recover-custody-set/3"
)

// marshal returns the text of which the ID is the hash. A set that replaces
// another says so after the date, with "replaces" and 16 hex digits, and its
// first line ends in 2. One that has the record with its shares says so after
// that, with "record" and 64 hex digits, and its first line ends in 3, whether it
// replaces another or not:
//
//	recover-custody-set/1
//	recovery-key <fingerprint, 64 hex digits>
//	made 2025-11-23T19:03:11Z
//	threshold 2
//	salt <32 hex digits>
//	share <hash, 64 hex digits> alice
//	share <hash, 64 hex digits> bob
func (d *Description) marshal() []byte {
	var b bytes.Buffer
	format, replaces := descriptionFormat, ""
	if d.Replaces != (SetID{}) {
		id, _ := d.Replaces.MarshalText() // never fails
		format, replaces = descriptionReplace, "replaces "+string(id)+"\n"
	}
	record := ""
	if d.Record != (Digest{}) {
		format, record = descriptionRecord, fmt.Sprintf("record %x\n", d.Record)
	}
	fmt.Fprintf(&b, "%s\nrecovery-key %s\nmade %s\n%s%sthreshold %d\nsalt %x\n",
		format, d.Key.Hex(), d.Created.Format(time.RFC3339), replaces, record, d.Threshold, d.salt)
	for i, h := range d.hashes {
		fmt.Fprintf(&b, "share %x %s\n", h, d.Holders[i])
	}
	return b.Bytes()
}

// parseDescription takes only what marshal writes, so that a description has
// one text and one ID.
func parseDescription(text []byte, id SetID) (*Description, error) {
	if idOf(text) != id {
		return nil, ErrDescription
	}
	d := &Description{ID: id}
	for line := range strings.SplitSeq(string(text), "\n") {
		name, value, _ := strings.Cut(line, " ")
		d.set(name, value)
	}
	if (Plan{d.Threshold, d.Holders}).check() != nil || !bytes.Equal(d.marshal(), text) {
		return nil, ErrDescription
	}
	return d, nil
}

// set leaves a field as it is when the value is malformed: the text that is
// then made of it differs.
func (d *Description) set(name, value string) {
	switch name {
	case "recovery-key":
		decodeHex(d.Key[:], value)
	case "made":
		made, _ := time.Parse(time.RFC3339, value)
		d.Created = made.UTC()
	case "replaces":
		_ = d.Replaces.UnmarshalText([]byte(value))
	case "record":
		decodeHex(d.Record[:], value)
	case "threshold":
		d.Threshold, _ = strconv.Atoi(value)
	case "salt":
		decodeHex(d.salt[:], value)
	case "share":
		var hash [sha256.Size]byte
		digits, holder, _ := strings.Cut(value, " ")
		decodeHex(hash[:], digits)
		d.hashes = append(d.hashes, hash)
		d.Holders = append(d.Holders, holder)
	}
}

func decodeHex(to []byte, digits string) {
	if len(digits) == 2*len(to) {
		_, _ = hex.Decode(to, []byte(digits))
	}
}
