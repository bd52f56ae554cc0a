//go:build linux

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// tiny runs the program where no file may be longer than 1 KiB.
func tiny(t *testing.T, args ...string) outcome {
	t.Helper()
	return start(t, exec.Command("sh", slices.Concat([]string{"-c", `ulimit -f 1 && exec "$@"`, "sh", "recover"}, args)...))
}

// TestResultsBeforeFiles: a page or a report that cannot be written takes nothing away
// from what is shown.
func TestResultsBeforeFiles(t *testing.T) {
	t.Parallel()
	p, dir := few(), t.TempDir()
	record, shards := p.path("record.json"), p.path("bucket")
	var merge, rebuilt []string
	for _, part := range []string{"1/2", "2/2"} {
		path := filepath.Join(dir, part[:1]+".json")
		if o := execute(t, "verify", "--record", record, "--shards", shards, "--part", part, "--report", path); o.status != exitOK {
			t.Fatal(o.stderr)
		}
		merge = append(merge, path)
		out := filepath.Join(dir, "keys"+part[:1])
		if o := execute(t, p.rebuild(out, "--unsealed", "--part", part)...); o.status != exitOK {
			t.Fatal(o.stderr)
		}
		rebuilt = append(rebuilt, filepath.Join(out, "report.json"))
	}
	out := filepath.Join(dir, "out")
	for name, c := range map[string]struct {
		args []string
		last string // line of what is shown
	}{
		"audit":                {[]string{"audit", "--record", record, "--shards", shards, "--html", out}, " not known\n"},
		"verify":               {[]string{"verify", "--record", record, "--shards", shards, "--html", out}, " keys: "},
		"joined verifications": {slices.Concat([]string{"report", "merge", "--record", record, "--out", out}, merge), " keys: "},
		"joined rebuilds":      {slices.Concat([]string{"report", "merge", "--record", record, "--out", out}, rebuilt), " keys: "},
	} {
		o := tiny(t, c.args...)
		o.refused(t, exitFailed, out+": file too large", "look at the medium: it may be full, worn out or write-protected; take another one and start again")
		if !strings.Contains(o.stdout, c.last) {
			t.Errorf("%s: shown is\n%s", name, o.stdout)
		}
		if _, err := os.Stat(out); err == nil {
			t.Errorf("%s: a part of the file was left", name)
		}
	}
}
