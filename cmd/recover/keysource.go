package main

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"

	"github.com/spf13/pflag"

	"recover/internal/secret"
	"recover/internal/terminal"
	"recover/pkg/hsm"
	"recover/pkg/rsadecrypt"
)

// passphraseTries is how often a wrong passphrase may be typed.
const passphraseTries = 3

// keyFlags name where the recovery private key is to be had.
type keyFlags struct {
	key          string
	identities   []string
	passphraseFD string
	shares       shareFlags
	token        tokenFlags
}

// keySource is where the recovery private key is: a file, a token, the shares
// of its custodians. It has been looked at already, as far as that takes no
// secret, so that what is missing is said before anything is asked.
type keySource interface {
	// open asks for what opens the key, and opens it.
	open(a *asker) (*recoveryKey, error)
}

// source returns the one source that the flags name.
func (f *keyFlags) source(verb string) (keySource, error) {
	if err := f.check(); err != nil {
		return nil, err
	}
	switch {
	case f.token.uri != "":
		return &keyHSM{&f.token}, nil
	case f.shares.sealedKey != "":
		return f.keyShares(verb)
	}
	if err := required(verb, [2]string{"key", f.key}); err != nil {
		return nil, err
	}
	return f.keyFile()
}

// check holds the flags against each other.
func (f *keyFlags) check() error {
	var given []string
	for _, source := range [][2]string{{"--key", f.key}, {"--hsm", f.token.uri}, {"--sealed-key", f.shares.sealedKey}} {
		if source[1] != "" {
			given = append(given, source[0])
		}
	}
	switch {
	case len(given) > 1:
		return &usageError{given[0] + " and " + given[1] + " are both given", "give one or the other"}
	case f.token.uri != "" && len(f.identities) > 0:
		return &usageError{"--hsm and --identity are both given", "leave --identity out: it is for sealed files"}
	}
	if err := f.shares.check(); err != nil {
		return err
	}
	return f.token.check()
}

func (f *keyFlags) register(fs *pflag.FlagSet) {
	fs.StringVar(&f.key, "key", "", "")
	fs.StringArrayVar(&f.identities, "identity", nil, "")
	fs.StringVar(&f.passphraseFD, "passphrase-fd", "", "")
	f.shares.register(fs)
	f.token.register(fs)
	f.token.registerUse(fs)
}

// asker asks for passphrases and PINs: at the terminal, or from descriptors.
type asker struct {
	*program
	descriptor *terminal.Descriptor // nil: at the terminal
	asked      bool

	pins     *terminal.Descriptor // nil: at the terminal; may be the same
	pinAsked bool
	module   *hsm.Module // nil: without --hsm
	backups  *backups    // that the key is for, if there are any
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
	if a.pins != nil && !a.pinAsked {
		return &usageError{"--pin-fd is given, but the token asks for no PIN", "leave it out"}
	}
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
	ceremony    *ceremony // of its custodians; nil if there was none
	close       func()
}

// provePair encrypts to the public half and decrypts with the private one.
func provePair(key *recoveryKey) error {
	message, label := make([]byte, 32), make([]byte, 32)
	_, _ = rand.Read(message) // never fails, see crypto/rand
	_, _ = rand.Read(label)
	seed := make([]byte, 32)
	_, _ = rand.Read(seed)
	enc, err := rsadecrypt.NewSeededEncrypter(key.public, label)
	if err != nil {
		return err
	}
	sealed, err := enc.Encrypt(message, seed)
	if err != nil {
		return err
	}
	opened, err := rsadecrypt.Decrypt(key, sealed, label)
	if err == nil && !bytes.Equal(opened, message) {
		err = rsadecrypt.ErrDamagedKey
	}
	return err
}

const keyUsage = `
The recovery key:
    --key FILE                 the private key: PEM, DER or hex, sealed or not;
                               what it is follows from its content
    --hsm URI                  a key in a PKCS#11 token, see below
    --identity FILE            for a key file that is sealed to an age identity
    --passphrase-fd N          read passphrases from descriptor N, a line each in
                               the order asked, instead of asking at the terminal
Or, where it was split among several holders (recover custody):
    --sealed-key FILE          the file sealed-recovery-key.age, any holder's copy
    --share FILE               a holder's share (repeatable); with --identity, or a
                               passphrase that is asked, where it is sealed
    --shares                   instead: the holders come to the terminal, one after
                               the other, in any order
    --transcript FILE          write down what is done, without a secret, in FILE
                               and, for people, FILE.txt
` + tokenUsage + tokenUseUsage

// openKey opens the recovery key, which has to be one that the shards may be for.
func (p *program) openKey(verb string, f *keyFlags, s *selection, b *backups, ask *asker) (*recoveryKey, error) {
	source, err := f.source(verb)
	if err != nil {
		return nil, err
	}
	if shares, ok := source.(*keyShares); ok { // nobody is to come for nothing
		if err := s.expect(shares.expected()); err != nil {
			return nil, err
		}
	}
	ask.backups = b
	key, err := source.open(ask)
	if err != nil {
		return nil, err
	}
	if err := s.expect(key.fingerprint); err != nil {
		key.close()
		return nil, err
	}
	return key, nil
}
