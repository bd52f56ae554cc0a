package rsadecrypt

import (
	"errors"
	"fmt"
)

// What Identify, Open and the parsers find wrong. The text of an error never
// holds bytes of the file, a passphrase or an identity.
var (
	ErrEmpty       = errors.New("the file is empty")
	ErrTooLarge    = errors.New("the file is larger than 256 KiB")
	ErrUnknownForm = errors.New("not a key file of a known form")
	ErrTruncated   = errors.New("the key file is truncated")
	ErrTrailing    = errors.New("the key is followed by other bytes")
	ErrBadHex      = errors.New("hex text with characters that are not hex digits")
	ErrBadPEM      = errors.New("a PEM block that cannot be decoded")
	ErrSeveralKeys = errors.New("several keys in one file")

	// ErrUnmarked is a file of noise without a mark of being sealed. It may be the
	// vendor's older sealed form, and it may be no sealed key at all.
	ErrUnmarked = errors.New("nothing in the file says what it is: perhaps a sealed key of the vendor's older form, perhaps no sealed key at all")

	// ErrBadStructure is DER that is damaged, or that holds something else.
	ErrBadStructure = errors.New("the DER structure is not that of a key")

	ErrPublicKey          = errors.New("a public key, not a private key")
	ErrPrivateKey         = errors.New("a private key, not a public key")
	ErrCertificate        = errors.New("a certificate, not a key")
	ErrCertificateRequest = errors.New("a certificate request, not a key")
	// ErrPKCS12 is a PKCS#12 file that holds no key, or holds it in a way that is
	// not read here.
	ErrPKCS12      = errors.New("a PKCS#12 file of which the key cannot be read here")
	ErrAgeIdentity = errors.New("an age identity, not a recovery key")
	ErrWalletKey   = errors.New("a sealed wallet key, not a recovery key")

	// ErrDamagedKey is a private key whose numbers contradict each other.
	ErrDamagedKey = errors.New("the private key is damaged")
	ErrMultiPrime = errors.New("a private key of more than two primes")
	ErrModulus    = errors.New("the modulus is not odd")
	ErrExponent   = errors.New("the public exponent is not an odd number from 3 to 2^31-1")

	// ErrWrongPassphrase may be tried again with another passphrase. Where the
	// seal cannot tell a wrong passphrase from a damaged file, it is both.
	ErrWrongPassphrase = errors.New("the passphrase does not open the file")
	// ErrWrongIdentity may be tried again with other identities.
	ErrWrongIdentity  = errors.New("the file is sealed to another identity")
	ErrNeedsIdentity  = errors.New("the file is sealed to an identity, not with a passphrase")
	ErrNotForIdentity = errors.New("the file is not sealed to an age identity")
	ErrSealDamaged    = errors.New("the sealed file is damaged or truncated")
	ErrNested         = errors.New("a sealed file within a sealed file")

	ErrNoIdentities     = errors.New("no age identity in the file")
	ErrSealedIdentities = errors.New("the identity file is itself sealed")

	ErrFingerprint = errors.New("not a fingerprint (the 64 hex digits of a SHA-256)")

	// ErrDecrypt is a ciphertext that is not one of this key and label.
	ErrDecrypt = errors.New("the ciphertext does not open with this key and label")
	// ErrNotRSA is returned by Decrypt for a key source that is no RSA key.
	ErrNotRSA = errors.New("the key source holds no RSA key")
)

var (
	errPrimes = fmt.Errorf("%w: its primes do not make its modulus", ErrDamagedKey)
	errParts  = fmt.Errorf("%w: its numbers do not belong together", ErrDamagedKey)
)

// KeyKindError is a key of another algorithm.
type KeyKindError struct {
	Kind    string // "EC", "Ed25519", "DSA" …, or "unknown"
	Private bool
}

func (e *KeyKindError) Error() string {
	half := "public"
	if e.Private {
		half = "private"
	}
	return fmt.Sprintf("%s %s key, not an RSA key", e.Kind, half)
}

// SizeError is an RSA modulus, its size in bits, that is not from Min to Max.
type SizeError struct{ Bits, Min, Max int }

func (e *SizeError) Error() string {
	return fmt.Sprintf("an RSA key of %d bits; %d to %d are accepted", e.Bits, e.Min, e.Max)
}

// UnsupportedError is a way of encrypting that is not known here. What holds a
// name or an OID.
type UnsupportedError struct{ What string }

func (e *UnsupportedError) Error() string { return "encrypted with an unsupported " + e.What }

// WorkError is a file that asks for more time or memory to open it than any
// honest one needs.
type WorkError struct {
	What     string // with its unit
	Got, Max uint64
}

func (e *WorkError) Error() string {
	return fmt.Sprintf("%s %d is above the limit of %d", e.What, e.Got, e.Max)
}

// IdentityLineError is a line of an identity file, counted from 1, that is no
// age identity.
type IdentityLineError int

func (e IdentityLineError) Error() string {
	return fmt.Sprintf("line %d is not an age identity", int(e))
}

// inSeal marks what is wrong with the content of a seal that did open.
func inSeal(err error) error { return fmt.Errorf("inside the seal: %w", err) }
