package output

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"filippo.io/age"

	"recover/internal/agefile"
	"recover/internal/secret"
)

// Sealer seals files with age, each on its own.
type Sealer struct{ recipients []age.Recipient }

// Recipients returns whom the files are sealed to, as age writes them (age1…),
// which is no secret; none if they are not sealed.
func (s *Sealer) Recipients() []string {
	var texts []string
	for _, r := range s.recipients {
		if r, ok := r.(fmt.Stringer); ok {
			texts = append(texts, r.String())
		}
	}
	return texts
}

// SealTo returns a Sealer whose files any one of the recipients can open. It
// seals an empty file first, and returns the error that would otherwise come
// after the work: there are no recipients, or hybrid ones beside others.
func SealTo(recipients ...age.Recipient) (*Sealer, error) {
	s := &Sealer{recipients}
	if _, err := age.Encrypt(io.Discard, recipients...); err != nil {
		return nil, err
	}
	return s, nil
}

// scryptWorkFactor is the logarithm of the cost of guessing a passphrase: a
// second and 256 MiB each. It is what age itself takes. Tests take less.
var scryptWorkFactor = 18

// SealToPassphrase returns a Sealer whose files the passphrase opens, for one file
// alone: each costs scrypt. The passphrase must not be empty.
func SealToPassphrase(passphrase *secret.Bytes) (*Sealer, error) {
	r, err := age.NewScryptRecipient(string(passphrase.Reveal()))
	if err != nil {
		return nil, err
	}
	r.SetWorkFactor(scryptWorkFactor)
	return &Sealer{[]age.Recipient{r}}, nil
}

// SealWithPassphrase makes a random X25519 identity for one run. It returns a
// Sealer to that identity, and the identity file, an age file (binary, scrypt)
// sealed with the passphrase, as "age -d -i" takes it. So the files of a run
// cost scrypt once, and age alone opens them. The passphrase must not be
// empty; age needs it as a string, which cannot be wiped.
func SealWithPassphrase(passphrase *secret.Bytes) (s *Sealer, identityFile []byte, err error) {
	secret.Do(func() { s, identityFile, err = sealWithPassphrase(passphrase) })
	return s, identityFile, err
}

func sealWithPassphrase(passphrase *secret.Bytes) (s *Sealer, identityFile []byte, err error) {
	outer, err := SealToPassphrase(passphrase)
	if err != nil {
		return nil, nil, err
	}
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		return nil, nil, err
	}
	var file bytes.Buffer
	line := []byte(identity.String() + "\n")
	defer secret.Wipe(line)
	if err := outer.Seal(&file, line); err != nil {
		return nil, nil, err
	}
	return &Sealer{[]age.Recipient{identity.Recipient()}}, file.Bytes(), nil
}

// ReopenWithPassphrase returns the Sealer of an earlier run from its identity
// file and passphrase. Errors are those of OpenIdentity.
func ReopenWithPassphrase(identityFile []byte, passphrase *secret.Bytes) (*Sealer, error) {
	identity, err := OpenIdentity(identityFile, passphrase)
	if err != nil {
		return nil, err
	}
	return &Sealer{[]age.Recipient{identity.Recipient()}}, nil
}

// OpenIdentity opens the identity file of a run, with which its files are opened.
// The error is an *age.NoIdentityMatchError for a wrong passphrase.
func OpenIdentity(identityFile []byte, passphrase *secret.Bytes) (identity *age.X25519Identity, err error) {
	secret.Do(func() { identity, err = openIdentity(identityFile, passphrase) })
	return identity, err
}

func openIdentity(identityFile []byte, passphrase *secret.Bytes) (*age.X25519Identity, error) {
	outer, err := agefile.PassphraseIdentity(passphrase.Reveal())
	if err != nil {
		return nil, err
	}
	r, err := age.Decrypt(bytes.NewReader(identityFile), outer)
	if err != nil {
		return nil, err
	}
	line, err := io.ReadAll(io.LimitReader(r, 4096))
	defer secret.Wipe(line)
	if err != nil {
		return nil, err
	}
	identity, err := age.ParseX25519Identity(strings.TrimSpace(string(line)))
	if err != nil {
		return nil, ErrIdentityFile
	}
	return identity, nil
}

// ErrIdentityFile is returned by OpenIdentity. It says nothing of what
// is in the file.
var ErrIdentityFile = errors.New("the identity file holds no identity")

// Unsealed returns a Sealer that writes its files as they are.
func Unsealed() *Sealer { return &Sealer{} }

// Sealed tells whether the files are sealed.
func (s *Sealer) Sealed() bool { return s.recipients != nil }

// Suffix returns the end of the names of the files: ".age", or "" if they are
// not sealed.
func (s *Sealer) Suffix() string {
	if s.Sealed() {
		return ".age"
	}
	return ""
}

// Seal writes plaintext to w as one age file, or as it is if the Sealer is the
// one of Unsealed. Errors are those of w.
func (s *Sealer) Seal(w io.Writer, plaintext []byte) (err error) {
	secret.Do(func() { err = s.seal(w, plaintext) })
	return err
}

func (s *Sealer) seal(w io.Writer, plaintext []byte) error {
	if !s.Sealed() {
		_, err := w.Write(plaintext)
		return err
	}
	sealed, err := age.Encrypt(w, s.recipients...)
	if err != nil {
		return err
	}
	if _, err := sealed.Write(plaintext); err != nil {
		return err
	}
	return sealed.Close()
}
