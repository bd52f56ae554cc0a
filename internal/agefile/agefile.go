// Package agefile holds what the packages that read and write age files agree
// on: how a header is read without a key, whom a file can be sealed to, and how
// much work a passphrase may cost.
package agefile

import (
	"bytes"
	"errors"

	"filippo.io/age"
)

// MaxWorkFactor is the base-2 logarithm of the highest scrypt cost taken from
// an age file: 1 GiB of memory. age writes 18, which is 256 MiB; other
// implementations go by the speed of the machine.
const MaxWorkFactor = 20

// ErrRecipient is returned by ParseRecipient. It does not quote its input,
// which may be an identity given by mistake.
var ErrRecipient = errors.New("not an age recipient (age1… or age1pq1…)")

// headerReader is an identity that opens nothing: it makes age read the header.
type headerReader struct{ stanzas []*age.Stanza }

func (r *headerReader) Unwrap(stanzas []*age.Stanza) ([]byte, error) {
	r.stanzas = stanzas
	return nil, age.ErrIncorrectIdentity
}

// magic is what every binary age file begins with.
const magic = "age-encryption.org/"

// ErrNotAge is returned for what does not begin as an age file does.
var ErrNotAge = errors.New("not an age file")

// Stanzas returns the recipient stanzas of a binary age file. For anything else
// it returns ErrNotAge, or the error of age.Decrypt. What is not one is not given
// to age, which reads ahead into a buffer of its own: it may be a secret.
func Stanzas(file []byte) ([]*age.Stanza, error) {
	if !bytes.HasPrefix(file, []byte(magic)) {
		return nil, ErrNotAge
	}
	var header headerReader
	_, err := age.Decrypt(bytes.NewReader(file), &header)
	if len(header.stanzas) > 0 {
		err = nil
	}
	return header.stanzas, err
}

// ParseRecipient reads an age recipient: X25519 (age1…), or the post-quantum
// hybrid of ML-KEM-768 and X25519 (age1pq1…). What is sealed to a hybrid
// recipient needs age 1.3.0 or later to open; older ones, as in Debian 12,
// cannot. The error is ErrRecipient.
func ParseRecipient(s string) (age.Recipient, error) {
	if r, err := age.ParseX25519Recipient(s); err == nil {
		return r, nil
	}
	if r, err := age.ParseHybridRecipient(s); err == nil {
		return r, nil
	}
	return nil, ErrRecipient
}

// PassphraseIdentity returns what opens a file that is sealed with a passphrase,
// at a cost of at most MaxWorkFactor. An empty passphrase is an error. age needs
// it as a string, which cannot be wiped.
func PassphraseIdentity(passphrase []byte) (*age.ScryptIdentity, error) {
	id, err := age.NewScryptIdentity(string(passphrase))
	if err != nil {
		return nil, err
	}
	id.SetMaxWorkFactor(MaxWorkFactor)
	return id, nil
}
