package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"filippo.io/age"
	"github.com/spf13/pflag"

	"recover/internal/await"
	"recover/internal/output"
	"recover/internal/secret"
	"recover/internal/terminal"
	"recover/internal/uuid"
	"recover/pkg/report"
	"recover/pkg/rsadecrypt"
	"recover/pkg/transaction"
)

const keyringUsage = `
The rebuilt keys:
    --keys DIR                 the directory that a rebuild wrote (repeatable)
    --identity FILE            the age identity that its files are sealed to;
                               without it, the passphrase of the rebuild is
                               asked
    --passphrase-fd N          read passphrases from descriptor N, a line each
                               in the order asked, instead of asking at the
                               terminal
`

// keyringFlags name the rebuilt keys.
type keyringFlags struct {
	passphraseFlags
	dirs       []string
	identities []string
	unproved   bool
}

func (f *keyringFlags) register(fs *pflag.FlagSet) {
	fs.StringArrayVar(&f.dirs, "keys", nil, "")
	fs.StringArrayVar(&f.identities, "identity", nil, "")
	f.registerPassphrase(fs)
}

// registerUse is for the verbs that use a private key.
func (f *keyringFlags) registerUse(fs *pflag.FlagSet) {
	f.register(fs)
	fs.BoolVar(&f.unproved, "accept-unproved", false, "")
}

// keyring is the segments of rebuilt keys, with what opens them.
type keyring struct {
	ctx      context.Context
	segments []segmentFile
	unproved bool // keys that are not proved may be used
}

type segmentFile struct {
	report.KeyFile
	identities []age.Identity // none: it is not sealed
}

var (
	errNeedsKeyOpener = errors.New("the rebuilt keys are sealed to an age identity")
	errWrongOpener    = errors.New("the rebuilt keys are sealed to another age identity")
	errSegmentDamaged = errors.New("the sealed file is damaged or cut off")
)

// openKeyring looks for the segments, and asks for what opens them.
func (f *keyringFlags) open(ask *secretPrompter) (*keyring, error) {
	ring := &keyring{ctx: ask.ctx, unproved: f.unproved}
	given, err := readIdentities(ask, f.identities)
	if err != nil {
		return nil, err
	}
	for _, dir := range f.dirs {
		var found *report.KeyFiles
		if await.Do(ask.ctx, func() { found, err = report.FindKeys(dir) }) != nil {
			return nil, terminal.ErrInterrupted
		}
		if err != nil {
			return nil, &fileError{dir, asRebuilt, err}
		}
		ask.warnOfSegments(dir, found)
		identities := given
		if sealed := slices.ContainsFunc(found.Files, report.KeyFile.IsSealed); sealed && len(given) == 0 {
			if identities, err = ask.runIdentity(dir); err != nil {
				return nil, err
			}
		}
		for _, file := range found.Files {
			s := segmentFile{KeyFile: file}
			if file.IsSealed() {
				s.identities = identities
			}
			ring.segments = append(ring.segments, s)
		}
	}
	return ring, nil
}

// warnOfSegments says which files of a run are not used, or not there.
func (a *secretPrompter) warnOfSegments(dir string, found *report.KeyFiles) {
	for _, r := range found.Rejected {
		a.term.Warn(fmt.Sprintf("%s is not used: it is not the file that the run wrote: %s", r.Path, r.Problem))
	}
	for _, r := range found.Missing {
		a.term.Warn(fmt.Sprintf("%s is missing: it holds %d %s", r.Path, r.Keys, plural(r.Keys, "key", "keys")))
	}
	if found.Journal != nil {
		a.term.Warn(fmt.Sprintf("the files of keys in %s cannot be compared with what the run wrote: %v", dir, found.Journal))
	}
}

// unlock is open for a verb that asks for nothing else.
func (f *keyringFlags) unlock(p *program) (*keyring, error) {
	ask, err := newPrompter(p, f.passphraseFlags)
	if err != nil {
		return nil, err
	}
	ring, err := f.open(ask)
	if err != nil {
		return nil, err
	}
	return ring, ask.used()
}

// runIdentity opens the identity of a run, for which it asks for the passphrase.
func (a *secretPrompter) runIdentity(dir string) ([]age.Identity, error) {
	path := filepath.Join(dir, report.IdentityName)
	file, err := readRunIdentity(path, asRebuilt)
	if errors.Is(err, os.ErrNotExist) {
		return nil, &fileError{dir, asRebuilt, errNeedsKeyOpener}
	}
	if err != nil {
		return nil, err
	}
	var identity age.Identity
	err = a.untilRight(path, asRebuilt, "Passphrase of the rebuilt keys in "+dir, func(p *secret.Bytes) (err error) {
		identity, err = output.OpenIdentity(file, p)
		return wrongPassphrase(err)
	})
	return []age.Identity{identity}, err
}

// readRunIdentity reads the sealed identity of a run, and refuses one that costs
// too much work to open.
func readRunIdentity(path string, as role) ([]byte, error) {
	return parseFile(path, as, rsadecrypt.MaxFileSize, func(file []byte) ([]byte, error) {
		return file, rsadecrypt.CheckAgeWork(file)
	})
}

// wrongPassphrase turns age's error for a wrong passphrase into ours.
func wrongPassphrase(err error) error {
	if is[*age.NoIdentityMatchError](err) {
		return rsadecrypt.ErrWrongPassphrase
	}
	return err
}

// each calls visit for every key, whose private key is wiped after it.
func (r *keyring) each(visit func(*report.RebuiltKey) error) error {
	reader := r.reader()
	for _, s := range r.segments {
		err := s.open(func(lines []byte) error { return reader.read(lines, visit) })
		if err != nil {
			return err
		}
	}
	return nil
}

// keyReader reads opened segments, one after the other.
type keyReader struct {
	ctx  context.Context
	seen map[string][16]byte // by key ID: the hash of the public key
}

func (r *keyring) reader() *keyReader { return &keyReader{r.ctx, make(map[string][16]byte)} }

// twoKeysError says that two different keys have one ID: one of them is not of the
// wallet that the record names.
type twoKeysError struct{ keyID string }

func (e *twoKeysError) Error() string {
	return "the key " + e.keyID + " is there twice, with different private keys"
}

// read calls visit for each key of a segment, and fails where another key had its
// ID, or the run is interrupted.
func (r *keyReader) read(lines []byte, visit func(*report.RebuiltKey) error) error {
	return report.ReadKeys(lines, func(k *report.RebuiltKey) error {
		if r.ctx.Err() != nil {
			return terminal.ErrInterrupted
		}
		sum := sha256.Sum256(k.Public.Bytes())
		half := [16]byte(sum[:16])
		if before, again := r.seen[k.KeyID]; again && before != half {
			return &twoKeysError{k.KeyID}
		}
		r.seen[k.KeyID] = half
		return visit(k)
	})
}

// open opens a segment for the time of read, and names it in what is wrong with a
// line of it.
func (s segmentFile) open(read func(lines []byte) error) error {
	file, err := s.Read()
	if err != nil {
		return &fileError{s.Path, asRebuilt, err}
	}
	lines := file
	if s.identities != nil {
		if lines, err = openSegment(file, s.identities); err != nil {
			return &fileError{s.Path, asRebuilt, err}
		}
	}
	defer secret.Wipe(lines)
	err = read(lines)
	if is[*report.KeyLineError](err) || is[*twoKeysError](err) {
		return &fileError{s.Path, asRebuilt, err}
	}
	return err
}

// openSegment opens a sealed segment, into a buffer that never has to grow.
func openSegment(file []byte, identities []age.Identity) (lines []byte, err error) {
	secret.Do(func() { lines, err = decryptSegment(file, identities) })
	return lines, err
}

func decryptSegment(file []byte, identities []age.Identity) ([]byte, error) {
	r, err := age.Decrypt(bytes.NewReader(file), identities...)
	if is[*age.NoIdentityMatchError](err) {
		return nil, errWrongOpener
	}
	if err != nil {
		return nil, errSegmentDamaged
	}
	lines := make([]byte, len(file)) // what is sealed is longer than what is in it
	n, err := io.ReadFull(r, lines)
	if err != io.ErrUnexpectedEOF && err != io.EOF {
		secret.Wipe(lines)
		return nil, errSegmentDamaged
	}
	return lines[:n], nil
}

// unprovedError says that a key is not proved, and that nobody said it may be
// used all the same.
type unprovedError struct{ keyID, doubt string }

func (e *unprovedError) Error() string {
	return "the key " + e.keyID + " is not proved to be right (" + e.doubt + ")"
}

// noKeyError says that the rebuilt keys do not have a key.
type noKeyError struct{ keyID string }

func (e *noKeyError) Error() string { return "the key " + e.keyID + " is not among the rebuilt keys" }

// usable makes sure that a key may be used, and warns where it is not proved.
func (r *keyring) usable(p *program, k *report.RebuiltKey) error {
	if k.Proved {
		return nil
	}
	if !r.unproved {
		return &unprovedError{k.KeyID, k.Doubt}
	}
	p.term.Warn("--accept-unproved: the key " + k.KeyID + " is not proved to be right (" + k.Doubt + "): it may be another company's key")
	return nil
}

// find returns the key with an ID, that may be used. The caller wipes it.
func (r *keyring) find(p *program, keyID string) (*report.RebuiltKey, *transaction.Key, error) {
	var found *report.RebuiltKey
	var signer *transaction.Key
	err := r.each(func(k *report.RebuiltKey) error {
		if k.KeyID != keyID || found != nil {
			return nil // the others are read too: one of them may have the same ID
		}
		if err := r.usable(p, k); err != nil {
			return err
		}
		copied := *k
		copied.Private = k.Group.NewScalar().Set(k.Private)
		var err error
		if signer, err = transaction.NewKey(k.Group, k.Private); err != nil {
			return err
		}
		found = &copied
		return nil
	})
	if err != nil {
		if found != nil {
			found.Private.Wipe()
			signer.Wipe()
		}
		return nil, nil, err
	}
	if found == nil {
		return nil, nil, &noKeyError{keyID}
	}
	return found, signer, nil
}

// one checks that the rebuilt keys and one of them are named, and returns its ID
// as it is written.
func (f *keyringFlags) one(verb, keyID string) (string, error) {
	if err := required(verb, [2]string{"keys", strings.Join(f.dirs, "")}); err != nil {
		return "", err
	}
	if keyID == "" {
		return "", &usageError{"--key-id is missing", "\"recover addresses --keys DIR\" lists the key IDs"}
	}
	id, err := uuid.ParseAny(keyID)
	if err != nil {
		return "", &usageError{"--key-id: " + err.Error(), "\"recover addresses --keys DIR\" lists the key IDs"}
	}
	return id.String(), nil
}
