package main

import (
	"bytes"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"

	"filippo.io/age"

	"recover/internal/output"
	"recover/internal/secret"
	"recover/internal/terminal"
	"recover/pkg/custody"
	"recover/pkg/rsadecrypt"
)

const (
	sealedPrivateKey = "recovery-key.age"
	plainPrivateKey  = "recovery-key.pem"
)

// keygenSplit makes a pair and splits it at once: the private half is never on
// a disk unsealed.
func keygenSplit(f *keygenFlags, a *secretPrompter) error {
	n, err := f.split.plan("keygen")
	if err != nil {
		return err
	}
	if err := checkTranscript(f.transcript); err != nil {
		return err
	}
	n.transcript, n.after = f.transcript, []string{"register the public half with the service, and compare the fingerprint there"}
	log, err := beginCeremony(a.term, "keygen", f.transcript, a.accepted)
	if err != nil {
		return err
	}
	return log.end(generateAndSplit(f, n, a, log))
}

func generateAndSplit(f *keygenFlags, n *newSet, a *secretPrompter, log *ceremony) error {
	if err := n.askAll(a); err != nil {
		return err
	}
	private, err := generatePair(a)
	if err != nil {
		return err
	}
	defer rsadecrypt.Wipe(private)
	n.publicKey = f.writePublicKey
	if err := splitKey(a, n, private, log); err != nil || n.json {
		return err
	}
	return a.term.Print("public half, for the upload: %s", f.publicPath())
}

// generatePair makes a pair and proves it.
func generatePair(a *secretPrompter) (*rsa.PrivateKey, error) {
	a.term.Note("making an RSA-%d key pair; this can take some seconds", recoveryKeyBits)
	private, err := newPair(a.ctx)
	if err != nil {
		return nil, err
	}
	if err := provePrivate(private); err != nil {
		rsadecrypt.Wipe(private)
		return nil, err
	}
	if a.ctx.Err() != nil {
		rsadecrypt.Wipe(private)
		return nil, terminal.ErrInterrupted
	}
	return private, nil
}

func provePrivate(private *rsa.PrivateKey) error {
	return provePair(&recoveryKey{Decrypter: private, public: &private.PublicKey})
}

// newKeyFile is the private half as it is to be written.
type newKeyFile struct {
	name string
	data []byte                                          // secret, if it is not sealed
	open func(*rsadecrypt.File) (*rsa.PrivateKey, error) // what was written, to prove it
}

// keygenFile makes a pair, of which the private half goes into one file: sealed,
// or as it is.
func keygenFile(f *keygenFlags, a *secretPrompter) error {
	if err := checkNewDir(f.out); err != nil {
		return err
	}
	recipients, err := f.fileRecipients()
	if err != nil {
		return err
	}
	var passphrase *secret.Bytes
	if len(recipients) == 0 && !f.unsealed {
		if passphrase, err = a.newPassphrase("New passphrase that will open the recovery key"); err != nil {
			return err
		}
		defer passphrase.Wipe()
	}
	if err := a.used(); err != nil {
		return err
	}
	private, err := generatePair(a)
	if err != nil {
		return err
	}
	defer rsadecrypt.Wipe(private)
	file, err := sealPrivate(private, recipients, passphrase)
	if err != nil {
		return err
	}
	defer secret.Wipe(file.data)
	if err := f.writePair(file, private); err != nil {
		return err
	}
	return showPair(a.term, f, file, private)
}

// fileRecipients reads the recipients of a key that is not split.
func (f *keygenFlags) fileRecipients() ([]age.Recipient, error) {
	var all []age.Recipient
	for _, text := range f.split.recipients {
		r, err := custody.ParseRecipient(text)
		if err != nil {
			return nil, &usageError{fmt.Sprintf("--recipient: %v", err), custodyHint(err)}
		}
		all = append(all, r)
	}
	return all, nil
}

// sealPrivate makes the file of a private key: a PEM file (PKCS#8), sealed with
// age to the recipients or with the passphrase, if there are any.
func sealPrivate(private *rsa.PrivateKey, recipients []age.Recipient, passphrase *secret.Bytes) (*newKeyFile, error) {
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return nil, err
	}
	defer secret.Wipe(der)
	text := secret.New(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	if passphrase == nil && len(recipients) == 0 {
		return &newKeyFile{plainPrivateKey, text.Reveal(), func(f *rsadecrypt.File) (*rsa.PrivateKey, error) { return f.Open(nil) }}, nil
	}
	defer text.Wipe()
	file := &newKeyFile{name: sealedPrivateKey}
	if passphrase != nil {
		r, err := custody.PassphraseRecipient(passphrase)
		if err != nil {
			return nil, err
		}
		recipients = []age.Recipient{r}
	}
	var witness age.Identity
	if file.data, witness, err = custody.SealTo(text, recipients...); err != nil {
		return nil, err
	}
	file.open = func(f *rsadecrypt.File) (*rsa.PrivateKey, error) {
		if passphrase != nil {
			return f.Open(passphrase.Reveal())
		}
		return f.OpenWith(witness)
	}
	return file, nil
}

// writePair writes the private half, proves it as it is read again, and only
// then writes the public half, which is what makes a pair be used. A pair that
// is not proved leaves nothing behind.
func (f *keygenFlags) writePair(file *newKeyFile, private *rsa.PrivateKey) error {
	dir, err := output.CreateDir(f.out)
	if err != nil {
		return &fileError{f.out, asNewSet, err}
	}
	err = dir.WriteFile(file.name, file.data)
	if err == nil {
		err = file.prove(filepath.Join(dir.Path(), file.name), private)
	}
	if err == nil {
		err = f.writePublicKey(dir, &private.PublicKey)
	}
	if err != nil {
		_ = os.RemoveAll(dir.Path()) // only what this run made is there
		return &fileError{f.out, asNewSet, err}
	}
	return nil
}

// prove reads the private half again and lets it decrypt once.
func (file *newKeyFile) prove(path string, private *rsa.PrivateKey) error {
	data, err := output.ReadFile(path, rsadecrypt.MaxFileSize)
	if err != nil {
		return err
	}
	defer secret.Wipe(data)
	if !bytes.Equal(data, file.data) {
		return errReadBack
	}
	f, err := rsadecrypt.Identify(data)
	if err != nil {
		return err
	}
	defer f.Wipe()
	again, err := file.open(f)
	if err != nil {
		return err
	}
	defer rsadecrypt.Wipe(again)
	if !again.PublicKey.Equal(&private.PublicKey) {
		return errReadBack
	}
	return provePrivate(again)
}

func showPair(t *terminal.Terminal, f *keygenFlags, file *newKeyFile, private *rsa.PrivateKey) error {
	if f.unsealed {
		t.Warn("--unsealed: the private half is written in the clear: whoever reads it can open every backup made for it")
	}
	fingerprint := rsadecrypt.FingerprintOf(&private.PublicKey)
	path := filepath.Join(f.out, file.name)
	if f.split.json {
		return t.JSON(&pairResult{"pair", fingerprint.Hex(), path, f.publicPath()})
	}
	return printLines(t, listing{
		"recovery key " + fingerprint.String(),
		"public half, for the upload: " + f.publicPath(),
		"private half: " + path + ", read back from the disk and tested",
	})
}

// pairResult is what --json says of a pair in files.
type pairResult struct {
	Type        string `json:"type"`         // "pair"
	RecoveryKey string `json:"recovery_key"` // fingerprint, hex
	Private     string `json:"private"`      // path
	Public      string `json:"public"`       // path
}
