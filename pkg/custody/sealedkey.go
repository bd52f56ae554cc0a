package custody

import (
	"bytes"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"

	"filippo.io/age"

	"recover/internal/agefile"
	"recover/internal/secret"
)

// SealedKey is the file that a set of shares opens: a standard age file with
// the recovery key in PEM (PKCS#8). Its header holds the set's description.
type SealedKey struct {
	Description
	file []byte
}

// stanzaType marks the part of the age header that is the description: one
// argument, the set ID, and the text as body. age passes over stanzas that it
// does not know, and its MAC covers them.
const stanzaType = "recover-custody-set"

// maxSealedKey is a size, in bytes, that no sealed key has: 255 shares and an
// RSA key of 8192 bits make less than 50 KiB.
const maxSealedKey = 128 << 10

// ParseSealedKey reads the header of a sealed key and keeps a copy of the file,
// also where it is in base64 or armored: Bytes is the file as it was written.
// Nothing may open it but the one identity. The errors are ErrNotSealedKey, for
// whatever else the file is, and ErrDescription. That the file can be opened
// shows when a Quorum is there.
func ParseSealedKey(file []byte) (*SealedKey, error) {
	if len(file) > maxSealedKey {
		return nil, ErrNotSealedKey
	}
	file = unarmored(file)
	parts, _ := agefile.Stanzas(file)
	if len(parts) != 2 || parts[0].Type != "X25519" || parts[1].Type != stanzaType || len(parts[1].Args) != 1 {
		return nil, ErrNotSealedKey
	}
	var id SetID
	if id.UnmarshalText([]byte(parts[1].Args[0])) != nil {
		return nil, ErrDescription
	}
	d, err := parseDescription(parts[1].Body, id)
	if err != nil {
		return nil, err
	}
	return &SealedKey{*d, bytes.Clone(file)}, nil
}

// Bytes returns the file. It must not be changed.
func (k *SealedKey) Bytes() []byte { return k.file }

// headerWriter is a recipient that can open nothing: it makes age write the
// description.
type headerWriter struct{ d *Description }

func (w headerWriter) Wrap([]byte) ([]*age.Stanza, error) {
	id, err := w.d.ID.MarshalText()
	return []*age.Stanza{{Type: stanzaType, Args: []string{string(id)}, Body: w.d.marshal()}}, err
}

// sealKey makes the file.
func sealKey(key *rsa.PrivateKey, d *Description, to *age.X25519Recipient) (*SealedKey, error) {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	defer secret.Wipe(der)
	text := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
	defer secret.Wipe(text)
	file, err := seal(text, to, headerWriter{d})
	if err != nil {
		return nil, err
	}
	return &SealedKey{*d, file}, nil
}

func seal(plaintext []byte, recipients ...age.Recipient) ([]byte, error) {
	var file bytes.Buffer
	w, err := age.Encrypt(&file, recipients...)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(plaintext); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return file.Bytes(), nil
}
