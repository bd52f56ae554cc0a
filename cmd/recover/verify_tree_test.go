package main

import (
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	sandbox "recover/fixtures"
	"recover/fixtures/testkey"
	"recover/fixtures/tier"
	"recover/internal/group"
	"recover/internal/uuid"
	"recover/pkg/rsadecrypt"
	"recover/pkg/shard"
)

// planted is what is wrong with one key of the tree.
type planted struct {
	fault  string // of the sandbox, or empty
	status string
	reason string
	detail string // a part of it
}

// treeSize is how many keys the tree has, and plantEvery which of them are spoilt.
func treeSize() (keys, plantEvery int) {
	if underRace() {
		return 36, 2
	}
	return 200, 16
}

// The faults that TestVerifyTree plants. They are for SECP256K1 keys: every
// second one.
var plants = []planted{
	{"wrong-quorum", "failed", "wrong-ids", "the quorum ID or the key ID in the record does not belong to this backup"},
	{"wrong-algorithm", "failed", "algorithm-mismatch", "the record says ED25519, the backup holds a key of SECP256K1"},
	{"empty", "failed", "malformed", "empty"},
	{"truncated", "failed", "malformed", ""},
	{"error-page", "failed", "malformed", "an error page"},
	{"version-unknown", "failed", "unsupported", `"4"`},
	{"one-player", "failed", "too-few-players", "one player's part is too few"},
	{"root-key-mismatch", "failed", "public-key-mismatch", "not the shard's master public key"},
	{"es-opened-flipped", "failed", "proof-failed", "combination: not the positions that the player had to open"},
	{"", "failed", "other-recovery-key", "which is not an expected one"},
	{"", "missing", "missing", "no shard of this key is in the download"},
	{"", "unrecorded", "unrecorded", "the key is in the download, but not in the record"},
}

// tree makes a bucket of 200 keys in 5 quorums with the planted faults, and its
// record, and returns what is planted where.
func tree(t *testing.T) (dir string, want map[string]planted) {
	t.Helper()
	dir, want = t.TempDir(), make(map[string]planted)
	random := rand.NewChaCha8([32]byte{200})
	var quorums []uuid.ID
	for range 5 {
		quorums = append(quorums, randomID(random))
	}
	var lines []string
	keys, every := treeSize()
	for i := range keys {
		spec := sandbox.Spec{
			Group: []group.Group{group.Secp256k1, group.Edwards25519}[i%2], IDs: shard.IDs{Quorum: quorums[i%5], Key: randomID(random)},
			Players: 2, Threshold: 1, Sharing: shard.Shamir, Kit: []*rsa.PublicKey{&testkey.Small().PublicKey},
		}
		var plant *planted
		if i%every == 0 && i/every < len(plants) {
			plant = &plants[i/every]
			want[spec.IDs.Key.String()] = *plant
			spec.Players = 3 // the faults need them
			if plant.reason == "other-recovery-key" {
				spec.Kit[0] = &testkey.Recovery(0).PublicKey
			}
		}
		k, err := sandbox.Make(random, spec)
		if err != nil {
			t.Fatal(err)
		}
		file, recorded := plantIn(t, random, k, plant)
		if plant == nil || plant.status != "missing" {
			write(t, filepath.Join(dir, "bucket", k.IDs.Key.String(), "recovery_shard-0.txt"), string(file))
		}
		if plant == nil || plant.status != "unrecorded" {
			lines = append(lines, fmt.Sprintf("{%q:%q,%q:%q,%q:%q}", "quorum_id", recorded.IDs.Quorum, "key_id", recorded.IDs.Key, "algorithm", recorded.Algorithm.Algorithm()))
		}
	}
	fingerprint := rsadecrypt.FingerprintOf(&testkey.Small().PublicKey)
	write(t, filepath.Join(dir, "record.json"), fmt.Sprintf(`{"format":"recover-record/1","environment":"production","recovery_keys":[{"sha256":%q,"custody":"2 of 3"}],"keys":[%s]}`,
		fingerprint.Hex(), strings.Join(lines, ",\n")))
	return dir, want
}

func plantIn(t *testing.T, random *rand.ChaCha8, k *sandbox.Key, plant *planted) ([]byte, sandbox.Case) {
	t.Helper()
	var file []byte
	var err error
	recorded := sandbox.Case{IDs: k.IDs, Algorithm: k.Group}
	if plant == nil || plant.fault == "" {
		file, err = k.Shards[0].Encode()
	} else if f, known := sandbox.FindFault(plant.fault); !known {
		t.Fatalf("there is no fault %s", plant.fault)
	} else {
		file, recorded, err = f.Apply(random, k)
	}
	if err != nil {
		t.Fatal(err)
	}
	return file, recorded
}

// TestVerifyTree: of 200 keys in 5 quorums with 12 planted faults, verify finds these 12,
// names the cause of each, and says nothing else; without any private key.
func TestVerifyTree(t *testing.T) {
	tier.Long(t) // it makes 200 keys
	t.Parallel()
	dir, want := tree(t)
	page := filepath.Join(dir, "report.html")
	o := execute(t, "verify", "--record", filepath.Join(dir, "record.json"), "--shards", filepath.Join(dir, "bucket"), "--json", "--html", page)
	keys, _ := treeSize()
	o.refused(t, exitSome, fmt.Sprintf("12 of %d keys are not verified", keys), hintEachKey)
	lines := decodeLines[map[string]any](t, json.NewDecoder(strings.NewReader(o.stdout)))
	if len(lines) != keys+1 {
		t.Fatalf("%d lines, want %d", len(lines), keys+1)
	}
	for _, l := range lines[:keys] {
		id := l["key_id"].(string)
		p, bad := want[id]
		detail, _ := l["detail"].(string)
		if warnings := l["warnings"].([]any); len(warnings) > 0 {
			t.Errorf("key %s: warnings %v", id, warnings)
		}
		switch {
		case !bad && (l["status"] != "ok" || l["reason"] != nil || detail != ""):
			t.Errorf("key %s, with which nothing is wrong: %v", id, l)
		case bad && (l["status"] != p.status || l["reason"] != p.reason || detail == "" || !strings.Contains(detail, p.detail)):
			t.Errorf("key %s, %s: %v: %s", id, p.fault, l["reason"], detail)
		}
	}
	sum := fmt.Sprint(lines[keys]["keys"], lines[keys]["ok"], lines[keys]["failed"], lines[keys]["missing"], lines[keys]["unrecorded"])
	if sum != fmt.Sprint(keys, keys-12, 10, 1, 1) {
		t.Errorf("the summary counts %s", sum)
	}
	checkTreePage(t, page, want)
}

func checkTreePage(t *testing.T, path string, want map[string]planted) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	text := string(data)
	_, attention, _ := strings.Cut(text, `id="attention"`)
	attention, _, _ = strings.Cut(attention, "</section>")
	keys, _ := treeSize()
	if !strings.Contains(text, fmt.Sprintf(`<h1 class="bad">12 of %d keys need attention</h1>`, keys)) || strings.Count(text, `<tr data-status="ok">`) != keys-12 {
		t.Error("the page does not say that 12 keys need attention")
	}
	if n := strings.Count(attention, "<b>Next:</b>"); n != 12 {
		t.Errorf("the page has %d next steps, want 12", n)
	}
	for id := range want {
		if strings.Count(attention, id) != 1 {
			t.Errorf("key %s is not among what needs attention", id)
		}
	}
}

// TestVerifyCopies: of several versions of a shard the page and the JSON say
// which are valid, and which one a rebuild uses; and that it is old.
func TestVerifyCopies(t *testing.T) {
	t.Parallel()
	dir, ids := idSet(t, 1, 1)
	path := filepath.Join(dir, "record.json")
	write(t, path, strings.Replace(recordText(ids, nil), `"keys"`, fmt.Sprintf(`"recovery_keys":[{"sha256":%q,"custody":"2 of 3"},{"sha256":"%064x"}],"keys"`,
		rsadecrypt.FingerprintOf(&testkey.Small().PublicKey).Hex(), 7), 1))
	folder := filepath.Join(dir, "bucket", ids[0].Key.String())
	newest := filepath.Join(folder, "recovery_shard-0.txt")
	old := filepath.Join(folder, "versions", "recovery_shard-0.txt")
	data, err := os.ReadFile(newest)
	if err != nil {
		t.Fatal(err)
	}
	write(t, old, string(data))
	write(t, newest, string(data[:1000]))
	for name, at := range map[string]time.Time{newest: time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC), old: time.Date(2024, 2, 3, 0, 0, 0, 0, time.UTC)} {
		if err := os.Chtimes(name, at, at); err != nil {
			t.Fatal(err)
		}
	}
	o := execute(t, "verify", "--record", path, "--shards", filepath.Join(dir, "bucket"), "--json")
	lines := decodeLines[map[string]any](t, json.NewDecoder(strings.NewReader(o.stdout)))
	if o.status != 0 || len(lines) != 2 {
		t.Fatalf("status %d\n%s%s", o.status, o.stdout, o.stderr)
	}
	copies := lines[0]["shards"].([]any)
	bad, good := copies[0].(map[string]any), copies[1].(map[string]any)
	if bad["status"] != "failed" || bad["used"] != nil || bad["modified"] != "2026-05-01T00:00:00Z" {
		t.Errorf("the damaged copy: %v", bad)
	}
	if good["status"] != "ok" || good["used"] != true || good["modified"] != "2024-02-03T00:00:00Z" {
		t.Errorf("the valid copy: %v", good)
	}
	key := ids[0].Key.String()
	warnings := fmt.Sprint(lines[0]["warnings"])
	for _, want := range []string{
		"only an older copy is valid: " + key + "/versions/recovery_shard-0.txt (2024-02-03); the newer " + key + "/recovery_shard-0.txt (2026-05-01) is damaged",
		"no shard for the recorded recovery key SHA256:0000 0000",
	} {
		if !strings.Contains(warnings, want) {
			t.Errorf("no warning that %s:\n%s", want, warnings)
		}
	}
	want := fmt.Sprintf(`[{"custody":"2 of 3","keys":1,"recorded":true,"sha256":%q},{"keys":0,"recorded":true,"sha256":"%064x"}]`,
		rsadecrypt.FingerprintOf(&testkey.Small().PublicKey).Hex(), 7)
	if got, _ := json.Marshal(lines[1]["recovery_keys"]); string(got) != want {
		t.Errorf("the recovery keys are %s, want %s", got, want)
	}
	o = execute(t, "verify", "--record", path, "--shards", filepath.Join(dir, "bucket"))
	for _, want := range []string{
		"        copy " + key + "/recovery_shard-0.txt, 2026-05-01: failed\n",
		"        copy " + key + "/versions/recovery_shard-0.txt, 2024-02-03: ok, a rebuild uses this one\n",
	} {
		if !strings.Contains(o.stdout, want) {
			t.Errorf("no line %q in\n%s", want, o.stdout)
		}
	}
}
