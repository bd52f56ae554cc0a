//go:build linux

package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"recover/fixtures/testkey"
	"recover/fixtures/tier"
	"recover/pkg/custody"
)

// done runs the program, which has to succeed.
func done(t *testing.T, args ...string) outcome {
	t.Helper()
	o := execute(t, args...)
	if o.status != exitOK {
		t.Fatalf("%q: status %d\n%s%s", args, o.status, o.stdout, o.stderr)
	}
	return o
}

// rebuiltLines are the lines of a run's keys, sorted: a record that is made again
// has its keys in another order.
func rebuiltLines(t *testing.T, dir string) []string {
	t.Helper()
	var lines []string
	for _, name := range must(filepath.Glob(filepath.Join(dir, "keys-*.ndjson"))) {
		lines = append(lines, strings.Split(strings.TrimSpace(string(must(os.ReadFile(name)))), "\n")...)
	}
	slices.Sort(lines)
	return lines
}

// TestKeysFromShares: of 200 keys in 20 quorums, all come out of the bucket and two
// of three holders' folders with the same bytes as with the record: with the copy in
// a folder; and, but for their names, with one that is made again of the quorum IDs
// on paper, or of the codes.
func TestKeysFromShares(t *testing.T) {
	tier.Long(t)
	t.Parallel()
	const keys, quorums = 200, 20
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	key := small().path("key-0.pem")
	done(t, "sandbox", "--out", at("practice"), "--keys", fmt.Sprint(keys), "--quorums", fmt.Sprint(quorums), "--players", "2", "--recovery-public-key", small().path("key-0.pub.der"))
	done(t, "custody", "split", "--key", key, "--threshold", "2", "--custodian", "alice", "--custodian", "bob", "--custodian", "carol",
		"--out", at("set"), "--record", at("practice/record.json"))
	done(t, "rebuild", "--record", at("practice/record.json"), "--shards", at("practice/bucket"), "--key", key, "--unsealed", "--out", at("by-record"))
	want := rebuiltLines(t, at("by-record"))
	if len(want) != keys {
		t.Fatalf("%d keys", len(want))
	}
	// The day comes: the record and bob's folder are gone.
	for _, gone := range []string{"practice/record.json", "practice/expected.json", "set/bob"} {
		if err := os.RemoveAll(at(gone)); err != nil {
			t.Fatal(err)
		}
	}
	shares := []string{"--shards", at("practice/bucket"), "--unsealed", "--sealed-key", at("set/carol/" + custody.SealedKeyName), "--share", at("set/alice"), "--share", at("set/carol")}
	same := func(name, record string, want []string) {
		t.Helper()
		done(t, append([]string{"rebuild", "--record", record, "--out", at(name)}, shares...)...)
		if got := rebuiltLines(t, at(name)); !slices.Equal(got, want) {
			t.Errorf("%s: %d keys, which are not those that the record gives", name, len(got))
		}
	}
	same("by-folder", at("set/alice"), want)
	for _, name := range []string{"alice", "carol"} {
		if err := os.Remove(at("set/" + name + "/" + custody.RecordName)); err != nil {
			t.Fatal(err)
		}
	}
	o := done(t, "record", "new", "--environment", "sandbox", "--shards", at("practice/bucket"), "--from", at("set/alice/"+custody.PageName), "--from", at("set/carol"), "--out", at("paper.json"))
	if !strings.Contains(o.stderr, fmt.Sprintf("%d of %d keys are recorded without a public key or address from the service's list", keys, keys)) {
		t.Errorf("a record of quorum IDs alone is not named as such:\n%s", o.stderr)
	}
	nameless := regexp.MustCompile(`"name":"practice [0-9]+",`)
	for i, line := range want {
		if want[i] = nameless.ReplaceAllString(line, ""); want[i] == line {
			t.Errorf("a line without the recorded name: %.200s", line)
		}
	}
	same("by-paper", at("paper.json"), want)
	q, err := custody.ParseQuorumIDs(must(os.ReadFile(at("set/carol/" + custody.QuorumsName))))
	if err != nil || len(q.IDs) != quorums || len(q.Codes()) != 2 {
		t.Fatalf("%v, %v", q, err)
	}
	if err := os.WriteFile(at("scanned.txt"), []byte(q.Codes()[1]+"\n"+q.Codes()[0]+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	done(t, "record", "new", "--environment", "sandbox", "--shards", at("practice/bucket"), "--from", at("scanned.txt"), "--out", at("codes.json"))
	if !bytes.Equal(must(os.ReadFile(at("codes.json"))), must(os.ReadFile(at("paper.json")))) {
		t.Error("the codes make another record than the paper")
	}
}

// TestManyQuorums: 300 quorum IDs do not fit on the page of a share, which says
// where they are: on a sheet, and in 19 codes.
func TestManyQuorums(t *testing.T) {
	tier.Long(t)
	t.Parallel()
	dir := t.TempDir()
	var keys []string
	for i := range 300 {
		keys = append(keys, fmt.Sprintf(`{"quorum_id":%q,"key_id":%q,"algorithm":"ED25519"}`, quorumID(2*i+1), keyID(i+1)))
	}
	record := filepath.Join(dir, "record.json")
	if err := os.WriteFile(record, []byte(`{"format":"recover-record/1","environment":"sandbox","keys":[`+strings.Join(keys, ",\n")+`]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	set := filepath.Join(dir, "set")
	done(t, "custody", "split", "--key", small().path("key-0.pem"), "--threshold", "2", "--custodian", "alice", "--custodian", "bob", "--out", set, "--record", record)
	page := string(must(os.ReadFile(filepath.Join(set, "alice", custody.PageName))))
	if lines := strings.Count(page, "\n"); lines > 60 || !strings.Contains(page, "\nTHE 300 QUORUM IDS, without which no backup opens, do not fit on this page:\n  print quorum-ids.txt and the codes next to it, too.\n") {
		t.Errorf("%d lines\n%s", lines, page)
	}
	if codes := must(filepath.Glob(filepath.Join(set, "bob", "quorum-ids-qr*.svg"))); len(codes) != 19 {
		t.Errorf("%d codes", len(codes))
	}
	q, err := custody.ParseQuorumIDs(must(os.ReadFile(filepath.Join(set, "bob", custody.QuorumsName))))
	if err != nil || len(q.IDs) != 300 {
		t.Errorf("%v", err)
	}
	o := done(t, "custody", "check", filepath.Join(set, "bob"))
	if !strings.Contains(o.stdout, "record: "+filepath.Join(set, "bob", custody.RecordName)) {
		t.Errorf("%s", o.stdout)
	}
}

// TestAttachToEarlierSets: a record goes with sets whose descriptions are of the
// earlier forms, sealed shares too, and what was checked of them before still is.
func TestAttachToEarlierSets(t *testing.T) {
	tier.Long(t)
	t.Parallel()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(filepath.Join("testdata", "earlier"))); err != nil {
		t.Fatal(err)
	}
	record, bucket := small().path("record.json"), small().path("bucket")
	for _, folder := range []string{"plain/alice", "plain/bob", "sealed/alice"} {
		path := filepath.Join(dir, folder)
		before := must(os.ReadFile(filepath.Join(path, custody.SealedKeyName)))
		done(t, "custody", "attach-record", "--record", record, "--folder", path)
		if !bytes.Equal(must(os.ReadFile(filepath.Join(path, custody.RecordName))), must(os.ReadFile(record))) ||
			!bytes.Equal(must(os.ReadFile(filepath.Join(path, custody.SealedKeyName))), before) {
			t.Errorf("%s is not as it should be", folder)
		}
		args := []string{"custody", "check", path, "--transcript", filepath.Join(dir, filepath.Dir(folder)+"-split.ndjson")}
		if strings.HasPrefix(folder, "sealed") {
			args = append(args, "--identity", filepath.Join(dir, "id", "alice-age.txt"))
		}
		if o := done(t, args...); !strings.Contains(o.stdout, ": valid: the share that the ceremony made\n") || !strings.Contains(o.stdout, "record: "+filepath.Join(path, custody.RecordName)) ||
			!strings.Contains(o.stderr, "the set does not vouch for it") {
			t.Errorf("%s\n%s%s", folder, o.stdout, o.stderr)
		}
		done(t, "verify", "--record", path, "--shards", bucket)
	}
	alice, bob, out := filepath.Join(dir, "plain/alice"), filepath.Join(dir, "plain/bob"), filepath.Join(dir, "out")
	done(t, "rebuild", "--record", alice, "--shards", bucket, "--sealed-key", filepath.Join(bob, custody.SealedKeyName), "--share", alice, "--share", bob, "--unsealed", "--out", out)
	if lines := rebuiltLines(t, out); len(lines) != len(small().keys) {
		t.Errorf("%d keys", len(lines))
	}
}

// TestHeldRecordHoldsNoSecret looks for the recovery key, the identity that opens
// it and the shares in all that is said, and in what lies with the shares.
func TestHeldRecordHoldsNoSecret(t *testing.T) {
	tier.Long(t)
	t.Parallel()
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	record, bucket := small().path("record.json"), small().path("bucket")
	said := []outcome{done(t, "custody", "split", "--key", small().path("key-0.pem"), "--threshold", "2", "--custodian", "alice", "--custodian", "bob", "--out", at("set"), "--record", record)}
	done(t, "custody", "open", "--sealed-key", at("set/alice/"+custody.SealedKeyName), "--share", at("set/alice"), "--share", at("set/bob"), "--identity-out", at("identity"))
	c := newCanaries(rsaSecrets(testkey.Small()))
	identity := strings.TrimSpace(string(must(os.ReadFile(at("identity")))))
	c.forms[identity], c.forms[identity[20:40]] = "the identity", "a part of the identity"
	lines := regexp.MustCompile(`(?m)^[A-Z0-9]{4}( [A-Z0-9]{4}){4,5}$`)
	for _, holder := range []string{"alice", "bob"} {
		page := must(os.ReadFile(at("set/" + holder + "/" + custody.PageName)))
		found := lines.FindAllString(string(page), -1)
		if len(found) != 4 {
			t.Fatalf("%d lines of a share", len(found))
		}
		for _, line := range found {
			for _, form := range []string{line[:14], line[len(line)-14:], strings.ReplaceAll(line, " ", "")[:12]} {
				c.forms[form], c.forms[strings.ToLower(form)] = "a part of a share", "a part of a share"
			}
		}
	}
	changed := bytes.Replace(must(os.ReadFile(at("set/alice/"+custody.PageName))), []byte(quorumID(1).String()), []byte(quorumID(99).String()), 1)
	if err := os.WriteFile(at("changed.txt"), changed, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"custody", "attach-record", "--record", small().path("record.json"), "--folder", at("set/alice"), "--folder", at("set/bob"), "--json"},
		{"custody", "check", at("set/alice"), at("set/bob"), "--json"},
		{"verify", "--record", at("set/alice"), "--shards", bucket},
		{"record", "new", "--shards", bucket, "--from", at("set/alice/" + custody.PageName), "--from", at("set/bob/" + custody.PageName), "--out", at("again.json")},
		{"record", "new", "--shards", bucket, "--from", at("changed.txt"), "--out", at("none.json")},
		{"record", "find", "--record", record, "--shards", bucket, "--from", at("set/alice/" + custody.PageName)},
		{"inspect", at("set/alice/" + custody.PageName), at("set/alice/" + custody.QuorumsName), at("set/alice/" + custody.RecordName), at("set/alice/quorum-ids-qr1.svg"), at("changed.txt")},
		{"verify", "--record", at("set/alice/" + custody.PageName), "--shards", bucket},
		{"custody", "attach-record", "--record", at("set/alice/" + custody.PageName), "--folder", at("set/bob")},
	} {
		said = append(said, execute(t, args...))
	}
	for i, o := range said {
		c.look(t, fmt.Sprintf("stdout of run %d", i), []byte(o.stdout))
		c.look(t, fmt.Sprintf("stderr of run %d", i), []byte(o.stderr))
	}
	for _, name := range []string{custody.RecordName, custody.QuorumsName, "quorum-ids-qr1.svg", readMeName, custody.SealedKeyName} {
		c.look(t, name, must(os.ReadFile(at("set/alice/"+name))))
	}
	c.look(t, "again.json", must(os.ReadFile(at("again.json"))))
}
