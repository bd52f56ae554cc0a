//go:build linux

package main

import (
	"bytes"
	"crypto/rsa"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"filippo.io/age"

	"recover/fixtures/tier"
)

// canaries finds secrets in whatever a run says or leaves behind, in any form
// that a program may show bytes in.
type canaries struct {
	forms map[string]string // the bytes to look for → what they are
	words map[uint64]bool   // 64-bit parts of secrets, as a traceback shows them
}

func newCanaries(secrets [][]byte, passphrases ...string) *canaries {
	c := &canaries{forms: make(map[string]string), words: make(map[uint64]bool)}
	for _, s := range secrets {
		c.add(s)
	}
	for _, p := range passphrases {
		c.forms[p] = "a passphrase"
		c.forms[hex.EncodeToString([]byte(p))] = "a passphrase in hex"
		c.forms[base64.StdEncoding.EncodeToString([]byte(p))] = "a passphrase in base64"
	}
	return c
}

func (c *canaries) add(secret []byte) {
	reversed := bytes.Clone(secret)
	slices.Reverse(reversed)
	for _, s := range [][]byte{secret, reversed} {
		digits := hex.EncodeToString(s)
		list := strings.Trim(fmt.Sprint(s), "[]") // decimal bytes
		for form, name := range map[string]string{
			string(s): "raw bytes", digits: "hex", strings.ToUpper(digits): "upper hex",
			digits[:len(digits)/2]: "half of the hex", digits[len(digits)/2:]: "half of the hex",
			strings.ToUpper(digits[:len(digits)/2]): "half of the upper hex",
			list:                                    "decimal bytes", strings.ReplaceAll(list, " ", ","): "decimal bytes", strings.ReplaceAll(list, " ", ", "): "decimal bytes",
			new(big.Int).SetBytes(s).String(): "a decimal number",
		} {
			c.forms[form] = name
		}
		// Base64 of the secret as a part of something longer: the characters
		// that do not depend on what is around it.
		for shift := range 3 {
			text := base64.RawStdEncoding.EncodeToString(append(make([]byte, shift), s...))
			inner := text[(shift*8+5)/6 : len(text)-2]
			c.forms[inner] = "base64"
			c.forms[strings.NewReplacer("+", "-", "/", "_").Replace(inner)] = "base64"
		}
	}
	for i := 0; i+8 <= len(secret); i += 8 {
		c.words[binary.BigEndian.Uint64(secret[i:])] = true
	}
}

var hexWord = regexp.MustCompile(`0x[0-9a-f]{9,16}\b`)

// look fails the test where a canary sings.
func (c *canaries) look(t *testing.T, where string, data []byte) {
	t.Helper()
	for form, name := range c.forms {
		if i := bytes.Index(data, []byte(form)); i >= 0 {
			t.Errorf("%s holds a secret, %s, at byte %d", where, name, i)
		}
	}
	for _, word := range hexWord.FindAll(data, -1) {
		if n, err := strconv.ParseUint(string(word[2:]), 16, 64); err == nil && c.words[n] {
			t.Errorf("%s holds a part of a secret: %s", where, word)
		}
	}
}

// lookBelow looks through all files below dir, and at their names.
func (c *canaries) lookBelow(t *testing.T, dir string) (files []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		files = append(files, strings.TrimPrefix(path, dir+"/"))
		c.look(t, "a file name", []byte(path))
		data, err := os.ReadFile(path)
		c.look(t, path, data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// rsaSecrets returns the parts of a recovery key, each in pieces of 32 bytes.
func rsaSecrets(key *rsa.PrivateKey) [][]byte {
	var all [][]byte
	for _, n := range append([]*big.Int{key.D, key.Precomputed.Dp, key.Precomputed.Dq, key.Precomputed.Qinv}, key.Primes...) {
		for piece := range slices.Chunk(n.FillBytes(make([]byte, (n.BitLen()+255)/256*32)), 32) {
			all = append(all, piece)
		}
	}
	return all
}

func canariesOf(p practice) *canaries {
	return newCanaries(append(p.secrets(), rsaSecrets(p.recovery)...), keyPhrase, newPhrase, typo)
}

// TestCanariesSing makes sure that they would be heard.
func TestCanariesSing(t *testing.T) {
	t.Parallel()
	secret := small().keys[0].Master.Bytes()
	c := canariesOf(small())
	for name, shown := range map[string]string{
		"raw":          "x" + string(secret) + "x",
		"hex":          fmt.Sprintf("key %x.", secret),
		"upper hex":    fmt.Sprintf("key %X.", secret),
		"cut hex":      fmt.Sprintf("key %.20x…", secret),
		"bytes":        fmt.Sprint(secret),
		"JSON bytes":   fmt.Sprintf("[%s]", strings.Join(strings.Fields(strings.Trim(fmt.Sprint(secret), "[]")), ", ")),
		"base64":       base64.StdEncoding.EncodeToString(secret),
		"within":       base64.StdEncoding.EncodeToString(append([]byte("k:"), secret...)),
		"number":       new(big.Int).SetBytes(secret).String(),
		"traceback":    fmt.Sprintf("main.f(0xc000012345, {%#x, 0x1})", binary.BigEndian.Uint64(secret[8:])),
		"recovery key": fmt.Sprintf("%x", testkeyD()),
		"passphrase":   "the passphrase " + keyPhrase + " is wrong",
	} {
		var heard testing.T
		c.look(&heard, name, []byte(shown))
		if !heard.Failed() {
			t.Errorf("%s: not heard in %q", name, shown)
		}
	}
}

func testkeyD() []byte { return small().recovery.D.Bytes() }

// TestNothingSecretIsLeft runs through the verbs, well and badly, and looks at
// all that is said and left behind.
func TestNothingSecretIsLeft(t *testing.T) {
	tier.Long(t) // it runs every verb and reads all that is left
	t.Parallel()
	p := small()
	c := canariesOf(p)
	sealed := command(t, privatePEM(p.recovery), "openssl", "pkcs8", "-topk8", "-v2", "aes256", "-passout", "pass:"+keyPhrase)
	dir := t.TempDir()
	for _, name := range []string{"tmp", "home", "work"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "work", "sealed"), sealed, 0o600); err != nil {
		t.Fatal(err)
	}
	inTheClear := filepath.Join(t.TempDir(), "unsealed")
	all, bad := p.selection(), append([]string{"--quorum-id", quorumID(99).String(), "--key-id", keyID(1).String(), "--algorithm", "SECP256K1"}, p.selection()[2:]...)
	for i, run := range []struct {
		status  int
		phrases []string
		args    []string
	}{
		{exitOK, nil, append([]string{"verify", "--json"}, all...)},
		{exitFailed, nil, append([]string{"verify"}, bad...)},
		{exitOK, nil, []string{"inspect", p.path("key-0.pem"), p.path("record.json"), "sealed"}},
		{exitOK, []string{keyPhrase}, []string{"inspect", "--open", "--json", "sealed"}},
		{exitFailed, []string{typo}, []string{"inspect", "--open", "sealed"}},
		{exitOK, []string{keyPhrase, newPhrase}, append([]string{"rebuild", "--key", "sealed", "--out", "out", "--with-master", "--json"}, all...)},
		{exitOK, []string{newPhrase}, p.rebuild("again", "--with-master")},
		{exitFailed, []string{typo}, append([]string{"rebuild", "--key", "sealed", "--out", "none"}, all...)},
		{exitFailed, []string{keyPhrase}, append([]string{"rebuild", "--key", "sealed", "--out", "none"}, all...)},
		{exitFailed, []string{keyPhrase, newPhrase}, append([]string{"rebuild", "--key", "sealed", "--out", "none"}, bad...)},
		{exitOK, nil, []string{"inspect", "out/report.json", "out/journal.ndjson", "out/identity.age", "out/keys-0001.ndjson.age"}},
		{exitOK, nil, p.rebuild(inTheClear, "--unsealed", "--with-master")},
		{exitOK, nil, []string{"inspect", filepath.Join(inTheClear, "keys-0001.ndjson"), filepath.Join(inTheClear, "report.json")}},
	} {
		cmd := exec.Command(built(t), run.args...)
		cmd.Dir = filepath.Join(dir, "work")
		cmd.Env = append(os.Environ(), "TMPDIR="+filepath.Join(dir, "tmp"), "HOME="+filepath.Join(dir, "home"))
		if run.phrases != nil {
			cmd.Args = append(cmd.Args, "--passphrase-fd", "3")
			cmd.ExtraFiles = []*os.File{phrases(t, run.phrases...)}
		}
		o := start(t, cmd)
		if o.status != run.status {
			t.Errorf("run %d, %q: status %d\n%s", i, run.args, o.status, o.stderr)
		}
		c.look(t, "stdout of "+run.args[0], []byte(o.stdout))
		c.look(t, "stderr of "+run.args[0], []byte(o.stderr))
	}
	files := c.lookBelow(t, dir)
	slices.Sort(files)
	want := []string{
		"work/again/identity.age", "work/again/journal.ndjson", "work/again/keys-0001.ndjson.age", "work/again/report.json",
		"work/out/identity.age", "work/out/journal.ndjson", "work/out/keys-0001.ndjson.age", "work/out/report.json", "work/sealed",
	}
	if !slices.Equal(files, want) {
		t.Errorf("left behind: %q", files)
	}
	for _, name := range []string{"report.json", "journal.ndjson"} {
		c.look(t, name, must(os.ReadFile(filepath.Join(inTheClear, name))))
	}
}

// running is a rebuild by the program as it is built, in the middle of it and
// in a directory of its own, that may write core files.
type running struct {
	*exec.Cmd
	dir            string
	stdout, stderr bytes.Buffer
}

func runIntoTheMiddle(t *testing.T, seal ...string) *running {
	t.Helper()
	r := &running{dir: t.TempDir()}
	r.Cmd = exec.Command("sh", "-c", `ulimit -c unlimited; exec "$@"`, "sh", built(t))
	r.Args = append(r.Args, many().rebuild("out", append(seal, "--workers", "1")...)...)
	r.Dir = r.dir
	r.ExtraFiles = []*os.File{phrases(t, newPhrase)}
	r.Stdout, r.Stderr = &r.stdout, &r.stderr
	if err := r.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Process.Kill() })
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(time.Millisecond) {
		if _, err := os.Stat(filepath.Join(r.dir, "out", "journal.ndjson")); err == nil {
			return r
		}
		if time.Now().After(deadline) {
			t.Fatal("the rebuild does not begin")
		}
	}
}

// stopInTheMiddle stops a rebuild; it can be gone on with.
func stopInTheMiddle(t *testing.T) *running {
	t.Helper()
	for range 5 {
		r := runIntoTheMiddle(t, "--passphrase-fd", "3")
		_ = r.Process.Signal(syscall.SIGSTOP)
		if data, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", r.Process.Pid)); err == nil && len(data) > 0 {
			return r
		}
		_ = r.Wait() // it was done before
	}
	t.Fatal("the rebuild is always done before it is stopped")
	return nil
}

// TestRunningProgram looks at what everybody can see of a program that runs.
func TestRunningProgram(t *testing.T) {
	tier.Long(t)
	t.Parallel()
	c := canariesOf(many())
	r := stopInTheMiddle(t)
	for _, name := range []string{"cmdline", "environ", "comm", "status", "maps"} {
		data, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", r.Process.Pid, name))
		if err != nil && os.Geteuid() != 0 && errors.Is(err, os.ErrPermission) {
			continue // only root may read it
		}
		if err != nil || len(data) == 0 {
			t.Errorf("%s: %d bytes, %v", name, len(data), err)
		}
		c.look(t, name, data)
	}
	// A crash of Go leaves no core file by itself, but the kernel may be asked for
	// one: the limit that it was started with is taken away.
	limits := string(must(os.ReadFile(fmt.Sprintf("/proc/%d/limits", r.Process.Pid))))
	if !regexp.MustCompile(`(?m)^Max core file size +0 +0 `).MatchString(limits) {
		t.Errorf("core files are allowed:\n%s", limits)
	}
	c.lookBelow(t, r.dir)
	_ = r.Process.Kill()
	_ = r.Wait()
}

// TestNoCoreFile lets the program crash at several moments, started where core
// files are allowed: it leaves none, and shows no stacks.
func TestNoCoreFile(t *testing.T) {
	tier.Long(t)
	t.Parallel()
	c := canariesOf(many())
	recipient := must(age.GenerateX25519Identity()).Recipient().String()
	for _, signal := range []syscall.Signal{syscall.SIGABRT, syscall.SIGQUIT, syscall.SIGSEGV} {
		for _, delay := range []time.Duration{0, 20 * time.Millisecond, 60 * time.Millisecond} {
			r := runIntoTheMiddle(t, "--recipient", recipient)
			time.Sleep(delay)
			_ = r.Process.Signal(signal)
			err := r.Wait()
			if err == nil {
				t.Logf("%v after %v: the rebuild was done before", signal, delay)
			} else if strings.Contains(r.stderr.String(), "goroutine ") || strings.Contains(r.stderr.String(), "rip ") {
				t.Errorf("%v: stacks or registers are shown: %v\n%s", signal, err, r.stderr.String())
			}
			c.look(t, "stdout", r.stdout.Bytes())
			c.look(t, "traceback", r.stderr.Bytes())
			for _, name := range c.lookBelow(t, r.dir) {
				if !strings.HasPrefix(name, "out/") {
					t.Errorf("%v leaves %s behind", signal, name)
				}
			}
		}
	}
	checkCoreFiles(t)
}

// checkCoreFiles makes sure that another program would have left a core file.
func checkCoreFiles(t *testing.T) {
	t.Helper()
	dir := t.TempDir()
	cmd := exec.Command("sh", "-c", "ulimit -c unlimited; kill -ABRT $$")
	cmd.Dir = dir
	_ = cmd.Run()
	if cores, _ := filepath.Glob(filepath.Join(dir, "core*")); len(cores) == 0 {
		t.Skip("SKIPPED, NOT PASSED: no program leaves a core file here")
	}
}
