//go:build linux

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"recover/fixtures/softtoken"
	"recover/fixtures/testkey"
	"recover/fixtures/tier"
	"recover/internal/group"
)

// twenty has twenty keys, half of each algorithm, for the recovery key that the
// tokens hold: 50 decryptions.
var twenty = sync.OnceValue(func() practice {
	return mustMake("twenty", 3, 20, func(i int) group.Group { return []group.Group{group.Secp256k1, group.Edwards25519}[i%2] }, testkey.Recovery(0))
})

const twentyOperations = 50

// TestDevices rebuilds twenty keys with a token that behaves as devices do, in
// each way alone and in all together: the keys are right, and what was announced
// is what the token, and a person, had to do.
func TestDevices(t *testing.T) {
	tier.Long(t)
	t.Parallel()
	softHSM(t) // made once, before the tests in parallel
	for name, settings := range map[string][]string{
		"handles of a session":      {"DEVICE_HANDLES=1"},
		"no read-only sessions":     {"DEVICE_READ_ONLY=0x6"},
		"two sessions":              {"DEVICE_SESSIONS=2"},
		"one session":               {"DEVICE_SESSIONS=1"},
		"busy":                      {"DEVICE_BUSY=9 0x6"},
		"busy, with another CKR":    {"DEVICE_BUSY=9 0x30"},
		"active":                    {"DEVICE_BUSY=9 0x90"},
		"a session ends":            {"DEVICE_ENDS=20"},
		"prints":                    {"DEVICE_TALKS=1"},
		"a PIN each time":           {"FAULT_ALWAYS=1"},
		"four at a time, 20 ms":     {"DEVICE_SLOW=20", "DEVICE_PARALLEL=4"},
		"together":                  {"DEVICE_HANDLES=1", "DEVICE_READ_ONLY=0x7", "DEVICE_SESSIONS=3", "DEVICE_BUSY=9 0x5", "DEVICE_ENDS=20", "DEVICE_TALKS=1", "DEVICE_SLOW=20", "DEVICE_PARALLEL=4"},
		"together, a PIN each time": {"DEVICE_HANDLES=1", "DEVICE_READ_ONLY=0xB5", "DEVICE_SESSIONS=2", "DEVICE_ENDS=20", "DEVICE_TALKS=1", "DEVICE_SLOW=20", "FAULT_ALWAYS=1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			token, log := faulty(t, settings...)
			out := filepath.Join(t.TempDir(), "out")
			o := start(t, withToken(t, token, softtoken.PIN, twenty().rebuildArgs(out, "--unsealed", "--hsm-mode", "raw")...))
			said := fmt.Sprintf("the token will decrypt 1 time for the self-test and %d times for 20 keys (for a key whose backups are damaged, up to 1000 times); ", twentyOperations)
			if o.status != exitOK || !strings.Contains(o.stderr, said) {
				t.Fatalf("status %d\n%s", o.status, o.stderr)
			}
			if err := checkRebuilt(rebuiltKeys(t, out), twenty(), false, []string{"all"}); err != nil {
				t.Error(err)
			}
			if n := calls(t, log, "operation"); n != 1+twentyOperations {
				t.Errorf("%d operations, %d were announced", n, 1+twentyOperations)
			}
			contexts, wantContexts := calls(t, log, "C_Login-context"), 0
			if settings[len(settings)-1] == "FAULT_ALWAYS=1" {
				wantContexts = 1 + twentyOperations
			}
			if n := calls(t, log, "C_Login "); n != 1 || contexts != wantContexts {
				t.Errorf("%d logins, and %d for decryptions; want 1 and %d", n, contexts, wantContexts)
			}
			noPIN(t, o, out)
		})
	}
}

// noPIN looks for the PIN in all that a run leaves.
func noPIN(t *testing.T, o outcome, dir string) {
	t.Helper()
	if strings.Contains(o.stdout+o.stderr, softtoken.PIN) {
		t.Errorf("the PIN is shown:\n%s", o.stderr)
	}
	if _, err := os.Stat(dir); err != nil {
		return
	}
	for _, path := range filesBelow(t, dir) {
		if strings.Contains(string(readFile(t, path)), softtoken.PIN) {
			t.Errorf("%s has the PIN", path)
		}
	}
}

// The helper dies at any moment, with a module that prints the PIN: nothing of
// it is seen.
func TestDeathsOfTalkingModule(t *testing.T) {
	tier.Long(t)
	t.Parallel()
	softHSM(t)
	for _, fault := range []string{
		"C_Login 1 crash", "C_Login 1 exit", "C_Login 1 0xA0", "C_FindObjects 4 crash", "C_DecryptInit 1 crash", "C_Decrypt 1 exit",
		"C_Decrypt 5 crash", "C_Decrypt 5 0x31", "C_OpenSession 4 exit", "C_Finalize 1 crash",
	} {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			token, _ := faulty(t, "DEVICE_TALKS=1", "FAULT="+fault)
			out := filepath.Join(t.TempDir(), "out")
			o := start(t, withToken(t, token, softtoken.PIN, vault().rebuildArgs(out, "--unsealed", "--hsm-mode", "raw")...))
			if ok := strings.HasPrefix(fault, "C_Finalize") || strings.HasPrefix(fault, "C_OpenSession"); !ok && o.status != exitFailed {
				t.Errorf("status %d\n%s", o.status, o.stderr)
			}
			if strings.Contains(o.stderr, "recover-pkcs11 wrote") {
				t.Errorf("what it wrote is shown:\n%s", o.stderr)
			}
			noPIN(t, o, out)
		})
	}
	// Before a PIN is sent, what the module says is shown.
	token, _ := faulty(t, "FAULT_SAYS=no card reader", "FAULT=C_GetSlotList 1 0x5")
	o := start(t, withToken(t, token, softtoken.PIN, vault().checkArgs()...))
	if !strings.Contains(o.stderr, "recover: recover-pkcs11 wrote: no card reader\n") {
		t.Errorf("status %d\n%s", o.status, o.stderr)
	}
}

// A session that ended is said to have; its run is resumed.
func TestSessionEndsForGood(t *testing.T) {
	tier.Long(t)
	t.Parallel()
	token, log := faulty(t, "DEVICE_ENDS=30", "DEVICE_LOGS_OUT=1")
	out := filepath.Join(t.TempDir(), "out")
	o := start(t, withToken(t, token, softtoken.PIN, twenty().rebuildArgs(out, "--unsealed", "--hsm-mode", "raw", "--hsm-sessions", "1")...))
	o.refused(t, exitFailed, "recovery key: the token ended the session: C_DecryptInit: CKR_SESSION_HANDLE_INVALID (0xB3)",
		"the token is there, but has ended the login: it may have been restarted, or used by another program. Start again; the PIN is asked again; "+
			"keys in the journal are safe: run the same command with --resume DIR instead of --out DIR")
	if n := calls(t, log, "C_Login "); n != 1 {
		t.Errorf("%d logins", n)
	}
	resume := append([]string{"rebuild", "--resume", out, "--unsealed"}, twenty().selection()...)

	// The token is away, or its module does not start: the run is as it was.
	away := token
	away.URI = strings.Replace(token.URI, "token=soft", "token=away", 1)
	o = start(t, withToken(t, away, softtoken.PIN, resume...))
	if hint := strings.Join(o.lines("recover: hint: "), ""); o.status != exitFailed || !strings.HasSuffix(hint, "; the earlier run is as it was: give the same command again") {
		t.Errorf("status %d, hint %q", o.status, hint)
	}
	away.Module += "-is-away"
	o = start(t, withToken(t, away, softtoken.PIN, resume...))
	if hint := strings.Join(o.lines("recover: hint: "), ""); o.status != exitFailed || !strings.HasSuffix(hint, "; the earlier run is as it was: give the same command again") {
		t.Errorf("status %d, hint %q", o.status, hint)
	}
	if o = start(t, withToken(t, token.With("DEVICE_ENDS="), softtoken.PIN, resume...)); o.status != exitOK {
		t.Fatalf("status %d\n%s", o.status, o.stderr)
	}
	if err := checkRebuilt(rebuiltKeys(t, out), twenty(), false, []string{"all"}); err != nil {
		t.Error(err)
	}
}

// All that a person has to answer is asked before the login.
func TestAskedBeforeLogin(t *testing.T) {
	tier.Long(t)
	t.Parallel()
	token, log := faulty(t)
	const passphrase = "a passphrase of several words"
	s := sit(t, withToken(t, token, "", vault().rebuildArgs(filepath.Join(t.TempDir(), "out"), "--hsm-mode", "raw")...))
	s.expect(pinPrompt)
	s.answer("", softtoken.PIN)
	s.answer(newPrompt, passphrase)
	s.expect(newAgain + ": ")
	if n := calls(t, log, "C_Login"); n != 0 {
		t.Errorf("%d logins before the last answer", n)
	}
	s.press(passphrase + "\r")
	s.expect("self-test passed")
	if o := s.end(softtoken.PIN, passphrase); o.status != exitOK {
		t.Errorf("status %d\n%s", o.status, o.stderr)
	}
}

// That a wrong PIN was given before is a question at the terminal.
func TestWrongPINBefore(t *testing.T) {
	tier.Long(t)
	t.Parallel()
	for answer, want := range map[string]int{"yes": exitOK, "no": exitFailed} {
		token, log := faulty(t, "FAULT_FLAGS=0x10000")
		s := sit(t, withToken(t, token, "", vault().checkArgs()...))
		s.answer(surePIN, answer)
		if answer == "yes" {
			s.expect(pinPrompt)
			s.answer("", softtoken.PIN)
		}
		if o := s.end(softtoken.PIN); o.status != want {
			t.Errorf("%s: status %d\n%s", answer, o.status, o.stderr)
		}
		if n := calls(t, log, "C_Login"); (n == 1) != (answer == "yes") {
			t.Errorf("%s: %d logins", answer, n)
		}
	}
}

// What may write down a PIN is named before it is asked.
func TestLoggingIsNamed(t *testing.T) {
	t.Parallel()
	o := start(t, withToken(t, softHSM(t).With("OPENSC_DEBUG=9", "PKCS11SPY=/none"), softtoken.PIN, vault().checkArgs()...))
	if want := "recover: warning: the variable OPENSC_DEBUG: the module may log its calls, and the PIN with them\n"; o.status != exitOK || !strings.Contains(o.stderr, want) {
		t.Errorf("status %d\n%s", o.status, o.stderr)
	}
}

// TestTokenIsNeverIdle compares the time of whole rebuilds with that of a slow
// token, which does four decryptions at a time or one, and default flags. The
// ratio is logged; the limits are for a machine that has other work.
func TestTokenIsNeverIdle(t *testing.T) {
	tier.Long(t)
	for parallel, each := range map[int]int{4: 300, 1: 120} {
		token, log := faulty(t, fmt.Sprintf("DEVICE_SLOW=%d", each), fmt.Sprintf("DEVICE_PARALLEL=%d", parallel))
		args := twenty().rebuildArgs(filepath.Join(t.TempDir(), "out"), "--unsealed")
		cmd := withToken(t, token, softtoken.PIN, args...)
		begun := time.Now()
		o := start(t, cmd)
		took := time.Since(begun)
		if o.status != exitOK || !strings.Contains(o.stderr, "4 decryptions at a time") {
			t.Fatalf("status %d\n%s", o.status, o.stderr)
		}
		operations := calls(t, log, "operation")
		least := time.Duration(operations*each/parallel) * time.Millisecond
		t.Logf("%d operations of %d ms, %d at a time: %v, %.3f of the token's time", operations, each, parallel, took, float64(took)/float64(least))
		if operations != 1+twentyOperations || took > 2*least+2*time.Second {
			t.Errorf("%d operations, %d at a time: %v for %v of work", operations, parallel, took, least)
		}
	}
}

// What --hsm-sessions comes to is said.
func TestSessionsAreReported(t *testing.T) {
	t.Parallel()
	token, _ := faulty(t, "DEVICE_SESSIONS=2")
	args := vault().rebuildArgs(filepath.Join(t.TempDir(), "out"), "--unsealed", "--hsm-mode", "raw", "--hsm-sessions", "8", "--workers", "1")
	o := start(t, withToken(t, token, softtoken.PIN, args...))
	for _, want := range []string{
		"recover: self-test passed: mode raw, 2 decryptions at a time\n",
		"recover: warning: --hsm-sessions 8: the token gives 2\n",
		"recover: --workers 1: the token is asked for 1 decryption at a time\n",
	} {
		if o.status != exitOK || !strings.Contains(o.stderr, want) {
			t.Errorf("status %d\n%s\nwant %s", o.status, o.stderr, want)
		}
	}
}

// A key that takes longer than anybody waits may be there, and can be used later.
func TestKeygenTooLong(t *testing.T) {
	tier.Long(t)
	t.Parallel()
	token, _ := faulty(t, "DEVICE_KEYGEN=3000")
	token.URI = "pkcs11:token=soft;object=new;id=%01%02"
	out := filepath.Join(t.TempDir(), "pair")
	cmd := withToken(t, token, softtoken.PIN, "keygen", "--out", out)
	cmd.Path, cmd.Args[0] = must(exec.LookPath("recover-impatient-for-keys")), "recover-impatient-for-keys"
	uri := "pkcs11:token=soft;object=new;id=%01%02?module-path=" + token.Module
	start(t, cmd).refused(t, exitFailed,
		"the token may have made the key "+uri+", or still make it: the helper recover-pkcs11 gave no answer in time: C_GenerateKeyPair: within 1s",
		"wait until the token is idle, then: recover keygen --existing --hsm '"+uri+"' --out DIR tests the key and writes its public half; if there is none, start again")
	absent(t, out)

	// The token goes on, and is done later.
	if o := start(t, withToken(t, token, softtoken.PIN, "keygen", "--out", out)); o.status != exitOK {
		t.Fatalf("status %d\n%s", o.status, o.stderr)
	}
	again := filepath.Join(t.TempDir(), "again")
	o := start(t, withToken(t, token, softtoken.PIN, "keygen", "--existing", "--out", again))
	if o.status != exitOK || !strings.Contains(o.stdout, "private half: "+uri+"\n") || strings.Contains(o.stderr, "not as keygen would") {
		t.Errorf("status %d\n%s\n%s", o.status, o.stdout, o.stderr)
	}
	const public = "recovery-public-key.der"
	if string(readFile(t, filepath.Join(out, public))) != string(readFile(t, filepath.Join(again, public))) {
		t.Error("another public half")
	}

	// An imported key is named as such; one that is not there is none.
	token.URI = "pkcs11:token=soft;object=vault-key"
	o = start(t, withToken(t, token, softtoken.PIN, "keygen", "--existing", "--out", again+"2"))
	if o.status != exitOK || !strings.Contains(o.stderr, "recover: warning: the key differs from what keygen would make: not made in the token\n") {
		t.Errorf("status %d\n%s", o.status, o.stderr)
	}
	token.URI = "pkcs11:token=soft;object=none"
	o = start(t, withToken(t, token, softtoken.PIN, "keygen", "--existing", "--out", again+"3"))
	if facts := o.lines("recover: error: "); len(facts) != 1 || !strings.HasPrefix(facts[0], "no such RSA private key in the token: ") {
		t.Errorf("no key: %q", facts)
	}
	absent(t, again+"3")
}

// What a token cannot do is found out before a PIN is asked; and a token that
// takes short IDs only gets one.
func TestKeygenOfDevices(t *testing.T) {
	tier.Long(t)
	t.Parallel()
	token, log := faulty(t, "DEVICE_BITS=3072")
	token.URI = "pkcs11:token=soft;object=new"
	out := filepath.Join(t.TempDir(), "pair")
	start(t, withToken(t, token, softtoken.PIN, "keygen", "--out", out)).refused(t, exitFailed,
		"the token cannot make an RSA-4096 key: C_GetMechanismInfo: its RSA keys have at most 3072 bits",
		"make the key in a file (recover keygen), import it with the token's own tools and test it with --existing, or use another token: a TPM stops at RSA-3072")
	if n := calls(t, log, "C_Login"); n != 0 {
		t.Errorf("%d logins", n)
	}
	token, _ = faulty(t, "DEVICE_ID=2", "DEVICE_LACKS=0x0", "DEVICE_READ_ONLY=0x7", "DEVICE_HANDLES=1")
	token.URI = "pkcs11:token=soft;object=new"
	o := start(t, withToken(t, token, softtoken.PIN, "keygen", "--out", out))
	if short := regexp.MustCompile(`private half: pkcs11:token=soft;object=new;id=%..%..\?`); o.status != exitOK || !short.MatchString(o.stdout) {
		t.Errorf("status %d\n%s\n%s", o.status, o.stdout, o.stderr)
	}
}

// All keys of a token are listed, and those that a location names.
func TestListManyKeys(t *testing.T) {
	t.Parallel()
	fake := must(exec.LookPath("fake-pkcs11"))
	list := func(args ...string) outcome {
		cmd := exec.Command("recover", append([]string{"hsm", "list", "--hsm-helper", fake}, args...)...)
		cmd.Env = append(os.Environ(), "FAKE_KEYS=300", "FAKE_TOKENS=2")
		return start(t, cmd)
	}
	if o := list("--hsm-module", "/fake.so"); o.status != exitOK || strings.Count(o.stdout, "    private key ") != 600 {
		t.Errorf("status %d, %d keys\n%s", o.status, strings.Count(o.stdout, "    private key "), o.stderr)
	}
	o := list("--hsm", "pkcs11:serial=1;id=%07?module-path=/fake.so")
	if o.status != exitOK || strings.Count(o.stdout, "\ntoken ") != 1 || strings.Count(o.stdout, "    private key ") != 1 {
		t.Errorf("status %d\n%s", o.status, o.stdout)
	}
}
