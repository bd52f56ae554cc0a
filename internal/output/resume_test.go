package output

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func anything([]byte) error { return nil }

// TestResumeJournalOnly holds that what is no journal, or a link, stays as it is.
func TestResumeJournalOnly(t *testing.T) {
	d := &Dir{t.TempDir()}
	path := filepath.Join(d.path, "journal")
	if err := os.WriteFile(path, []byte("precious, and no line break"), 0o600); err != nil {
		t.Fatal(err)
	}
	refusal := errors.New("no journal")
	refuse := func(line []byte) error {
		if len(line) > 0 {
			t.Errorf("first line %q", line)
		}
		return refusal
	}
	if _, err := d.ResumeJournal("journal", refuse); !errors.Is(err, refusal) {
		t.Errorf("not a journal: %v", err)
	}
	if err := os.Symlink("journal", filepath.Join(d.path, "link")); err != nil {
		t.Fatal(err)
	}
	if _, err := d.ResumeJournal("link", anything); !errors.Is(err, ErrNotRegular) {
		t.Errorf("a link: %v", err)
	}
	if text, err := os.ReadFile(path); err != nil || string(text) != "precious, and no line break" {
		t.Errorf("then it holds %q, %v", text, err)
	}
}

func TestResumeJournal(t *testing.T) {
	long := strings.Repeat("x", 200<<10)
	for _, c := range []struct{ before, after string }{
		{"", ""},
		{"one\n", "one\n"},
		{"one\ntwo\n", "one\ntwo\n"},
		{"one\ntw", "one\n"},
		{"torn", ""},
		{"one\n" + long, "one\n"},
		{long + "\n" + long, long + "\n"},
	} {
		d := &Dir{t.TempDir()}
		path := filepath.Join(d.path, "journal")
		if err := os.WriteFile(path, []byte(c.before), 0o600); err != nil {
			t.Fatal(err)
		}
		j, err := d.ResumeJournal("journal", anything)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := d.ResumeJournal("journal", anything); !errors.Is(err, ErrInUse) {
			t.Errorf("a second process: %v, want ErrInUse", err)
		}
		if err := errors.Join(j.Append([]byte("new")), j.Close()); err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(path)
		if err != nil || string(got) != c.after+"new\n" {
			t.Errorf("%.20q: then it holds %.40q, %v", c.before, got, err)
		}
	}
}

func TestRemovePartial(t *testing.T) {
	d := &Dir{t.TempDir()}
	for _, name := range []string{".keys-0002.ndjson.age.partial", "keys-0001.ndjson.age", ".hidden", "x.partial"} {
		if err := os.WriteFile(filepath.Join(d.path, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.RemovePartial(); err != nil {
		t.Fatal(err)
	}
	names, err := d.Names()
	if err != nil || len(names) != 3 || strings.Contains(strings.Join(names, " "), "0002") {
		t.Errorf("left: %q, %v", names, err)
	}
	if err := errors.Join(d.Remove("x.partial"), d.Remove("x.partial")); err != nil {
		t.Errorf("Remove, twice: %v", err)
	}
	if err := d.Remove("../x"); !errors.Is(err, ErrName) {
		t.Errorf("Remove of a path: %v", err)
	}
}

func TestOpenDir(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if d, err := OpenDir(dir); err != nil || d.Path() != dir {
		t.Errorf("OpenDir: %v, %v", d, err)
	}
	for path, want := range map[string]string{file: "is not a directory", filepath.Join(dir, "absent"): "no such file or directory"} {
		if _, err := OpenDir(path); err == nil || !strings.HasSuffix(err.Error(), want) {
			t.Errorf("OpenDir(%s): %v", path, err)
		}
	}
}
