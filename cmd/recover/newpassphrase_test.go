//go:build linux

package main

import (
	"bytes"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"recover/fixtures/tier"
)

// rebuildOpen returns the command that rebuilds one key with a key file that is
// not sealed, and seals what comes out with a passphrase.
func rebuildOpen(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	cmd := rebuildOne(t.TempDir(), privatePEM(small().recovery))
	cmd.Args = append(cmd.Args[:len(cmd.Args)-3], append([]string{"--out", "out"}, args...)...) // without --unsealed
	return cmd
}

// TestWeakPassphraseFirst is what somebody sees who types a weak passphrase.
func TestWeakPassphraseFirst(t *testing.T) {
	tier.Long(t)
	t.Parallel()
	cmd := rebuildOpen(t)
	s := sit80(t, cmd)
	s.answer(newPrompt, "a")
	s.expect(newPrompt + ": ")
	s.shows(`
recover: warning: the passphrase is too easy to guess
recover: take 15 characters or more, 8 of them different, or press Enter
New passphrase that will open the rebuilt keys (Enter makes one):`)
	s.press(newPhrase + "\r")
	s.answer(newAgain, newPhrase)
	s.expect("1 key: 1 ok\r\n")
	if o := s.end(newPhrase); o.status != exitOK {
		t.Errorf("status %d\n%s", o.status, o.stderr)
	}
}

var sevenWords = regexp.MustCompile(`(?m)^[a-z]{3,8}( [a-z]{3,8}){6}$`)

// TestMadePassphrase: Enter has the program make a passphrase. It is shown on a
// screen of its own, has to be typed back, and opens what was sealed with it.
func TestMadePassphrase(t *testing.T) {
	tier.Long(t) // a passphrase takes a second
	t.Parallel()
	cmd := rebuildOpen(t)
	s := sit80(t, cmd)
	var made []string
	write := func() {
		s.expect("Enter when they are written down: ")
		words := sevenWords.FindString(showing(s.screen.String()))
		s.shows(`
New passphrase that will open the rebuilt keys

Write these seven words down on paper, small letters, a blank between them.
They are shown once, and asked for next. Nobody else may look at this screen.

` + words + `

Enter when they are written down:`)
		s.press("\r")
		s.expect("New passphrase that will open the rebuilt keys, as you wrote it down: ")
		if strings.Contains(showing(s.screen.String()[:s.read]), words) {
			t.Error("the passphrase is still shown when it is asked for")
		}
		made = append(made, words)
	}
	s.answer(newPrompt, "")
	write()
	words := strings.Fields(made[0])
	words[3] += "e" // a mistake: the same words are asked for again
	s.press(strings.Join(words, " ") + "\r")
	s.expect("recover: warning: word 4 is not as it was shown; type all seven again, or press\r\n         Enter for other words\r\n")
	s.answer("New passphrase that will open the rebuilt keys, as you wrote it down", strings.Join(words[:3], " "))
	s.expect("recover: warning: word 4 is not as it was shown")
	s.answer("New passphrase that will open the rebuilt keys, as you wrote it down", "") // not written down
	s.expect("recover: warning: the passphrases differ\r\n")
	s.answer(newPrompt, "")
	write()
	s.press(made[1] + "\r")
	s.expect("1 key: 1 ok\r\n")
	if o := s.end(); o.status != exitOK || strings.Contains(o.stderr, made[1]) {
		t.Fatalf("status %d\n%s", o.status, o.stderr)
	}
	if made[0] == made[1] || made[0] == "" {
		t.Errorf("made %q", made)
	}
	list := exec.Command("recover", "addresses", "--keys", filepath.Join(cmd.Dir, "out"), "--passphrase-fd", "3")
	list.ExtraFiles = append(list.ExtraFiles, phrases(t, made[1]))
	if o := start(t, list); o.status != exitOK || !bytes.Contains([]byte(o.stdout), []byte(keyID(2).String())) {
		t.Errorf("status %d\n%s%s", o.status, o.stdout, o.stderr)
	}
}

// TestMadePassphraseInterrupted: Ctrl-C while it is shown, and when it is asked
// for, leaves nothing behind.
func TestMadePassphraseInterrupted(t *testing.T) {
	t.Parallel()
	for name, further := range map[string]bool{"while it is shown": false, "when it is asked for": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cmd := rebuildOpen(t)
			s := sit(t, cmd)
			s.answer(newPrompt, "")
			s.expect("Enter when they are written down: ")
			if further {
				s.press("\r")
				s.expect("as you wrote it down: ")
			}
			s.press("\x03")
			o := s.end()
			o.refused(t, exitFailed, "interrupted", "nothing was changed; start again when ready")
			if sevenWords.MatchString(o.stderr) {
				t.Errorf("the passphrase is left on the screen:\n%s", o.stderr)
			}
			absent(t, filepath.Join(cmd.Dir, "out"))
		})
	}
}

// TestWeakPassphraseAllowed: with the flag, a weak one is taken with a warning.
func TestWeakPassphraseAllowed(t *testing.T) {
	tier.Long(t)
	t.Parallel()
	cmd := rebuildOpen(t, "--weak-passphrase")
	s := sit(t, cmd)
	s.answer(newPrompt, "canary")
	s.expect("recover: warning: --weak-passphrase: the passphrase is too easy to guess\r\n")
	s.answer(newAgain, "canary")
	s.expect("1 key: 1 ok\r\n")
	if o := s.end("canary"); o.status != exitOK {
		t.Errorf("status %d\n%s", o.status, o.stderr)
	}
}
