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

// TestForged: no shard that somebody made with public data alone gives a key
// with success, and what the record knows of the key decides.
func TestForged(t *testing.T) {
	tier.Long(t)
	for _, c := range vectors.Forged(t) {
		t.Run(c.File, func(t *testing.T) {
			t.Parallel()
			v := newVectorCase(t, "forged/"+c.File, c.RecoveryKey, c.QuorumID, c.KeyID, c.Algorithm)
			v.right, v.public = c.WalletPrivateKey, c.WalletPublicKey
			v.check("verify", append([]string{"verify"}, v.selection()...), c.Verify)
			v.check("drill", append([]string{"drill", "--production", "--key", v.key}, v.selection()...), c.Drill)
			v.rebuilds(c.Verdicts)
		})
	}
}

// TestTampered does the same with the damaged shards: verify, and a rebuild
// without an anchor, with --accept-unproved, and with the public key recorded.
func TestTampered(t *testing.T) {
	tier.Long(t)
	for _, c := range vectors.Tampered(t) {
		t.Run(c.File, func(t *testing.T) {
			t.Parallel()
			v := newVectorCase(t, "tampered/"+c.File, c.RecoveryKey, c.QuorumID, c.KeyID, c.Algorithm)
			base := vectors.Kit(t, c.Kit)[0]
			v.right, v.public = base.WalletPrivateKey, base.WalletPublicKey
			recoveryKey := strings.TrimSuffix(v.key, ".pem") + ".pub.der"
			v.check("verify", append([]string{"verify", "--recovery-public-key", recoveryKey}, v.selection()...), c.Verify)
			v.rebuilds(c.Verdicts)
		})
	}
}

// vectorCase is one shard of the vectors, as the download of a bucket and as a
// file, with the recovery key and what the record says of it.
type vectorCase struct {
	*testing.T
	dir, shard, bucket, key    string // paths
	quorumID, keyID, algorithm string
	right, public              string // the right wallet key, hex
}

func newVectorCase(t *testing.T, shard, key, quorumID, keyID, algorithm string) *vectorCase {
	t.Helper()
	dir := t.TempDir()
	v := &vectorCase{
		T: t, dir: dir, shard: filepath.Join(dir, "shard.txt"), key: filepath.Join(dir, "key.pem"),
		quorumID: quorumID, keyID: keyID, algorithm: algorithm,
	}
	data := vectors.Read(t, shard)
	v.bucket = vectors.WriteBucket(t, keyID, data)
	for name, data := range map[string][]byte{
		v.shard: data, v.key: vectors.Read(t, key),
		filepath.Join(dir, "key.pub.der"): vectors.Read(t, strings.TrimSuffix(key, ".pem")+".pub.der"),
	} {
		if err := os.WriteFile(name, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return v
}

// selection are the flags of a single key without a record.
func (v *vectorCase) selection() []string {
	return []string{"--quorum-id", v.quorumID, "--key-id", v.keyID, "--algorithm", v.algorithm, "--shards", v.shard}
}

// rebuilds checks the three ways to rebuild the key.
func (v *vectorCase) rebuilds(want vectors.Verdicts) {
	v.Helper()
	v.rebuild("without an anchor", v.selection(), want.Unanchored, exitOK)
	accepted := exitSome
	if want.Unanchored == vectors.OK { // there is nothing to accept
		accepted = exitOK
	}
	v.rebuild("with --accept-unproved", append(v.selection(), "--accept-unproved"), want.Accepted, accepted)
	record := filepath.Join(v.dir, "record.json")
	text, err := json.Marshal(map[string]any{
		"format": "recover-record/1", "environment": "sandbox",
		"keys": []map[string]string{{"quorum_id": v.quorumID, "key_id": v.keyID, "algorithm": v.algorithm, "public_key": v.public}},
	})
	if err == nil {
		err = os.WriteFile(record, text, 0o600)
	}
	if err != nil {
		v.Fatal(err)
	}
	v.rebuild("with the public key recorded", []string{"--record", record, "--shards", v.bucket}, want.Anchored, exitOK)
}

// rebuild checks one of them; success is the exit status with a right key.
func (v *vectorCase) rebuild(how string, selection []string, want vectors.Verdict, success int) {
	v.Helper()
	out := filepath.Join(v.dir, strings.ReplaceAll(how, " ", "-"))
	o := execute(v.T, append([]string{"rebuild", "--key", v.key, "--unsealed", "--out", out}, selection...)...)
	if o.status == exitUsage {
		v.Errorf("rebuild %s: wrong usage: %s", how, o.stderr)
		return
	}
	keys := writtenKeys(v.T, out)
	for _, k := range keys {
		marked := k.Proved != nil && !*k.Proved
		switch {
		case want == vectors.Doubt && !marked:
			v.Errorf("rebuild %s: a key is written without \"proved\": false", how)
		case want != vectors.Doubt && k.PrivateKey != v.right:
			v.Errorf("rebuild %s: A WRONG KEY CAME OUT", how)
		}
	}
	rebuilt := len(keys) == 1 && o.status == success
	refused := len(keys) == 0 && o.status != exitOK
	holds := map[vectors.Verdict]bool{
		vectors.OK: rebuilt, vectors.Fail: refused, vectors.Any: rebuilt || refused, vectors.Doubt: o.status != exitOK,
	}
	if !holds[want] {
		v.Errorf("rebuild %s: %d keys, exit status %d, want %s\n%s", how, len(keys), o.status, want, o.stderr)
	}
}

// check runs a verb that writes no key.
func (v *vectorCase) check(what string, args []string, want vectors.Verdict) {
	v.Helper()
	o := execute(v.T, args...)
	got := vectors.Fail
	if o.status == exitOK {
		got = vectors.OK
	}
	if o.status == exitUsage || want != vectors.Any && got != want {
		v.Errorf("%s: exit status %d, want %s\n%s", what, o.status, want, o.stderr)
	}
}
