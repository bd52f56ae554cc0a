package main

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"

	"github.com/spf13/pflag"

	"recover/internal/secret"
	"recover/pkg/rsadecrypt"
)

// keyFlags name where the recovery private key is to be had.
type keyFlags struct {
	passphraseFlags
	key          string
	oldSealedKey bool // what has no mark is the vendor's older sealed form
	identities   []string
	shares       shareFlags
	token        tokenFlags
}

// keySource is where the recovery private key is: a file, a token, the shares
// of its custodians. It has been looked at already, as far as that takes no
// secret, so that what is missing is said before anything is asked.
type keySource interface {
	// open asks for what opens the key, and opens it.
	open(ask *secretPrompter) (*recoveryKey, error)
}

// source returns the one source that the flags name; b is what the key is for.
func (f *keyFlags) source(verb string, s *keySession, b *backups) (keySource, error) {
	if err := f.check(); err != nil {
		return nil, err
	}
	switch {
	case f.token.uri.text != "":
		return &keyHSM{&f.token, s, b}, nil
	case f.shares.sealedKey != "":
		return f.keyShares(s.ctx, verb)
	}
	if f.key == "" {
		return nil, &usageError{"--key is missing", "give --key FILE; or --hsm URI for a key in a token; or --sealed-key FILE with --collect-shares for a key that is split among holders"}
	}
	return f.keyFile(s.secretPrompter)
}

// check holds the flags against each other.
func (f *keyFlags) check() error {
	var given []string
	for _, source := range [][2]string{{"--key", f.key}, {"--hsm", f.token.uri.text}, {"--sealed-key", f.shares.sealedKey}} {
		if source[1] != "" {
			given = append(given, source[0])
		}
	}
	switch {
	case len(given) > 1:
		return &usageError{given[0] + " and " + given[1] + " are both given", "give one or the other"}
	case f.token.uri.text != "" && len(f.identities) > 0:
		return &usageError{"--hsm and --identity are both given", "leave --identity out: it is for sealed files"}
	}
	if err := f.shares.check(); err != nil {
		return err
	}
	return f.token.check()
}

func (f *keyFlags) register(fs *pflag.FlagSet) {
	fs.StringVar(&f.key, "key", "", "")
	fs.BoolVar(&f.oldSealedKey, "old-sealed-key", false, "")
	fs.StringArrayVar(&f.identities, "identity", nil, "")
	f.registerPassphrase(fs)
	f.shares.register(fs)
	f.token.register(fs)
	f.token.registerUse(fs)
}

// open opens the recovery key, which has to be one that the shards may be for.
func (f *keyFlags) open(verb string, s *keySession, b *backups) (*recoveryKey, error) {
	var source keySource
	var key *recoveryKey
	var err error
	// What is read of key files and shares is looked at in several ways, and
	// copied by some: all of that goes.
	secret.Do(func() { source, err = f.source(verb, s, b) })
	if err != nil {
		return nil, err
	}
	if shares, ok := source.(*keyShares); ok { // nobody is to come for nothing
		if err := b.expect(shares.sealed.Key); err != nil {
			return nil, err
		}
		if err := b.compareCopies(shares); err != nil {
			return nil, err
		}
		if warning := warnOtherSet(b.record.RecoveryKeys, shares.sealed); warning != "" {
			s.term.Warn(warning)
		}
	}
	if _, inToken := source.(*keyHSM); inToken {
		key, err = source.open(s.secretPrompter)
	} else {
		secret.Do(func() { key, err = source.open(s.secretPrompter) })
	}
	if err != nil {
		return nil, err
	}
	if shares, ok := source.(*keyShares); ok && shares.sealed.ID != shares.copies[0].ID {
		if warning := warnOtherSet(b.record.RecoveryKeys, shares.sealed); warning != "" {
			s.term.Warn(warning)
		}
	}
	if err := b.expect(key.fingerprint); err != nil {
		key.close()
		return nil, err
	}
	return key, nil
}

// recoveryKey is an opened recovery key, from whatever source.
type recoveryKey struct {
	crypto.Decrypter
	public      *rsa.PublicKey
	fingerprint rsadecrypt.Fingerprint
	ceremony    *ceremony // of its custodians; nil if there was none
	sessions    int       // of a token, decryptions at a time; 0 without one
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
    --key FILE                 the private key: PEM, DER, PKCS#12, OpenSSH, hex
                               or base64, sealed or not; what it is follows
                               from its content. In bash, --key <(gpg -d FILE)
                               is one, too
    --hsm URI                  a key in a PKCS#11 token, see below
    --identity FILE            for a key file that is sealed to an age identity
                               or an SSH key
    --old-sealed-key           a key file without any mark was sealed by the
                               vendor's tool in its older form
    --passphrase-fd N          read passphrases from descriptor N, a line each
                               in the order asked, instead of asking at the
                               terminal
Or, where it was split among several holders (recover custody):
    --sealed-key FILE          the file sealed-recovery-key.age, any holder's
                               copy
    --share FILE               a holder's share (repeatable); with --identity,
                               or a passphrase that is asked, where it is
                               sealed
    --collect-shares           instead: the holders come to the terminal, one
                               after the other, in any order
    --transcript FILE          write down what is done, without a secret, in
                               FILE and, for people, FILE.txt
` + tokenUsage + tokenUseUsage
