package rsadecrypt

import (
	"bytes"
	"crypto/rsa"
	"errors"
	"io"
	"strconv"

	"filippo.io/age"

	"recover/internal/agefile"
	"recover/internal/plaintext"
	"recover/internal/secret"
)

const ageArmor = "AGE ENCRYPTED FILE" // the type of the PEM block

var (
	ageMagic       = []byte("age-encryption.org/")
	identityPrefix = []byte("AGE-SECRET-KEY-")
)

// ageSeal is a binary age file.
type ageSeal struct {
	sealed     []byte
	passphrase bool
}

func identifyAge(b []byte, form Form) (*File, error) {
	stanzas, err := agefile.Stanzas(b)
	switch {
	case err == nil:
	case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
		return nil, ErrTruncated
	default:
		return nil, ErrSealDamaged
	}
	s := &ageSeal{sealed: bytes.Clone(b)}
	if stanzas[0].Type != "scrypt" {
		return &File{form: form + ", identity", private: true, seal: s}, nil
	}
	if err := checkWorkFactor(stanzas); err != nil {
		return nil, err
	}
	s.passphrase = true
	return &File{form: form + ", passphrase", private: true, seal: s}, nil
}

// CheckAgeWork returns a *WorkError for a binary age file whose passphrase costs
// more work to try than a key file may. It says nothing of any other file.
func CheckAgeWork(file []byte) error {
	stanzas, err := agefile.Stanzas(file)
	if err != nil || stanzas[0].Type != "scrypt" {
		return nil
	}
	if work, ok := errors.AsType[*WorkError](checkWorkFactor(stanzas)); ok {
		return work
	}
	return nil
}

// checkWorkFactor reads the arguments of the scrypt stanza, salt and log N. It
// must be the only stanza.
func checkWorkFactor(stanzas []*age.Stanza) error {
	if len(stanzas) != 1 || len(stanzas[0].Args) != 2 {
		return ErrSealDamaged
	}
	logN, err := strconv.ParseUint(stanzas[0].Args[1], 10, 32)
	if err != nil {
		return ErrSealDamaged
	}
	if logN > agefile.MaxWorkFactor {
		return &WorkError{What: "age work factor", Got: logN, Max: agefile.MaxWorkFactor}
	}
	return nil
}

func (s *ageSeal) open(passphrase []byte) (*rsa.PrivateKey, error) {
	if !s.passphrase {
		return nil, ErrNeedsIdentity
	}
	id, err := agefile.PassphraseIdentity(passphrase)
	if err != nil { // an empty passphrase
		return nil, ErrWrongPassphrase
	}
	return s.openWith([]age.Identity{id}, ErrWrongPassphrase)
}

// openWith returns mismatch when none of ids opens the file.
func (s *ageSeal) openWith(ids []age.Identity, mismatch error) (*rsa.PrivateKey, error) {
	if len(ids) == 0 {
		return nil, mismatch
	}
	r, err := age.Decrypt(bytes.NewReader(s.sealed), ids...)
	var noMatch *age.NoIdentityMatchError
	switch {
	case errors.As(err, &noMatch):
		return nil, mismatch
	case err != nil:
		return nil, ErrSealDamaged
	}
	// The plaintext is shorter than the file, so that the buffer neither grows,
	// leaving copies behind, nor exceeds MaxFileSize. Nothing is used before
	// the end was seen: damage in the body shows late.
	var plaintext bytes.Buffer
	plaintext.Grow(len(s.sealed) + bytes.MinRead)
	if _, err := plaintext.ReadFrom(r); err != nil {
		secret.Wipe(plaintext.Bytes())
		return nil, ErrSealDamaged
	}
	return openInner(plaintext.Bytes())
}

// ParseIdentities reads an age identity file as age-keygen writes it: an
// AGE-SECRET-KEY-1… (or …-PQ-1…) on each line, empty lines and those that begin
// with "#" ignored.
//
// The errors are IdentityLineError, ErrNoIdentities, ErrTooLarge, and
// ErrSealedIdentities for a file that has to be opened with a passphrase first.
func ParseIdentities(data []byte) ([]age.Identity, error) {
	if len(data) > MaxFileSize {
		return nil, ErrTooLarge
	}
	b, err := plaintext.Decode(data, MaxFileSize)
	if err != nil {
		return nil, err
	}
	if bytes.HasPrefix(b, ageMagic) || bytes.Contains(b, []byte("-----BEGIN "+ageArmor)) {
		return nil, ErrSealedIdentities
	}
	// The lines are counted as an editor does; they are cleaned one by one.
	own := bytes.ReplaceAll(bytes.ReplaceAll(b, []byte("\r\n"), []byte("\n")), []byte("\r"), []byte("\n"))
	defer secret.Wipe(own)
	var ids []age.Identity
	for i, line := range bytes.Split(own, []byte("\n")) {
		line = plaintext.Clean(line)
		if len(line) == 0 || line[0] == '#' {
			continue
		}
		if at := bytes.Index(line, identityPrefix); at > 0 { // NAME=AGE-SECRET-KEY-1…
			line = plaintext.Clean(line[at:])
			line = bytes.TrimRight(line, "\"';,")
		}
		id, err := parseIdentity(string(line))
		if err != nil {
			return nil, IdentityLineError(i + 1)
		}
		ids = append(ids, id)
	}
	if len(ids) == 0 {
		return nil, ErrNoIdentities
	}
	return ids, nil
}

func parseIdentity(line string) (age.Identity, error) {
	if id, err := age.ParseX25519Identity(line); err == nil {
		return id, nil
	}
	return age.ParseHybridIdentity(line)
}
