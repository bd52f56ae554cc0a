package main

import (
	"bytes"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	sandbox "recover/fixtures"
	"recover/fixtures/testkey"
	"recover/fixtures/tier"
	"recover/internal/group"
	"recover/internal/uuid"
	"recover/pkg/record"
	"recover/pkg/shard"
)

// idSet is a bucket whose keys have random IDs, as real ones do, in a few
// quorums.
func idSet(t *testing.T, keys, quorums int) (dir string, ids []shard.IDs) {
	t.Helper()
	dir = t.TempDir()
	random := rand.NewChaCha8([32]byte{7})
	var all []uuid.ID
	for range quorums {
		all = append(all, randomID(random))
	}
	for i := range keys {
		k, err := sandbox.Make(random, sandbox.Spec{
			Group: []group.Group{group.Secp256k1, group.Edwards25519}[i%2], IDs: shard.IDs{Quorum: all[i%quorums], Key: randomID(random)},
			Players: 2, Threshold: 1, Sharing: shard.Shamir, Kit: []*rsa.PublicKey{&testkey.Small().PublicKey},
		})
		if err != nil {
			t.Fatal(err)
		}
		data, err := k.Shards[0].Encode()
		if err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, "bucket", k.IDs.Key.String(), k.Shards[0].FileName()), string(data))
		ids = append(ids, k.IDs)
	}
	return dir, ids
}

func randomID(random *rand.ChaCha8) (id uuid.ID) {
	_, _ = random.Read(id[:])
	return id
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// recordText is a record of the IDs; change may spoil what is written of them.
func recordText(ids []shard.IDs, change func(i int, quorum, key string) (string, string)) string {
	var lines []string
	for i, id := range ids {
		quorum, key := id.Quorum.String(), id.Key.String()
		if change != nil {
			quorum, key = change(i, quorum, key)
		}
		lines = append(lines, fmt.Sprintf(`{"quorum_id":%q,"key_id":%q,"algorithm":%q}`, quorum, key, []string{"SECP256K1", "ED25519"}[i%2]))
	}
	return `{"format":"recover-record/1","environment":"sandbox","keys":[` + strings.Join(lines, ",\n") + "]}\n"
}

// mistype changes one character of an ID to another hex digit, or now and then
// to something that only looks like one.
func mistype(random *rand.Rand, id string) string {
	for {
		at := random.IntN(len(id))
		wrong := "0123456789abcdefOlSG"[random.IntN(20)]
		if id[at] == '-' || id[at] == wrong {
			continue
		}
		if strings.IndexByte("OlSG", wrong) >= 0 && id[at] != map[byte]byte{'O': '0', 'l': '1', 'S': '5', 'G': '6'}[wrong] {
			continue
		}
		return id[:at] + string(wrong) + id[at+1:]
	}
}

// TestRecordFind repairs a record with one mistyped character in each of 20
// IDs, without the private key; and does not find an ID that is not known.
func TestRecordFind(t *testing.T) {
	tier.Long(t)
	t.Parallel()
	n := 20 // and one that is unknown
	if underRace() || testing.Short() {
		n = 6
	}
	dir, ids := idSet(t, n+1, n+1) // each key has a quorum of its own: no other entry has the right one
	random := rand.New(rand.NewPCG(1, 2))
	unknown := ids[n].Key.String()
	path := filepath.Join(dir, "record.json")
	write(t, path, recordText(ids, func(i int, quorum, key string) (string, string) {
		switch {
		case i == n:
			return randomID(rand.NewChaCha8([32]byte{9})).String(), key
		case i%2 == 0:
			return mistype(random, quorum), key
		}
		return quorum, mistype(random, key)
	}))
	fixed := filepath.Join(dir, "fixed.json")
	o := execute(t, "record", "find", "--record", path, "--shards", filepath.Join(dir, "bucket"), "--out", fixed, "--json")
	o.refused(t, exitSome, fmt.Sprintf("1 of %d keys is not found", n+1), hintEachKey)
	lines := decodeLines[map[string]any](t, json.NewDecoder(strings.NewReader(o.stdout)))
	if len(lines) != n+2 {
		t.Fatalf("%d lines, want %d", len(lines), n+2)
	}
	for i, l := range lines[:n] {
		if l["status"] != "ok" || l["quorum_id"] != ids[i].Quorum.String() || l["key_id"] != ids[i].Key.String() || l["correction"] == nil {
			t.Errorf("entry %d: %v", i+1, l)
		}
	}
	if l := lines[n]; l["status"] != "failed" || l["reason"] != "wrong-ids" || l["key_id"] != unknown || l["correction"] != nil || l["tried"].(float64) < 1000 {
		t.Errorf("the unknown ID: %v", l)
	}
	after := execute(t, "verify", "--record", fixed, "--shards", filepath.Join(dir, "bucket"))
	after.refused(t, exitSome, fmt.Sprintf("1 of %d keys is not verified", n+1), hintEachKey)
}

// TestRecordFindOne looks for the IDs of one backup, from a directory and from
// one file.
func TestRecordFindOne(t *testing.T) {
	tier.Long(t)
	t.Parallel()
	dir, ids := idSet(t, 1, 1)
	quorum, key := ids[0].Quorum.String(), ids[0].Key.String()
	file := filepath.Join(dir, "loose.txt")
	data, err := os.ReadFile(filepath.Join(dir, "bucket", key, "recovery_shard-0.txt"))
	if err != nil {
		t.Fatal(err)
	}
	write(t, file, string(data))
	for name, args := range map[string][]string{
		"swapped":              {"--key-id", quorum, "--quorum-id", key, "--shards", filepath.Join(dir, "bucket")},
		"no dashes":            {"--key-id", strings.ReplaceAll(key, "-", ""), "--quorum-id", strings.ToUpper(quorum), "--shards", filepath.Join(dir, "bucket")},
		"a loose file":         {"--key-id", key[1:], "--quorum-id", quorum, "--shards", file},
		"a loose file, quorum": {"--key-id", key, "--quorum-id", quorum + "0", "--shards", file},
	} {
		o := execute(t, append([]string{"record", "find", "--json"}, args...)...)
		if o.status != 0 || !strings.Contains(o.stdout, quorum) || !strings.Contains(o.stdout, key) {
			t.Errorf("%s: status %d\n%s%s", name, o.status, o.stdout, o.stderr)
		}
	}
}

// TestRecordNew makes a record from a list of wallets, in which the key ID is
// in metadata, and adds keys of a quorum that became known later.
func TestRecordNew(t *testing.T) {
	tier.Long(t)
	t.Parallel()
	dir, ids := idSet(t, 6, 3)
	bucket := filepath.Join(dir, "bucket")
	var wallets []string
	for i, id := range ids[:5] {
		w := fmt.Sprintf(`{"id":"w%d","name":"wallet %d","status":"Active","quorumId":%q,"metadata":{"keyId":%q}}`, i, i, id.Quorum, id.Key)
		if id.Quorum != ids[2].Quorum {
			wallets = append(wallets, w)
		}
	}
	write(t, filepath.Join(dir, "wallets.json"), "["+strings.Join(wallets, ",")+"]")
	first, all := filepath.Join(dir, "record.json"), filepath.Join(dir, "all.json")
	o := execute(t, "record", "new", "--shards", bucket, "--from", filepath.Join(dir, "wallets.json"), "--environment", "sandbox", "--out", first)
	o.refused(t, exitSome, "2 of 6 keys are not recorded", hintEachKey)
	if n := strings.Count(o.stdout, "quorum-unknown: none of the 2 quorum IDs that are known is this key's"); n != 2 {
		t.Errorf("%d keys of an unknown quorum, want 2\n%s", n, o.stdout)
	}
	o = execute(t, "record", "add", "--record", first, "--shards", bucket, "--quorum-id", ids[2].Quorum.String(), "--out", all)
	if o.status != 0 {
		t.Fatalf("record add: %s", o.stderr)
	}
	c, err := readContents(t.Context(), nil, all)
	if err != nil {
		t.Fatal(err)
	}
	want := make(map[uuid.ID]uuid.ID)
	for _, id := range ids {
		want[id.Key] = id.Quorum
	}
	for _, e := range c.Entries {
		if e.QuorumID != want[e.KeyID] || e.Anchor() != record.AnchorBackup || e.MasterPublicKey == nil || e.PublicKey != nil {
			t.Errorf("entry %+v", e)
		}
		delete(want, e.KeyID)
	}
	if len(want) > 0 || c.Environment != "sandbox" || len(c.RecoveryKeys) != 1 {
		t.Errorf("keys that are not recorded: %v; environment %q; %d recovery keys", want, c.Environment, len(c.RecoveryKeys))
	}
	if o := execute(t, "verify", "--record", all, "--shards", bucket); o.status != 0 {
		t.Errorf("the new record does not verify: %s", o.stdout)
	}
	if o := execute(t, "record", "check", "--record", all, "--shards", bucket); o.status != 0 || !strings.HasSuffix(o.stdout, "\n6 keys, 0 problems; anchors: backup 6\n") {
		t.Errorf("record check: %s", o.stdout)
	}
}

// TestRecordAddMoved: after a restructure, the backup opens with a new quorum ID.
func TestRecordAddMoved(t *testing.T) {
	t.Parallel()
	dir, ids := idSet(t, 1, 1)
	old := "11111111-1111-4111-8111-111111111111"
	path, moved := filepath.Join(dir, "record.json"), filepath.Join(dir, "moved.json")
	write(t, path, recordText(ids, func(_ int, _, key string) (string, string) { return old, key }))
	o := execute(t, "record", "add", "--record", path, "--shards", filepath.Join(dir, "bucket"), "--quorum-id", ids[0].Quorum.String(), "--out", moved)
	if o.status != 0 {
		t.Fatal(o.stderr)
	}
	c, err := readContents(t.Context(), nil, moved)
	if err != nil {
		t.Fatal(err)
	}
	e := c.Entries[0]
	if e.QuorumID != ids[0].Quorum || len(e.PreviousQuorumIDs) != 1 || e.PreviousQuorumIDs[0].String() != old {
		t.Errorf("quorum %s, before %v", e.QuorumID, e.PreviousQuorumIDs)
	}
}

func TestRecordCheck(t *testing.T) {
	t.Parallel()
	dir, ids := idSet(t, 2, 1)
	path, sandboxPath := filepath.Join(dir, "production.json"), filepath.Join(dir, "sandbox.json")
	gone := shard.IDs{Quorum: ids[1].Key, Key: randomID(rand.NewChaCha8([32]byte{3}))}
	write(t, path, strings.Replace(recordText(append(ids, gone), nil), `"sandbox"`, `"production"`, 1))
	write(t, sandboxPath, recordText(ids[:1], nil))
	o := execute(t, "record", "check", "--record", path, "--record", sandboxPath, "--shards", filepath.Join(dir, "bucket"), "--json")
	o.refused(t, exitSome, "the record has 3 problems", "the line of each says what to do next")
	var problems []string
	for _, l := range decodeLines[finding](t, json.NewDecoder(strings.NewReader(o.stdout))) {
		if l.Type == "problem" {
			problems = append(problems, l.KeyID+" "+l.Problem)
		}
	}
	want := []string{
		gone.Key.String() + " its quorum_id " + ids[1].Key.String() + " is the key_id of another entry",
		gone.Key.String() + " no shard of this key is in the download",
		ids[0].Key.String() + " the key is also in " + path + ", which is of another environment",
	}
	if fmt.Sprint(problems) != fmt.Sprint(want) {
		t.Errorf("problems:\n%s\nwant:\n%s", strings.Join(problems, "\n"), strings.Join(want, "\n"))
	}
}

func TestRecordMerge(t *testing.T) {
	t.Parallel()
	dir, ids := idSet(t, 2, 1)
	a, b, out := filepath.Join(dir, "a.json"), filepath.Join(dir, "b.json"), filepath.Join(dir, "out.json")
	write(t, a, recordText(ids[:1], nil))
	write(t, b, strings.Replace(recordText(ids, nil), `"sandbox"`, `"production"`, 1))
	o := execute(t, "record", "merge", "--record", a, "--record", b, "--out", out)
	o.refused(t, exitFailed, "the two records contradict each other in 1 place", "find out which is right, correct the other in a copy, and merge again")
	if want := "conflict: environment: the first record has \"sandbox\", the second \"production\"\n"; o.stdout != want {
		t.Errorf("stdout: %s", o.stdout)
	}
	absent(t, out)
	write(t, b, recordText(ids, nil))
	if o := execute(t, "record", "merge", "--record", a, "--record", b, "--out", out); o.status != 0 {
		t.Fatal(o.stderr)
	}
	before, err := os.ReadFile(out)
	if err != nil || bytes.Count(before, []byte("key_id")) != 2 {
		t.Fatalf("%s, %v", before, err)
	}
	execute(t, "record", "merge", "--record", a, "--record", b, "--out", out).refused(t, exitInput,
		out+": already exists", "nothing is ever overwritten: give a new name")
}

func TestRecordUsage(t *testing.T) {
	tier.Long(t)
	t.Parallel()
	for _, c := range []struct {
		args       string
		fact, hint string
	}{
		{"", "record needs a subcommand: new, add, check, find, merge or event", "recover record --help explains them"},
		{"mrege", "record has no subcommand mrege", "did you mean merge? recover record --help explains them"},
		{"RS1QPZRY9X8GF2", "record needs a subcommand: new, add, check, find, merge or event", "recover record --help explains them"},
		{"find", "--shards is missing", "recover record find --help says what it is"},
		{"find --shards .", "--record is missing", "give the record, or for one backup --key-id and --quorum-id"},
		{"new --shards . --out ../new.json", "no quorum ID is given", "it is not in the bucket: give it with --quorum-id, or with --from a list of wallets or a holder's folder"},
		{"new --environment test", "--environment is not production or sandbox", "the two are kept in records of their own"},
		{"new --quorum-id 1 --shards . --out ../new.json", "--quorum-id: not a UUID (36 characters: 8-4-4-4-12 hex digits)", "copy it again from the service's console, or from a list with --from"},
		{"merge --record a", "record merge takes two records", "give --record twice"},
		{"check --quorum-id 1", "unknown flag --quorum-id", "recover record check --help lists the flags"},
		{"add --record a --record b", "--record is given more than once", "\"recover record merge\" makes one record of two"},
	} {
		execute(t, append([]string{"record"}, strings.Fields(c.args)...)...).refused(t, exitUsage, c.fact, c.hint)
	}
}
