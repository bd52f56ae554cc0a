package main

import (
	"errors"

	"recover/pkg/custody"
	"recover/pkg/rsadecrypt"
)

// custodyHint is what to do about an error of a share, of a sealed key or of
// the plan of a split, or "".
func custodyHint(err error) string {
	for _, h := range custodyHints {
		if errors.Is(err, h.err) {
			return h.hint
		}
	}
	var (
		damaged     *custody.DamagedError
		length      custody.LengthError
		page        *custody.PageError
		version     custody.VersionError
		otherKey    *custody.OtherKeyError
		otherSet    *custody.OtherSetError
		wrongShare  *custody.WrongShareError
		wrongHolder *custody.HolderError
		duplicate   *custody.DuplicateError
		tooFew      custody.TooFewError
		name        *custody.NameError
		chain       *custody.ChainError
		subset      *custody.SubsetError
	)
	switch {
	case errors.As(err, &damaged), errors.As(err, &length):
		return "look there again, on the paper or in another copy of the share; groups are of four characters, counted from RS1"
	case errors.As(err, &page):
		return "take another copy of the page, or give only the string that begins with RS1"
	case errors.As(err, &version):
		return "look for a newer version of this program"
	case errors.As(err, &otherKey):
		return "take the share and the sealed key that are for the same recovery key"
	case errors.As(err, &otherSet):
		return "shares of different sets never combine: look for the share of this set, or for the sealed key of the other"
	case errors.As(err, &wrongShare):
		return "look for another copy of this share; if there is none, the other holders have to be enough"
	case errors.As(err, &wrongHolder):
		return "the page was changed: find out by whom, or give only the string that begins with RS1"
	case errors.As(err, &duplicate):
		return "let the next holder come, with another share"
	case errors.As(err, &tooFew):
		return "let further holders come; fewer shares open nothing"
	case errors.As(err, &name):
		return "give each holder a short name of ASCII letters and digits; custodian-1 is a name too"
	case errors.As(err, &chain):
		return "take another copy of the transcript; what stands before that line is as it was written"
	case errors.As(err, &subset):
		return "keep the original; destroy what was written and split again, on another medium"
	}
	return ""
}

var custodyHints = []struct {
	err  error
	hint string
}{
	{custody.ErrOneOfN, "choose a threshold of 2 or more, or seal the key with --recipient for each of them"},
	{custody.ErrThreshold, "name more holders with --custodian, or lower --threshold"},
	{custody.ErrTooMany, "choose fewer holders: 3 to 7 are usual"},
	{custody.ErrDate, "set the clock of this machine: the date becomes a part of the shares"},
	{custody.ErrNotShare, "a share is a page named share.txt, or a string that begins with RS1; \"recover inspect FILE\" says what a file is"},
	{custody.ErrInvalidFields, "take another copy of the share"},
	{custody.ErrNotSealedKey, "give the file sealed-recovery-key.age that lay beside the share"},
	{custody.ErrDescription, "take the copy of another holder: it is the same file"},
	{custody.ErrSealedKeyDamaged, "take the copy of another holder: it is the same file"},
	{custody.ErrInconsistent, "leave out one share after the other; whoever made this set made it wrong"},
	{custody.ErrRecipient, "give NAME=age1… or NAME='ssh-ed25519 …'; the identity that begins with AGE-SECRET-KEY-1 is secret and stays where it is"},
	{custody.ErrPlugin, "no other program is run here: take an age or SSH recipient, or a passphrase"},
	{custody.ErrSSHKey, "give an age identity file, or an SSH private key of type ssh-ed25519 or ssh-rsa"},
	{errShareNeedsIdentity, "add --identity with the holder's age identity or SSH private key"},
	{errNoSuchFile, "check the name, and whether the medium is mounted; answer \"type\" before a share is typed"},
	{errLeftOver, "it is of no use to anybody: destroy it, for it may hold shares, and start again"},
	{rsadecrypt.ErrWrongIdentity, "it was sealed to another identity of its holder: try the other ones with --identity"},
	{rsadecrypt.ErrWrongPassphrase, "try again; mind the keyboard layout and caps lock"},
	{rsadecrypt.ErrSealDamaged, "take another copy of the share"},
}
