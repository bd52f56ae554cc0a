package report

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"recover/internal/group"
	"recover/internal/message"
	"recover/internal/output"
	"recover/internal/uuid"
	"recover/pkg/record"
	"recover/pkg/shard"
	"recover/pkg/wallet"
)

// sample is a record of a few keys, and what a rebuild makes of them.
type sample struct {
	text   string // of the record
	record *record.Record
	keys   []Key
	fail   map[int]string // keys that are not rebuilt: their status
}

func id(n int) uuid.ID { return uuid.ID{6: 0x40, 8: 0x80, 15: byte(n), 14: byte(n >> 8)} }

func newSample(t testing.TB, n int) *sample {
	t.Helper()
	s := &sample{fail: make(map[int]string)}
	var entries []string
	for i := range n {
		g := group.Secp256k1
		if i%2 == 1 {
			g = group.Edwards25519
		}
		public := g.NewPoint().BaseMul(g.NewScalar().SetUint64(uint64(1000 + i)))
		k := Key{
			Type: "key", QuorumID: id(1000 + i%3).String(), KeyID: id(i).String(), Algorithm: g.Algorithm(), Status: OK,
			PublicKey: hex.EncodeToString(public.Bytes()), Addresses: make(map[string]string), Warnings: []message.Warning{},
			Shard: fmt.Sprint("shard-", i), ShardSHA256: strings.Repeat("ab", 32),
		}
		for _, a := range wallet.Addresses(g, public) {
			k.Addresses[a.Chain] = a.Text
		}
		s.keys = append(s.keys, k)
		entries = append(entries, fmt.Sprintf(`{"quorum_id":"%s","key_id":"%s","algorithm":"%s"}`, k.QuorumID, k.KeyID, k.Algorithm))
	}
	s.setRecord(t, `{"format":"recover-record/1","environment":"sandbox","keys":[`+strings.Join(entries, ",\n")+`]}`)
	return s
}

func (s *sample) setRecord(t testing.TB, text string) {
	t.Helper()
	r, err := record.Open(strings.NewReader(text), int64(len(text)))
	if err != nil {
		t.Fatal(err)
	}
	s.text, s.record = text, r
}

func (s *sample) head() *Header {
	return &Header{
		Type: "run", Format: Format, Verb: "rebuild", Tool: Tool{Version: "test"}, Begun: "2026-01-02T03:04:05Z", Record: "record.json",
		RecordSHA256: fmt.Sprintf("%x", s.record.SHA256()), Environment: "sandbox", Shards: "bucket", RecoveryKey: strings.Repeat("cd", 32), Sealed: "no",
	}
}

// result is what a rebuild gives to its Store.
func (s *sample) result(i int) (*Key, *WalletKey, *MasterKey) {
	k := s.keys[i]
	secret := bytes.Repeat([]byte{byte(i + 1)}, 32)
	switch status := s.fail[i]; status {
	case "", OK, Unproved:
		if status == Unproved {
			k.Status, k.Proved = Unproved, new(bool)
		}
		return &k, &WalletKey{QuorumID: k.QuorumID, KeyID: k.KeyID, Algorithm: k.Algorithm, PrivateKey: secret, PublicKey: k.PublicKey}, nil
	case "master":
		k.Status, k.Reason, k.PublicKey, k.Addresses = Failed, shard.ReasonChainCode, "", nil
		return &k, nil, &MasterKey{KeyID: k.KeyID, MasterPrivateKey: secret}
	default:
		k.Status, k.Reason, k.PublicKey, k.Addresses = status, "unreadable", "", nil
		return &k, nil, nil
	}
}

func always(uuid.ID) bool { return true }

// limit is how many keys a segment of these tests has.
const limit = 3

// begin creates the directory of a run, or resumes it, and works on the keys.
func (s *sample) begin(path string) error {
	if _, err := os.Lstat(path); err != nil {
		store, err := Create(path, s.head(), nil, output.Unsealed(), limit)
		if err != nil {
			return err
		}
		return s.work(store, func(uuid.ID) bool { return false })
	}
	run, err := Open(path)
	if err != nil {
		return err
	}
	if err := run.CheckRecord(s.record, always); err != nil {
		run.Close()
		return err
	}
	store, err := run.Resume(s.head(), output.Unsealed(), limit)
	if err != nil {
		run.Close()
		return err
	}
	return s.work(store, run.IsDone)
}

func (s *sample) work(store *Store, isDone func(uuid.ID) bool) error {
	var failed error
	for i := range s.keys {
		if isDone(id(i)) {
			continue
		}
		if failed = store.Add(s.result(i)); failed != nil {
			break
		}
	}
	return errors.Join(failed, store.Finish(failed == nil, 1.5))
}

// scanFile reads a journal or report.
func scanFile(t testing.TB, path string) (*File, map[string]Key) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	keys := make(map[string]Key)
	file, err := Scan(f, Visitor{Key: func(k *Key, _ Line) error {
		keys[k.KeyID] = *k
		return nil
	}})
	if err != nil {
		text, _ := os.ReadFile(path)
		t.Fatalf("%s: %v\n%s", path, err, text)
	}
	return file, keys
}

// inSegment reports whether a key's line is whole in a segment.
func inSegment(dir string, k Key) bool {
	text, err := os.ReadFile(filepath.Join(dir, k.Segment))
	return err == nil && strings.Contains(string(text), `"key_id":"`+k.KeyID+`"`) && strings.HasSuffix(string(text), "}\n")
}

// complete checks the newest report: every key is done, and is once in the
// segments that are used.
func (s *sample) complete(t testing.TB, dir string) {
	t.Helper()
	names := namesOf(t, dir)
	file, keys := scanFile(t, filepath.Join(dir, reportName(latestReport(names))))
	if file.IsJournal || file.Counts.OK != len(s.keys) || file.Counts.Keys != len(s.keys) || !file.Tail.Complete || file.Tail.Summary.Seconds != 1.5 {
		t.Fatalf("the report counts %v", &file.Counts)
	}
	var all string
	for _, g := range file.Segments {
		if kind, _ := parseSegmentName(g.Name); g.Rejected == "" && kind == keysPrefix {
			text, err := os.ReadFile(filepath.Join(dir, g.Name))
			if err != nil || int64(len(text)) != g.Size {
				t.Errorf("%s: %d bytes, %v", g.Name, len(text), err)
			}
			all += string(text)
		}
	}
	for _, k := range s.keys {
		if strings.Count(all, k.KeyID) != 1 || !inSegment(dir, keys[k.KeyID]) {
			t.Errorf("key %s is in the segments %d times", k.KeyID, strings.Count(all, k.KeyID))
		}
		got := keys[k.KeyID]
		got.Segment = ""
		if a, b := jsonOf(t, got), jsonOf(t, k); a != b {
			t.Errorf("the report has\n%s\nfor\n%s", a, b)
		}
	}
	for _, name := range names {
		if name == pendingName || strings.HasSuffix(name, ".partial") {
			t.Errorf("%s was left behind", name)
		}
	}
}

func jsonOf(t testing.TB, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func namesOf(t testing.TB, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func write(t testing.TB, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func read(t testing.TB, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
