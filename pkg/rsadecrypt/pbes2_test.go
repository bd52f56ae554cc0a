package rsadecrypt

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"encoding/asn1"
	"testing"

	"recover/fixtures/testkey"
)

// The structures of RFC 8018, with anything in them.
type (
	algorithm struct {
		OID    asn1.ObjectIdentifier
		Params any
	}
	encryptedInfo struct {
		Algorithm  algorithm
		Ciphertext []byte
	}
	pbes2Params  struct{ KDF, Cipher algorithm }
	pbkdf2Params struct {
		Salt       []byte
		Iterations int
		KeyLength  int `asn1:"optional"`
		PRF        algorithm
	}
	scryptParams struct {
		Salt      []byte
		N, R, P   int
		KeyLength int `asn1:"optional"`
	}
)

var (
	pbes2OID   = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 13}
	pbkdf2OID  = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 12}
	scryptOID  = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 11591, 4, 11}
	aes128OID  = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 1, 2}
	sha256PRF  = algorithm{asn1.ObjectIdentifier{1, 2, 840, 113549, 2, 9}, asn1.NullRawValue}
	unknownOID = asn1.ObjectIdentifier{1, 2, 3}
	salt       = []byte("salt")
	iv         = make([]byte, aes.BlockSize)
)

func marshal(t *testing.T, v any) []byte {
	t.Helper()
	der, err := asn1.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

// sealPBES2 encrypts anything, with one iteration.
func sealPBES2(t *testing.T, plaintext []byte) []byte {
	t.Helper()
	key, err := pbkdf2.Key(sha256.New, passphrase, salt, 1, 16)
	if err != nil {
		t.Fatal(err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		t.Fatal(err)
	}
	pad := aes.BlockSize - len(plaintext)%aes.BlockSize
	ciphertext := append(bytes.Clone(plaintext), bytes.Repeat([]byte{byte(pad)}, pad)...)
	cipher.NewCBCEncrypter(block, iv).CryptBlocks(ciphertext, ciphertext)
	kdf := algorithm{pbkdf2OID, pbkdf2Params{Salt: salt, Iterations: 1, PRF: sha256PRF}}
	return marshal(t, encryptedInfo{algorithm{pbes2OID, pbes2Params{kdf, algorithm{aes128OID, iv}}}, ciphertext})
}

func TestPBES2Content(t *testing.T) {
	key := testkey.Small()
	checkSealed(t, sealPBES2(t, pkcs8(t, key)), "encrypted PKCS#8 DER", key)
	der := pkcs8(t, key)
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	damaged := bytes.Clone(der)
	damaged[100] ^= 1
	for _, test := range []struct {
		name, want string
		plaintext  []byte
	}{
		{"damaged", "inside the seal: the private key is damaged: its primes do not make its modulus", damaged},
		{"EC", "inside the seal: EC private key, not an RSA key", pkcs8(t, ec)},
		{"public", "the passphrase does not open the file", MarshalPublicKey(&key.PublicKey)},
		{"noise", "the passphrase does not open the file", []byte("noise")},
		{"nothing", "the passphrase does not open the file", nil},
		{"sealed", "the passphrase does not open the file", sealPBES2(t, der)},
	} {
		_, err := identifyOpen(sealPBES2(t, test.plaintext))
		if err == nil || err.Error() != test.want {
			t.Errorf("%s: %v, want %s", test.name, err, test.want)
			continue
		}
		wantNoLeak(t, err, toHex(test.plaintext))
	}
}

func TestPBES2Refusals(t *testing.T) {
	const structure = "the DER structure is not that of a key"
	block := make([]byte, aes.BlockSize)
	cbc := algorithm{aes128OID, iv}
	kdf := func(iterations, keyLength int, prf algorithm) algorithm {
		return algorithm{pbkdf2OID, pbkdf2Params{salt, iterations, keyLength, prf}}
	}
	scrypt := func(n, r, p, keyLength int) algorithm {
		return algorithm{scryptOID, scryptParams{salt, n, r, p, keyLength}}
	}
	for _, test := range []struct {
		want        string
		kdf, cipher algorithm
		ciphertext  []byte
	}{
		{"", kdf(10_000_000, 16, sha256PRF), cbc, block},
		{"", scrypt(1<<18, 8, 16, 16), cbc, block},
		{"PBKDF2 iteration count 10000001 is above the limit of 10000000", kdf(10_000_001, 0, sha256PRF), cbc, block},
		{"scrypt cost N 524288 is above the limit of 262144", scrypt(1<<19, 8, 1, 0), cbc, block},
		{"scrypt block size r 65 is above the limit of 64", scrypt(2, 65, 1, 0), cbc, block},
		{"scrypt parallelism p 17 is above the limit of 16", scrypt(2, 8, 17, 0), cbc, block},
		{"encrypted with an unsupported key derivation, OID 1.2.3", algorithm{unknownOID, pbkdf2Params{Salt: salt, Iterations: 1, PRF: sha256PRF}}, cbc, block},
		{"encrypted with an unsupported PBKDF2 hash, OID 1.2.3", kdf(1, 0, algorithm{unknownOID, asn1.NullRawValue}), cbc, block},
		{"encrypted with an unsupported cipher, OID 1.2.3", kdf(1, 0, sha256PRF), algorithm{unknownOID, iv}, block},
		{structure, kdf(0, 0, sha256PRF), cbc, block},
		{structure, kdf(-1, 0, sha256PRF), cbc, block},
		{structure, kdf(1, 32, sha256PRF), cbc, block},
		{structure, scrypt(3, 8, 1, 0), cbc, block},
		{structure, scrypt(1, 8, 1, 0), cbc, block},
		{structure, scrypt(2, 0, 1, 0), cbc, block},
		{structure, scrypt(2, 8, 0, 0), cbc, block},
		{structure, scrypt(2, 8, 1, 24), cbc, block},
		{structure, algorithm{pbkdf2OID, 1}, cbc, block},
		{structure, kdf(1, 0, sha256PRF), algorithm{aes128OID, iv[1:]}, block},
		{structure, kdf(1, 0, sha256PRF), cbc, block[1:]},
		{structure, kdf(1, 0, sha256PRF), cbc, nil},
	} {
		_, err := Identify(marshal(t, encryptedInfo{algorithm{pbes2OID, pbes2Params{test.kdf, test.cipher}}, test.ciphertext}))
		if test.want == "" && err != nil || test.want != "" && (err == nil || err.Error() != test.want) {
			t.Errorf("%v, want %q", err, test.want)
		}
	}
}

func TestPBES1(t *testing.T) {
	checkSealed(t, openssl(t, smallPEM(t), "pkcs8 -topk8 -v1 PBE-SHA1-3DES -passout PASS"), "encrypted PKCS#8 (old scheme) PEM", testkey.Small())
}

// Whatever the parameters say, opening is bounded work.
func FuzzPBES2(f *testing.F) {
	kdfs := []algorithm{
		{pbkdf2OID, pbkdf2Params{salt, 1, 16, sha256PRF}},
		{scryptOID, scryptParams{salt, 2, 1, 1, 16}},
	}
	for _, kdf := range kdfs {
		der, _ := asn1.Marshal(encryptedInfo{algorithm{pbes2OID, pbes2Params{kdf, algorithm{aes128OID, iv}}}, iv})
		f.Add(der)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := classify(data)
		if err != nil || file.seal == nil {
			return
		}
		s := file.seal.(*pbes2)
		switch k := s.kdf.(type) {
		case *pbkdf2KDF:
			if k.iterations < 1 || k.iterations > 10_000_000 {
				t.Errorf("%d iterations", k.iterations)
			}
		case *scryptKDF:
			if k.n < 2 || k.r < 1 || k.p < 1 || 128*k.r*(k.n+k.p) > 257<<20 || k.r*k.p*k.n > 32<<20 {
				t.Errorf("N = %d, r = %d, p = %d", k.n, k.r, k.p)
			}
		}
		s.kdf = fixedKDF{}
		if _, err := s.open(nil); err == nil {
			t.Error("opened")
		}
	})
}

type fixedKDF struct{}

func (fixedKDF) key(_ []byte, size int) ([]byte, error) { return make([]byte, size), nil }
