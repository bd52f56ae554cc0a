package hsm

import (
	"errors"
	"testing"

	"recover/fixtures/tier"
)

func (k testToken) login(t *testing.T) *Session {
	t.Helper()
	s, err := k.token(t).Login(pin(), false)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestGenerate(t *testing.T) {
	tier.Long(t) // SoftHSM makes a key of 4096 bits
	k := softHSM(t)
	s := k.login(t)
	key, err := s.Generate("new-key", "\x01")
	if err != nil {
		t.Fatal(err)
	}
	d, err := key.SelfTest(ModeRaw)
	if err != nil {
		t.Fatal(err)
	}
	if key.Label != "new-key" || key.ID != "\x01" || key.Public.N.BitLen() != 4096 || key.Public.E != 65537 {
		t.Errorf("key %+v", key.KeyInfo)
	}
	in := <-key.sessions
	key.sessions <- in
	r := attributeReader{token: s.token, session: in.session, object: in.handle}
	const attributePrivateExponent = 0x123
	if d := r.read(attributePrivateExponent); d != nil || r.err != nil {
		t.Errorf("the private exponent can be read (%d bytes), %v", len(d), r.err)
	}

	// Another run finds it again.
	l := Location{Token: "soft", Object: "new-key", ID: "\x01"}
	again, err := findKey(openModule(t, k), l, key.Public)
	if err != nil || !again.Public.Equal(key.Public) {
		t.Fatalf("not found again: %v", err)
	}
	if got, err := d.open(encrypt(t, key.Public, "x"), testLabel); err != nil || string(got) != "x" {
		t.Errorf("decrypted %q, %v", got, err)
	}
	for _, name := range [][2]string{{"new-key", "\x02"}, {"new", "\x01"}} {
		_, err := s.Generate(name[0], name[1])
		wantError(t, err, "the token has such a key already: pkcs11:object=new-key;id=%01")
	}
}

func TestGenerateRefused(t *testing.T) {
	for setting, want := range map[string]string{
		"FAULT=C_GenerateKeyPair 1 0x31":  "the token's memory or its audit log is full: C_GenerateKeyPair: CKR_DEVICE_MEMORY (0x31)",
		"FAULT=C_GenerateKeyPair 1 0x70":  "the token cannot make an RSA-4096 key: C_GenerateKeyPair: CKR_MECHANISM_INVALID (0x70)",
		"FAULT=C_GenerateKeyPair 1 0xE2":  "the PKCS#11 module failed: C_GenerateKeyPair: CKR_TOKEN_WRITE_PROTECTED (0xE2)",
		"FAULT=C_GenerateKeyPair 1 crash": "the helper recover-pkcs11 died: C_GenerateKeyPair: signal: segmentation fault",
	} {
		k, _ := throughFaults(t, softHSM(t), setting)
		_, err := k.login(t).Generate("new-key", "\x01")
		wantError(t, err, want)
	}
	s := softHSM(t).login(t)
	for _, name := range [][2]string{{"", "\x01"}, {"x", ""}} {
		if _, err := s.Generate(name[0], name[1]); !errors.Is(err, ErrNameless) {
			t.Errorf("%q: %v", name, err)
		}
	}
}

// An imported key stands for one that the token made in another way than it was
// asked to.
func TestGeneratedOtherwise(t *testing.T) {
	k := softHSM(t)
	key, err := k.login(t).Key(k.location, KeyFilter{})
	if err != nil {
		t.Fatal(err)
	}
	wantError(t, key.checkGenerated(), "the generated key is not as it was asked for: not made in the token")
}
