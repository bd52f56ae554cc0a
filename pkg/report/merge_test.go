package report

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
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

// TestMergeSeveral has a key in several reports, of which one rebuilt it: that
// counts, in either order, unless another one knows of another public key.
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
		results, _, err := s.merge(t, paths...)
		if err != nil || results[1].Status != OK {
			t.Errorf("%v: %v, %+v", paths, err, results)
		}
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
