package custody

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"time"

	"recover/internal/output"
	"recover/internal/plaintext"
	"recover/pkg/rsadecrypt"
)

// Digest is a SHA-256 in a transcript: of a file, or the fingerprint of a
// recovery key.
type Digest [sha256.Size]byte

// DigestOf returns the SHA-256 of data.
func DigestOf(data []byte) Digest { return sha256.Sum256(data) }

// MarshalText writes 64 lower-case hex digits.
func (d Digest) MarshalText() ([]byte, error) { return []byte(hex.EncodeToString(d[:])), nil }

// UnmarshalText reads 64 hex digits.
func (d *Digest) UnmarshalText(text []byte) error {
	if len(text) != hex.EncodedLen(len(d)) {
		return ErrEvent
	}
	_, err := hex.Decode(d[:], text)
	return err
}

// Step is what happened in a ceremony. The comments name the fields of Event
// that belong to it.
type Step string

// The steps.
const (
	StepBegin    Step = "begin"    // Verb, Version, File: the tool's, with its SHA256
	StepInput    Step = "input"    // File, SHA256
	StepSet      Step = "set"      // Set, Threshold, Count, Key: a sealed key was read
	StepAccepted Step = "accepted" // Share, Holder, Set
	StepRefused  Step = "refused"  // Reason, and what is known: see Refused
	StepRemoved  Step = "removed"  // Share, Holder: taken back
	// StepExposed is a share, or a line of one, that was typed where it could be
	// seen; with Share, Holder and Set if it was whole and of the set.
	StepExposed  Step = "exposed"
	StepCombined Step = "combined" // Set
	StepOpened   Step = "opened"   // Key: it is proved to be this one
	StepSplit    Step = "split"    // Set, Threshold, Count, Key: a new set
	// StepRecipient says who can open a share, once for each Recipient that it is
	// sealed to.
	StepRecipient Step = "recipient" // Share, Holder, Recipient
	StepAnnounced Step = "announced" // File, SHA256: an output that is written next
	StepOutput    Step = "output"    // File, SHA256, and Holder if it is for one
	StepVerified  Step = "verified"  // Set, Tried, All, ReadBack
	StepMachine   Step = "machine"   // Item: the machine is not fit in this, which was accepted
	StepEnd       Step = "end"       // Outcome
)

// Event is a line of a transcript. It has no field that could hold a secret:
// there are numbers, digests and IDs, and names that are too short for a share
// or an identity, and of letters, digits and "._+-" only.
type Event struct {
	Previous Digest    `json:"previous"` // of the line before; set by Record
	Time     time.Time `json:"time"`     // UTC, in seconds; set by Record
	Step     Step      `json:"step"`

	Verb    string `json:"verb,omitempty"` // "split", "check" …
	Version string `json:"version,omitempty"`
	File    string `json:"file,omitempty"` // its kind, not a path: "share.txt"
	SHA256  Digest `json:"sha256,omitzero"`

	Key       Digest `json:"recovery_key,omitzero"` // fingerprint
	Set       SetID  `json:"set,omitzero"`
	Threshold int    `json:"threshold,omitempty"`
	Count     int    `json:"count,omitempty"`
	Share     int    `json:"share,omitempty"` // index
	Holder    string `json:"holder,omitempty"`
	Reason    Reason `json:"reason,omitempty"`

	// What earlier programs did not write. Where one of these is empty, the text
	// of the event is as theirs was, so that their FILE.txt still agrees.
	Replaces  SetID    `json:"replaces,omitzero"`         // split: the set that this one replaces
	Recipient string   `json:"recipient,omitempty"`       // recipient: see RecipientName
	Mended    bool     `json:"mended,omitempty"`          // accepted: typed with errors, which its checksum put right
	Source    Source   `json:"source,omitempty"`          // refused: where it came from
	Before    bool     `json:"accepted_before,omitempty"` // refused: the share that it claims to be is there already
	ReadBack  ReadBack `json:"read_back,omitempty"`       // verified: what the files were read from
	Item      string   `json:"item,omitempty"`            // machine: of the preflight, "network"

	Tried   int     `json:"tried,omitempty"` // subsets
	All     bool    `json:"all,omitempty"`
	Outcome Outcome `json:"outcome,omitempty"`
}

// Source is where a share came from.
type Source string

// The sources.
const (
	FromFile Source = "file"
	Typed    Source = "typed" // or scanned
)

// ReadBack is what the files of a new set were read from again.
type ReadBack string

// The ways to read back.
const (
	FromMedium ReadBack = "medium" // the system had dropped its copy of every file
	FromCache  ReadBack = "cache"  // or may have come from there, or from memory
)

// Outcome is how a ceremony ended.
type Outcome string

// The outcomes.
const (
	Done        Outcome = "done"
	Failed      Outcome = "failed"
	Interrupted Outcome = "interrupted"
)

// Reason is why something was refused.
type Reason string

// The reasons.
const (
	ReasonDamaged     Reason = "damaged"
	ReasonNotShare    Reason = "not-a-share"
	ReasonPage        Reason = "malformed-page"
	ReasonNotOpened   Reason = "not-opened" // a sealed share: wrong passphrase or identity
	ReasonOtherKey    Reason = "other-recovery-key"
	ReasonOtherSet    Reason = "other-set"
	ReasonWrongShare  Reason = "wrong-share"
	ReasonWrongHolder Reason = "wrong-holder"
	ReasonDuplicate   Reason = "duplicate"
	ReasonTooFew      Reason = "too-few"
	ReasonNoFile      Reason = "no-file"
	ReasonUnreadable  Reason = "unreadable" // a file that cannot be read, or a folder
	ReasonOther       Reason = "other"

	// Of a sealed key, that the shares which were accepted do not open.
	ReasonSealedKey    Reason = "sealed-key-damaged"
	ReasonSealedOther  Reason = "sealed-key-of-another-key" // Key: the one that it holds
	ReasonInconsistent Reason = "inconsistent-shares"
	ReasonOddSealedKey Reason = "odd-sealed-key" // Set: the one that the shares are of
)

var reasonTexts = map[Reason]string{
	ReasonDamaged:     "a damaged share",
	ReasonNotShare:    "not a share",
	ReasonPage:        "a malformed page",
	ReasonNotOpened:   "a sealed share that did not open",
	ReasonOtherKey:    "not for this recovery key",
	ReasonOtherSet:    "a share of another set",
	ReasonWrongShare:  "not the share that was made",
	ReasonWrongHolder: "a page that names another holder",
	ReasonDuplicate:   "already given",
	ReasonTooFew:      "too few shares",
	ReasonNoFile:      "no file of that name",
	ReasonUnreadable:  "a file that cannot be read, or a folder without a share",
	ReasonOther:       "for another reason",

	ReasonSealedKey:    "a sealed key that the right shares do not open",
	ReasonSealedOther:  "a sealed key that holds another recovery key",
	ReasonInconsistent: "shares that do not fit together",
	ReasonOddSealedKey: "a sealed key of another set than the shares, which agree with each other",
}

// RefusedSealedKey returns the event for an error of Combine and Open: what was
// refused is the sealed key, and no holder.
func RefusedSealedKey(err error) Event {
	e := Event{Step: StepRefused, Reason: ReasonSealedKey}
	var other *OtherKeyError
	switch {
	case errors.As(err, &other):
		e.Reason, e.Key = ReasonSealedOther, Digest(other.Got)
	case errors.Is(err, ErrInconsistent):
		e.Reason = ReasonInconsistent
	case errors.As(err, new(TooFewError)):
		e.Reason = ReasonTooFew
	}
	return e
}

// Refused returns the event for an error of this package: the reason, and of
// which key, set, share or holder it was, as far as the error says.
func Refused(err error) Event {
	e := Event{Step: StepRefused, Reason: ReasonOther}
	var (
		damaged     *DamagedError
		length      LengthError
		page        *PageError
		otherKey    *OtherKeyError
		otherSet    *OtherSetError
		wrongShare  *WrongShareError
		wrongHolder *HolderError
		duplicate   *DuplicateError
		tooFew      TooFewError
		path        *fs.PathError
	)
	switch {
	case errors.As(err, &damaged), errors.As(err, &length):
		e.Reason = ReasonDamaged
	case errors.Is(err, ErrNotShare), errors.As(err, new(*plaintext.KindError)):
		e.Reason = ReasonNotShare
	case errors.As(err, &page):
		e.Reason = ReasonPage
	case errors.Is(err, rsadecrypt.ErrWrongPassphrase), errors.Is(err, rsadecrypt.ErrWrongIdentity):
		e.Reason = ReasonNotOpened
	case errors.As(err, &otherKey):
		e.Reason, e.Key = ReasonOtherKey, Digest(otherKey.Got)
	case errors.As(err, &otherSet):
		e.Reason, e.Set = ReasonOtherSet, otherSet.Got
	case errors.As(err, &wrongShare):
		e.Reason, e.Share, e.Holder, e.Before = ReasonWrongShare, wrongShare.Index, wrongShare.Holder, wrongShare.Before
	case errors.As(err, &wrongHolder):
		e.Reason, e.Share, e.Holder = ReasonWrongHolder, wrongHolder.Index, wrongHolder.Want
	case errors.As(err, &duplicate):
		e.Reason, e.Share, e.Holder = ReasonDuplicate, duplicate.Index, duplicate.Holder
	case errors.As(err, &tooFew):
		e.Reason = ReasonTooFew
	case errors.Is(err, fs.ErrNotExist):
		e.Reason = ReasonNoFile
	case errors.As(err, &path), errors.Is(err, output.ErrDirectory):
		e.Reason = ReasonUnreadable
	}
	return e
}
