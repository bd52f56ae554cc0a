package custody

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
)

// ErrUnended is a transcript without an end.
var ErrUnended = errors.New("the transcript has no end: the ceremony was broken off, or lines are missing")

// ErrText is a text for people that does not say what its transcript says.
var ErrText = errors.New("it does not say what the transcript says")

// CheckCeremony tells whether the events of a transcript are one ceremony: one
// begin, before everything; one end, after everything; and a time that never
// runs backwards. A chain that holds says nothing of that: whoever writes all
// lines anew makes a chain. The error is a *ChainError or ErrUnended.
func CheckCeremony(events []Event) error {
	for i, e := range events {
		problem := ""
		switch {
		case i == 0 && e.Step != StepBegin:
			problem = "not the beginning of a ceremony"
		case i > 0 && e.Step == StepBegin:
			problem = "another ceremony begins"
		case i > 0 && events[i-1].Step == StepEnd:
			problem = "it comes after the end"
		case i > 0 && e.Time.Before(events[i-1].Time):
			problem = "its time is before that of the line before"
		}
		if problem != "" {
			return &ChainError{i + 1, problem}
		}
	}
	if len(events) == 0 || events[len(events)-1].Step != StepEnd {
		return ErrUnended
	}
	return nil
}

// CheckText compares the text for people, FILE.txt, with the events of the
// transcript and the SHA-256 of its last line. The error names the first line
// that differs, and is ErrText.
func CheckText(text []byte, events []Event, head Digest) error {
	rest := bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n"))
	for i, e := range events {
		line, after, _ := bytes.Cut(rest, []byte("\n"))
		if string(line) != e.String() {
			return fmt.Errorf("%w: line %d", ErrText, i+1)
		}
		rest = after
	}
	digits := bytes.Join(bytes.Fields(rest), nil)
	if !bytes.Contains(digits, []byte(hex.EncodeToString(head[:]))) {
		return fmt.Errorf("%w: the SHA-256 at its end", ErrText)
	}
	return nil
}

// ParseDigest reads a SHA-256 as people copy it: 64 hex digits of either case,
// with or without blanks between them.
func ParseDigest(text string) (d Digest, err error) {
	err = d.UnmarshalText([]byte(strings.ToLower(strings.Join(strings.Fields(text), ""))))
	return d, err
}

// ParseSetID reads a set ID as people copy it: 16 hex digits of either case, with
// or without blanks between them.
func ParseSetID(text string) (id SetID, err error) {
	err = id.UnmarshalText([]byte(strings.ToUpper(strings.Join(strings.Fields(text), ""))))
	return id, err
}

// Ceremony is what a transcript says of the set that was made in it.
type Ceremony struct {
	Set       SetID
	Replaces  SetID
	Key       Digest // fingerprint of the recovery key
	Threshold int
	Count     int
	Outcome   Outcome

	files      map[string]Digest   // "alice/share.txt" → SHA-256
	recipients map[string][]string // by holder; nil: the transcript does not tell
	holders    []string
}

// NewCeremony finds the set that was made in a ceremony. ok is false if none was,
// or several.
func NewCeremony(events []Event) (c *Ceremony, ok bool) {
	c = &Ceremony{files: make(map[string]Digest), recipients: make(map[string][]string)}
	made := 0
	for _, e := range events {
		switch e.Step {
		case StepSplit:
			made++
			c.Set, c.Replaces, c.Key, c.Threshold, c.Count = e.Set, e.Replaces, e.Key, e.Threshold, e.Count
		case StepOutput:
			c.files[fileOf(e.Holder, e.File)] = e.SHA256
			if e.File == SealedKeyName && e.Holder != "" {
				c.holders = append(c.holders, e.Holder)
			}
		case StepRecipient:
			c.recipients[e.Holder] = append(c.recipients[e.Holder], e.Recipient)
		case StepEnd:
			c.Outcome = e.Outcome
		}
	}
	return c, made == 1
}

func fileOf(holder, file string) string { return strings.TrimPrefix(holder+"/"+file, "/") }

// File returns the SHA-256 that a holder's file had when it was written.
func (c *Ceremony) File(holder, file string) (Digest, bool) {
	d, ok := c.files[fileOf(holder, file)]
	return d, ok
}

// SealedKey returns the SHA-256 of the sealed key; ok is false if the transcript
// has none, or several.
func (c *Ceremony) SealedKey() (d Digest, ok bool) {
	for i, holder := range c.holders {
		file, _ := c.File(holder, SealedKeyName)
		if i > 0 && file != d {
			return Digest{}, false
		}
		d = file
	}
	return d, len(c.holders) > 0
}

// Recipients names whom the holder's share was sealed to; none in a transcript
// that does not tell.
func (c *Ceremony) Recipients(holder string) []string { return c.recipients[holder] }
