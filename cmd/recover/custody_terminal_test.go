//go:build linux

package main

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"recover/pkg/custody"
)

// TestTwoOfThree: one holder names a file, the next types from paper, all lines
// at once, as whoever pastes or scans.
func TestTwoOfThree(t *testing.T) {
	t.Parallel()
	set := splitInto(t, filepath.Join(t.TempDir(), "set"), 2, "alice", "bob", "carol")
	secrets := secretsOf(t, set, "alice", "bob", "carol")
	cmd := table(t, set, "bob")
	s := sit(t, cmd)
	s.expect("any 2 of 3 shares open it")
	s.expect("Accepted: 0 of 2")
	page := filepath.Join(set, "carol", custody.PageName)
	s.answer(sharePrompt, page)
	s.expect("share 3 (carol) accepted: 1 of 2")
	s.hides(page)
	s.answer(sharePrompt, "type")
	s.expect(fmt.Sprintf(linePrompt, 1) + ": ")
	s.press(strings.ToLower(strings.Join(onPaper(t, set, "alice"), "\r")) + "\r")
	s.expect("share 1 (alice) accepted: 2 of 2")
	s.hides(page)
	s.answer(sharePrompt, "open")
	s.expect("recover: share 3 (carol) accepted: 1 of 2\r\n")
	s.expect("recover: share 1 (alice) accepted: 2 of 2\r\n")
	s.expect("4 keys: 4 ok\r\n")
	if o := s.end(secrets...); o.status != exitOK {
		t.Errorf("status %d\n%s", o.status, o.stderr)
	}
	rebuiltAll(t, cmd.Dir)
	contains(t, transcriptOf(t, cmd.Dir, secrets), "rebuild begins", "read sealed-recovery-key.age", "2 of 3 shares open the recovery key",
		"share 3 (carol)", "accepted", "share 1 (alice)", "accepted", "were combined", "was opened", "wrote report.json", "end: done")
}

// TestThreeOfFive is a ceremony in which all goes wrong that can.
func TestThreeOfFive(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	holders := []string{"alice", "bob", "carol", "dave", "eve"}
	set, old := splitInto(t, filepath.Join(dir, "set"), 3, holders...), splitInto(t, filepath.Join(dir, "old"), 3, holders...)
	secrets := append(secretsOf(t, set, holders[:4]...), secretsOf(t, old, "bob")...)
	page := func(set, holder string) string { return filepath.Join(set, holder, custody.PageName) }
	cmd := table(t, set, "eve")
	s := sit(t, cmd)

	s.answer(sharePrompt, page(set, "alice"))
	s.expect("share 1 (alice) accepted: 1 of 3")
	// a share of an old set
	s.answer(sharePrompt, page(old, "bob"))
	s.expect("refused: " + page(old, "bob") + ": the share is of set ")
	s.expect("next: shares of different sets never combine")
	// a file that is none
	s.answer(sharePrompt, filepath.Join(set, "bob", "READ-ME-FIRST.txt"))
	s.expect("not a share of a recovery key")
	s.answer(sharePrompt, "nowhere")
	s.expect("refused: there is no file of that name")
	s.hides(page(old, "bob"))
	// a duplicate
	s.answer(sharePrompt, page(set, "alice"))
	s.expect("share 1 (alice) was already given")
	// too few
	s.answer(sharePrompt, "open")
	s.expect("2 more shares are needed")
	// a typo
	lines := onPaper(t, set, "bob")
	wrong := append([]string{}, lines...)
	wrong[1] = wrong[1][:5] + "?" + wrong[1][6:]
	s.typeShare(wrong)
	s.expect("the share is damaged: wrong in group 8 (character 1)")
	s.answer(`show the corrected share? (type "yes")`, "no")
	s.expect("refused: the share is damaged: wrong in group 8 (character 1)")
	// one that is cut off
	s.answer(sharePrompt, "type")
	s.answer(fmt.Sprintf(linePrompt, 1), lines[0])
	s.answer(fmt.Sprintf(linePrompt, 2), "")
	s.expect("refused: the share has 24 characters instead of 92")
	s.typeShare(lines)
	s.expect("share 2 (bob) accepted: 2 of 3")
	// one back, and another instead
	s.answer(sharePrompt, "back 7")
	s.expect("no share of that number was accepted")
	s.answer(sharePrompt, "back 1")
	s.expect("share 1 (alice) taken back")
	s.typeShare(onPaper(t, set, "dave"))
	s.expect("share 4 (dave) accepted: 2 of 3")
	s.answer(sharePrompt, page(set, "carol"))
	s.expect("share 3 (carol) accepted: 3 of 3")
	// a surplus one is welcome
	s.answer(sharePrompt, page(set, "alice"))
	s.expect("share 1 (alice) accepted: 4 of 3")
	s.answer(sharePrompt, "open")
	s.expect("4 keys: 4 ok\r\n")
	if o := s.end(secrets...); o.status != exitOK {
		t.Errorf("status %d\n%s", o.status, o.stderr)
	}
	rebuiltAll(t, cmd.Dir)
	contains(t, transcriptOf(t, cmd.Dir, secrets), "share 1 (alice)", "accepted",
		"refused (a share of another set): set ", "refused (not a share)", "refused (for another reason)", "refused (already given): share 1 (alice)",
		"refused (too few shares)", "refused (a damaged share)", "refused (a damaged share)", "share 2 (bob)", "share 1 (alice) taken back",
		"share 4 (dave)", "share 3 (carol)", "share 1 (alice)", "were combined", "end: done")
}

// TestScannedAtTheWrongPrompt: what is scanned before "type" was said is not
// taken, and is off the screen at once.
func TestScannedAtTheWrongPrompt(t *testing.T) {
	t.Parallel()
	set := splitInto(t, filepath.Join(t.TempDir(), "set"), 2, "alice", "bob")
	scanned := strings.ReplaceAll(strings.Join(onPaper(t, set, "bob"), ""), " ", "")
	s := sit(t, table(t, set, "bob"))
	s.answer(sharePrompt, scanned)
	s.expect(`was shown, and is taken away again: answer "type" first`)
	s.hides(scanned[40:60])
	for i, line := range onPaper(t, set, "bob") { // nor a part of it
		s.answer(sharePrompt, line)
		s.expect([]string{`answer "type" first`, "there is no file of that name"}[min(i, 1)])
		s.hides(line)
	}
	s.answer(sharePrompt, "type")
	s.answer(fmt.Sprintf(linePrompt, 1), scanned)
	s.expect("share 2 (bob) accepted: 1 of 2")
	s.expect(sharePrompt + ": ")
	s.press("\x03")
	o := s.end()
	o.refused(t, exitFailed, "interrupted", "nothing was changed; start again when ready")
	for _, secret := range secretsOf(t, set, "bob") {
		if strings.Contains(o.stderr, secret) {
			t.Errorf("%q is on the screen below", secret)
		}
	}
}

// TestCorrectedShare: a holder of a spoilt paper is shown what it very likely
// said, and it is off the screen again before the next one comes.
func TestCorrectedShare(t *testing.T) {
	t.Parallel()
	set := splitInto(t, filepath.Join(t.TempDir(), "set"), 2, "alice", "bob")
	lines := onPaper(t, set, "alice")
	spoilt := append([]string{}, lines...)
	spoilt[2] = "????" + spoilt[2][4:]
	s := sit(t, table(t, set, "bob"))
	s.typeShare(spoilt)
	s.answer(`show the corrected share? (type "yes")`, "yes")
	s.expect(strings.Join(lines, " "))
	s.answer("Enter takes it off the screen", "")
	s.expect("refused: the share is damaged: wrong in group 13 (characters 1, 2, 3, 4)")
	s.hides(lines[1], lines[2])
	s.typeShare(lines)
	s.expect("share 1 (alice) accepted: 1 of 2")
	s.expect(sharePrompt + ": ")
	s.press("\x03")
	s.end().refused(t, exitFailed, "interrupted", "nothing was changed; start again when ready")
}

// TestBrokenOff ends a ceremony at each place where something is asked.
func TestBrokenOff(t *testing.T) {
	t.Parallel()
	set := splitInto(t, filepath.Join(t.TempDir(), "set"), 2, "alice", "bob")
	secrets := secretsOf(t, set, "alice", "bob")
	for name, before := range map[string]func(*session){
		"at the start": func(s *session) { s.expect(sharePrompt + ": ") },
		"after the first": func(s *session) {
			s.typeShare(onPaper(t, set, "alice"))
			s.expect("1 of 2")
			s.expect(sharePrompt + ": ")
		},
		"in a line":          func(s *session) { s.answer(sharePrompt, "type"); s.expect("hidden"); s.press("RS1QHALF") },
		"in the second line": func(s *session) { s.typeShare(onPaper(t, set, "bob")[:1]); s.expect("line 2") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cmd := table(t, set, "alice")
			s := sit(t, cmd)
			before(s)
			s.press("\x03")
			s.end(secrets...).refused(t, exitFailed, "interrupted", "nothing was changed; start again when ready")
			absent(t, filepath.Join(cmd.Dir, "out"))
			if steps := transcriptOf(t, cmd.Dir, secrets); !strings.HasSuffix(steps, "end: interrupted\n") {
				t.Errorf("the transcript ends\n%s", steps)
			}
		})
	}
}

// TestPassphrasesOfHolders seals each share with a passphrase that its holder
// types, and opens them again at the terminal.
func TestPassphrasesOfHolders(t *testing.T) {
	long(t, "each passphrase takes a second")
	t.Parallel()
	dir := t.TempDir()
	split := exec.Command("recover", "custody", "split", "--key", small().path("key-0.pem"), "--threshold", "2",
		"--custodian", "alice", "--custodian", "bob", "--passphrases", "--out", "set", "--transcript", "transcript")
	split.Dir = dir
	s := sit(t, split)
	for _, holder := range []string{"alice", "bob"} {
		s.answer(holder+": new passphrase that seals your share (Enter makes one)", "the canary of "+holder)
		s.answer("again", "the canary of "+holder)
	}
	s.expect("only when \"recover custody confirm\" says that all holders have confirmed")
	if o := s.end("canary"); o.status != exitOK {
		t.Fatalf("status %d\n%s", o.status, o.stderr)
	}
	transcriptOf(t, dir, []string{"canary"})
	set := filepath.Join(dir, "set")
	absent(t, filepath.Join(set, "alice", custody.PageName))
	absent(t, filepath.Join(set, "alice", codeName))
	cmd := table(t, set, "alice")
	s = sit(t, cmd)
	for i, holder := range []string{"alice", "bob"} {
		path := filepath.Join(set, holder, sealedPageName)
		s.answer(sharePrompt, path)
		if i == 0 {
			s.answer("Passphrase of the share "+path, "a wrong canary")
		}
		s.answer("Passphrase of the share "+path, "the canary of "+holder)
		s.expect(fmt.Sprintf("share %d (%s) accepted: %d of 2", i+1, holder, i+1))
	}
	s.answer(sharePrompt, "open")
	if o := s.end("canary"); o.status != exitOK {
		t.Errorf("status %d\n%s", o.status, o.stderr)
	}
	rebuiltAll(t, cmd.Dir)
}

// TestTypedCheck: a holder who has paper only checks it, with the sealed key.
func TestTypedCheck(t *testing.T) {
	t.Parallel()
	set := splitInto(t, filepath.Join(t.TempDir(), "set"), 2, "alice", "bob")
	s := sit(t, exec.Command("recover", "custody", "check", "--typed", "--sealed-key", filepath.Join(set, "bob", custody.SealedKeyName)))
	for i, line := range onPaper(t, set, "alice") {
		s.answer(fmt.Sprintf(linePrompt, i+1), line)
	}
	s.expect("the share: undamaged, but not compared with the ceremony\r\n")
	s.expect("holder: alice\r\n")
	if o := s.end(secretsOf(t, set, "alice")...); o.status != exitOK {
		t.Errorf("status %d\n%s", o.status, o.stderr)
	}
}

// TestShowQR shows each holder the own code, and leaves nothing of it.
func TestShowQR(t *testing.T) {
	t.Parallel()
	cmd := exec.Command("recover", "custody", "split", "--key", small().path("key-0.pem"), "--threshold", "2",
		"--custodian", "alice", "--custodian", "bob", "--out", "set", "--show-qr")
	cmd.Dir = t.TempDir()
	s := sit(t, cmd)
	for _, holder := range []string{"alice", "bob"} {
		s.expect(holder + ": the next screen shows your share as a code. Nobody else may look at it.")
		if strings.Contains(s.visible(), "█") {
			t.Error("a code is still to be seen")
		}
		s.answer("Enter shows it", "")
		s.expect("████")
		s.answer("Enter takes it away", "")
	}
	s.expect("only when \"recover custody confirm\" says that all holders have confirmed")
	if o := s.end(); o.status != exitOK || strings.Contains(o.stderr, "█") {
		t.Errorf("status %d\n%s", o.status, o.stderr)
	}
}
