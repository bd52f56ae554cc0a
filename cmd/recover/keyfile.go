package main

import (
	"crypto/rsa"
	"errors"

	"filippo.io/age"

	"recover/internal/output"
	"recover/internal/secret"
	"recover/pkg/rsadecrypt"
)

// keyFile is a key file that was identified, and not opened yet.
type keyFile struct {
	path       string
	file       *rsadecrypt.File
	identities []age.Identity
}

// keyFile reads the key file and the identities, and says what is missing to
// open it, before anything is asked.
func (f *keyFlags) keyFile() (*keyFile, error) {
	data, err := output.ReadFile(f.key, rsadecrypt.MaxFileSize)
	if err != nil {
		return nil, &fileError{f.key, asKey, err}
	}
	defer secret.Wipe(data)
	if err := checkNotCustody(data); err != nil {
		return nil, &fileError{f.key, asKey, err}
	}
	file, err := rsadecrypt.Identify(data)
	if err == nil && !file.Private() {
		err = rsadecrypt.ErrPublicKey
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
	k.identities, err = readIdentities(f.identities)
	return k, err
}

var errNeedsIdentity = errors.New("the key file is sealed to an age identity")

func readIdentities(paths []string) ([]age.Identity, error) {
	var all []age.Identity
	for _, path := range paths {
		data, err := output.ReadFile(path, rsadecrypt.MaxFileSize)
		if err != nil {
			return nil, &fileError{path, asIdentity, err}
		}
		ids, err := rsadecrypt.ParseIdentities(data)
		secret.Wipe(data)
		if err != nil {
			return nil, &fileError{path, asIdentity, err}
		}
		all = append(all, ids...)
	}
	return all, nil
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
		key, err = k.file.OpenWith(k.identities...)
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
func readPublicKey(path string) (*rsa.PublicKey, error) {
	data, err := output.ReadFile(path, rsadecrypt.MaxFileSize)
	if err != nil {
		return nil, &fileError{path, asPublicKey, err}
	}
	pub, err := rsadecrypt.ParsePublicKey(data)
	if err != nil {
		return nil, &fileError{path, asPublicKey, err}
	}
	return pub, nil
}
