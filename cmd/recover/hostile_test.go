//go:build linux

package main

import (
	"crypto/rsa"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	sandbox "recover/fixtures"
	"recover/fixtures/tier"
	"recover/internal/group"
	"recover/pkg/shard"
)

// TestResumeOfSomethingElse holds that --resume changes nothing in a directory
// that is not one of a rebuild.
func TestResumeOfSomethingElse(t *testing.T) {
	tier.Long(t)
	t.Parallel()
	dir := t.TempDir()
	journal := filepath.Join(dir, journalName)
	for path, text := range map[string]string{journal: "some words, no line break", filepath.Join(dir, ".mine.partial"): "mine"} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	resume := func() outcome {
		return execute(t, append([]string{"rebuild", "--resume", dir, "--key", many().path("key-0.pem"), "--unsealed"}, many().selection()...)...)
	}
	resume().wantStatus(t, exitFailed)
	if text := string(must(os.ReadFile(journal))); text != "some words, no line break" {
		t.Errorf("the file was changed to %q", text)
	}
	if _, err := os.Stat(filepath.Join(dir, ".mine.partial")); err != nil {
		t.Error(err)
	}
	if err := os.Rename(journal, filepath.Join(dir, "other")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("other", journal); err != nil {
		t.Fatal(err)
	}
	resume().wantStatus(t, exitFailed)
}

// TestResumeOfHostile resumes a run in whose directory there is a pipe.
func TestResumeOfHostile(t *testing.T) {
	tier.Long(t)
	t.Parallel()
	b := newBroken(t, many())
	start(t, b.command())
	if err := os.Remove(filepath.Join(b.out, reportName)); err != nil {
		t.Fatal(err)
	}
	pending := filepath.Join(b.out, pendingName)
	if err := syscall.Mkfifo(pending, 0o600); err != nil {
		t.Fatal(err)
	}
	start(t, b.command()).wantStatus(t, exitFailed)
	if err := os.Remove(pending); err != nil {
		t.Fatal(err)
	}
	start(t, b.command()).wantStatus(t, exitOK)
	b.once()
}

// TestPlantedBackup puts a valid backup of another key into a key's folder.
func TestPlantedBackup(t *testing.T) {
	tier.Long(t)
	t.Parallel()
	dir := t.TempDir()
	real := small().keys[0]
	planted, err := sandbox.Make(rand.NewChaCha8([32]byte{99}), sandbox.Spec{
		Group: group.Secp256k1, IDs: real.IDs, Players: 3, Threshold: 1, Sharing: shard.Shamir, Kit: []*rsa.PublicKey{&small().recovery.PublicKey},
	})
	if err != nil {
		t.Fatal(err)
	}
	folder := filepath.Join(dir, "bucket", real.IDs.Key.String())
	if err := os.MkdirAll(filepath.Join(folder, "versions"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, k := range map[string]*sandbox.Key{"recovery_shard-0.txt": planted, "versions/recovery_shard-0.txt": real} {
		if err := os.WriteFile(filepath.Join(folder, name), must(k.Shards[0].Encode()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	ids := fmt.Sprintf("%s,%s,SECP256K1", real.IDs.Quorum, real.IDs.Key)
	rebuild := func(record, out string) outcome {
		path := filepath.Join(dir, out+".csv")
		if err := os.WriteFile(path, []byte(record+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		return execute(t, "rebuild", "--record", path, "--shards", filepath.Join(dir, "bucket"), "--key", small().path("key-0.pem"),
			"--unsealed", "--out", filepath.Join(dir, out), "--json")
	}
	o := rebuild("quorum_id,key_id,algorithm\n"+ids, "undecided")
	if o.status != exitFailed || !strings.Contains(o.stdout, `"reason":"several-keys"`) {
		t.Errorf("status %d: %s%s", o.status, o.stdout, o.stderr)
	}
	absent(t, filepath.Join(dir, "undecided"))
	o = execute(t, "verify", "--record", filepath.Join(dir, "undecided.csv"), "--shards", filepath.Join(dir, "bucket"), "--json")
	if o.status != exitFailed || !strings.Contains(o.stdout, `"reason":"several-keys"`) {
		t.Errorf("verify: status %d: %s%s", o.status, o.stdout, o.stderr)
	}
	o = rebuild("quorum_id,key_id,algorithm,address\n"+ids+","+real.Expected().Addresses["ethereum"], "decided")
	if o.status != exitOK || !strings.Contains(o.stdout, real.Expected().WalletPublicKey) {
		t.Errorf("status %d: %s%s", o.status, o.stdout, o.stderr)
	}
}
