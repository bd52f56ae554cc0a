package rsadecrypt

import (
	"crypto/des"
	"crypto/md5"
	"crypto/rsa"
	"crypto/sha1"
	"hash"
	"slices"
	"unicode/utf16"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"recover/internal/secret"
)

// The schemes with which tools encrypted keys by default before PBES2: those of
// PKCS#5 1.5 (RFC 8018, 6.1), as openssl did up to version 1.0.2, and those of
// PKCS#12 (RFC 7292, appendix C), as Java, Windows and openssl pkcs12 did. They are
// read, and never written. RC2 and RC4 are not.
type oldScheme struct {
	hash    func() hash.Hash
	cipher  cbcCipher
	pkcs12  bool
	keySize int // what is derived: two-key 3DES uses the first key twice
}

var (
	desCipher  = cbcCipher{des.NewCipher, 8, des.BlockSize}
	des3Cipher = cbcCipher{des.NewTripleDESCipher, 24, des.BlockSize}
	oldSchemes = map[string]oldScheme{
		"1.2.840.113549.1.5.3":    {md5.New, desCipher, false, 8},
		"1.2.840.113549.1.5.10":   {sha1.New, desCipher, false, 8},
		"1.2.840.113549.1.12.1.3": {sha1.New, des3Cipher, true, 24},
		"1.2.840.113549.1.12.1.4": {sha1.New, des3Cipher, true, 16},
	}
)

// maxSalt is the longest salt of an old scheme, in bytes: PBES1 has 8, PKCS#12
// up to 20, and the work is in proportion.
const maxSalt = 128

type pbes1 struct {
	oldScheme
	salt       []byte
	iterations int
	ciphertext []byte
}

func identifyPBES1(scheme oldScheme, params, ciphertext cryptobyte.String) (*File, error) {
	var salt cryptobyte.String
	var iterations uint64
	if !params.ReadASN1(&params, asn1.SEQUENCE) || !params.ReadASN1(&salt, asn1.OCTET_STRING) ||
		!params.ReadASN1Integer(&iterations) || !params.Empty() || iterations == 0 || len(salt) > maxSalt ||
		len(ciphertext) == 0 || len(ciphertext)%scheme.cipher.blockSize != 0 {
		return nil, ErrBadStructure
	}
	if iterations > maxIterations {
		return nil, &WorkError{What: "iteration count", Got: iterations, Max: maxIterations}
	}
	s := &pbes1{scheme, slices.Clone(salt), int(iterations), slices.Clone(ciphertext)}
	return &File{form: "encrypted PKCS#8 (old scheme)", private: true, seal: s}, nil
}

func (s *pbes1) open(passphrase []byte) (*rsa.PrivateKey, error) {
	if !s.pkcs12 {
		derived := pbkdf1(s.hash, passphrase, s.salt, s.iterations)
		defer secret.Wipe(derived)
		return openCBC(s.cipher, derived[:8], derived[8:16], s.ciphertext)
	}
	encoded := bmpString(passphrase)
	defer secret.Wipe(encoded)
	key, err := s.openPKCS12(encoded)
	if err != nil && len(passphrase) == 0 { // some leave out the zero at the end
		key, err = s.openPKCS12(nil)
	}
	return key, err
}

func (s *pbes1) openPKCS12(encoded []byte) (*rsa.PrivateKey, error) {
	key := pkcs12KDF(s.hash, encoded, s.salt, s.iterations, 1, s.keySize)
	defer secret.Wipe(key)
	iv := pkcs12KDF(s.hash, encoded, s.salt, s.iterations, 2, s.cipher.blockSize)
	if s.keySize < s.cipher.keySize {
		key = append(key, key[:s.cipher.keySize-s.keySize]...)
	}
	return openCBC(s.cipher, key, iv, s.ciphertext)
}

// pbkdf1 is RFC 8018, 5.1: the hash of passphrase and salt, and of that again.
func pbkdf1(newHash func() hash.Hash, passphrase, salt []byte, iterations int) []byte {
	h := newHash()
	h.Write(passphrase)
	h.Write(salt)
	return rehash(h, iterations-1)
}

// rehash returns the sum of h, hashed again so many times.
func rehash(h hash.Hash, times int) []byte {
	sum := h.Sum(nil)
	for range times {
		h.Reset()
		h.Write(sum)
		sum = h.Sum(sum[:0])
	}
	return sum
}

// bmpString encodes a passphrase as PKCS#12 wants it: UTF-16, big-endian, with
// two zero bytes at the end (RFC 7292, B.1).
func bmpString(passphrase []byte) []byte {
	out := make([]byte, 0, 2*len(passphrase)+2)
	for _, unit := range utf16.Encode([]rune(string(passphrase))) {
		out = append(out, byte(unit>>8), byte(unit))
	}
	return append(out, 0, 0)
}

// pkcs12KDF is RFC 7292, B.2, for hashes with blocks of 64 bytes. id is 1 for a
// key and 2 for an IV.
func pkcs12KDF(newHash func() hash.Hash, passphrase, salt []byte, iterations int, id byte, size int) []byte {
	const v = 64
	h := newHash()
	d := slices.Repeat([]byte{id}, v)
	i := append(fill(salt, v), fill(passphrase, v)...)
	defer secret.Wipe(i)
	var out []byte
	for len(out) < size {
		h.Reset()
		h.Write(d)
		h.Write(i)
		a := rehash(h, iterations-1)
		out = append(out, a...)
		b := fill(a, v)[:v]
		for block := i; len(block) > 0; block = block[v:] {
			carry := 1
			for k := v - 1; k >= 0; k-- {
				carry += int(block[k]) + int(b[k])
				block[k] = byte(carry)
				carry >>= 8
			}
		}
	}
	return out[:size]
}

// fill repeats b up to a multiple of size bytes; nothing stays nothing.
func fill(b []byte, size int) []byte {
	if len(b) == 0 {
		return nil
	}
	n := (len(b) + size - 1) / size * size
	return slices.Repeat(b, n/len(b)+1)[:n]
}
