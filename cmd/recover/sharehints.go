package main

import (
	"errors"

	"recover/pkg/custody"
	"recover/pkg/rsadecrypt"
)

// custodyHint is the hint of custodyAdvice.
func custodyHint(err error) string { return custodyAdvice(err).hint }

// custodyAdvice is about an error of a share, of a sealed key or of the plan of a
// split.
func custodyAdvice(err error) advice {
	if a := about(custodyHints, err); a != (advice{}) {
		return a
	}
	if a := copyAdvice(err); a != (advice{}) {
		return a
	}
	var differs *differsError
	switch {
	case errors.As(err, &differs):
		return advice{"not-as-the-ceremony", differs.hint}
	case is[*custody.UnexpectedError](err):
		return advice{"confirmation-differs", "that holder has checked another folder, or another copy: have it checked again, with the transcript, before anything is destroyed"}
	case is[*custody.SignersError](err):
		return advice{"signers-invalid", "write NAME, and the public key as it is in the .pub file, on one line for each"}
	case is[*oddSealedKeyError](err):
		return advice{"sealed-key-odd", "give another holder's copy with --sealed-key, which may be given several times"}
	case is[*custody.DamagedError](err), is[custody.LengthError](err):
		return advice{"share-damaged", "look there again, on the paper or in another copy; groups have four characters and are counted from RS1"}
	case is[*custody.PageError](err):
		return advice{"share-page-changed", "take another copy of the page, or type only the string that begins with RS1"}
	case is[custody.VersionError](err):
		return advice{"share-version", "look for a newer version of this program, which reads this share"}
	case is[*custody.OtherKeyError](err):
		return advice{"share-of-other-key", "find the share and the sealed key of the same recovery key: \"recover inspect FILE\" names the key of each"}
	case is[*custody.OtherSetError](err):
		return advice{"share-of-other-set", "shares of different sets never combine: find the share of this set, or the sealed key of the other set"}
	case is[*custody.WrongShareError](err):
		return advice{"share-wrong", "note who brought it, and go on with the other holders; the genuine share is with its holder"}
	case is[*custody.HolderError](err):
		return advice{"share-holder-changed", "the page was changed: find out by whom; the string that begins with RS1 can be typed without it"}
	case is[*custody.DuplicateError](err):
		return advice{"share-twice", "ask the next holder for another share"}
	case is[custody.TooFewError](err):
		return advice{"shares-too-few", "ask more holders for their shares; fewer open nothing"}
	case is[*custody.NameError](err):
		return advice{"holder-name-invalid", "give each holder a short name of ASCII letters and digits, for example custodian-1"}
	case is[*custody.ChainError](err):
		return advice{"transcript-damaged", "take another copy of the transcript; the lines before that one are unchanged"}
	case is[*custody.SubsetError](err):
		return advice{"split-failed", "keep the original, destroy what was written, and split again on another medium"}
	}
	return advice{}
}

var custodyHints = []given{
	{custody.ErrOneOfN, advice{"threshold-one", "choose a threshold of 2 or more, or seal the key with --recipient for each of them"}},
	{custody.ErrThreshold, advice{"threshold-too-high", "name more holders with --custodian, or lower --threshold"}},
	{custody.ErrTooMany, advice{"holders-too-many", "choose fewer holders: 3 to 7 are usual"}},
	{custody.ErrDate, advice{"clock-wrong", "set the clock of this machine: the date is part of the shares"}},
	{custody.ErrNotShare, advice{"not-a-share", "a share is the page share.txt, or a string that begins with RS1; \"recover inspect FILE\" identifies a file"}},
	{custody.ErrInvalidFields, advice{"share-invalid", "take another copy of the share"}},
	{custody.ErrNotSealedKey, advice{"not-a-sealed-key", "give the file sealed-recovery-key.age that is next to the share"}},
	{custody.ErrDescription, advice{"sealed-key-damaged", "take another holder's copy: all have the same file"}},
	{custody.ErrSealedKeyDamaged, advice{"sealed-key-damaged", "take another holder's copy: all have the same file"}},
	{custody.ErrInconsistent, advice{"set-inconsistent", "leave out one share after the other: the set was made wrong, and some of its shares may still fit together"}},
	{custody.ErrUnended, advice{"transcript-unended", "take another copy of the transcript; if there is none, the ceremony was not brought to its end"}},
	{custody.ErrText, advice{"transcript-text-differs", "believe the transcript, not its text: show it with \"recover inspect\""}},
	{errNoSealedKey, advice{"sealed-key-not-there", "name the folder of a holder, which has sealed-recovery-key.age; or give --sealed-key FILE and --out DIR"}},
	{errNoSet, advice{"transcript-without-set", "give the transcript of the split, reissue or keygen that made the set"}},
	{errNotDone, advice{"transcript-not-done", "give the transcript of the ceremony that made the set; do not use what an unfinished one wrote"}},
	{errOtherHead, advice{"transcript-other-head", "do not rely on this transcript: take the copy whose last line has the SHA-256 that the witness wrote down"}},
	{errNoOutcomes, advice{"transcript-without-hashes", "give --set and --sha256 instead, with what the ceremony showed"}},
	{custody.ErrConfirmation, advice{"confirmation-invalid", "give the file that \"recover custody check --confirmation FILE\" wrote"}},
	{errOtherSigner, advice{"confirmation-of-other-signer", "ask both of them: each holder signs only their own confirmation"}},
	{errNotSigned, advice{"not-to-be-signed", "give the transcript itself, not its text, or a confirmation"}},
	{custody.ErrSignature, advice{"signature-invalid", "the file was changed after it was signed, or the signature belongs to another file: take other copies of both"}},
	{custody.ErrNotSignature, advice{"not-a-signature", "sign with \"recover custody sign\", or with ssh-keygen -Y sign -n recover-ceremony"}},
	{custody.ErrOtherPurpose, advice{"signature-of-other-purpose", "sign again with \"recover custody sign\", or with ssh-keygen -Y sign -n recover-ceremony"}},
	{custody.ErrSignatureWeak, advice{"signature-weak", "sign with an Ed25519 key, or an RSA key of 2048 bits or more"}},
	{custody.ErrRecipient, advice{"holder-recipient-invalid", "give NAME=age1… or NAME='ssh-ed25519 …'; a text that begins with AGE-SECRET-KEY-1 is a secret: keep it where it is"}},
	{custody.ErrPlugin, advice{"recipient-plugin", "age plugins are not run: use an age or SSH recipient, or a passphrase"}},
	{custody.ErrSSHKey, sshKey},
	{errShareNeedsIdentity, advice{"share-identity-missing", "add --identity with the holder's age identity or SSH private key"}},
	{errNoSuchFile, advice{"share-file-missing", "check the name, and whether the medium is mounted; to type a share, answer \"type\" first"}},
	{errLeftOver, advice{"left-over", "destroy it, because it may hold shares, and start again"}},
	{rsadecrypt.ErrWrongIdentity, advice{"share-identity-wrong", "the share is sealed to another identity: try the holder's other ones with --identity"}},
	{rsadecrypt.ErrWrongPassphrase, passphraseWrong},
	{rsadecrypt.ErrSealDamaged, advice{"share-seal-damaged", "take another copy of the sealed share"}},
}
