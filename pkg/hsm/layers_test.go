//go:build linux

package hsm

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"recover/fixtures/softtoken"
	"recover/fixtures/testkey"
	"recover/fixtures/tier"
)

// What lies between a program and its token, and what is no SoftHSM. Each test
// is for machines that have it.

// module returns the first module that is installed at one of the paths.
func module(t *testing.T, patterns ...string) string {
	t.Helper()
	for _, p := range patterns {
		if found, _ := filepath.Glob(p); len(found) > 0 {
			return found[0]
		}
	}
	t.Skipf("SKIPPED, NOT TESTED: not installed: %s", patterns[0])
	return ""
}

// command runs a command of the distribution.
func command(t *testing.T, environment []string, name string, arguments ...string) string {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		t.Skipf("SKIPPED, NOT TESTED: %v", err)
	}
	c := exec.Command(name, arguments...)
	c.Env = append(os.Environ(), environment...)
	// Into a file: a daemon that is started keeps a pipe open.
	path := filepath.Join(t.TempDir(), "out")
	out, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = out.Close() }()
	c.Stdout, c.Stderr = out, out
	if err := c.Run(); err != nil {
		t.Fatalf("%s %q: %v\n%s", name, arguments, err, read(t, path))
	}
	return string(read(t, path))
}

// decrypts goes all steps, with several sessions.
func (k testToken) decrypts(t *testing.T, mode Mode) {
	t.Helper()
	k.options.Sessions = 3
	d, err := k.open(t, ModeAuto)
	if err != nil {
		t.Fatal(err)
	}
	if d.Mode() != mode || d.Sessions() < 1 {
		t.Errorf("mode %s, %d sessions", d.Mode(), d.Sessions())
	}
	decryptAll(t, d, 6)
}

// p11-kit's proxy gives out each list of functions as a module of its own.
func TestP11KitProxy(t *testing.T) {
	tier.Long(t)
	proxy := module(t, "/usr/lib/*/p11-kit-proxy.so", "/usr/lib64/p11-kit-proxy.so")
	k := softHSM(t)
	configuration := t.TempDir()
	modules := filepath.Join(configuration, "pkcs11", "modules")
	if err := os.MkdirAll(modules, 0o700); err != nil {
		t.Fatal(err)
	}
	for path, text := range map[string]string{
		filepath.Join(configuration, "pkcs11", "pkcs11.conf"): "user-config: only\n",
		filepath.Join(modules, "soft.module"):                 "module: " + k.options.Module + "\n",
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	k = k.with("XDG_CONFIG_HOME="+configuration, "HOME="+configuration)
	k.options.Module = proxy
	k.decrypts(t, ModeRaw)
}

// Over p11-kit's server, as over a network.
func TestP11KitRemote(t *testing.T) {
	client := module(t, "/usr/lib/*/pkcs11/p11-kit-client.so", "/usr/lib64/pkcs11/p11-kit-client.so")
	k := softHSM(t)
	socket := filepath.Join(t.TempDir(), "s")
	said := command(t, k.options.Environment, "p11-kit", "server", "--provider", k.options.Module, "-n", socket, "pkcs11:token=soft")
	pid := regexp.MustCompile(`P11_KIT_SERVER_PID=(\d+)`).FindStringSubmatch(said)
	if pid == nil {
		t.Fatalf("the server says %q", said)
	}
	n, _ := strconv.Atoi(pid[1])
	server, err := os.FindProcess(n)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Kill() })
	waitToListen(t, socket)
	k = k.with("P11_KIT_SERVER_ADDRESS=unix:path=" + socket)
	k.options.Module = client
	k.decrypts(t, ModeRaw)
}

// waitToListen waits until somebody listens at a socket: the server of p11-kit begins
// to after the command that starts it has ended.
func waitToListen(t *testing.T, socket string) {
	t.Helper()
	for giveUp := time.Now().Add(time.Minute); ; time.Sleep(time.Millisecond) {
		c, err := net.Dial("unix", socket)
		if err == nil {
			_ = c.Close()
			return
		}
		if time.Now().After(giveUp) {
			t.Fatal(err)
		}
	}
}

// A TPM: it lists OAEP, fails with a label and does not end the operation. Its
// keys are too small for a recovery key, which is said before one is made.
func TestTPM(t *testing.T) {
	tier.Long(t)
	tpm := module(t, "/usr/lib/*/libtpm2_pkcs11.so.1", "/usr/lib64/pkcs11/libtpm2_pkcs11.so")
	dir, err := os.MkdirTemp("", "tpm") // sockets have short names
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	path := func(name string) string { return filepath.Join(dir, name) }
	for _, name := range []string{"state", "store", "bin"} {
		if err := os.Mkdir(path(name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	command(t, nil, "swtpm", "socket", "--tpm2", "--tpmstate", "dir="+path("state"), "--server", "type=unixio,path="+path("s"),
		"--ctrl", "type=unixio,path="+path("s.ctrl"), "--flags", "not-need-init,startup-clear", "--daemon", "--pid", "file="+path("pid"))
	t.Cleanup(func() {
		n, _ := strconv.Atoi(strings.TrimSpace(string(read(t, path("pid")))))
		if p, err := os.FindProcess(n); err == nil && n > 1 {
			_ = p.Kill()
		}
	})
	environment := []string{
		"TPM2TOOLS_TCTI=swtpm:path=" + path("s"), "TPM2_PKCS11_TCTI=swtpm:path=" + path("s"), "TPM2_PKCS11_STORE=" + path("store"),
		"PATH=" + path("bin") + ":" + os.Getenv("PATH"),
	}
	// Without a resource manager, what a tool leaves fills the TPM.
	for _, tool := range []string{"createprimary", "create", "import", "load", "evictcontrol", "loadexternal"} {
		tool = "tpm2_" + tool
		real, err := exec.LookPath(tool)
		if err != nil {
			t.Skipf("SKIPPED, NOT TESTED: %v", err)
		}
		text := fmt.Sprintf("#!/bin/sh\n%s \"$@\"; status=$?\ntpm2_flushcontext -t >/dev/null 2>&1\nexit $status\n", real)
		if err := os.WriteFile(path("bin/"+tool), []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	private := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(testkey.Small())})
	if err := os.WriteFile(path("k.pem"), private, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, step := range [][]string{
		{"init"},
		{"addtoken", "--pid=1", "--label=tpm", "--sopin=12345678", "--userpin=" + softtoken.PIN},
		{"import", "--label=tpm", "--key-label=vault-key", "--userpin=" + softtoken.PIN, "--privkey=" + path("k.pem"), "--algorithm=rsa"},
	} {
		command(t, environment, "tpm2_ptool", append(step, "--path", path("store"))...)
		command(t, environment, "tpm2_flushcontext", "-t")
	}

	k := use(t, softtoken.Token{Module: tpm, URI: "pkcs11:token=tpm;object=vault-key", Environment: environment})
	k.public = &testkey.Small().PublicKey
	k.decrypts(t, ModeRaw)
	wantError(t, k.token(t).CheckNewKey(), "the token cannot make an RSA-4096 key: C_GetMechanismInfo: its RSA keys have at most 3072 bits")
	// Its OAEP with a label mostly fails in the module, and now and then works.
	_, err = k.open(t, ModeOAEP)
	var e *Error
	if err != nil && (!errors.As(err, &e) || e.Code != ModuleFailed) {
		t.Errorf("mode oaep: %v", err)
	}
}
