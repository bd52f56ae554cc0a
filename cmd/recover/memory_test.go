//go:build linux

package main

import (
	"bufio"
	"bytes"
	"crypto/rsa"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
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

	"recover/fixtures/softtoken"
	"recover/fixtures/tier"
	"recover/pkg/custody"
	"recover/pkg/transaction"
)

var exiting = regexp.MustCompile(`(?m)^(\d+) +exit_group\((\d+)\)`)

// memoryAfter runs the program as it is built, stops it where it would end, and
// returns what is in its memory then, in pieces that lie together.
func memoryAfter(t *testing.T, cmd *exec.Cmd) [][]byte {
	t.Helper()
	dir := t.TempDir()
	trace := filepath.Join(dir, "trace")
	// The call that would end it fails, and a signal stops it.
	traced := exec.Command("strace", append([]string{"-f", "-qq", "-o", trace, "-e", "trace=exit_group", "-e", "signal=none",
		"-e", "inject=exit_group:error=EAGAIN:signal=STOP"}, cmd.Args...)...)
	traced.Path, traced.Args[0] = must(exec.LookPath("strace")), "strace"
	traced.Dir, traced.Env, traced.ExtraFiles = cmd.Dir, cmd.Env, cmd.ExtraFiles
	var stderr bytes.Buffer
	traced.Stderr, traced.Stdout = &stderr, io.Discard
	traced.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := traced.Start(); err != nil {
		t.Fatal(err)
	}
	pid := 0
	defer func() { // both: a program that was stopped would wait for ever
		_ = syscall.Kill(-traced.Process.Pid, syscall.SIGKILL)
		_ = traced.Wait()
	}()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(5 * time.Millisecond) {
		text, _ := os.ReadFile(trace)
		if exit := exiting.FindSubmatch(text); exit != nil {
			if string(exit[2]) != "0" {
				t.Fatalf("status %s\n%s", exit[2], stderr.String())
			}
			// The number is that of a thread.
			status := string(must(os.ReadFile(fmt.Sprintf("/proc/%s/status", exit[1]))))
			_, after, _ := strings.Cut(status, "Tgid:\t")
			group, _, _ := strings.Cut(after, "\n")
			pid = must(strconv.Atoi(group))
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("the program does not end: %s", stderr.String())
		}
	}
	return memoryOf(t, pid)
}

// memoryOf reads what a process can write to, and so may have put a secret in.
func memoryOf(t *testing.T, pid int) (pieces [][]byte) {
	t.Helper()
	maps := must(os.Open(fmt.Sprintf("/proc/%d/maps", pid)))
	defer func() { _ = maps.Close() }()
	memory := must(os.Open(fmt.Sprintf("/proc/%d/mem", pid)))
	defer func() { _ = memory.Close() }()
	for lines := bufio.NewScanner(maps); lines.Scan(); {
		var from, to int64
		var flags string
		if _, err := fmt.Sscanf(lines.Text(), "%x-%x %s", &from, &to, &flags); err != nil || !strings.HasPrefix(flags, "rw") {
			continue
		}
		piece := make([]byte, to-from)
		n, _ := memory.ReadAt(piece, from)
		pieces = append(pieces, piece[:n])
	}
	total := 0
	for _, piece := range pieces {
		total += len(piece)
	}
	if len(pieces) < 5 || total < 1<<20 {
		t.Fatalf("only %d pieces of memory, %d bytes", len(pieces), total)
	}
	return pieces
}

// forms are secrets in the forms that memory may hold them in.
type forms map[string][][]byte

func (f forms) add(name string, secrets ...[]byte) {
	for _, s := range secrets {
		reversed := slices.Clone(s)
		slices.Reverse(reversed)
		f[name] = append(f[name], s)
		f[name+", words"] = append(f[name+", words"], reversed)
		f[name+", hex"] = append(f[name+", hex"], []byte(hex.EncodeToString(s)))
	}
}

// count tells how many copies of each are in memory.
func (f forms) count(memory [][]byte) map[string]int {
	found := make(map[string]int)
	for name, all := range f {
		for _, s := range all {
			for _, piece := range memory {
				found[name] += bytes.Count(piece, s)
			}
		}
	}
	maps.DeleteFunc(found, func(_ string, n int) bool { return n == 0 })
	return found
}

// formsOf are the secrets of a practice bucket.
func formsOf(p practice) forms {
	f := make(forms)
	for _, k := range p.keys {
		f.add("wallet key", k.Wallet.Bytes())
		f.add("master key", k.Master.Bytes())
		f.add("chain code", k.ChainCode)
	}
	f.addKey(p.recovery)
	return f
}

func (f forms) addKey(key *rsa.PrivateKey) {
	f.add("recovery key", key.D.Bytes()[:32], key.Primes[0].Bytes()[:32], key.Primes[1].Bytes()[:32])
	pem := privatePEM(key)
	f["recovery key, PEM"] = [][]byte{bytes.Split(pem, []byte("\n"))[3]}
}

// payment is an unsigned transaction of the account.
const payment = `{"type":2,"chainId":"1","nonce":7,"to":"0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed","value":"1500000000000000000",` +
	`"gasLimit":"21000","maxFeePerGas":"20000000000","maxPriorityFeePerGas":"1000000000","from":"%s"}`

// TestPINInMemory counts the copies of a token's PIN.
func TestPINInMemory(t *testing.T) {
	tier.Long(t)
	if os.Geteuid() != 0 {
		t.Skip("SKIPPED, NOT PASSED: only root may look into the program's memory")
	}
	args := vault().rebuildArgs(filepath.Join(t.TempDir(), "out"), "--unsealed", "--hsm-mode", "raw")
	cmd := withToken(t, softHSM(t), softtoken.PIN, args...)
	cmd.Path = built(t)
	memory := memoryAfter(t, cmd)
	pin := make(forms)
	pin.add("PIN", []byte(softtoken.PIN))
	if found := pin.count(memory); len(found) > 0 {
		t.Errorf("left in memory: %v", found)
	}
}

// TestMemory counts the secrets that are in memory when the work is done.
func TestMemory(t *testing.T) {
	tier.Long(t)
	if os.Geteuid() != 0 {
		t.Skip("SKIPPED, NOT PASSED: only root may look into the program's memory")
	}
	p := small()
	set := filepath.Join(t.TempDir(), "set")
	execute(t, "custody", "split", "--key", p.path("key-0.pem"), "--threshold", "2", "--custodian", "alice", "--custodian", "bob", "--out", set).wantStatus(t, exitOK)
	share := func(name string) string { return filepath.Join(set, name, custody.PageName) }
	shares := formsOf(p)
	for _, name := range []string{"alice", "bob"} {
		page := must(os.ReadFile(share(name)))
		for line := range bytes.Lines(page) {
			if custody.LooksLikeShare(line) {
				shares["share"] = append(shares["share"], bytes.TrimSpace(line))
			}
		}
	}
	if len(shares["share"]) < 2 {
		t.Fatal("no shares were found")
	}
	sealedKey := filepath.Join(set, "alice", custody.SealedKeyName)
	sealed := filepath.Join(t.TempDir(), "sealed")
	file := command(t, privatePEM(p.recovery), "openssl", "pkcs8", "-topk8", "-v2", "aes256", "-passout", "pass:"+keyPhrase)
	if err := os.WriteFile(sealed, file, 0o600); err != nil {
		t.Fatal(err)
	}
	phrased := formsOf(p)
	phrased["passphrase"] = [][]byte{[]byte(keyPhrase), []byte(newPhrase)}
	rebuilt := filepath.Join(t.TempDir(), "rebuilt")
	execute(t, p.rebuild(rebuilt, "--unsealed")...).wantStatus(t, exitOK)
	payer := p.keys[0]
	unsigned := filepath.Join(t.TempDir(), "unsigned.json")
	if err := os.WriteFile(unsigned, fmt.Appendf(nil, payment, must(transaction.NewKey(payer.Group, payer.Wallet)).Address("ethereum")), 0o600); err != nil {
		t.Fatal(err)
	}
	identity := must(age.GenerateX25519Identity())
	for _, test := range []struct {
		name    string
		forms   forms
		phrases []string
		args    []string
	}{
		{"sign", formsOf(p), nil, []string{"sign", "--keys", rebuilt, "--key-id", payer.IDs.Key.String(), "--out", "signed", "--yes", "--in", unsigned}},
		{"export", formsOf(p), nil, []string{"export", "--keys", rebuilt, "--key-id", payer.IDs.Key.String(), "--format", "hex", "--out", "exported", "--recipient", identity.Recipient().String()}},
		{"keys", formsOf(p), nil, []string{"keys", rebuilt}},
		{"rebuild", formsOf(p), nil, p.rebuild("out", "--unsealed", "--with-master")},
		{"rebuild, sealed", phrased, []string{keyPhrase, newPhrase}, append([]string{"rebuild", "--out", "out", "--key", sealed, "--passphrase-fd", "3"}, p.selection()...)},
		{"drill", formsOf(p), nil, append([]string{"drill", "--key", p.path("key-0.pem")}, p.selection()...)},
		{"rebuild with shares", shares, nil, append([]string{"rebuild", "--out", "out", "--unsealed", "--sealed-key", sealedKey, "--share", share("alice"), "--share", share("bob")}, p.selection()...)},
		{"custody check", shares, nil, []string{"custody", "check", share("alice")}},
		{"custody open", shares, nil, []string{"custody", "open", "--identity-out", "identity", "--sealed-key", sealedKey, "--share", share("alice"), "--share", share("bob")}},
	} {
		cmd := exec.Command(built(t), test.args...)
		cmd.Dir = t.TempDir()
		if test.phrases != nil {
			cmd.ExtraFiles = []*os.File{phrases(t, test.phrases...)}
		}
		memory := memoryAfter(t, cmd)
		if found := test.forms.count(memory); len(found) > 0 {
			t.Errorf("%s: left in memory: %v", test.name, found)
		}
		// An argument that is no secret is there, so what is there is found.
		if n := (forms{"argument": [][]byte{[]byte(test.args[len(test.args)-1])}}).count(memory); n["argument"] == 0 {
			t.Errorf("%s: nothing can be found in its memory", test.name)
		}
	}
}
