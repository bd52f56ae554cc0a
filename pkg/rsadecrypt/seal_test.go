package rsadecrypt

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/asn1"
	"errors"
	"fmt"
	"testing"

	"filippo.io/age"

	"recover/fixtures/testkey"
)

func checkSealed(t *testing.T, data []byte, form Form, want *rsa.PrivateKey) {
	t.Helper()
	f := identify(t, data)
	clear(data) // Identify keeps no reference
	if f.Form() != form || !f.Private() || !f.NeedsPassphrase() || f.NeedsIdentity() {
		t.Errorf("identified as %q, private %v, passphrase %v, identity %v",
			f.Form(), f.Private(), f.NeedsPassphrase(), f.NeedsIdentity())
	}
	if pub, err := f.PublicKey(); pub != nil || err != nil {
		t.Errorf("PublicKey of a sealed file: %v, %v", pub, err)
	}
	for _, wrong := range []string{"", "wrong", passphrase + " "} {
		if _, err := f.Open([]byte(wrong)); !errors.Is(err, ErrWrongPassphrase) {
			t.Errorf("Open with %q: %v", wrong, err)
		}
	}
	if _, err := f.OpenWith(); !errors.Is(err, ErrNotForIdentity) {
		t.Errorf("OpenWith: %v", err)
	}
	key, err := f.Open([]byte(passphrase))
	wantKey(t, key, err, want)
}

func TestEncryptedForms(t *testing.T) {
	key := testkey.Small()
	in := smallPEM(t)
	const topk8 = "pkcs8 -topk8 -passout PASS "
	for args, form := range map[string]Form{
		topk8:                     "encrypted PKCS#8 PEM",
		topk8 + "-outform DER":    "encrypted PKCS#8 DER",
		topk8 + "-iter 10000":     "encrypted PKCS#8 PEM",
		topk8 + "-v2 aes-128-cbc": "encrypted PKCS#8 PEM",
		topk8 + "-v2 aes-192-cbc -v2prf hmacWithSHA1":   "encrypted PKCS#8 PEM",
		topk8 + "-v2 aes-256-cbc -v2prf hmacWithSHA224": "encrypted PKCS#8 PEM",
		topk8 + "-v2prf hmacWithSHA384":                 "encrypted PKCS#8 PEM",
		topk8 + "-v2prf hmacWithSHA512 -outform DER":    "encrypted PKCS#8 DER",
		topk8 + "-v2 des3":                              "encrypted PKCS#8 PEM",
		topk8 + "-scrypt":                               "encrypted PKCS#8 PEM",
		topk8 + "-scrypt -scrypt_N 1024 -scrypt_p 4":    "encrypted PKCS#8 PEM",
		"rsa -aes256 -passout PASS":                     "encrypted PKCS#8 PEM",
		"rsa -aes128 -traditional -passout PASS":        "encrypted PEM (Proc-Type)",
		"rsa -aes192 -traditional -passout PASS":        "encrypted PEM (Proc-Type)",
		"rsa -aes256 -traditional -passout PASS":        "encrypted PEM (Proc-Type)",
		"rsa -des3 -traditional -passout PASS":          "encrypted PEM (Proc-Type)",
	} {
		t.Run(args, func(t *testing.T) { checkSealed(t, openssl(t, in, args), form, key) })
	}
	for name, change := range textVariants {
		t.Run(name, func(t *testing.T) {
			checkSealed(t, change(openssl(t, in, "rsa -aes256 -traditional -passout PASS")), "encrypted PEM (Proc-Type)", key)
			checkSealed(t, change(openssl(t, in, topk8)), "encrypted PKCS#8 PEM", key)
			checkSealed(t, change(toHex(openssl(t, in, topk8+"-outform DER"))), "encrypted PKCS#8 hex text", key)
		})
	}
}

// What openssl makes from nothing, not from a key of ours.
func TestGeneratedKeys(t *testing.T) {
	for args, form := range map[string]Form{
		"genpkey -algorithm RSA -aes256 -pass PASS": "encrypted PKCS#8 PEM",
		"genrsa -aes256 -passout PASS 2048":         "encrypted PKCS#8 PEM",
		"genrsa -traditional 2048":                  "PKCS#1 PEM",
		"genrsa 2048":                               "PKCS#8 PEM",
	} {
		t.Run(args, func(t *testing.T) {
			data := openssl(t, nil, args)
			f := identify(t, data)
			key, err := f.Open([]byte(passphrase))
			if err != nil || f.Form() != form {
				t.Fatalf("%q, %v", f.Form(), err)
			}
			spki := openssl(t, data, "pkey -pubout -outform DER -passin PASS")
			if !bytes.Equal(spki, MarshalPublicKey(&key.PublicKey)) {
				t.Error("openssl finds another public key")
			}
		})
	}
}

// A wrong passphrase that happens to give good padding must not pass for the
// right one: 600 of them do so about twice.
func TestWrongPassphraseGoodPadding(t *testing.T) {
	f := identify(t, openssl(t, smallPEM(t), "rsa -aes128 -traditional -passout PASS"))
	for i := range 600 {
		if _, err := f.Open([]byte{byte(i), byte(i >> 8)}); !errors.Is(err, ErrWrongPassphrase) {
			t.Fatalf("wrong passphrase %d: %v", i, err)
		}
	}
}

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
	_, err := Identify(openssl(t, smallPEM(t), "pkcs8 -topk8 -v1 PBE-SHA1-3DES -passout PASS"))
	if want := "encrypted with an unsupported scheme, OID 1.2.840.113549.1.12.1.3"; err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}

// sealPKE1 is the vendor's form without its magic.
func sealPKE1(t *testing.T, plaintext []byte, iterations int) []byte {
	t.Helper()
	sealed := make([]byte, pke1Salt+pke1Nonce)
	rand.Read(sealed)
	key, err := pbkdf2.Key(sha512.New, passphrase, sealed[:pke1Salt], iterations, 32)
	if err != nil {
		t.Fatal(err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		t.Fatal(err)
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		t.Fatal(err)
	}
	return gcm.Seal(sealed, sealed[pke1Salt:], plaintext, nil)
}

func TestPKE1(t *testing.T) {
	key := testkey.Small()
	content := toHex(pkcs1(key))
	for form, data := range map[Form][]byte{
		"sealed private key (PKE1)":             append([]byte("PKE1"), sealPKE1(t, content, 2)...),
		"sealed private key (PKE1, older form)": sealPKE1(t, content, 2),
	} {
		f := identify(t, data)
		if f.Form() != form || !f.Private() || !f.NeedsPassphrase() || f.NeedsIdentity() {
			t.Errorf("identified as %q", f.Form())
		}
		seal := f.seal.(*pke1)
		if _, err := seal.openIterated([]byte("wrong"), 2); !errors.Is(err, ErrWrongPassphrase) {
			t.Errorf("wrong passphrase: %v", err)
		}
		got, err := seal.openIterated([]byte(passphrase), 2)
		wantKey(t, got, err, key)
		seal.sealed[500] ^= 1
		if _, err := seal.openIterated([]byte(passphrase), 2); !errors.Is(err, ErrWrongPassphrase) {
			t.Errorf("damaged: %v", err)
		}
	}
}

// With the true number of iterations, as the vendor's tool sealed it.
func TestVectorPKE1(t *testing.T) {
	dir := vectors(t, "keys")
	pub, err := ParsePublicKey(readFile(t, dir, "recovery.pub.der"))
	if err != nil {
		t.Fatal(err)
	}
	sealed := readFile(t, dir, "recovery.pke1")
	key, err := identify(t, sealed).Open([]byte("correct horse battery"))
	if err != nil || !key.PublicKey.Equal(pub) {
		t.Errorf("recovery.pke1: %v", err)
	}
	if f := identify(t, sealed[4:]); f.Form() != "sealed private key (PKE1, older form)" {
		t.Errorf("without its four bytes: %q", f.Form())
	}
	if _, err := Identify(readFile(t, dir, "wallet-key.pke1")); !errors.Is(err, ErrWalletKey) {
		t.Errorf("wallet-key.pke1: %v", err)
	}
}

func TestAgePassphrase(t *testing.T) {
	key := testkey.Small()
	checkSealed(t, sealAge(t, pkcs8(t, key), false), "age file, passphrase", key)
	armored := sealAge(t, pkcs8(t, key), true)
	checkSealed(t, bytes.Clone(armored), "armored age file, passphrase", key)
	for name, change := range textVariants {
		t.Run(name, func(t *testing.T) { checkSealed(t, change(armored), "armored age file, passphrase", key) })
	}
}

// A seal may hold any unsealed form, and nothing else.
func TestAgeContent(t *testing.T) {
	key := testkey.Small()
	for name, content := range map[string][]byte{
		"PKCS#1 PEM": toPEM("RSA PRIVATE KEY", pkcs1(key)),
		"PKCS#8 PEM": smallPEM(t),
		"PKCS#1 DER": pkcs1(key),
		"PKCS#1 hex": toHex(pkcs1(key)),
		"PKCS#8 hex": append(toHex(pkcs8(t, key)), "\r\n"...),
	} {
		t.Run(name, func(t *testing.T) {
			got, err := identifyOpen(sealAge(t, content, false))
			wantKey(t, got, err, key)
		})
	}
	id, _ := age.GenerateX25519Identity()
	for _, test := range []struct {
		want    string
		content []byte
	}{
		{"inside the seal: the file is empty", nil},
		{"inside the seal: not a key file of a known form", []byte("hello")},
		{"inside the seal: a public key, not a private key", MarshalPublicKey(&key.PublicKey)},
		{"inside the seal: an age identity, not a recovery key", []byte(id.String())},
		{"a sealed file within a sealed file", sealAge(t, pkcs1(key), false)},
		{"a sealed file within a sealed file", sealPBES2(t, pkcs8(t, key))},
	} {
		_, err := identifyOpen(sealAge(t, test.content, false))
		if err == nil || err.Error() != test.want {
			t.Errorf("%v, want %s", err, test.want)
		}
	}
}

// Every byte after the header is authenticated, and so is the length.
func TestAgeDamaged(t *testing.T) {
	sealed := sealAge(t, pkcs1(testkey.Small()), false)
	flip := func(at int) []byte {
		data := bytes.Clone(sealed)
		data[at] ^= 1
		return data
	}
	mac := bytes.Index(sealed, []byte("\n--- ")) + len("\n--- ")
	body := mac + 43 + 1
	for name, data := range map[string][]byte{
		"cut":         sealed[:len(sealed)-100],
		"cut nonce":   sealed[:body+15],
		"no body":     sealed[:body+16],
		"flipped":     flip(len(sealed) - 1),
		"flipped MAC": flip(mac),
		"longer":      append(bytes.Clone(sealed), 0),
	} {
		_, err := identifyOpen(data)
		if err == nil || err.Error() != "the sealed file is damaged or truncated" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAgeIdentity(t *testing.T) {
	key := testkey.Small()
	identities := run(t, nil, "age-keygen")
	recipient := string(bytes.TrimSpace(run(t, identities, "age-keygen", "-y")))
	ids, err := ParseIdentities(identities)
	if err != nil {
		t.Fatal(err)
	}
	other, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	for form, data := range map[Form][]byte{
		"age file, identity":         run(t, smallPEM(t), "age", "-r", recipient),
		"armored age file, identity": run(t, smallPEM(t), "age", "-a", "-r", recipient),
	} {
		f := identify(t, data)
		if f.Form() != form || !f.Private() || f.NeedsPassphrase() || !f.NeedsIdentity() {
			t.Errorf("identified as %q", f.Form())
		}
		if _, err := f.Open([]byte(passphrase)); !errors.Is(err, ErrNeedsIdentity) {
			t.Errorf("Open: %v", err)
		}
		for _, wrong := range [][]age.Identity{nil, {other}} {
			if _, err := f.OpenWith(wrong...); !errors.Is(err, ErrWrongIdentity) {
				t.Errorf("OpenWith %d wrong identities: %v", len(wrong), err)
			}
		}
		got, err := f.OpenWith(append([]age.Identity{other}, ids...)...)
		wantKey(t, got, err, key)
	}
}

func TestParseIdentities(t *testing.T) {
	x, _ := age.GenerateX25519Identity()
	pq, _ := age.GenerateHybridIdentity()
	text := []byte("# created: today\n# public key: age1\n\n" + x.String() + "\n" + pq.String() + "\n")
	for name, change := range textVariants {
		if name == "CR" {
			continue // its lines are counted, and age does not take it either
		}
		if ids, err := ParseIdentities(change(text)); err != nil || len(ids) != 2 {
			t.Errorf("%s: %d identities, %v", name, len(ids), err)
		}
	}
	for _, test := range []struct {
		want string
		data []byte
	}{
		{"no age identity in the file", nil},
		{"no age identity in the file", []byte("# nothing\n")},
		{"line 3 is not an age identity", []byte("#\n" + x.String() + "\n" + x.String()[:70] + "\n")},
		{"line 1 is not an age identity", []byte(x.Recipient().String())},
		{"line 1 is not an age identity", []byte("AGE-PLUGIN-YUBIKEY-1QQQQ")},
		{"line 1 is not an age identity", smallPEM(t)},
		{"the identity file is itself sealed", sealAge(t, text, false)},
		{"the identity file is itself sealed", sealAge(t, text, true)},
		{"the file is larger than 256 KiB", make([]byte, MaxFileSize+1)},
	} {
		_, err := ParseIdentities(test.data)
		if err == nil || err.Error() != test.want {
			t.Errorf("%v, want %s", err, test.want)
			continue
		}
		wantNoLeak(t, err, test.data)
	}
}

func FuzzParseIdentities(f *testing.F) {
	x, _ := age.GenerateX25519Identity()
	f.Add([]byte("# comment\r\n\n" + x.String() + "\n"))
	f.Add([]byte(x.String() + "\n" + x.String()))
	f.Fuzz(func(t *testing.T, data []byte) {
		ids, err := ParseIdentities(data)
		if err != nil {
			return
		}
		// What comes out is written as it was read, once for each line of a key.
		for _, id := range ids {
			if text := id.(fmt.Stringer).String(); !bytes.Contains(stripMark(bytes.Clone(data)), []byte(text)) {
				t.Error("an identity that is not in the file")
			}
		}
	})
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
