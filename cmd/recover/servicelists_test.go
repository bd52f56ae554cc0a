package main

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"recover/fixtures/history"
	"recover/fixtures/testkey"
	"recover/fixtures/tier"
	"recover/pkg/rsadecrypt"
)

const (
	cloudQuorum  = "19000000-0000-4000-8000-000000000000" // of the history
	mobileQuorum = "19000000-0000-4000-8000-0000000000ff"
)

// service plays the lists of the service's API about the keys of the history: pages
// without key IDs, wallets that have no backup, quorums and kits.
func service(t *testing.T, dir string, keys []*history.Key) (pages []string, quorums, kits string) {
	t.Helper()
	var wallets []map[string]any
	for i, k := range keys {
		w := map[string]any{"id": fmt.Sprintf("w-%d", i), "vaultId": "v", "quorumId": cloudQuorum, "name": k.Case, "publicKey": k.PublicKey, "address": k.Addresses[map[string]string{"SECP256K1": "ethereum", "ED25519": "solana"}[k.Algorithm]], "keystore": "MPC",
			"blockchain": "ETHEREUM", "status": "ACTIVE", "keyAlgorithm": k.Algorithm}
		if k.Case == history.Steady { // known by its address alone
			delete(w, "publicKey")
			w["address"] = strings.ToLower(k.Addresses["ethereum"])
		}
		if k.Case != history.Unrecorded {
			wallets = append(wallets, w)
		}
	}
	bare := func(name, keystore, quorum string) map[string]any {
		w := map[string]any{"id": name, "name": name, "keystore": keystore, "publicKey": "02" + strings.Repeat("00", 31) + "01", "address": "0x" + name, "blockchain": "BASE"}
		if quorum != "" {
			w["quorumId"] = quorum
		}
		return w
	}
	wallets = append(wallets, bare("vault", "HSM", ""), bare("phones", "MPC", mobileQuorum), bare("gone", "MPC", cloudQuorum))
	save := func(name string, v any) string {
		text, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, name)
		write(t, path, string(text))
		return path
	}
	for at := 0; at < len(wallets); at += 4 {
		pages = append(pages, save(fmt.Sprintf("wallets-%d.json", at/4+1), map[string]any{"filter": map[string]any{"limit": 4, "offset": at, "total": len(wallets)}, "wallets": wallets[at:min(at+4, len(wallets))]}))
	}
	quorums = save("quorums.json", map[string]any{"quorums": []map[string]any{
		{"id": cloudQuorum, "deviceIds": []string{"a", "b"}, "requiredSigners": 2, "type": "QUORUM_TYPE_CLOUD", "backupStrategyId": "kit-1", "mpcAlgorithm": "MPC_ALGORITHM_DKLS19"},
		{"id": mobileQuorum, "deviceIds": []string{"c", "d"}, "requiredSigners": 2, "type": "QUORUM_TYPE_MOBILE", "mpcAlgorithm": "MPC_ALGORITHM_DKLS19"},
	}})
	key := func(name string, der []byte) map[string]any {
		return map[string]any{"name": name, "publicKey": hex.EncodeToString(der), "createdBy": "u"}
	}
	kits = save("kits.json", map[string]any{"strategies": []map[string]any{
		{"id": "kit-1", "orgId": "o", "name": "main", "s3Config": map[string]any{"bucket": "b"}, "recoveryPublicKeys": []any{
			key("safe", rsadecrypt.MarshalPublicKey(&testkey.Small().PublicKey)), key("other", rsadecrypt.MarshalPublicKey(&testkey.Recovery(0).PublicKey))}},
		{"id": "kit-0", "name": "not in use", "recoveryPublicKeys": []any{key("x", []byte{1})}},
	}})
	return pages, quorums, kits
}

// TestRecordService: from the lists as the service's API gives them the record comes
// out right, and what has no backup is named first, with its cause.
func TestRecordService(t *testing.T) {
	tier.Long(t) // it makes keys
	t.Parallel()
	b := newPastBucket(t, false)
	for _, k := range b.keys {
		b.put(k.Name(), k, 0, firstWeek)
	}
	pages, quorums, kits := service(t, b.dir, b.keys)
	public := filepath.Join(b.dir, "public.der")
	write(t, public, string(rsadecrypt.MarshalPublicKey(&testkey.Small().PublicKey)))
	out := filepath.Join(b.dir, "new.json")
	args := []string{"record", "new", "--environment", "production", "--shards", filepath.Join(b.dir, "bucket"), "--recovery-public-key", public}
	for _, page := range pages {
		args = append(args, "--from", page)
	}
	args = slices.Clip(args)
	all := slices.Clip(append(args, "--from", quorums, "--from", kits))
	o := execute(t, append(all, "--out", out, "--json")...)
	const fact = "3 of 10 wallets have no backup; 1 problem with the kits"
	o.refused(t, exitSome, fact, hintEachLine)
	var got []string
	var summary map[string]any
	for _, l := range decodeLines[map[string]any](t, json.NewDecoder(strings.NewReader(o.stdout))) {
		switch l["type"] {
		case "wallet":
			got = append(got, fmt.Sprintf("%v %v %v", l["name"], l["status"], l["reason"]))
		case "kit":
			got = append(got, fmt.Sprintf("kit %v %v %v", l["key_name"], l["status"], l["reason"]))
		case "key":
			got = append(got, fmt.Sprintf("%v %v", l["status"], l["anchor"]))
		case "summary":
			summary = l
		}
		if l["type"] == "wallet" && (l["next"] == "" || l["detail"] == "") {
			t.Errorf("%v", l)
		}
	}
	want := []string{"vault no-backup key-in-hsm", "phones no-backup quorum-without-kit", "gone no-backup backup-not-found", "kit safe ok <nil>", "kit other failed kit-key-foreign"}
	want = append(want, "ok backup") // of which the service's list says nothing
	for range 7 {
		want = append(want, "ok service")
	}
	slices.Sort(got[min(5, len(got)):])
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if summary["wallets_without_backup"] != 3.0 || summary["kit_problems"] != 1.0 {
		t.Errorf("%v", summary)
	}
	b.checkRecord(out)

	// For people: the alarms come first.
	o = execute(t, append(all, "--out", filepath.Join(b.dir, "again.json"))...)
	if !strings.HasPrefix(o.stdout, "NO BACKUP vault               BASE 0xvault\n        key-in-hsm: its key is in the HSM of the service, which writes no backup of it\n        next: ") {
		t.Errorf("%s", o.stdout)
	}
	if !strings.Contains(strings.Join(strings.Fields(o.stderr), " "), "1 of 2 quorums has no backup kit, so no wallet that is made in them is ever backed up: "+mobileQuorum+" (mobile)") {
		t.Errorf("%s", o.stderr)
	}

	// A page that is missing, and lists without quorums and kits.
	o = execute(t, append(slices.Clip(args[:len(args)-2]), "--out", filepath.Join(b.dir, "less.json"))...)
	if flat := strings.Join(strings.Fields(o.stderr), " "); !strings.Contains(flat, "the service's list says that there are 10 wallets, and 8 were given") {
		t.Errorf("%s", o.stderr)
	}
	o = execute(t, append(args, "--out", filepath.Join(b.dir, "walletsonly.json"))...)
	o.refused(t, exitSome, "3 of 10 wallets have no backup", hintEachLine)
	if !strings.Contains(o.stdout, "NO BACKUP phones              BASE 0xphones\n        backup-not-found: ") {
		t.Errorf("%s", o.stdout)
	}
}

// checkRecord makes sure that a record has the keys of the history, with the names,
// public keys and addresses of the service's list.
func (b *pastBucket) checkRecord(path string) {
	b.t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		b.t.Fatal(err)
	}
	var r struct {
		Keys []map[string]any `json:"keys"`
	}
	if err := json.Unmarshal(data, &r); err != nil {
		b.t.Fatal(err)
	}
	if len(r.Keys) != len(b.keys) {
		b.t.Errorf("%d keys", len(r.Keys))
	}
	for i, k := range b.keys {
		e := r.Keys[i]
		want := []any{k.ID, k.QuorumID, k.Algorithm, k.Case, k.PublicKey, "service"}
		switch k.Case {
		case history.Steady:
			want[4] = nil
			if e["address"] != strings.ToLower(k.Addresses["ethereum"]) {
				b.t.Errorf("%s: address %v", k.Case, e["address"])
			}
		case history.Unrecorded:
			want[3], want[4], want[5] = nil, nil, "backup"
		}
		if got := []any{e["key_id"], e["quorum_id"], e["algorithm"], e["name"], e["public_key"], e["anchor"]}; fmt.Sprint(got) != fmt.Sprint(want) {
			b.t.Errorf("%s: %v, want %v", k.Case, got, want)
		}
	}
}

// TestRecordKits: what the kits of the service say of our recovery keys.
func TestRecordKits(t *testing.T) {
	tier.Long(t) // it makes keys
	t.Parallel()
	b := newPastBucket(t, false)
	b.put(b.keys[0].Name(), b.keys[0], 0, firstWeek)
	public := filepath.Join(b.dir, "public.der")
	write(t, public, string(rsadecrypt.MarshalPublicKey(&testkey.Small().PublicKey)))
	ours := hex.EncodeToString(rsadecrypt.MarshalPublicKey(&testkey.Small().PublicKey))
	for i, c := range []struct {
		kits, given string
		status      int
		lines       []string
	}{
		{`[{"id":"k","name":"a","recoveryPublicKeys":[{"publicKey":"` + ours + `"}]}]`, public, 0, []string{"ok      kit a\n        recovery key without a name is yours: SHA256:"}},
		{`[{"id":"k","recoveryPublicKeys":[{"name":"n","publicKey":"0x` + ours + `"}]}]`, "", 0, []string{"ok      kit k\n        recovery key \"n\" SHA256:", ": compare it with yours"}},
		{`[{"id":"k","recoveryPublicKeys":[{"name":"n\"\u202e","publicKey":"zz"}]}]`, public, exitSome, []string{"kit-key-unreadable: its recovery key", "cannot be read: not hex", "kit-key-missing: your recovery key SHA256:"}},
		{`[{"id":"k","recoveryPublicKeys":[{"name":"n","publicKey":"3082"}]}]`, "", exitSome, []string{"kit-key-unreadable: its recovery key \"n\" cannot be read"}},
		{`[{"id":"k","recoveryPublicKeys":[]}]`, "", exitSome, []string{"kit-key-unreadable: the list names no recovery key of it"}},
	} {
		path := filepath.Join(b.dir, fmt.Sprintf("kits%d.json", i))
		write(t, path, c.kits)
		args := []string{"record", "new", "--quorum-id", cloudQuorum, "--shards", filepath.Join(b.dir, "bucket"), "--from", path, "--out", filepath.Join(b.dir, fmt.Sprintf("out%d.json", i))}
		if c.given != "" {
			args = append(args, "--recovery-public-key", c.given)
		}
		o := execute(t, args...)
		if o.status != c.status {
			t.Errorf("%s: status %d\n%s", c.kits, o.status, o.stderr)
		}
		for _, line := range c.lines {
			if !strings.Contains(o.stdout, line) {
				t.Errorf("%s: no %q in\n%s", c.kits, line, o.stdout)
			}
		}
	}
}
