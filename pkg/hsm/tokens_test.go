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

// found returns the first file that matches a pattern.
func found(patterns ...string) (string, error) {
	for _, p := range patterns {
		if files, _ := filepath.Glob(p); len(files) > 0 {
			return files[0], nil
		}
	}
	return "", fmt.Errorf("not installed: %s", patterns[0])
}

// softHSM returns a token of SoftHSM for one test: its processes disturb each
// other when one logs in and another looks at the same token.
func softHSM(t testing.TB) testToken {
	t.Helper()
	k := softHSMOriginal.get(t)
	dir, err := os.MkdirTemp(scratch, "copy-") // SoftHSM allows no "=" in it, unlike t.TempDir
	if err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(dir, os.DirFS(filepath.Join(scratch, "soft"))); err != nil {
		t.Fatal(err)
	}
	environment, err := configureSoftHSM(dir)
	if err != nil {
		t.Fatal(err)
	}
	return k.with(environment)
}

func configureSoftHSM(dir string) (environment string, err error) {
	conf := dir + ".conf"
	return "SOFTHSM2_CONF=" + conf, os.WriteFile(conf, []byte("directories.tokendir = "+dir+"\nlog.level = ERROR\n"), 0o600)
}

var softHSMOriginal = once(func() (testToken, error) {
	var k testToken
	helper, err := helperProgram()
	if err != nil {
		return k, err
	}
	module, err := found("/usr/lib/softhsm/libsofthsm2.so", "/usr/lib64/softhsm/libsofthsm.so")
	if err != nil {
		return k, err
	}
	dir, err := mkdir("soft")
	if err != nil {
		return k, err
	}
	environment, err := configureSoftHSM(dir)
	if err != nil {
		return k, err
	}
	if err := run([]string{environment}, "softhsm2-util", "--init-token", "--free", "--label", "soft",
		"--so-pin", "12345678", "--pin", testPIN); err != nil {
		return k, err
	}
	return testToken{
		options:  Options{Module: module, Helper: helper},
		location: vaultKey("soft"),
		public:   &testkey.Recovery(0).PublicKey,
	}, importSoftHSM(environment, "a1b2")
})

func importSoftHSM(environment, id string) error {
	key, err := keyFile()
	if err != nil {
		return err
	}
	return run([]string{environment}, "softhsm2-util", "--import", key, "--token", "soft", "--label", "vault-key",
		"--id", id, "--pin", testPIN, "--force")
}

// nss makes a token of NSS softokn.
var nss = once(func() (testToken, error) {
	var k testToken
	helper, err := helperProgram()
	if err != nil {
		return k, err
	}
	module, err := found("/usr/lib/*/libsoftokn3.so", "/usr/lib64/libsoftokn3.so")
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
