// Package rsadecrypt holds all that concerns the recovery key, an RSA key
// pair: reading it from the file forms seen in the field (docs/formats.md, section 2.6), its
// fingerprint, and RSA-OAEP.
//
// What a file is follows from its content, never from its name. Identify needs
// no secret; Open and OpenWith bring in the passphrase or the identity.
package rsadecrypt

import (
	"bytes"
	"crypto/rsa"
	"encoding/hex"
	"errors"

	"filippo.io/age"

	"recover/internal/plaintext"
	"recover/internal/secret"
)

// MaxFileSize is the size, in bytes, above which a key file is refused.
const MaxFileSize = 256 << 10

// Form is a phrase for people that says what a key file is: "PKCS#8 PEM",
// "sealed private key (PKE1)", "age file, passphrase" …
type Form string

func (f Form) String() string { return string(f) }

// File is an identified key file.
type File struct {
	form    Form
	private bool
	pkcs1   *secret.Bytes // RSAPrivateKey or RSAPublicKey in DER; nil if sealed
	seal    seal          // nil if not sealed
}

// A seal is opened by a passphrase, but for an age file for identities.
type seal interface {
	open(passphrase []byte) (*rsa.PrivateKey, error)
}

// Identify finds out what a key file is, also where an editor, a mail program or
// a secret store has put something around it (see package plaintext). It keeps no
// reference to data, but the File of an unsealed private key holds a copy: see
// Wipe.
//
// What the numbers of an unsealed key are worth is checked by PublicKey and
// Open. The errors here are the sentinels of this package, *KeyKindError,
// *plaintext.KindError for a file that another program made or that is for
// another purpose, what plaintext.Decode returns, and for a sealed file
// *UnsupportedError and *WorkError.
func Identify(data []byte) (f *File, err error) {
	secret.Do(func() { f, err = identifyPlainly(data) })
	return f, err
}

func identifyPlainly(data []byte) (*File, error) {
	if len(data) > MaxFileSize {
		return nil, ErrTooLarge
	}
	// Decoding is done in place on this one copy, so that one wipe does.
	own := bytes.Clone(data)
	defer secret.Wipe(own)
	b, err := plaintext.Decode(own, MaxFileSize)
	if err != nil {
		return nil, err
	}
	defer secret.Wipe(b)
	head := bytes.Clone(b[:min(len(b), plaintext.HeadSize)])
	defer secret.Wipe(head)
	f, err := identifyForm(b)
	if err != nil {
		if kind := plaintext.Identify(head); isForeign(err, kind) {
			err = &plaintext.KindError{Kind: kind}
		}
		return nil, err
	}
	if plaintext.Identify(own) == plaintext.Gzip {
		f.form += " in gzip"
	}
	return f, nil
}

// isForeign reports whether kind says more of a file than err does.
func isForeign(err error, kind plaintext.Kind) bool {
	switch kind {
	case plaintext.Unknown, plaintext.PrivateKey, plaintext.PublicKey, plaintext.Certificate, plaintext.AgeFile, plaintext.AgeIdentity:
		return false
	case plaintext.SSHPublicKey: // a line of the usual form is read
		if errors.Is(err, ErrTruncated) {
			return false
		}
	}
	for _, vague := range []error{ErrUnknownForm, ErrUnmarked, ErrTruncated, ErrBadPEM, ErrBadHex, ErrBadStructure} {
		if errors.Is(err, vague) {
			return true
		}
	}
	return false
}

func identifyForm(b []byte) (*File, error) {
	switch {
	case len(bytes.TrimSpace(b)) == 0:
		return nil, ErrEmpty
	case bytes.HasPrefix(b, ageMagic):
		return identifyAge(b, "age file")
	case bytes.HasPrefix(b, pke1Magic):
		return identifyPKE1(b[len(pke1Magic):])
	case bytes.HasPrefix(b, sshMagic):
		return identifyOpenSSH(b)
	case bytes.HasPrefix(bytes.TrimSpace(b), sshPublicPrefix):
		return identifySSHPublic(b)
	case bytes.Contains(b, pemBegin):
		return identifyPEM(b)
	case isJWK(b):
		return identifyJWK(bytes.TrimSpace(b))
	case bytes.Contains(b, identityPrefix):
		return nil, ErrAgeIdentity
	}
	return identifyBare(b)
}

func isJWK(b []byte) bool {
	return bytes.HasPrefix(bytes.TrimSpace(b), []byte("{")) && bytes.Contains(b, []byte(`"kty"`))
}

// hasMark reports whether b begins like a form that identifyForm knows by itself.
func hasMark(b []byte) bool {
	size, header := sequenceSize(b)
	return bytes.HasPrefix(b, ageMagic) || bytes.HasPrefix(b, pke1Magic) || bytes.HasPrefix(b, sshMagic) ||
		bytes.HasPrefix(bytes.TrimSpace(b), sshPublicPrefix) || bytes.Contains(b, pemBegin) || isJWK(b) ||
		size >= minPublicDER && header >= 4 && looksLikeDER(b)
}

// pemInBase64 is how the base64 of a PEM block begins.
var pemInBase64 = []byte("LS0tLS1CRUdJTi")

// identifyBare handles the forms that have no mark of their own, and what is
// around a form that has one.
func identifyBare(b []byte) (*File, error) {
	if digits, ok := hexDigits(b); ok {
		return identifyHex(digits)
	}
	switch text := bytes.TrimSpace(b); {
	case bytes.HasPrefix(text, []byte("3082")) && !isHexInDisguise(b): // a key's DER in hex
		return nil, ErrBadHex
	case bytes.HasPrefix(b, pkcs12BER):
		return nil, ErrPKCS12
	case looksLikeDER(b):
		return identifyDER(b, "DER")
	}
	if blocks := plaintext.PEM(bytes.Clone(b)); len(blocks) > 0 {
		defer secret.Wipe(blocks)
		return identifyPEM(blocks)
	}
	inner, err := plaintext.Unwrap(b, MaxFileSize, hasMark)
	if err == nil && hasMark(inner) {
		defer secret.Wipe(inner)
		return wrapped(inner, "base64 text", " in base64")
	}
	if at := bytes.Index(b, pemInBase64); at >= 0 { // the value of a field, as in a Kubernetes secret
		value := b[at:]
		if end := bytes.IndexAny(value, " \t\r\n\"',"); end > 0 {
			value = value[:end]
		}
		if inner, err := plaintext.Unwrap(value, MaxFileSize, hasMark); err == nil && hasMark(inner) {
			defer secret.Wipe(inner)
			return wrapped(inner, "base64 text", " in base64")
		}
	}
	if looksLikeOldPKE1(b) {
		return nil, ErrUnmarked
	}
	return nil, ErrUnknownForm
}

// wrapped identifies what base64 or hex text holds: encoding is what it is called
// for DER.
func wrapped(inner []byte, encoding, around string) (*File, error) {
	if looksLikeDER(inner) {
		return identifyDER(inner, encoding)
	}
	f, err := identifyForm(inner)
	if err == nil {
		f.form += Form(around)
	}
	return f, err
}

// isHexInDisguise reports whether b is hex digits but for blanks, quotes and what
// else does not matter in a text.
func isHexInDisguise(b []byte) bool {
	inner, err := plaintext.Unwrap(b, MaxFileSize, hasMark)
	defer secret.Wipe(inner)
	return err == nil && hasMark(inner)
}

// IdentifyUnmarked is Identify for a file of which the owner says that it may be
// the vendor's older sealed form (docs/formats.md, section 2.6), which has no mark:
// what has none, and is of a size that the form can have, is taken for it.
func IdentifyUnmarked(data []byte) (*File, error) {
	f, err := Identify(data)
	if f == nil && len(data) <= MaxFileSize && looksLikeOldPKE1(data) && !errors.Is(err, ErrWalletKey) {
		return identifyOldPKE1(data), nil
	}
	return f, err
}

// Form says what the file is.
func (f *File) Form() Form { return f.form }

// Private reports whether the file is a private key, or sealed as one.
func (f *File) Private() bool { return f.private }

// NeedsPassphrase reports whether Open needs the right passphrase.
func (f *File) NeedsPassphrase() bool { return f.seal != nil && !f.NeedsIdentity() }

// NeedsIdentity reports whether the file is an age file for identities, which
// OpenWith opens.
func (f *File) NeedsIdentity() bool {
	s, ok := f.seal.(*ageSeal)
	return ok && !s.passphrase
}

// PublicKey returns the public key of an unsealed file, and nil of a sealed
// one. A private key is checked whole, with the errors of Open.
func (f *File) PublicKey() (*rsa.PublicKey, error) {
	switch {
	case f.seal != nil:
		return nil, nil
	case !f.private:
		return parsePublic(f.pkcs1.Reveal())
	}
	key, err := parsePrivate(f.pkcs1.Reveal())
	if err != nil {
		return nil, err
	}
	Wipe(key)
	return &key.PublicKey, nil
}

// Open returns the private key. The passphrase is ignored where the file is not
// sealed. With ErrWrongPassphrase it may be called again; ErrPublicKey,
// ErrNeedsIdentity, ErrSealDamaged, and all that can be wrong with a key, are
// final.
//
// The caller wipes the passphrase. Copies that the key derivations make of it
// (they take strings) stay in memory until they are collected.
func (f *File) Open(passphrase []byte) (key *rsa.PrivateKey, err error) {
	secret.Do(func() { key, err = f.openPlainly(passphrase) })
	return key, err
}

func (f *File) openPlainly(passphrase []byte) (*rsa.PrivateKey, error) {
	switch {
	case f.seal != nil:
		return f.seal.open(passphrase)
	case !f.private:
		return nil, ErrPublicKey
	}
	return parsePrivate(f.pkcs1.Reveal())
}

// OpenWith returns the private key of an age file for identities, or
// ErrWrongIdentity when none of ids opens it, ErrNotForIdentity for any other
// file, and otherwise the errors of Open.
func (f *File) OpenWith(ids ...age.Identity) (key *rsa.PrivateKey, err error) {
	if !f.NeedsIdentity() {
		return nil, ErrNotForIdentity
	}
	secret.Do(func() { key, err = f.seal.(*ageSeal).openWith(ids, ErrWrongIdentity) })
	return key, err
}

// Wipe overwrites the copy of an unsealed private key. The File is useless
// afterwards.
func (f *File) Wipe() { f.pkcs1.Wipe() }

// hexDigits returns the digits of hex text without its white space, moved
// together in place. It leaves other data as it is.
func hexDigits(b []byte) ([]byte, bool) {
	for _, c := range b {
		if !isHexDigit(c) && !isSpace(c) {
			return nil, false
		}
	}
	digits := b[:0]
	for _, c := range b {
		if !isSpace(c) {
			digits = append(digits, c)
		}
	}
	return digits, true
}

func isHexDigit(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

func isSpace(c byte) bool { return c == ' ' || '\t' <= c && c <= '\r' }

// identifyHex decodes the digits in place.
func identifyHex(digits []byte) (*File, error) {
	if len(digits)%2 != 0 {
		return nil, ErrTruncated
	}
	n, err := hex.Decode(digits, digits)
	if err != nil || !looksLikeDER(digits[:n]) && !hasMark(digits[:n]) {
		return nil, ErrUnknownForm
	}
	return wrapped(digits[:n], "hex text", " in hex")
}
