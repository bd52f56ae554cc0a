//go:build linux

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"recover/pkg/custody"
)

// What a screen of its own begins and ends with.
const (
	clearedScreen = "\x1b[H\x1b[2J"
	leaveScreen   = "\x1b[?1049l"
)

// splitInto splits the recovery key of the practice bucket, and returns the
// directory.
func splitInto(t *testing.T, dir string, threshold int, holders ...string) string {
	t.Helper()
	args := []string{"custody", "split", "--key", small().path("key-0.pem"), "--threshold", fmt.Sprint(threshold), "--out", dir}
	for _, h := range holders {
		args = append(args, "--custodian", h)
	}
	if o := execute(t, args...); o.status != exitOK {
		t.Fatalf("status %d\n%s", o.status, o.stderr)
	}
	return dir
}

var shareLines = regexp.MustCompile(`(?m)^RS1[A-Z0-9 \n]+$`)

// onPaper returns the lines of a share as they stand on its page.
func onPaper(t *testing.T, set, holder string) []string {
	t.Helper()
	page, err := os.ReadFile(filepath.Join(set, holder, custody.PageName))
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSpace(string(shareLines.Find(page))), "\n")
}

// secretsOf returns what nobody may see of the shares of a set.
func secretsOf(t *testing.T, set string, holders ...string) []string {
	t.Helper()
	secrets := []string{"PRIVATE KEY", "AGE-SECRET-KEY"}
	for _, h := range holders {
		for _, line := range onPaper(t, set, h)[1:] { // the first is about the set
			secrets = append(secrets, line, strings.ReplaceAll(line, " ", ""), strings.ToLower(strings.ReplaceAll(line, " ", "")))
		}
	}
	return secrets
}

const (
	sharePrompt = "share"
	linePrompt  = "share, line %d, hidden (Enter alone where it ends)"
)

// table returns the command with which holders bring the key back at the
// terminal, to rebuild the keys.
func table(t *testing.T, set, holder string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command("recover", append([]string{"rebuild", "--sealed-key", filepath.Join(set, holder, custody.SealedKeyName), "--collect-shares",
		"--unsealed", "--out", "out", "--transcript", "transcript"}, small().selection()...)...)
	cmd.Dir = t.TempDir()
	return cmd
}

// typeShare types a share line by line.
func (s *session) typeShare(lines []string) {
	s.t.Helper()
	s.answer(sharePrompt, "type")
	for i, line := range lines {
		s.answer(fmt.Sprintf(linePrompt, i+1), line)
	}
}

// visible is what the next holder has before the eyes.
func (s *session) visible() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	screen := s.screen.String()
	return screen[strings.LastIndex(screen, clearedScreen):]
}

// hides checks that what was typed is not to be seen when the next one is asked.
func (s *session) hides(typed ...string) {
	s.t.Helper()
	s.expect("Ctrl-C ends this and leaves nothing behind.")
	for _, text := range typed {
		if strings.Contains(s.visible(), text) {
			s.t.Errorf("%q is still to be seen:\n%s", text, s.visible())
		}
	}
}

// rebuiltAll checks that the keys are there.
func rebuiltAll(t *testing.T, dir string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "out", "keys-0001.ndjson"))
	if err != nil {
		t.Fatal(err)
	}
	if err := checkRebuilt(string(text), small(), false, []string{keyID(1).String(), keyID(2).String(), keyID(3).String(), keyID(4).String()}); err != nil {
		t.Error(err)
	}
}

// transcriptOf checks the transcript in dir and that no secret is in it, and
// returns its steps, for people and without times.
func transcriptOf(t *testing.T, dir string, secrets []string) string {
	t.Helper()
	f, err := os.Open(filepath.Join(dir, "transcript"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	events, head, err := custody.ReadTranscript(f)
	if err != nil {
		t.Fatal(err)
	}
	var text, steps strings.Builder
	for _, e := range events {
		fmt.Fprintln(&text, e)
		_, step, _ := strings.Cut(e.String(), "Z  ")
		fmt.Fprintln(&steps, step)
	}
	fmt.Fprintf(&text, "for the witness to write down, the SHA-256 of its last line:\n%s\ncheck it with: tail -n 1 transcript | tr -d '\\n' | sha256sum\n", strings.Join(inGroups(head), "\n"))
	readable, err := os.ReadFile(filepath.Join(dir, "transcript.txt"))
	if err != nil || string(readable) != text.String() {
		t.Errorf("transcript.txt: %v\n%s\nwant\n%s", err, readable, text.String())
	}
	lines, err := os.ReadFile(filepath.Join(dir, "transcript"))
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range secrets {
		if strings.Contains(string(lines)+string(readable), secret) {
			t.Errorf("%q is in the transcript", secret)
		}
	}
	return steps.String()
}

// contains checks that texts are there, in this order.
func contains(t *testing.T, text string, wanted ...string) {
	t.Helper()
	rest := text
	for _, want := range wanted {
		_, after, ok := strings.Cut(rest, want)
		if !ok {
			t.Fatalf("no %q in order in\n%s", want, text)
		}
		rest = after
	}
}
