package report

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"recover/internal/output"
	"recover/internal/secret"
)

func TestRun(t *testing.T) {
	s := newSample(t, 8)
	dir := filepath.Join(t.TempDir(), "out")
	if err := s.begin(dir); err != nil {
		t.Fatal(err)
	}
	s.complete(t, dir)
	if got, want := strings.Join(namesOf(t, dir), " "), "journal.ndjson keys-0001.ndjson keys-0002.ndjson keys-0003.ndjson report.json"; got != want {
		t.Errorf("the directory holds %s", got)
	}
	if err := s.begin(dir); err != ErrComplete {
		t.Errorf("resumed: %v", err)
	}
}

// TestStatuses holds what a run does with keys that are not OK.
func TestStatuses(t *testing.T) {
	s := newSample(t, 9)
	s.fail = map[int]string{1: Failed, 3: Missing, 4: Unproved, 6: "master"}
	dir := filepath.Join(t.TempDir(), "out")
	if err := s.begin(dir); err != nil {
		t.Fatal(err)
	}
	file, keys := scanFile(t, filepath.Join(dir, ReportName))
	if got := file.Counts.String(); got != "9 keys: 5 ok, 1 unproved, 2 failed, 1 missing" {
		t.Errorf("counted %s", got)
	}
	if k := keys[id(4).String()]; k.Status != Unproved || k.Proved == nil || *k.Proved || !inSegment(dir, k) {
		t.Errorf("the unproved key is %+v", k)
	}
	if k := keys[id(6).String()]; k.Segment != "masters-0001.ndjson" || !inSegment(dir, k) {
		t.Errorf("the master key is %+v", k)
	}
	run, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	for i := range s.keys {
		if want := !slices.Contains([]int{1, 3, 6}, i); run.IsDone(id(i)) != want {
			t.Errorf("key %d is done: %v", i, !want)
		}
	}
	if c := run.Counts(); c.Keys != 6 || c.OK != 5 || c.Unproved != 1 {
		t.Errorf("the run counts %v", &c)
	}
	if n := len(run.Sample()); n != 6 {
		t.Errorf("%d keys in the sample", n)
	}
	run.Close()
	first := read(t, filepath.Join(dir, ReportName))
	s.fail = map[int]string{4: Unproved, 3: Missing}
	if err := s.begin(dir); err != nil {
		t.Fatal(err)
	}
	if file, _ := scanFile(t, filepath.Join(dir, "report-2.json")); file.Counts.String() != "9 keys: 7 ok, 1 unproved, 1 missing" || len(file.Resumed) != 1 {
		t.Errorf("then counted %s", &file.Counts)
	}
	if file, _ := scanFile(t, filepath.Join(dir, JournalName)); file.Counts.String() != "9 keys: 7 ok, 1 unproved, 1 missing" {
		t.Errorf("the journal counts %s", &file.Counts)
	}
	s.fail = map[int]string{4: Unproved}
	if err := s.begin(dir); err != nil {
		t.Fatal(err)
	}
	if file, _ := scanFile(t, filepath.Join(dir, "report-3.json")); file.Counts.String() != "9 keys: 8 ok, 1 unproved" || len(file.Resumed) != 2 {
		t.Errorf("at last counted %s", &file.Counts)
	}
	if read(t, filepath.Join(dir, ReportName)) != first {
		t.Error("the first report was written to")
	}
	if err := s.begin(dir); err != ErrComplete {
		t.Errorf("with only an unproved key: %v", err)
	}
}

// TestNothingDone holds that a run without a key leaves nothing, and that a
// result and its key belong together.
func TestNothingDone(t *testing.T) {
	s := newSample(t, 20)
	for i := range s.keys {
		s.fail[i] = Failed
	}
	dir := filepath.Join(t.TempDir(), "out")
	if err := s.begin(dir); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Lstat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the directory is there: %v", err)
	}
	store, err := Create(dir, s.head(), []byte("identity"), output.Unsealed(), limit)
	if err != nil {
		t.Fatal(err)
	}
	if read(t, filepath.Join(dir, IdentityName)) != "identity" {
		t.Error("the identity is another one")
	}
	ok, failed := s.keys[0], s.keys[0]
	failed.Status = Failed
	if store.Add(&ok, nil, nil) != errNotBelonging || store.Add(&failed, new(WalletKey), nil) != errNotBelonging {
		t.Error("a result was taken that does not belong to its key")
	}
	if err := store.Finish(true, 0); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Lstat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the directory is there: %v", err)
	}
}

// TestPendingOnlyOfSegments: what is pending is written before a segment, of wallet
// keys or of master keys alone, and not where there is none.
func TestPendingOnlyOfSegments(t *testing.T) {
	for status, want := range map[string]bool{OK: true, "master": true, Failed: false} {
		s := newSample(t, 1)
		s.fail[0] = status
		store, err := Create(filepath.Join(t.TempDir(), "out"), s.head(), nil, output.Unsealed(), limit)
		if err != nil {
			t.Fatal(err)
		}
		if err := store.Add(s.result(0)); err != nil {
			t.Fatal(err)
		}
		written := false
		output.Fault = func(op, path string) error {
			written = written || op == "write" && strings.Contains(path, pendingName)
			return nil
		}
		err = store.Flush()
		output.Fault = noFault
		if err != nil || written != want {
			t.Errorf("%s: %v, written: %v", status, err, written)
		}
		if err := store.Finish(false, 0); err != nil {
			t.Fatal(err)
		}
	}
}

// TestSizes: a line of a segment is never longer than what was set aside for it:
// appending would leave a copy of it, with its secrets, in memory.
func TestSizes(t *testing.T) {
	proved := false
	long := strings.Repeat("d", 9000)
	var g segments
	for _, line := range []secretLine{
		&WalletKey{QuorumID: id(1).String(), KeyID: id(2).String(), Algorithm: "ED25519", Derivation: long, PrivateKey: make(HexSecret, 32),
			PublicKey: long, Addresses: map[string]string{"solana": long}, MasterPrivateKey: make(HexSecret, 32),
			MasterChainCode: make(HexSecret, 32), Proved: &proved, Doubt: long},
		&MasterKey{QuorumID: id(1).String(), KeyID: long, Algorithm: "ED25519", MasterPrivateKey: make(HexSecret, 32), MasterPublicKey: long},
	} {
		fields, err := line.fields()
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range fields {
			if n := len(f.append(nil)) + len(","); n > f.size() {
				t.Errorf("%s: %d bytes, %d were set aside", f.name, n, f.size())
			}
		}
		if err := g.add(line); err != nil {
			t.Fatal(err)
		}
	}
}

// TestOutgrownIsWiped: when the lines of a segment need more room, what they were in
// is wiped.
func TestOutgrownIsWiped(t *testing.T) {
	var g segments
	var wiped []byte
	secret.Watch = func(b []byte) { wiped = append(wiped, b...) }
	defer func() { secret.Watch = nil }()
	line := func() *WalletKey { return &WalletKey{KeyID: "k", PrivateKey: bytes.Repeat([]byte{0xab}, 32)} }
	if err := g.add(line()); err != nil {
		t.Fatal(err)
	}
	first := bytes.Clone(g.lines)
	room := cap(g.lines)
	for cap(g.lines) == room {
		wiped = nil
		if err := g.add(line()); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.HasPrefix(wiped, first) {
		t.Error("a copy of the lines is left")
	}
}

// TestWiped holds that no secret is left in a line that was given to a Store, nor
// in what waited for its segment.
func TestWiped(t *testing.T) {
	s := newSample(t, 1)
	s.fail[0] = OK
	store, err := Create(filepath.Join(t.TempDir(), "out"), s.head(), nil, output.Unsealed(), limit)
	if err != nil {
		t.Fatal(err)
	}
	k, line, _ := s.result(0)
	line.MasterPrivateKey, line.MasterChainCode = bytes.Repeat([]byte{7}, 32), bytes.Repeat([]byte{8}, 32)
	master := &MasterKey{MasterPrivateKey: bytes.Repeat([]byte{7}, 32), MasterChainCode: bytes.Repeat([]byte{8}, 32)}
	if err := store.Add(k, line, nil); err != nil {
		t.Fatal(err)
	}
	failed := s.keys[0]
	failed.KeyID, failed.Status = id(5).String(), Failed
	if err := store.Add(&failed, nil, master); err != nil {
		t.Fatal(err)
	}
	for i, b := range [][]byte{line.PrivateKey, line.MasterPrivateKey, line.MasterChainCode, master.MasterPrivateKey, master.MasterChainCode} {
		if !bytes.Equal(b, make([]byte, 32)) {
			t.Errorf("secret %d is still there", i)
		}
	}
	keys, masters := store.keys.lines, store.masters.lines
	if len(keys) == 0 || len(masters) == 0 {
		t.Fatal("nothing waits")
	}
	if err := store.Finish(true, 0); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(keys, make([]byte, len(keys))) || !bytes.Equal(masters, make([]byte, len(masters))) {
		t.Error("what waited was not wiped")
	}
}
