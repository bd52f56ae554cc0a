package main

import (
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"os"
	"path/filepath"

	"recover/internal/output"
	"recover/internal/terminal"
	"recover/pkg/hsm"
	"recover/pkg/rsadecrypt"
)

// keygenHSM makes the pair in a token, or takes one that is there, tests it, and
// writes the public half. The directory for that comes first: a key that was
// made in vain stays in the token.
func keygenHSM(p *program, f *keygenFlags) error {
	token := &f.key.token
	if err := token.checkNewKey(f.existing); err != nil {
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
	open := token.generate
	if f.existing {
		open = token.existing
	}
	key, err := open(a)
	if err == nil {
		err = f.writePublicKey(dir, key.Public)
	}
	if err != nil {
		_ = os.Remove(dir.Path())
		return err
	}
	return keygenDone(p.term, f, key)
}

// checkNewKey makes sure that the key is named: a new one with its label.
func (f *tokenFlags) checkNewKey(existing bool) error {
	if err := f.check(); err != nil {
		return err
	}
	f.makesKey = !existing
	switch {
	case existing && f.location.Object == "" && f.location.ID == "":
		return &usageError{"--hsm names no object and no id", "say which key it is: \"recover hsm list\" shows those that are visible"}
	case !existing && f.location.Object == "":
		return &usageError{"--hsm names no object", "give the new key a label: object=…"}
	}
	return nil
}

// Sizes of the ID of a new key, where none is given: random bytes, or as many as
// every token takes.
const (
	idSize      = 8
	shortIDSize = 2
)

// generate makes the key and has it decrypt once.
func (f *tokenFlags) generate(a *keySession) (*hsm.Key, error) {
	defer a.stopModule(0)()
	a.prepare = a.used
	s, err := f.login(a, hsm.KeyFilter{}, nil)
	if err != nil {
		return nil, interruptedIfClosed(err)
	}
	key, err := f.makeKey(a, s)
	if unfinished, ok := errors.AsType[*hsm.UnfinishedKeyError](err); ok {
		return nil, &newKeyError{f.keyLocation(), unfinished.Exists, interruptedIfClosed(unfinished.Err)}
	}
	if err != nil {
		return nil, interruptedIfClosed(err)
	}
	a.term.Note("the new key is %s", f.keyLocation())
	if _, err := f.selfTest(a, key); err != nil {
		return nil, &newKeyError{f.keyLocation(), true, interruptedIfClosed(err)}
	}
	return key, nil
}

// makeKey makes the key, with an ID at random if none was given, and a shorter
// one for a token that takes no longer one.
func (f *tokenFlags) makeKey(a *keySession, s *hsm.Session) (*hsm.Key, error) {
	a.term.Note("the token makes an RSA-4096 key: this takes seconds or, with some devices, minutes; do not unplug it")
	defer a.term.Clock("the token makes the key")()
	if f.location.ID != "" {
		return s.Generate(f.location.Object, f.location.ID)
	}
	id := make([]byte, idSize)
	_, _ = rand.Read(id) // never fails
	f.location.ID = string(id)
	key, err := s.Generate(f.location.Object, f.location.ID)
	if token, ok := errors.AsType[*hsm.Error](err); ok && token.Code == hsm.KeyRefused {
		f.location.ID = string(id[:shortIDSize])
		key, err = s.Generate(f.location.Object, f.location.ID)
	}
	return key, err
}

// minRecoveryBits is the smallest key that the service takes.
const minRecoveryBits = 4096

// existing tests a key that is in the token already.
func (f *tokenFlags) existing(a *keySession) (*hsm.Key, error) {
	a.prepare = a.used
	key, _, err := f.decrypter(a, hsm.KeyFilter{Match: func(public *rsa.PublicKey) bool { return public.N.BitLen() >= minRecoveryBits }}, nil)
	if token, ok := errors.AsType[*hsm.Error](err); ok && token.Code == hsm.KeyMismatch {
		return nil, errSmallKey
	}
	if err != nil {
		return nil, err
	}
	weaknesses, err := key.Weaknesses()
	if err != nil {
		return nil, err
	}
	for _, w := range weaknesses {
		a.term.Warn("the key differs from what keygen would make: " + w)
	}
	f.location.Object, f.location.ID = key.Label, key.ID
	return key, nil
}

// keyLocation returns where the key is, with the module, so that it is all that
// --hsm needs.
func (f *tokenFlags) keyLocation() hsm.Location {
	l := f.location
	l.Module = f.modulePath()
	return l
}

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
	if f.existing {
		t.Warn("if this token holds the only copy of the private half and is lost, so is the recovery key: keep a second copy or a second key, see docs/hsm.md")
		return nil
	}
	t.Warn("the private half is only in this token; most devices cannot copy it. If the token is lost or breaks, the recovery key is lost: make a second key in a second token, see docs/hsm.md")
	return nil
}
