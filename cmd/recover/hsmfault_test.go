//go:build linux

package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"recover/fixtures/softtoken"
	"recover/fixtures/tier"
)

// TestTokenFaults holds the whole text of every fault of a token, and what to
// do about it, against this table.
func TestTokenFaults(t *testing.T) {
	tier.Long(t)
	t.Parallel()
	softHSM(t) // made once, before the tests in parallel
	const (
		docs    = "look up the function and the number in the documentation of the token's maker"
		crashed = "the module crashed, or ended its process: try the latest version from its maker, and start again"
		again   = "plug the token in again, check its reader or network, and start again"
		no      = "name the PKCS#11 module of the token's maker; \"recover hsm list\" searches the usual places"
		once    = "find the right PIN before the next try: the token counts wrong ones, and locks"
		permit  = "the key needs CKA_DECRYPT and unrestricted mechanisms: ask whoever set up the token"
		cannot  = "this token cannot be used, or not with this --hsm-mode; docs/hsm.md lists what tokens can do"
		unset   = "set a user PIN with the token's own tools; if it has one and does not say so, --hsm-allow-few-pin-tries goes on"
		ended   = "the token is there, but has ended the login: it may have been restarted, or used by another program. Start again; the PIN is asked again"
		few     = "a wrong PIN now locks the token: be sure of it, then add --hsm-allow-few-pin-tries"
	)
	for _, c := range []struct{ setting, fact, hint string }{
		{"FAULT_LOAD=exit", "the helper recover-pkcs11 died: dlopen: exit status 7", crashed},
		{"FAULT_LOAD=crash", "the helper recover-pkcs11 died: dlopen: signal: segmentation fault", crashed},
		{"FAULT_LIST=none", `the file is not a PKCS#11 module: C_GetFunctionList: "no list of functions of version 2 or 3"`, no},
		{"FAULT=C_Initialize 1 0xA", "the PKCS#11 module does not start: C_Initialize: CKR_CANT_LOCK (0xA)",
			"see the module's documentation: its configuration, the environment variables it reads, and what --hsm-init-args must contain"},
		{"FAULT=C_GetSlotList 1 0x5", "the PKCS#11 module failed: C_GetSlotList: CKR_GENERAL_ERROR (0x5)", docs},
		{"FAULT=C_GetTokenInfo 0 0xE0", "the token is gone: C_GetTokenInfo: CKR_TOKEN_NOT_PRESENT (0xE0)", again},
		{"FAULT_FLAGS=0x40000", "the PIN is locked: C_GetTokenInfo: it is locked",
			"unlock it with the token's own tools and its PUK or security officer's PIN"},
		{"FAULT_FLAGS=0x20000", "the PIN was not sent: C_GetTokenInfo: one try is left", few},
		{"FAULT=C_Login 1 0xA0", "the PIN is incorrect: C_Login: CKR_PIN_INCORRECT (0xA0)", once},
		{"FAULT=C_Login 1 0xA4", "the PIN is locked: C_Login: CKR_PIN_LOCKED (0xA4)",
			"unlock it with the token's own tools and its PUK or security officer's PIN"},
		{"FAULT=C_Login 1 0x32", "the token is gone: C_Login: CKR_DEVICE_REMOVED (0x32)", again},
		{"FAULT=C_Login 1 0x102", "the token has no user PIN yet: C_Login: CKR_USER_PIN_NOT_INITIALIZED (0x102)", unset},
		{"FAULT_FLAGS_OFF=0x8", "the token has no user PIN yet: C_GetTokenInfo: CKF_USER_PIN_INITIALIZED is not set", unset},
		{"FAULT=C_Initialize 1 0x30", "the PKCS#11 module does not start: C_Initialize: CKR_DEVICE_ERROR (0x30)",
			"see the module's documentation: its configuration, the environment variables it reads, and what --hsm-init-args must contain"},
		{"FAULT=C_GetSlotList 1 0x30", "the PKCS#11 module failed: C_GetSlotList: CKR_DEVICE_ERROR (0x30)", docs},
		{"FAULT=C_DecryptInit 1 0x31", "the token's memory or its audit log is full: C_DecryptInit: CKR_DEVICE_MEMORY (0x31)",
			"with the token's own tools, read and clear its audit log (a YubiHSM keeps 62 entries and then refuses), or delete what it does not need to hold; then start again"},
		{"FAULT=C_DecryptInit 0 0x200", "the token rejects the operation: a capability is missing: C_DecryptInit: CKR_FUNCTION_REJECTED (0x200)",
			"give the capability to the key and to the user whose PIN it is: on a YubiHSM decrypt-oaep, and generate-asymmetric-key to make a key"},
		{"FAULT=C_DecryptInit 0 0x6", "the PKCS#11 module failed: C_DecryptInit: CKR_FUNCTION_FAILED (0x6)", docs},
		{"FAULT=C_DecryptInit 0 0x68",
			"the token does not permit decryption with this key: C_DecryptInit: CKR_KEY_FUNCTION_NOT_PERMITTED (0x68)", permit},
		{"FAULT=C_DecryptInit 0 0x70",
			"the token does not permit decryption with this key: C_DecryptInit: CKR_MECHANISM_INVALID (0x70)", permit},
		{"FAULT=C_DecryptInit 0 0x7",
			"the token cannot decrypt RSA-OAEP with SHA-256 and a label: C_DecryptInit: CKR_ARGUMENTS_BAD (0x7)", cannot},
		{"FAULT=C_Decrypt 1 flip", "the token gave a wrong answer: C_Decrypt: not the number that encrypts to the request",
			"do not trust this token or module until you know why; try --hsm-mode raw, which checks every answer"},
		// The first C_Decrypt is the self-test's.
		{"FAULT=C_Decrypt 2 flip", "recovery key: the token gave a wrong answer: C_Decrypt: not the number that encrypts to the request",
			"do not trust this token or module until you know why; try --hsm-mode raw, which checks every answer"},
		{"FAULT=C_Decrypt 2 crash", "recovery key: the helper recover-pkcs11 died: C_Decrypt: signal: segmentation fault", crashed},
		{"FAULT=C_Decrypt 2+ 0x6", "recovery key: the PKCS#11 module failed: C_Decrypt: CKR_FUNCTION_FAILED (0x6): tried 5 times", docs},
		{"FAULT=C_Decrypt 2+ 0x30", "recovery key: the token is gone: C_Decrypt: CKR_DEVICE_ERROR (0x30): tried 5 times", again},
		{"FAULT=C_Decrypt 2 0x3", "recovery key: the token is gone: C_Decrypt: CKR_SLOT_ID_INVALID (0x3)", again},
		{"FAULT=C_DecryptInit 2+ 0xB3", "recovery key: the token ended the session: C_DecryptInit: CKR_SESSION_HANDLE_INVALID (0xB3)", ended},
		{"FAULT=C_DecryptInit 2+ 0x82", "recovery key: the token is gone: C_DecryptInit: CKR_OBJECT_HANDLE_INVALID (0x82)", again},
	} {
		t.Run(c.setting, func(t *testing.T) {
			t.Parallel()
			token, log := faulty(t, c.setting)
			out := filepath.Join(t.TempDir(), "out")
			args := vault().rebuildArgs(out, "--unsealed", "--hsm-mode", "raw", "--workers", "1")
			o := start(t, withToken(t, token, softtoken.PIN, args...))
			o.refused(t, exitFailed, c.fact, c.hint)
			if n := calls(t, log, "C_Login"); n > 1 {
				t.Errorf("%d logins", n)
			}
			absent(t, out) // no key was rebuilt
			if strings.Contains(o.stdout+o.stderr, softtoken.PIN) {
				t.Error("the PIN is shown")
			}
		})
	}
}

// TestStuckModule: an interrupt is heard while the module hangs in C_Initialize.
func TestStuckModule(t *testing.T) {
	tier.Long(t)
	t.Parallel()
	for _, args := range [][]string{vault().checkArgs(), {"hsm", "list"}} {
		stuck := filepath.Join(t.TempDir(), "stuck")
		cmd := withFake(t, []string{"FAKE_HELPER=stuck", "FAKE_STUCK=" + stuck}, args...)
		var stderr strings.Builder
		cmd.Stderr = &stderr
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = cmd.Process.Kill() })
		waitFor(t, stuck)
		begun := time.Now()
		_ = cmd.Process.Signal(os.Interrupt)
		_ = cmd.Wait() // refused looks at how it ended
		if took := time.Since(begun); took > time.Second {
			t.Errorf("%q: it ended %v after the interrupt", args, took)
		}
		outcome{status: cmd.ProcessState.ExitCode(), stderr: stderr.String()}.refused(t, exitFailed, "interrupted", "nothing was changed; start again when ready")
	}
}

// The same for what no fault of the module is needed for.
func TestTokenRefusals(t *testing.T) {
	tier.Long(t)
	t.Parallel()
	token := softHSM(t)
	check := func(uri, module, helper string, more ...string) outcome {
		cmd := exec.Command("recover", append(vault().checkArgs(), append(more,
			"--hsm", uri, "--hsm-module", module, "--hsm-helper", helper, "--pin-fd", "3")...)...)
		cmd.Env = append(os.Environ(), token.Environment...)
		cmd.ExtraFiles = []*os.File{lines(t, softtoken.PIN)}
		return start(t, cmd)
	}
	const located = "check that the token is plugged in and the service of its reader runs; \"recover hsm list\" shows the location"
	o := check("pkcs11:token=hard", token.Module, helper(t))
	if facts := o.lines("recover: error: "); len(facts) != 1 || !strings.HasPrefix(facts[0], "no such token: the module has pkcs11:token=soft;serial=") {
		t.Errorf("another token: %q", facts)
	}
	if hints := o.lines("recover: hint: "); len(hints) != 1 || hints[0] != located {
		t.Errorf("another token: %q", hints)
	}
	check("pkcs11:token=soft;object=vault-key;id=a1b2", token.Module, helper(t)).refused(t, exitFailed,
		"no such RSA private key in the token: it has pkcs11:object=vault-key;id=%A1%B2",
		"an ID is bytes, not hex digits: did you mean id=%A1%B2?")
	check("pkcs11:token=soft;object=vault", token.Module, helper(t)).refused(t, exitFailed,
		"no such RSA private key in the token: it has pkcs11:object=vault-key;id=%A1%B2",
		"compare object and id in the location with the keys that the token has")

	if err := tokenMaker().Import(token, "03"); err != nil {
		t.Fatal(err)
	}
	o = check("pkcs11:token=soft;object=vault-key", token.Module, helper(t))
	if facts := o.lines("recover: error: "); len(facts) != 1 || !strings.HasPrefix(facts[0], "several keys match: pkcs11:object=vault-key;id=%") {
		t.Errorf("two keys: %q", facts)
	}

	const put = "put recover-pkcs11 next to recover, or name it with --hsm-helper; \"make build\" builds it if there is a C compiler"
	check("pkcs11:", token.Module, "/none/recover-pkcs11").refused(t, exitFailed,
		`the helper recover-pkcs11 cannot be started: "fork/exec /none/recover-pkcs11: no such file or directory"`, put)
	check("pkcs11:", token.Module, "/bin/cat").refused(t, exitFailed,
		"the helper does not speak this program's protocol: it answers with a request", "use recover and recover-pkcs11 of the same version")
	check("pkcs11:", "/none/\x1b[2J.so", helper(t)).refused(t, exitFailed,
		`the PKCS#11 module cannot be loaded: dlopen: "/none/\x1b[2J.so: cannot open shared object file: No such file or directory"`,
		"give the path of the module itself; \"ldd FILE\" shows which libraries it lacks")

	o = start(t, withFake(t, []string{"FAKE_TOKENS=2"}, fifty().checkArgs()...))
	o.refused(t, exitFailed, "several tokens match: pkcs11:token=fake;serial=0, pkcs11:token=fake;serial=1", "add serial=… to the location")
	o = start(t, withFake(t, []string{"FAKE_HELPER=flood"}, fifty().checkArgs()...))
	o.refused(t, exitFailed, "the helper recover-pkcs11 died: exit status 3",
		"the module crashed, or ended its process: try the latest version from its maker, and start again")
	if !strings.Contains(o.stderr, "recover: recover-pkcs11 wrote: xxx") || !strings.Contains(o.stderr, "xthe last words\n") {
		t.Errorf("its last words are not shown:\n%s", o.stderr)
	}
	cmd := withToken(t, token, "", append(vault().checkArgs(), "--pin-fd", "3")...)
	cmd.ExtraFiles = []*os.File{lines(t, "")}
	start(t, cmd).refused(t, exitFailed, "the token needs a PIN", "give the PIN of the token: the line was empty, and nothing was sent")
}

// A PIN that cannot have been meant is not sent; the mark of an editor is no part
// of a PIN.
func TestUnmeantPIN(t *testing.T) {
	t.Parallel()
	token, log := faulty(t, "FAULT_FLAGS=0")
	for _, line := range []string{softtoken.PIN + "\u00a0", " " + softtoken.PIN, "\u201c" + softtoken.PIN + "\u201d", "\u200b" + softtoken.PIN, softtoken.PIN + "\t"} {
		cmd := withToken(t, token, "", append(vault().checkArgs(), "--pin-fd", "3")...)
		cmd.ExtraFiles = []*os.File{lines(t, line)}
		o := start(t, cmd)
		if o.status != exitFailed || !strings.Contains(o.stderr, "recover: error: PIN: it cannot have been meant like that, and was not sent to the token: ") || strings.Contains(o.stderr, softtoken.PIN) {
			t.Errorf("%q: status %d\n%s", line, o.status, o.stderr)
		}
	}
	if n := calls(t, log, "C_Login"); n != 0 {
		t.Errorf("%d logins", n)
	}
	// At the terminal it may be sent all the same, and is not without a yes.
	s := sit(t, withToken(t, token, "", vault().checkArgs()...))
	s.expect(pinPrompt)
	s.press(" " + softtoken.PIN + "\r")
	s.answer(`Send it as it is? (type "yes")`, "no")
	if o := s.end(softtoken.PIN); o.status != exitFailed || calls(t, log, "C_Login") != 0 {
		t.Errorf("status %d, %d logins\n%s", o.status, calls(t, log, "C_Login"), o.stderr)
	}
	for _, line := range []string{"\ufeff" + softtoken.PIN + "\r", string(utf16File(softtoken.PIN + "\r"))} {
		cmd := withToken(t, token, "", append(vault().checkArgs(), "--pin-fd", "3")...)
		cmd.ExtraFiles = []*os.File{lines(t, line)}
		start(t, cmd).wantStatus(t, exitOK)
	}
}

// A module that hangs is given up.
func TestTokenHangs(t *testing.T) {
	tier.Long(t)
	t.Parallel()
	token, _ := faulty(t, "FAULT=C_Login 1 hang")
	cmd := withToken(t, token, softtoken.PIN, vault().checkArgs()...)
	cmd.Path = must(exec.LookPath("recover-impatient"))
	cmd.Args[0] = "recover-impatient"
	start(t, cmd).refused(t, exitFailed, "the helper recover-pkcs11 gave no answer in time: C_Login: within 1s",
		"look at the token: does it wait for a touch or a PIN, does its light blink? Then start again")
}

// Few tries are spent only if that is said in so many words.
func TestFewTries(t *testing.T) {
	t.Parallel()
	token, log := faulty(t, "FAULT_FLAGS=0x20000")
	o := start(t, withToken(t, token, softtoken.PIN, append(vault().checkArgs(), "--hsm-allow-few-pin-tries")...))
	if o.status != exitOK || !strings.Contains(o.stderr, "recover: warning: --hsm-allow-few-pin-tries: of the PIN, one try is left\n") {
		t.Errorf("status %d\n%s", o.status, o.stderr)
	}
	if n := calls(t, log, "C_Login"); n != 1 {
		t.Errorf("%d logins", n)
	}
}

const pinPrompt = `PIN of the token "soft", serial number "`

const (
	anotherPIN = `Too many wrong PINs lock the token. Ask for another one? (type "yes")`
	surePIN    = `Are you sure of the PIN? It is asked next. (type "yes")`
	wrongPIN   = "the PIN is incorrect: C_Login: CKR_PIN_INCORRECT (0xA0)"
)

// TestPINAtTerminal: after a wrong PIN it asks whether to try another, once, and
// after that the next run asks first. Nothing is tried by itself.
func TestPINAtTerminal(t *testing.T) {
	t.Parallel()
	token, log := faulty(t)
	run := func(status int, answers func(*session)) {
		t.Helper()
		s := sit(t, withToken(t, token, "", vault().checkArgs()...))
		answers(s)
		if o := s.end(softtoken.PIN); o.status != status || strings.Contains(o.stderr, pinPrompt) {
			t.Errorf("status %d, or the prompt is left:\n%s", o.status, o.stderr)
		}
	}
	pin := func(s *session, pin string) {
		t.Helper()
		s.expect(pinPrompt)
		s.answer("", pin)
	}
	logins := func(want int) {
		t.Helper()
		if n := calls(t, log, "C_Login"); n != want {
			t.Errorf("%d logins, want %d", n, want)
		}
	}
	run(exitOK, func(s *session) { pin(s, softtoken.PIN); s.expect("self-test passed: mode raw") })
	logins(1)

	// Wrong, then right.
	run(exitOK, func(s *session) {
		pin(s, "wrong")
		s.expect(anotherPIN + ": ")
		s.mu.Lock()
		lines := strings.Split(showing(s.screen.String()[:s.read]), "\n")
		s.mu.Unlock()
		for _, line := range lines[len(lines)-2:] {
			if len(line) > displayWidth-1 {
				t.Errorf("a line of %d columns: %s", len(line), line)
			}
		}
		if got, want := strings.Join(lines[len(lines)-2:], "\n"), "recover: warning: "+wrongPIN+"\n"+anotherPIN+":"; got != want {
			t.Errorf("the display ends with\n%s\nwant\n%s", got, want)
		}
		logins(2)
		s.press("yes\r")
		pin(s, softtoken.PIN)
		s.expect("self-test passed: mode raw")
	})
	logins(3)

	// Wrong, and no other one is known; then wrong twice.
	run(exitFailed, func(s *session) { pin(s, "wrong"); s.answer(anotherPIN, "no"); s.expect("recover: error: " + wrongPIN) })
	logins(4)
	run(exitFailed, func(s *session) {
		s.expect("recover: warning: the last PIN was wrong; too many wrong PINs lock the token\r\n")
		s.answer(surePIN, "yes")
		pin(s, "wrong")
		s.answer(anotherPIN, "yes")
		pin(s, "wrong again")
		s.expect("recover: error: " + wrongPIN)
	})
	logins(6)

	// A descriptor is not asked, and the right PIN ends it all.
	o := start(t, withToken(t, token, softtoken.PIN, vault().checkArgs()...))
	if o.status != exitOK || !strings.Contains(o.stderr, "recover: warning: the last PIN was wrong; too many wrong PINs lock the token\n") {
		t.Errorf("status %d\n%s", o.status, o.stderr)
	}
	run(exitOK, func(s *session) { pin(s, softtoken.PIN); s.expect("self-test passed: mode raw") })
	logins(8)
}

// A token that asks for its PIN itself, for each decryption.
func TestPINPadAndAlways(t *testing.T) {
	t.Parallel()
	token, log := faulty(t, "FAULT_FLAGS=0x100")
	o := start(t, withToken(t, token, "", append(vault().checkArgs(), "--hsm-mode", "raw")...))
	if !strings.Contains(o.stderr, "recover: enter the PIN at the token now\n") {
		t.Errorf("status %d\n%s", o.status, o.stderr)
	}
	if text := string(readFile(t, log)); !strings.Contains(text, "C_Login 1 0 NULL\n") {
		t.Errorf("calls:\n%s", text)
	}
	token, log = faulty(t, "FAULT_ALWAYS=1")
	out := filepath.Join(t.TempDir(), "out")
	o = start(t, withToken(t, token, softtoken.PIN, vault().rebuildArgs(out, "--unsealed", "--hsm-mode", "raw")...))
	if o.status != exitOK || !strings.Contains(o.stderr, "recover: the key needs its PIN for each decryption: ") {
		t.Errorf("status %d\n%s", o.status, o.stderr)
	}
	if n := calls(t, log, "C_Login-context"); n != 11 {
		t.Errorf("%d logins for decryptions, want 11", n)
	}
}

// TestPINIsNowhere looks for the PIN while a rebuild waits in the middle, and
// in all that it leaves: it is in no argument, no environment, no descriptor of
// the helper, no file. Both are behind a fence of their own.
func TestPINIsNowhere(t *testing.T) {
	tier.Long(t)
	t.Parallel()
	token, log := faulty(t, "FAULT=C_Decrypt 5 hang")
	dir := t.TempDir()
	out := filepath.Join(dir, "out")
	cmd := withToken(t, token, softtoken.PIN, vault().rebuildArgs(out, "--unsealed", "--hsm-mode", "raw", "--workers", "1")...)
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr, cmd.Dir = &said, &said, dir
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cmd.Process.Kill() }()
	for deadline := time.Now().Add(30 * time.Second); calls(t, log, "C_Decrypt\n") < 5; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("it never decrypts:\n%s", said.String())
		}
	}
	program := fmt.Sprintf("/proc/%d", cmd.Process.Pid)
	child := "/proc/" + theChild(t, cmd.Process.Pid)
	if !bytes.Contains(readFile(t, child+"/cmdline"), []byte("recover-pkcs11\x00")) {
		t.Fatal("the child is not the helper")
	}
	for _, process := range []string{program, child} {
		shown := readFile(t, process+"/cmdline")
		environ, err := os.ReadFile(process + "/environ")
		if err != nil && os.Geteuid() == 0 {
			t.Error(err)
		}
		if bytes.Contains(append(shown, environ...), []byte(softtoken.PIN)) {
			t.Errorf("%s shows the PIN", process)
		}
	}
	if got := field(t, program, "Seccomp") + field(t, child, "Seccomp"); got != "22" {
		t.Errorf("seccomp modes of recover and the helper: %s, want 22", got)
	}
	descriptors, _ := filepath.Glob(child + "/fd/*")
	for _, d := range descriptors {
		if target, _ := os.Readlink(d); strings.HasPrefix(target, cmd.ExtraFiles[0].Name()) {
			t.Errorf("the helper has the descriptor of the PIN: %s", target)
		}
	}
	// An interrupt ends it, though the token waits.
	_ = cmd.Process.Signal(os.Interrupt)
	_ = cmd.Wait()
	o := outcome{status: cmd.ProcessState.ExitCode(), stderr: said.String()}
	o.refused(t, exitFailed, "interrupted", hintResume)
	for _, path := range append([]string{log}, filesBelow(t, dir)...) {
		if bytes.Contains(readFile(t, path), []byte(softtoken.PIN)) {
			t.Errorf("%s has the PIN", path)
		}
	}
	if strings.Contains(said.String(), softtoken.PIN) {
		t.Error("the PIN is shown")
	}
}

// theChild returns the process ID of the one child of a process.
func theChild(t *testing.T, pid int) string {
	t.Helper()
	var children []string
	tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	for _, path := range tasks {
		children = append(children, strings.Fields(string(readFile(t, path)))...)
	}
	if len(children) != 1 {
		t.Fatalf("children: %q", children)
	}
	return children[0]
}

// field returns a field of a process's status.
func field(t *testing.T, process, name string) string {
	t.Helper()
	_, after, _ := strings.Cut(string(readFile(t, process+"/status")), "\n"+name+":\t")
	value, _, _ := strings.Cut(after, "\n")
	return value
}

func filesBelow(t *testing.T, dir string) (paths []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			paths = append(paths, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return paths
}

// Without a token too, recover is confined before it asks for a secret.
func TestConfined(t *testing.T) {
	t.Parallel()
	cmd := rebuildSealed(t)
	s := sit(t, cmd)
	s.expect(keyPrompt)
	if got := field(t, fmt.Sprintf("/proc/%d", cmd.Process.Pid), "Seccomp"); got != "2" {
		t.Errorf("seccomp mode %s, want 2", got)
	}
	s.press("\x03")
	s.end()
}
