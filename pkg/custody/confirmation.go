package custody

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Confirmation is what a holder's check leaves for the owner: a line of JSON, no
// secret. That the holder wrote it, only a signature tells, or the holder.
type Confirmation struct {
	Type      string    `json:"type"`   // "confirmation"
	Format    string    `json:"format"` // confirmationFormat
	Time      time.Time `json:"time"`   // UTC, in seconds, by the clock of the holder's machine
	Share     int       `json:"share"`
	Holder    string    `json:"holder"`
	Set       SetID     `json:"set"`
	SealedKey Digest    `json:"sealed_key_sha256"`
	// What share and sealed key were compared with.
	Against    Against `json:"against"`
	Transcript Digest  `json:"transcript_sha256,omitzero"` // of its last line
	Version    string  `json:"version"`                    // of the program
	Tool       Digest  `json:"tool_sha256,omitzero"`
}

// Against is what a holder compared with.
type Against string

// The ways to compare.
const (
	AgainstTranscript Against = "transcript"
	AgainstNumbers    Against = "set-and-sha256" // that the holder was told
)

const confirmationFormat = "recover-confirmation/1"

// The largest file of confirmations that is read: bytes, and lines.
const (
	MaxConfirmations = 1 << 20
	maxConfirmed     = 4096
)

// ErrConfirmation is what is no confirmation as a check writes it.
var ErrConfirmation = errors.New("not a confirmation as custody check writes it")

// Line returns the line, with its line feed. The error is ErrConfirmation.
func (c *Confirmation) Line() ([]byte, error) {
	c.Type, c.Format = "confirmation", confirmationFormat
	c.Time = c.Time.UTC().Truncate(time.Second)
	if !c.valid() {
		return nil, ErrConfirmation
	}
	line, err := json.Marshal(c)
	return append(line, '\n'), err
}

func (c *Confirmation) valid() bool {
	year := c.Time.Year()
	return c.Type == "confirmation" && c.Format == confirmationFormat && validName(c.Holder) && c.Share >= 1 && c.Share <= MaxShares &&
		slices.Contains([]Against{AgainstTranscript, AgainstNumbers}, c.Against) && (c.Against == AgainstTranscript) == (c.Transcript != Digest{}) &&
		token(c.Version) && year >= 1970 && year <= 9999
}

// ParseConfirmations reads confirmations, a line each. It takes only what Line
// writes. The error is ErrConfirmation.
func ParseConfirmations(data []byte) ([]*Confirmation, error) {
	if len(data) == 0 || len(data) > MaxConfirmations {
		return nil, ErrConfirmation
	}
	var all []*Confirmation
	for line := range bytes.Lines(data) {
		line = bytes.TrimRight(line, "\r\n") // mail and editors change what ends a line
		if len(line) == 0 {
			continue
		}
		c := new(Confirmation)
		if len(all) == maxConfirmed || json.Unmarshal(line, c) != nil {
			return nil, ErrConfirmation
		}
		if again, err := c.Line(); err != nil || !bytes.Equal(bytes.TrimRight(again, "\n"), line) {
			return nil, ErrConfirmation
		}
		all = append(all, c)
	}
	if len(all) == 0 {
		return nil, ErrConfirmation
	}
	return all, nil
}

// Expected is a set whose holders are to confirm.
type Expected struct {
	Set        SetID
	SealedKey  Digest
	Holders    []string // in the order of the shares
	Transcript Digest   // of the last line; zeros: not known
}

// UnexpectedError is a confirmation that is of something else.
type UnexpectedError struct {
	Holder  string
	Problem string
}

func (e *UnexpectedError) Error() string {
	return fmt.Sprintf("the confirmation of %s %s", e.Holder, e.Problem)
}

// Check tells whether a confirmation is one of this set. The error is an
// *UnexpectedError.
func (x *Expected) Check(c *Confirmation) error {
	problem := ""
	switch {
	case c.Set != x.Set:
		problem = fmt.Sprintf("is of set %s, not of set %s", c.Set, x.Set)
	case c.Share > len(x.Holders) || x.Holders[c.Share-1] != c.Holder:
		problem = fmt.Sprintf("is of share %d, which is not that holder's", c.Share)
	case c.SealedKey != x.SealedKey:
		problem = fmt.Sprintf("is of a sealed key with the SHA-256 %x, not %x", c.SealedKey, x.SealedKey)
	case c.Transcript != Digest{} && x.Transcript != Digest{} && c.Transcript != x.Transcript:
		problem = fmt.Sprintf("was compared with another transcript, whose last line has the SHA-256 %x", c.Transcript)
	}
	if problem != "" {
		return &UnexpectedError{c.Holder, problem}
	}
	return nil
}

// Expect returns what the holders of the set that was made in a ceremony have to
// confirm; ok is false where the transcript does not tell all of it.
func (c *Ceremony) Expect(head Digest) (x *Expected, ok bool) {
	sealed, one := c.SealedKey()
	if !one || len(c.holders) != c.Count {
		return nil, false
	}
	return &Expected{c.Set, sealed, slices.Clone(c.holders), head}, true
}

// Expect returns what the holders of this copy of the sealed key have to confirm.
func (k *SealedKey) Expect() *Expected {
	return &Expected{Set: k.ID, SealedKey: DigestOf(k.file), Holders: slices.Clone(k.Holders)}
}
