package hsm

import (
	"crypto"
	"crypto/rsa"
	"errors"
	"io"
	"math/big"
)

// Mode is the way in which a token decrypts.
type Mode string

// The modes. ModeAuto stands for the first of the others that works.
const (
	ModeAuto Mode = "auto"
	ModeOAEP Mode = "oaep" // CKM_RSA_PKCS_OAEP: the token undoes the padding
	ModeRaw  Mode = "raw"  // CKM_RSA_X_509: the token computes on blinded numbers
)

// ParseMode reads "auto", "oaep" or "raw"; anything else is ErrMode.
func ParseMode(s string) (Mode, error) {
	switch m := Mode(s); m {
	case ModeAuto, ModeOAEP, ModeRaw:
		return m, nil
	}
	return "", ErrMode
}

// Mechanisms (PKCS#11 2.40, mechanisms, section 2.1).
const (
	mechanismRaw  = 0x3 // CKM_RSA_X_509
	mechanismOAEP = 0x9 // CKM_RSA_PKCS_OAEP
)

// Decrypter is a key whose mode is known. It may be used from several
// goroutines, and works for Sessions of them at a time.
type Decrypter struct {
	key  *Key
	mode Mode
	// refusal is what this token returns for a padding that is wrong, as the
	// self-test learned it; 0 if it did not.
	refusal CKR
	testing bool // in the self-test
}

// Mode returns ModeOAEP or ModeRaw.
func (d *Decrypter) Mode() Mode { return d.mode }

// Sessions returns how many decryptions the token is asked for at a time. To
// keep it busy takes more goroutines than that.
func (d *Decrypter) Sessions() int { return d.key.open }

// Public returns the *rsa.PublicKey.
func (d *Decrypter) Public() crypto.PublicKey { return d.key.Public }

// Decrypt opens an RSA-OAEP ciphertext, as *rsa.PrivateKey does; the reader is
// not used. The options must be *rsa.OAEPOptions with SHA-256, or the error is
// ErrOptions; a label has at most 32768 bytes (ErrLabel).
//
// An error that is rsadecrypt.ErrDecrypt speaks of this ciphertext, and is also
// rsa.ErrDecryption. Any other Error is one of the token.
func (d *Decrypter) Decrypt(_ io.Reader, ciphertext []byte, opts crypto.DecrypterOpts) ([]byte, error) {
	o, ok := opts.(*rsa.OAEPOptions)
	switch {
	case !ok, o.Hash != crypto.SHA256, o.MGFHash != 0 && o.MGFHash != crypto.SHA256:
		return nil, ErrOptions
	case len(o.Label) > maxLabel:
		return nil, ErrLabel
	}
	return d.open(ciphertext, o.Label)
}

const maxLabel = 32 << 10

func (d *Decrypter) open(ciphertext, label []byte) ([]byte, error) {
	public := d.key.Public
	c := new(big.Int).SetBytes(ciphertext)
	switch {
	case len(ciphertext) != public.Size() || c.Cmp(public.N) >= 0:
		return nil, badCiphertext
	case d.mode == ModeRaw:
		return d.openRaw(c, label)
	}
	plaintext, err := d.key.decrypt(mechanismOAEP, label, ciphertext, d.tries)
	if err != nil {
		return nil, d.explain(err)
	}
	if len(plaintext) > public.Size()-2*hashSize-2 {
		return nil, &Error{Code: BadAnswer, Function: "C_Decrypt", Detail: "longer than a message can be"}
	}
	return plaintext, nil
}

// tries returns how often to try again where the token may be busy. What it
// also says to a bad ciphertext is not taken for one before it was said again.
func (d *Decrypter) tries(e *Error) patience {
	switch {
	case d.testing:
		return impatient
	case e.Function == "C_Decrypt" && e.CKR == d.refusal:
		return doubtful
	}
	return patient
}

// badCiphertext is one that is refused here, not by the token: too long or too
// short, not below the modulus, or padded wrongly in any way.
var badCiphertext = &Error{Code: DecryptFailed, badCiphertext: true}

// explain tells a ciphertext that is bad from a token that is: the CKRs that
// are meant for it, and the one that this token showed in the self-test.
func (d *Decrypter) explain(err error) error {
	if e, ok := errors.AsType[*Error](err); ok && e.Function == "C_Decrypt" && e.CKR != ckrOK &&
		(e.Code == DecryptFailed || e.CKR == d.refusal) {
		e.Code, e.badCiphertext = DecryptFailed, true
	}
	return err
}

func (d *Decrypter) openRaw(c *big.Int, label []byte) ([]byte, error) {
	b, err := blind(d.key.Public, c)
	if err != nil {
		return nil, err
	}
	answer, err := d.key.decrypt(mechanismRaw, nil, b.request(), d.tries)
	if err != nil {
		return nil, err
	}
	defer clear(answer)
	em, ok := b.open(answer)
	if !ok {
		return nil, &Error{Code: BadAnswer, Function: "C_Decrypt", Detail: "not the number that encrypts to the request"}
	}
	defer clear(em)
	message, ok := unpadOAEP(em, label)
	if !ok {
		return nil, badCiphertext
	}
	return message, nil
}
