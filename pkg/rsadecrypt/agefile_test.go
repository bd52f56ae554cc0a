package rsadecrypt

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"filippo.io/age"

	"recover/fixtures/testkey"
	"recover/internal/plaintext"
)

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
			decoded, _ := plaintext.Decode(data, MaxFileSize)
			if text := id.(fmt.Stringer).String(); !bytes.Contains(onlyIdentity(decoded), onlyIdentity([]byte(text))) {
				t.Error("an identity that is not in the file")
			}
		}
	})
}

// onlyIdentity leaves the characters that an identity is made of.
func onlyIdentity(b []byte) []byte {
	return bytes.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, b)
}
