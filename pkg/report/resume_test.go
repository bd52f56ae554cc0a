package report

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"recover/fixtures/openfiles"
	"recover/fixtures/tier"
	"recover/internal/output"
)

// run makes a complete run of eight keys.
func (s *sample) run(t *testing.T) (dir string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "out")
	if err := s.begin(dir); err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestSegmentsAreChecked changes a segment in each way: it is rejected with its
// reason and the number of its keys, they are rebuilt, and the file stays. Put
// back later, it does not count again.
func TestSegmentsAreChecked(t *testing.T) {
	s := newSample(t, 8)
	for name, c := range map[string]struct {
		change  func(path string) error
		problem string
	}{
		"emptied":   {func(path string) error { return os.Truncate(path, 0) }, "it is empty"},
		"shorter":   {func(path string) error { return os.Truncate(path, 9) }, "it has 9 bytes, and "},
		"other":     {func(path string) error { return flip(path) }, "its content has changed"},
		"removed":   {os.Remove, "it is missing"},
		"linked":    {func(path string) error { return errors.Join(os.Rename(path, path+"2"), os.Symlink(path+"2", path)) }, "it is not a regular file"},
		"directory": {func(path string) error { return errors.Join(os.Remove(path), os.Mkdir(path, 0o700)) }, "it is not a regular file"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := s.run(t)
			path := filepath.Join(dir, "keys-0002.ndjson")
			original := read(t, path)
			if err := c.change(path); err != nil {
				t.Fatal(err)
			}
			run, err := Open(dir)
			if err != nil {
				t.Fatal(err)
			}
			r := run.Rejected()
			if len(r) != 1 || r[0].Path != path || r[0].Keys != 3 || !strings.HasPrefix(r[0].Problem, c.problem) || run.Unhashed() != 0 {
				t.Fatalf("rejected: %+v", r)
			}
			if got := run.Counts(); got.Keys != 5 || run.IsDone(id(3)) || !run.IsDone(id(2)) || len(run.Sample()) != 5 {
				t.Errorf("%v are done", &got)
			}
			run.Close()
			if err := s.begin(dir); err != nil {
				t.Fatal(err)
			}
			s.complete(t, dir)
			if err := s.begin(dir); err != ErrComplete {
				t.Errorf("once more: %v", err)
			}
			_ = os.Remove(path)
			write(t, path, original)
			if err := s.begin(dir); err != ErrComplete {
				t.Errorf("put back: %v", err)
			}
			s.complete(t, dir)
		})
	}
}

func flip(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	text[len(text)/2] ^= 1
	return os.WriteFile(path, text, 0o600)
}

// TestPending breaks a run off between a segment and the journal, at each line.
func TestPending(t *testing.T) {
	tier.Long(t)
	s := newSample(t, 8)
	whole := s.run(t)
	lines := strings.SplitAfter(read(t, filepath.Join(whole, JournalName)), "\n")
	second := lines[5:9] // the line of the segment, and three keys
	if !strings.Contains(second[0], `"name":"keys-0002.ndjson"`) {
		t.Fatalf("the second segment begins with %s", second[0])
	}
	for entered := range 5 {
		for _, c := range []struct {
			what   string
			change func(path string) error
			done   int
		}{
			{"written", func(string) error { return nil }, 6},
			{"changed", flip, 3},
			{"not written", os.Remove, 3},
		} {
			t.Run(fmt.Sprint(c.what, entered), func(t *testing.T) {
				dir := filepath.Join(t.TempDir(), "out")
				if err := os.CopyFS(dir, os.DirFS(whole)); err != nil {
					t.Fatal(err)
				}
				for _, name := range []string{ReportName, "keys-0003.ndjson"} {
					if err := os.Remove(filepath.Join(dir, name)); err != nil {
						t.Fatal(err)
					}
				}
				write(t, filepath.Join(dir, JournalName), strings.Join(lines[:5+entered], "")+`{"type":"key","quo`)
				write(t, filepath.Join(dir, pendingName), strings.Join(second, ""))
				write(t, filepath.Join(dir, ".keys-0003.ndjson.partial"), "half")
				if err := c.change(filepath.Join(dir, "keys-0002.ndjson")); err != nil {
					t.Fatal(err)
				}
				run, err := Open(dir)
				if err != nil {
					t.Fatal(err)
				}
				if got := run.Counts(); got.Keys != c.done {
					t.Errorf("%v are done", &got)
				}
				run.Close()
				if err := s.begin(dir); err != nil {
					t.Fatal(err)
				}
				s.complete(t, dir)
			})
		}
	}
}

// TestPendingIsChecked holds that what is pending is held against the record too.
func TestPendingIsChecked(t *testing.T) {
	s := newSample(t, 3)
	dir := s.run(t)
	path := filepath.Join(dir, JournalName)
	lines := strings.SplitAfter(read(t, path), "\n")
	write(t, path, lines[0])
	forged := strings.Replace(strings.Join(lines[1:], ""), s.keys[1].Addresses["solana"], s.keys[0].Addresses["ethereum"], 1)
	write(t, filepath.Join(dir, pendingName), forged)
	var contradiction *ContradictionError
	if err := s.begin(dir); !errors.As(err, &contradiction) || contradiction.KeyID != id(1).String() {
		t.Errorf("got %v", err)
	}
	write(t, filepath.Join(dir, pendingName), "nonsense\n")
	if err := s.begin(dir); !errors.Is(err, ErrFormat) {
		t.Errorf("got %v", err)
	}
}

// TestReportIsRight holds that a run is only complete when its newest report says
// so: one that was killed before it wrote that is gone on with.
func TestReportIsRight(t *testing.T) {
	s := newSample(t, 4)
	s.fail = map[int]string{1: Failed}
	dir := s.run(t)
	s.fail = nil
	if err := s.begin(dir); err != nil {
		t.Fatal(err)
	}
	for _, change := range []func() error{
		func() error { return os.Remove(filepath.Join(dir, "report-2.json")) },
		func() error { return os.Truncate(filepath.Join(dir, "report-2.json"), 300) },
	} {
		if err := change(); err != nil {
			t.Fatal(err)
		}
		if err := s.begin(dir); err != nil {
			t.Fatal(err)
		}
		s.complete(t, dir)
	}
	if err := s.begin(dir); err != ErrComplete {
		t.Errorf("got %v", err)
	}
}

// TestHeaders resumes with something else.
func TestHeaders(t *testing.T) {
	s := newSample(t, 2)
	dir := s.run(t)
	run, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer run.Close()
	for what, change := range map[string]func(h *Header){
		"environment":    func(h *Header) { h.Environment = "production" },
		"recovery key":   func(h *Header) { h.RecoveryKey = "00" },
		"--part":         func(h *Header) { h.Part = "1/2" },
		"--with-master":  func(h *Header) { h.WithMaster = true },
		"way of sealing": func(h *Header) { h.Sealed = "recipients" },
		"recipient":      func(h *Header) { h.Recipients = []string{"age1"} },
		"":               func(h *Header) { h.Environment, h.RecordSHA256, h.Shards, h.Record, h.Begun = "", "00", "x", "y", "z" },
	} {
		h := s.head()
		change(h)
		var other *OtherRunError
		err := run.CheckHeader(h)
		if errors.As(err, &other) != (what != "") || what != "" && other.What != what {
			t.Errorf("%s: %v", what, err)
		}
		if what == "" {
			continue
		}
		if _, err := run.Resume(h, output.Unsealed(), limit); !errors.As(err, &other) {
			t.Errorf("%s: Resume: %v", what, err)
		}
	}
}

// TestNotARun opens what is no run that could be resumed.
func TestNotARun(t *testing.T) {
	head := jsonOf(t, newSample(t, 1).head()) + "\n"
	for name, c := range map[string]struct {
		files map[string]string
		want  error
	}{
		"empty":            {nil, ErrNotBegun},
		"identity":         {map[string]string{IdentityName: "x", ".identity.age.partial": "x"}, ErrNotBegun},
		"empty journal":    {map[string]string{JournalName: ""}, ErrNotBegun},
		"torn":             {map[string]string{JournalName: head[:50]}, ErrNotBegun},
		"keys only":        {map[string]string{"keys-0001.ndjson": "x"}, ErrLostJournal},
		"keys, no line":    {map[string]string{"masters-0001.ndjson.age": "x", JournalName: "{"}, ErrLostJournal},
		"something else":   {map[string]string{"x": "x"}, ErrNoJournal},
		"a word":           {map[string]string{JournalName: "x\n"}, ErrFormat},
		"report as a name": {map[string]string{JournalName: strings.Replace(head, "}\n", `,"keys":[`+"\n", 1)}, ErrFormat},
		"another verb":     {map[string]string{JournalName: strings.Replace(head, `"rebuild"`, `"drill"`, 1)}, ErrNotRebuild},
		"another format":   {map[string]string{JournalName: strings.Replace(head, Format, "recover-report/3", 1)}, ErrFormat},
		"nonsense":         {map[string]string{JournalName: head + "x\n"}, ErrFormat},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			for file, text := range c.files {
				write(t, filepath.Join(dir, file), text)
			}
			_, err := Open(dir)
			var named *output.PathError // it is of the directory, not of a file in it
			if !errors.Is(err, c.want) || errors.As(err, &named) {
				t.Errorf("got %v, want %v", err, c.want)
			}
			for file, text := range c.files {
				if read(t, filepath.Join(dir, file)) != text {
					t.Errorf("%s was changed", file)
				}
			}
		})
	}
	if _, err := Open(filepath.Join(t.TempDir(), "absent")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no directory: %v", err)
	}
	dir := newSample(t, 2).run(t)
	run, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir); !errors.Is(err, output.ErrInUse) {
		t.Errorf("a second process: %v", err)
	}
	run.Close()
	if run, err = Open(dir); err != nil {
		t.Errorf("after Close: %v", err)
	}
	run.Close()
}

// TestWithoutSegmentLines resumes what was written before they came.
func TestWithoutSegmentLines(t *testing.T) {
	s := newSample(t, 8)
	older := func() string {
		dir := s.run(t)
		var text string
		for _, line := range strings.SplitAfter(read(t, filepath.Join(dir, JournalName)), "\n") {
			if !strings.Contains(line, `"type":"segment"`) && !strings.Contains(line, "keys-0003") {
				text += strings.Replace(line, Format, formatWithoutSegments, 1)
			}
		}
		write(t, filepath.Join(dir, JournalName), text)
		_ = os.Remove(filepath.Join(dir, "keys-0003.ndjson"))
		_ = os.Remove(filepath.Join(dir, ReportName))
		return dir
	}
	for name, c := range map[string]struct {
		change   func(path string) error
		unhashed int
	}{
		"right": {func(string) error { return nil }, 2}, "emptied": {func(path string) error { return os.Truncate(path, 0) }, 1}, "removed": {os.Remove, 1},
	} {
		dir := older()
		if err := c.change(filepath.Join(dir, "keys-0001.ndjson")); err != nil {
			t.Fatal(err)
		}
		run, err := Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		if run.Unhashed() != c.unhashed || len(run.Rejected()) != 2-c.unhashed {
			t.Errorf("%s: %d without a hash, %d rejected", name, run.Unhashed(), len(run.Rejected()))
		}
		run.Close()
		if err := s.begin(dir); err != nil {
			t.Fatal(err)
		}
		file, keys := scanFile(t, filepath.Join(dir, ReportName))
		if file.Counts.OK != 8 || file.Header.Format != Format {
			t.Errorf("%s: %v", name, &file.Counts)
		}
		for _, k := range keys {
			if !inSegment(dir, k) {
				t.Errorf("%s: %s is not in %s", name, k.KeyID, k.Segment)
			}
		}
		if err := s.begin(dir); err != ErrComplete {
			t.Errorf("%s: once more: %v", name, err)
		}
	}
}

// TestPendingUnreadable: a list of what is pending that cannot be read ends the
// resuming: it may name keys that a segment has.
func TestPendingUnreadable(t *testing.T) {
	s := newSample(t, 3)
	dir := s.run(t)
	if err := os.Mkdir(filepath.Join(dir, pendingName), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir); !errors.Is(err, output.ErrDirectory) {
		t.Errorf("got %v", err)
	}
}

// TestSampleOfMany: of more keys than a sample has, as many as it has are taken, each
// once, and not always the same.
func TestSampleOfMany(t *testing.T) {
	s := newSample(t, 1)
	h := s.head()
	h.Format = formatWithoutSegments
	var text strings.Builder
	fmt.Fprintln(&text, jsonOf(t, h))
	const keys = 4000
	for i := range keys {
		fmt.Fprintln(&text, keyText(i, OK, "keys-0001.ndjson"))
	}
	dir := t.TempDir()
	write(t, filepath.Join(dir, JournalName), text.String())
	write(t, filepath.Join(dir, "keys-0001.ndjson"), "{}\n")
	chosen := make(map[string]bool)
	for range 2 {
		run, err := Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		sample := run.Sample()
		run.Close()
		if len(sample) != sampled {
			t.Errorf("a sample of %d", len(sample))
		}
		for _, k := range sample {
			chosen[k.KeyID] = true
		}
	}
	if len(chosen) < sampled+sampled/2 { // the two have one key in common once in ten times
		t.Errorf("two samples of %d keys have %d in common", keys, 2*sampled-len(chosen))
	}
}

// TestNoFileLeftOpen: looking for the newest report leaves no file open.
func TestNoFileLeftOpen(t *testing.T) {
	s := newSample(t, 3)
	dir := s.run(t)
	before := openfiles.List(t)
	for range 3 {
		if err := s.begin(dir); err != ErrComplete {
			t.Fatal(err)
		}
	}
	openfiles.Check(t, before)
}
