package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"recover/fixtures/tier"
	"recover/fixtures/vectors"
)

// TestKits verifies and rebuilds every kit of the vectors as a user does.
func TestKits(t *testing.T) {
	tier.Long(t)
	for _, kit := range vectors.Kits(t) {
		t.Run(kit, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(vectors.Write(t, "kits/"+kit), "kits", kit)
			expected := vectors.Kit(t, kit)
			record := filepath.Join(dir, "record.csv")
			text := "quorum_id,key_id,algorithm\n"
			for _, k := range expected {
				text += k.QuorumID + "," + k.KeyID + "," + k.Algorithm + "\n"
			}
			if err := os.WriteFile(record, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			selected := []string{"--record", record, "--shards", filepath.Join(dir, "bucket")}

			o := execute(t, append([]string{"verify", "--json"}, selected...)...)
			verified := 0
			for _, r := range decodeLines[struct{ Type, Status string }](t, json.NewDecoder(strings.NewReader(o.stdout))) {
				if r.Type == "key" && r.Status == "ok" {
					verified++
				}
			}
			if o.status != 0 || verified != len(expected) {
				t.Errorf("verify: %d of %d keys, exit status %d", verified, len(expected), o.status)
			}

			out := filepath.Join(dir, "out")
			o = execute(t, append([]string{"rebuild", "--key", filepath.Join(dir, "recovery-key-0.pem"), "--unsealed", "--out", out}, selected...)...)
			got := writtenKeys(t, out)
			if o.status != 0 || len(got) != len(expected) {
				t.Errorf("rebuild: %d of %d keys, exit status %d: %s", len(got), len(expected), o.status, o.stderr)
			}
			for _, k := range expected {
				if got[k.KeyID].PrivateKey != k.WalletPrivateKey || got[k.KeyID].PublicKey != k.WalletPublicKey {
					t.Errorf("key %s is not the right one", k.KeyID)
				}
			}
		})
	}
}

// writtenKey is what a test wants to know of a key line.
type writtenKey struct {
	KeyID      string `json:"key_id"`
	PrivateKey string `json:"private_key"`
	PublicKey  string `json:"public_key"`
	Proved     *bool  `json:"proved"`
}

// writtenKeys returns the keys in the unsealed segments of an output directory,
// by key ID; none if the directory is not there.
func writtenKeys(t *testing.T, out string) map[string]writtenKey {
	t.Helper()
	segments, err := filepath.Glob(filepath.Join(out, "keys-*.ndjson"))
	if err != nil {
		t.Fatal(err)
	}
	keys := make(map[string]writtenKey)
	for _, name := range segments {
		for _, k := range readLines[writtenKey](t, name) {
			keys[k.KeyID] = k
		}
	}
	return keys
}
