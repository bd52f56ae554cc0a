package main

import (
	"bytes"
	"context"
	"errors"

	"filippo.io/age"

	"recover/internal/plaintext"
	"recover/internal/secret"
	"recover/pkg/custody"
	"recover/pkg/rsadecrypt"
)

// identityFile is a file of age identities, or an SSH private key.
type identityFile struct {
	path   string
	ids    []age.Identity
	sealed *secret.Bytes // an SSH key that takes a passphrase and is not opened yet
}

// readIdentities reads what opens sealed files, and asks for the passphrases of
// SSH keys.
func readIdentities(a *secretPrompter, paths []string) ([]age.Identity, error) {
	files, err := readIdentityFiles(a.ctx, paths)
	if err != nil {
		return nil, err
	}
	return openIdentities(a, files)
}

// readIdentityFiles reads all files, and asks for nothing.
func readIdentityFiles(ctx context.Context, paths []string) ([]*identityFile, error) {
	var all []*identityFile
	for _, path := range paths {
		data, err := readInput(ctx, path, rsadecrypt.MaxFileSize)
		if err != nil {
			return nil, &fileError{path, asIdentity, err}
		}
		f, err := parseIdentityFile(path, data)
		if err != nil {
			err = &fileError{path, asIdentity, foreign(err, data)}
		}
		secret.Wipe(data)
		if err != nil {
			return nil, err
		}
		all = append(all, f)
	}
	return all, nil
}

func parseIdentityFile(path string, data []byte) (*identityFile, error) {
	f := &identityFile{path: path}
	text, err := plaintext.Decode(data, rsadecrypt.MaxFileSize)
	if err != nil {
		return nil, err
	}
	defer secret.Wipe(text)
	if !bytes.Contains(text, []byte("PRIVATE KEY")) {
		f.ids, err = rsadecrypt.ParseIdentities(data)
		return f, err
	}
	id, err := custody.ParseSSHIdentity(text, nil)
	switch {
	case errors.Is(err, custody.ErrSSHSealed):
		f.sealed = secret.New(bytes.Clone(text))
		return f, nil
	case err != nil:
		return nil, err
	}
	f.ids = []age.Identity{id}
	return f, nil
}

// openIdentities asks for the passphrase of each SSH key that takes one.
func openIdentities(a *secretPrompter, files []*identityFile) ([]age.Identity, error) {
	var all []age.Identity
	for _, f := range files {
		if f.sealed != nil {
			err := a.untilRight(f.path, asIdentity, "Passphrase of the SSH key "+f.path, func(p *secret.Bytes) error {
				id, err := custody.ParseSSHIdentity(f.sealed.Reveal(), p)
				f.ids = []age.Identity{id}
				return err
			})
			f.sealed.Wipe()
			f.sealed = nil
			if err != nil {
				return nil, err
			}
		}
		all = append(all, f.ids...)
	}
	return all, nil
}

// foreign returns what a file is instead, where that can be told, and else err.
func foreign(err error, data []byte) error {
	vague := is[rsadecrypt.IdentityLineError](err)
	for _, e := range []error{custody.ErrNotShare, custody.ErrNotSealedKey, custody.ErrSSHKey, rsadecrypt.ErrNoIdentities} {
		vague = vague || errors.Is(err, e)
	}
	if !vague || is[*plaintext.KindError](err) {
		return err
	}
	switch k := plaintext.Identify(data); {
	case k == plaintext.Unknown,
		errors.Is(err, custody.ErrNotShare) && k == plaintext.SharePage,
		k == plaintext.AgeIdentity && !errors.Is(err, custody.ErrNotShare) && !errors.Is(err, custody.ErrNotSealedKey),
		errors.Is(err, custody.ErrSSHKey) && k == plaintext.PrivateKey:
		return err
	default:
		return &plaintext.KindError{Kind: k}
	}
}
