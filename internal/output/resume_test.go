package output

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"recover/fixtures/openfiles"
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
	if d, err := OpenDir(dir + "//"); err != nil || d.Path() != dir {
		t.Errorf("OpenDir: %v, %v", d, err)
	}
	for path, want := range map[string]string{file: "is not a directory", filepath.Join(dir, "absent"): "no such file or directory"} {
		if _, err := OpenDir(path); err == nil || !strings.HasSuffix(err.Error(), want) {
			t.Errorf("OpenDir(%s): %v", path, err)
		}
	}
}

// TestResumeHead: isJournal gets the first line, and only a whole one of at most
// 1 MiB; a journal that is locked, or refused, is closed again.
func TestResumeHead(t *testing.T) {
	d := newDir(t)
	files := openfiles.List(t)
	for text, want := range map[string]string{
		"one\ntwo\n": "one", "torn": "", "": "",
		strings.Repeat("x", maxFirstLine-1) + "\n": strings.Repeat("x", maxFirstLine-1),
		strings.Repeat("x", maxFirstLine) + "\n":   "",
	} {
		if err := os.WriteFile(filepath.Join(d.path, "j"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		asked := false
		_, err := d.ResumeJournal("j", func(line []byte) error {
			asked = true
			if string(line) != want {
				t.Errorf("%.10q: first line %.10q of %d bytes", text, line, len(line))
			}
			return errPlayed
		})
		var named *PathError
		if !asked || !errors.Is(err, errPlayed) || !errors.As(err, &named) || named.Path != filepath.Join(d.path, "j") {
			t.Errorf("%.10q: %v", text, err)
		}
		if content(t, d, "j") != text {
			t.Errorf("%.10q was changed", text)
		}
	}
	j, err := d.ResumeJournal("j", anything)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.ResumeJournal("j", anything); !errors.Is(err, ErrInUse) {
		t.Errorf("a second time: %v", err)
	}
	if err := j.Close(); err != nil {
		t.Error(err)
	}
	openfiles.Check(t, files)
	closed, err := os.Open(filepath.Join(d.path, "j"))
	if err == nil {
		err = closed.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(checkFirstLine(closed, anything)); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("a first line that cannot be read: %v", err)
	}
	if err := cutTornLine(closed); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("a last line that cannot be read: %v", err)
	}
}

// TestCutTornLine cuts files around the size of the pieces that are read, and
// one that cannot be cut.
func TestCutTornLine(t *testing.T) {
	const piece = 64 << 10
	for _, keep := range []int{0, 1, piece - 1, piece, piece + 1, 2 * piece} {
		for _, torn := range []int{0, 1, piece - 1, piece, piece + 1, 3 * piece} {
			text := strings.Repeat("k", max(0, keep-1))
			if keep > 0 {
				text += "\n"
			}
			path := filepath.Join(t.TempDir(), "f")
			if err := os.WriteFile(path, []byte(text+strings.Repeat("t", torn)), 0o600); err != nil {
				t.Fatal(err)
			}
			f, err := os.OpenFile(path, os.O_RDWR, 0)
			if err != nil {
				t.Fatal(err)
			}
			err = errors.Join(cutTornLine(f), f.Close())
			if got, readErr := os.ReadFile(path); err != nil || readErr != nil || string(got) != text {
				t.Errorf("%d and %d bytes: %d are left, %v, %v", keep, torn, len(got), err, readErr)
			}
			if f, err = os.Open(path); err != nil {
				t.Fatal(err)
			}
			if err := cutTornLine(f); err == nil {
				t.Error("a file that cannot be written to was cut")
			}
			_ = f.Close()
			// Nor is one whose end cannot be read.
			if f, err = os.OpenFile(path, os.O_WRONLY, 0); err != nil {
				t.Fatal(err)
			}
			before, err := f.Seek(0, io.SeekEnd)
			if err != nil {
				t.Fatal(err)
			}
			err = cutTornLine(f)
			if after, seekErr := f.Seek(0, io.SeekEnd); seekErr != nil || after != before || before > 0 && err == nil {
				t.Errorf("a file that cannot be read: %v, and it has %d bytes, not %d", err, after, before)
			}
			_ = f.Close()
		}
	}
}
