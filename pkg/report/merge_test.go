package report

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"recover/internal/output"
	"recover/pkg/record"
)

// parts makes the reports of a divided run: which key is in which is by its
// number.
func (s *sample) parts(t *testing.T, n int) (paths []string) {
	t.Helper()
	dir := t.TempDir()
	for part := range n {
		out := filepath.Join(dir, string(rune('a'+part)))
		store, err := Create(out, s.head(), nil, output.Unsealed(), limit)
		if err != nil {
			t.Fatal(err)
		}
		for i := part; i < len(s.keys); i += n {
			if err := store.Add(s.result(i)); err != nil {
				t.Fatal(err)
			}
		}
		if err := store.Finish(true, 1.5); err != nil {
			t.Fatal(err)
		}
		paths = append(paths, filepath.Join(out, ReportName))
	}
	return paths
}

// merge merges reports and returns the results by number, and the joined report.
func (s *sample) merge(t *testing.T, paths ...string) (results []Key, joined string, err error) {
	t.Helper()
	m, err := NewMerge(s.record)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	for _, path := range paths {
		if err := m.Add(path); err != nil {
			return nil, "", err
		}
	}
	if err := m.Each(func(_ record.Entry, k *Key, _ []byte) error {
		results = append(results, *k)
		return nil
	}); err != nil {
		return nil, "", err
	}
	var out bytes.Buffer
	if err := m.Write(&out); err != nil {
		return nil, "", err
	}
	return results, out.String(), nil
}

func TestMerge(t *testing.T) {
	s := newSample(t, 9)
	s.fail = map[int]string{2: Failed, 4: Unproved}
	paths := s.parts(t, 3)
	results, joined, err := s.merge(t, paths...)
	if err != nil {
		t.Fatal(err)
	}
	for i, k := range results {
		want := s.keys[i].Status
		switch i {
		case 2:
			want = Failed
		case 4:
			want = Unproved
		}
		if k.KeyID != s.keys[i].KeyID || k.Status != want {
			t.Errorf("key %d is %s, %s", i, k.Status, k.Detail)
		}
	}
	if k := results[2]; k.Reason != ReasonReported || k.Detail != "not rebuilt: "+paths[2]+" says why" {
		t.Errorf("the failed key: %s, %s", k.Reason, k.Detail)
	}
	path := filepath.Join(t.TempDir(), "joined.json")
	write(t, path, joined)
	file, keys := scanFile(t, path)
	if file.Counts.String() != "9 keys: 7 ok, 1 unproved, 1 failed" || file.Header.Merged != 3 || !file.Tail.Complete || file.Header.Part != "" {
		t.Errorf("joined: %v, %+v", &file.Counts, file.Header)
	}
	if k := keys[s.keys[2].KeyID]; k.Reason != "unreadable" {
		t.Errorf("the reason of its report is not in the joined one: %s", k.Reason)
	}
	if len(file.Segments) != 3 || file.Segments[1].Name != "keys-0001.ndjson" || file.Segments[1].Report != paths[1] || file.Segments[1].SHA256 == file.Segments[2].SHA256 {
		t.Errorf("its segments: %+v", file.Segments)
	}
	// What was joined can be joined.
	if _, again, err := s.merge(t, path); err != nil || strings.Count(again, `"type":"key"`) != 9 || !strings.Contains(again, paths[1]) {
		t.Errorf("joined again: %v", err)
	}

	results, joined, err = s.merge(t, paths[0], paths[2])
	if err != nil || results[1].Status != Missing || results[1].Reason != ReasonUnreported || results[1].QuorumID != s.keys[1].QuorumID {
		t.Errorf("without the second part: %v, %+v", err, results[1])
	}
	write(t, path, joined)
	if file, _ := scanFile(t, path); file.Tail.Complete || file.Counts.Keys != 6 {
		t.Errorf("without the second part: complete %v, %v", file.Tail.Complete, &file.Counts)
	}
}

// TestMergeRefuses gives reports that are of something else.
func TestMergeRefuses(t *testing.T) {
	s := newSample(t, 4)
	paths := s.parts(t, 2)
	changed := func(was, is string) string {
		text := read(t, paths[1])
		path := filepath.Join(t.TempDir(), ReportName)
		write(t, path, strings.Replace(text, was, is, 1))
		if !strings.Contains(text, was) {
			t.Errorf("%s is not in the report", was)
		}
		return path
	}
	h := s.head()
	for name, c := range map[string]struct {
		path string
		want error
	}{
		"journal":      {filepath.Join(filepath.Dir(paths[1]), JournalName), ErrIsJournal},
		"record":       {changed(h.RecordSHA256, strings.Repeat("0", 64)), ErrOtherRecord},
		"environment":  {changed(`"environment":"sandbox"`, `"environment":"production"`), ErrOtherEnvironment},
		"recovery key": {changed(h.RecoveryKey, strings.Repeat("0", 64)), ErrOtherRecoveryKey},
		"verb":         {changed(`"verb":"rebuild"`, `"verb":"drill"`), ErrNotRebuild},
		"format":       {changed(Format, "x"), ErrFormat},
		"absent":       {filepath.Join(t.TempDir(), "x"), os.ErrNotExist},
	} {
		if _, _, err := s.merge(t, paths[0], c.path); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	var twice *TwiceError
	if _, _, err := s.merge(t, paths[0], paths[1], paths[0]); !errors.As(err, &twice) || twice.KeyID != s.keys[0].KeyID || twice.Other != paths[0] {
		t.Errorf("the same report twice: %v", err)
	}
	var contradiction *ContradictionError
	if _, _, err := s.merge(t, changed(s.keys[1].KeyID, id(99).String())); !errors.As(err, &contradiction) || contradiction.KeyID != id(99).String() {
		t.Errorf("a key of another record: %v", err)
	}
	if _, _, err := s.merge(t); err == nil {
		t.Error("no report is joined to one")
	}
}

// TestMergeContradictions changes what a report says of a key that is done. None
// of that counts as ok, alone, or with another report.
func TestMergeContradictions(t *testing.T) {
	s := newSample(t, 4)
	paths := s.parts(t, 2)
	k := s.keys[2]
	for name, c := range map[string]struct{ was, is, problem string }{
		"quorum":     {`"quorum_id":"` + k.QuorumID + `","key_id":"` + k.KeyID, `"quorum_id":"` + id(99).String() + `","key_id":"` + k.KeyID, "its quorum ID is not that of the record"},
		"algorithm":  {k.KeyID + `","algorithm":"SECP256K1"`, k.KeyID + `","algorithm":"ED25519"`, "its algorithm is not that of the record"},
		"address":    {k.Addresses["ethereum"], s.keys[0].Addresses["ethereum"], "its addresses are not those of its public key"},
		"fewer":      {`"ethereum":"` + k.Addresses["ethereum"] + `"`, `"dogecoin":"x"`, "its addresses are not those of its public key"},
		"public key": {k.PublicKey, s.keys[0].PublicKey, "its addresses are not those of its public key"},
		"no key":     {k.PublicKey, "04", "its public key is not one"},
		"no hex":     {k.PublicKey, "x", "its public key is not one"},
	} {
		path := filepath.Join(t.TempDir(), ReportName)
		text := read(t, paths[0])
		write(t, path, strings.Replace(text, c.was, c.is, 1))
		results, joined, err := s.merge(t, path, paths[1])
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if r := results[2]; r.Status != Failed || r.Reason != ReasonContradiction || r.Detail != path+": "+c.problem || r.PublicKey != "" || r.QuorumID != k.QuorumID {
			t.Errorf("%s: %+v", name, r)
		}
		if results[0].Status != OK || results[3].Status != OK {
			t.Errorf("%s: another key is %s", name, results[0].Detail+results[3].Detail)
		}
		write(t, path, joined)
		if file, keys := scanFile(t, path); file.Counts.OK != 3 || keys[k.KeyID].Reason != ReasonContradiction {
			t.Errorf("%s: joined: %v", name, &file.Counts)
		}
	}
}

// TestMergeSeveral has a key in several reports, of which one says that it is
// rebuilt, and another that it failed: that is a contradiction, in either order,
// and nothing counts as ok because one of them says so. Where a report did not
// have the backup, the other one counts.
func TestMergeSeveral(t *testing.T) {
	s := newSample(t, 2)
	done := s.parts(t, 1)[0]
	s.fail = map[int]string{1: Failed}
	other := s.parts(t, 1)[0]
	text := read(t, other)
	only := func(path, public string) string { // with the second key only, which failed
		lines := strings.SplitAfter(text, "\n")
		failed := strings.Replace(lines[2], `"reason"`, `"public_key":"`+public+`","reason"`, 1)
		rest := strings.NewReplacer(`"keys":2,"ok":1`, `"keys":1,"ok":0`).Replace(strings.Join(lines[3:], ""))
		write(t, path, lines[0]+failed+rest)
		return path
	}
	dir := t.TempDir()
	agrees, differs := only(filepath.Join(dir, "agrees"), s.keys[1].PublicKey), only(filepath.Join(dir, "differs"), s.keys[0].PublicKey)
	for _, paths := range [][]string{{done, agrees}, {agrees, done}} {
		results, joined, err := s.merge(t, paths...)
		want := agrees + ": the key failed there, and is rebuilt according to " + done
		if err != nil || results[1].Status != Failed || results[1].Reason != ReasonContradiction || results[1].Detail != want || strings.Contains(joined, s.keys[1].PublicKey) {
			t.Errorf("%v: %v, %+v", paths, err, results)
		}
		if results[0].Status != OK {
			t.Errorf("the other key is %+v", results[0])
		}
	}
	absent := filepath.Join(dir, "absent")
	write(t, absent, strings.NewReplacer(`"status":"failed"`, `"status":"missing"`, `"failed":1,"missing":0`, `"failed":0,"missing":1`).Replace(read(t, agrees)))
	if results, _, err := s.merge(t, done, absent); err != nil || results[1].Status != OK {
		t.Errorf("missing in one, rebuilt in the other: %v, %+v", err, results)
	}
	for _, paths := range [][]string{{done, differs}, {differs, done}, {agrees, done, differs}, {agrees, differs}} {
		results, joined, err := s.merge(t, paths...)
		if err != nil || results[1].Reason != ReasonContradiction || !strings.HasPrefix(results[1].Detail, differs+": its public key is not that of ") || strings.Contains(joined, s.keys[1].PublicKey) {
			t.Errorf("%v: %v, %+v", paths, err, results)
		}
	}
}

// TestMergeChanged changes a report while it is merged.
func TestMergeChanged(t *testing.T) {
	s := newSample(t, 4)
	paths := s.parts(t, 1)
	for _, change := range []func(text string) string{
		func(text string) string { return strings.Replace(text, s.keys[2].KeyID, s.keys[3].KeyID, 1) },
		func(text string) string { return strings.ReplaceAll(text, `"type":"key"`, `"type":"kez"`) },
	} {
		m, err := NewMerge(s.record)
		if err != nil {
			t.Fatal(err)
		}
		defer m.Close()
		if err := m.Add(paths[0]); err != nil {
			t.Fatal(err)
		}
		text := read(t, paths[0])
		write(t, paths[0], change(text))
		if err := m.Write(new(bytes.Buffer)); err != ErrChanged {
			t.Errorf("got %v", err)
		}
		write(t, paths[0], text)
	}
}

// TestMergeClaims has a report say of a key what no rebuild says: nothing of it
// counts as ok. The segment next to a report has to be the one that it lists.
func TestMergeClaims(t *testing.T) {
	s := newSample(t, 4)
	for i := range s.keys {
		s.keys[i].RecoveryKey = s.head().RecoveryKey
	}
	paths := s.parts(t, 2)
	k := s.keys[2]
	line := `"key_id":"` + k.KeyID + `","algorithm":"SECP256K1","status":"ok",`
	for name, c := range map[string]struct{ was, is, problem string }{
		"reason": {line, line + `"reason":"proof-failed",`, "it is ok, and has the reason of a failure"},
		"proved": {line, line + `"proved":false,`, "it is ok, and not proved"},
	} {
		path := filepath.Join(t.TempDir(), ReportName)
		write(t, path, strings.Replace(read(t, paths[0]), c.was, c.is, 1))
		results, _, err := s.merge(t, path, paths[1])
		if err != nil || results[2].Reason != ReasonContradiction || results[2].Detail != path+": "+c.problem {
			t.Errorf("%s: %v, %+v", name, err, results)
		}
	}
	path := filepath.Join(t.TempDir(), ReportName)
	text := read(t, paths[0])
	at := strings.Index(text, line)
	write(t, path, text[:at]+strings.Replace(text[at:], s.head().RecoveryKey, strings.Repeat("ff", 32), 1))
	results, _, err := s.merge(t, path, paths[1])
	if err != nil || results[2].Detail != path+": its recovery key is not that of the report" {
		t.Errorf("recovery key: %v, %+v", err, results)
	}

	listed, compared := nearby(t, s, paths...)
	if listed != 2 || compared != 2 {
		t.Errorf("%d of %d segments were compared", compared, listed)
	}
	segment := filepath.Join(filepath.Dir(paths[0]), "keys-0001.ndjson")
	whole := read(t, segment)
	for problem, content := range map[string]string{
		"its content has changed": strings.Replace(whole, "0", "1", 1),
		"it is empty":             "",
	} {
		write(t, segment, content)
		results, _, err := s.merge(t, paths...)
		if err != nil || results[0].Reason != ReasonContradiction || results[0].Detail != paths[0]+": its segment keys-0001.ndjson: "+problem || results[1].Status != OK {
			t.Errorf("%s: %v, %+v", problem, err, results)
		}
	}
	if err := os.Remove(segment); err != nil {
		t.Fatal(err)
	}
	if listed, compared := nearby(t, s, paths...); listed != 2 || compared != 1 {
		t.Errorf("without one of them, %d of %d segments were compared", compared, listed)
	}
}

func nearby(t *testing.T, s *sample, paths ...string) (listed, compared int) {
	t.Helper()
	m, err := NewMerge(s.record)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	for _, path := range paths {
		if err := m.Add(path); err != nil {
			t.Fatal(err)
		}
	}
	return m.Nearby()
}

// TestMergeUnrecordedKey: the record names its recovery keys, and the report is of
// another one.
func TestMergeUnrecordedKey(t *testing.T) {
	s := newSample(t, 2)
	for _, c := range []struct {
		sum  string
		want error
	}{{s.head().RecoveryKey, nil}, {strings.Repeat("ee", 32), ErrUnrecordedKey}} {
		s.setRecord(t, strings.Replace(newSample(t, 2).text, `"keys":`, `"recovery_keys":[{"sha256":"`+c.sum+`"}],"keys":`, 1))
		if _, _, err := s.merge(t, s.parts(t, 1)...); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", c.sum, err)
		}
	}
}

// TestNearbyUnreadable: a place that cannot be looked at is an error, and not a report
// without its segments.
func TestNearbyUnreadable(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	write(t, file, "")
	_, err := CheckNearby(filepath.Join(file, ReportName), []Segment{{Name: "keys-0001.ndjson", Size: 9, SHA256: strings.Repeat("0", 64)}})
	if !errors.Is(err, syscall.ENOTDIR) {
		t.Errorf("got %v", err)
	}
}

// TestNearbyTooLarge: a segment that no run writes is not read.
func TestNearbyTooLarge(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "keys-0001.ndjson"), "{}\n")
	n, err := CheckNearby(filepath.Join(dir, ReportName), []Segment{{Name: "keys-0001.ndjson", Size: MaxSegmentSize + 1, SHA256: strings.Repeat("0", 64)}})
	if err != nil || n.Wrong["keys-0001.ndjson"] != "it is larger than any segment" || n.Listed != 1 || n.Compared != 0 {
		t.Errorf("%v, %+v", err, n)
	}
}
