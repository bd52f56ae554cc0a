package rsadecrypt

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/big"

	"recover/internal/mgf1"
	"recover/internal/secret"
)

// Decrypt opens an RSA-OAEP ciphertext, with SHA-256 for the label and for MGF1
// (RFC 8017, 7.1.2; docs/formats.md, section 2.2). The label is bytes, not their hash.
//
// ErrDecrypt says that this ciphertext is bad, or another label's or key's. Any
// other error is one of the key source, such as an HSM that is gone, wrapped.
func Decrypt(key crypto.Decrypter, ciphertext, label []byte) ([]byte, error) {
	pub, ok := key.Public().(*rsa.PublicKey)
	if !ok {
		return nil, ErrNotRSA
	}
	if len(ciphertext) != pub.Size() {
		return nil, ErrDecrypt
	}
	msg, err := decrypt(key, ciphertext, &rsa.OAEPOptions{Hash: crypto.SHA256, Label: label})
	switch {
	case errors.Is(err, rsa.ErrDecryption):
		return nil, ErrDecrypt
	case err != nil:
		return nil, fmt.Errorf("recovery key: %w", err)
	}
	return msg, nil
}

// decrypt leaves no copies behind that crypto/rsa makes of a private key, and of
// what it decrypts, where secret.Do can see to that.
func decrypt(key crypto.Decrypter, ciphertext []byte, options *rsa.OAEPOptions) ([]byte, error) {
	var out [maxBits / 8]byte
	var n int
	var err error
	secret.Do(func() {
		var msg []byte
		msg, err = key.Decrypt(rand.Reader, ciphertext, options)
		n = copy(out[:], msg)
		secret.Wipe(msg)
	})
	defer secret.Wipe(out[:])
	if err != nil {
		return nil, err
	}
	return append([]byte(nil), out[:n]...), nil
}

const hashSize = sha256.Size

// SeededEncrypter encrypts with RSA-OAEP as Decrypt expects it, but with given
// seeds, which proves a ciphertext whose seed and message are published (docs/formats.md,
// section 2.3). For these public values alone it trades constant time for speed:
// for secret messages, use crypto/rsa.
//
// It reuses buffers, and is not for concurrent use.
type SeededEncrypter struct {
	key   *power
	lHash [hashSize]byte
	em    []byte // 0x00 ‖ seed ‖ DB, as long as the modulus
	m, c  big.Int
}

// minOAEPBits is the least modulus of 67 bytes: room for a message of one.
const minOAEPBits = 8*(2*hashSize+2) + 1

// NewSeededEncrypter checks that pub has an odd modulus of 529 to 8192 bits, and
// an exponent as ErrExponent says. The errors are these, ErrModulus and
// *SizeError.
func NewSeededEncrypter(pub *rsa.PublicKey, label []byte) (*SeededEncrypter, error) {
	if bits := pub.N.BitLen(); bits < minOAEPBits || bits > maxBits {
		return nil, &SizeError{bits, minOAEPBits, maxBits}
	}
	if err := checkNumbers(pub); err != nil {
		return nil, err
	}
	e := &SeededEncrypter{key: newPower(pub.N, uint(pub.E)), em: make([]byte, pub.Size())}
	e.SetLabel(label)
	return e, nil
}

// SetLabel sets the label of the encryptions that follow.
func (e *SeededEncrypter) SetLabel(label []byte) { e.lHash = sha256.Sum256(label) }

// Encrypt returns the ciphertext, as long as the modulus, of msg under a seed
// of 32 bytes (RFC 8017, 7.1.1).
func (e *SeededEncrypter) Encrypt(msg, seed []byte) ([]byte, error) {
	if len(seed) != hashSize {
		return nil, fmt.Errorf("an OAEP seed of %d bytes, not %d", len(seed), hashSize)
	}
	if room := len(e.em) - 2*hashSize - 2; len(msg) > room {
		return nil, fmt.Errorf("an OAEP message of %d bytes; the key has room for %d", len(msg), room)
	}
	maskedSeed, db := e.em[1:1+hashSize], e.em[1+hashSize:]
	clear(e.em)
	copy(maskedSeed, seed)
	copy(db, e.lHash[:])
	copy(db[len(db)-len(msg):], msg)
	db[len(db)-len(msg)-1] = 1
	mgf1.XOR(db, maskedSeed)
	mgf1.XOR(maskedSeed, db)

	e.m.SetBytes(e.em) // below the modulus, of which the first byte is not zero
	e.key.exp(&e.c, &e.m)
	return e.c.FillBytes(make([]byte, len(e.em))), nil
}
