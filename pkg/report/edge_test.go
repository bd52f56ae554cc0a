package report

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"recover/internal/output"
	"recover/internal/uuid"
	"recover/pkg/record"
)

// refusing takes so many bytes and then no more.
type refusing struct{ left int }

func (w *refusing) Write(p []byte) (int, error) {
	if w.left -= len(p); w.left < 0 {
		return 0, errPlayed
	}
	return len(p), nil
}

// stubborn is a journal that cannot be read from its beginning again.
type stubborn struct{ io.Reader }

func (stubborn) Seek(int64, int) (int64, error) { return 0, errPlayed }

// TestWriteReportFails: a report that cannot be written, or whose journal cannot
// be read, is an error, and never a shorter report.
func TestWriteReportFails(t *testing.T) {
	whole := reportOf(t)
	journal := func(lines ...string) string {
		return jsonOf(t, newSample(t, 1).head()) + "\n" + strings.Join(lines, "\n") + "\n"
	}
	good := journal(oneSegment, keyText(1, OK, "keys-0001.ndjson"), keyText(2, Failed, ""))
	none := func(uuid.ID) bool { return false }
	var out bytes.Buffer
	if err := writeReport(&out, strings.NewReader(good), none, 1, "x"); err != nil {
		t.Fatal(err)
	}
	for left := range out.Len() {
		if err := writeReport(&refusing{left}, strings.NewReader(good), none, 1, "x"); err != errPlayed {
			t.Fatalf("after %d of %d bytes: %v", left, out.Len(), err)
		}
	}
	for name, text := range map[string]string{
		"no key": journal("x"), "twice": journal(oneSegment, keyText(1, OK, "keys-0001.ndjson"), keyText(1, OK, "keys-0001.ndjson")), "empty": "",
	} {
		if err := writeReport(io.Discard, strings.NewReader(text), none, 1, "x"); !errors.Is(err, ErrFormat) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := writeReport(io.Discard, strings.NewReader("x\n"), nil, 1, "x"); !errors.Is(err, ErrFormat) {
		t.Errorf("of this process, no head: %v", err)
	}
	if err := writeReport(io.Discard, stubborn{strings.NewReader(good)}, none, 1, "x"); err != errPlayed {
		t.Errorf("a journal that is read once: %v", err)
	}
	// Of a key that is left out nothing is counted.
	out.Reset()
	if err := writeReport(&out, strings.NewReader(good), func(i uuid.ID) bool { return i == id(2) }, 1, "x"); err != nil || !strings.Contains(out.String(), `"keys":1,"ok":1,"failed":0`) {
		t.Errorf("%v\n%s", err, out.String())
	}
	if !strings.Contains(whole, `"complete":true`) {
		t.Error("the report is not complete")
	}
	w := newWriter(io.Discard)
	w.line(w.marshal(func() {})) // cannot be JSON
	if err := w.end(nil, nil, &Tail{}); err == nil {
		t.Error("what cannot be written is written")
	}
	w = newWriter(&out)
	out.Reset()
	w.marshal(func() {})
	w.head(&Header{})
	if w.end(nil, nil, &Tail{}) == nil || out.Len() > 0 {
		t.Errorf("after an error there is %q", out.String())
	}
}

// TestSummary counts each status once, and the anchors.
func TestSummary(t *testing.T) {
	var s Summary
	for i, status := range []string{OK, OK, Failed, Missing, Unrecorded, Unproved, "reported"} {
		s.Count(&Key{Status: status, Anchor: []string{"service", "", "none"}[i%3]})
	}
	want := Summary{Keys: 7, OK: 2, Failed: 2, Missing: 1, Unrecorded: 1, Unproved: 1, Anchors: map[string]int{"service": 3, "none": 2}}
	if !reflect.DeepEqual(s, want) {
		t.Errorf("got %+v", s)
	}
	if got := s.String(); got != "7 keys: 2 ok, 1 unproved, 2 failed, 1 missing, 1 unrecorded" {
		t.Error(got)
	}
	for i := range 6 {
		o := s
		if !s.sameCounts(&o) {
			t.Error("the same counts differ")
		}
		*[]*int{&o.Keys, &o.OK, &o.Failed, &o.Missing, &o.Unrecorded, &o.Unproved}[i]++
		if s.sameCounts(&o) {
			t.Errorf("count %d may be another one", i)
		}
	}
	s.add(OK, -2)
	if s.OK != 0 || s.Keys != 5 {
		t.Errorf("two fewer: %+v", s)
	}
}

// TestMergeEnded: a joined report ends when the last of its reports did.
func TestMergeEnded(t *testing.T) {
	s := newSample(t, 4)
	paths := s.parts(t, 2)
	for _, years := range [][]string{{"2031", "2032"}, {"2032", "2031"}} {
		for i, path := range paths {
			text := read(t, path)
			j := strings.Index(text, `"ended":"`) + len(`"ended":"`)
			write(t, path, text[:j]+years[i]+text[j+4:])
		}
		_, joined, err := s.merge(t, paths...)
		if err != nil || !strings.Contains(joined, `"ended":"2032`) {
			t.Errorf("%v: %v\n%s", years, err, joined)
		}
	}
}

// fading is a record that can be read a few times, and then no more.
type fading struct {
	io.ReaderAt
	gone bool
}

func (f *fading) ReadAt(p []byte, offset int64) (int, error) {
	if f.gone {
		return 0, errPlayed
	}
	return f.ReaderAt.ReadAt(p, offset)
}

// TestRecordFades: a record that can no longer be read ends a merge, and the
// resuming of a run, with its error.
func TestRecordFades(t *testing.T) {
	s := newSample(t, 4)
	text := "quorum_id,key_id,algorithm\n" // JSON is read once
	for _, k := range s.keys {
		text += k.QuorumID + "," + k.KeyID + "," + k.Algorithm + "\n"
	}
	file := &fading{ReaderAt: strings.NewReader(text)}
	var err error
	if s.record, err = record.Open(file, int64(len(text))); err != nil {
		t.Fatal(err)
	}
	s.record.Environment = s.head().Environment
	paths := s.parts(t, 1)
	m, err := NewMerge(s.record)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if err := m.Add(paths[0]); err != nil {
		t.Fatal(err)
	}
	stop := errors.New("stop")
	if err := m.Each(func(record.Entry, *Key, []byte) error { return stop }); err != stop {
		t.Errorf("the error of the caller: %v", err)
	}
	if err := m.Write(&refusing{}); err != errPlayed {
		t.Errorf("a disk that is full: %v", err)
	}
	run, err := Open(filepath.Dir(paths[0]))
	if err != nil {
		t.Fatal(err)
	}
	defer run.Close()
	file.gone = true
	if other, err := NewMerge(s.record); !errors.Is(err, errPlayed) || other != nil {
		t.Errorf("NewMerge: %v", err)
	}
	if err := m.Each(func(record.Entry, *Key, []byte) error { return nil }); !errors.Is(err, errPlayed) {
		t.Errorf("Each: %v", err)
	}
	var out bytes.Buffer
	if err := m.Write(&out); !errors.Is(err, errPlayed) {
		t.Errorf("Write: %v", err)
	}
	if err := run.CheckRecord(s.record, always); !errors.Is(err, errPlayed) {
		t.Errorf("CheckRecord: %v", err)
	}
}

// TestMergeGone: a report that can no longer be read, or not to the end, ends a
// merge.
func TestMergeGone(t *testing.T) {
	s := newSample(t, 2)
	done := s.parts(t, 1)[0]
	s.fail = map[int]string{1: Failed}
	other := s.parts(t, 1)[0]
	lines := strings.SplitAfter(read(t, other), "\n")
	rest := strings.NewReplacer(`"keys":2,"ok":1`, `"keys":1,"ok":0`).Replace(strings.Join(lines[3:], ""))
	write(t, other, lines[0]+lines[2]+rest)
	for _, path := range []string{done, other} {
		m, err := NewMerge(s.record)
		if err != nil {
			t.Fatal(err)
		}
		defer m.Close()
		if err := errors.Join(m.Add(done), m.Add(other)); err != nil {
			t.Fatal(err)
		}
		text := read(t, path)
		if err := os.Truncate(path, 0); err != nil {
			t.Fatal(err)
		}
		if err := m.Write(io.Discard); err != io.EOF {
			t.Errorf("%s is empty: %v", path, err)
		}
		write(t, path, text)
	}
	// The reports are closed with the merge.
	m, err := NewMerge(s.record)
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Add(done); err != nil {
		t.Fatal(err)
	}
	m.Close()
	if err := m.Write(io.Discard); !errors.Is(err, os.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
}

// TestFlushInTime: a segment is closed when its first key is old, and what waits
// without a key is entered when there is much of it; until then nothing is.
func TestFlushInTime(t *testing.T) {
	s := newSample(t, 20)
	for i := 1; i < 20; i++ {
		s.fail[i] = Failed
	}
	dir := filepath.Join(t.TempDir(), "out")
	store, err := Create(dir, s.head(), nil, output.Unsealed(), limit)
	if err != nil {
		t.Fatal(err)
	}
	for i := 1; i <= 4*limit+1; i++ {
		if n := len(believed(t, dir)); n > 0 {
			t.Errorf("after %d results %d are entered", i-1, n)
		}
		if err := store.Add(s.result(i)); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(believed(t, dir)); n != 4*limit+1 {
		t.Errorf("%d results are entered", n)
	}
	store.since = time.Now().Add(-time.Hour) // of no key
	if err := store.Add(s.result(15)); err != nil || len(store.waiting) != 1 {
		t.Errorf("no key waits, and a segment is closed: %v", err)
	}
	if err := store.Add(s.result(0)); err != nil || len(store.waiting) != 2 || !store.IsEmpty() {
		t.Errorf("a new key is taken for an old one: %v", err)
	}
	store.since = time.Now().Add(-SegmentAge)
	if err := store.Add(s.result(16)); err != nil || len(store.waiting) != 0 || store.IsEmpty() {
		t.Errorf("an old key waits: %v", err)
	}
	n, first, last := store.Segments()
	if want := filepath.Join(dir, "keys-0001.ndjson"); n != 1 || first != want || last != want {
		t.Errorf("segments: %d, %s, %s", n, first, last)
	}
	if n, first := store.Masters(); n != 0 || first != filepath.Join(dir, "masters-0001.ndjson") {
		t.Errorf("masters: %d, %s", n, first)
	}
	if slices.Contains(namesOf(t, dir), pendingName) {
		t.Error("what was pending is still there")
	}
	if err := store.Finish(false, 1); err != nil {
		t.Fatal(err)
	}
	if slices.Contains(namesOf(t, dir), ReportName) {
		t.Error("a run that is not complete has a report")
	}
	run, err := Open(dir) // the journal was closed
	if err != nil {
		t.Fatal(err)
	}
	run.Close()
}

// TestNamesOfRun tells the files of a run from others.
func TestNamesOfRun(t *testing.T) {
	for name, want := range map[string]int{
		"report.json": 1, "report-2.json": 2, "report-10.json": 10, "report-1.json": 0, "report-0.json": 0, "report--2.json": 0, "report-02.json": 0,
		"report-1073741823.json": 1<<30 - 1, "report-1073741824.json": 0, "report-x.json": 0, "x": 0,
	} {
		if got := latestReport([]string{"a", name, "b"}); got != want {
			t.Errorf("%s: %d, want %d", name, got, want)
		}
		if want > 0 && !IsRunFile(name) {
			t.Errorf("%s is no file of a run", name)
		}
	}
	if got := latestReport([]string{"report-3.json", "report.json", "report-2.json"}); got != 3 {
		t.Errorf("the last of three is %d", got)
	}
	for name, want := range map[string]string{
		"keys-0001.ndjson": "keys", "masters-0001.ndjson.age": "masters", "keys-12345.ndjson": "keys", "keys-1073741824.ndjson": "keys",
		"keys-0000.ndjson": "", "keys-1.ndjson": "", "keys-1073741825.ndjson": "", "keyz-0001.ndjson": "", "keys-0001.json": "", "keys-0001.ndjson.gpg": "", "keys--001.ndjson": "", "keys-0001": "",
	} {
		if got, n := parseSegmentName(name); got != want || (n > 0) != (want != "") {
			t.Errorf("%s: %q, %d", name, got, n)
		}
	}
}

// TestErrorTexts: an error says where, and a fault of the whole file names no line.
func TestErrorTexts(t *testing.T) {
	for want, err := range map[string]error{
		"not as the program writes it: p":                                        &FormatError{0, "p"},
		"not as the program writes it: line 7: p":                                &FormatError{7, "p"},
		"the run was begun with something else: the recovery key is another one": &OtherRunError{"recovery key"},
		"key k: p": &ContradictionError{"k", "p"},
		"a key is rebuilt in two reports: k, the other is o": &TwiceError{"k", "o"},
	} {
		if err.Error() != want {
			t.Errorf("got %s, want %s", err, want)
		}
	}
}
