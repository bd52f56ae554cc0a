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

var errPlayed = errors.New("played fault")

// calls makes the n-th call of the system fail while run runs; 0: none. It
// returns the calls, of which DIR is dir.
func calls(t *testing.T, dir string, n int, run func()) string {
	t.Helper()
	var all []string
	Fault = func(op, path string) error {
		all = append(all, op+" "+strings.Replace(path, dir, "DIR", 1))
		if len(all) == n {
			return errPlayed
		}
		return nil
	}
	defer func() { Fault = nil }()
	run()
	return strings.Join(all, ", ")
}

// TestFaults holds which calls of the system each operation makes, in which
// order, and has each of them fail in turn: the error comes out, with the path
// that it is about, and what is left in the directory is as the operation
// promises. No file stays open.
func TestFaults(t *testing.T) {
	for name, c := range map[string]struct {
		run   func(dir string) error
		calls string
		done  string   // what is in the directory without a fault
		left  []string // and with a fault of each call
	}{
		"CreateDir": {
			run: func(dir string) error {
				d, err := CreateDir(dir + "//new/")
				if want := filepath.Join(dir, "new"); err == nil && d.Path() != want {
					return errors.New("the path is " + d.Path())
				}
				return err
			},
			calls: "mkdir DIR/new, syncdir DIR",
			done:  "new", left: []string{"", ""},
		},
		"Dir.CreateDir": {
			run:   func(dir string) error { _, err := (&Dir{dir}).CreateDir("new"); return err },
			calls: "mkdir DIR/new, syncdir DIR",
			done:  "new", left: []string{"", ""},
		},
		"WriteFile": {
			run:   func(dir string) error { return (&Dir{dir}).WriteFile("a", []byte("text")) },
			calls: "open DIR/.a.partial, write DIR/.a.partial, sync DIR/.a.partial, close DIR/a, rename DIR/a, syncdir DIR",
			// With the last the file is there, and whole, but may not last.
			done: "a=text", left: []string{"", "", "", "", "", "a=text"},
		},
		"WriteNewFile": {
			run: func(dir string) error {
				return WriteNewFile(dir+"//a/", func(w io.Writer) error { _, err := io.WriteString(w, "text"); return err })
			},
			calls: "open DIR/.a.partial, write DIR/.a.partial, sync DIR/.a.partial, close DIR/a, rename DIR/a, syncdir DIR",
			done:  "a=text", left: []string{"", "", "", "", "", "a=text"},
		},
		"File, replaced": {
			run: func(dir string) error {
				for name, text := range map[string]string{"a": "text of before", ".a.partial": "te"} {
					if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
						return err
					}
				}
				return File{Path: dir + "//a/", Mark: "text", Replace: true}.Write(func(w io.Writer) error { _, err := io.WriteString(w, "text"); return err })
			},
			calls: "remove DIR/.a.partial, open DIR/.a.partial, write DIR/.a.partial, sync DIR/.a.partial, close DIR/a, rename DIR/a, syncdir DIR",
			done:  "a=text",
			left: []string{".a.partial=te a=text of before", "a=text of before", "a=text of before", "a=text of before", "a=text of before",
				"a=text of before", "a=text"},
		},
		"a journal": {
			run: func(dir string) error {
				j, err := CreateJournal(dir + "//j/")
				if err != nil {
					return err
				}
				err = errors.Join(j.Append([]byte("one")), j.Append([]byte("two")))
				if err == nil {
					err = j.Sync()
				}
				return errors.Join(err, j.Close())
			},
			calls: "open DIR/j, syncdir DIR, write DIR/j, write DIR/j, sync DIR/j, sync DIR/j, close DIR/j",
			done:  "j=one\ntwo\n", left: []string{"", "", "j=on", "j=one\ntw", "j=one\ntwo\n", "j=one\ntwo\n", "j=one\ntwo\n"},
		},
		"a journal that is resumed": {
			run: func(dir string) error {
				if err := os.WriteFile(filepath.Join(dir, "j"), []byte("one\ntor"), 0o600); err != nil {
					return err
				}
				j, err := (&Dir{dir}).ResumeJournal("j", anything)
				if err != nil {
					return err
				}
				err = j.Append([]byte("two"))
				return errors.Join(err, j.Close())
			},
			calls: "sync DIR/j, write DIR/j, sync DIR/j, close DIR/j",
			done:  "j=one\ntwo\n", left: []string{"j=one\n", "j=one\ntw", "j=one\ntwo\n", "j=one\ntwo\n"},
		},
		"RemovePartial": {
			run: func(dir string) error {
				if err := os.WriteFile(filepath.Join(dir, ".a.partial"), nil, 0o600); err != nil {
					return err
				}
				return (&Dir{dir}).RemovePartial()
			},
			calls: "remove DIR/.a.partial",
			done:  "", left: []string{".a.partial="},
		},
		"Remove": {
			run: func(dir string) error {
				if err := os.WriteFile(filepath.Join(dir, "a"), nil, 0o600); err != nil {
					return err
				}
				return (&Dir{dir}).Remove("a")
			},
			calls: "remove DIR/a",
			done:  "", left: []string{"a="},
		},
		"Rename": {
			run: func(dir string) error {
				from := filepath.Join(dir, "from")
				if err := os.Mkdir(from, 0o700); err != nil {
					return err
				}
				d := &Dir{from}
				err := d.Rename(dir + "//to/")
				if want := filepath.Join(dir, "to"); err == nil && d.Path() != want {
					return errors.New("the path is still " + d.Path())
				}
				return err
			},
			calls: "rename DIR/to, syncdir DIR",
			done:  "to", left: []string{"from", "to"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			files := openfiles.List(t)
			for n := range len(c.left) + 1 {
				dir := t.TempDir()
				var err error
				got := calls(t, dir, n, func() { err = c.run(dir) })
				if n == 0 {
					if err != nil || got != c.calls {
						t.Errorf("calls: %s\nwant:  %s\n%v", got, c.calls, err)
					}
					if left := list(t, dir); left != c.done {
						t.Errorf("then there is %q, want %q", left, c.done)
					}
					continue
				}
				var named *PathError
				if !errors.Is(err, errPlayed) || !errors.As(err, &named) || !strings.HasPrefix(named.Path, dir) {
					t.Errorf("call %d: %v", n, err)
				}
				if left := list(t, dir); left != c.left[n-1] {
					t.Errorf("call %d: then there is %q, want %q", n, left, c.left[n-1])
				}
			}
			openfiles.Check(t, files)
		})
	}
}

// TestAppearsMeanwhile: a directory that is there after all is not taken.
func TestAppearsMeanwhile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new")
	Fault = func(op, path string) error {
		if op == "mkdir" {
			return os.Mkdir(path, 0o700)
		}
		return nil
	}
	defer func() { Fault = nil }()
	if d, err := CreateDir(path); !errors.Is(err, ErrExists) || d != nil {
		t.Errorf("got %v, %v", d, err)
	}
}

// list returns what is in a directory, and of files the content.
func list(t *testing.T, dir string) string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, e := range entries {
		text := e.Name()
		if !e.IsDir() {
			text += "=" + content(t, &Dir{dir}, e.Name())
		}
		all = append(all, text)
	}
	return strings.Join(all, " ")
}

// TestJournalFails: after a write that failed nothing is written, and the error
// stays. A line has no line break.
func TestJournalFails(t *testing.T) {
	d := newDir(t)
	j, err := d.OpenJournal("j")
	if err != nil {
		t.Fatal(err)
	}
	calls(t, d.Path(), 1, func() { err = j.Append([]byte("one")) })
	var again error
	calls(t, d.Path(), 0, func() { again = j.Append([]byte("two")) })
	if !errors.Is(err, errPlayed) || again != err {
		t.Errorf("%v, then %v", err, again)
	}
	text, err := io.ReadAll(j.Reader())
	if err != nil || string(text) != "on" {
		t.Errorf("it holds %q, %v", text, err)
	}
	func() {
		defer func() {
			if recover() == nil {
				t.Error("a line with a line break was taken")
			}
		}()
		_ = j.Append([]byte("a\nb"))
	}()
	if err := j.Close(); err != nil {
		t.Error(err)
	}
	if err := j.Sync(); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
}

// TestRealSync holds that the calls that are only played in tests are made.
func TestRealSync(t *testing.T) {
	f, err := os.Create(filepath.Join(t.TempDir(), "f"))
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(syncFile(f), f.Close()); err != nil {
		t.Error(err)
	}
	if err := syncFile(f); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("a closed file: %v", err)
	}
	if err := syncNames(filepath.Join(t.TempDir(), "absent")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("an absent directory: %v", err)
	}
}

// TestSystemErrors has the system itself refuse.
func TestSystemErrors(t *testing.T) {
	absent := &Dir{filepath.Join(t.TempDir(), "absent")}
	_, names := absent.Names()
	_, journal := absent.OpenJournal("j")
	_, resumed := absent.ResumeJournal("j", anything)
	for what, err := range map[string]error{
		"Names": names, "OpenJournal": journal, "ResumeJournal": resumed, "WriteFile": absent.WriteFile("a", nil), "RemovePartial": absent.RemovePartial(),
		"Rename": (&Dir{absent.path}).Rename(absent.path + "-2"),
	} {
		var named *PathError
		if !errors.Is(err, fs.ErrNotExist) || !errors.As(err, &named) || !strings.HasPrefix(named.Path, absent.path) {
			t.Errorf("%s: %v", what, err)
		}
	}
	d := newDir(t)
	for _, name := range []string{".x.partial", "y"} { // directories that are not empty cannot be removed
		if err := os.MkdirAll(filepath.Join(d.path, name, "z"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for what, err := range map[string]error{".x.partial": d.RemovePartial(), "y": d.Remove("y")} {
		var named *PathError
		if !errors.As(err, &named) || named.Path != filepath.Join(d.path, what) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := d.ResumeJournal("y", anything); !errors.Is(err, ErrNotRegular) {
		t.Errorf("a directory as a journal: %v", err)
	}
	if _, err := d.CreateDir("a/b"); !errors.Is(err, ErrName) {
		t.Errorf("CreateDir: %v", err)
	}
	if err := CheckNewFile(filepath.Join(d.path, "y")); !errors.Is(err, ErrExists) {
		t.Errorf("CheckNewFile: %v", err)
	}
	if err := d.Rename(filepath.Join(d.path, "..", filepath.Base(d.path))); !errors.Is(err, ErrExists) {
		t.Errorf("Rename to itself: %v", err)
	}
	to := filepath.Join(filepath.Dir(d.path), "to")
	if err := os.WriteFile(to, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	path := d.path
	if err := d.Rename(to); !errors.Is(err, ErrExists) || d.path != path {
		t.Errorf("Rename to a file: %v, and the path is %s", err, d.path)
	}
	// Without a name of their own, errors keep the path of the call.
	if err := at("p", &os.LinkError{Op: "link", Old: "o", New: "n", Err: fs.ErrPermission}); err.Error() != `"p": permission denied` {
		t.Errorf("a link error: %v", err)
	}
	if err := linkExclusive(filepath.Join(d.path, "absent"), to); !errors.Is(err, fs.ErrExist) && !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("linkExclusive: %v", err)
	}
	if err := renameChecked(filepath.Join(d.path, "y"), filepath.Join(to, "x")); err == nil || errors.Is(err, fs.ErrExist) {
		t.Errorf("renameChecked below a file: %v", err)
	}
	from, gone := filepath.Join(d.path, "from"), filepath.Join(d.path, "gone")
	if err := errors.Join(os.WriteFile(from, nil, 0o600), linkExclusive(from, gone)); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Lstat(from); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("after linkExclusive the first name: %v", err)
	}
}

// TestNoSpace: a full disk is known by its name, and keeps the system's words.
func TestNoSpace(t *testing.T) {
	full := &PathError{"p", fullDisk{errPlayed}}
	if !errors.Is(full, ErrNoSpace) || !errors.Is(full, errPlayed) || full.Error() != `"p": played fault` {
		t.Error(full)
	}
	if at("p", nil) != nil {
		t.Error("no error is one")
	}
}
