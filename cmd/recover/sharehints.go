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
		odd         *oddSealedKeyError
		differs     *differsError
		unexpected  *custody.UnexpectedError
		signers     *custody.SignersError
		subset      *custody.SubsetError
	)
	switch {
	case errors.As(err, &differs):
		return differs.hint
	case errors.As(err, &unexpected):
		return "that holder has checked another folder, or another copy: have it checked again, with the transcript, before anything is destroyed"
	case errors.As(err, &signers):
		return "write NAME, and the public key as it is in the .pub file, on one line for each"
	case errors.As(err, &odd):
		return "give another holder's copy with --sealed-key, which may be given several times"
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
		return "note who brought it, and go on with the other holders; the genuine share is with its holder"
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
	{custody.ErrUnended, "take another copy of the transcript; if there is none, the ceremony was not brought to its end"},
	{custody.ErrText, "believe the transcript, not its text: show it with \"recover inspect\""},
	{errNoSet, "give the transcript of the split, reissue or keygen that made the set"},
	{errNotDone, "give the transcript of the ceremony that made the set; what an unfinished one wrote is not to be used"},
	{errOtherHead, "do not rely on this transcript: take the copy whose last line has the SHA-256 that the witness wrote down"},
	{errNoOutcomes, "give --set and --sha256 instead, with what the ceremony showed"},
	{custody.ErrConfirmation, "give the file that \"recover custody check --confirmation FILE\" wrote"},
	{errOtherSigner, "ask both of them: each holder signs the own confirmation"},
	{errNotSigned, "give the transcript itself, not its text, or a confirmation"},
	{custody.ErrSignature, "the file was changed after it was signed, or the signature belongs to another file: take other copies of both"},
	{custody.ErrNotSignature, "sign with \"recover custody sign\", or with ssh-keygen -Y sign -n recover-ceremony"},
	{custody.ErrOtherPurpose, "sign again with \"recover custody sign\", or with ssh-keygen -Y sign -n recover-ceremony"},
	{custody.ErrSignatureWeak, "sign with an Ed25519 key, or an RSA key of 2048 bits or more"},
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
