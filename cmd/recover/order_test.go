package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"recover/fixtures/tier"
)

// TestOrder has keys done by one worker, by several, and by as many as there
// are processors: what comes out is the same, in the order of the record.
func TestOrder(t *testing.T) {
	tier.Long(t)
	t.Parallel()
	p := many()
	if underRace() {
		p = few()
	}
	record := filepath.Join(t.TempDir(), "record.csv")
	lines := strings.Split(strings.TrimSpace(string(must(os.ReadFile(p.path("record.csv"))))), "\n")
	entries := lines[1:]
	slices.Reverse(entries)
	entries[3] = strings.Replace(entries[3], "ED25519", "SECP256K1", 1)
	entries[4] = quorumID(1).String() + "," + keyID(200).String() + ",ED25519" // missing
	entries[8] = quorumID(99).String() + entries[8][36:]
	if err := os.WriteFile(record, []byte(strings.Join(lines, "\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	var wanted []string
	for _, e := range entries {
		wanted = append(wanted, e[37:73])
	}
	inputs := []string{"--record", record, "--shards", p.path("bucket"), "--json"}

	var verified, rebuilt, keys, journal string
	for i, workers := range []string{"1", "4", "0"} {
		o := execute(t, append([]string{"verify", "--workers", workers}, inputs...)...)
		sameAgain(t, "verify", i, &verified, withoutSummary(t, o.stdout, wanted))
		out := filepath.Join(t.TempDir(), "out")
		o = execute(t, append([]string{"rebuild", "--key", p.path("key-0.pem"), "--unsealed", "--out", out, "--workers", workers}, inputs...)...)
		sameAgain(t, "rebuild", i, &rebuilt, withoutSegments(withoutSummary(t, o.stdout, wanted)))
		sameAgain(t, "keys", i, &keys, rebuiltKeys(t, out))
		_, results, _ := strings.Cut(string(must(os.ReadFile(filepath.Join(out, "journal.ndjson")))), "\n")
		sameAgain(t, "journal", i, &journal, withoutSegments(results))
	}
	if n := len(entries) - 3; strings.Count(rebuilt, `"status":"ok"`) != n || strings.Count(keys, "\n") != n {
		t.Errorf("not %d keys are rebuilt:\n%s", n, rebuilt)
	}
}

// withoutSummary takes off the last lines, which have the time in them, or
// unrecorded keys in no order, and makes sure that the others are in that of
// the record.
func withoutSummary(t *testing.T, stdout string, ids []string) string {
	t.Helper()
	lines := strings.SplitAfter(stdout, "\n")[1:] // without the one about the run
	if len(lines) < len(ids)+2 {
		t.Fatalf("%d lines", len(lines))
	}
	for i, id := range ids {
		if !strings.Contains(lines[i], `"key_id":"`+id+`"`) {
			t.Fatalf("line %d is not about %s:\n%s", i+1, id, lines[i])
		}
	}
	return strings.Join(lines[:len(ids)], "")
}

var segmentLine, segmentName = regexp.MustCompile(`(?m)^{"type":"segment".*\n`), regexp.MustCompile(`"segment":"[^"]*"`)

// withoutSegments takes off in which segment a key is: a slow machine closes one
// earlier.
func withoutSegments(text string) string {
	return segmentName.ReplaceAllString(segmentLine.ReplaceAllString(text, ""), `"segment":""`)
}

// sameAgain keeps the first value, and compares the others with it.
func sameAgain(t *testing.T, what string, i int, first *string, value string) {
	t.Helper()
	if i == 0 {
		*first = value
	}
	if *first != value {
		t.Errorf("%s: got\n%s\nbefore\n%s", what, value, *first)
	}
}
