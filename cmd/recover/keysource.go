package main

import (
	"crypto"
	"crypto/rsa"
	"errors"
	"fmt"

	"filippo.io/age"
	"github.com/spf13/pflag"

	"recover/internal/output"
	"recover/internal/secret"
	"recover/internal/terminal"
	"recover/pkg/rsadecrypt"
)

// passphraseTries is how often a wrong passphrase may be typed.
const passphraseTries = 3

// keyFlags name where the recovery private key is to be had.
type keyFlags struct {
	key          string
	identities   []string
	passphraseFD string
}

func (f *keyFlags) register(fs *pflag.FlagSet) {
	fs.StringVar(&f.key, "key", "", "")
	fs.StringArrayVar(&f.identities, "identity", nil, "")
	fs.StringVar(&f.passphraseFD, "passphrase-fd", "", "")
}

// asker asks for passphrases: at the terminal, or from a descriptor.
type asker struct {
	*program
	descriptor *terminal.Descriptor // nil: at the terminal
	asked      bool
}

// newAsker opens the descriptor that the flag names, if it names one.
func (p *program) newAsker(passphraseFD string) (*asker, error) {
	if passphraseFD == "" {
		return &asker{program: p}, nil
	}
	fd, err := descriptorNumber("passphrase-fd", passphraseFD)
	if err != nil {
		return nil, err
	}
	d, err := terminal.OpenDescriptor(fd)
	if err != nil {
		return nil, &usageError{"--passphrase-fd: " + err.Error(), "open one in the shell: --passphrase-fd 3 3< FILE"}
	}
	return &asker{program: p, descriptor: d}, nil
}

// used makes sure that a descriptor that was given was needed: whoever gave it
// took the key file, or the output, for another kind.
func (a *asker) used() error {
	if a.descriptor == nil || a.asked {
		return nil
	}
	return &usageError{"--passphrase-fd is given, but there is no passphrase to ask for",
		"leave it out: the key file is not sealed with a passphrase, and the output is not to be"}
}

// passphrase asks for a passphrase that is in use already.
func (a *asker) passphrase(prompt string) (*secret.Bytes, error) {
	a.asked = true
	if a.descriptor != nil {
		return a.descriptor.Line()
	}
	return a.Passphrase(prompt)
}

// newPassphrase asks for a passphrase that is set now.
func (a *asker) newPassphrase(prompt string) (*secret.Bytes, error) {
	a.asked = true
	if a.descriptor == nil {
		return a.NewPassphrase(prompt)
	}
	line, err := a.descriptor.Line()
	if err == nil && line.Len() == 0 {
		return nil, terminal.ErrEmpty
	}
	return line, err
}

// tries is how often a wrong passphrase can be corrected: a descriptor holds
// one answer to each question.
func (a *asker) tries() int {
	if a.descriptor != nil {
		return 1
	}
	return passphraseTries
}

// recoveryKey is an opened recovery key, from whatever source.
type recoveryKey struct {
	crypto.Decrypter
	public      *rsa.PublicKey
	fingerprint rsadecrypt.Fingerprint
	close       func()
}

// keyFile is a key file that was identified, and not opened yet.
type keyFile struct {
	path       string
	file       *rsadecrypt.File
	identities []age.Identity
}

// read reads the key file and the identities, and says what is missing to open
// it, before anything is asked.
func (f *keyFlags) read() (*keyFile, error) {
	if err := required("rebuild", [2]string{"key", f.key}); err != nil {
		return nil, err
	}
	data, err := output.ReadFile(f.key, rsadecrypt.MaxFileSize)
	if err != nil {
		return nil, &fileError{f.key, asKey, err}
	}
	defer secret.Wipe(data)
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
func (k *keyFile) open(a *asker) (*recoveryKey, error) {
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

func (k *keyFile) private(a *asker) (key *rsa.PrivateKey, err error) {
	switch {
	case k.file.NeedsIdentity():
		key, err = k.file.OpenWith(k.identities...)
	case k.file.NeedsPassphrase():
		return k.withPassphrase(a)
	default:
		key, err = k.file.Open(nil)
	}
	return key, k.failed(err)
}

// withPassphrase asks until the passphrase is right, or was wrong too often.
func (k *keyFile) withPassphrase(a *asker) (*rsa.PrivateKey, error) {
	for try := 1; ; try++ {
		passphrase, err := a.passphrase(fmt.Sprintf("Passphrase of the recovery key %s", k.path))
		if err != nil {
			return nil, err
		}
		key, err := k.file.Open(passphrase.Reveal())
		passphrase.Wipe()
		if !errors.Is(err, rsadecrypt.ErrWrongPassphrase) || try >= a.tries() {
			return key, k.failed(err)
		}
		a.Warn(fmt.Sprintf("%s: %v; try again", k.path, err))
	}
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
