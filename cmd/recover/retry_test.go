//go:build linux

package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"recover/fixtures/tier"
)

// copiedPractice copies a practice bucket, so that a test can change it.
func copiedPractice(t *testing.T, p practice) practice {
	t.Helper()
	source := p.dir
	p.dir = filepath.Join(t.TempDir(), "practice")
	ok(t, os.CopyFS(p.dir, os.DirFS(source)))
	return p
}

// away is a place outside of the download.
func away(folder string) string { return filepath.Join(filepath.Dir(filepath.Dir(folder)), "away") }

// TestResumeTriesAgain rebuilds what was in the way of some keys and is not any
// more: the first report stays, and a second one is right.
func TestResumeTriesAgain(t *testing.T) {
	tier.Long(t)
	t.Parallel()
	for name, c := range map[string]struct {
		spoil  func(t *testing.T, p practice, folder string)
		mend   func(t *testing.T, p practice, folder string)
		reason string
	}{
		"unreadable": {
			func(t *testing.T, _ practice, folder string) {
				shard := filepath.Join(folder, "recovery_shard-0.txt")
				ok(t, os.Rename(shard, away(folder)))
				ok(t, os.Symlink(filepath.Base(shard), shard)) // a link to itself
			},
			func(t *testing.T, _ practice, folder string) {
				shard := filepath.Join(folder, "recovery_shard-0.txt")
				ok(t, os.Remove(shard))
				ok(t, os.Rename(away(folder), shard))
			},
			`"reason":"unreadable"`,
		},
		"missing": {
			func(t *testing.T, _ practice, folder string) { ok(t, os.Rename(folder, away(folder))) },
			func(t *testing.T, _ practice, folder string) { ok(t, os.Rename(away(folder), folder)) },
			`"reason":"missing"`,
		},
		"the record was wrong": {
			func(t *testing.T, p practice, _ string) {
				replace(t, p.path("record.json"), few().keys[2].IDs.Key.String(), keyID(77).String())
				replace(t, p.path("record.json"), few().keys[2].IDs.Quorum.String(), quorumID(77).String())
			},
			func(t *testing.T, p practice, _ string) {
				ok(t, os.WriteFile(p.path("record.json"), must(os.ReadFile(few().path("record.json"))), 0o600))
			},
			`"status":"missing"`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := copiedPractice(t, few())
			folder := filepath.Join(p.path("bucket"), p.keys[2].IDs.Key.String())
			out := filepath.Join(t.TempDir(), "out")
			rebuild := func(where string) outcome {
				return start(t, exec.Command("recover-with-short-segments", append([]string{"rebuild", "--unsealed", "--key", p.path("key-0.pem"), where, out}, p.selection()...)...))
			}
			c.spoil(t, p, folder)
			rebuild("--out").wantStatus(t, exitSome)
			first := must(os.ReadFile(filepath.Join(out, reportName)))
			if !bytes.Contains(first, []byte(c.reason)) {
				t.Fatalf("the first report does not have %s", c.reason)
			}
			journal := must(os.ReadFile(filepath.Join(out, journalName)))

			// Nothing is different: the same comes out.
			rebuild("--resume").wantStatus(t, exitSome)
			absent(t, filepath.Join(out, "report-3.json"))

			c.mend(t, p, folder)
			o := rebuild("--resume")
			o.wantStatus(t, exitOK)
			if !strings.HasSuffix(strings.TrimSpace(o.stdout), "10 keys: 10 ok") {
				t.Errorf("%s", o.stdout)
			}
			rebuiltOnce(t, p, out, "report-3.json")
			if !bytes.Equal(must(os.ReadFile(filepath.Join(out, reportName))), first) {
				t.Error("the first report was written to")
			}
			if !bytes.HasPrefix(must(os.ReadFile(filepath.Join(out, journalName))), journal) {
				t.Error("the journal has lost what it had")
			}
			rebuild("--resume").refused(t, exitFailed, out+": the run is complete: there is nothing to resume", "to do it all again, rebuild into a new directory")
			o = execute(t, "report", "merge", filepath.Join(out, "report-3.json"), "--record", p.path("record.json"))
			if o.status != exitOK || !strings.HasSuffix(o.stdout, "\n10 keys: 10 ok\n") {
				t.Errorf("merge: status %d, %s%s", o.status, o.stdout, o.stderr)
			}
		})
	}
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func replace(t *testing.T, path, was, is string) {
	t.Helper()
	text := string(must(os.ReadFile(path)))
	if !strings.Contains(text, was) {
		t.Fatalf("%s does not have %s", path, was)
	}
	ok(t, os.WriteFile(path, []byte(strings.ReplaceAll(text, was, is)), 0o600))
}

// TestResumeWithAnotherRecord gives a record that has other things to say of the
// keys that are done.
func TestResumeWithAnotherRecord(t *testing.T) {
	tier.Long(t)
	t.Parallel()
	dir, again := unsealedRun(t, few())
	journal := must(os.ReadFile(filepath.Join(dir, journalName)))
	name := func(n int) string { return few().keys[n].IDs.Key.String() }
	text := string(must(os.ReadFile(few().path("record.json"))))
	another := filepath.Join(t.TempDir(), "record.json")
	const hint = "find out which of the two is right before the key is used; a record may be corrected for keys that are not rebuilt yet, else rebuild into a new directory"
	for what, c := range map[string]struct{ text, fact string }{
		"without a key":      {strings.ReplaceAll(text, name(3), keyID(99).String()), "key " + name(3) + ": it was rebuilt, and is not in the record"},
		"another algorithm":  {strings.Replace(text, `"ED25519"`, `"SECP256K1"`, 1), "key " + name(0) + ": its algorithm is not that of the record"},
		"another quorum":     {strings.Replace(text, few().keys[0].IDs.Quorum.String(), quorumID(99).String(), 1), "key " + name(0) + ": its quorum ID is not that of the record"},
		"another address":    {strings.Replace(text, `"ED25519"`, `"ED25519", "address": "`+few().keys[5].Expected().Addresses["solana"]+`"`, 1), "key " + name(0) + ": its address is not that of the record"},
		"another public key": {strings.Replace(text, `"ED25519"`, `"ED25519", "public_key": "`+few().keys[5].Expected().WalletPublicKey+`"`, 1), "key " + name(0) + ": its public key is not that of the record"},
	} {
		if c.text == text {
			t.Fatalf("%s: nothing was changed", what)
		}
		ok(t, os.WriteFile(another, []byte(c.text), 0o600))
		again("--record", another).refused(t, exitFailed, dir+": "+c.fact, hint)
	}
	if !bytes.Equal(must(os.ReadFile(filepath.Join(dir, journalName))), journal) {
		t.Error("the journal was written to")
	}

	// One that says more, and the same, is taken: a report answers to it.
	more := strings.Replace(text, `"ED25519"`, `"ED25519", "public_key": "`+few().keys[0].Expected().WalletPublicKey+`"`, 1)
	ok(t, os.WriteFile(another, []byte(more), 0o600))
	again("--record", another).wantStatus(t, exitOK)
	rebuiltOnce(t, few(), dir, "report-2.json")
	execute(t, "report", "merge", filepath.Join(dir, "report-2.json"), "--record", another).wantStatus(t, exitOK)
	execute(t, "report", "merge", filepath.Join(dir, reportName), "--record", another).refused(t, exitFailed,
		filepath.Join(dir, reportName)+": the report is of another record",
		`give the record that was divided, and the reports of its parts; verify a part that was done with an earlier record again, and bring a rebuild up to date by "recover rebuild --resume" with this record`)
}

// TestResumeOfNothing resumes what a run leaves that was killed at its beginning,
// and directories that are something else.
func TestResumeOfNothing(t *testing.T) {
	tier.Long(t)
	t.Parallel()
	const (
		nothing = ": the run broke off before it began: nothing is in it"
		lost    = ": it holds rebuilt keys, but their journal is lost"
		keep    = "no run can go on without its journal: keep the directory, its keys can still be opened; rebuild into a new one"
	)
	for name, c := range map[string]struct {
		files      map[string]string
		fact, hint string
	}{
		"empty":                   {nil, nothing, "remove that directory and start again with --out"},
		"identity only":           {map[string]string{"identity.age": "x"}, nothing, "remove that directory and start again with --out"},
		"half an identity":        {map[string]string{".identity.age.partial": "x"}, nothing, "remove that directory and start again with --out"},
		"empty journal":           {map[string]string{journalName: ""}, nothing, "remove that directory and start again with --out"},
		"half a line":             {map[string]string{journalName: `{"type":"run","for`}, nothing, "remove that directory and start again with --out"},
		"keys, and no journal":    {map[string]string{"keys-0001.ndjson.age": "x"}, lost, keep},
		"keys, and empty journal": {map[string]string{"keys-0001.ndjson.age": "x", journalName: ""}, lost, keep},
		"something else": {
			map[string]string{"holiday.jpg": "x"}, ": there is no journal in it: it is not the directory of a rebuild",
			"give the directory that was --out of the run that broke off",
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			for file, text := range c.files {
				ok(t, os.WriteFile(filepath.Join(dir, file), []byte(text), 0o600))
			}
			execute(t, append([]string{"rebuild", "--resume", dir, "--key", few().path("key-0.pem"), "--unsealed"}, few().selection()...)...).
				refused(t, exitFailed, dir+c.fact, c.hint)
			for file, text := range c.files {
				if now := string(must(os.ReadFile(filepath.Join(dir, file)))); now != text {
					t.Errorf("%s was changed", file)
				}
			}
		})
	}
}
