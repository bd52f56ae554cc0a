package output

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

func newDir(t *testing.T) *Dir {
	t.Helper()
	d, err := CreateDir(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// names returns what is in the directory, hidden files too.
func names(t *testing.T, d *Dir) string {
	t.Helper()
	entries, err := os.ReadDir(d.Path())
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return strings.Join(all, " ")
}

func content(t *testing.T, d *Dir, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(d.Path(), name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// check compares an error by kind and by text, in which DIR stands for dir.
func check(t *testing.T, what string, err, kind error, dir, text string) {
	t.Helper()
	if !errors.Is(err, kind) {
		t.Errorf("%s: %v, want %v", what, err, kind)
	} else if got := strings.ReplaceAll(err.Error(), dir, "DIR"); got != text {
		t.Errorf("%s: %s, want %s", what, got, text)
	}
}

func TestNewDirRefused(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("nowhere", filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]struct {
		kind error
		text string
	}{
		dir:               {ErrExists, `"DIR": already exists`},
		dir + "/":         {ErrExists, `"DIR": already exists`},
		dir + "/file":     {ErrExists, `"DIR/file": already exists`},
		dir + "/link":     {ErrExists, `"DIR/link": already exists`},
		"":                {ErrExists, `".": already exists`},
		dir + "/a/b":      {ErrNoParent, `"DIR/a/b": the directory above it does not exist`},
		dir + "/file/out": {nil, `"DIR/file/out": not a directory`},
	} {
		for name, f := range map[string]func(string) error{
			"CheckNewDir": CheckNewDir,
			"CreateDir":   func(path string) error { _, err := CreateDir(path); return err },
		} {
			err := f(path)
			var pathErr *PathError
			if !errors.As(err, &pathErr) {
				t.Fatalf("%s(%q): %v", name, path, err)
			}
			if want.kind == nil {
				want.kind = pathErr.Err
			}
			check(t, name, err, want.kind, dir, want.text)
		}
	}
}

func TestErrorsQuotePaths(t *testing.T) {
	err := &PathError{"a\x1b[2J" + strings.Repeat("x", 10000), ErrExists}
	if text := err.Error(); strings.Contains(text, "\x1b") || len(text) > 400 {
		t.Errorf("%.100q… of %d bytes", text, len(text))
	}
}

func TestWriteFile(t *testing.T) {
	d := newDir(t)
	if err := d.WriteFile("keys.age", []byte("first")); err != nil {
		t.Fatal(err)
	}
	err := d.WriteFile("keys.age", []byte("second"))
	check(t, "again", err, ErrExists, d.Path(), `"DIR/keys.age": already exists`)
	if got := content(t, d, "keys.age"); got != "first" || names(t, d) != "keys.age" {
		t.Errorf("the directory holds %s, the file %q", names(t, d), got)
	}
}

func TestWriteFileLeavesOthersAlone(t *testing.T) {
	d := newDir(t)
	if err := os.Symlink("elsewhere", filepath.Join(d.Path(), "link")); err != nil {
		t.Fatal(err)
	}
	err := d.WriteFile("link", []byte("x"))
	check(t, "a symbolic link", err, ErrExists, d.Path(), `"DIR/link": already exists`)
	if err := os.WriteFile(filepath.Join(d.Path(), ".a.partial"), []byte("theirs"), 0o600); err != nil {
		t.Fatal(err)
	}
	err = d.WriteFile("a", []byte("x"))
	check(t, "a partial file", err, ErrExists, d.Path(), `"DIR/.a.partial": already exists`)
	if names(t, d) != ".a.partial link" || content(t, d, ".a.partial") != "theirs" {
		t.Errorf("the directory holds %s", names(t, d))
	}
}

func TestNames(t *testing.T) {
	d := newDir(t)
	for _, name := range []string{"", ".", "..", ".hidden", "a/b", `a\b`, "/a", "../a"} {
		check(t, "WriteFile", d.WriteFile(name, nil), ErrName, d.Path(), fmt.Sprintf("%q: not a plain file name", name))
		_, err := d.OpenJournal(name)
		check(t, "OpenJournal", err, ErrName, d.Path(), fmt.Sprintf("%q: not a plain file name", name))
	}
	if names(t, d) != "" {
		t.Errorf("the directory holds %s", names(t, d))
	}
}

func TestFailedWriteLeavesNothing(t *testing.T) {
	d := newDir(t)
	want := errors.New("no such key")
	err := d.WriteTo("a", func(w io.Writer) error { _, _ = w.Write([]byte("half")); return want })
	if err != want {
		t.Errorf("got %v", err)
	}
	func() {
		defer func() { _ = recover() }()
		_ = d.WriteTo("b", func(w io.Writer) error { _, _ = w.Write([]byte("half")); panic("a bug") })
	}()
	if names(t, d) != "" {
		t.Errorf("the directory holds %s", names(t, d))
	}
}

func TestFileThatAppearsMeanwhileIsKept(t *testing.T) {
	d := newDir(t)
	err := d.WriteTo("a", func(w io.Writer) error {
		if names(t, d) != ".a.partial" {
			t.Errorf("while it is written the directory holds %s", names(t, d))
		}
		return os.WriteFile(filepath.Join(d.Path(), "a"), []byte("theirs"), 0o600)
	})
	check(t, "WriteTo", err, ErrExists, d.Path(), `"DIR/a": already exists`)
	if content(t, d, "a") != "theirs" || names(t, d) != "a" {
		t.Errorf("the directory holds %s, the file %q", names(t, d), content(t, d, "a"))
	}
}

func TestOneOfManyWritersWins(t *testing.T) {
	d := newDir(t)
	var wg sync.WaitGroup
	errs := make([]error, 16)
	for i := range errs {
		wg.Go(func() { errs[i] = d.WriteFile("a", bytes.Repeat([]byte{'a' + byte(i)}, 1<<16)) })
	}
	wg.Wait()
	won := -1
	for i, err := range errs {
		switch {
		case err == nil && won < 0:
			won = i
		case !errors.Is(err, ErrExists):
			t.Errorf("writer %d: %v", i, err)
		}
	}
	if won < 0 || content(t, d, "a") != strings.Repeat(string(rune('a'+won)), 1<<16) || names(t, d) != "a" {
		t.Errorf("writer %d won; the directory holds %s", won, names(t, d))
	}
}

func TestPlace(t *testing.T) {
	for name, place := range map[string]func(from, to string) error{
		"place": place, "rename": renameExclusive, "link": linkExclusive, "checked rename": renameChecked,
	} {
		d := newDir(t)
		from, to := filepath.Join(d.Path(), "from"), filepath.Join(d.Path(), "to")
		for i, want := range []error{nil, fs.ErrExist} {
			if err := os.WriteFile(from, []byte{'0' + byte(i)}, 0o600); err != nil {
				t.Fatal(err)
			}
			if err := place(from, to); !errors.Is(err, want) {
				t.Errorf("%s: %v, want %v", name, err, want)
			}
		}
		if content(t, d, "to") != "0" || content(t, d, "from") != "1" {
			t.Errorf("%s replaces a file", name)
		}
	}
}

// TestPlaceInOrder: the next way is tried where the filesystem does not know
// one, and only then.
func TestPlaceInOrder(t *testing.T) {
	defer func(all []func(from, to string) error) { ways = all }(ways)
	if len(ways) != 3 {
		t.Fatalf("%d ways", len(ways))
	}
	other := errors.New("other")
	for first, want := range map[error]error{nil: nil, other: other, errors.ErrUnsupported: errors.ErrUnsupported} {
		tried := ""
		way := func(name string, err error) func(string, string) error {
			return func(string, string) error { tried += name; return err }
		}
		ways = []func(from, to string) error{way("a", errors.ErrUnsupported), way("b", first), way("c", errors.ErrUnsupported)}
		err := place("from", "to")
		if err != want || (tried == "abc") != (first == errors.ErrUnsupported) || !strings.HasPrefix(tried, "ab") {
			t.Errorf("%v: %v after %s", first, err, tried)
		}
	}
}

func TestJournal(t *testing.T) {
	d := newDir(t)
	j, err := d.OpenJournal("journal.ndjson")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 25 {
				if err := j.Append([]byte(`{"key":1}`)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if err := errors.Join(j.Sync(), j.Close()); err != nil {
		t.Error(err)
	}
	if got := content(t, d, "journal.ndjson"); got != strings.Repeat(`{"key":1}`+"\n", 100) {
		t.Errorf("the journal holds %q", got)
	}
	_, err = d.OpenJournal("journal.ndjson")
	check(t, "again", err, ErrExists, d.Path(), `"DIR/journal.ndjson": already exists`)
	check(t, "closed", j.Append(nil), os.ErrClosed, d.Path(), `"DIR/journal.ndjson": file already closed`)
}
