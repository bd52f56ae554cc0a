package main

import (
	"errors"
	"io/fs"
	"os"

	"recover/internal/bucket"
	"recover/internal/output"
	"recover/internal/terminal"
	"recover/internal/workstation"
	"recover/pkg/record"
	"recover/pkg/rsadecrypt"
	"recover/pkg/shard"
)

// What the user can do about it: for every error that ends the program, and
// for every reason that a key is not done. Facts are the errors' own; only this
// file gives advice.

// hint returns the next step after an error, or "".
func hint(err error) string {
	var variable *workstation.VariableError
	var faulty *record.Error
	var file *fileError
	switch {
	case errors.As(err, &variable):
		return "unset " + variable.Name + " and start again: it can change how the program computes"
	case errors.As(err, &faulty):
		return "correct the record in a copy; the original stays as it is"
	case errors.As(err, &file):
		if h := fileHint(file); h != "" {
			return h
		}
	}
	for _, h := range hints {
		if errors.Is(err, h.err) {
			return h.hint
		}
	}
	var stdout *fs.PathError
	switch {
	case errors.As(err, &stdout) && stdout.Path == os.Stdout.Name():
		return "not everything could be shown; what is in --out is complete, and the rest can be run again"
	case shard.ReasonOf(err) != "":
		return reasonHint(shard.ReasonOf(err))
	case file != nil && file.role == asOutput:
		return "give a directory on a medium that can be written to"
	case file != nil:
		return "copy it to a sound medium and try again"
	}
	return ""
}

var hints = []struct {
	err  error
	hint string
}{
	{terminal.ErrNoTerminal, "run it in a terminal, or give secrets with --passphrase-fd"},
	{terminal.ErrInterrupted, "nothing was changed; start again when ready"},
	{terminal.ErrNoMoreLines, "the descriptor needs a line for each passphrase, in the order asked: the key file's first, then that of the output"},
	{terminal.ErrTooLong, "a passphrase has 1024 bytes at most: is it the right file?"},
	{terminal.ErrEmpty, "choose a passphrase of several words"},
	{terminal.ErrMismatch, "type the same passphrase twice"},
	{output.ErrExists, "nothing is ever overwritten: give a new name"},
	{output.ErrNoParent, "make the directory above it first"},
	{output.ErrNotWritable, "give a directory on a medium that can be written to"},
	{output.ErrNoSpace, "use a medium with more space; what the journal lists is safe"},
	{output.ErrRecipient, "give an age recipient that begins with age1; the identity that begins with AGE-SECRET-KEY-1 is secret and stays where it is"},
	{errInterruptedRun, "what the journal lists is safe; the other keys can be rebuilt into a new directory"},
	{record.ErrChanged, "work on a copy of the record that nothing else writes to"},
}

// fileHint is about a file that was named for one purpose and is of another, or
// is not there.
func fileHint(e *fileError) string {
	for _, h := range fileHints {
		if h.role == e.role && errors.Is(e.err, h.err) {
			return h.hint
		}
	}
	switch {
	case e.role == asOutput:
		return ""
	case errors.Is(e.err, fs.ErrNotExist):
		return "check the path: is the medium mounted?"
	case errors.Is(e.err, fs.ErrPermission):
		return "copy it to where you can read it, or ask its owner"
	}
	switch e.role {
	case asKey:
		return keyHint(e.err)
	case asIdentity:
		return "give the file that age-keygen wrote"
	case asPublicKey:
		return "give the public half of the recovery key, as it was registered with the service"
	}
	return ""
}

var fileHints = []struct {
	role role
	err  error
	hint string
}{
	{asShards, bucket.ErrNoKeys, "name the directory that holds a folder for each key ID, as \"aws s3 sync\" leaves it"},
	{asRecord, errNotRecorded, "take the recovery key that the record names, or correct the record"},
	{asRecord, output.ErrNotRegular, "give the record as a file"},
	{asKey, errNeedsIdentity, "add --identity with the age identity file"},
	{asKey, rsadecrypt.ErrPublicKey, "give the private half: the public half is what was registered with the service"},
	{asKey, rsadecrypt.ErrWrongIdentity, "the file was sealed to another identity: try the other ones with --identity"},
	{asKey, rsadecrypt.ErrWrongPassphrase, "try again; mind the keyboard layout and caps lock"},
	{asAny, output.ErrDirectory, "name the files in it"},
	{asAny, output.ErrNotRegular, "copy what it holds to a file"},
	{asAny, errUnknownFile, "look whether it is whole, and of the right kind"},
	{asAny, errReport, "take another copy of it"},
	{asShards, errNoEntryFits, "compare the IDs in the record with another copy of it, or look for the record of this bucket"},
	{asIdentity, rsadecrypt.ErrSealedIdentities, "open it first: age -d FILE > /dev/shm/identity, and remove that afterwards"},
	{asPublicKey, rsadecrypt.ErrPrivateKey, "this is the private half: keep it away from here, and give the public half"},
	{asPublicKey, rsadecrypt.ErrCertificate, "take the public key out of it: openssl x509 -pubkey -noout"},
}

func keyHint(err error) string {
	var kind *rsadecrypt.KeyKindError
	switch {
	case errors.Is(err, rsadecrypt.ErrTruncated), errors.Is(err, rsadecrypt.ErrDamagedKey), errors.Is(err, rsadecrypt.ErrSealDamaged),
		errors.Is(err, rsadecrypt.ErrBadStructure), errors.Is(err, rsadecrypt.ErrBadPEM), errors.Is(err, rsadecrypt.ErrBadHex),
		errors.Is(err, rsadecrypt.ErrEmpty), errors.Is(err, rsadecrypt.ErrTrailing):
		return "take another copy of the recovery key file"
	case errors.Is(err, rsadecrypt.ErrSeveralKeys):
		return "copy the recovery key to a file of its own"
	case errors.Is(err, rsadecrypt.ErrNested):
		return "open the outer seal first, and give what is in it"
	case errors.Is(err, rsadecrypt.ErrAgeIdentity):
		return "give it with --identity, and the sealed key file with --key"
	case errors.Is(err, rsadecrypt.ErrPKCS12):
		return "take the key out of it: openssl pkcs12 -nocerts"
	case errors.Is(err, rsadecrypt.ErrOpenSSH), errors.As(err, &kind):
		return "the recovery key is an RSA key in PEM, DER or hex: look for another file"
	}
	return "\"recover inspect FILE\" says what a file is"
}

// reasonHint is what to do about a key that is not done, or "".
func reasonHint(reason shard.Reason) string {
	switch reason {
	case reasonMissing:
		return "download the key's folder again; if it is not in the bucket, look for older versions and copies of the bucket"
	case reasonUnrecorded:
		return "add the key to the record: its quorum ID is not in the bucket, and without it nothing can be rebuilt"
	case reasonUnreadable:
		return "copy the download to a sound medium and try again"
	case reasonRecord:
		return "find out which of the two is right before the key is used: the record or the backup may belong to another key"
	case shard.ReasonMalformed:
		return "download the shard again, or another version of it"
	case shard.ReasonUnsupported:
		return "look for a newer version of this program"
	case shard.ReasonAlgorithm:
		return "correct the algorithm in the record, or look whether the shard lies in the right folder"
	case shard.ReasonWrongIDs:
		return "compare both IDs with another copy of the record: mistyped characters, an old quorum ID from before a restructure, IDs swapped"
	case shard.ReasonOtherRecoveryKey:
		return "take the recovery key with that fingerprint, or the shard of the kit that is for this one"
	case shard.ReasonProof:
		return "a rebuild may still succeed: try it in a drill; download the shard again and have the service make a new backup"
	case shard.ReasonTooFewPlayers:
		return "look for another version or copy of the shard"
	case shard.ReasonPublicKey:
		return "do not use this shard: download it again, or look for another version"
	case shard.ReasonChainCode:
		return "look for another version or copy of the shard"
	case shard.ReasonWalletKey:
		return "do not treat this key as recovered: ask the service how the wallet key is derived from the master key"
	case shard.ReasonKeySource:
		return "make the recovery key available again and repeat the run into a new directory"
	}
	return ""
}
