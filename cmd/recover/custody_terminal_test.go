//go:build linux

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"recover/fixtures/tier"
	"recover/pkg/custody"
)

// TestTwoOfThree: one holder names a file, the next types from paper, all lines
// at once, as whoever pastes or scans.
func TestTwoOfThree(t *testing.T) {
	tier.Long(t)
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
	tier.Long(t)
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
	s.expect("READ-ME-FIRST.txt: the READ-ME-FIRST.txt of a holder")
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
	s.answer(takeIt, "no")
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
		"refused (a share of another set): set ", "refused (not a share)", "refused (no file of that name)", "refused (already given): share 1 (alice)",
		"refused (too few shares)", "refused (a damaged share)", "refused (a damaged share)", "share 2 (bob)", "share 1 (alice) taken back",
		"share 4 (dave)", "share 3 (carol)", "share 1 (alice)", "were combined", "end: done")
}

// TestScannedAtTheWrongPrompt: what is scanned before "type" was said is not
// taken, and is off the screen at once.
func TestScannedAtTheWrongPrompt(t *testing.T) {
	t.Parallel()
	set := splitInto(t, filepath.Join(t.TempDir(), "set"), 2, "alice", "bob")
	scanned := strings.ReplaceAll(strings.Join(onPaper(t, set, "bob"), ""), " ", "")
	cmd := table(t, set, "bob")
	s := sit(t, cmd)
	s.answer(sharePrompt, scanned)
	s.expect("a share was visible on the screen, and has been cleared\r\n")
	s.expect("next: answer \"type\" first, then type it\r\n")
	s.hides(scanned[40:60])
	for _, line := range onPaper(t, set, "bob") { // nor a part of it
		s.answer(sharePrompt, line)
		s.expect("a share was visible on the screen, and has been cleared\r\n")
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
	exposed := []string{"share 2 (bob) of set ", " was typed where it could be seen\n"}
	for range onPaper(t, set, "bob") {
		exposed = append(exposed, "a share was typed where it could be seen\n")
	}
	contains(t, transcriptOf(t, cmd.Dir, secretsOf(t, set, "bob")), append(exposed, "share 2 (bob) of set ", "accepted")...)
}

// TestCorrectedShare: a share that is typed from a spoilt paper is put right by its
// checksum, proved by the sealed key, shown only if its holder wants to see it, and
// taken. The next holder's stick is dragged into the window. What each of them sees
// on a terminal of 24 lines of 80 columns.
func TestCorrectedShare(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "bob's stick")
	ok(t, os.Mkdir(dir, 0o700))
	set := splitInto(t, filepath.Join(t.TempDir(), "set"), 2, "alice", "bob")
	secrets := secretsOf(t, set, "alice", "bob")
	ok(t, os.Rename(filepath.Join(set, "bob"), filepath.Join(dir, "bob")))
	lines := onPaper(t, set, "alice")
	spoilt := append([]string{}, lines...)
	spoilt[2] = "????" + spoilt[2][4:]
	cmd := table(t, set, "alice")
	sealed := must(custody.ParseSealedKey(readFile(t, filepath.Join(set, "alice", "sealed-recovery-key.age"))))
	s := sit80(t, cmd)
	top := func(accepted int, more string) string {
		key := sealed.Key.String()
		return "Bringing back the recovery key\n    " + key[:46] + "\n           " + key[47:] + `
from set ` + sealed.ID.String() + ", made on " + sealed.Created.Format(time.DateOnly) + `: any 2 of 2 shares open it

Accepted: ` + fmt.Sprint(accepted) + " of 2" + more
	}
	const question = `
Name the file of a share, or answer
    type      to type or scan a share, of which nothing is shown`
	s.expect(sharePrompt + ": ")
	s.shows(top(0, "\n") + question + "\nCtrl-C ends this and leaves nothing behind.\n\nshare:")
	s.press("type\r")
	for i, line := range spoilt {
		s.answer(fmt.Sprintf(linePrompt, i+1), line)
	}
	const put = `the share is damaged: wrong in group 13 (characters 1, 2, 3, 4)

Put right, it is share 1 (alice) of this set: the sealed key proves it.

`
	s.expect(takeIt + ": ")
	s.shows(put + `Answer "yes" to take it, or "show" to see it first and mend the paper too;
nobody but its holder may look at the screen then.

take it? (type "yes"):`)
	s.press("show\r")
	s.expect(takeIt + ": ")
	s.shows(put + "It is, as on the paper:\n\n" + strings.Join(lines, "\n") + "\n\n" + `take it? (type "yes"):`)
	s.press("yes\r")
	s.expect(sharePrompt + ": ")
	s.shows(top(1, `
    share 1 (alice)

share 1 (alice) accepted: 1 of 2, mended
`) + question + `
    back 1    to take share 1 back
Ctrl-C ends this and leaves nothing behind.

share:`)
	stick := `'` + strings.ReplaceAll(filepath.Join(dir, "bob", custody.PageName), `'`, `'\''`) + `' `
	s.press(stick + "\r")
	s.expect("share 2 (bob) accepted: 2 of 2\r\n")
	s.answer(sharePrompt, "open")
	s.expect("recover: share 1 (alice) accepted: 1 of 2, mended\r\n")
	s.expect("4 keys: 4 ok\r\n")
	if o := s.end(); o.status != exitOK {
		t.Errorf("status %d\n%s", o.status, o.stderr)
	}
	contains(t, transcriptOf(t, cmd.Dir, secrets), "refused (a damaged share); typed or scanned\n",
		"share 1 (alice) of set "+sealed.ID.String()+" accepted, mended: it was typed with errors\n",
		"share 2 (bob) of set "+sealed.ID.String()+" accepted\n", "end: done")
}

// TestDraggedIn: what is dragged into the window in the forms of other terminals,
// a holder's folder, and what is there no more.
func TestDraggedIn(t *testing.T) {
	t.Parallel()
	set := splitInto(t, filepath.Join(t.TempDir(), "my set"), 2, "alice", "bob")
	cmd := table(t, set, "bob")
	s := sit(t, cmd)
	folder := filepath.Join(set, "alice")
	for _, dragged := range []string{
		folder, folder + "/ ", "'" + folder + "' ", strings.ReplaceAll(folder, " ", `\ `) + "/" + custody.PageName,
		"file://" + strings.ReplaceAll(folder, " ", "%20") + "/" + custody.PageName,
	} {
		s.answer(sharePrompt, dragged)
		s.expect("share 1 (alice) accepted: 1 of 2\r\n")
		s.answer(sharePrompt, "back")
		s.expect("share 1 (alice) taken back\r\n")
	}
	s.answer(sharePrompt, set)
	s.expect("refused: " + set + ": is a directory without a share.txt or share.age\r\n")
	s.expect("next: name the file of the share, or the holder's folder that it is in\r\n")
	s.answer(sharePrompt, filepath.Join(folder, "sealed-recovery-key.age"))
	s.expect("next: a holder's share is the file share.txt or share.age next to it: name that;")
	gone := filepath.Join(set, "carol", custody.PageName)
	s.answer(sharePrompt, gone)
	s.expect("refused: there is no file of that name\r\n    " + gone + "\r\nnext: check the name, and whether the medium is mounted;")
	s.expect(sharePrompt + ": ")
	s.press("\x03")
	o := s.end()
	o.refused(t, exitFailed, "interrupted", "nothing was changed; start again when ready")
	if strings.Contains(o.stderr, gone) {
		t.Errorf("what was answered is still to be seen:\n%s", o.stderr)
	}
	contains(t, transcriptOf(t, cmd.Dir, nil), "share 1 (alice) taken back", "refused (a file that cannot be read, or a folder without a share); from a file", "refused (no file of that name)\n", "end: interrupted")
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
	tier.Long(t) // each passphrase takes a second
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
	s := sit(t, exec.Command("recover", "custody", "check", "--typed", "--sealed-key", filepath.Join(set, "bob", "sealed-recovery-key.age")))
	for i, line := range onPaper(t, set, "alice") {
		s.answer(fmt.Sprintf(linePrompt, i+1), line)
	}
	s.expect("the share: undamaged, but not compared with the ceremony\r\n")
	s.expect("holder: alice\r\n")
	if o := s.end(secretsOf(t, set, "alice")...); o.status != exitOK {
		t.Errorf("status %d\n%s", o.status, o.stderr)
	}
}

// TestShowQR shows each holder their own code, and leaves nothing of it.
func TestShowQR(t *testing.T) {
	t.Parallel()
	cmd := exec.Command("recover", "custody", "split", "--key", small().path("key-0.pem"), "--threshold", "2",
		"--custodian", "alice", "--custodian", "bob", "--out", "set", "--show-qr")
	cmd.Dir = t.TempDir()
	s := sit80(t, cmd)
	for _, holder := range []string{"alice", "bob"} {
		s.expect(holder + ": the next screen shows your share as a code. Nobody else may look at it.")
		if strings.Contains(s.visible(), "█") {
			t.Error("a code is still to be seen")
		}
		s.answer("Press Enter to show it", "")
		s.expect("Press Enter to erase it")
		if shown := strings.Split(showing(s.screen.String()[:s.read]), "\n"); len(shown) > displayHeight || len(shown[0]) == 0 || strings.Trim(shown[0], "█") != "" {
			t.Errorf("the code is not shown whole: %d lines, the first is %q", len(shown), shown[0])
		}
		s.press("\r")
	}
	s.expect("only when \"recover custody confirm\" says that all holders have confirmed")
	if o := s.end(); o.status != exitOK || strings.Contains(o.stderr, "█") {
		t.Errorf("status %d\n%s", o.status, o.stderr)
	}
}
