package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	sandbox "recover/fixtures"
	"recover/fixtures/tier"
	"recover/pkg/recovery"
	"recover/pkg/shard"
)

// TestFaults makes a bucket with every fault that the sandbox knows, and holds
// what verify and rebuild say against its table.
func TestFaults(t *testing.T) {
	tier.Long(t) // it rebuilds a bucket for each fault
	t.Parallel()
	program, dir := built(t), filepath.Join(t.TempDir(), "practice")
	args := []string{"sandbox", "--out", dir, "--recovery-public-key", small().path("key-0.pub.der"), "--keys", strconv.Itoa(2 * len(sandbox.Faults))}
	for _, f := range sandbox.Faults {
		args = append(args, "--fault", f.Name)
	}
	if o := start(t, exec.Command(program, args...)); o.status != exitOK {
		t.Fatalf("sandbox: status %d\n%s", o.status, o.stderr)
	}
	// The table is about shards by themselves, without a record that knows the
	// recovery keys: that would tell one of them as another company's.
	record := filepath.Join(dir, "record.csv")
	if err := os.WriteFile(record, asCSV(t, filepath.Join(dir, "record.json")), 0o600); err != nil {
		t.Fatal(err)
	}
	inputs := []string{"--record", record, "--shards", filepath.Join(dir, "bucket"), "--json"}

	o := start(t, exec.Command(program, append([]string{"verify"}, inputs...)...))
	judge(t, "verify", o, func(f sandbox.Fault) shard.Reason { return f.Verify })

	// Without an anchor, what is not proved is not rebuilt; with the public key in
	// the record, all that can be rebuilt is, whatever the shard claims.
	for name, run := range map[string]struct {
		record string
		reason func(sandbox.Fault) shard.Reason
	}{
		"no anchor": {record, func(f sandbox.Fault) shard.Reason {
			if f.Verify == shard.ReasonProof {
				return recovery.ReasonUnproved
			}
			return f.Rebuild
		}},
		"public keys": {filepath.Join(dir, "record.json"), func(f sandbox.Fault) shard.Reason {
			if f.Rebuild == shard.ReasonWalletKey {
				return ""
			}
			return f.Rebuild
		}},
	} {
		inputs[1] = run.record
		checkFaults(t, dir, filepath.Join(dir, name), inputs, run.reason)
	}
}

// checkFaults rebuilds the bucket and compares what comes out with what should.
func checkFaults(t *testing.T, dir, out string, inputs []string, reason func(sandbox.Fault) shard.Reason) {
	t.Helper()
	o := start(t, exec.Command(built(t), append([]string{"rebuild", "--key", small().path("key-0.pem"), "--unsealed", "--out", out}, inputs...)...))
	right := judge(t, "rebuild", o, reason)
	segments := must(filepath.Glob(filepath.Join(out, "keys-*.ndjson"))) // a slow machine closes one while it goes on
	var text []byte
	for _, name := range segments {
		text = append(text, must(os.ReadFile(name))...)
	}
	if err := checkRebuilt(string(text), practice{dir: dir}, false, right); err != nil {
		t.Error(err)
	}
}

func asCSV(t *testing.T, path string) []byte {
	t.Helper()
	record := readLines[struct {
		Keys []struct {
			Quorum    string `json:"quorum_id"`
			Key       string `json:"key_id"`
			Algorithm string
		}
	}](t, path)[0]
	text := "quorum_id,key_id,algorithm\n"
	for _, k := range record.Keys {
		text += k.Quorum + "," + k.Key + "," + k.Algorithm + "\n"
	}
	return []byte(text)
}

// judge compares the result of every key with the reason that its fault has to
// give, and returns the IDs of the keys that are ok. Every second key, an
// ED25519 one, is without a fault.
func judge(t *testing.T, verb string, o outcome, want func(sandbox.Fault) shard.Reason) (ok []string) {
	t.Helper()
	var keys strings.Builder
	for line := range strings.Lines(o.stdout) {
		if strings.HasPrefix(line, `{"type":"key",`) {
			keys.WriteString(line)
		}
	}
	results := decodeLines[keyResult](t, json.NewDecoder(strings.NewReader(keys.String())))
	if len(results) != 2*len(sandbox.Faults) || o.status != exitSome {
		t.Fatalf("%s: %d lines, status %d", verb, len(results), o.status)
	}
	for i, r := range results {
		name, reason := "no fault", shard.Reason("")
		if i%2 == 0 {
			name, reason = sandbox.Faults[i/2].Name, want(sandbox.Faults[i/2])
		}
		status := statusOK
		if reason != "" {
			status = statusFailed
		}
		if r.Status != status || r.Reason != reason || (r.Detail == "") != (status == statusOK) {
			t.Errorf("%s of %s: %s, reason %q, detail %q; want %s, reason %q", verb, name, r.Status, r.Reason, r.Detail, status, reason)
		}
		if r.Status == statusOK {
			ok = append(ok, r.KeyID)
		}
	}
	return ok
}
