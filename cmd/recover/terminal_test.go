//go:build linux

package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"

	"recover/fixtures/tier"
)

// session is a run of the program at a terminal of its own, with a custodian
// who reads the screen and types.
type session struct {
	t        *testing.T
	cmd      *exec.Cmd
	custody  *os.File // where the custodian sits
	terminal *os.File // where the program sits
	before   *unix.Termios
	gone     chan struct{} // closed when there is nothing more to read

	mu     sync.Mutex
	screen strings.Builder
	more   *sync.Cond // the screen has changed
	read   int        // so much of it was read by the custodian
}

// sit starts the program at a terminal.
func sit(t *testing.T, cmd *exec.Cmd) *session {
	t.Helper()
	return sitAt(t, cmd, &pty.Winsize{Rows: 100, Cols: 1000}) // no line is broken
}

// sitAt is sit at a terminal of a size.
func sitAt(t *testing.T, cmd *exec.Cmd, size *pty.Winsize) *session {
	t.Helper()
	s := &session{t: t, cmd: cmd, gone: make(chan struct{})}
	s.more = sync.NewCond(&s.mu)
	var err error
	if s.custody, s.terminal, err = pty.Open(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = s.custody.Close(), s.terminal.Close() })
	if s.before, err = unix.IoctlGetTermios(int(s.terminal.Fd()), unix.TCGETS); err != nil {
		t.Fatal(err)
	}
	if err := pty.Setsize(s.custody, size); err != nil {
		t.Fatal(err)
	}
	if err := pty.Setsize(s.custody, size); err != nil {
		t.Fatal(err)
	}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = s.terminal, s.terminal, s.terminal
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go s.watch()
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	return s
}

func (s *session) watch() {
	buf := make([]byte, 4096)
	for {
		n, err := s.custody.Read(buf)
		s.mu.Lock()
		s.screen.Write(buf[:n])
		s.more.Broadcast()
		s.mu.Unlock()
		if err != nil {
			close(s.gone)
			return
		}
	}
}

// expect waits until text is on the screen, after what was read before.
func (s *session) expect(text string) {
	s.t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	late := time.AfterFunc(30*time.Second, func() { // after the deadline, and while nobody is about to wait
		_ = s.cmd.Process.Kill()
		s.mu.Lock()
		defer s.mu.Unlock()
		s.more.Broadcast()
	})
	defer late.Stop()
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		if i := strings.Index(s.screen.String()[s.read:], text); i >= 0 {
			s.read += i + len(text)
			return
		}
		if time.Now().After(deadline) {
			s.t.Fatalf("the screen never shows %q:\n%s", text, s.screen.String())
		}
		s.more.Wait()
	}
}

// answer types a line when a prompt is there.
func (s *session) answer(prompt, line string) {
	s.t.Helper()
	s.expect(prompt + ": ")
	s.press(line + "\r")
}

func (s *session) press(keys string) {
	s.t.Helper()
	if _, err := s.custody.WriteString(keys); err != nil {
		s.t.Fatal(err)
	}
}

// end waits for the end of the program and checks that the terminal is as it
// was, and that the secrets are not on it.
func (s *session) end(secrets ...string) outcome {
	s.t.Helper()
	defer time.AfterFunc(30*time.Second, func() { _ = s.cmd.Process.Kill() }).Stop() // it asks for more than the test answers
	err := s.cmd.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		s.t.Fatal(err)
	}
	after, err := unix.IoctlGetTermios(int(s.terminal.Fd()), unix.TCGETS)
	if err != nil {
		s.t.Fatal(err)
	}
	if *after != *s.before {
		s.t.Errorf("the terminal is left as %+v, it was %+v", *after, *s.before)
	}
	_ = s.terminal.Close()
	<-s.gone
	s.mu.Lock()
	defer s.mu.Unlock()
	screen := s.screen.String()
	for _, secret := range secrets {
		if strings.Contains(screen, secret) {
			s.t.Errorf("%q is on the screen:\n%s", secret, screen)
		}
	}
	o := outcome{status: s.cmd.ProcessState.ExitCode(), stderr: left(screen)}
	if problem := o.wrong(); problem != "" {
		s.t.Errorf("%s: status %d\n%q", problem, o.status, screen)
	}
	return o
}

// left returns what is left on a screen after lines were erased.
func left(screen string) string {
	var lines []string
	for { // what was shown on screens of their own
		before, covering, found := strings.Cut(screen, "\x1b[?1049h")
		if !found {
			break
		}
		_, after, _ := strings.Cut(covering, leaveScreen)
		screen = before + after
	}
	for line := range strings.SplitSeq(screen, "\r\n") {
		if strings.HasPrefix(line, "\x1b[F") { // up, to the line above
			lines = lines[:len(lines)-1]
		}
		line = line[strings.LastIndex(line, "\r")+1:]
		_, after, erased := strings.Cut(line, "\x1b[K")
		if erased {
			line = after
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

// rebuildSealed returns the command that rebuilds one key with a key file that
// openssl sealed.
func rebuildSealed(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	file := command(t, privatePEM(small().recovery), "openssl", "pkcs8", "-topk8", "-v2", "aes256", "-passout", "pass:"+keyPhrase)
	cmd := rebuildOne(t.TempDir(), file)
	cmd.Args = append(cmd.Args[:len(cmd.Args)-3], append([]string{"--out", "out"}, args...)...) // without --unsealed
	return cmd
}

const (
	keyPrompt  = "Passphrase of the recovery key key"
	newPrompt  = "New passphrase that will open the rebuilt keys (Enter makes one)"
	newAgain   = "New passphrase that will open the rebuilt keys, again"
	hintWeak   = "take 15 characters or more, 8 of them different; at a terminal, Enter alone makes a passphrase of seven words. --weak-passphrase takes it all the same"
	newPhrase  = "the new phrase: canary"
	typo       = "a phrase with a typo: canary"
	wrongAgain = "recover: warning: key: the passphrase does not open the file; try again\r\n"
)

// TestPassphrases is a ceremony in which all goes wrong that can be mended:
// two wrong passphrases, then a new one that is weak, then two that differ.
func TestPassphrases(t *testing.T) {
	tier.Long(t)
	t.Parallel()
	cmd := rebuildSealed(t)
	s := sit(t, cmd)
	s.answer(keyPrompt, typo)
	s.expect(wrongAgain)
	s.answer(keyPrompt, keyPhrase+"!")
	s.expect(wrongAgain)
	s.answer(keyPrompt, keyPhrase)
	s.answer(newPrompt, "a")
	s.expect("recover: warning: the passphrase is too easy to guess\r\n")
	s.expect("recover: take 15 characters or more, 8 of them different, or press Enter\r\n")
	s.answer(newPrompt, newPhrase)
	s.answer(newAgain, typo)
	s.expect("recover: warning: the passphrases differ\r\n")
	s.answer(newPrompt, newPhrase)
	s.answer(newAgain, newPhrase)
	s.expect("1 key: 1 ok\r\n")
	s.expect("recover: open them with: age -d -i out/identity.age out/keys-0001.ndjson.age\r\n")
	if o := s.end(typo, keyPhrase, newPhrase); o.status != exitOK || strings.Contains(o.stderr, keyPrompt) {
		t.Errorf("status %d, and a prompt is left:\n%s", o.status, o.stderr)
	}
	// Both files are there for age, which TestAgeOpensWithPassphrase uses.
	for _, name := range []string{"identity.age", "keys-0001.ndjson.age", "report.json", "journal.ndjson"} {
		if _, err := os.Stat(filepath.Join(cmd.Dir, "out", name)); err != nil {
			t.Error(err)
		}
	}
}

// TestPassphrasesRefused gives the wrong answer each of the three times.
func TestPassphrasesRefused(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		answers    [][2]string
		fact, hint string
	}{
		"wrong": {
			[][2]string{{keyPrompt, typo}, {keyPrompt, ""}, {keyPrompt, typo}},
			"key: the passphrase does not open the file", "try again; mind the keyboard layout and caps lock",
		},
		"weak": {
			[][2]string{{keyPrompt, keyPhrase}, {newPrompt, "a"}, {newPrompt, "abc"}, {newPrompt, "passwordpassword"}},
			"the passphrase is too easy to guess", hintWeak,
		},
		"different": {
			[][2]string{{keyPrompt, keyPhrase}, {newPrompt, newPhrase}, {newAgain, typo}, {newPrompt, newPhrase}, {newAgain, ""}, {newPrompt, typo}, {newAgain, newPhrase}},
			"the passphrases differ", "start again, and type the same passphrase twice",
		},
		"long": {
			[][2]string{{keyPrompt, strings.Repeat("x", 1100)}},
			"longer than 1024 bytes", "a passphrase has 1024 bytes at most",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cmd := rebuildSealed(t)
			s := sit(t, cmd)
			for _, a := range test.answers {
				s.answer(a[0], a[1])
			}
			s.end(typo, keyPhrase, newPhrase).refused(t, exitFailed, test.fact, test.hint)
			absent(t, filepath.Join(cmd.Dir, "out"))
		})
	}
}

// TestInterruptedPrompt ends the program while it asks: nothing is left behind,
// and the terminal is as it was, which end checks.
func TestInterruptedPrompt(t *testing.T) {
	tier.Long(t)
	t.Parallel()
	for name, test := range map[string]struct {
		before [][2]string
		prompt string
		keys   string
		signal syscall.Signal
	}{
		"Ctrl-C":              {prompt: keyPrompt, keys: "half of " + keyPhrase + "\x03"},
		"Ctrl-C, second time": {[][2]string{{keyPrompt, typo}}, keyPrompt, "\x03", 0},
		"Ctrl-C, new phrase":  {[][2]string{{keyPrompt, keyPhrase}}, newPrompt, newPhrase + "\x03", 0},
		"Ctrl-C, again":       {[][2]string{{keyPrompt, keyPhrase}, {newPrompt, newPhrase}}, newAgain, "\x03", 0},
		"Ctrl-D":              {prompt: keyPrompt, keys: "\x04"},
		"SIGTERM":             {prompt: keyPrompt, signal: syscall.SIGTERM},
		"SIGINT":              {prompt: keyPrompt, signal: syscall.SIGINT},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cmd := rebuildSealed(t)
			s := sit(t, cmd)
			for _, a := range test.before {
				s.answer(a[0], a[1])
			}
			s.expect(test.prompt + ": ")
			if test.signal != 0 {
				_ = cmd.Process.Signal(test.signal)
			} else {
				s.press(test.keys)
			}
			s.end(typo, keyPhrase, newPhrase).refused(t, exitFailed, "interrupted", "nothing was changed; start again when ready")
			absent(t, filepath.Join(cmd.Dir, "out"))
		})
	}
}

// TestInspectAsks opens a sealed key file only when told to.
func TestInspectAsks(t *testing.T) {
	t.Parallel()
	rebuild := rebuildSealed(t)
	cmd := exec.Command("recover", "inspect", "--open", "key")
	cmd.Dir = rebuild.Dir
	s := sit(t, cmd)
	s.answer(keyPrompt, typo)
	s.expect(wrongAgain)
	s.answer(keyPrompt, keyPhrase)
	s.expect("key: recovery private key, sealed, valid\r\n")
	if o := s.end(typo, keyPhrase); o.status != exitOK {
		t.Errorf("status %d", o.status)
	}
}
