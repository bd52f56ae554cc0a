package rsadecrypt

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/des"
	"crypto/pbkdf2"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	stdasn1 "encoding/asn1"
	"errors"
	"fmt"
	"hash"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
	"golang.org/x/crypto/scrypt"

	"recover/internal/secret"
)

// What a PBES2 file may ask for. The defaults of openssl are 2048 iterations,
// and 16 MiB with p = 1; 10 million iterations take some 5 seconds.
const (
	maxIterations   = 10_000_000
	maxScryptMemory = 256 << 20 // bytes, 128·N·r
	maxScryptR      = 64
	maxScryptP      = 16
)

const (
	oidPBES2  = "1.2.840.113549.1.5.13"
	oidPBKDF2 = "1.2.840.113549.1.5.12"
	oidScrypt = "1.3.6.1.4.1.11591.4.11"
)

// pbes2 is an EncryptedPrivateKeyInfo (RFC 5958) with the password-based
// scheme PBES2 (RFC 8018, 6.2; for scrypt RFC 7914, 7).
type pbes2 struct {
	kdf        kdf
	cipher     cbcCipher
	iv         []byte
	ciphertext []byte // whole blocks, at least one
}

// A kdf derives a key of the given size in bytes.
type kdf interface {
	key(passphrase []byte, size int) ([]byte, error)
}

type cbcCipher struct {
	new                func(key []byte) (cipher.Block, error)
	keySize, blockSize int
}

var cbcCiphers = map[string]cbcCipher{
	"2.16.840.1.101.3.4.1.2":  {aes.NewCipher, 16, aes.BlockSize},
	"2.16.840.1.101.3.4.1.22": {aes.NewCipher, 24, aes.BlockSize},
	"2.16.840.1.101.3.4.1.42": {aes.NewCipher, 32, aes.BlockSize},
	"1.2.840.113549.3.7":      {des.NewTripleDESCipher, 24, des.BlockSize},
}

// prfs are the HMACs of RFC 8018, B.1, by their hash. SHA-1 is the default of
// the standard, and no weakness in an HMAC.
var prfs = map[string]func() hash.Hash{
	"1.2.840.113549.2.7":  sha1.New,
	"1.2.840.113549.2.8":  sha256.New224,
	"1.2.840.113549.2.9":  sha256.New,
	"1.2.840.113549.2.10": sha512.New384,
	"1.2.840.113549.2.11": sha512.New,
}

// identifyEncrypted takes the two elements of an EncryptedPrivateKeyInfo and checks
// all of its parameters, so that no passphrase is asked for in vain.
func identifyEncrypted(algorithm, rest cryptobyte.String) (*File, error) {
	scheme, params, err := readAlgorithm(algorithm)
	if err != nil {
		return nil, err
	}
	var ciphertext cryptobyte.String
	if !rest.ReadASN1(&ciphertext, asn1.OCTET_STRING) || !rest.Empty() {
		return nil, ErrBadStructure
	}
	s := &pbes2{ciphertext: ciphertext}
	if old, found := oldSchemes[scheme]; found {
		return identifyPBES1(old, params, ciphertext)
	}
	if scheme != oidPBES2 {
		return nil, unsupported("scheme", scheme)
	}
	var kdfPart, cipherPart cryptobyte.String
	if !params.ReadASN1(&params, asn1.SEQUENCE) ||
		!params.ReadASN1(&kdfPart, asn1.SEQUENCE) || !params.ReadASN1(&cipherPart, asn1.SEQUENCE) {
		return nil, ErrBadStructure
	}
	if err := s.readCipher(cipherPart); err != nil {
		return nil, err
	}
	if err := s.readKDF(kdfPart); err != nil {
		return nil, err
	}
	return &File{form: "encrypted PKCS#8", private: true, seal: s}, nil
}

// readAlgorithm splits the content of an AlgorithmIdentifier.
func readAlgorithm(b cryptobyte.String) (oid string, params cryptobyte.String, err error) {
	var id stdasn1.ObjectIdentifier
	if !b.ReadASN1ObjectIdentifier(&id) {
		return "", nil, ErrBadStructure
	}
	return id.String(), b, nil
}

// schemeNames are the schemes of old tools that are not read, as openssl names
// them.
var schemeNames = map[string]string{
	"1.2.840.113549.1.5.1":    "pbeWithMD2AndDES-CBC",
	"1.2.840.113549.1.5.4":    "pbeWithMD2AndRC2-CBC",
	"1.2.840.113549.1.5.6":    "pbeWithMD5AndRC2-CBC",
	"1.2.840.113549.1.5.11":   "pbeWithSHA1AndRC2-CBC",
	"1.2.840.113549.1.12.1.1": "pbeWithSHA1And128BitRC4",
	"1.2.840.113549.1.12.1.2": "pbeWithSHA1And40BitRC4",
	"1.2.840.113549.1.12.1.5": "pbeWithSHA1And128BitRC2-CBC",
	"1.2.840.113549.1.12.1.6": "pbeWithSHA1And40BitRC2-CBC",
}

func unsupported(what, oid string) error {
	if name := schemeNames[oid]; name != "" {
		return &UnsupportedError{What: what + ", " + name}
	}
	return &UnsupportedError{What: fmt.Sprintf("%s, OID %.40s", what, oid)}
}

func (s *pbes2) readCipher(b cryptobyte.String) error {
	oid, params, err := readAlgorithm(b)
	if err != nil {
		return err
	}
	var ok bool
	if s.cipher, ok = cbcCiphers[oid]; !ok {
		return unsupported("cipher", oid)
	}
	size := s.cipher.blockSize
	if !params.ReadASN1((*cryptobyte.String)(&s.iv), asn1.OCTET_STRING) || len(s.iv) != size ||
		len(s.ciphertext) == 0 || len(s.ciphertext)%size != 0 {
		return ErrBadStructure
	}
	return nil
}

func (s *pbes2) readKDF(b cryptobyte.String) error {
	oid, params, err := readAlgorithm(b)
	if err != nil {
		return err
	}
	var salt cryptobyte.String
	if !params.ReadASN1(&params, asn1.SEQUENCE) || !params.ReadASN1(&salt, asn1.OCTET_STRING) {
		return ErrBadStructure
	}
	switch oid {
	case oidPBKDF2:
		s.kdf, err = readPBKDF2(salt, params, s.cipher.keySize)
	case oidScrypt:
		s.kdf, err = readScrypt(salt, params, s.cipher.keySize)
	default:
		err = unsupported("key derivation", oid)
	}
	return err
}

type pbkdf2KDF struct {
	salt       []byte
	iterations int
	prf        func() hash.Hash
}

// readPBKDF2 reads PBKDF2-params (RFC 8018, A.2) after the salt.
func readPBKDF2(salt []byte, params cryptobyte.String, keySize int) (kdf, error) {
	var iterations uint64
	if !params.ReadASN1Integer(&iterations) || iterations == 0 || !readKeyLength(&params, keySize) {
		return nil, ErrBadStructure
	}
	if iterations > maxIterations {
		return nil, &WorkError{What: "PBKDF2 iteration count", Got: iterations, Max: maxIterations}
	}
	prf := sha1.New
	if !params.Empty() {
		var b cryptobyte.String
		if !params.ReadASN1(&b, asn1.SEQUENCE) {
			return nil, ErrBadStructure
		}
		oid, _, err := readAlgorithm(b)
		if err != nil {
			return nil, err
		}
		if prf = prfs[oid]; prf == nil {
			return nil, unsupported("PBKDF2 hash", oid)
		}
	}
	return &pbkdf2KDF{salt, int(iterations), prf}, nil
}

// readKeyLength reads an optional key length, which must be the cipher's.
func readKeyLength(params *cryptobyte.String, want int) bool {
	if !params.PeekASN1Tag(asn1.INTEGER) {
		return true
	}
	var length int
	return params.ReadASN1Integer(&length) && length == want
}

func (k *pbkdf2KDF) key(passphrase []byte, size int) ([]byte, error) {
	return pbkdf2.Key(k.prf, string(passphrase), k.salt, k.iterations, size)
}

type scryptKDF struct {
	salt    []byte
	n, r, p int
}

// readScrypt reads scrypt-params (RFC 7914, 7) after the salt.
func readScrypt(salt []byte, params cryptobyte.String, keySize int) (kdf, error) {
	var n, r, p uint64
	if !params.ReadASN1Integer(&n) || !params.ReadASN1Integer(&r) || !params.ReadASN1Integer(&p) ||
		n < 2 || n&(n-1) != 0 || r == 0 || p == 0 || !readKeyLength(&params, keySize) {
		return nil, ErrBadStructure
	}
	switch {
	case r > maxScryptR:
		return nil, &WorkError{What: "scrypt block size r", Got: r, Max: maxScryptR}
	case p > maxScryptP:
		return nil, &WorkError{What: "scrypt parallelism p", Got: p, Max: maxScryptP}
	case n > maxScryptMemory/(128*r):
		return nil, &WorkError{What: "scrypt cost N", Got: n, Max: maxScryptMemory / (128 * r)}
	}
	return &scryptKDF{salt, int(n), int(r), int(p)}, nil
}

func (k *scryptKDF) key(passphrase []byte, size int) ([]byte, error) {
	return scrypt.Key(passphrase, k.salt, k.n, k.r, k.p, size)
}

func (s *pbes2) open(passphrase []byte) (*rsa.PrivateKey, error) {
	key, err := s.kdf.key(passphrase, s.cipher.keySize)
	if err != nil {
		return nil, fmt.Errorf("key derivation: %w", err)
	}
	defer secret.Wipe(key)
	return openCBC(s.cipher, key, s.iv, s.ciphertext)
}

// openCBC decrypts whole blocks, at least one, padded as in RFC 8018, 6.1.1.
func openCBC(c cbcCipher, key, iv, ciphertext []byte) (*rsa.PrivateKey, error) {
	block, err := c.new(key)
	if err != nil {
		return nil, fmt.Errorf("cipher: %w", err)
	}
	plaintext := make([]byte, len(ciphertext))
	cipher.NewCBCDecrypter(block, iv).CryptBlocks(plaintext, ciphertext)
	pad := int(plaintext[len(plaintext)-1])
	if pad == 0 || pad > c.blockSize ||
		!bytes.HasSuffix(plaintext, bytes.Repeat([]byte{byte(pad)}, pad)) {
		secret.Wipe(plaintext)
		return nil, ErrWrongPassphrase
	}
	return openUnproved(plaintext[:len(plaintext)-pad])
}

// openUnproved reads what a seal without authentication held, and wipes it. A
// wrong passphrase gives good padding once in 256 times, but then noise in
// place of DER; with the shape of a key there, the passphrase was right.
func openUnproved(plaintext []byte) (*rsa.PrivateKey, error) {
	defer secret.Wipe(plaintext)
	f, err := classify(plaintext)
	var kind *KeyKindError
	switch {
	case errors.As(err, &kind):
		return nil, inSeal(err)
	case err != nil || !f.private || f.seal != nil:
		return nil, ErrWrongPassphrase
	}
	key, err := parsePrivate(f.pkcs1.Reveal())
	if err != nil {
		return nil, inSeal(err)
	}
	return key, nil
}
