package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"recover/internal/agefile"
	"recover/internal/bucket"
	"recover/internal/output"
	"recover/internal/passphrase"
	"recover/internal/plaintext"
	"recover/internal/terminal"
	"recover/internal/workstation"
	"recover/pkg/audit/cloud"
	"recover/pkg/custody"
	"recover/pkg/record"
	"recover/pkg/recovery"
	"recover/pkg/report"
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
	var kind *plaintext.KindError
	var file *fileError
	if h := lastMileHint(err); h != "" {
		return h
	}
	switch {
	case errors.As(err, &variable):
		return "unset " + variable.Name + " and start again: it can change how the program computes"
	case errors.As(err, &faulty) && errors.As(err, &kind) && (kind.Kind == plaintext.Office || kind.Kind == plaintext.OldOffice):
		return "save the table as \"CSV UTF-8\", and give that file"
	case errors.As(err, &faulty) && faulty.Line == 0 && faulty.Field == "":
		return "\"recover inspect FILE\" says what a file is; the record is your list of quorum IDs and key IDs"
	case faulty != nil:
		return "correct the record in a copy; the original stays as it is"
	case errors.As(err, &file):
		if h := runHint(file.err); h != "" {
			return h
		}
		if h := fileHint(file); h != "" {
			return h
		}
	}
	if isGap(err) {
		return "use a Linux kernel that has it, or leave " + strictFlag + " out"
	}
	if h := tokenHint(err); h != "" {
		return h
	}
	for _, h := range hints {
		if errors.Is(err, h.err) {
			return h.hint
		}
	}
	if h := custodyHint(err); h != "" {
		return h
	}
	var path *fs.PathError
	_ = errors.As(err, &path)
	switch {
	case path != nil && strings.HasPrefix(path.Path, "descriptor "):
		return "open a file or a pipe that holds a line for each passphrase"
	case path != nil && path.Path == os.Stdout.Name():
		return "not everything could be shown; what is in --out is complete, and the rest can be run again"
	case shard.ReasonOf(err) != "":
		return reasonHint(shard.ReasonOf(err))
	case file != nil && (file.role == asOutput || file.role == asNewSet || file.role == asTranscript):
		return "give a directory on a medium that can be written to"
	case file != nil:
		return "copy it to a sound medium and try again"
	}
	return ""
}

// runHint is about a run that cannot be resumed, or reports that cannot be
// merged.
func runHint(err error) string {
	var other *report.OtherRunError
	var contradiction *report.ContradictionError
	var twice *report.TwiceError
	switch {
	case errors.As(err, &other):
		return "give the same recovery key and options as before, or rebuild into a new directory"
	case errors.As(err, &contradiction):
		return "find out which of the two is right before the key is used; a record may be corrected for keys that are not rebuilt yet, else rebuild into a new directory"
	case errors.As(err, &twice):
		return "look which parts the reports are of: each key belongs to one part"
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
	{terminal.ErrTooLong, "a passphrase has 1024 bytes at most"},
	{passphrase.ErrEmpty, "put the new passphrase on its line: " + passphrase.Rule},
	{passphrase.ErrWeak, "take " + passphrase.Rule + "; at a terminal, Enter alone makes a passphrase of seven words. --weak-passphrase takes it all the same"},
	{passphrase.ErrMismatch, "start again, and type the same passphrase twice"},
	{output.ErrExists, "nothing is ever overwritten: give a new name"},
	{output.ErrNoParent, "make the directory above it first"},
	{output.ErrNotWritable, "give a directory on a medium that can be written to"},
	{output.ErrNoSpace, "use a medium with more space; what the journal lists is safe"},
	{agefile.ErrRecipient, "give an age recipient that begins with age1; the identity that begins with AGE-SECRET-KEY-1 is secret and stays where it is"},
	{errInterruptedRun, "what the journal lists is safe; go on with the same command, and --resume in the place of --out"},
	{report.ErrComplete, "rebuild into a new directory, if it has to be done again"},
	{report.ErrNotBegun, "remove the directory and start again"},
	{report.ErrNoJournal, "give the directory that was --out of the run that broke off"},
	{report.ErrLostJournal, "keep the directory, its keys can still be opened; rebuild into a new one"},
	{report.ErrIsJournal, "the run of it broke off: resume it, and give the report that it then writes"},
	{report.ErrOtherRecord, "give the record that was divided, and the reports of its parts; a part that was done with an earlier record is brought up to date by \"recover rebuild --resume\" with this one"},
	{report.ErrOtherEnvironment, "give the record that was divided, and the reports of its parts"},
	{report.ErrOtherRecoveryKey, "give the reports of one division only"},
	{report.ErrUnrecordedKey, "find out which recovery key is right: the record lists those of your kit, and the report is of another one"},
	{errSegmentChanged, "take another copy of the directory; do not use the keys in a file that was changed"},
	{report.ErrNotRebuild, "give the report.json of a rebuild"},
	{report.ErrChanged, "work on copies of the reports that nothing else writes to"},
	{errShardChanged, "give the same download as before, or rebuild into a new directory"},
	{errForgedKey, "do not use the keys in that directory: somebody may have changed it; rebuild into a new one"},
	{output.ErrInUse, "wait for the other process, or stop it"},
	{errProduction, "rehearse with a practice bucket (recover sandbox), or add --production if this drill is meant to use the real keys"},
	{errWallets, "give the JSON list that the service's wallets API returns, or CSV with a column quorum_id"},
	{record.ErrChanged, "work on a copy of the record that nothing else writes to"},
}

// fileHint is about a file that was named for one purpose and is of another, or
// is not there.
func fileHint(e *fileError) string {
	var archive *bucket.ArchiveError
	if errors.As(e.err, &archive) {
		return archiveHint(filepath.Join(e.path, filepath.FromSlash(archive.Path)), archive.Kind)
	}
	var kind *plaintext.KindError
	if errors.As(e.err, &kind) {
		return foreignHint(e, kind.Kind)
	}
	for _, h := range fileHints {
		if h.role == e.role && errors.Is(e.err, h.err) {
			return h.hint
		}
	}
	switch {
	case e.role == asOutput:
		return ""
	case errors.Is(e.err, output.ErrEmptyPipe):
		return "run the command in <(…) alone, to see what is wrong with it"
	case errors.Is(e.err, fs.ErrNotExist):
		return "check the path: is the medium mounted?"
	case errors.Is(e.err, fs.ErrPermission):
		return "copy it to where you can read it, or ask its owner"
	}
	switch e.role {
	case asKey:
		return keyHint(e.path, e.err)
	case asIdentity:
		return "give the file that age-keygen wrote"
	case asShare, asSealedKey:
		return custodyHint(e.err)
	case asPublicKey:
		return "give the public half of the recovery key, as it was registered with the service"
	}
	return ""
}

// inShell is a path as an argument of a command.
func inShell(path string) string {
	if strings.Trim(path, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-") == "" {
		return path
	}
	return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
}

// archiveHint is the command that unpacks an archive.
func archiveHint(path, kind string) string {
	command := "tar -xf " + inShell(path) + " -C DIR"
	switch kind {
	case "zip":
		command = "unzip " + inShell(path) + " -d DIR"
	case "7z", "rar":
		command = "7z x " + inShell(path) + " -oDIR"
	}
	return "unpack it into a new directory: " + command + "; then give --shards DIR"
}

var fileHints = []struct {
	role role
	err  error
	hint string
}{
	{asShards, bucket.ErrLinkedKeys, "copy the folders, or make hard links: cp -al BUCKET/KEY-ID DIR"},
	{asShards, bucket.ErrLinkOut, "copy the folder to its place, or make hard links: cp -al"},
	{asShards, bucket.ErrNoKeys, "name the directory that holds a folder for each key ID, as \"aws s3 sync\" leaves it"},
	{asRecord, errNoRecoveryKey, "add the fingerprint to recovery_keys in a copy of the record, or give --recovery-public-key"},
	{asRecord, errNotRecorded, "take the recovery key that the record names, or correct the record"},
	{asRecord, output.ErrNotRegular, "give the record as a file"},
	{asKey, errNeedsIdentity, "add --identity with the age identity file or the SSH private key"},
	{asKey, rsadecrypt.ErrUnmarked, "if the vendor's tool sealed it, add --old-sealed-key; otherwise find out which program encrypted it, decrypt it with that, and give the result"},
	{asKey, rsadecrypt.ErrPublicKey, "give the private half: the public half is what was registered with the service"},
	{asKey, rsadecrypt.ErrWrongIdentity, "the file was sealed to another identity: try the other ones with --identity"},
	{asKey, rsadecrypt.ErrWrongPassphrase, "try again; mind the keyboard layout and caps lock"},
	{asShare, errNoShareIn, "name the file of the share, or the holder's folder that it is in"},
	{asShare, output.ErrDirectory, "there are several shares in it: name the file of one"},
	{asAny, output.ErrDirectory, "name the files in it"},
	{asAny, output.ErrNotRegular, "copy what it holds to a file"},
	{asAny, errUnknownFile, "look whether it is whole, and of the right kind"},
	{asAny, rsadecrypt.ErrUnmarked, "if it is a recovery key that the vendor's tool sealed in its older form, give it to rebuild or drill with --old-sealed-key"},
	{asAny, report.ErrFormat, "take another copy of it"},
	{asOutput, report.ErrFormat, "keep the directory, its keys can still be opened; rebuild into a new one"},
	{asIdentity, rsadecrypt.ErrWrongPassphrase, "try again; mind the keyboard layout and caps lock"},
	{asIdentity, custody.ErrSSHKey, "give an age identity file, or an SSH private key of type ssh-ed25519 or ssh-rsa"},
	{asNewSet, output.ErrNoSpace, "use a medium with more space; nothing of the split was kept, and the original is as it was"},
	{asTranscript, output.ErrExists, "each attempt has a transcript of its own, and none is overwritten: give a new name, such as NAME-2, and keep both"},
	{asTranscript, output.ErrNoSpace, "use a medium with more space for the transcript"},
	{asShards, errNoEntryFits, "compare the IDs in the record with another copy of it, or look for the record of this bucket"},
	{asIdentity, rsadecrypt.ErrSealedIdentities, "open it on the way: in bash, --identity <(age -d FILE)"},
	{asPublicKey, rsadecrypt.ErrPrivateKey, "this is the private half: keep it away from here, and give the public half"},
	{asAnswers, cloud.ErrNoCollection, hintCollect},
	{asAnswers, cloud.ErrTooManyFiles, hintCollect},
	{asPublicKey, rsadecrypt.ErrCertificate, "take the public key out of it: openssl x509 -pubkey -noout"},
}

const hintCollect = "save the answers in a new directory, on a machine that reaches AWS: deploy/aws/collect.sh BUCKET ROLE DIR"

func keyHint(path string, err error) string {
	var unsupported *rsadecrypt.UnsupportedError
	var work *rsadecrypt.WorkError
	var large *output.TooLargeError
	var limit *plaintext.LimitError
	var kind *rsadecrypt.KeyKindError
	var size *rsadecrypt.SizeError
	var system syscall.Errno
	var custodyFile *custodyFileError
	switch {
	case errors.As(err, &custodyFile):
		return custodyFile.hint
	case errors.Is(err, rsadecrypt.ErrTruncated), errors.Is(err, rsadecrypt.ErrDamagedKey), errors.Is(err, rsadecrypt.ErrSealDamaged),
		errors.Is(err, rsadecrypt.ErrEmpty), errors.Is(err, plaintext.ErrDamagedGzip):
		return "take another copy of the recovery key file"
	case errors.Is(err, rsadecrypt.ErrBadStructure), errors.Is(err, rsadecrypt.ErrBadPEM), errors.Is(err, rsadecrypt.ErrBadHex),
		errors.Is(err, rsadecrypt.ErrTrailing):
		return "look for the recovery key in another file, or compare this one with another copy of it"
	case errors.As(err, &unsupported), errors.As(err, &work):
		return "let openssl decrypt it: in bash, --key <(openssl pkey -in " + shellQuoted(path) + " -provider legacy -provider default)"
	case errors.As(err, &large), errors.Is(err, rsadecrypt.ErrTooLarge), errors.As(err, &limit):
		return "a key file has less than 256 KiB: give the file of the key alone"
	case errors.Is(err, rsadecrypt.ErrSeveralKeys):
		return "copy the recovery key to a file of its own"
	case errors.Is(err, rsadecrypt.ErrNested):
		return "open the outer seal first, and give what is in it"
	case errors.Is(err, rsadecrypt.ErrAgeIdentity):
		return "give it with --identity, and the sealed key file with --key"
	case errors.Is(err, rsadecrypt.ErrPKCS12):
		return "take the key out of it: in bash, --key <(openssl pkcs12 -in " + shellQuoted(path) + " -nocerts -nodes -legacy)"
	case errors.Is(err, rsadecrypt.ErrCertificate), errors.Is(err, rsadecrypt.ErrCertificateRequest),
		errors.As(err, &kind), errors.As(err, &size):
		return "the recovery key is an RSA key: look for another file"
	case errors.As(err, &system):
		return "copy it to a sound medium and try again"
	}
	return "look for the file of the recovery key: an RSA private key in PEM, DER, PKCS#12, OpenSSH's form, hex or base64"
}

// reasonHint is what to do about a key that is not done, or "".
func reasonHint(reason shard.Reason) string {
	switch reason {
	case recovery.ReasonArchive:
		return "unpack the archive (unzip, tar -xf or 7z x), and give the folder with --shards"
	case recovery.ReasonNoPermission:
		return "copy the download to where you can read it, or ask its owner: chmod -R u+rX"
	case recovery.ReasonMissing:
		return "download the key's folder again; if it is not in the bucket, look for older versions and copies of the bucket"
	case reasonUnrecorded:
		return "add the key to the record: its quorum ID is not in the bucket, and without it nothing can be rebuilt"
	case reasonSignature:
		return "do not trust this machine: repeat the drill on another one"
	case recovery.ReasonQuorum:
		return "find its quorum ID in the service's console or in an older record, and give it with --quorum-id; \"recover record find\" tries misspellings"
	case report.ReasonContradiction:
		return "find out which of the two is right before the key is used"
	case report.ReasonReported:
		return "do what that report says, and rebuild the key"
	case report.ReasonUnreported:
		return "run the part that it belongs to, and give its report too"
	case recovery.ReasonSeveralKeys:
		return "somebody may have planted one: put the wallet's public key or address from the service's list into the record, or give it with --public-key or --address, and run again"
	case recovery.ReasonUnproved:
		return "put the wallet's public key or address from the service's list into the record, or give it with --public-key or --address; without one, rebuild with --accept-unproved and compare the address with a source outside the bucket"
	case shard.ReasonOperations:
		return "the backup is badly damaged, or made to take long: look for another version of it; --salvage tries longer"
	case recovery.ReasonUnreadable:
		return "copy the download to a sound medium and try again"
	case recovery.ReasonRecord:
		return "find out which of the two is right before the key is used: the record or the backup may belong to another key"
	case shard.ReasonMalformed:
		return "download the shard again, or another version of it; where there is none, rebuild with --salvage"
	case shard.ReasonUnsupported:
		return "look for a newer version of this program"
	case shard.ReasonAlgorithm:
		return "correct the algorithm in the record, or look whether the shard lies in the right folder"
	case shard.ReasonWrongIDs:
		return "compare both IDs with another copy of the record: mistyped characters, an old quorum ID from before a restructure, IDs swapped"
	case shard.ReasonOtherRecoveryKey:
		return "take the recovery key with that fingerprint, or the shard of the kit that is for this one"
	case shard.ReasonProof:
		return "download the shard again, or another version of it, and have the service make a new backup; with the wallet's public key or address in the record, a rebuild may still give the right key"
	case shard.ReasonNoProof:
		return "record the wallet's public key or address from the service's list: only that tells whether the rebuilt key is right; have the service make a new backup, which has a proof"
	case shard.ReasonTooFewPlayers:
		return "look for another version or copy of the shard"
	case shard.ReasonPublicKey:
		return "do not use this shard: download it again, or look for another version"
	case shard.ReasonChainCode:
		return "look for another version or copy of the shard"
	case shard.ReasonWalletKey:
		return "do not use this key yet: put the wallet's public key or address from the service's list into the record, and run again"
	case shard.ReasonKeySource:
		return "make the recovery key available again and repeat the run into a new directory"
	}
	return ""
}
