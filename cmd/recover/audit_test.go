package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"recover/fixtures/tier"
)

// savedAnswers writes what collect.sh leaves about an environment that is set up as
// deploy/aws/template.yaml does it, as of today.
func savedAnswers(t *testing.T, environment string) string {
	t.Helper()
	var answers map[string]map[string]any
	data := must(os.ReadFile(filepath.Join("..", "..", "pkg", "audit", "cloud", "testdata", environment+".json")))
	if err := json.Unmarshal(data, &answers); err != nil {
		t.Fatal(err)
	}
	answers["collected"]["collected"] = time.Now().UTC().Format(time.RFC3339)
	dir := t.TempDir()
	for call, body := range answers {
		saveAnswer(t, dir, call, string(must(json.Marshal(body))), "", "0\n")
	}
	return dir
}

func saveAnswer(t *testing.T, dir, call, stdout, stderr, status string) {
	t.Helper()
	for suffix, text := range map[string]string{".json": stdout, ".err": stderr, ".rc": status} {
		if err := os.WriteFile(filepath.Join(dir, call+suffix), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

type auditedLine struct {
	Type, Section, Source, Item, Verdict, Title, Fact, Next, Command string
	Lines, Green, Red                                                int
	NotKnown                                                         int      `json:"not_known"`
	NotReviewed                                                      []string `json:"not_reviewed"`
}

func TestAuditCloud(t *testing.T) {
	tier.Long(t)
	t.Parallel()
	production, sandbox := savedAnswers(t, "production"), savedAnswers(t, "sandbox")

	o := execute(t, "audit", "--cloud", production)
	if o.status != 0 || strings.Contains(o.stdout, "next:") || !strings.Contains(o.stdout, " lines: ") {
		t.Errorf("status %d\n%s", o.status, o.stdout)
	}
	o = execute(t, "audit", "--cloud", production, "--cloud", sandbox, "--json")
	lines := decodeLines[auditedLine](t, json.NewDecoder(strings.NewReader(o.stdout)))
	sum := lines[len(lines)-1]
	if o.status != 0 || sum.Type != "summary" || sum.Green != len(lines)-1 || sum.Lines != sum.Green {
		t.Errorf("status %d: %+v", o.status, sum)
	}
	if apart := lines[len(lines)-2]; apart.Section != "apart" || apart.Item != "apart" || apart.Source != sandbox {
		t.Errorf("%+v", apart)
	}

	// One setting is red, one is not known, and the rest is as it was.
	saveAnswer(t, production, "s3api.get-bucket-versioning", "", "", "0\n")
	saveAnswer(t, production, "kms.list-grants", "", "\nAn error occurred (AccessDeniedException) when calling the ListGrants operation: \x1b[2Jno\n", "254\n")
	o = execute(t, "audit", "--cloud", production)
	o.refused(t, exitSome, fmt.Sprintf("1 of %d lines is red, 1 is not known", (len(lines)-2)/2), "each of these lines says what to do next; they come first: where they are gone from the screen, add \"| more\"")
	for _, text := range []string{
		"    red        versioning           versioning is on\n               found: it was never switched on\n               next:  switch it on: without versions, a reshare overwrites the last backup\n" +
			"               run:   aws s3api put-bucket-versioning --bucket example-wallet-backups-production --versioning-configuration Status=Enabled\n",
		"    not known  key-grants           the key has no grants\n               found: the call was refused or failed: AccessDeniedException\n               next:  ",
	} {
		if !strings.Contains(o.stdout, text) {
			t.Errorf("not shown: %s\n%s", text, o.stdout)
		}
	}
	o = execute(t, "audit", "--cloud", production, "--json")
	lines = decodeLines[auditedLine](t, json.NewDecoder(strings.NewReader(o.stdout)))
	red := slices.IndexFunc(lines, func(l auditedLine) bool { return l.Verdict == "red" })
	if o.status != exitSome || lines[red].Item != "versioning" || lines[red].Next == "" || lines[red].Command == "" || lines[len(lines)-1].Red != 1 || lines[len(lines)-1].NotKnown != 1 {
		t.Errorf("status %d: %s", o.status, o.stdout)
	}
	// What is not known alone is not fine either.
	saveAnswer(t, sandbox, "kms.list-grants", "", "Unable to locate credentials\n", "255\n")
	if o := execute(t, "audit", "--cloud", sandbox); o.status != exitSome {
		t.Errorf("status %d\n%s", o.status, o.stdout)
	}
}

func TestAuditRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	execute(t, "audit").refused(t, exitUsage, "--record is missing", "recover audit --help says what it is")
	execute(t, "audit", "--files", dir).refused(t, exitUsage, "--record is missing", "recover audit --help says what it is")
	execute(t, slices.Concat([]string{"audit"}, slices.Repeat([]string{"--record", dir}, 9))...).refused(t, exitUsage, "--record is given 9 times", "at most 8 records are compared: the first is reviewed")
	execute(t, "audit", "--record", dir, "--listing", dir).refused(t, exitUsage, "--shards is missing", "recover audit --help says what it is")
	execute(t, "audit", "--record", dir, "--max-age", "old").refused(t, exitUsage, "--max-age is not a number of days or hours", "give the age that the newest backup may have: --max-age 30d, or 36h")
	execute(t, "audit", "--record", small().path("record.json"), "--files", filepath.Join(dir, "none")).refused(t, exitInput, filepath.Join(dir, "none")+": no such file or directory", "check the path: is the medium mounted?")
	execute(t, "audit", "--record", small().path("record.json"), "--html", dir).refused(t, exitInput, dir+": already exists", "nothing is ever overwritten: give a new name")
	execute(t, "audit", "--cloud").refused(t, exitUsage, "the flag --cloud needs a value", "recover audit --help lists the flags")
	execute(t, slices.Concat([]string{"audit"}, slices.Repeat([]string{"--cloud", dir}, 9))...).refused(t, exitUsage, "--cloud is given 9 times", "at most 8 environments are compared")
	execute(t, "audit", "--cloud", filepath.Join(dir, "none")).refused(t, exitInput, filepath.Join(dir, "none")+": no such file or directory", "check the path: is the medium mounted?")
	execute(t, "audit", "--cloud", dir).refused(t, exitFailed, dir+": it is not a directory of saved answers: collected.json is missing or damaged: collected.json is missing", collect.hint)
}
