//go:build linux

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"filippo.io/age"

	"recover/fixtures/tier"
)

// broken is a rebuild of many keys that is broken off and resumed.
type broken struct {
	practice
	t        *testing.T
	out      string
	identity *age.X25519Identity
}

func newBroken(t *testing.T, p practice) *broken {
	return &broken{practice: p, t: t, out: filepath.Join(t.TempDir(), "out"), identity: must(age.GenerateX25519Identity())}
}

// command is the run, from the beginning or resumed.
func (b *broken) command(more ...string) *exec.Cmd {
	args := append(b.selection(), "--key", b.path("key-0.pem"), "--recipient", b.identity.Recipient().String(), "--workers", "1")
	args = append([]string{"rebuild"}, append(args, more...)...)
	if _, err := os.Stat(filepath.Join(b.out, journalName)); err == nil {
		args = append(args, "--resume", b.out)
	} else {
		args = append(args, "--out", b.out)
	}
	return exec.Command("recover-with-short-segments", args...)
}

// keys opens every segment and returns how often each key is there.
func (b *broken) sealed() map[string]int {
	b.t.Helper()
	times := make(map[string]int)
	names, err := filepath.Glob(filepath.Join(b.out, "keys-*.ndjson.age"))
	if err != nil {
		b.t.Fatal(err)
	}
	for _, name := range names {
		f, err := os.Open(name)
		if err != nil {
			b.t.Fatal(err)
		}
		r, err := age.Decrypt(f, b.identity)
		if err != nil {
			b.t.Fatalf("%s: %v", name, err)
		}
		d := json.NewDecoder(r)
		for d.More() {
			var k struct {
				KeyID      string `json:"key_id"`
				PrivateKey string `json:"private_key"`
			}
			if err := d.Decode(&k); err != nil {
				b.t.Fatalf("%s: %v", name, err)
			}
			times[k.KeyID]++
			b.right(k.KeyID, k.PrivateKey)
		}
		_ = f.Close()
	}
	return times
}

func (b *broken) right(keyID, private string) {
	for _, k := range b.keys {
		if e := k.Expected(); e.KeyID == keyID && e.WalletPrivateKey != private {
			b.t.Errorf("A WRONG KEY CAME OUT for %s", keyID)
		}
	}
}

// runLine is a line of a journal, the first or that of a key.
type runLine struct {
	Type  string `json:"type"`
	KeyID string `json:"key_id"`
}

// once checks that a complete run has every key once, and nothing else.
func (b *broken) once() {
	b.t.Helper()
	times := b.sealed()
	for _, k := range b.keys {
		if n := times[k.IDs.Key.String()]; n != 1 {
			b.t.Errorf("key %s is there %d times", k.IDs.Key, n)
		}
	}
	if n := b.listed(); n != len(b.keys) {
		b.t.Errorf("the journal has %d keys", n)
	}
	entries, err := os.ReadDir(b.out)
	if err != nil {
		b.t.Fatal(err)
	}
	for _, e := range entries {
		if name := e.Name(); name != journalName && name != reportName && !strings.HasPrefix(name, "keys-") {
			b.t.Errorf("%s was left behind", name)
		}
	}
	text, err := os.ReadFile(filepath.Join(b.out, reportName))
	if err != nil || !json.Valid(text) || strings.Count(string(text), `"type":"key"`) != len(b.keys) {
		b.t.Errorf("the report: %v", err)
	}
}

// listed counts the keys of the journal.
func (b *broken) listed() int { return journaledKeys(b.t, b.out) }

func journaledKeys(t *testing.T, dir string) (n int) {
	t.Helper()
	for _, l := range readLines[runLine](t, filepath.Join(dir, journalName)) {
		if l.Type == "key" {
			n++
		}
	}
	return n
}

// TestResumeAfterKill kills a run of 200 keys twenty times, each time after some more
// keys and a moment, and resumes it. What the journal lists is never done again.
func TestResumeAfterKill(t *testing.T) {
	tier.Long(t) // it rebuilds 200 keys
	t.Parallel()
	b := newBroken(t, twoHundred())
	rng := rand.New(rand.NewPCG(1, 2))
	kept := 0
	for range 20 {
		before := b.journal()
		cmd := b.command()
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		ended := make(chan struct{})
		go func() { _ = cmd.Wait(); close(ended) }()
		// Before there is a key, while one is written, or in the middle.
		b.await(strings.Count(before, keyLine)+rng.IntN(12), ended)
		time.Sleep(time.Duration(rng.IntN(40)) * time.Millisecond)
		_ = cmd.Process.Kill()
		<-ended
		if _, err := os.Stat(filepath.Join(b.out, reportName)); err == nil {
			break // it was done before it was killed
		}
		if after := b.journal(); !strings.HasPrefix(after, before) {
			t.Fatal("the journal has lost what it had")
		} else if before != "" && after != before {
			kept++
		}
		b.startAnewIfEmpty()
	}
	for range 2 { // the journal may have been killed in its first line
		if o := start(t, b.command()); o.status == 0 {
			break
		}
		b.startAnewIfEmpty()
	}
	b.once()
	t.Logf("%d of the killed runs went on where another was killed", kept)
	if kept == 0 {
		t.Error("none of the killed runs went on where another was killed: that tests little")
	}
	start(t, exec.Command("recover", append([]string{
		"rebuild", "--resume", b.out, "--key", b.path("key-0.pem"), "--recipient", b.identity.Recipient().String(),
	}, b.selection()...)...)).refused(t, exitFailed, b.out+": the run is complete: there is nothing to resume", "to do it all again, rebuild into a new directory")
}

// keyLine is what the journal has once for each key.
const keyLine = `"type":"key"`

// await waits until the journal has so many keys, or the program has ended.
func (b *broken) await(keys int, ended <-chan struct{}) {
	for strings.Count(b.journal(), keyLine) < keys {
		select {
		case <-ended:
			return
		case <-time.After(time.Millisecond):
		}
	}
}

// journal returns the whole lines of the journal.
func (b *broken) journal() string {
	text, err := os.ReadFile(filepath.Join(b.out, journalName))
	if err != nil {
		return ""
	}
	return string(text[:bytes.LastIndexByte(text, '\n')+1])
}

// startAnewIfEmpty does what the hint says to do with a run that was killed
// before its first line.
func (b *broken) startAnewIfEmpty() {
	if b.journal() == "" {
		_ = os.RemoveAll(b.out)
	}
}

// TestResumeAfterFullDisk fills a disk of 2 MiB, on which other things lie, and
// goes on when there is room.
func TestResumeAfterFullDisk(t *testing.T) {
	tier.Long(t) // it rebuilds 200 keys
	if os.Geteuid() != 0 {
		t.Skip("SKIPPED, NOT PASSED: only root can make a small disk")
	}
	disk := t.TempDir()
	if err := syscall.Mount("tmpfs", disk, "tmpfs", 0, "size=2m"); err != nil {
		t.Skipf("SKIPPED, NOT PASSED: no small disk can be made: %v", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(disk, 0) })
	other := filepath.Join(disk, "other")
	room := 24<<10 + 300*len(twoHundred().keys) // for about half of them
	if err := os.WriteFile(other, make([]byte, 2<<20-room), 0o600); err != nil {
		t.Fatal(err)
	}
	b := newBroken(t, twoHundred())
	b.out = filepath.Join(disk, "out")
	o := start(t, b.command())
	if o.status != exitFailed || !strings.Contains(o.stderr, "no space left") {
		t.Fatalf("status %d, %s", o.status, o.stderr)
	}
	done := strings.Count(b.journal(), keyLine)
	if done == 0 || done == len(b.keys) {
		t.Fatalf("%d keys were done when the disk was full: that tests nothing", done)
	}
	if err := os.Remove(other); err != nil {
		t.Fatal(err)
	}
	o = start(t, b.command())
	// What was in a segment but not in the journal yet counts too.
	var before int
	if _, err := fmt.Sscanf(o.stderr, "recover: %d keys were done before", &before); o.status != 0 || err != nil || before < done {
		t.Errorf("status %d, %d keys were done before: %s", o.status, done, o.stderr)
	}
	b.once()
}

// TestResumeSettles breaks off at the two moments between a segment and its
// journal: the keys of a segment that is there are not rebuilt again, those of
// one that is not are.
func TestResumeSettles(t *testing.T) {
	tier.Long(t)
	t.Parallel()
	for name, breakOff := range map[string]func(b *broken, last string){
		"segment written, nothing entered": func(*broken, string) {},
		"segment not written": func(b *broken, last string) {
			if err := os.Remove(filepath.Join(b.out, last)); err != nil {
				t.Fatal(err)
			}
		},
		"half a line entered": func(b *broken, _ string) {
			f := must(os.OpenFile(filepath.Join(b.out, journalName), os.O_APPEND|os.O_WRONLY, 0))
			_, _ = f.WriteString(`{"type":"key","quorum_`)
			_ = f.Close()
		},
		"a file half written": func(b *broken, _ string) {
			if err := os.WriteFile(filepath.Join(b.out, ".keys-0011.ndjson.age.partial"), []byte("x"), 0o600); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBroken(t, many())
			start(t, b.command())
			lines := strings.SplitAfter(b.journal(), "\n")
			last := lines[len(lines)-6 : len(lines)-1] // a whole segment: its own line, and those of its keys
			var k keyResult
			if err := json.Unmarshal([]byte(last[1]), &k); err != nil {
				t.Fatal(err)
			}
			journal := strings.Join(lines[:len(lines)-6], "")
			for name, text := range map[string]string{journalName: journal, pendingName: strings.Join(last, "")} {
				if err := os.WriteFile(filepath.Join(b.out, name), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if err := os.Remove(filepath.Join(b.out, reportName)); err != nil {
				t.Fatal(err)
			}
			breakOff(b, k.Segment)
			if o := start(t, b.command()); o.status != 0 {
				t.Fatal(o.stderr)
			}
			b.once()
		})
	}
}

// TestResumeRefuses gives something else than the run was begun with.
func TestResumeRefuses(t *testing.T) {
	tier.Long(t)
	t.Parallel()
	b := newBroken(t, many())
	start(t, b.command())
	if err := os.Remove(filepath.Join(b.out, reportName)); err != nil {
		t.Fatal(err)
	}
	const hint = "give the same recovery key and options as before, or rebuild into a new directory"
	base := []string{"rebuild", "--resume", b.out, "--key", b.path("key-0.pem"), "--shards", b.path("bucket")}
	for _, c := range []struct {
		more []string
		what string
	}{
		{[]string{"--record", b.path("record.json"), "--recipient", must(age.GenerateX25519Identity()).Recipient().String()}, "recipient"},
		{[]string{"--record", b.path("record.json"), "--unsealed"}, "way of sealing"},
		{[]string{"--record", b.path("record.json"), "--recipient", b.identity.Recipient().String(), "--part", "1/2"}, "--part"},
		{[]string{"--record", b.path("record.json"), "--recipient", b.identity.Recipient().String(), "--with-master"}, "--with-master"},
	} {
		execute(t, append(slices.Clone(base), c.more...)...).refused(t, exitFailed,
			fmt.Sprintf("%s: the run was begun with something else: the %s is another one", b.out, c.what), hint)
	}
	execute(t, "rebuild", "--resume", t.TempDir(), "--record", b.path("record.csv"), "--shards", b.path("bucket"), "--key", b.path("key-0.pem"), "--unsealed").
		wantStatus(t, exitFailed)
	execute(t, append(slices.Clone(base), "--record", b.path("record.json"), "--out", "x")...).refused(t, exitUsage,
		"--out and --resume are both given", "--resume goes on in the directory of the earlier run")
}

func (o outcome) wantStatus(t *testing.T, status int) {
	t.Helper()
	if o.status != status {
		t.Errorf("status %d, want %d\n%s", o.status, status, o.stderr)
	}
}

// TestResumeWithPassphrase resumes a run that is sealed with a passphrase: the
// same one is asked for.
func TestResumeWithPassphrase(t *testing.T) {
	tier.Long(t) // each passphrase takes a second
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "out")
	run := func(passphrase, where string) outcome {
		r, w := must2(os.Pipe())
		_, _ = io.WriteString(w, passphrase+"\n")
		_ = w.Close()
		cmd := exec.Command("recover-with-short-segments", append([]string{
			"rebuild", where, dir, "--key", many().path("key-0.pem"), "--passphrase-fd", "3",
		}, many().selection()...)...)
		cmd.ExtraFiles = []*os.File{r}
		return start(t, cmd)
	}
	run("four words and more", "--out").wantStatus(t, 0)
	if err := os.Remove(filepath.Join(dir, reportName)); err != nil {
		t.Fatal(err)
	}
	run("some other words", "--resume").refused(t, exitFailed,
		filepath.Join(dir, "identity.age")+": the passphrase does not open the file", "try again; mind the keyboard layout and caps lock")
	run("four words and more", "--resume").wantStatus(t, 0)
}

func must2[A, B any](a A, b B, err error) (A, B) {
	if err != nil {
		panic(err)
	}
	return a, b
}

// TestParts divides a record over workstations: every key is in one part, and
// the joined reports know what is missing.
func TestParts(t *testing.T) {
	tier.Long(t)
	t.Parallel()
	dir := t.TempDir()
	var reports []string
	total := 0
	for n := 1; n <= 3; n++ {
		out := filepath.Join(dir, fmt.Sprint("part", n))
		execute(t, many().rebuild(out, "--unsealed", "--part", fmt.Sprintf("%d/3", n))...).wantStatus(t, 0)
		reports = append(reports, filepath.Join(out, reportName))
		keys := journaledKeys(t, out)
		if keys < 5 {
			t.Errorf("part %d has %d keys of 40", n, keys)
		}
		total += keys
	}
	if total != len(many().keys) {
		t.Errorf("the parts have %d keys, the record has %d", total, len(many().keys))
	}
	merge := func(more ...string) outcome {
		return execute(t, append([]string{"report", "merge", "--record", many().path("record.json")}, more...)...)
	}
	whole := filepath.Join(dir, "whole.json")
	o := merge(append(reports, "--out", whole)...)
	if o.status != 0 || !strings.HasSuffix(o.stdout, "3 of 3 files with rebuilt keys lie next to their report, unchanged\n    the rest is the reports' word alone: \"recover addresses --keys DIR\" reads the keys\n40 keys: 40 ok\n") {
		t.Errorf("all parts: status %d, %s%s", o.status, o.stdout, o.stderr)
	}
	if o := execute(t, "inspect", whole); o.status != 0 || !strings.Contains(o.stdout, "as the report says: 40 keys: 40 ok") {
		t.Errorf("the joined report: %s%s", o.stdout, o.stderr)
	}
	if o := merge(reports[0], reports[2]); o.status != exitSome || strings.Count(o.stdout, "in none of the reports") == 0 {
		t.Errorf("two parts: status %d, %s", o.status, o.stdout)
	}
	merge(reports[0], reports[0]).wantStatus(t, exitFailed)
	merge(reports[0], filepath.Join(dir, "part2", journalName)).refused(t, exitFailed,
		filepath.Join(dir, "part2", journalName)+": a journal, not a report", "its run broke off: resume it, and give the report that it then writes")
	merge(append(reports, "--out", whole)...).refused(t, exitInput, whole+": already exists", "nothing is ever overwritten: give a new name")
	for _, bad := range []string{"0/3", "4/3", "1", "1/0", "a/b", "1/2000", "-1/3"} {
		execute(t, many().rebuild(filepath.Join(dir, "x"), "--unsealed", "--part", bad)...).wantStatus(t, exitUsage)
	}
}
