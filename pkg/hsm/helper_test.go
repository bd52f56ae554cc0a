package hsm

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"recover/fixtures/testkey"
	"recover/fixtures/tier"
	"recover/pkg/hsm/wire"
	"recover/pkg/rsadecrypt"
)

// wantError checks the whole text of an error and that it is an *Error, which
// it returns.
func wantError(t *testing.T, err error, text string) *Error {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) {
		t.Fatalf("error %v, want an *Error %q", err, text)
	}
	if e.Error() != text {
		t.Errorf("error\n\t%v\nwant\n\t%s", e, text)
	}
	return e
}

func TestHelperFaults(t *testing.T) {
	tier.Long(t)
	const protocol = "the helper does not speak this program's protocol: "
	for mode, want := range map[string]string{
		"oversize":  protocol + "a message of no byte or of more than 65536",
		"text":      protocol + "a message of no byte or of more than 65536",
		"malformed": protocol + "a message that is malformed or of an unknown form",
		"version":   protocol + "it speaks another version of it",
		"name":      protocol + "it is another program",
		"unasked":   protocol + "it answers what was not asked",
		"other-op":  protocol + "it answers what was not asked",
		"truncated": "the helper recover-pkcs11 died: exit status 0, in the middle of an answer",
		"flood":     "the helper recover-pkcs11 died: exit status 3",
	} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			_, err := Open(t.Context(), fakeOptions(mode))
			e := wantError(t, err, want)
			if mode == "flood" && (len(e.Stderr) != maxStderr || !strings.HasSuffix(string(e.Stderr), "xthe last words")) {
				t.Errorf("stderr: %d bytes that end in %q", len(e.Stderr), e.Stderr[max(0, len(e.Stderr)-20):])
			}
		})
	}
}

func TestHelperTimeLimits(t *testing.T) {
	for mode, want := range map[string]string{
		"silent": "the helper recover-pkcs11 gave no answer in time: within 300ms",
		"closed": "the helper recover-pkcs11 died: signal: killed",
	} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			o := fakeOptions(mode)
			o.Limits.Short = 300 * time.Millisecond
			if mode == "closed" {
				o.Limits.Short = time.Minute
			}
			_, err := Open(t.Context(), o)
			wantError(t, err, want)
		})
	}
}

// A helper that has died is not waited for because a child of it keeps its pipes.
func TestHelperLeavesChild(t *testing.T) {
	t.Parallel()
	begun := time.Now()
	_, err := Open(t.Context(), fakeOptions("leaves-child"))
	wantError(t, err, "the helper recover-pkcs11 died: exit status 7")
	if took := time.Since(begun); took > 10*time.Second {
		t.Errorf("it took %s", took)
	}
}

// A helper that does not read its requests cannot hold up those who ask.
func TestDeafHelper(t *testing.T) {
	t.Parallel()
	o := fakeOptions("deaf")
	h, err := start(t.Context(), o.Helper, o.Environment, false, Limits{Long: 300 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	for range 3 { // more than a pipe holds
		group.Go(func() {
			_, err := h.call(wire.Decrypt, make([]uint64, 4), make([]byte, 60<<10), nil, nil)
			wantError(t, err, "the helper recover-pkcs11 gave no answer in time: C_Decrypt: within 300ms")
		})
	}
	group.Wait()
}

func TestHelperIsNone(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "recover-pkcs11")
	if err := os.WriteFile(file, []byte("text"), 0o600); err != nil {
		t.Fatal(err)
	}
	const missing = "the helper recover-pkcs11 cannot be started: "
	for path, want := range map[string]string{
		"recover-pkcs11":           missing + `not an absolute path: "recover-pkcs11"`,
		filepath.Join(dir, "none"): missing + `"fork/exec ` + dir + `/none: no such file or directory"`,
		dir:                        missing + `"fork/exec ` + dir + `: permission denied"`,
		file:                       missing + `"fork/exec ` + file + `: permission denied"`,
		"/bin/cat":                 "the helper does not speak this program's protocol: it answers with a request",
		"/bin/true":                "the helper recover-pkcs11 died: exit status 0",
	} {
		_, err := Open(t.Context(), Options{Module: "/m.so", Helper: path})
		wantError(t, err, want)
	}
	path, err := DefaultHelper()
	if self, _ := os.Executable(); err != nil || path != filepath.Join(filepath.Dir(self), "recover-pkcs11") {
		t.Errorf("the default helper is %q, %v", path, err)
	}
	if _, err := Open(t.Context(), Options{Module: "/m.so"}); !is(err, HelperMissing) {
		t.Errorf("no helper beside the test binary: %v", err)
	}
}

// openFake goes all steps with the fake token.
func openFake(t *testing.T, settings ...string) (*Module, *Decrypter) {
	t.Helper()
	o := fakeOptions("token", settings...)
	o.Sessions = 2
	m, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Close)
	k, err := findKey(m, Location{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	d, err := k.SelfTest(ModeAuto)
	if err != nil {
		t.Fatal(err)
	}
	return m, d
}

// findKey goes the steps up to the key, with the test PIN where one is needed.
func findKey(m *Module, l Location, want *rsa.PublicKey) (*Key, error) {
	token, err := m.Token(l)
	if err != nil {
		return nil, err
	}
	wanted := KeyFilter{}
	if want != nil {
		wanted = Exactly(want)
	}
	if _, err := token.CheckPublicKey(l, wanted); err != nil {
		return nil, err
	}
	s, err := token.Login(pin(), false)
	if err != nil {
		return nil, err
	}
	return s.Key(l, wanted)
}

var testLabel = []byte("the label of a wallet key's backup")

func encrypt(t testing.TB, public *rsa.PublicKey, message string) []byte {
	t.Helper()
	c, err := rsa.EncryptOAEP(sha256.New(), rand.Reader, public, []byte(message), testLabel)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestFakeToken(t *testing.T) {
	_, d := openFake(t)
	if d.Mode() != ModeRaw || d.Sessions() != 2 || !testkey.Small().PublicKey.Equal(d.Public()) {
		t.Errorf("mode %s, %d sessions, or another key", d.Mode(), d.Sessions())
	}
	var group sync.WaitGroup
	for _, message := range []string{"one", "two", "three", "four"} {
		group.Go(func() {
			got, err := rsadecrypt.Decrypt(d, encrypt(t, &testkey.Small().PublicKey, message), testLabel)
			if err != nil || string(got) != message {
				t.Errorf("decrypted %q, %v; want %q", got, err, message)
			}
		})
	}
	group.Wait()
}

// What was decrypted before the helper dies stays; all that comes after is the
// same error, and says so at once.
func TestDeathInTheMiddle(t *testing.T) {
	const before = 25
	m, d := openFake(t, "FAKE_DIES_AT=27") // with the self-test's
	c := encrypt(t, &testkey.Small().PublicKey, "x")
	for i := range 50 {
		_, err := rsadecrypt.Decrypt(d, c, testLabel)
		if i < before {
			if err != nil {
				t.Fatalf("key %d: %v", i, err)
			}
			continue
		}
		wantError(t, err, "the helper recover-pkcs11 died: C_Decrypt: exit status 9")
		if errors.Is(err, rsadecrypt.ErrDecrypt) || err.Error() !=
			"recovery key: the helper recover-pkcs11 died: C_Decrypt: exit status 9" {
			t.Fatalf("key %d: %v", i, err)
		}
	}
	m.Close()
}

func TestClosed(t *testing.T) {
	m, d := openFake(t)
	m.Close()
	m.Close()
	if _, err := rsadecrypt.Decrypt(d, encrypt(t, &testkey.Small().PublicKey, "x"), testLabel); !errors.Is(err, ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
	if _, err := m.Tokens(Location{}); !errors.Is(err, ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
}

func TestOptions(t *testing.T) {
	_, d := openFake(t)
	c := encrypt(t, &testkey.Small().PublicKey, "x")
	for _, opts := range []crypto.DecrypterOpts{
		nil,
		//lint:ignore SA1019 it has to be refused
		&rsa.PKCS1v15DecryptOptions{},
		&rsa.OAEPOptions{Hash: crypto.SHA1},
		&rsa.OAEPOptions{Hash: crypto.SHA256, MGFHash: crypto.SHA1},
	} {
		if _, err := d.Decrypt(nil, c, opts); err != ErrOptions {
			t.Errorf("%+v: %v", opts, err)
		}
	}
	if _, err := d.Decrypt(nil, c, &rsa.OAEPOptions{Hash: crypto.SHA256, Label: make([]byte, maxLabel+1)}); err != ErrLabel {
		t.Errorf("a long label: %v", err)
	}
	if _, err := d.key.Untested(ModeAuto); err != ErrModeNeeded {
		t.Errorf("no mode: %v", err)
	}
	if _, err := d.key.Untested(ModeRaw); err != nil {
		t.Errorf("untested: %v", err)
	}
}

func TestChoice(t *testing.T) {
	two := "pkcs11:token=fake;serial=0, pkcs11:token=fake;serial=1"
	for _, c := range []struct {
		settings, location, want string
	}{
		{"FAKE_TOKENS=0", "", "no such token: the module has none"},
		{"FAKE_TOKENS=2", "", "several tokens match: " + two},
		{"FAKE_TOKENS=2", "serial=7", "no such token: the module has " + two},
		{"FAKE_TOKENS=2", "manufacturer=nobod", "no such token: the module has " + two},
		{"FAKE_TOKENS=2", "manufacturer=nobody;model=none;serial=1", ""},
		{"FAKE_KEYS=0", "", "no such RSA private key in the token"},
		{"FAKE_KEYS=2", "id=09", "no such RSA private key in the token: it has pkcs11:object=key;id=%01, pkcs11:object=key;id=%02"},
		{"FAKE_KEYS=2", "", "several keys match: pkcs11:object=key;id=%01, pkcs11:object=key;id=%02"},
		{"FAKE_KEYS=2", "id=%02", ""},
	} {
		l, err := ParseLocation("pkcs11:" + c.location)
		if err != nil {
			t.Fatal(err)
		}
		m, err := Open(t.Context(), fakeOptions("token", c.settings))
		if err != nil {
			t.Fatal(err)
		}
		_, err = findKey(m, l, nil)
		if c.want == "" && err == nil {
			m.Close()
			continue
		}
		if e := wantError(t, err, c.want); c.location == "id=09" && e.HexID != "%09" {
			t.Errorf("the hint is %q", e.HexID)
		}
		m.Close()
	}
}

func TestOtherKey(t *testing.T) {
	m, err := Open(t.Context(), fakeOptions("token"))
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	other := &testkey.Recovery(0).PublicKey
	_, err = findKey(m, Location{ID: "\x01"}, other)
	wantError(t, err, "the token's key is not the recovery key: its public key pkcs11:object=key;id=%01 is another one")

	token, err := m.Token(Location{})
	if err != nil {
		t.Fatal(err)
	}
	if visible, err := token.CheckPublicKey(Location{}, Exactly(other)); visible || err != nil {
		t.Errorf("a location without a key: %v, %v", visible, err)
	}
	_, err = findKey(m, Location{}, other)
	wantError(t, err, "the token's key is not the recovery key: the private key pkcs11:object=key;id=%01 is another one")
}
