package hsm

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"recover/internal/secret"
	"recover/pkg/rsadecrypt"
)

// openCryptoki keeps its tokens for the whole machine, so the test uses one of
// its own, "recover-test", which it makes out of a soft token that nobody has
// initialized. Where the daemon pkcsslotd does not run, root starts it.
const (
	cryptokiToken = "recover-test"
	cryptokiPIN   = "24681357"
)

var openCryptoki = sync.OnceValues(func() (module string, err error) {
	modules, _ := filepath.Glob("/usr/lib*/*/pkcs11/libopencryptoki.so")
	if len(modules) == 0 {
		return "", errors.New("openCryptoki is not installed")
	}
	tokens, err := exec.Command("pkcsconf", "-t").CombinedOutput()
	if err != nil && os.Geteuid() == 0 {
		tokens, err = startSlotDaemon()
	}
	switch {
	case err != nil:
		return "", fmt.Errorf("openCryptoki, is pkcsslotd running? %s", tokens)
	case !strings.Contains(string(tokens), cryptokiToken):
		err = initializeCryptoki(string(tokens))
	}
	return modules[0], err
})

// stopSlotDaemon ends what startSlotDaemon has started.
var stopSlotDaemon = func() {}

// startSlotDaemon returns what there is when the daemon is ready.
func startSlotDaemon() (tokens []byte, err error) {
	daemon := exec.Command("pkcsslotd", "-f")
	if err := daemon.Start(); err != nil {
		return nil, err
	}
	stopSlotDaemon = func() {
		_ = daemon.Process.Signal(syscall.SIGTERM)
		_ = daemon.Wait()
	}
	for range 100 {
		time.Sleep(100 * time.Millisecond)
		if tokens, err = exec.Command("pkcsconf", "-t").CombinedOutput(); err == nil {
			return tokens, nil
		}
	}
	return tokens, err
}

var untouchedSoftToken = regexp.MustCompile(`Token #(\d+) Info:\n\tLabel: IBM OS PKCS#11 +\n.*\n\tModel: IBM SoftTok`)

func initializeCryptoki(tokens string) error {
	slot := untouchedSoftToken.FindStringSubmatch(tokens)
	if slot == nil {
		return errors.New("openCryptoki has no soft token that is not in use")
	}
	const firstPIN, soPIN, defaultSOPIN = "11111111", "12345678", "87654321"
	label := exec.Command("pkcsconf", "-c", slot[1], "-I", "-S", defaultSOPIN)
	label.Stdin = strings.NewReader(cryptokiToken + "\n")
	if out, err := label.CombinedOutput(); err != nil {
		return fmt.Errorf("pkcsconf -I: %w: %s", err, out)
	}
	for _, arguments := range [][]string{
		{"-P", "-S", defaultSOPIN, "-n", soPIN},
		{"-u", "-S", soPIN, "-n", firstPIN},
		{"-p", "-U", firstPIN, "-n", cryptokiPIN},
	} {
		if out, err := exec.Command("pkcsconf", append([]string{"-c", slot[1]}, arguments...)...).CombinedOutput(); err != nil {
			return fmt.Errorf("pkcsconf %s: %w: %s", arguments[0], err, out)
		}
	}
	return nil
}

func openCryptokiToken(t *testing.T) *Token {
	t.Helper()
	module, err := openCryptoki()
	m := openModule(t, testToken{options: Options{Module: need(t, module, err), Helper: helperProgram(t)}})
	token, err := m.Token(Location{Token: cryptokiToken})
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func cryptokiLogin(t *testing.T, pin string, allowFewTries bool) (*Session, error) {
	t.Helper()
	return openCryptokiToken(t).Login(secret.New([]byte(pin)), allowFewTries)
}

// A token that counts wrong PINs: the last try is not spent unless that is
// allowed.
func TestOpenCryptokiCountsPINs(t *testing.T) {
	const (
		low   = "a wrong one was given since the last right one"
		final = "one try is left"
	)
	if _, err := cryptokiLogin(t, cryptokiPIN, true); err != nil { // whatever a test before left
		t.Fatal(err)
	}
	_, err := cryptokiLogin(t, "wrong-pin", true)
	wantError(t, err, "the PIN is incorrect: C_Login: CKR_PIN_INCORRECT (0xA0)")
	if token := openCryptokiToken(t); !token.HadWrongPIN() || token.PINState() != low {
		t.Errorf("the token says %q", token.PINState())
	}
	_, err = cryptokiLogin(t, "wrong-pin", false)
	wantError(t, err, "the PIN is incorrect: C_Login: CKR_PIN_INCORRECT (0xA0): "+final)
	_, err = cryptokiLogin(t, cryptokiPIN, false)
	wantError(t, err, "the PIN was not sent: C_GetTokenInfo: "+final)
	if _, err := cryptokiLogin(t, cryptokiPIN, true); err != nil {
		t.Fatal(err)
	}
	if _, err := cryptokiLogin(t, cryptokiPIN, false); err != nil {
		t.Fatal(err)
	}
}

// openCryptoki keeps the pointer to the OAEP label, and refuses a wrong label
// with CKR_FUNCTION_FAILED.
func TestOpenCryptokiDecrypts(t *testing.T) {
	s, err := cryptokiLogin(t, cryptokiPIN, true)
	if err != nil {
		t.Fatal(err)
	}
	l := Location{Token: cryptokiToken, Object: "vault-key", ID: "\xa1\xb2"}
	key, err := s.Key(l, KeyFilter{})
	if is(err, KeyNotFound) { // the first time on this machine
		key, err = s.Generate(l.Object, l.ID)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, mode := range []Mode{ModeOAEP, ModeRaw} {
		d, err := key.SelfTest(mode)
		if err != nil {
			t.Fatal(err)
		}
		c := encrypt(t, key.Public, "message")
		if got, err := d.open(c, testLabel); err != nil || string(got) != "message" {
			t.Errorf("mode %s: decrypted %q, %v", mode, got, err)
		}
		if _, err := d.open(c, []byte("other")); !errors.Is(err, rsadecrypt.ErrDecrypt) {
			t.Errorf("mode %s, another label: %v", mode, err)
		}
	}
}
