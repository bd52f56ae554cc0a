package rsadecrypt

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/pbkdf2"
	"crypto/rsa"
	"crypto/sha512"
	"fmt"

	"recover/internal/secret"
)

// The vendor's sealed form (docs/formats.md, section 2.6): salt ‖ nonce ‖ AES-256-GCM
// ciphertext and tag. The parts and the whole, in bytes.
const (
	pke1Salt       = 16
	pke1Nonce      = 12
	pke1Tag        = 16
	pke1Overhead   = pke1Salt + pke1Nonce + pke1Tag
	pke1WalletKey  = pke1Overhead + 32
	pke1Iterations = 3_000_000 // of PBKDF2-HMAC-SHA-512
)

// The sizes of an RSAPrivateKey in DER, rounded outwards: of 2048 bits it has
// about 1190 bytes, of 8192 bits 4660.
const (
	minPrivateDER = 1100
	maxPrivateDER = 4800
	minPublicDER  = 256 // an RSAPublicKey of 2048 bits has 270
)

var pke1Magic = []byte("PKE1")

// pke1 is what follows the magic, at least pke1Overhead bytes.
type pke1 struct{ sealed []byte }

// identifyPKE1 takes what follows the magic.
func identifyPKE1(b []byte) (*File, error) {
	switch {
	case len(b) == pke1WalletKey:
		return nil, ErrWalletKey
	case len(b) < pke1Overhead+minPrivateDER:
		return nil, ErrTruncated
	}
	return &File{form: "sealed private key (PKE1)", private: true, seal: &pke1{bytes.Clone(b)}}, nil
}

// looksLikeOldPKE1 tells the older form, which has no magic, by what it must
// be: random bytes, as many as the hex text of a PKCS#1 key needs. Of 2200
// random bytes, all but a few of the 256 values occur.
func looksLikeOldPKE1(b []byte) bool {
	n := len(b) - pke1Overhead
	if n%2 != 0 || n < 2*minPrivateDER || n > 2*maxPrivateDER {
		return false
	}
	var seen [256]bool
	distinct := 0
	for _, c := range b {
		if !seen[c] {
			seen[c] = true
			distinct++
		}
	}
	return distinct >= 240
}

func identifyOldPKE1(b []byte) *File {
	return &File{form: "sealed private key (PKE1, older form)", private: true, seal: &pke1{bytes.Clone(b)}}
}

func (s *pke1) open(passphrase []byte) (*rsa.PrivateKey, error) {
	return s.openIterated(passphrase, pke1Iterations)
}

// openIterated lets tests do without the full count, which takes seconds.
func (s *pke1) openIterated(passphrase []byte, iterations int) (*rsa.PrivateKey, error) {
	salt, rest := s.sealed[:pke1Salt], s.sealed[pke1Salt:]
	nonce, box := rest[:pke1Nonce], rest[pke1Nonce:]
	key, err := pbkdf2.Key(sha512.New, string(passphrase), salt, iterations, 32)
	if err != nil {
		return nil, fmt.Errorf("key derivation: %w", err)
	}
	defer secret.Wipe(key)
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("cipher: %w", err)
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		return nil, fmt.Errorf("cipher: %w", err)
	}
	plaintext, err := gcm.Open(nil, nonce, box, nil)
	if err != nil {
		return nil, ErrWrongPassphrase
	}
	return openInner(plaintext)
}
