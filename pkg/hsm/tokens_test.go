package hsm

import (
	"crypto/rsa"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"recover/fixtures/testkey"
	"recover/internal/secret"
)

// testPIN is looked for where no PIN may be.
const testPIN = "canary-5f1c"

// A testToken is a token with testkey.Recovery(0) in it, labelled vault-key
// with the ID 0xA1B2.
type testToken struct {
	options  Options
	location Location
	public   *rsa.PublicKey
}

func (k testToken) with(environment ...string) testToken {
	k.options.Environment = append(slices.Clip(k.options.Environment), environment...)
	return k
}

func vaultKey(token string) Location {
	return Location{Token: token, Object: "vault-key", ID: "\xa1\xb2"}
}

func pin() *secret.Bytes { return secret.New([]byte(testPIN)) }

// scratch is a directory for the whole test binary.
var scratch string

func TestMain(m *testing.M) {
	if mode := os.Getenv("FAKE_HELPER"); mode != "" {
		fakeHelper(mode)
		os.Exit(0)
	}
	dir, err := os.MkdirTemp("", "recover-hsm-test-")
	if err != nil {
		panic(err)
	}
	scratch = dir
	status := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(status)
}

// made is something that is made once, or cannot be made on this machine.
type made[T any] func() (T, error)

func once[T any](f func() (T, error)) made[T] { return sync.OnceValues(f) }

func (m made[T]) get(t testing.TB) T {
	t.Helper()
	v, err := m()
	if err != nil {
		t.Skipf("SKIPPED, NOT TESTED: %v", err)
	}
	return v
}

func run(environment []string, name string, arguments ...string) error {
	c := exec.Command(name, arguments...)
	c.Env = append(os.Environ(), environment...)
	if out, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", name, err, out)
	}
	return nil
}

func mkdir(name string) (string, error) {
	dir := filepath.Join(scratch, name)
	return dir, os.Mkdir(dir, 0o700)
}

var helperProgram = once(func() (string, error) {
	path := filepath.Join(scratch, "recover-pkcs11")
	if _, err := exec.LookPath("gcc"); err != nil {
		return "", err
	}
	return path, run([]string{"CGO_ENABLED=1"}, "go", "build", "-o", path, "recover/cmd/recover-pkcs11")
})

var keyFile = once(func() (string, error) {
	path := filepath.Join(scratch, "key.pem")
	return path, os.WriteFile(path, testkey.RecoveryPEM(0), 0o600)
})

// found returns the first path that exists.
func found(paths ...string) (string, error) {
	for _, p := range paths {
		if _, err := os.Stat(p); err == nil {
			return p, nil
		}
	}
	return "", fmt.Errorf("not installed: %s", paths[0])
}

// softHSM makes a token of SoftHSM; it is shared, and must not be changed.
var softHSM = once(func() (testToken, error) { return newSoftHSM("soft") })

func newSoftHSM(name string) (testToken, error) {
	var k testToken
	helper, err := helperProgram()
	if err != nil {
		return k, err
	}
	module, err := found("/usr/lib/softhsm/libsofthsm2.so", "/usr/lib64/softhsm/libsofthsm.so")
	if err != nil {
		return k, err
	}
	dir, err := mkdir(name)
	if err != nil {
		return k, err
	}
	conf := filepath.Join(dir, "softhsm2.conf")
	if err := os.WriteFile(conf, []byte("directories.tokendir = "+dir+"\nlog.level = ERROR\n"), 0o600); err != nil {
		return k, err
	}
	environment := []string{"SOFTHSM2_CONF=" + conf}
	if err := run(environment, "softhsm2-util", "--init-token", "--free", "--label", name,
		"--so-pin", "12345678", "--pin", testPIN); err != nil {
		return k, err
	}
	if err := importSoftHSM(environment, name, "a1b2"); err != nil {
		return k, err
	}
	return testToken{
		options:  Options{Module: module, Helper: helper, Environment: environment},
		location: vaultKey(name),
		public:   &testkey.Recovery(0).PublicKey,
	}, nil
}

func importSoftHSM(environment []string, token, id string) error {
	key, err := keyFile()
	if err != nil {
		return err
	}
	return run(environment, "softhsm2-util", "--import", key, "--token", token, "--label", "vault-key",
		"--id", id, "--pin", testPIN, "--force")
}

// nss makes a token of NSS softokn.
var nss = once(func() (testToken, error) {
	var k testToken
	helper, err := helperProgram()
	if err != nil {
		return k, err
	}
	module, err := found("/usr/lib/x86_64-linux-gnu/libsoftokn3.so", "/usr/lib64/libsoftokn3.so")
	if err != nil {
		return k, err
	}
	dir, err := mkdir("nss")
	if err != nil {
		return k, err
	}
	key, err := keyFile()
	if err != nil {
		return k, err
	}
	file := func(name string) string { return filepath.Join(dir, name) }
	if err := os.WriteFile(file("pin"), []byte(testPIN+"\n"), 0o600); err != nil {
		return k, err
	}
	for _, command := range []string{
		"certutil -N -d sql:DIR -f DIR/pin",
		"openssl req -x509 -key " + key + " -subj /CN=x -out DIR/c.pem",
		"openssl pkcs12 -export -inkey " + key + " -in DIR/c.pem -name vault-key -passout pass:x -out DIR/k.p12",
		"pk12util -i DIR/k.p12 -W x -d sql:DIR -k DIR/pin",
	} {
		arguments := strings.Fields(strings.ReplaceAll(command, "DIR", dir))
		if err := run(nil, arguments[0], arguments[1:]...); err != nil {
			return k, err
		}
	}
	return testToken{
		options: Options{
			Module: module, Helper: helper,
			InitArguments: "configdir='sql:" + dir + "' flags=readOnly",
		},
		location: Location{Token: "NSS Certificate DB", Object: "vault-key"}, // NSS derives the ID
		public:   &testkey.Recovery(0).PublicKey,
	}, nil
})
