package rsadecrypt

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/pbkdf2"
	"crypto/rsa"
	"crypto/sha512"
	"errors"
	"math/rand/v2"
	"testing"

	"recover/fixtures/testkey"
	"recover/fixtures/tier"
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
		if _, err := f.Open([]byte(wrong)); err == nil || err.Error() != "the passphrase does not open the file" {
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
	tier.Long(t)
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
	tier.Long(t) // openssl makes keys
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

// sealPKE1 is the vendor's form without its magic. Its salt is noise that begins
// with begin.
func sealPKE1(t *testing.T, begin string, plaintext []byte, iterations int) []byte {
	t.Helper()
	sealed := make([]byte, pke1Salt+pke1Nonce)
	_, _ = rand.NewChaCha8([32]byte{1}).Read(sealed)
	copy(sealed, begin)
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
		"sealed private key (PKE1)":             append([]byte("PKE1"), sealPKE1(t, "", content, 2)...),
		"sealed private key (PKE1, older form)": sealPKE1(t, "", content, 2),
	} {
		f, err := IdentifyUnmarked(data)
		if err != nil || f.Form() != form || !f.Private() || !f.NeedsPassphrase() || f.NeedsIdentity() {
			t.Fatalf("identified as %v, %v", f, err)
		}
		if _, err := Identify(data); (err == nil) != bytes.HasPrefix(data, pke1Magic) || err != nil && !errors.Is(err, ErrUnmarked) {
			t.Errorf("Identify: %v", err)
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

// TestPKE1BeginsLikeOthers: the salt of the older form is noise, and so it may begin
// like any other file: its owner's word counts for more. That it begins like a text
// says nothing at all.
func TestPKE1BeginsLikeOthers(t *testing.T) {
	content := toHex(pkcs1(testkey.Small()))
	for begin, unmarked := range map[string]bool{
		"<": true, " \n<": true, "0": true, "{": true, "\xff\xfe": true, "\x30\x82": true, "--": true, "\x8c\x0d": true,
		"\x1f\x8b": false, "\x1f\x9d": false, "BZh": false, "\xff\xd8\xff": false, "eyJ": false, "\x30\x82\x11\x22\x30": false,
	} {
		data := sealPKE1(t, begin, content, 2)
		if _, err := Identify(data); err == nil || unmarked && !errors.Is(err, ErrUnmarked) {
			t.Errorf("%q: %v", begin, err)
		}
		f, err := IdentifyUnmarked(data)
		if err != nil || f.Form() != "sealed private key (PKE1, older form)" {
			t.Errorf("%q: identified as %v, %v", begin, f, err)
		}
	}
}
