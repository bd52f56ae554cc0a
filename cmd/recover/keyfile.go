package main

import (
	"context"
	"crypto/rsa"
	"errors"
	"fmt"

	"filippo.io/age"

	"recover/internal/secret"
	"recover/internal/terminal"
	"recover/pkg/rsadecrypt"
)

// keyFile is a key file that was identified, and not opened yet.
type keyFile struct {
	path       string
	file       *rsadecrypt.File
	identities []*identityFile
}

// keyFile reads the key file and the identities, and says what is missing to
// open it, before anything is asked: but for what only its owner knows, whether a
// file without a mark was sealed in the vendor's older form.
func (f *keyFlags) keyFile(a *secretPrompter) (*keyFile, error) {
	data, err := readInput(a.ctx, f.key, rsadecrypt.MaxFileSize)
	if err != nil {
		return nil, &fileError{f.key, asKey, err}
	}
	defer secret.Wipe(data)
	if err := checkNotCustody(data); err != nil {
		return nil, &fileError{f.key, asKey, err}
	}
	file, err := rsadecrypt.Identify(data)
	switch {
	case err == nil && !file.Private():
		err = rsadecrypt.ErrPublicKey
	case errors.Is(err, rsadecrypt.ErrUnmarked), err != nil && f.oldSealedKey: // noise may begin like any other file
		file, err = f.unmarkedKey(a, data)
	}
	if err != nil {
		return nil, &fileError{f.key, asKey, err}
	}
	k := &keyFile{path: f.key, file: file}
	switch {
	case file.NeedsIdentity() && len(f.identities) == 0:
		return nil, &fileError{f.key, asKey, errNeedsIdentity}
	case !file.NeedsIdentity() && len(f.identities) > 0:
		return nil, &usageError{"--identity is given, but the key file is not sealed to an age identity", "leave --identity out"}
	}
	k.identities, err = readIdentityFiles(a.ctx, f.identities)
	return k, err
}

var errNeedsIdentity = errors.New("the key file is sealed to an age identity or an SSH key")

// unmarkedKey takes a file of noise for a sealed key of the vendor's older form if
// its owner says so: with the flag, or at the terminal.
func (f *keyFlags) unmarkedKey(a *secretPrompter, data []byte) (*rsadecrypt.File, error) {
	sure := f.oldSealedKey
	if !sure && a.descriptor == nil {
		yes, err := a.term.Confirm(fmt.Sprintf("%s carries no mark of a sealed key. It may be one that the vendor's tool sealed in its older form, "+
			"and it may be any other encrypted or damaged file. Was it sealed with the vendor's tool?", f.key))
		if errors.Is(err, terminal.ErrInterrupted) {
			return nil, err
		}
		sure = err == nil && yes
	}
	if !sure {
		return nil, rsadecrypt.ErrUnmarked
	}
	return rsadecrypt.IdentifyUnmarked(data)
}

// open opens the key file, asking for the passphrase if it takes one.
func (k *keyFile) open(a *secretPrompter) (*recoveryKey, error) {
	private, err := k.private(a)
	if err != nil {
		return nil, err
	}
	k.file.Wipe()
	return &recoveryKey{
		Decrypter:   private,
		public:      &private.PublicKey,
		fingerprint: rsadecrypt.FingerprintOf(&private.PublicKey),
		close:       func() { rsadecrypt.Wipe(private) },
	}, nil
}

func (k *keyFile) private(a *secretPrompter) (key *rsa.PrivateKey, err error) {
	switch {
	case k.file.NeedsIdentity():
		var ids []age.Identity
		if ids, err = openIdentities(a, k.identities); err != nil {
			return nil, err
		}
		key, err = k.file.OpenWith(ids...)
	case k.file.NeedsPassphrase():
		err = a.untilRight(k.path, asKey, "Passphrase of the recovery key "+k.path, func(p *secret.Bytes) (err error) {
			key, err = k.file.Open(p.Reveal())
			return err
		})
		return key, err
	default:
		key, err = k.file.Open(nil)
	}
	return key, k.failed(err)
}

// failed names the file in what is wrong with it.
func (k *keyFile) failed(err error) error {
	if err == nil {
		return nil
	}
	return &fileError{k.path, asKey, err}
}

// readPublicKey reads a recovery public key file.
func readPublicKey(ctx context.Context, path string) (*rsa.PublicKey, error) {
	data, err := readInput(ctx, path, rsadecrypt.MaxFileSize)
	if err != nil {
		return nil, &fileError{path, asPublicKey, err}
	}
	pub, err := rsadecrypt.ParsePublicKey(data)
	if err != nil {
		return nil, &fileError{path, asPublicKey, err}
	}
	return pub, nil
}
