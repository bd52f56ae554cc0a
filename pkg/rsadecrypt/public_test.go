package rsadecrypt

import (
	"bytes"
	"encoding/asn1"
	"encoding/base64"
	"errors"
	"math/big"
	"path/filepath"
	"strings"
	"testing"

	"recover/fixtures/testkey"
)

func TestParsePublicKeyRefusals(t *testing.T) {
	key := testkey.Small()
	public := func(n *big.Int, e int64) []byte {
		return marshal(t, struct{ N, E *big.Int }{n, big.NewInt(e)})
	}
	spki := MarshalPublicKey(&key.PublicKey)
	noNull := bytes.Replace(spki, []byte{0x05, 0x00, 0x03}, []byte{0x0c, 0x00, 0x03}, 1)
	long := marshal(t, struct{ N, E, More *big.Int }{key.N, big.NewInt(65537), big.NewInt(1)})
	for _, test := range []struct {
		want string
		data []byte
	}{
		{"an RSA key of 2047 bits; 2048 to 8192 are accepted", public(new(big.Int).Rsh(key.N, 1), 65537)},
		{"an RSA key of 8193 bits; 2048 to 8192 are accepted", public(new(big.Int).Lsh(key.N, 8193-2048), 65537)},
		{"the modulus is not odd", public(new(big.Int).Sub(key.N, big.NewInt(1)), 65537)},
		{"the public exponent is not an odd number from 3 to 2^31-1", public(key.N, 1)},
		{"the public exponent is not an odd number from 3 to 2^31-1", public(key.N, 65536)},
		{"the public exponent is not an odd number from 3 to 2^31-1", public(key.N, 1<<31+1)},
		{"the public exponent is not an odd number from 3 to 2^31-1", public(key.N, 1<<62+1)},
		{"the DER structure is not that of a key", public(key.N, -3)},
		{"the DER structure is not that of a key", public(new(big.Int).Neg(key.N), 3)},
		{"the DER structure is not that of a key", long},
		{"the DER structure is not that of a key", noNull},
		{"a private key, not a public key", smallPEM(t)},
		{"a private key, not a public key", sealAge(t, pkcs1(key), false)},
	} {
		pub, err := ParsePublicKey(test.data)
		if pub != nil || err == nil || err.Error() != test.want {
			t.Errorf("%v, %v, want %s", pub, err, test.want)
		}
	}
	for _, e := range []int64{3, 1<<31 - 1} {
		if _, err := ParsePublicKey(public(key.N, e)); err != nil {
			t.Errorf("e = %d: %v", e, err)
		}
	}
}

func TestCheckSize(t *testing.T) {
	for bits, ok := range map[int]bool{0: false, 2047: false, 2048: true, 4096: true, 8192: true, 8193: false} {
		err := CheckSize(bits)
		var size *SizeError
		if (err == nil) != ok || !ok && !errors.As(err, &size) {
			t.Errorf("%d bits: %v", bits, err)
		}
	}
}

func TestMarshalPublicKey(t *testing.T) {
	want := openssl(t, testkey.RecoveryPEM(0), "pkey -pubout -outform DER")
	if got := MarshalPublicKey(&testkey.Recovery(0).PublicKey); !bytes.Equal(got, want) {
		t.Errorf("%x, openssl has %x", got, want)
	}
}

func TestFingerprint(t *testing.T) {
	pub := &testkey.Recovery(0).PublicKey
	path := filepath.Join(t.TempDir(), "public.der")
	writeFile(t, path, MarshalPublicKey(pub))
	sum, _, _ := strings.Cut(string(openssl(t, nil, "dgst -sha256 -r "+path)), " ")
	f := FingerprintOf(pub)
	if f.Hex() != sum {
		t.Errorf("%s, openssl has %s", f.Hex(), sum)
	}
	known := Fingerprint{0xab, 0xcd, 0xef}
	if want := "SHA256:abcd ef00" + strings.Repeat(" 0000", 14); known.String() != want {
		t.Errorf("%s, want %s", known, want)
	}
	colons := strings.ReplaceAll(strings.TrimPrefix(f.String(), "SHA256:"), " ", ":")
	for _, s := range []string{
		f.Hex(), f.String(), "SHA256:" + f.Hex(), "sha256: " + strings.ToUpper(f.Hex()),
		strings.ToUpper(f.String()), colons, "SHA256:" + colons, " " + f.Hex() + "\n",
	} {
		if got, err := ParseFingerprint(s); err != nil || got != f {
			t.Errorf("ParseFingerprint(%q) = %s, %v", s, got, err)
		}
	}
	for _, s := range []string{"", "SHA256:", f.Hex()[1:], f.Hex() + "00", "MD5:" + f.Hex(), f.Hex()[1:] + "g", "SHA256:SHA256:" + f.Hex()} {
		if _, err := ParseFingerprint(s); !errors.Is(err, ErrFingerprint) {
			t.Errorf("ParseFingerprint(%q): %v", s, err)
		}
	}
}

func FuzzParsePublicKey(f *testing.F) {
	spki := MarshalPublicKey(&testkey.Small().PublicKey)
	pkcs1, _ := asn1.Marshal(struct{ N, E *big.Int }{testkey.Small().N, big.NewInt(3)})
	f.Add(spki)
	f.Add(pkcs1)
	f.Add(toHex(spki))
	f.Add(toPEM("PUBLIC KEY", spki))
	f.Fuzz(func(t *testing.T, data []byte) {
		pub, err := ParsePublicKey(data)
		if err != nil {
			return
		}
		der := MarshalPublicKey(pub)
		if again, err := ParsePublicKey(der); err != nil || !again.Equal(pub) {
			t.Errorf("%x comes back as %v, %v", der, again, err)
		}
		// One key has one encoding, so that it has one fingerprint.
		if file, err := Identify(data); err == nil && file.Form() == "public key DER" && !bytes.HasPrefix(data, der) {
			t.Errorf("%x is taken for %x", data, der)
		}
	})
}

func FuzzIdentify(f *testing.F) {
	key := testkey.Small()
	f.Add(pkcs1(key))
	f.Add(toHex(pkcs1(key)))
	f.Add(toPEM("RSA PRIVATE KEY", pkcs1(key)))
	f.Add(toPEM("PUBLIC KEY", MarshalPublicKey(&key.PublicKey)))
	f.Add(ageHeader("-> X25519 AAAA\nAA"))
	f.Add(ageHeader("-> scrypt AAAAAAAAAAAAAAAAAAAAAA 1\nAA"))
	f.Add([]byte("\xff\xfe-\x00-\x00"))
	f.Add([]byte(`{"kty":"RSA","n":"AAAA","e":"AQAB"}`))
	f.Add([]byte("> " + base64.StdEncoding.EncodeToString(pkcs1(key))))
	for _, name := range []string{"pbe-md5-des.pem", "keyonly.p12", "plain.p12", "openssh.key", "openssh-sealed.key", "ssh.pub"} {
		f.Add(testdata(f, name))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := Identify(data)
		if err != nil {
			return
		}
		if file.Form() == "" || file.NeedsPassphrase() && file.NeedsIdentity() {
			t.Errorf("identified as %q, passphrase and identity", file.Form())
		}
		pub, err := file.PublicKey()
		if sealed := file.NeedsPassphrase() || file.NeedsIdentity(); sealed && (pub != nil || err != nil || !file.Private()) {
			t.Errorf("sealed, with a public key: %v, %v", pub, err)
		}
		if pub == nil {
			return
		}
		again, err := ParsePublicKey(MarshalPublicKey(pub))
		if err != nil || FingerprintOf(again) != FingerprintOf(pub) {
			t.Errorf("the public key comes back as %v, %v", again, err)
		}
		if file.Private() {
			checkWorks(t, file)
		}
	})
}

// checkWorks decrypts: what Open accepts is a key.
func checkWorks(t *testing.T, file *File) {
	key, err := file.Open(nil)
	if err != nil {
		t.Fatalf("PublicKey works, Open does not: %v", err)
	}
	e, err := NewSeededEncrypter(&key.PublicKey, nil)
	if err != nil {
		t.Fatal(err)
	}
	ciphertext, err := e.Encrypt([]byte("m"), make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	if msg, err := Decrypt(key, ciphertext, nil); err != nil || string(msg) != "m" {
		t.Errorf("decrypts to %q, %v", msg, err)
	}
}

func FuzzParseFingerprint(f *testing.F) {
	f.Add(FingerprintOf(&testkey.Small().PublicKey).String())
	f.Add("sha256:" + strings.Repeat("0a:", 31) + "0a")
	f.Fuzz(func(t *testing.T, s string) {
		print, err := ParseFingerprint(s)
		if err != nil {
			return
		}
		if digits := strings.NewReplacer(" ", "", ":", "").Replace(strings.ToLower(strings.TrimSpace(s))); !strings.HasSuffix(digits, print.Hex()) {
			t.Errorf("ParseFingerprint(%q) = %v", s, print)
		}
		for _, form := range []string{print.String(), print.Hex()} {
			if again, err := ParseFingerprint(form); err != nil || again != print {
				t.Errorf("ParseFingerprint(%q) = %v, %v", form, again, err)
			}
		}
	})
}
