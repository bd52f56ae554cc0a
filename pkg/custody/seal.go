package custody

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"filippo.io/age"
	"filippo.io/age/agessh"
	"filippo.io/age/armor"
	"golang.org/x/crypto/ssh"

	"recover/internal/agefile"
	"recover/internal/plaintext"
	"recover/internal/secret"
	"recover/pkg/rsadecrypt"
)

// Seal is what opens the file of a share.
type Seal int

// The kinds of seals.
const (
	NotSealed Seal = iota
	SealedWithPassphrase
	SealedToIdentity // an age identity, or an SSH key
)

// SealOf says how the file of a share is sealed. Whatever is no age file, binary
// or armored, is not, nor is a sealed key.
func SealOf(data []byte) Seal {
	parts, _ := agefile.Stanzas(unarmored(data))
	is := func(kind string) bool {
		return slices.ContainsFunc(parts, func(s *age.Stanza) bool { return s.Type == kind })
	}
	switch {
	case len(parts) == 0 || is(stanzaType):
		return NotSealed
	case is("scrypt"):
		return SealedWithPassphrase
	}
	return SealedToIdentity
}

// unarmored returns the binary form of an armored age file, whatever an editor or
// a mail program did to it, and that of one in base64 or gzip; anything else is
// returned as it is.
func unarmored(data []byte) []byte {
	if len(data) > rsadecrypt.MaxFileSize || bytes.HasPrefix(data, []byte(ageMagic)) {
		return data
	}
	inner, err := plaintext.Unwrap(data, rsadecrypt.MaxFileSize, func(b []byte) bool {
		return bytes.HasPrefix(b, []byte(ageMagic)) || bytes.Contains(b, []byte(armor.Header))
	})
	if err != nil {
		return data
	}
	if bytes.HasPrefix(inner, []byte(ageMagic)) {
		return inner
	}
	blocks := plaintext.PEM(bytes.Clone(inner))
	if !bytes.HasPrefix(blocks, []byte(armor.Header)) {
		return data
	}
	file, err := io.ReadAll(armor.NewReader(bytes.NewReader(blocks)))
	if err != nil {
		return data
	}
	return file
}

const ageMagic = "age-encryption.org/"

// ParseRecipient reads whom a share is to be sealed to: an age recipient
// (age1…, or age1pq1…, which older versions of age cannot open), or an SSH
// public key of type ssh-ed25519 or ssh-rsa. age's plugins are programs of their
// own, which this one does not run: ErrPlugin. All else is ErrRecipient.
func ParseRecipient(s string) (age.Recipient, error) {
	s = strings.TrimSpace(s)
	if strings.HasPrefix(s, "ssh-") {
		if r, err := agessh.ParseRecipient(s); err == nil {
			return r, nil
		}
		return nil, ErrRecipient
	}
	if r, err := agefile.ParseRecipient(s); err == nil {
		return r, nil
	}
	// age1NAME1…, and no "1" in what follows the last
	if name, found := strings.CutPrefix(s, "age1"); found && strings.LastIndexByte(name, '1') > 0 {
		return nil, ErrPlugin
	}
	return nil, ErrRecipient
}

// PassphraseRecipient returns what seals a share with a passphrase that the
// holder typed. It costs a second, and 256 MiB of memory, to seal and to open.
// An empty passphrase is rsadecrypt.ErrWrongPassphrase.
func PassphraseRecipient(passphrase *secret.Bytes) (*age.ScryptRecipient, error) {
	r, err := age.NewScryptRecipient(string(passphrase.Reveal()))
	if err != nil {
		return nil, rsadecrypt.ErrWrongPassphrase
	}
	return r, nil
}

// PassphraseIdentity returns what opens a share that was sealed with a
// passphrase. An empty one is rsadecrypt.ErrWrongPassphrase.
func PassphraseIdentity(passphrase *secret.Bytes) (*age.ScryptIdentity, error) {
	id, err := agefile.PassphraseIdentity(passphrase.Reveal())
	if err != nil {
		return nil, rsadecrypt.ErrWrongPassphrase
	}
	return id, nil
}

// ParseSSHIdentity reads an SSH private key, with which a share that is sealed
// to its public key is opened. passphrase may be nil: ErrSSHSealed tells that
// one is needed. A wrong one is rsadecrypt.ErrWrongPassphrase, and what is no
// key of type ssh-ed25519 or ssh-rsa is ErrSSHKey. Identities of age are read
// by rsadecrypt.ParseIdentities.
//
// The file may be in UTF-16, have lost its line breaks, or be quoted as in a mail.
// One that asks for more work than any honest one is a *rsadecrypt.WorkError.
func ParseSSHIdentity(file []byte, passphrase *secret.Bytes) (age.Identity, error) {
	_, id, err := parseSSHKey(file, passphrase)
	return id, err
}

// parseSSHKey is ParseSSHIdentity, and returns the key as well.
func parseSSHKey(file []byte, passphrase *secret.Bytes) (key any, id age.Identity, err error) {
	text, err := plaintext.Decode(file, rsadecrypt.MaxFileSize)
	if err != nil {
		return nil, nil, err
	}
	pem := plaintext.PEM(bytes.Clone(text))
	defer secret.Wipe(pem)
	if err := rsadecrypt.CheckSSHWork(pem); err != nil {
		return nil, nil, err
	}
	key, err = ssh.ParseRawPrivateKey(pem)
	if _, ok := errors.AsType[*ssh.PassphraseMissingError](err); ok {
		if passphrase == nil {
			return nil, nil, ErrSSHSealed
		}
		key, err = ssh.ParseRawPrivateKeyWithPassphrase(pem, passphrase.Reveal())
		if errors.Is(err, x509.IncorrectPasswordError) {
			return nil, nil, rsadecrypt.ErrWrongPassphrase
		}
	}
	switch key := key.(type) {
	case *ed25519.PrivateKey:
		id, err = agessh.NewEd25519Identity(*key)
	case *rsa.PrivateKey:
		id, err = agessh.NewRSAIdentity(key)
	default:
		return nil, nil, ErrSSHKey
	}
	if err != nil {
		return nil, nil, ErrSSHKey
	}
	return key, id, nil
}

// SealTo seals a page, or another secret, to all of the recipients: each of them
// can open it, and so can the age command. A passphrase must be the only
// recipient.
//
// The witness opens this one file, for Verify, where the holder's own identity
// is not at hand. The caller drops it soon.
func SealTo(text *secret.Bytes, recipients ...age.Recipient) (file []byte, witness age.Identity, err error) {
	if len(recipients) == 0 {
		return nil, nil, ErrRecipient
	}
	tap := &keyTap{Recipient: recipients[0]}
	file, err = seal(text.Reveal(), append([]age.Recipient{tap}, recipients[1:]...)...)
	if err != nil {
		return nil, nil, fmt.Errorf("it cannot be sealed: %w", err)
	}
	return file, age.NewInjectedFileKeyIdentity(tap.fileKey), nil
}

// keyTap is a recipient that keeps the key of the file.
type keyTap struct {
	age.Recipient
	fileKey []byte
}

func (t *keyTap) WrapWithLabels(fileKey []byte) ([]*age.Stanza, []string, error) {
	t.fileKey = bytes.Clone(fileKey)
	if r, ok := t.Recipient.(age.RecipientWithLabels); ok {
		return r.WrapWithLabels(fileKey)
	}
	stanzas, err := t.Wrap(fileKey)
	return stanzas, nil, err
}

// OpenPage opens a sealed page and parses it. The errors are
// rsadecrypt.ErrWrongPassphrase or rsadecrypt.ErrWrongIdentity, which may be
// tried again, rsadecrypt.ErrSealDamaged, a *rsadecrypt.WorkError, and those of
// ParseShare.
func OpenPage(file []byte, ids ...age.Identity) (share *Share, err error) {
	secret.Do(func() { share, err = openPage(file, ids) })
	return share, err
}

func openPage(file []byte, ids []age.Identity) (*Share, error) {
	file = unarmored(file)
	if err := rsadecrypt.CheckAgeWork(file); err != nil {
		return nil, err
	}
	r, err := age.Decrypt(bytes.NewReader(file), ids...)
	var noMatch *age.NoIdentityMatchError
	switch {
	case errors.As(err, &noMatch) && SealOf(file) == SealedWithPassphrase:
		return nil, rsadecrypt.ErrWrongPassphrase
	case errors.As(err, &noMatch):
		return nil, rsadecrypt.ErrWrongIdentity
	case err != nil:
		return nil, rsadecrypt.ErrSealDamaged
	}
	// Room for all that is read, so that no copy is left behind by growing.
	page := bytes.NewBuffer(make([]byte, 0, MaxPageSize+1+bytes.MinRead))
	defer func() { secret.Wipe(page.Bytes()) }()
	if _, err := page.ReadFrom(io.LimitReader(r, MaxPageSize+1)); err != nil {
		return nil, rsadecrypt.ErrSealDamaged
	}
	return ParseShare(page.Bytes())
}
