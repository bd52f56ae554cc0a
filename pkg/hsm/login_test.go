package hsm

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"recover/fixtures/softtoken"
	"recover/fixtures/testkey"
	"recover/fixtures/tier"
	"recover/internal/secret"
	"recover/pkg/rsadecrypt"
)

func openModule(t *testing.T, k testToken) *Module {
	t.Helper()
	m, err := Open(t.Context(), k.options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Close)
	return m
}

func (k testToken) token(t *testing.T) *Token {
	t.Helper()
	token, err := openModule(t, k).Token(k.location)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func wantCalls(t *testing.T, log, function string, want ...string) {
	t.Helper()
	if got := callsOf(t, log, function); !slices.Equal(got, want) {
		t.Errorf("calls of %s: %q, want %q", function, got, want)
	}
}

const loggedIn = "C_Login 1 11" // as the user, with a PIN of 11 bytes

func TestOneLogin(t *testing.T) {
	k, log := throughFaults(t, softHSM(t))
	k.options.Sessions = 2
	d, err := k.open(t, ModeRaw)
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if _, err := d.open(encrypt(t, k.public, "x"), testLabel); err != nil {
			t.Fatal(err)
		}
	}
	wantCalls(t, log, "C_Login", loggedIn)
	if _, err := d.key.session.token.Login(pin(), true); err != ErrSecondLogin {
		t.Errorf("a second login: %v", err)
	}
	wantCalls(t, log, "C_Login", loggedIn)
}

func TestWrongPIN(t *testing.T) {
	k, log := throughFaults(t, softHSM(t))
	token := k.token(t)
	wrong := secret.New([]byte("wrong-12345"))
	_, err := token.Login(wrong, false)
	wantError(t, err, "the PIN is incorrect: C_Login: CKR_PIN_INCORRECT (0xA0)")
	if wrong.Len() != 0 {
		t.Error("the PIN was not wiped")
	}
	wantCalls(t, log, "C_Login", loggedIn)

	// SoftHSM counts down to one flag, which other programs see too.
	other := k.token(t)
	if err := other.CheckPIN(false); err != nil || !other.HadWrongPIN() || other.PINState() != "a wrong one was given since the last right one" {
		t.Errorf("%v, a wrong PIN before: %v, %q", err, other.HadWrongPIN(), other.PINState())
	}

	// Another PIN, that a person was asked for, goes to the same token, once.
	if _, err := token.Login(pin(), false); err != nil {
		t.Errorf("the right PIN after a wrong one: %v", err)
	}
	if _, err := token.Login(pin(), false); err != ErrSecondLogin {
		t.Errorf("a second login: %v", err)
	}
	wantCalls(t, log, "C_Login", loggedIn, loggedIn)
	if err := other.CheckPIN(false); err != nil || other.HadWrongPIN() || other.PINState() != "" {
		t.Errorf("after the right PIN: %v, a wrong one before: %v, %q", err, other.HadWrongPIN(), other.PINState())
	}
}

// What can be known before a PIN is spent stops before it is.
func TestNoPINIsSpent(t *testing.T) {
	for setting, want := range map[string]Code{
		"FAULT_FLAGS=0x40000": PINLocked,
		"FAULT_FLAGS=0x20000": PINFinalTry,
		"FAULT_FLAGS_OFF=0x8": PINNotSet,
	} {
		k, log := throughFaults(t, softHSM(t), setting)
		token := k.token(t)
		if _, err := token.Login(pin(), false); !is(err, want) {
			t.Errorf("%s: %v", setting, err)
		}
		if err := token.CheckPIN(true); is(err, PINLocked) != (want == PINLocked) {
			t.Errorf("%s, few tries allowed: %v", setting, err)
		}
		wantCalls(t, log, "C_Login")
	}
	k, log := throughFaults(t, softHSM(t))
	k.public = &testkey.Recovery(1).PublicKey
	if err := k.use(t, ModeRaw); !is(err, KeyMismatch) {
		t.Errorf("another key: %v", err)
	}
	for _, none := range []*secret.Bytes{nil, secret.New(nil)} {
		if _, err := k.token(t).Login(none, false); err != ErrNoPIN {
			t.Errorf("no PIN: %v", err)
		}
	}
	wantCalls(t, log, "C_Login")
}

func TestPINPad(t *testing.T) {
	k, log := throughFaults(t, softHSM(t), "FAULT_FLAGS=0x100")
	token := k.token(t)
	if !token.PINPad() || token.NeedsPIN() || !token.NeedsLogin() {
		t.Error("the PIN pad is not seen")
	}
	given := pin()
	if _, err := token.Login(given, false); err != nil {
		t.Error(err)
	}
	if given.Len() != 0 {
		t.Error("the PIN was not wiped")
	}
	wantCalls(t, log, "C_Login", "C_Login 1 0 NULL")
}

func TestAlwaysAuthenticate(t *testing.T) {
	k, log := throughFaults(t, softHSM(t), "FAULT_ALWAYS=1")
	k.options.Sessions = 4
	m := openModule(t, k)
	key, err := findKey(m, k.location, k.public)
	if err != nil {
		t.Fatal(err)
	}
	held := m.pins[0]
	if !key.AlwaysAuthenticate || held.Len() != len(softtoken.PIN) {
		t.Errorf("always %v, the PIN has %d bytes", key.AlwaysAuthenticate, held.Len())
	}
	d, err := key.SelfTest(ModeRaw)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.open(encrypt(t, k.public, "x"), testLabel); err != nil || d.Sessions() != 1 {
		t.Errorf("%v, %d sessions", err, d.Sessions())
	}
	const again = "C_Login-context 2 11"
	wantCalls(t, log, "C_Login", loggedIn, again, again)
	m.Close()
	if held.Len() != 0 {
		t.Error("the PIN was not wiped")
	}
}

func TestAlwaysAuthenticateWithoutPIN(t *testing.T) {
	k, _ := throughFaults(t, softHSM(t), "FAULT_ALWAYS=1")
	s := k.login(t)
	s.wipePIN()
	if _, err := s.Key(k.location, Exactly(k.public)); err != ErrNoPIN {
		t.Errorf("error %v", err)
	}
}

// A PIN that the key refuses is not spent on the next ciphertext.
func TestAlwaysAuthenticateRefused(t *testing.T) {
	k, log := throughFaults(t, softHSM(t), "FAULT_ALWAYS=1", "FAULT=C_Login-context 2 0xA0")
	d, err := k.open(t, ModeRaw)
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		_, err := d.open(encrypt(t, k.public, "x"), testLabel)
		wantError(t, err, "the PIN is incorrect: C_Login: CKR_PIN_INCORRECT (0xA0)")
	}
	const again = "C_Login-context 2 11"
	wantCalls(t, log, "C_Login", loggedIn, again, again)
}

func TestSelfTestOperations(t *testing.T) {
	tier.Long(t)
	for mode, setting := range map[Mode]string{
		ModeRaw: "FAULT=none 0 0", ModeOAEP: "FAULT=none 0 0", ModeAuto: "FAULT=C_Decrypt 2 0",
	} {
		k, log := throughFaults(t, nss(t), setting)
		if _, err := k.open(t, mode); err != nil {
			t.Error(err)
		}
		if n := len(callsOf(t, log, "C_DecryptInit")); n != SelfTestOperations(mode) {
			t.Errorf("mode %s: %d operations, not %d", mode, n, SelfTestOperations(mode))
		}
	}
}

// The PIN is nowhere but in the module: not in what the kernel shows of the
// helper, not in errors, not in what the helper writes when it crashes, and
// there is no core file.
func TestPINIsNowhere(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, setting := range []string{
		"FAULT=none 0 0", "FAULT=C_Login 1 0xA0", "FAULT=C_Login 1 crash", "FAULT=C_Decrypt 1 crash", "FAULT=C_Login 1 exit",
	} {
		k, _ := throughFaults(t, softHSM(t), setting)
		k = k.with(os.Environ()...)
		m := openModule(t, k)
		process := fmt.Sprintf("/proc/%d/", m.helper.process.Pid)
		shown := read(t, process+"cmdline")
		environ, err := os.ReadFile(process + "environ")
		shown = append(shown, environ...)
		if err == nil && !bytes.Contains(shown, []byte("recover-pkcs11\x00GOTRACEBACK=none\x00")) ||
			err != nil && !errors.Is(err, os.ErrPermission) { // only root may read it
			t.Fatalf("not the arguments and environment of the helper: %q, %v", shown, err)
		}
		if limits := string(read(t, process+"limits")); !strings.Contains(limits, "Max core file size        0                    0") {
			t.Errorf("core files are possible:\n%s", limits)
		}
		key, err := findKey(m, k.location, k.public)
		if err == nil {
			_, err = key.SelfTest(ModeRaw)
		}
		said := fmt.Sprintf("%v %+v %#v", err, err, err)
		var e *Error
		if errors.As(err, &e) {
			said += string(e.Stderr) + fmt.Sprintf("%+v %#v", *e, m.pins)
		}
		if bytes.Contains(shown, []byte(softtoken.PIN)) || strings.Contains(said, softtoken.PIN) {
			t.Errorf("%s: the PIN is shown", setting)
		}
	}
	if files, _ := filepath.Glob("*"); len(files) > 0 {
		t.Errorf("left behind: %q", files)
	}
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestKeyChoice(t *testing.T) {
	k := softHSM(t)
	for object, want := range map[Location]string{
		{Object: "vault-key", ID: "a1b2"}: "no such RSA private key in the token: it has pkcs11:object=vault-key;id=%A1%B2",
		{Object: "vault"}:                 "no such RSA private key in the token: it has pkcs11:object=vault-key;id=%A1%B2",
	} {
		_, err := findKey(openModule(t, k), object, nil)
		if e := wantError(t, err, want); object.ID != "" && e.HexID != "%A1%B2" {
			t.Errorf("the hint is %q", e.HexID)
		}
	}
	if err := tokens.Import(k.Token, "03"); err != nil {
		t.Fatal(err)
	}
	_, err := findKey(openModule(t, k), Location{Object: "vault-key"}, k.public)
	if !is(err, KeyAmbiguous) || !strings.Contains(err.Error(), "pkcs11:object=vault-key;id=%03") {
		t.Errorf("two keys: %v", err)
	}
	if _, err := findKey(openModule(t, k), k.location, k.public); err != nil {
		t.Errorf("two keys, one named: %v", err)
	}
}

// A token that does not say which key it has is found out by the self-test.
func TestWrongPublicHalf(t *testing.T) {
	k, _ := throughFaults(t, softHSM(t), "FAULT_LACKS=0x120")
	k.public = &testkey.Recovery(1).PublicKey
	_, err := k.open(t, ModeRaw)
	if !is(err, BadAnswer, NoMechanism) || errors.Is(err, rsadecrypt.ErrDecrypt) {
		t.Errorf("error %v", err)
	}
}

func TestNoPublicHalf(t *testing.T) {
	k, _ := throughFaults(t, softHSM(t), "FAULT_LACKS=0x120")
	_, err := findKey(openModule(t, k), k.location, nil)
	wantError(t, err, "no such RSA private key in the token: "+
		"the token does not show the public half of pkcs11:object=vault-key;id=%A1%B2")
}
