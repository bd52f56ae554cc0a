package custody

import (
	"errors"
	"fmt"
	"time"

	"recover/internal/message"
	"recover/pkg/rsadecrypt"
)

// What can be wrong with a plan, a file or a string. The text of an error never
// holds a part of a share, nor bytes of a file.
var (
	ErrOneOfN    = errors.New("a threshold of 1 splits nothing: each holder alone could open the key")
	ErrThreshold = errors.New("the threshold is larger than the number of holders")
	ErrTooMany   = errors.New("more than 255 holders")
	ErrDate      = errors.New("the date of the set is not between 1970 and 2149")

	ErrNotShare      = errors.New("not a share of a recovery key")
	ErrSeveralShares = errors.New("several different shares in one file")
	ErrSealedShare   = errors.New("the share is sealed")
	ErrInvalidFields = errors.New("the fields of the share contradict each other")

	ErrNotSealedKey = errors.New("not the sealed key of a set of shares")
	// ErrDescription is a sealed key of which the header is damaged.
	ErrDescription = errors.New("the description of the set in the sealed key is damaged")
	// ErrSealedKeyDamaged is returned when shares that are all valid do not
	// open it: another copy of the same file may.
	ErrSealedKeyDamaged = errors.New("the shares are valid, but the sealed key does not open: this copy is damaged")
	// ErrInconsistent is a set that was made wrong, or to deceive.
	ErrInconsistent = errors.New("the shares are valid one by one, but do not fit together")

	ErrRecipient = errors.New("not an age recipient or SSH public key (age1…, ssh-ed25519 …, ssh-rsa …)")
	ErrPlugin    = errors.New("a recipient of an age plugin")
	ErrSSHSealed = errors.New("the SSH key is sealed with a passphrase")
	ErrSSHKey    = errors.New("not an SSH private key of type ssh-ed25519 or ssh-rsa")
)

// NameError is the name of a holder that cannot be used. The name is not
// repeated, for it may be of any kind.
type NameError struct {
	Holder  int // counted from 1
	Problem string
}

func (e *NameError) Error() string { return fmt.Sprintf("name of holder %d: %s", e.Holder, e.Problem) }

// VersionError is a share string of a later version of this format.
type VersionError int

func (e VersionError) Error() string { return fmt.Sprintf("a share of version %d, not 1", int(e)) }

// LengthError is the number of characters of a string that begins like a share
// and is much too short or too long.
type LengthError int

func (e LengthError) Error() string {
	return fmt.Sprintf("the share has %d characters instead of %d", int(e), stringLen)
}

// PageError is a fault in the text of a page, at a line counted from 1.
type PageError struct {
	Line    int
	Problem string
}

func (e *PageError) Error() string { return fmt.Sprintf("line %d of the page: %s", e.Line, e.Problem) }

// OtherKeyError is a share, or a sealed key, of another recovery key.
type OtherKeyError struct{ Got, Want rsadecrypt.Fingerprint }

func (e *OtherKeyError) Error() string {
	return fmt.Sprintf("not for this recovery key but for %s", e.Got)
}

// OtherSetError is a share of another set.
type OtherSetError struct {
	Got, Want         SetID
	GotMade, WantMade time.Time
}

func (e *OtherSetError) Error() string {
	return fmt.Sprintf("the share is of set %s, made on %s; this is set %s, made on %s",
		e.Got, e.GotMade.Format(time.DateOnly), e.Want, e.WantMade.Format(time.DateOnly))
}

// WrongShareError is a share that says it is of the set, and is not one of
// those that were made. Whose it is, nobody knows: its number is a claim.
type WrongShareError struct {
	Index  int
	Holder string // of the genuine share of that number; empty if there is none
	Before bool   // and that share was accepted before
}

func (e *WrongShareError) Error() string {
	switch {
	case e.Holder == "":
		return fmt.Sprintf("it claims to be share %d of this set, which has no share of that number", e.Index)
	case e.Before:
		return fmt.Sprintf("it claims to be share %d (%s), which was accepted before: it was altered, or made up", e.Index, e.Holder)
	}
	return fmt.Sprintf("it claims to be share %d (%s), and is not the share that was made for this set", e.Index, e.Holder)
}

// HolderError is a page that names another holder than the set does.
type HolderError struct {
	Index     int
	Got, Want string
}

func (e *HolderError) Error() string {
	return fmt.Sprintf("the page of share %d names %s as holder, the set names %s", e.Index, e.Got, e.Want)
}

// DuplicateError is a share that was given before.
type DuplicateError struct {
	Index  int
	Holder string
}

func (e *DuplicateError) Error() string {
	return fmt.Sprintf("share %d (%s) was already given", e.Index, e.Holder)
}

// TooFewError is the number of shares that are still needed.
type TooFewError int

func (e TooFewError) Error() string {
	return fmt.Sprintf("%d %s needed", int(e), message.Plural(int(e), "more share is", "more shares are"))
}
