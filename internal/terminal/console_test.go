//go:build linux || darwin

package terminal

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"

	"recover/internal/secret"
)

// questions names the variable that makes the test binary a program that asks,
// and holds the names of its questions.
const questions = "TERMINAL_TEST_QUESTIONS"

func TestMain(m *testing.M) {
	if names := os.Getenv(questions); names != "" {
		askAll(strings.Split(names, " "))
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// askAll asks, and writes what it was answered to descriptor 3.
func askAll(names []string) {
	answers := os.NewFile(3, "answers")
	t := New(os.Stdout, os.Stderr)
	for i, name := range names {
		prompt := fmt.Sprintf("Question %d\n", i+1)
		switch name {
		case "passphrase":
			s, err := t.Passphrase(prompt)
			if err != nil {
				fmt.Fprintln(answers, err)
				continue
			}
			fmt.Fprintf(answers, "%q\n", s.Reveal())
		case "ask":
			s, err := t.Ask(prompt)
			fmt.Fprintln(answers, fmt.Sprintf("%q", s), err)
		case "screen":
			screen, err := t.Screen()
			if err != nil {
				fmt.Fprintln(answers, err)
				continue
			}
			screen.Show("one\x1b", "two")
			screen.ShowSecret(secret.New([]byte("code")))
			mode, err := unix.IoctlGetTermios(int(screen.out.Fd()), readTermios)
			fmt.Fprintln(answers, "echo", mode.Lflag&unix.ECHO != 0, err)
			_ = unix.Kill(os.Getpid(), unix.SIGINT) // before the next question
			_, err = t.Ask(prompt)
			fmt.Fprintln(answers, err)
			answer, err := t.Ask(prompt)
			fmt.Fprintln(answers, answer, err)
			screen.Close()
		case "confirm":
			yes, err := t.Confirm(prompt)
			fmt.Fprintln(answers, yes, err)
		}
	}
}

// session is a program that asks at a pseudo-terminal of its own. Its stdin is
// empty and its stdout and stderr are no terminal.
type session struct {
	*testing.T
	cmd         *exec.Cmd
	master, tty *os.File
	before      unix.Termios
	answers     *os.File
	lines       bytes.Buffer // stdout and stderr
	screen      chan []byte
	seen        string
}

func begin(t *testing.T, names string) *session {
	t.Helper()
	s := &session{T: t, screen: make(chan []byte, 1000)}
	var err error
	if s.master, s.tty, err = pty.Open(); err != nil {
		t.Fatal(err)
	}
	var answers *os.File
	if s.answers, answers, err = os.Pipe(); err != nil {
		t.Fatal(err)
	}
	s.before = s.mode()
	s.cmd = exec.Command(os.Args[0])
	s.cmd.Env = append(os.Environ(), questions+"="+names, "GORACE=atexit_sleep_ms=0")
	s.cmd.Stdout, s.cmd.Stderr = &s.lines, &s.lines
	s.cmd.ExtraFiles = []*os.File{answers, s.tty}
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true, Ctty: 4}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	answers.Close()
	go s.watch()
	t.Cleanup(func() { s.cmd.Process.Kill(); s.master.Close(); s.tty.Close() })
	return s
}

func (s *session) watch() {
	for {
		b := make([]byte, 1024)
		n, err := s.master.Read(b)
		if err != nil {
			close(s.screen)
			return
		}
		s.screen <- b[:n]
	}
}

func (s *session) mode() unix.Termios {
	s.Helper()
	mode, err := unix.IoctlGetTermios(int(s.tty.Fd()), readTermios)
	if err != nil {
		s.Fatal(err)
	}
	return *mode
}

func (s *session) echo() bool { s.Helper(); return s.mode().Lflag&unix.ECHO != 0 }

// expect waits until the terminal has shown text, and forgets what it showed
// up to there.
func (s *session) expect(text string) {
	s.Helper()
	giveUp := time.After(30 * time.Second)
	for {
		if _, after, ok := strings.Cut(s.seen, text); ok {
			s.seen = after
			return
		}
		select {
		case b := <-s.screen:
			s.seen += string(b)
			if bytes.Contains(b, []byte("canary")) {
				s.Fatalf("the terminal shows the secret: %q", b)
			}
		case <-giveUp:
			s.Fatalf("the terminal never shows %q, but %q", text, s.seen)
		}
	}
}

func (s *session) send(text string) {
	s.Helper()
	if _, err := io.WriteString(s.master, text); err != nil {
		s.Fatal(err)
	}
}

// end waits for the program, and checks its answers and that the terminal is
// as it was.
func (s *session) end(want ...string) {
	s.Helper()
	got, err := io.ReadAll(s.answers)
	if err != nil {
		s.Fatal(err)
	}
	if err := s.cmd.Wait(); err != nil {
		s.Errorf("the program: %v\n%s", err, s.lines.String())
	}
	if string(got) != strings.Join(want, "\n")+"\n" {
		s.Errorf("answers:\n%swant:\n%s", got, strings.Join(want, "\n"))
	}
	if s.mode() != s.before {
		s.Errorf("the terminal was left changed: %+v, was %+v", s.mode(), s.before)
	}
	if strings.Contains(s.lines.String(), "canary") {
		s.Errorf("stdout or stderr shows the secret: %q", s.lines.String())
	}
}

const erased = "\r\n\x1b[F\x1b[K"

func TestPassphrase(t *testing.T) {
	s := begin(t, "passphrase")
	s.expect(`Question 1\x0a: `)
	if s.echo() {
		t.Error("echo is on")
	}
	s.send("wrong\x7f\x15canary für 日本\r")
	s.expect(erased)
	s.end(`"canary für 日本"`)
	if s.seen != "" || s.lines.Len() > 0 {
		t.Errorf("shown besides the prompt: %q, %q", s.seen, s.lines.String())
	}
}

func TestAnswersEndInCRLF(t *testing.T) {
	s := begin(t, "passphrase passphrase ask passphrase ask")
	s.expect("Question 1")
	s.send("canary one\r\ncanary two\r\n")
	s.expect("Question 2")
	s.expect("Question 3")
	s.send("three\r") // its LF comes late
	s.expect("Question 4")
	s.send("\ncanary four\n")
	s.expect("Question 5")
	s.send("\r")
	s.end(`"canary one"`, `"canary two"`, `"three" <nil>`, `"canary four"`, `"" <nil>`)
}

func TestInterrupted(t *testing.T) {
	for name, interrupt := range map[string]func(*session){
		"Ctrl-C":  func(s *session) { s.send("canary\x03") },
		"Ctrl-\\": func(s *session) { s.send("\x1c") },
		"Ctrl-D":  func(s *session) { s.send("\x04") },
		"SIGTERM": func(s *session) { s.cmd.Process.Signal(syscall.SIGTERM) },
		"SIGHUP":  func(s *session) { s.cmd.Process.Signal(syscall.SIGHUP) },
	} {
		t.Run(name, func(t *testing.T) {
			s := begin(t, "passphrase ask passphrase")
			s.expect("Question 1")
			interrupt(s)
			s.expect(erased)
			s.expect("Question 2")
			if !s.echo() {
				t.Error("echo is off at a question with echo")
			}
			s.send("name\x03")
			s.expect("Question 3")
			s.send("\x03")
			s.end("interrupted", `"" interrupted`, "interrupted")
		})
	}
}

func TestEchoStaysOffAfterStop(t *testing.T) {
	s := begin(t, "passphrase")
	s.expect("Question 1")
	if err := unix.IoctlSetTermios(int(s.tty.Fd()), writeTermios, &s.before); err != nil {
		t.Fatal(err)
	}
	s.cmd.Process.Signal(syscall.SIGSTOP)
	s.cmd.Process.Signal(syscall.SIGCONT)
	s.expect("Question 1")
	if s.echo() {
		t.Error("echo is on again")
	}
	s.send("canary\r")
	s.end(`"canary"`)
}

func TestLongAnswers(t *testing.T) {
	s := begin(t, "passphrase passphrase ask")
	s.expect("Question 1")
	longest := strings.Repeat("x", maxAnswer)
	s.send(longest + "\r")
	s.expect("Question 2")
	s.send(longest + "y\r")
	s.expect("Question 3")
	s.send("next\r")
	s.end(`"`+longest+`"`, "longer than 1024 bytes", `"next" <nil>`)
}

func TestAskAndConfirm(t *testing.T) {
	s := begin(t, "ask confirm confirm confirm")
	s.expect(`Question 1\x0a: `)
	s.send("bóx\x7fb\x1b\r")
	s.expect("b^[^M\b\b  \r\r\n")
	s.expect(`Question 2\x0a (type "yes"): `)
	s.send("yes\r")
	s.expect("Question 3")
	s.send("y\r")
	s.expect("Question 4")
	s.send("\r")
	s.end(`"bób\x1b" <nil>`, "true <nil>", "false <nil>", "false <nil>")
}

func TestNoTerminal(t *testing.T) {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), questions+"=passphrase ask confirm", "GORACE=atexit_sleep_ms=0")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.ExtraFiles = []*os.File{w}
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	w.Close()
	got, _ := io.ReadAll(r)
	const none = "no terminal to ask at\n"
	if want := none + `"" ` + none + "false " + none; string(got) != want {
		t.Errorf("got:\n%swant:\n%s", got, want)
	}
}

func TestColumns(t *testing.T) {
	master, tty, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer master.Close()
	defer tty.Close()
	columns := New(nil, tty).columns
	if got := columns(); got != 80 {
		t.Errorf("a terminal that tells no width: %d", got)
	}
	if err := pty.Setsize(master, &pty.Winsize{Cols: 33}); err != nil {
		t.Fatal(err)
	}
	if got := columns(); got != 33 {
		t.Errorf("got %d, want 33", got)
	}
	if null, _ := os.Open(os.DevNull); New(nil, null).columns != nil {
		t.Error("/dev/null passes for a terminal")
	}
}

// TestScreen: nothing is echoed between questions, a signal between them ends the
// next, and what was shown is gone in the end.
func TestScreen(t *testing.T) {
	s := begin(t, "screen ask")
	s.expect(enterScreen + clearScreen + clearScreen + `one\x1b` + "\r\ntwo\r\ncode\r\n")
	s.expect("Question 1")
	s.expect("Question 1")
	s.send("named\r")
	s.expect(clearScreen + eraseScrollback + leaveScreen)
	s.expect("Question 2")
	if !s.echo() {
		t.Error("echo is still off")
	}
	s.send("after\r")
	s.end("echo false <nil>", "interrupted", "named <nil>", `"after" <nil>`)
}
