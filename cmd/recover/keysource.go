package main

import (
	"crypto"
	"crypto/rsa"

	"github.com/spf13/pflag"

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

// keySource is where the recovery private key is: a file, a token, the shares
// of its custodians. It has been looked at already, as far as that takes no
// secret, so that what is missing is said before anything is asked.
type keySource interface {
	// open asks for what opens the key, and opens it.
	open(a *asker) (*recoveryKey, error)
}

// source returns the one source that the flags name.
func (f *keyFlags) source(verb string) (keySource, error) {
	if err := required(verb, [2]string{"key", f.key}); err != nil {
		return nil, err
	}
	return f.keyFile()
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
