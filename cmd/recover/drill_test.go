package main

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"recover/fixtures/testkey"
	"recover/fixtures/tier"
	"recover/pkg/record"
	"recover/pkg/shard"
	"recover/pkg/wallet"
)

// TestDrill: all keys are proved, nothing secret is in the report, and nothing
// but the page is written.
func TestDrill(t *testing.T) {
	t.Parallel()
	p, dir := small(), t.TempDir()
	page := filepath.Join(dir, "drill.html")
	args := append([]string{"drill", "--key", p.path("key-0.pem"), "--present", "Ada, custodian <1>", "--html", page, "--json"}, p.selection()...)
	o := execute(t, args...)
	lines := decodeLines[map[string]any](t, json.NewDecoder(strings.NewReader(o.stdout)))
	if o.status != 0 || len(lines) != 5 {
		t.Fatalf("status %d\n%s%s", o.status, o.stdout, o.stderr)
	}
	for i, l := range lines[:4] {
		if l["status"] != "ok" || l["signed"] != true || l["key_id"] != p.keys[i].IDs.Key.String() {
			t.Errorf("key %d: %v", i, l)
		}
	}
	sum := lines[4]
	if len(sum["steps"].([]any)) != 3 || sum["present"].([]any)[0] != "Ada, custodian <1>" || sum["ok"] != 4.0 || sum["recorded"] != 4.0 {
		t.Errorf("the summary is %v", sum)
	}
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(text, []byte("All 4 keys would have been recovered")) || !bytes.Contains(text, []byte("Ada, custodian &lt;1&gt;")) {
		t.Error("the page does not say who was there and what came out")
	}
	for _, s := range p.secrets() {
		for name, text := range map[string][]byte{"page": text, "stdout": []byte(o.stdout), "stderr": []byte(o.stderr)} {
			if bytes.Contains(text, s) || bytes.Contains(bytes.ToLower(text), []byte(hex.EncodeToString(s))) {
				t.Errorf("a secret is in the %s", name)
			}
		}
	}
	if files, err := os.ReadDir(dir); err != nil || len(files) != 1 {
		t.Errorf("more was written than the page: %v", files)
	}
}

func TestDrillSample(t *testing.T) {
	tier.Long(t)
	t.Parallel()
	p := many()
	seen := make(map[string]bool)
	for range 4 {
		o := execute(t, append([]string{"drill", "--key", p.path("key-0.pem"), "--sample", "3", "--json"}, p.selection()...)...)
		lines := decodeLines[map[string]any](t, json.NewDecoder(strings.NewReader(o.stdout)))
		if o.status != 0 || len(lines) != 4 || lines[3]["keys"] != 3.0 || lines[3]["recorded"] != 40.0 {
			t.Fatalf("status %d\n%s%s", o.status, o.stdout, o.stderr)
		}
		for _, l := range lines[:3] {
			seen[l["key_id"].(string)] = true
		}
	}
	if len(seen) <= 3 { // that four samples of 40 are the same has a chance of 1 in 10¹¹
		t.Error("every sample is the same")
	}
	o := execute(t, append([]string{"drill", "--key", p.path("key-0.pem"), "--sample", "3"}, p.selection()...)...)
	if !strings.Contains(o.stdout, "a sample of 3 of 40 recorded keys\n3 keys: 3 ok; nothing secret was written\n") {
		t.Errorf("the report is:\n%s", o.stdout)
	}
}

// TestDrillRefused: production keys are rebuilt only on purpose, and a damaged
// bucket is told as a rebuild would.
func TestDrillRefused(t *testing.T) {
	tier.Long(t)
	t.Parallel()
	p, dir := small(), t.TempDir()
	text, err := os.ReadFile(p.path("record.json"))
	if err != nil {
		t.Fatal(err)
	}
	production := filepath.Join(dir, "production.json")
	write(t, production, strings.Replace(string(text), `"sandbox"`, `"production"`, 1))
	args := []string{"drill", "--key", p.path("key-0.pem"), "--record", production, "--shards", p.path("bucket")}
	execute(t, args...).refused(t, exitInput, production+": the record's environment is production, and this is a drill",
		"rehearse with a practice bucket (recover sandbox), or add --production if this drill is meant to use the real keys")
	if o := execute(t, append(args, "--production")...); o.status != 0 {
		t.Errorf("with --production: %s", o.stderr)
	}
	execute(t, append(args, "--sample", "0")...).refused(t, exitUsage, "--sample is not a number of 1 or more", "leave it out for all keys")
	execute(t, "drill", "--key", p.path("key-0.pem"), "--shards", p.path("bucket"), "--quorum-id", quorumID(9).String(), "--key-id", p.keys[0].IDs.Key.String(),
		"--algorithm", "SECP256K1").refused(t, exitFailed,
		p.path("bucket/"+p.keys[0].IDs.Key.String()+"/recovery_shard-0.txt")+
			": the quorum ID or the key ID in the record does not belong to this backup (none of its 120 opened ciphertexts fits them and its recovery key)",
		reasonHint(shard.ReasonWrongIDs))
}

// TestSignChallenge: the signature has to be right under the recorded public key.
func TestSignChallenge(t *testing.T) {
	for _, k := range small().keys[:2] {
		data, err := k.Shards[0].Encode()
		if err != nil {
			t.Fatal(err)
		}
		s, err := shard.Parse(data)
		if err != nil {
			t.Fatal(err)
		}
		m, err := s.Rebuild(t.Context(), testkey.Small(), k.IDs, shard.Options{})
		if err != nil {
			t.Fatal(err)
		}
		w, err := wallet.Derive(m)
		if err != nil {
			t.Fatal(err)
		}
		for _, right := range []record.Entry{{}, {PublicKey: w.Public()}} {
			if err := signChallenge(w, right); err != nil {
				t.Errorf("%s: %v", k.Group.Name(), err)
			}
		}
		if err := signChallenge(w, record.Entry{PublicKey: k.Group.NewPoint().Add(w.Public(), w.Public())}); err != errSignature || reasonOf(err) != reasonSignature {
			t.Errorf("%s, another public key: %v", k.Group.Name(), err)
		}
	}
}
