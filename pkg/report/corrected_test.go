package report

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"recover/internal/output"
)

// TestRecord resumes with records that say something else.
func TestRecord(t *testing.T) {
	for name, c := range map[string]struct {
		change  func(text string, s *sample) string
		problem string
	}{
		"gone": {func(text string, s *sample) string { return strings.Replace(text, s.keys[2].KeyID, id(99).String(), 1) }, "it was rebuilt, and is not in the record"},
		"quorum": {func(text string, s *sample) string {
			return strings.Replace(text, s.keys[2].QuorumID, id(99).String(), 1)
		}, "its quorum ID is not that of the record"},
		"algorithm": {func(text string, _ *sample) string { return last(text, `"SECP256K1"`, `"ED25519"`) }, "its algorithm is not that of the record"},
		"public key": {func(text string, s *sample) string {
			return last(text, `"SECP256K1"`, `"SECP256K1","public_key":"`+s.keys[0].PublicKey+`"`)
		}, "its public key is not that of the record"},
		"address": {func(text string, s *sample) string {
			return last(text, `"SECP256K1"`, `"SECP256K1","address":"`+s.keys[0].Addresses["ethereum"]+`"`)
		}, "its address is not that of the record"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSample(t, 3)
			dir := s.run(t)
			s.setRecord(t, c.change(s.text, s))
			var contradiction *ContradictionError
			if err := s.begin(dir); !errors.As(err, &contradiction) || contradiction.KeyID != s.keys[2].KeyID || contradiction.Problem != c.problem {
				t.Errorf("got %v", err)
			}
		})
	}
}

// TestUnprovedGone: a key that was accepted without proof counts among those that the
// record has to have.
func TestUnprovedGone(t *testing.T) {
	s := newSample(t, 3)
	s.fail[1] = Unproved
	dir := s.run(t)
	s.setRecord(t, strings.Replace(s.text, s.keys[2].KeyID, id(99).String(), 1))
	var contradiction *ContradictionError
	if err := s.begin(dir); !errors.As(err, &contradiction) || contradiction.KeyID != s.keys[2].KeyID {
		t.Errorf("got %v", err)
	}
}

func last(text, was, is string) string {
	i := strings.LastIndex(text, was)
	return text[:i] + is + text[i+len(was):]
}

// TestCorrectedRecord resumes with a record in which a key that was not rebuilt
// has another ID, one has come, and the others say more. The report answers to
// it, and names the first one.
func TestCorrectedRecord(t *testing.T) {
	s := newSample(t, 4)
	s.fail = map[int]string{1: Missing}
	dir := s.run(t)
	was := fmt.Sprintf("%x", s.record.SHA256())
	more := newSample(t, 5)
	text := strings.Replace(more.text, more.keys[1].KeyID, id(77).String(), 1)
	text = last(text, `"SECP256K1"`, `"SECP256K1","public_key":"`+more.keys[4].PublicKey+`"`)
	text = strings.Replace(text, `"quorum_id":"`+more.keys[2].QuorumID, `"previous_quorum_ids":["`+more.keys[2].QuorumID+`"],"quorum_id":"`+id(55).String(), 1)
	more.setRecord(t, text)
	more.keys[1].KeyID = id(77).String()
	run, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := run.CheckRecord(more.record, always); err != nil {
		t.Fatal(err)
	}
	store, err := run.Resume(more.head(), output.Unsealed(), limit)
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range []int{1, 4} {
		if err := store.Add(more.result(i)); err != nil {
			t.Fatal(err)
		}
	}
	if err := store.Finish(true, 1.5); err != nil {
		t.Fatal(err)
	}
	more.complete(t, dir)
	file, keys := scanFile(t, filepath.Join(dir, "report-2.json"))
	is := fmt.Sprintf("%x", more.record.SHA256())
	if file.Header.RecordSHA256 != is || file.Header.BegunRecordSHA256 != was || len(file.Resumed) != 1 || file.Resumed[0].RecordSHA256 != is {
		t.Errorf("the report is of record %s, begun with %s", file.Header.RecordSHA256, file.Header.BegunRecordSHA256)
	}
	if _, there := keys[id(1).String()]; there {
		t.Error("the report has the key that is not in the record any more")
	}
	// With the same record the run is complete; the first one misses a key.
	if run, err = Open(dir); err != nil {
		t.Fatal(err)
	}
	defer run.Close()
	if err := run.CheckRecord(more.record, always); err != ErrComplete {
		t.Errorf("the same record: %v", err)
	}
	var contradiction *ContradictionError
	if err := run.CheckRecord(s.record, always); !errors.As(err, &contradiction) {
		t.Errorf("the first record: %v", err)
	}
}
