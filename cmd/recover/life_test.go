//go:build linux

package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"recover/fixtures/tier"
	"recover/pkg/custody"
)

// TestLifeOfASet goes through the whole life of a split key: it is split, the
// folders are carried away on sticks, each holder checks their own and confirms,
// the original is destroyed, a year later each checks again, one leaves, a new set
// is made, the old one is warned of, and a drill is done with the new one. Then an
// auditor looks at all that was written down.
func TestLifeOfASet(t *testing.T) {
	tier.Long(t)
	t.Parallel()
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	copyFile(t, small().path("key-0.pem"), path("original.pem"))
	copyFile(t, small().path("record.json"), path("record.json"))

	// The ceremony. The witness writes the hash of the last line down.
	o := says(t, exitOK, []string{"custody", "split", "--key", path("original.pem"), "--threshold", "2", "--out", path("set"), "--transcript", path("split.ndjson"),
		"--custodian", "alice", "--custodian", "bob", "--custodian", "carol"}, `only when "recover custody confirm" says that all holders have confirmed`, path("original.pem"))
	head := headOf(t, o)
	set, sum := numbersOf(t, path("split.ndjson"))
	signTranscript(t, dir, "witness", path("split.ndjson"))

	// Three sticks; each holder checks, at home, and confirms. Carol has only the
	// numbers that she was told.
	sticks := carried(t, path("set"), "alice", "bob", "carol")
	confirm := func(holder string, against ...string) {
		says(t, exitOK, append([]string{"custody", "check", in(sticks, holder, "share.txt"), "--confirmation", path(holder + ".json")}, against...), "valid: the share that the ceremony made")
	}
	confirm("alice", "--transcript", path("split.ndjson"), "--head", head)
	says(t, exitFailed, []string{"custody", "confirm", path("alice.json"), path("alice.json"), "--transcript", path("alice.json")}, "not an event")
	confirm("bob", "--transcript", path("split.ndjson"))
	collect := []string{"custody", "confirm", "--transcript", path("split.ndjson"), "--record", path("record.json"), "--record-out", path("record-2.json")}
	o = says(t, exitSome, append(collect, path("alice.json"), path("bob.json")), "2 of 3 holders have confirmed", "share 3 (carol): not confirmed", "the original may not be destroyed yet")
	if strings.Contains(o.stdout, "may be destroyed") {
		t.Errorf("too early:\n%s", o.stdout)
	}
	absent(t, path("record-2.json"))
	confirm("carol", "--set", set, "--sha256", sum)
	says(t, exitOK, append(collect, path("alice.json"), path("bob.json"), path("carol.json")), "3 of 3 holders have confirmed",
		"share 3 (carol): confirmed", "compared with set ID and SHA-256", "a confirmation without a signature is a claim", "the original of the recovery key may be destroyed")
	says(t, exitOK, []string{"custody", "confirm", "--json", "--sealed-key", in(sticks, "bob", custody.SealedKeyName), path("alice.json"), path("bob.json"), path("carol.json")}, `"confirmed":3`)
	if err := os.Remove(path("original.pem")); err != nil {
		t.Fatal(err)
	}
	says(t, exitOK, []string{"inspect", path("record-2.json")}, "its present set: ")

	// A year later. Alice and carol come together with the owner: bob has left.
	for _, holder := range []string{"alice", "carol"} {
		o := says(t, exitOK, []string{"custody", "check", in(sticks, holder, "share.txt"), "--transcript", path("split.ndjson"), "--record", path("record-2.json")}, "valid")
		if strings.Contains(o.stderr, "not the present one") {
			t.Errorf("the present set is warned of: %s", o.stderr)
		}
	}
	time.Sleep(1100 * time.Millisecond) // transcripts have seconds, and are put in their order
	o = says(t, exitOK, []string{"custody", "reissue", "--sealed-key", in(sticks, "alice", custody.SealedKeyName), "--share", in(sticks, "alice", "share.txt"), "--share", in(sticks, "carol", "share.txt"),
		"--threshold", "2", "--custodian", "alice", "--custodian", "carol", "--custodian", "dave", "--out", path("set-2"), "--transcript", path("reissue.ndjson"), "--record", path("record-2.json")},
		"it replaces the set ", "destroy the old shares, and every copy of the sealed key of the old set")
	if strings.Contains(o.stderr, "not the present one") {
		t.Errorf("the present set is warned of: %s", o.stderr)
	}
	again := carried(t, path("set-2"), "alice", "carol", "dave")
	all := []string{"custody", "confirm", "--transcript", path("reissue.ndjson"), "--record", path("record-2.json"), "--record-out", path("record-3.json")}
	for _, holder := range []string{"alice", "carol", "dave"} {
		says(t, exitOK, []string{"custody", "check", in(again, holder, "share.txt"), "--transcript", path("reissue.ndjson"), "--confirmation", path(holder + "-2.json")}, "it replaces the set ")
		all = append(all, path(holder+"-2.json"))
	}
	says(t, exitFailed, append(all, path("bob.json")), "the confirmation of bob is of set ")
	says(t, exitOK, all, "so may the shares and every sealed key of the old set ")
	record, err := os.ReadFile(path("record-3.json"))
	if err != nil {
		t.Fatal(err)
	}
	newSet, _ := numbersOf(t, path("reissue.ndjson"))
	contains(t, string(record), `"set": "`+newSet+`"`)

	// The old set still opens, and everything that meets it says that it is old.
	old := []string{"--sealed-key", in(sticks, "alice", custody.SealedKeyName), "--share", in(sticks, "alice", "share.txt"), "--share", in(sticks, "bob", "share.txt")}
	const warning = "is not the present one: the record names set "
	says(t, exitOK, []string{"custody", "check", in(sticks, "bob", "share.txt"), "--record", path("record-3.json")}, warning)
	says(t, exitOK, append([]string{"custody", "reissue", "--threshold", "2", "--custodian", "a", "--custodian", "b", "--out", path("wrong"), "--record", path("record-3.json")}, old...), warning)
	run := func(verb string, record string, more ...string) []string {
		return append([]string{verb, "--record", record, "--shards", small().path("bucket")}, more...)
	}
	says(t, exitOK, append(run("rebuild", path("record-3.json"), "--unsealed", "--out", path("rebuilt")), old...), warning)
	time.Sleep(1100 * time.Millisecond)
	says(t, exitOK, append(run("drill", path("record-3.json"), "--transcript", path("old-drill.ndjson")), old...), warning)
	o = says(t, exitOK, run("drill", path("record-3.json"), "--transcript", path("drill.ndjson"), "--sealed-key", in(again, "dave", custody.SealedKeyName),
		"--share", in(again, "dave", "share.txt"), "--share", in(again, "carol", "share.txt")))
	if strings.Contains(o.stderr, warning) {
		t.Errorf("the present set is warned of: %s", o.stderr)
	}

	// With a record from before, nobody is told to destroy the present set.
	o = says(t, exitOK, run("drill", path("record-2.json"), "--sealed-key", in(again, "dave", custody.SealedKeyName),
		"--share", in(again, "dave", "share.txt"), "--share", in(again, "carol", "share.txt")), " says that it replaces set ", "the record is out of date")
	if strings.Contains(o.stderr, "destroyed") {
		t.Errorf("the present set is to be destroyed: %s", o.stderr)
	}

	// The auditor.
	says(t, exitOK, []string{"inspect", path("split.ndjson"), "--head", head, "--signers", path("allowed")}, "and the last one is that which was written down",
		"split.ndjson.txt says the same", "the key of witness", "says that it proved: the recovery key SHA256:", "all 3 subsets brought the key back")
	says(t, exitOK, []string{"inspect", path("drill.ndjson"), path("reissue.ndjson"), path("split.ndjson"), path("old-drill.ndjson")},
		path("split.ndjson")+": made the set ", path("reissue.ndjson")+": used the sealed key of set ", " that "+path("split.ndjson")+" wrote",
		", which replaces the set ", path("drill.ndjson")+": used the sealed key of set ", " that "+path("reissue.ndjson")+" wrote",
		"not the present set: "+path("old-drill.ndjson")+" used the set ")
	says(t, exitOK, []string{"inspect", path("reissue.ndjson"), path("drill.ndjson")}, "which was made in none of these ceremonies")
	forgeTranscript(t, path("drill.ndjson"), path("other.ndjson"))
	says(t, exitSome, []string{"inspect", path("other.ndjson"), path("reissue.ndjson")}, "that is NOT the one that "+path("reissue.ndjson")+" wrote")
	says(t, exitFailed, []string{"inspect", path("split.ndjson"), "--head", strings.Repeat("0", 64)}, "its last line has another SHA-256", "next: ")
	nothingSecret(t, dir, path("set"), path("set-2"))
}

// nothingSecret looks for shares, and what they open, in what was written down.
func nothingSecret(t *testing.T, dir string, sets ...string) {
	t.Helper()
	var secrets []string
	for _, set := range sets {
		for _, holder := range []string{"alice", "carol"} {
			secrets = append(secrets, secretsOf(t, set, holder)...)
		}
	}
	looked := 0
	for _, pattern := range []string{"*.json", "*.ndjson", "*.txt", "*.sig"} {
		files, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			text := string(must(os.ReadFile(file)))
			for _, secret := range secrets {
				if strings.Contains(text, secret) {
					t.Errorf("%s holds a secret", file)
				}
			}
			looked++
		}
	}
	if looked < 15 {
		t.Errorf("only %d files were looked at", looked)
	}
}

// headOf returns the hash of the last line of the transcript, as it is shown.
func headOf(t *testing.T, o outcome) string {
	t.Helper()
	_, digits, _ := strings.Cut(o.stderr, "last line")
	digits = strings.Join(strings.Fields(strings.ReplaceAll(digits, "recover:", "")), "")
	head := regexp.MustCompile(`[0-9a-f]{64}`).FindString(digits)
	if head == "" {
		t.Fatalf("no hash is shown: %s", o.stderr)
	}
	return head
}

// signTranscript signs with a new SSH key, and lists it as allowed.
func signTranscript(t *testing.T, dir, name, transcript string) {
	t.Helper()
	key := filepath.Join(dir, name)
	if err := exec.Command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", key).Run(); err != nil {
		t.Fatal(err)
	}
	says(t, exitOK, []string{"custody", "sign", transcript, "--identity", key, "--out", transcript + "." + name + ".sig"}, "signed with ssh-ed25519 SHA256:")
	public := must(os.ReadFile(key + ".pub"))
	if err := os.WriteFile(filepath.Join(dir, "allowed"), append([]byte(name+" "), public...), 0o600); err != nil {
		t.Fatal(err)
	}
}

// forgeTranscript writes a transcript anew, with a chain that holds, in which
// another sealed key was read.
func forgeTranscript(t *testing.T, from, to string) {
	t.Helper()
	f, err := os.Open(from)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	events, _, err := custody.ReadTranscript(f)
	if err != nil {
		t.Fatal(err)
	}
	out, err := os.Create(to)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = out.Close() }()
	at := 0
	tr := custody.NewTranscript(out, func() time.Time { return events[at].Time })
	for i, e := range events {
		if at = i; e.Step == custody.StepInput {
			e.SHA256 = custody.Digest{1}
		}
		if err := tr.Record(e); err != nil {
			t.Fatal(err)
		}
	}
}

// TestConfirmations: a confirmation of something else, changed, or signed by
// somebody else does not count.
func TestConfirmations(t *testing.T) {
	tier.Long(t)
	t.Parallel()
	set, transcript := witnessed(t, "2")
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	for _, holder := range []string{"alice", "bob", "carol"} {
		says(t, exitOK, []string{"custody", "check", in(set, holder, "share.txt"), "--transcript", transcript, "--confirmation", path(holder)})
	}
	_, otherTranscript := witnessed(t, "2")
	says(t, exitFailed, []string{"custody", "confirm", path("alice"), "--transcript", otherTranscript}, "the confirmation of alice is of set ")
	alice := string(must(os.ReadFile(path("alice"))))
	for name, change := range map[string][2]string{
		"is of share 2, which is not that holder's":     {`"share":1`, `"share":2`},
		"is of a sealed key with the SHA-256 ":          {`"sealed_key_sha256":"`, `"sealed_key_sha256":"00`},
		"was compared with another transcript":          {`"transcript_sha256":"`, `"transcript_sha256":"00`},
		"not a confirmation as custody check writes it": {`"holder":"alice"`, `"holder":"alice","more":1`},
	} {
		changed := strings.Replace(alice, change[0], change[1], 1)
		if strings.HasSuffix(change[1], `"00`) { // as long as before
			at := strings.Index(changed, change[1]) + len(change[1])
			changed = changed[:at] + changed[at+2:]
		}
		if err := os.WriteFile(path("changed"), []byte(changed), 0o600); err != nil {
			t.Fatal(err)
		}
		says(t, exitFailed, []string{"custody", "confirm", path("changed"), path("bob"), path("carol"), "--transcript", transcript}, name)
	}
	// Mailed with other line ends, and all in one file.
	together := strings.ReplaceAll(alice+string(must(os.ReadFile(path("bob"))))+string(must(os.ReadFile(path("carol")))), "\n", "\r\n")
	if err := os.WriteFile(path("together"), []byte(together), 0o600); err != nil {
		t.Fatal(err)
	}
	says(t, exitOK, []string{"custody", "confirm", path("together"), "--transcript", transcript}, "3 of 3 holders have confirmed")
	says(t, exitOK, []string{"inspect", path("together")}, "confirmation of a holder, not checked", "a claim, as its file says")

	signTranscript(t, dir, "witness", path("alice"))
	confirm := []string{"custody", "confirm", path("alice"), path("bob"), path("carol"), "--transcript", transcript}
	says(t, exitOK, confirm, "signed with ssh-ed25519 SHA256:", "whose key that is shows --signers")
	says(t, exitFailed, append(confirm, "--signers", path("allowed")), "signed with the key of another person: it is witness's, and the confirmation alice's")
	if err := os.WriteFile(path("allowed"), []byte(strings.Replace(string(must(os.ReadFile(path("allowed")))), "witness", "alice", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	says(t, exitOK, append(confirm, "--signers", path("allowed")), ", the key of alice")
	if err := os.WriteFile(path("alice"), []byte(strings.Replace(alice, "T", "T", 1)+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	says(t, exitFailed, confirm, path("alice.witness.sig")+": the signature is not of this file")
	var s confirmSummaryForTest
	o := execute(t, "custody", "confirm", "--json", path("bob"), "--transcript", transcript)
	lines := strings.Split(strings.TrimSpace(o.stdout), "\n")
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &s); err != nil || o.status != exitSome || s.Confirmed != 1 || s.Holders != 3 {
		t.Errorf("%v: status %d, %+v", err, o.status, s)
	}
}

type confirmSummaryForTest struct{ Confirmed, Holders int }

// TestEarlierSets: sets, transcripts and reports that an earlier program wrote are
// checked, opened and read.
func TestEarlierSets(t *testing.T) {
	tier.Long(t) // passphrases take a second each
	t.Parallel()
	dir := filepath.Join("testdata", "earlier")
	id := func(name string) string { return filepath.Join(dir, "id", name) }
	set := func(names ...string) string { return filepath.Join(append([]string{dir}, names...)...) }
	for _, holder := range []string{"alice", "bob", "carol"} {
		says(t, exitOK, []string{"custody", "check", set("plain", holder, "share.txt"), "--transcript", set("plain-split.ndjson")}, "valid: the share that the ceremony made")
	}
	sealed := []string{"--identity", id("alice-age.txt"), "--identity", id("bob-ed25519"), "--identity", id("carol-rsa")}
	says(t, exitOK, append([]string{"custody", "check", "--transcript", set("sealed-split.ndjson"), set("sealed", "alice", "share.age"), set("sealed", "bob", "share.age"), set("sealed", "carol", "share.age")}, sealed...),
		"opened by: an age identity", "and enough: they open the sealed key")
	says(t, exitOK, []string{"custody", "check", "--identity", id("alice-age.txt"), set("twofold", "alice", "share.age")}, "opened by 2, EACH OF THEM ALONE:")
	phrases := exec.Command("sh", "-c", "exec recover custody check --passphrase-fd 3 --transcript "+set("phrased-split.ndjson")+" "+set("phrased", "con", "share.age")+" "+set("phrased", "nul.txt", "share.age")+" 3< "+id("phrases.txt"))
	if o := start(t, phrases); o.status != exitOK || !strings.Contains(o.stdout, "and enough: they open the sealed key") {
		t.Errorf("passphrases: status %d\n%s%s", o.status, o.stdout, o.stderr)
	}
	out := t.TempDir()
	for name, shares := range map[string][]string{"plain": {"alice", "carol"}, "reissued": {"alice", "dave"}} {
		identity := filepath.Join(out, name)
		says(t, exitOK, []string{"custody", "open", "--sealed-key", set(name, "alice", custody.SealedKeyName), "--share", set(name, shares[0], "share.txt"), "--share", set(name, shares[1], "share.txt"), "--identity-out", identity})
		got, err := exec.Command("age", "-d", "-i", identity, set(name, "alice", custody.SealedKeyName)).Output()
		if err != nil || string(got) != string(must(os.ReadFile("../../fixtures/testkey/small.pem"))) {
			t.Errorf("%s: the recovery key is not the one: %v", name, err)
		}
	}
	says(t, exitOK, []string{"custody", "reissue", "--sealed-key", set("plain", "bob", custody.SealedKeyName), "--share", set("plain", "alice", "share.txt"), "--share", set("plain", "bob", "share.txt"),
		"--threshold", "2", "--custodian", "a", "--custodian", "b", "--out", filepath.Join(out, "new")}, "it replaces the set E721 29E8 AF8F 6CA5")

	transcripts, err := filepath.Glob(set("*.ndjson"))
	if err != nil || len(transcripts) != 10 {
		t.Fatalf("%d transcripts, %v", len(transcripts), err)
	}
	o := says(t, exitOK, append([]string{"inspect"}, transcripts...), set("reissue.ndjson")+": used the sealed key of set E721 29E8 AF8F 6CA5 that "+set("plain-split.ndjson")+" wrote")
	if n := strings.Count(o.stdout, "text for people: "); n != 10 {
		t.Errorf("%d texts agree", n)
	}
	reports := set("reports")
	says(t, exitOK, []string{"inspect", "--record", filepath.Join(reports, "record.json"), filepath.Join(reports, "merged.json")}, "report of a rebuild, valid", "as the report says: 2 keys: 2 ok")
	says(t, exitOK, []string{"report", "merge", filepath.Join(reports, "p1", "report.json"), filepath.Join(reports, "p2", "report.json"), "--record", filepath.Join(reports, "record.json")},
		"2 of 2 keys that are ok have the public key or address of the record", "2 of 2 files with rebuilt keys lie next to their report, unchanged", "2 keys: 2 ok")
}
