package main

import (
	"errors"
	"io/fs"
	"path/filepath"
	"strings"
	"syscall"

	"recover/internal/bucket"
	"recover/internal/message"
	"recover/internal/output"
	"recover/internal/plaintext"
	"recover/pkg/audit/cloud"
	"recover/pkg/bucketlist"
	"recover/pkg/custody"
	"recover/pkg/report"
	"recover/pkg/rsadecrypt"
)

// fileAdvice is about a file that was named for one purpose and is of another,
// or is not there.
func fileAdvice(err error) advice {
	var e *fileError
	if !errors.As(err, &e) {
		return advice{}
	}
	if a := runAdvice(e.err); a != (advice{}) {
		return a
	}
	if archive, ok := errors.AsType[*bucket.ArchiveError](e.err); ok {
		return advice{"archive", archiveHint(filepath.Join(e.path, filepath.FromSlash(archive.Path)), archive.Kind)}
	}
	if a := listingAdvice(e); a != (advice{}) {
		return a
	}
	if kind, ok := errors.AsType[*plaintext.KindError](e.err); ok {
		return advice{"another-kind-of-file", foreignHint(e, kind.Kind)}
	}
	for _, h := range fileHints {
		if h.role == e.role && errors.Is(e.err, h.err) {
			return h.advice
		}
	}
	switch {
	case errors.Is(e.err, syscall.ENOTDIR) && e.role == asRebuilt:
		return advice{"path-through-file", "give the directory that the rebuild wrote, not a file in it"}
	case errors.Is(e.err, syscall.ENOTDIR):
		return advice{"path-through-file", "a part of this path is a file: give one that consists of directories"}
	case e.role == asOutput:
		return advice{}
	case errors.Is(e.err, output.ErrEmptyPipe):
		return advice{"pipe-empty", "run the command that feeds it alone, to see what is wrong; one that asks for a passphrase cannot do so in <(…): put it in front, with |, and give /dev/stdin"}
	case errors.Is(e.err, fs.ErrNotExist) && strings.HasPrefix(e.path, "~"):
		return advice{"file-missing", "the shell expands ~ only outside of quotes: write $HOME" + strings.TrimPrefix(filepath.ToSlash(e.path), "~") + " in double quotes, or the whole path"}
	case errors.Is(e.err, fs.ErrNotExist) && e.path == "-":
		return advice{"file-missing", "standard input is given as /dev/stdin"}
	case errors.Is(e.err, fs.ErrNotExist):
		return advice{"file-missing", "check the path: is the medium mounted?"}
	case errors.Is(e.err, fs.ErrPermission):
		return advice{"permission-denied", "copy it to where you can read it, or ask its owner"}
	case errors.Is(e.err, output.ErrDirectory):
		return advice{"is-a-directory", "name the file in it"}
	}
	switch e.role {
	case asKey:
		return keyAdvice(e.path, e.err)
	case asIdentity:
		return advice{"identity-invalid", "give the file that age-keygen wrote"}
	case asShare, asSealedKey:
		return custodyAdvice(e.err)
	case asPublicKey:
		return advice{"public-key-invalid", "give the public half of the recovery key, as it was registered with the service"}
	}
	return advice{}
}

// listingAdvice is about a listing of the bucket.
func listingAdvice(e *fileError) advice {
	var refused *bucketlist.Error
	switch {
	case errors.As(e.err, &refused) && refused.Incomplete:
		return advice{"listing-incomplete", "list it again, whole: aws s3api list-object-versions --bucket BUCKET, without --max-items, --delimiter and --no-paginate"}
	case errors.As(e.err, &refused):
		return advice{"listing-invalid", "save it again, as JSON: aws s3api list-object-versions --bucket BUCKET --output json"}
	case errors.Is(e.err, errOtherListing):
		return advice{"listing-other-bucket", "give the listing of the bucket that the download is of"}
	}
	return advice{}
}

// archiveHint is the command that unpacks an archive.
func archiveHint(path, kind string) string {
	command := "tar -xf " + message.ShellQuote(path) + " -C DIR"
	switch kind {
	case "zip":
		command = "unzip " + message.ShellQuote(path) + " -d DIR"
	case "7z", "rar":
		command = "7z x " + message.ShellQuote(path) + " -oDIR"
	}
	return "unpack it into a new directory: " + command + "; then give --shards DIR"
}

var fileHints = []struct {
	role role
	err  error
	advice
}{
	{asShards, bucket.ErrLinkedKeys, advice{"linked-folders", "copy the folders, or make hard links: cp -al BUCKET/KEY-ID DIR"}},
	{asShards, bucket.ErrLinkOut, advice{"link-out", "copy the folder to its place, or make hard links: cp -al"}},
	{asShards, bucket.ErrNoKeys, advice{"no-key-folders", "name the directory that holds a folder for each key ID, as \"aws s3 sync\" leaves it"}},
	{asShards, errNoEntryFits, advice{"no-entry-fits", "compare the IDs in the record with another copy of it, or look for the record of this bucket"}},
	{asRecord, errNoRecoveryKey, advice{"record-no-recovery-key", "add the fingerprint to recovery_keys in a copy of the record, or give --recovery-public-key"}},
	{asRecord, errNotRecorded, advice{"recovery-key-not-recorded", "take the recovery key that the record names, or the record of this bucket; where the recovery key was replaced, add it to recovery_keys"}},
	{asRecord, output.ErrNotRegular, advice{"not-a-file", "give the record as a file"}},
	{asKey, errNeedsIdentity, advice{"identity-missing", "add --identity with the age identity file or the SSH private key"}},
	{asKey, rsadecrypt.ErrUnmarked, advice{"key-unmarked", "if the vendor's tool sealed it, add --old-sealed-key; otherwise find out which program encrypted it, decrypt it with that, and give the result"}},
	{asKey, rsadecrypt.ErrPublicKey, advice{"key-is-public", "give the private half: the public half is what was registered with the service"}},
	{asKey, rsadecrypt.ErrWrongIdentity, advice{"identity-wrong", "the file was sealed to another identity: try the other ones with --identity"}},
	{asKey, rsadecrypt.ErrWrongPassphrase, passphraseWrong},
	{asIdentity, rsadecrypt.ErrWrongPassphrase, passphraseWrong},
	{asIdentity, custody.ErrSSHKey, sshKey},
	{asIdentity, rsadecrypt.ErrSealedIdentities, advice{"identity-sealed", "open it on the way: put \"age -d FILE |\" in front of the command, and give --identity /dev/stdin"}},
	{asShare, errNoShareIn, advice{"no-share-in-folder", "name the file of the share, or the holder's folder that it is in"}},
	{asSealedKey, output.ErrDirectory, advice{"is-a-directory", "name the file in it: sealed-recovery-key.age"}},
	{asShare, output.ErrDirectory, advice{"is-a-directory", "there are several shares in it: name the file of one"}},
	{asAny, output.ErrDirectory, advice{"is-a-directory", "name the files in it"}},
	{asAny, output.ErrNotRegular, advice{"not-a-file", "copy what it holds to a file"}},
	{asAny, errUnknownFile, advice{"unknown-file", "check whether it is complete, and the file that you meant"}},
	{asAny, rsadecrypt.ErrUnmarked, advice{"key-unmarked", "if it is a recovery key that the vendor's tool sealed in its older form, give it to rebuild or drill with --old-sealed-key"}},
	{asAny, report.ErrFormat, advice{"report-damaged", "take another copy of the report"}},
	{asOutput, report.ErrFormat, advice{"journal-damaged", "keep the directory, its keys can still be opened; rebuild into a new one"}},
	{asNewSet, output.ErrNoSpace, advice{"no-space", "use a medium with more space; nothing of the split was kept, and the original is as it was"}},
	{asOutput, errRunExists, advice{"output-exists", "to go on with that run, give --resume instead of --out; to do it all again, give a new name"}},
	{asTranscript, output.ErrExists, advice{"output-exists", "each attempt has a transcript of its own, and none is overwritten: give a new name, such as NAME-2, and keep both"}},
	{asTranscript, output.ErrNoSpace, advice{"no-space", "use a medium with more space for the transcript"}},
	{asPublicKey, rsadecrypt.ErrPrivateKey, advice{"key-is-private", "this is the private half: keep it away from here, and give the public half"}},
	{asAnswers, cloud.ErrNoCollection, collect},
	{asAnswers, cloud.ErrTooManyFiles, collect},
	{asPublicKey, rsadecrypt.ErrCertificate, advice{"key-is-certificate", "take the public key out of it: openssl x509 -pubkey -noout"}},
}

var (
	passphraseWrong = advice{"passphrase-wrong", "try again; mind the keyboard layout and caps lock"}
	collect         = advice{"answers-missing", "save the answers in a new directory, on a machine that reaches AWS: deploy/aws/collect.sh BUCKET ROLE DIR"}
	sshKey          = advice{"ssh-key-unsupported", "give an age identity file, or an SSH private key of type ssh-ed25519 or ssh-rsa"}
)

// keyAdvice is about a file that was given as the recovery private key.
func keyAdvice(path string, err error) advice {
	var work *rsadecrypt.WorkError
	if custodyFile, ok := errors.AsType[*custodyFileError](err); ok {
		return advice{"key-of-custody", custodyFile.hint}
	}
	if a := about(keyHints, err); a != (advice{}) {
		return a
	}
	switch {
	case errors.As(err, &work) && strings.HasPrefix(work.What, "age "):
		return advice{"key-unsupported", "let age open it: " + piped("age -d "+message.ShellQuote(path), "--key /dev/stdin")}
	case errors.As(err, &work) && strings.HasPrefix(work.What, "bcrypt "):
		return advice{"key-unsupported", "set its passphrase again in a copy, with less work: ssh-keygen -p -a 24 -f COPY"}
	case is[*rsadecrypt.UnsupportedError](err), errors.As(err, &work):
		return advice{"key-unsupported", "let openssl decrypt it: " + piped("openssl pkey -in "+message.ShellQuote(path)+" -provider legacy -provider default", "--key /dev/stdin")}
	case is[*output.TooLargeError](err), errors.Is(err, rsadecrypt.ErrTooLarge), is[*plaintext.LimitError](err):
		return advice{"key-file-large", "a key file has less than 256 KiB: give the file of the key alone"}
	case errors.Is(err, rsadecrypt.ErrPKCS12):
		return advice{"key-is-pkcs12", "take the key out of it: " + piped("openssl pkcs12 -in "+message.ShellQuote(path)+" -nocerts -nodes -legacy", "--key /dev/stdin")}
	case is[*rsadecrypt.KeyKindError](err), is[*rsadecrypt.SizeError](err):
		return notARecoveryKey
	case is[syscall.Errno](err):
		return advice{"file-unreadable", hintCopyIt}
	}
	return advice{"key-unknown", "look for the file of the recovery key: an RSA private key in PEM, DER, PKCS#12, OpenSSH's form, hex or base64"}
}

var (
	keyDamaged      = advice{"key-damaged", "take another copy of the recovery key file"}
	keyNotClean     = advice{"key-malformed", "look for the recovery key in another file, or compare this one with another copy of it"}
	notARecoveryKey = advice{"key-unsuitable", "the recovery key is an RSA key: look for another file"}
)

var keyHints = []given{
	{rsadecrypt.ErrTruncated, keyDamaged},
	{rsadecrypt.ErrDamagedKey, keyDamaged},
	{rsadecrypt.ErrSealDamaged, keyDamaged},
	{rsadecrypt.ErrEmpty, keyDamaged},
	{plaintext.ErrDamagedGzip, keyDamaged},
	{rsadecrypt.ErrBadStructure, keyNotClean},
	{rsadecrypt.ErrBadPEM, keyNotClean},
	{rsadecrypt.ErrBadHex, keyNotClean},
	{rsadecrypt.ErrTrailing, keyNotClean},
	{rsadecrypt.ErrSeveralKeys, advice{"key-several", "copy the recovery key to a file of its own"}},
	{rsadecrypt.ErrNested, advice{"key-sealed-twice", "open the outer seal first, and give what is in it"}},
	{rsadecrypt.ErrAgeIdentity, advice{"key-is-identity", "give it with --identity, and the sealed key file with --key"}},
	{rsadecrypt.ErrCertificate, notARecoveryKey},
	{rsadecrypt.ErrCertificateRequest, notARecoveryKey},
}
