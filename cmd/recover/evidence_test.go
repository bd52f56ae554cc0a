//go:build linux

package main

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"

	"recover/fixtures/testkey"
	"recover/fixtures/tier"
	"recover/pkg/custody"
)

// witnessed is a set with the transcript of its split.
func witnessed(t *testing.T, threshold string, more ...string) (set, transcript string) {
	t.Helper()
	dir := t.TempDir()
	set, transcript = filepath.Join(dir, "set"), filepath.Join(dir, "split.ndjson")
	args := append([]string{"custody", "split", "--key", small().path("key-0.pem"), "--threshold", threshold, "--out", set, "--transcript", transcript,
		"--custodian", "alice", "--custodian", "bob", "--custodian", "carol"}, more...)
	if o := execute(t, args...); o.status != exitOK || strings.Contains(o.stdout, "may be destroyed") {
		t.Fatalf("status %d\n%s%s", o.status, o.stdout, o.stderr)
	}
	return set, transcript
}

func in(dir, holder, name string) string { return filepath.Join(dir, holder, name) }

// says runs the program and checks its status and what it says, on whichever
// stream.
func says(t *testing.T, status int, args []string, texts ...string) outcome {
	t.Helper()
	o := execute(t, args...)
	if o.status != status {
		t.Errorf("%s: status %d, want %d\n%s%s", strings.Join(args, " "), o.status, status, o.stdout, o.stderr)
	}
	for _, text := range texts {
		if !strings.Contains(o.stdout+o.stderr, text) {
			t.Errorf("%s: no %q in\n%s%s", strings.Join(args, " "), text, o.stdout, o.stderr)
		}
	}
	return o
}

// numbersOf returns the set ID and the SHA-256 of the sealed key, as a transcript
// has them.
func numbersOf(t *testing.T, transcript string) (set, sum string) {
	t.Helper()
	text, err := os.ReadFile(transcript)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		var e struct{ Step, Set, File, SHA256 string }
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatal(err)
		}
		switch {
		case e.Step == "split":
			set = e.Set
		case e.File == custody.SealedKeyName && e.Step == "output":
			sum = e.SHA256
		}
	}
	return set, sum
}

// TestCourierFolder: a folder that somebody made of public data is never called
// valid. Compared with the ceremony it is wrong; not compared, the check says that
// it was not compared and what that means.
func TestCourierFolder(t *testing.T) {
	tier.Long(t)
	t.Parallel()
	set, transcript := witnessed(t, "2")
	forged := courierSet(t, set, "alice", "bob", "carol")
	id, sum := numbersOf(t, transcript)
	for _, holder := range []string{"alice", "bob", "carol"} {
		share := in(forged, holder, "share.txt")
		o := says(t, exitOK, []string{"custody", "check", share}, "undamaged, but not compared with the ceremony",
			"NOT COMPARED with the ceremony: whoever knows the recovery key's public half", "it names the recovery key (proved only when enough shares open it)")
		for _, claim := range []string{"sound", "valid", "all holders have the same"} {
			if strings.Contains(o.stdout, claim) {
				t.Errorf("%s is called %s:\n%s", share, claim, o.stdout)
			}
		}
		for _, against := range [][]string{{"--transcript", transcript}, {"--set", id}, {"--set", id, "--sha256", sum}} {
			says(t, exitFailed, append([]string{"custody", "check", share}, against...), share+": WRONG", "this is not from that ceremony", "do not use this folder")
		}
		confirmation := filepath.Join(t.TempDir(), "confirmation")
		says(t, exitFailed, []string{"custody", "check", share, "--transcript", transcript, "--confirmation", confirmation}, "WRONG")
		absent(t, confirmation)
		genuine := in(set, holder, "share.txt")
		says(t, exitOK, []string{"custody", "check", genuine, "--transcript", transcript}, "valid: the share that the ceremony made",
			"as the ceremony wrote them: share.txt, share.svg, sealed-recovery-key.age, recovery-public-key.der and READ-ME-FIRST.txt")
		says(t, exitOK, []string{"custody", "check", genuine, "--set", strings.ToLower(id), "--sha256", sum}, "valid: the share that the ceremony made")
		says(t, exitOK, []string{"custody", "check", genuine, "--set", id}, "NOT COMPARED: the sealed key; give its SHA-256 with --sha256")
	}
	// Enough of them together do not open what they say.
	says(t, exitFailed, []string{"custody", "check", in(forged, "alice", "share.txt"), in(forged, "bob", "share.txt")}, "does not open")
	// One of them among genuine ones, at any place.
	for i := range 3 {
		files := []string{in(set, "alice", "share.txt"), in(set, "bob", "share.txt")}
		files = append(files[:i:i], append([]string{in(forged, "carol", "share.txt")}, files[i:]...)...)
		says(t, exitFailed, append([]string{"custody", "check"}, files...), "error: "+in(forged, "carol", custody.SealedKeyName)+": not the sealed key that these shares open")
	}
	// A transcript that is no evidence.
	text, err := os.ReadFile(transcript)
	if err != nil {
		t.Fatal(err)
	}
	cut := filepath.Join(t.TempDir(), "cut.ndjson")
	if err := os.WriteFile(cut, text[:strings.LastIndex(string(text[:len(text)-1]), "\n")+1], 0o600); err != nil {
		t.Fatal(err)
	}
	says(t, exitFailed, []string{"custody", "check", in(set, "bob", "share.txt"), "--transcript", cut}, "the transcript has no end")
	says(t, exitFailed, []string{"custody", "check", in(set, "bob", "share.txt"), "--transcript", transcript, "--head", strings.Repeat("0", 64)}, "its last line has another SHA-256")
}

// TestOddSealedKey: of three folders one has a sealed key that was replaced. In
// any order, that one is named, with status 1; also when the shares are too few to
// open any.
func TestOddSealedKey(t *testing.T) {
	tier.Long(t)
	t.Parallel()
	for _, c := range []struct{ threshold, says string }{
		{"2", "not the sealed key that these shares open"},
		{"3", "not the sealed key that these shares open"},
	} {
		set, transcript := witnessed(t, c.threshold)
		mixed := carried(t, set, "alice", "bob", "carol")
		odd := in(mixed, "alice", custody.SealedKeyName)
		if err := os.WriteFile(odd, sealedAs(t, descriptionOf(t, odd), []byte("nothing"), anyone(t)), 0o600); err != nil {
			t.Fatal(err)
		}
		a, b, d := in(mixed, "alice", "share.txt"), in(mixed, "bob", "share.txt"), in(mixed, "carol", "share.txt")
		for _, order := range [][]string{{a, b, d}, {a, d, b}, {b, a, d}, {b, d, a}, {d, a, b}, {d, b, a}} {
			o := says(t, exitFailed, append([]string{"custody", "check"}, order...), "error: "+odd+": "+c.says, "NOT opened by these shares")
			if strings.Contains(o.stdout, "the right one") || strings.Contains(o.stdout, "and enough") {
				t.Errorf("%v: they are called right:\n%s", order, o.stdout)
			}
			says(t, exitFailed, append([]string{"custody", "check", "--json"}, order...), "error: "+odd)
		}
		says(t, exitFailed, []string{"custody", "check", "--transcript", transcript, a}, odd+": its SHA-256 is ", "the sealed key was changed or replaced")
		if c.threshold == "3" { // two of three: what most have, nobody knows
			says(t, exitFailed, []string{"custody", "check", a, b}, "these shares do not tell which is genuine")
		}
	}
}

// TestMostHaveIt: where the shares are too few, what most holders have tells the
// odd one.
func TestMostHaveIt(t *testing.T) {
	tier.Long(t)
	t.Parallel()
	dir := t.TempDir()
	set := splitInto(t, filepath.Join(dir, "set"), 4, "alice", "bob", "carol", "dave")
	odd := in(set, "bob", custody.SealedKeyName)
	if err := os.WriteFile(odd, sealedAs(t, descriptionOf(t, odd), []byte("nothing"), anyone(t)), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, order := range [][]string{{"bob", "alice", "carol"}, {"alice", "bob", "carol"}, {"alice", "carol", "bob"}} {
		args := []string{"custody", "check"}
		for _, holder := range order {
			args = append(args, in(set, holder, "share.txt"))
		}
		says(t, exitFailed, args, "error: "+odd+": not the sealed key that the other 2 folders have")
	}
}

// TestChangedFolder: the public key that gets uploaded, the code to scan, and what
// the holder reads first are compared too.
func TestChangedFolder(t *testing.T) {
	tier.Long(t)
	t.Parallel()
	set, transcript := witnessed(t, "2")
	for name, c := range map[string]struct {
		change  func(dir string)
		says    string
		without bool // it shows without a transcript
	}{
		"another public key": {func(dir string) {
			copyFile(t, kit().path("key-0.pub.der"), in(dir, "alice", "recovery-public-key.der"))
		},
			"recovery-public-key.der: it is the public key SHA256:", true},
		"no public key": {func(dir string) { copyFile(t, transcript, in(dir, "alice", "recovery-public-key.der")) },
			"recovery-public-key.der: not a public key: it was changed", true},
		"another holder's code": {func(dir string) { copyFile(t, in(set, "bob", "share.svg"), in(dir, "alice", "share.svg")) },
			"share.svg: not the code of this share", true},
		"other instructions": {func(dir string) {
			copyFile(t, in(set, "bob", "READ-ME-FIRST.txt"), in(dir, "alice", "READ-ME-FIRST.txt"))
		},
			"READ-ME-FIRST.txt: not the file that the ceremony wrote", false},
	} {
		dir := carried(t, set, "alice")
		c.change(dir)
		check := []string{"custody", "check", in(dir, "alice", "share.txt")}
		says(t, exitFailed, append(check, "--transcript", transcript), "alice/"+c.says)
		status := exitOK
		if c.without {
			status = exitFailed
		}
		if o := says(t, status, check); c.without && !strings.Contains(o.stderr, c.says) {
			t.Errorf("%s: %s", name, o.stderr)
		}
	}
	// A page to which its holder has added a line is still the share.
	dir := carried(t, set, "alice")
	page, err := os.ReadFile(in(dir, "alice", "share.txt"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(in(dir, "alice", "share.txt"), append(page, "in the safe of the lawyer\n"...), 0o600); err != nil {
		t.Fatal(err)
	}
	says(t, exitOK, []string{"custody", "check", "--transcript", transcript, in(dir, "alice", "share.txt")}, "valid: the share that the ceremony made")
}

// TestSeveralRecipients: whoever types a second recipient for a holder's share is
// asked, and all that the holder and the witness read names both.
func TestSeveralRecipients(t *testing.T) {
	tier.Long(t)
	t.Parallel()
	dir := t.TempDir()
	var ids []*age.X25519Identity
	for i := range 2 {
		id, err := age.GenerateX25519Identity()
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("id-%d", i)), []byte(id.String()+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	split := func() *exec.Cmd {
		cmd := exec.Command("recover", "custody", "split", "--key", small().path("key-0.pem"), "--threshold", "2", "--custodian", "alice", "--custodian", "bob",
			"--recipient", "alice="+ids[0].Recipient().String(), "--recipient", "alice="+ids[1].Recipient().String(), "--out", "set", "--transcript", "split.ndjson")
		cmd.Dir = dir
		return cmd
	}
	start(t, split()).refused(t, exitUsage, "the share of alice is sealed to 2 recipients, which has to be confirmed at the terminal",
		"run it in a terminal, before a witness, or give one --recipient for each holder")
	for _, name := range []string{"split.ndjson", "split.ndjson.txt"} {
		if err := os.Remove(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	s := sit(t, split())
	s.expect(ids[1].Recipient().String())
	s.answer(`are all of them alice's own? (type "yes")`, "no")
	s.end().refused(t, exitUsage, "the share of alice is sealed to 2 recipients, and that was not confirmed", "give one --recipient for each holder")
	absent(t, filepath.Join(dir, "set"))
	for _, name := range []string{"split.ndjson", "split.ndjson.txt"} {
		if err := os.Remove(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	s = sit(t, split())
	s.answer(`are all of them alice's own? (type "yes")`, "yes")
	if o := s.end(); o.status != exitOK {
		t.Fatalf("status %d\n%s", o.status, o.stderr)
	}
	share := in(filepath.Join(dir, "set"), "alice", "share.age")
	text := ""
	for _, name := range []string{"split.ndjson.txt", "set/alice/READ-ME-FIRST.txt"} {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		text = string(data)
		contains(t, text, ids[0].Recipient().String(), ids[1].Recipient().String())
	}
	contains(t, text, "It is sealed to 2 recipients, and EACH OF THEM")
	says(t, exitOK, []string{"inspect", share}, "opened by: 2, each of them alone:")
	says(t, exitOK, []string{"custody", "check", "--identity", filepath.Join(dir, "id-1"), share}, "opened by 2, EACH OF THEM ALONE:")

	// Sealed again, to one of the two only: the transcript shows it.
	page, err := exec.Command("age", "-d", "-i", filepath.Join(dir, "id-0"), share).Output()
	if err != nil {
		t.Skip("SKIPPED, NOT PASSED: no age")
	}
	again := exec.Command("age", "-r", ids[0].Recipient().String(), "-o", share+".new")
	again.Stdin = strings.NewReader(string(page))
	if err := again.Run(); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(share+".new", share); err != nil {
		t.Fatal(err)
	}
	says(t, exitFailed, []string{"custody", "check", "--identity", filepath.Join(dir, "id-0"), share, "--transcript", filepath.Join(dir, "split.ndjson")},
		"the file is opened by an age identity; in the ceremony the share was sealed to "+ids[0].Recipient().String()+" and "+ids[1].Recipient().String())
}

// TestForgedShareFramesNobody: a share that claims a number that was accepted
// before is reported as a claim, with where it came from.
func TestForgedShareFramesNobody(t *testing.T) {
	t.Parallel()
	set := splitInto(t, filepath.Join(t.TempDir(), "set"), 2, "alice", "bob", "carol")
	page, err := os.ReadFile(in(set, "bob", "share.txt"))
	if err != nil {
		t.Fatal(err)
	}
	payload := payloadOf(t, string(page))
	payload[13] = 1 // alice's number, with bob's value
	cmd := table(t, set, "alice")
	s := sit(t, cmd)
	s.typeShare(onPaper(t, set, "alice"))
	s.expect("share 1 (alice) accepted: 1 of 2")
	s.typeShare(strings.Split(shareString(payload), "\n"))
	s.expect("refused: it claims to be share 1 (alice), which was accepted before: it was altered, or made up")
	s.typeShare(onPaper(t, set, "carol"))
	s.answer(sharePrompt, "open")
	if o := s.end(); o.status != exitOK {
		t.Fatalf("status %d\n%s", o.status, o.stderr)
	}
	contains(t, transcriptOf(t, cmd.Dir, nil), "share 1 (alice) of set", "accepted",
		"refused (not the share that was made): it claims to be share 1 (alice), which was accepted before; typed or scanned")
}

// TestOddOneIsTheSealedKey: the sealed key that was brought is changed, and every
// honest share would be refused. It is the suspect, and another copy goes on.
func TestOddOneIsTheSealedKey(t *testing.T) {
	tier.Long(t)
	t.Parallel()
	set := splitInto(t, filepath.Join(t.TempDir(), "set"), 2, "alice", "bob", "carol")
	dir := t.TempDir()
	genuine := in(set, "alice", custody.SealedKeyName)
	changed := filepath.Join(dir, "changed.age")
	description := descriptionOf(t, genuine)
	if err := os.WriteFile(changed, sealedAs(t, strings.Replace(description, "threshold 2", "threshold 3", 1), []byte("nothing"), anyone(t)), 0o600); err != nil {
		t.Fatal(err)
	}
	resealed := filepath.Join(dir, "resealed.age") // of the same set, to somebody else
	if err := os.WriteFile(resealed, sealedAs(t, description, []byte("nothing"), anyone(t)), 0o600); err != nil {
		t.Fatal(err)
	}
	open := func(name string, keys ...string) []string {
		args := []string{"custody", "open", "--identity-out", filepath.Join(dir, name), "--transcript", filepath.Join(dir, name+".ndjson")}
		for _, k := range keys {
			args = append(args, "--sealed-key", k)
		}
		return append(args, "--share", in(set, "alice", "share.txt"), "--share", in(set, "carol", "share.txt"))
	}
	text := func(name string) string {
		t.Helper()
		data, err := os.ReadFile(filepath.Join(dir, name+".ndjson.txt"))
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	says(t, exitFailed, open("a", changed), "error: "+changed+": 2 shares agree with each other that they are of set ", "this sealed key is the odd one",
		"hint: give another holder's copy with --sealed-key, which may be given several times")
	contains(t, text("a"), "refused (a sealed key of another set than the shares, which agree with each other): set ")
	says(t, exitOK, open("b", changed, genuine), "share 3 (carol) accepted: 2 of 2")
	says(t, exitFailed, open("c", resealed), resealed+": the shares are valid, but the sealed key does not open")
	contains(t, text("c"), "refused (a sealed key that the right shares do not open)", "end: failed")
	says(t, exitOK, open("d", resealed, changed, genuine), "warning: "+resealed+": the shares are valid, but the sealed key does not open", "another copy of it was used")
	says(t, exitOK, open("f", filepath.Join(dir, "none.age"), genuine), "warning: "+filepath.Join(dir, "none.age")+": no such file or directory; another copy is used")

	// Sealed to the right identity, but it holds another key.
	identity, err := os.ReadFile(filepath.Join(dir, "b"))
	if err != nil {
		t.Fatal(err)
	}
	id, err := age.ParseX25519Identity(strings.TrimSpace(string(identity)))
	if err != nil {
		t.Fatal(err)
	}
	other := filepath.Join(dir, "other.age")
	if err := os.WriteFile(other, sealedAs(t, description, privatePEM(testkey.Recovery(0)), id.Recipient()), 0o600); err != nil {
		t.Fatal(err)
	}
	says(t, exitFailed, open("e", other), other+": not for this recovery key but for SHA256:")
	contains(t, text("e"), "refused (a sealed key that holds another recovery key): recovery key SHA256:", "end: failed")
	absent(t, filepath.Join(dir, "e"))

	// At the terminal, after two honest shares.
	cmd := exec.Command("recover", "custody", "open", "--sealed-key", changed, "--sealed-key", resealed, "--shares", "--identity-out", "identity")
	cmd.Dir = t.TempDir()
	s := sit(t, cmd)
	s.answer(sharePrompt, in(set, "alice", "share.txt"))
	s.expect("share 1 (alice) accepted: 1 of 2") // of the set that the second copy is of
	s.press("\x03")
	s.end()
	cmd = exec.Command("recover", "custody", "open", "--sealed-key", changed, "--shares", "--identity-out", "identity")
	cmd.Dir = t.TempDir()
	s = sit(t, cmd)
	for _, holder := range []string{"alice", "carol"} {
		s.answer(sharePrompt, in(set, holder, "share.txt"))
	}
	s.expect("this sealed key is the odd one")
	s.expect("next: give another holder's copy with --sealed-key")
	s.press("\x03")
	s.end()
}

// TestAnnouncedBeforeWritten: the identity is in the transcript, with its hash,
// before it is on the disk.
func TestAnnouncedBeforeWritten(t *testing.T) {
	tier.Long(t)
	t.Parallel()
	set := splitInto(t, filepath.Join(t.TempDir(), "set"), 2, "alice", "bob")
	dir := t.TempDir()
	transcript, identity := filepath.Join(dir, "open.ndjson"), filepath.Join(dir, "identity")
	says(t, exitOK, []string{"custody", "open", "--sealed-key", in(set, "alice", custody.SealedKeyName), "--share", in(set, "alice", "share.txt"),
		"--share", in(set, "bob", "share.txt"), "--identity-out", identity, "--transcript", transcript})
	sum, err := hashFile(identity)
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(transcript + ".txt")
	if err != nil {
		t.Fatal(err)
	}
	digits := hex.EncodeToString(sum[:])
	contains(t, string(text), "next identity is written, SHA-256 "+digits, "wrote identity, SHA-256 "+digits, "end: done")
	// Where the medium is full at any line, either nothing was written, or what
	// was written is announced.
	written := 0
	for blocks := 1; blocks <= 8; blocks++ {
		out := t.TempDir()
		cmd := exec.Command("sh", "-c", fmt.Sprintf("ulimit -f %d; exec recover custody open --sealed-key %s --share %s --share %s --identity-out %s --transcript %s", blocks,
			in(set, "alice", custody.SealedKeyName), in(set, "alice", "share.txt"), in(set, "bob", "share.txt"), filepath.Join(out, "identity"), filepath.Join(out, "t")))
		_ = cmd.Run() // it may be killed: what it left is looked at
		if _, err := os.Lstat(filepath.Join(out, "identity")); err == nil {
			written++
			contains(t, string(must(os.ReadFile(filepath.Join(out, "t")))), `"step":"announced"`)
		}
	}
	if written == 0 || written == 8 {
		t.Errorf("the identity was written in %d of 8 runs: the limit was never in its way, or always", written)
	}
}

// TestReadBackIsSaid: what is in memory only does not count as read from a medium.
func TestReadBackIsSaid(t *testing.T) {
	t.Parallel()
	dir, err := os.MkdirTemp("/dev/shm", "recover-test")
	if err != nil {
		t.Skip("SKIPPED, NOT PASSED: no /dev/shm")
	}
	defer func() { _ = os.RemoveAll(dir) }()
	says(t, exitOK, []string{"custody", "split", "--key", small().path("key-0.pem"), "--threshold", "2", "--custodian", "alice", "--custodian", "bob",
		"--out", filepath.Join(dir, "set"), "--transcript", filepath.Join(dir, "t")}, "read again, perhaps from the system's memory: only a holder's check on another")
	contains(t, string(must(os.ReadFile(filepath.Join(dir, "t.txt")))), "the files were read again, perhaps from the system's memory")
}
