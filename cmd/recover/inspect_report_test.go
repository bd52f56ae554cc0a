//go:build linux

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"recover/fixtures/tier"
)

// TestInspectNamesOpenKeys: inspect names the keys of a report and of a journal
// that are not rebuilt, twenty of them, and none that a later run has rebuilt.
func TestInspectNamesOpenKeys(t *testing.T) {
	tier.Long(t)
	t.Parallel()
	p, out := many(), filepath.Join(t.TempDir(), "out")
	right := string(must(os.ReadFile(p.path("record.json"))))
	wrong := right
	for i := 1; i <= 26; i += 2 { // two keys each
		wrong = strings.ReplaceAll(wrong, quorumID(i).String(), quorumID(900+i).String())
	}
	wrong = strings.Replace(wrong, `"ED25519"}`, `"ED25519","name":"treasury"}`, 1)
	args := []string{"--key", p.path("key-0.pem"), "--shards", p.path("bucket"), "--unsealed"}
	execute(t, append([]string{"rebuild", "--record", writeInput(t, wrong), "--out", out}, args...)...)
	for _, name := range []string{"report.json", "journal.ndjson"} {
		o := execute(t, "inspect", filepath.Join(out, name))
		if o.status != exitOK || strings.Count(o.stdout, "\nfailed ") != 20 || strings.Count(o.stdout, "\n        wrong-ids: ") != 20 || strings.Count(o.stdout, "\n        next: ") != 20 {
			t.Errorf("%s: not twenty keys are named:\n%.2000s", name, o.stdout)
		}
		for _, want := range []string{
			"    needs attention:\nfailed  treasury            solana " + p.keys[0].Expected().Addresses["solana"] + "\n        key " + keyID(1).String() + "\n        wrong-ids: ",
			"\n    and 6 more: each line of the report with a reason or a warning\n",
			"40 keys: 14 ok, 26 failed\n",
		} {
			if !strings.Contains(o.stdout, want) {
				t.Errorf("%s: %q is not shown:\n%.2000s", name, want, o.stdout)
			}
		}
		if o = execute(t, "inspect", "--json", filepath.Join(out, name)); strings.Count(o.stdout, `"reason":"wrong-ids"`) != 20 || !strings.Contains(o.stdout, `"more_keys":6`) {
			t.Errorf("%s: not twenty keys are in the line:\n%.2000s", name, o.stdout)
		}
	}
	execute(t, append([]string{"rebuild", "--record", p.path("record.json"), "--resume", out}, args...)...)
	for _, name := range []string{"report-2.json", "journal.ndjson"} {
		if o := execute(t, "inspect", filepath.Join(out, name)); o.status != exitOK || strings.Contains(o.stdout, "attention") || !strings.Contains(o.stdout, "40 keys: 40 ok") {
			t.Errorf("%s: a rebuilt key is named:\n%.2000s", name, o.stdout)
		}
	}
}
