package rsadecrypt

import (
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"math/big"
	"strings"

	"recover/internal/message"
)

// The sizes of RSA keys that are accepted from files, in bits of the modulus.
const (
	minBits = 2048
	maxBits = 8192
)

// CheckSize returns a *SizeError unless an RSA key of that many bits is accepted
// from a file: 2048 to 8192.
func CheckSize(bits int) error {
	if bits < minBits || bits > maxBits {
		return &SizeError{bits, minBits, maxBits}
	}
	return nil
}

// ParsePublicKey reads a recovery public key: SubjectPublicKeyInfo or PKCS#1,
// in DER, in hex text of it, or in PEM. A file that is, or seals, a private key
// is refused with ErrPrivateKey; the other errors are those of Identify, and
// what CheckSize, ErrModulus and ErrExponent say of the numbers.
func ParsePublicKey(data []byte) (*rsa.PublicKey, error) {
	f, err := Identify(data)
	if err != nil {
		return nil, err
	}
	if f.private {
		f.Wipe()
		return nil, ErrPrivateKey
	}
	return parsePublic(f.pkcs1.Reveal())
}

// parsePublic reads an RSAPublicKey (RFC 8017, A.1.1).
func parsePublic(der []byte) (*rsa.PublicKey, error) {
	var n [2]*big.Int // n, e
	rest, err := readIntegers(der, n[:])
	if err != nil {
		return nil, err
	}
	if !rest.Empty() {
		return nil, ErrBadStructure
	}
	if err := CheckSize(n[0].BitLen()); err != nil {
		return nil, err
	}
	pub := &rsa.PublicKey{N: n[0]}
	if err := setExponent(pub, n[1]); err != nil {
		return nil, err
	}
	return pub, nil
}

// setExponent checks the modulus of pub, and e before it becomes an int.
func setExponent(pub *rsa.PublicKey, e *big.Int) error {
	if e.BitLen() > 31 {
		return ErrExponent
	}
	pub.E = int(e.Int64())
	return checkNumbers(pub)
}

func checkNumbers(pub *rsa.PublicKey) error {
	switch {
	case pub.N.Bit(0) == 0:
		return ErrModulus
	case pub.E < 3 || pub.E > 1<<31-1 || pub.E%2 == 0:
		return ErrExponent
	}
	return nil
}

// MarshalPublicKey returns the DER SubjectPublicKeyInfo, as keys are registered
// (docs/formats.md, section 2.6).
func MarshalPublicKey(pub *rsa.PublicKey) []byte {
	der, err := x509.MarshalPKIXPublicKey(pub)
	if err != nil { // cannot be: two numbers have an encoding
		panic("rsadecrypt: " + err.Error())
	}
	return der
}

// Fingerprint names a recovery key: the SHA-256 of its DER
// SubjectPublicKeyInfo, whatever form the key file has.
type Fingerprint [sha256.Size]byte

// FingerprintOf returns the fingerprint of pub.
func FingerprintOf(pub *rsa.PublicKey) Fingerprint {
	return sha256.Sum256(MarshalPublicKey(pub))
}

// Hex returns 64 hex digits, in lower case.
func (f Fingerprint) Hex() string { return hex.EncodeToString(f[:]) }

// String returns the form for people, hex digits in groups of four:
// "SHA256:0123 4567 …".
func (f Fingerprint) String() string {
	return "SHA256:" + message.Groups(f.Hex())
}

// ParseFingerprint reads the 64 digits of a fingerprint, of either case, with
// or without "SHA256:" in front, and with spaces or colons anywhere between.
func ParseFingerprint(s string) (Fingerprint, error) {
	const prefix = "SHA256:"
	s = strings.TrimSpace(s)
	if len(s) > len(prefix) && strings.EqualFold(s[:len(prefix)], prefix) {
		s = s[len(prefix):]
	}
	b, err := hex.DecodeString(strings.NewReplacer(" ", "", ":", "").Replace(s))
	if err != nil || len(b) != sha256.Size {
		return Fingerprint{}, ErrFingerprint
	}
	return Fingerprint(b), nil
}
