package main

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"recover/fixtures/softtoken"
	"recover/fixtures/testkey"
	"recover/internal/group"
)

var (
	tokenMaker = sync.OnceValue(func() *softtoken.Maker { return softtoken.New(shared) })

	// vault has two keys of each algorithm, for the recovery key that the tokens
	// hold.
	vault = sync.OnceValue(func() practice {
		return mustMake("vault", 3, 4, func(i int) group.Group { return []group.Group{group.Secp256k1, group.Edwards25519}[i%2] }, testkey.Recovery(0))
	})
	// fifty has enough keys to die in the middle of, for the fake helper's key.
	fifty = sync.OnceValue(func() practice {
		return mustMake("fifty", 2, 50, func(int) group.Group { return group.Edwards25519 }, testkey.Small())
	})
)

// need skips a test for which this machine lacks something.
func need[T any](t *testing.T, v T, err error) T {
	t.Helper()
	if err != nil {
		t.Skipf("SKIPPED, NOT TESTED: %v", err)
	}
	return v
}

func softHSM(t *testing.T) softtoken.Token {
	t.Helper()
	token, err := tokenMaker().SoftHSM()
	return need(t, token, err)
}

func nss(t *testing.T) softtoken.Token {
	t.Helper()
	token, err := tokenMaker().NSS()
	return need(t, token, err)
}

// faulty puts a fault before SoftHSM, whose calls are logged.
func faulty(t *testing.T, settings ...string) (token softtoken.Token, log string) {
	t.Helper()
	log = filepath.Join(t.TempDir(), "calls")
	token, err := tokenMaker().Faulty(softHSM(t), log, settings...)
	return need(t, token, err), log
}

// calls counts the calls of a function of the module.
func calls(t *testing.T, log, function string) int {
	t.Helper()
	text, err := os.ReadFile(log)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return strings.Count("\n"+string(text), "\n"+function)
}

func helper(t *testing.T) string {
	t.Helper()
	path, err := tokenMaker().Helper()
	return need(t, path, err)
}

// besideMutex guards the directories of programs, which tests in parallel share.
var besideMutex sync.Mutex

// putHelperBeside puts the helper where a program looks for it. It is a link: a
// file that this process wrote could not be run while a child of another test has
// it open.
func putHelperBeside(t *testing.T, program string) {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		t.Fatal(err)
	}
	besideMutex.Lock()
	defer besideMutex.Unlock()
	if err := os.Symlink(helper(t), filepath.Join(filepath.Dir(path), "recover-pkcs11")); err != nil && !errors.Is(err, fs.ErrExist) {
		t.Fatal(err)
	}
}

// withToken returns a command that uses a token. The PIN, if there is one, comes
// from descriptor 3.
func withToken(t *testing.T, token softtoken.Token, pin string, args ...string) *exec.Cmd {
	t.Helper()
	args = append(args, "--hsm", token.URI, "--hsm-module", token.Module, "--hsm-helper", helper(t))
	if token.InitArguments != "" {
		args = append(args, "--hsm-init-args", token.InitArguments)
	}
	cmd := exec.Command("recover", args...)
	cmd.Env = append(os.Environ(), token.Environment...)
	if pin != "" {
		cmd.Args = append(cmd.Args, "--pin-fd", "3")
		cmd.ExtraFiles = []*os.File{lines(t, pin)}
	}
	return cmd
}

// lines returns a file that holds them.
func lines(t *testing.T, text ...string) *os.File {
	t.Helper()
	path := filepath.Join(t.TempDir(), "lines")
	if err := os.WriteFile(path, []byte(strings.Join(text, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f
}

// withFake returns a command that uses the fake helper.
func withFake(t *testing.T, settings []string, args ...string) *exec.Cmd {
	t.Helper()
	fake, err := exec.LookPath("fake-pkcs11")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("recover", append(args, "--hsm", "pkcs11:token=fake?module-path=/fake.so", "--hsm-helper", fake)...)
	cmd.Env = append(os.Environ(), settings...)
	return cmd
}

// rebuildArgs returns the arguments of a rebuild without the key source.
func (p practice) rebuildArgs(out string, more ...string) []string {
	return append(append([]string{"rebuild", "--out", out}, p.selection()...), more...)
}

func (p practice) checkArgs() []string {
	return []string{"hsm", "check", "--record", p.path("record.json")}
}

func readFile(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
