package main

import (
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"

	"recover/internal/output"
	"recover/internal/terminal"
	"recover/pkg/hsm"
	"recover/pkg/rsadecrypt"
)

// keygenHSM makes the pair in a token, tests it, and writes the public half. The
// directory for that comes first: a key that was made in vain stays in the token.
func keygenHSM(p *program, f *keygenFlags) error {
	token := &f.key.token
	if err := token.checkNewKey(); err != nil {
		return err
	}
	a, err := begin(p, &f.key)
	if err != nil {
		return err
	}
	defer a.close()
	dir, err := output.CreateDir(f.out)
	if err != nil {
		return &fileError{f.out, asOutput, err}
	}
	key, err := token.generate(a)
	if err == nil {
		err = f.writePublicKey(dir, key.Public)
	}
	if err != nil {
		_ = os.Remove(dir.Path())
		return err
	}
	return keygenDone(p.term, f, key)
}

// checkNewKey makes sure that the new key has a label, and gives it an ID if it
// has none.
func (f *tokenFlags) checkNewKey() error {
	if err := f.check(); err != nil {
		return err
	}
	if f.location.Object == "" {
		return &usageError{"--hsm names no object", "give the new key a label: object=…"}
	}
	return nil
}

// generate makes the key and has it decrypt once.
func (f *tokenFlags) generate(a *keySession) (*hsm.Key, error) {
	if f.location.ID == "" {
		id := make([]byte, 8)
		_, _ = rand.Read(id) // never fails
		f.location.ID = string(id)
	}
	s, err := f.login(a, hsm.Wanted{}, nil)
	if err != nil {
		return nil, err
	}
	if err := a.used(); err != nil {
		return nil, err
	}
	a.term.Note("the token makes an RSA-4096 key: that may take a minute")
	key, err := s.Generate(f.location.Object, f.location.ID)
	if err != nil {
		return nil, err
	}
	a.term.Note("the new key is %s", f.keyLocation())
	if _, err := f.selfTest(a, key); err != nil {
		return nil, &newKeyError{f.keyLocation(), err}
	}
	return key, nil
}

// keyLocation returns where the key is, with the module, so that it is all that
// --hsm needs.
func (f *tokenFlags) keyLocation() hsm.Location {
	l := f.location
	l.Module = f.modulePath()
	return l
}

// newKeyError is a key that was made, and cannot be used.
type newKeyError struct {
	location hsm.Location
	err      error
}

func (e *newKeyError) Error() string {
	return fmt.Sprintf("the new key %s, which stays in the token, cannot be used: %v", e.location, e.err)
}
func (e *newKeyError) Unwrap() error { return e.err }

// keygenDone says what there is now, and what it means that the private half is
// nowhere else.
func keygenDone(t *terminal.Terminal, f *keygenFlags, key *hsm.Key) error {
	fingerprint := rsadecrypt.FingerprintOf(key.Public)
	path := filepath.Join(f.out, "recovery-public-key."+f.format)
	err := printLines(t, listing{
		"recovery key " + fingerprint.String(),
		"public half, for the upload: " + path,
		"private half: " + f.key.token.keyLocation().String(),
	})
	if err != nil {
		return err
	}
	t.Warn("the private half is in this token alone: if the token is lost or breaks, so is the recovery key, unless its maker has a way to back it up")
	return nil
}
