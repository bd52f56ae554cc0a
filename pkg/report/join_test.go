package report

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"recover/internal/message"
	"recover/internal/uuid"
	"recover/pkg/record"
)

// verified returns the report of the verification of a part: all keys of the
// record that are in it, and one that is not recorded.
func (s *sample) verified(t testing.TB, p Part, change func(h *Header, keys []*Key, sum *Summary)) string {
	t.Helper()
	h := s.head()
	h.Sealed, h.Part = "", p.String()
	sum := Summary{Seconds: float64(p.N), NewestBackup: fmt.Sprintf("2026-01-0%dT00:00:00Z", p.N), Elsewhere: 1}
	var keys []*Key
	for i := range s.keys {
		k := s.keys[i]
		k.Anchor = "none"
		if i == 3 {
			k.Status, k.Reason, k.Detail = Failed, "proof-failed", "it does not hold"
			k.Warnings = []message.Warning{{Code: "bad-copy", Detail: "x"}}
		}
		if p.Has(id(i)) {
			keys = append(keys, &k)
		}
	}
	if stranger := id(500); p.Has(stranger) {
		keys = append(keys, &Key{Type: "key", KeyID: stranger.String(), Status: Unrecorded, Reason: "unrecorded", Warnings: []message.Warning{}})
	}
	sum.RecoveryKeys = []RecoveryKeyCount{{SHA256: strings.Repeat("cd", 32), Keys: len(keys), Recorded: true}}
	if change != nil {
		change(h, keys, &sum)
	}
	var out bytes.Buffer
	list := func(yield func(*Key) bool) {
		for _, k := range keys {
			if k != nil && !yield(k) {
				return
			}
		}
	}
	if err := WriteVerification(&out, h, list, sum, "2026-01-02T03:05:05Z"); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// join joins reports; it returns what Each yields, and the joined report.
func (s *sample) join(t testing.TB, reports ...string) (keys []Key, joined string, err error) {
	t.Helper()
	j, err := NewJoin(s.record)
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	dir := t.TempDir()
	for i, text := range reports {
		path := filepath.Join(dir, fmt.Sprintf("%d.json", i))
		write(t, path, text)
		if err := j.Add(path); err != nil {
			return nil, "", err
		}
	}
	if err := j.Check(); err != nil {
		return nil, "", err
	}
	if err := j.Each(func(e *record.Entry, k *Key) error {
		if (e == nil) != (k.Status == Unrecorded) {
			t.Errorf("the entry of %s: %v", k.KeyID, e)
		}
		keys = append(keys, *k)
		return nil
	}); err != nil {
		return nil, "", err
	}
	sum := j.Summary()
	var out bytes.Buffer
	if err := j.Write(&out, sum); err != nil {
		return nil, "", err
	}
	return keys, out.String(), nil
}

// TestJoin: the joined report of any division, given in any order, is that of the
// whole, but for the times and the number of parts.
func TestJoin(t *testing.T) {
	s := newSample(t, 40)
	for of := 1; of <= 5; of++ {
		var reports []string
		for n := of; n >= 1; n-- {
			reports = append(reports, s.verified(t, Part{n, of}, nil))
		}
		keys, joined, err := s.join(t, reports...)
		if err != nil {
			t.Fatalf("%d parts: %v", of, err)
		}
		if len(keys) != 41 || keys[3].Status != Failed || keys[3].Detail != "it does not hold" || keys[40].Status != Unrecorded {
			t.Fatalf("%d parts: %d keys", of, len(keys))
		}
		for i := range 40 {
			if keys[i].KeyID != id(i).String() {
				t.Errorf("%d parts: key %d is %s", of, i, keys[i].KeyID)
			}
		}
		path := filepath.Join(t.TempDir(), "joined.json")
		write(t, path, joined)
		file, _ := scanFile(t, path)
		want := Summary{
			Type: "summary", Keys: 41, OK: 39, Failed: 1, Unrecorded: 1, Warnings: 1, Seconds: float64(of), Anchors: map[string]int{"none": 40},
			RecoveryKeys: []RecoveryKeyCount{{SHA256: strings.Repeat("cd", 32), Keys: 41, Recorded: true}},
			NewestBackup: fmt.Sprintf("2026-01-0%dT00:00:00Z", of), Elsewhere: 1,
		}
		if !reflect.DeepEqual(*file.Tail.Summary, want) || file.Header.Merged != of || file.Header.Part != "" || !file.Tail.Complete {
			t.Errorf("%d parts: %+v, %+v", of, file.Header, file.Tail.Summary)
		}
		if again, _, err := s.join(t, joined); err != nil || !reflect.DeepEqual(again, keys) {
			t.Errorf("%d parts, joined again: %v", of, err)
		}
	}
}

// TestJoinRefuses: a part that is missing, double, of another division, of
// another time, record or key, and a report that has not the keys of its part.
func TestJoinRefuses(t *testing.T) {
	s := newSample(t, 12)
	one, two := s.verified(t, Part{1, 2}, nil), s.verified(t, Part{2, 2}, nil)
	changed := func(change func(h *Header, keys []*Key, sum *Summary)) string {
		return s.verified(t, Part{2, 2}, change)
	}
	head := func(change func(h *Header)) string {
		return changed(func(h *Header, _ []*Key, _ *Summary) { change(h) })
	}
	key := func(change func(k *Key)) string {
		return changed(func(_ *Header, keys []*Key, _ *Summary) { change(keys[0]) })
	}
	rebuilt := read(t, s.parts(t, 1)[0])
	foreign := newSample(t, 13)
	for name, c := range map[string]struct {
		reports []string
		want    error // an *errors.errorString, or an error of the type that is wanted
		says    string
	}{
		"missing":            {[]string{two}, ErrPartMissing, "part 1/2: there is no report of it"},
		"all but two of 15":  {[]string{s.verified(t, Part{7, 15}, nil), s.verified(t, Part{1, 15}, nil)}, ErrPartMissing, "2/15, 3/15, 4/15, 5/15, 6/15, 8/15, 9/15, 10/15, 11/15, 12/15 and 3 more"},
		"twice":              {[]string{one, one}, ErrPartTwice, "part 1/2: there are two reports of it: "},
		"the whole twice":    {[]string{s.verified(t, Part{1, 1}, nil), s.verified(t, Part{1, 1}, nil)}, ErrPartTwice, "part 1/1"},
		"another division":   {[]string{one, s.verified(t, Part{2, 3}, nil)}, ErrPartForeign, "part 2/3"},
		"last week":          {[]string{one, head(func(h *Header) { h.Begun = "2025-12-26T03:04:05Z" })}, ErrPartApart, "more than a day"},
		"another record":     {[]string{one, foreign.verified(t, Part{2, 2}, nil)}, ErrOtherRecord, ""},
		"another world":      {[]string{one, head(func(h *Header) { h.Environment = "production" })}, ErrOtherEnvironment, ""},
		"another key":        {[]string{one, head(func(h *Header) { h.RecoveryKey = "" })}, ErrOtherRecoveryKey, ""},
		"a rebuild":          {[]string{one, rebuilt}, ErrNotVerification, ""},
		"no part":            {[]string{head(func(h *Header) { h.Part = "0/2" })}, new(FormatError), "part: not a part"},
		"no time":            {[]string{head(func(h *Header) { h.Begun = "yesterday" })}, new(FormatError), "begun: not a time"},
		"no time of backups": {[]string{one, changed(func(_ *Header, _ []*Key, sum *Summary) { sum.NewestBackup = "zzz" })}, new(FormatError), "newest_backup"},
		"a key left out":     {[]string{one, changed(func(_ *Header, keys []*Key, _ *Summary) { keys[0] = nil })}, new(ContradictionError), "in none of the reports"},
		"not its part":       {[]string{head(func(h *Header) { h.Part = "1/2" })}, new(ContradictionError), "not of the part"},
		"not recorded": {[]string{one, changed(func(_ *Header, keys []*Key, _ *Summary) {
			keys[0].KeyID = strangers(Part{2, 2})
		})}, new(ContradictionError), "not in the record"},
		"called unrecorded": {[]string{one, key(func(k *Key) { k.Status = Unrecorded })}, new(ContradictionError), "the report calls it unrecorded"},
		"unproved":          {[]string{one, key(func(k *Key) { k.Status = Unproved })}, new(ContradictionError), "no such status"},
		"quorum":            {[]string{one, key(func(k *Key) { k.QuorumID = id(7).String() })}, new(ContradictionError), "quorum ID"},
		"algorithm":         {[]string{one, key(func(k *Key) { k.Algorithm = "" })}, new(ContradictionError), "algorithm"},
		"anchor":            {[]string{one, key(func(k *Key) { k.Anchor = "service" })}, new(ContradictionError), "anchor"},
		"reason":            {[]string{one, key(func(k *Key) { k.Reason = "proof-failed" })}, new(ContradictionError), "reason of a failure"},
		"public key":        {[]string{one, key(func(k *Key) { k.PublicKey = "ff" })}, new(ContradictionError), "public key is not one"},
		"addresses":         {[]string{one, key(func(k *Key) { k.Addresses = map[string]string{"bitcoin": "x"} })}, new(ContradictionError), "addresses"},
		"a segment":         {[]string{strings.Replace(one, `"segments":[`, `"segments":[`+"\n"+`{"type":"segment","name":"keys-0001.ndjson"}`, 1)}, new(FormatError), "a segment in the report of a verification"},
		"in a segment":      {[]string{one, key(func(k *Key) { k.Segment = "keys-0001.ndjson" })}, new(FormatError), ""},
		"cut off":           {[]string{one[:len(one)/2]}, new(FormatError), ""},
		"not finished":      {[]string{strings.Replace(one, `"complete":true`, `"complete":false`, 1)}, new(FormatError), "not every key"},
		"as a journal":      {[]string{strings.Replace(strings.SplitAfter(one, "\n")[0], `,"keys":[`, "}", 1)}, new(FormatError), "not the head of a verification"},
		"nothing":           {nil, ErrFormat, ""},
	} {
		_, _, err := s.join(t, c.reports...)
		same := errors.Is(err, c.want)
		switch c.want.(type) {
		case *FormatError:
			same = errors.As(err, new(*FormatError))
		case *ContradictionError:
			same = errors.As(err, new(*ContradictionError))
		}
		if !same || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
	// A rebuild's merge takes none of them.
	path := filepath.Join(t.TempDir(), "report.json")
	write(t, path, one)
	if _, _, err := s.merge(t, path); err != ErrNotRebuild {
		t.Errorf("merged as a rebuild: %v", err)
	}
	if !strings.HasPrefix(one, VerificationMark) || strings.HasPrefix(rebuilt, VerificationMark) {
		t.Error("the mark is not that of a verification")
	}
	if verb, err := VerbOf(path); verb != VerbVerify || err != nil {
		t.Errorf("its verb: %q, %v", verb, err)
	}
	write(t, path, "{}")
	if _, err := VerbOf(path); !errors.Is(err, ErrFormat) {
		t.Errorf("the verb of nothing: %v", err)
	}
}

// strangers is the ID of a key of a part that is not in the record.
func strangers(p Part) string {
	for n := 600; ; n++ {
		if p.Has(id(n)) {
			return id(n).String()
		}
	}
}

// TestManyCopies: a key with more backup files than a line has room for is in the
// report, with the first ones; where all have room, to the last byte, with all.
func TestManyCopies(t *testing.T) {
	s := newSample(t, 1)
	report := func(copies, last int) string {
		return s.verified(t, Part{1, 1}, func(_ *Header, keys []*Key, _ *Summary) {
			for i := range copies {
				keys[0].Shards = append(keys[0].Shards, Copy{Shard: strings.Repeat("x", 1000) + fmt.Sprint(i), Status: OK})
			}
			keys[0].Shards[copies-1].Shard += strings.Repeat("y", last)
		})
	}
	keys, _, err := s.join(t, report(3000, 0))
	if err != nil || len(keys) != 2 || len(keys[0].Shards) != 750 || !strings.HasSuffix(keys[0].Shards[749].Shard, "x749") {
		t.Errorf("%v, %d keys, %d copies", err, len(keys), len(keys[0].Shards))
	}
	longest := func(text string) (n int) {
		for line := range strings.Lines(text) {
			n = max(n, len(line))
		}
		return n
	}
	room := maxLine - longest(report(1000, 0)) // of the longest line that is read, with its comma and line break
	for last := room - 4; last <= room+4; last++ {
		want := 1000
		if last >= room {
			want = 500
		}
		if keys, _, err := s.join(t, report(1000, last)); err != nil || len(keys[0].Shards) != want {
			t.Errorf("%d bytes of room: %v, %d copies", room-last, err, len(keys[0].Shards))
		}
	}
}

// TestPart: each key is in exactly one part of any division, and the text of a
// part is read back.
func TestPart(t *testing.T) {
	for of := 1; of <= MaxParts; of += 37 {
		var n [MaxParts + 1]int
		for i := range 200 {
			in := 0
			for p := 1; p <= of; p++ {
				if (Part{p, of}).Has(id(i)) {
					in++
					n[p]++
				}
			}
			if in != 1 {
				t.Fatalf("key %d is in %d of %d parts", i, in, of)
			}
		}
		for p := 1; p <= of; p++ {
			if got, ok := ParsePart(Part{p, of}.String()); !ok || got != (Part{p, of}) {
				t.Errorf("%v of %d: %v", p, of, got)
			}
		}
	}
	for _, text := range []string{"0/2", "3/2", "1", "1/", "/2", "1/0", "1/1001", "-1/2", "1/2/3", "a/2", " 1/2"} {
		if p, ok := ParsePart(text); ok {
			t.Errorf("%q is part %v", text, p)
		}
	}
	// What docs/formats.md says of the division.
	if want := (Part{(15*257+9)%1000003%7 + 1, 7}); !want.Has(uuid.ID{14: 15, 15: 9}) {
		t.Errorf("not the part of the formula: %v", want)
	}
}

// FuzzJoin holds that no report makes a Join panic, and that of what it takes, the
// joined report is taken again and says the same.
func FuzzJoin(f *testing.F) {
	s := newSample(f, 6)
	f.Add([]byte(s.verified(f, Part{1, 1}, nil)))
	f.Add([]byte(s.verified(f, Part{1, 2}, nil)))
	f.Add([]byte(s.verified(f, Part{1, 1}, func(_ *Header, keys []*Key, _ *Summary) { keys[2].Status = Missing })))
	f.Fuzz(func(t *testing.T, data []byte) {
		keys, joined, err := s.join(t, string(data))
		if err != nil {
			return
		}
		again, _, err := s.join(t, joined)
		if err != nil || !reflect.DeepEqual(again, keys) {
			t.Fatalf("%v\n%s", err, joined)
		}
		if len(keys) < 6 {
			t.Fatalf("only %d keys", len(keys))
		}
	})
}

// TestJoinReadsAgain: a report that is not there, or that is another one when it is
// read the second time, is an error.
func TestJoinReadsAgain(t *testing.T) {
	s := newSample(t, 4)
	j, err := NewJoin(s.record)
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	path := filepath.Join(t.TempDir(), "report.json")
	if err := j.Add(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
	text := s.verified(t, Part{1, 1}, nil)
	write(t, path, text)
	if err := j.Add(path); err != nil {
		t.Fatal(err)
	}
	if err := j.Check(); err != nil {
		t.Fatal(err)
	}
	write(t, path, strings.ReplaceAll(text, `"type":"key"`, `"type":"kex"`))
	if err := j.Each(func(*record.Entry, *Key) error { return nil }); !errors.Is(err, ErrChanged) {
		t.Errorf("changed in between: %v", err)
	}
}
