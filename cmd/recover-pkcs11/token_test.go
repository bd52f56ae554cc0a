//go:build cgo && linux

package main

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/miekg/pkcs11"

	"recover/internal/secret"
	"recover/pkg/hsm"
	"recover/pkg/rsadecrypt"
)

const softHSMModule = "/usr/lib/softhsm/libsofthsm2.so"

// softHSM makes a token, and names it in the environment. It is new in each
// process: SoftHSM reads its configuration once.
func softHSM(t testing.TB) {
	t.Helper()
	if _, err := os.Stat(softHSMModule); err != nil {
		t.Skipf("SKIPPED, NOT TESTED: SoftHSM is not installed: %v", err)
	}
	dir := t.TempDir()
	conf := filepath.Join(dir, "softhsm2.conf")
	if err := os.WriteFile(conf, fmt.Appendf(nil, "directories.tokendir = %s\nlog.level = ERROR\n", dir), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("SOFTHSM2_CONF", conf)
	out, err := exec.Command("softhsm2-util", "--init-token", "--free", "--label", "T",
		"--so-pin", "12345678", "--pin", "1234").CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}

// A tokenSession is SoftHSM in this process, logged in, with two sessions.
type tokenSession struct {
	*context
	sessions [2]pkcs11.SessionHandle
}

func openSession(t testing.TB) tokenSession {
	t.Helper()
	c, err := load(softHSMModule)
	if err != nil {
		t.Fatal(err)
	}
	if err := initialize(c, nil); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Finalize() })
	slots, err := c.GetSlotList(true)
	if err != nil {
		t.Fatal(err)
	}
	s := tokenSession{context: c}
	for i := range s.sessions {
		if s.sessions[i], err = c.OpenSession(slots[0], pkcs11.CKF_SERIAL_SESSION|pkcs11.CKF_RW_SESSION); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Login(s.sessions[0], pkcs11.CKU_USER, "1234"); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s tokenSession) generate(t testing.TB, bits int, alwaysAuthenticate bool) (public, private pkcs11.ObjectHandle) {
	t.Helper()
	common := []*pkcs11.Attribute{
		pkcs11.NewAttribute(pkcs11.CKA_TOKEN, true),
		pkcs11.NewAttribute(pkcs11.CKA_LABEL, "key"),
		pkcs11.NewAttribute(pkcs11.CKA_ID, []byte{1}),
	}
	public, private, err := s.GenerateKeyPair(s.sessions[0],
		[]*pkcs11.Mechanism{pkcs11.NewMechanism(pkcs11.CKM_RSA_PKCS_KEY_PAIR_GEN, nil)},
		append(common[:3:3],
			pkcs11.NewAttribute(pkcs11.CKA_MODULUS_BITS, bits),
			pkcs11.NewAttribute(pkcs11.CKA_PUBLIC_EXPONENT, []byte{1, 0, 1})),
		append(common[:3:3],
			pkcs11.NewAttribute(pkcs11.CKA_SENSITIVE, true),
			pkcs11.NewAttribute(pkcs11.CKA_ALWAYS_AUTHENTICATE, alwaysAuthenticate)))
	if err != nil {
		t.Fatal(err)
	}
	return public, private
}

// openDecrypter goes the steps of package hsm, with the test binary as helper.
func openDecrypter(t testing.TB, sessions int) *hsm.Decrypter {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	m, err := hsm.Open(t.Context(), hsm.Options{
		Module: softHSMModule, Helper: program, Sessions: sessions,
		Environment: append(os.Environ(), "HELPER_TEST=helper"),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Close)
	token, err := m.Token(hsm.Location{Token: "T"})
	if err != nil {
		t.Fatal(err)
	}
	s, err := token.Login(secret.New([]byte("1234")), false)
	if err != nil {
		t.Fatal(err)
	}
	key, err := s.Key(hsm.Location{Object: "key"}, hsm.KeyFilter{})
	if err != nil {
		t.Fatal(err)
	}
	d, err := key.SelfTest(hsm.ModeRaw)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// SoftHSM's own keys that are authenticated each time, not imitated ones.
func TestAlwaysAuthenticate(t *testing.T) {
	softHSM(t)
	s := openSession(t)
	_, private := s.generate(t, 2048, true)
	nothing := func() error { return nil }
	if _, err := decrypt(s.context, s.sessions[0], private, pkcs11.CKM_RSA_X_509, nil, nothing, make([]byte, 256)); err == nil {
		t.Skip("SKIPPED, NOT TESTED: this SoftHSM does not ask for the PIN again")
	}

	d := openDecrypter(t, 2)
	for _, message := range []string{"one", "two"} {
		ciphertext, err := rsa.EncryptOAEP(sha256.New(), rand.Reader, d.Public().(*rsa.PublicKey), []byte(message), []byte("label"))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := rsadecrypt.Decrypt(d, ciphertext, []byte("label")); err != nil || string(got) != message {
			t.Errorf("decrypted %q, %v; want %q", got, err, message)
		}
	}
	if d.Sessions() != 1 {
		t.Errorf("%d sessions", d.Sessions())
	}
}

// More objects than a module is asked for in one call.
func TestFindsAll(t *testing.T) {
	softHSM(t)
	s := openSession(t)
	modulus := make([]byte, 256)
	_, _ = rand.Read(modulus)
	const count = 2*atOnce + 1
	for i := range count {
		if _, err := s.CreateObject(s.sessions[0], []*pkcs11.Attribute{
			pkcs11.NewAttribute(pkcs11.CKA_CLASS, pkcs11.CKO_PUBLIC_KEY),
			pkcs11.NewAttribute(pkcs11.CKA_KEY_TYPE, pkcs11.CKK_RSA),
			pkcs11.NewAttribute(pkcs11.CKA_LABEL, fmt.Sprint("key ", i)),
			pkcs11.NewAttribute(pkcs11.CKA_MODULUS, modulus),
			pkcs11.NewAttribute(pkcs11.CKA_PUBLIC_EXPONENT, []byte{1, 0, 1}),
		}); err != nil {
			t.Fatal(err)
		}
	}
	find := func(label string) int {
		found, _, err := callFind(s.context, []uint64{uint64(s.sessions[0]), pkcs11.CKO_PUBLIC_KEY}, [][]byte{[]byte(label), nil})
		if err != nil {
			t.Fatal(err)
		}
		return len(found)
	}
	if all, one := find(""), find("key 300"); all != count || one != 1 {
		t.Errorf("found %d and %d, want %d and 1", all, one, count)
	}
}
