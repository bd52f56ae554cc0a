//go:build linux

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"recover/fixtures/tier"
	"recover/pkg/report"
)

// unsealedRun is a complete rebuild of ten keys, in the clear, four to a segment.
func unsealedRun(t *testing.T, p practice) (dir string, again func(more ...string) outcome) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "out")
	run := func(args ...string) outcome {
		t.Helper()
		args = append([]string{"rebuild", "--unsealed", "--workers", "1", "--key", p.path("key-0.pem"), "--shards", p.path("bucket")}, args...)
		return start(t, exec.Command("recover-with-short-segments", args...))
	}
	run("--record", p.path("record.json"), "--out", dir).wantStatus(t, exitOK)
	return dir, func(more ...string) outcome {
		t.Helper()
		if len(more) == 0 {
			more = []string{"--record", p.path("record.json")}
		}
		return run(append(more, "--resume", dir)...)
	}
}

// rebuiltOnce checks that the segments of a report that are not rejected hold
// each key of the bucket once, and right.
func rebuiltOnce(t *testing.T, p practice, dir, reportName string) {
	t.Helper()
	f := must(os.Open(filepath.Join(dir, reportName)))
	defer func() { _ = f.Close() }()
	file, err := report.Scan(f, report.Visitor{})
	if err != nil || file.Counts.OK != len(p.keys) || file.Counts.Keys != len(p.keys) {
		t.Fatalf("%s: %v, %v", reportName, file.Counts.String(), err)
	}
	lines := make(map[string]string)
	for _, g := range file.Segments {
		if g.Rejected != "" {
			continue
		}
		for _, line := range strings.SplitAfter(string(must(os.ReadFile(filepath.Join(dir, g.Name)))), "\n") {
			var k struct {
				KeyID string `json:"key_id"`
			}
			if line == "" {
				continue
			}
			if err := json.Unmarshal([]byte(line), &k); err != nil || lines[k.KeyID] != "" {
				t.Errorf("%s: key %q comes again, or %v", g.Name, k.KeyID, err)
			}
			lines[k.KeyID] = line
		}
	}
	var all strings.Builder
	for _, k := range p.keys {
		all.WriteString(lines[k.IDs.Key.String()])
	}
	if err := checkRebuilt(all.String(), p, false, []string{"all"}); err != nil {
		t.Error(err)
	}
}

// TestResumeChecksSegments changes a segment of a run: its keys are rebuilt into
// another one, and the changed file is named and stays as it is.
func TestResumeChecksSegments(t *testing.T) {
	tier.Long(t)
	t.Parallel()
	for name, c := range map[string]struct {
		change func(path string) error
		says   string
	}{
		"emptied": {func(path string) error { return os.Truncate(path, 0) }, "it is empty"},
		"cut off": {func(path string) error { return os.Truncate(path, 100) }, "it has 100 bytes, and "},
		"one bit": {func(path string) error {
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			text[len(text)/2] ^= 1
			return os.WriteFile(path, text, 0o600)
		}, "its content has changed"},
		"missing": {os.Remove, "it is missing"},
		"a link to itself, elsewhere": {func(path string) error {
			elsewhere := path + ".elsewhere"
			if err := os.Rename(path, elsewhere); err != nil {
				return err
			}
			return os.Symlink(elsewhere, path)
		}, "it is not a regular file"},
		"a directory": {func(path string) error {
			if err := os.Remove(path); err != nil {
				return err
			}
			return os.Mkdir(path, 0o700)
		}, "it is not a regular file"},
	} {
		for _, complete := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, complete %v", name, complete), func(t *testing.T) {
				t.Parallel()
				dir, again := unsealedRun(t, few())
				last, first := "report-2.json", must(os.ReadFile(filepath.Join(dir, reportName)))
				if !complete {
					last = reportName
					if err := os.Remove(filepath.Join(dir, reportName)); err != nil {
						t.Fatal(err)
					}
				}
				segment := filepath.Join(dir, "keys-0002.ndjson")
				if err := c.change(segment); err != nil {
					t.Fatal(err)
				}
				changed, _ := os.ReadFile(segment)
				o := again()
				if o.status != exitOK || !strings.Contains(o.stderr, segment+" is not the file that the run wrote: "+c.says) ||
					!strings.Contains(o.stderr, "It held 4 keys, which are rebuilt again") || !strings.Contains(o.stderr, "6 keys were done before") {
					t.Fatalf("status %d\n%s", o.status, o.stderr)
				}
				rebuiltOnce(t, few(), dir, last)
				if now, _ := os.ReadFile(segment); !bytes.Equal(now, changed) {
					t.Error("the changed segment was written to")
				}
				if complete && !bytes.Equal(must(os.ReadFile(filepath.Join(dir, reportName))), first) {
					t.Error("the first report was written to")
				}
				again().refused(t, exitFailed, dir+": the run is complete: there is nothing to resume", "to do it all again, rebuild into a new directory")
				if o := execute(t, "inspect", filepath.Join(dir, last), filepath.Join(dir, journalName)); o.status != exitOK ||
					strings.Count(o.stdout, "not used: keys-0002.ndjson: "+c.says) != 2 || strings.Count(o.stdout, "as the report says: 10 keys: 10 ok") != 2 {
					t.Errorf("inspect: status %d\n%s", o.status, o.stdout)
				}
			})
		}
	}
}

// TestResumeOfForged resumes runs whose journal was made by hand: with another
// address, another public key, in a segment that is none.
func TestResumeOfForged(t *testing.T) {
	tier.Long(t)
	t.Parallel()
	for name, c := range map[string]struct {
		forge func(dir, journal string) string
		fact  string
		hint  string
	}{
		"another address": {
			func(_, journal string) string {
				return strings.Replace(journal, `"solana":"`, `"solana":"1`, 1)
			},
			"key KEY: its addresses are not those of its public key",
			"find out which of the two is right before the key is used; a record may be corrected for keys that are not rebuilt yet, else rebuild into a new directory",
		},
		"a segment of another name": {
			func(dir, journal string) string {
				_ = os.WriteFile(filepath.Join(dir, "junk"), []byte("junk"), 0o600)
				return strings.ReplaceAll(journal, "keys-0001.ndjson", "junk")
			},
			"not as the program writes it: line 2: name: not that of a segment",
			"keep the directory, its keys can still be opened; rebuild into a new one",
		},
		"keys without a segment's line": {
			func(_, journal string) string {
				lines := strings.SplitAfter(journal, "\n")
				return lines[0] + strings.Join(lines[2:], "")
			},
			"not as the program writes it: line 2: a key is in a segment that has no line",
			"keep the directory, its keys can still be opened; rebuild into a new one",
		},
		"another key": {
			func(_, journal string) string {
				// The wallets of two keys, exchanged with all that is theirs.
				var keys []report.Key
				lines := strings.SplitAfter(journal, "\n")
				var at []int
				for i, line := range lines {
					var k report.Key
					if strings.Contains(line, `"algorithm":"ED25519"`) && json.Unmarshal([]byte(line), &k) == nil {
						keys, at = append(keys, k), append(at, i)
					}
				}
				a, b := &keys[0], &keys[1]
				a.PublicKey, a.Addresses, b.PublicKey, b.Addresses = b.PublicKey, b.Addresses, a.PublicKey, a.Addresses
				lines[at[0]], lines[at[1]] = string(must(json.Marshal(a)))+"\n", string(must(json.Marshal(b)))+"\n"
				return strings.Join(lines, "")
			},
			"the journal has another public key for this shard's wallet",
			"do not use the keys in that directory: somebody may have changed it; rebuild into a new one",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir, again := unsealedRun(t, few())
			if err := os.Remove(filepath.Join(dir, reportName)); err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(dir, journalName)
			if err := os.WriteFile(path, []byte(c.forge(dir, string(must(os.ReadFile(path))))), 0o600); err != nil {
				t.Fatal(err)
			}
			o := again()
			fact := strings.ReplaceAll(c.fact, "KEY", few().keys[0].IDs.Key.String())
			if o.status != exitFailed || !strings.HasSuffix(strings.Join(o.lines("recover: error: "), ""), fact) ||
				strings.Join(o.lines("recover: hint: "), "") != c.hint {
				t.Errorf("status %d\n%s", o.status, o.stderr)
			}
			absent(t, filepath.Join(dir, reportName))
		})
	}
}

// TestResumeWithoutHashes resumes what an older version began: its journal has no
// lines of segments. That they are not checked is said; that they are there is.
func TestResumeWithoutHashes(t *testing.T) {
	tier.Long(t)
	t.Parallel()
	older := func(t *testing.T) (string, func(...string) outcome) {
		dir, again := unsealedRun(t, few())
		path := filepath.Join(dir, journalName)
		var text string
		for _, line := range strings.SplitAfter(string(must(os.ReadFile(path))), "\n") {
			if !strings.HasPrefix(line, `{"type":"segment"`) {
				text += strings.Replace(line, report.Format, "recover-report/1", 1)
			}
		}
		lines := strings.SplitAfter(text, "\n")
		text = strings.Join(lines[:9], "") // two segments are entered
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{reportName, "keys-0003.ndjson"} {
			if err := os.Remove(filepath.Join(dir, name)); err != nil {
				t.Fatal(err)
			}
		}
		return dir, again
	}
	dir, again := older(t)
	o := again()
	if o.status != exitOK || !strings.Contains(o.stderr, "8 keys were done before") || !strings.Contains(o.stderr, "older version of this program, which kept no hashes of its files: 2 files are not checked") {
		t.Errorf("status %d\n%s", o.status, o.stderr)
	}
	rebuiltOnce(t, few(), dir, reportName)

	dir, again = older(t)
	if err := os.Truncate(filepath.Join(dir, "keys-0001.ndjson"), 0); err != nil {
		t.Fatal(err)
	}
	if o := again(); o.status != exitOK || !strings.Contains(o.stderr, "4 keys were done before") {
		t.Errorf("status %d\n%s", o.status, o.stderr)
	}
	rebuiltOnce(t, few(), dir, reportName)
}
