package output

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
)

const mark = "# ours\n"

func text(s string) func(io.Writer) error {
	return func(w io.Writer) error { _, err := io.WriteString(w, s); return err }
}

// TestReplace: a file is made, and made again in the place of the first one; a
// file of another kind stays as it is.
func TestReplace(t *testing.T) {
	dir := t.TempDir()
	r := File{Path: filepath.Join(dir, "a"), Mark: mark, Replace: true}
	if err := (File{Path: r.Path, Mark: mark}).Write(text(mark + "0")); err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{File{Path: r.Path, Mark: mark}.Check(), File{Path: r.Path, Mark: mark}.Write(text(mark))} {
		if !errors.Is(err, ErrExists) {
			t.Errorf("replaced unasked: %v", err)
		}
	}
	for _, content := range []string{mark + "1", mark + "22", mark} {
		if err := errors.Join(r.Check(), r.Write(text(content))); err != nil {
			t.Fatal(err)
		}
		if got := listed(t, dir); got != "a="+content {
			t.Errorf("in the directory: %q", got)
		}
	}
	other := filepath.Join(dir, "other")
	link := filepath.Join(dir, "link")
	if err := errors.Join(os.WriteFile(other, []byte("# our"), 0o600), os.Symlink("a", link), os.Mkdir(filepath.Join(dir, "d"), 0o700)); err != nil {
		t.Fatal(err)
	}
	before := listed(t, dir)
	for _, path := range []string{other, link, filepath.Join(dir, "d")} {
		r := File{Path: path, Mark: mark, Replace: true}
		for _, err := range []error{r.Check(), r.Write(text(mark))} {
			var named *PathError
			if !errors.Is(err, ErrForeign) || !errors.As(err, &named) || named.Path != path {
				t.Errorf("%s: %v", path, err)
			}
		}
	}
	if err := (File{Path: filepath.Join(dir, "no", "a"), Mark: mark, Replace: true}).Check(); !errors.Is(err, ErrNoParent) {
		t.Errorf("without a parent: %v", err)
	}
	failed := errors.New("failed")
	if err := r.Write(func(w io.Writer) error { _ = text(mark)(w); return failed }); !errors.Is(err, failed) {
		t.Errorf("a failed write: %v", err)
	}
	if got := listed(t, dir); got != before {
		t.Errorf("changed: %q, and it was %q", got, before)
	}
}

// listed is what is in a directory, with the content of files.
func listed(t *testing.T, dir string) string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, e := range entries {
		content := ""
		if e.Type().IsRegular() {
			data, err := os.ReadFile(filepath.Join(dir, e.Name()))
			if err != nil {
				t.Fatal(err)
			}
			content = "=" + string(data)
		}
		all = append(all, e.Name()+content)
	}
	return strings.Join(all, ", ")
}

// TestReplaceUnreadable: a file that cannot be read is not taken for our own.
func TestReplaceUnreadable(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("takes a file that is there and cannot be read, even by root")
	}
	if err := (File{Mark: mark}).checkOwn(filepath.Join(t.TempDir(), "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("not there: %v", err)
	}
	if err := (File{Mark: mark}).checkOwn("/proc/self/mem"); !errors.Is(err, syscall.EIO) {
		t.Errorf("got %v", err)
	}
}

// TestReplaceComesBetween: a file of another kind that appears while the new one is
// written is not replaced.
func TestReplaceComesBetween(t *testing.T) {
	for _, earlier := range []bool{false, true} {
		dir := t.TempDir()
		r := File{Path: filepath.Join(dir, "a"), Mark: mark, Replace: true}
		if earlier {
			if err := r.Write(text(mark)); err != nil {
				t.Fatal(err)
			}
		}
		err := r.Write(func(w io.Writer) error {
			_ = os.Remove(r.Path)
			return errors.Join(os.WriteFile(r.Path, []byte("theirs"), 0o600), text(mark)(w))
		})
		if !errors.Is(err, ErrForeign) || listed(t, dir) != "a=theirs" {
			t.Errorf("%v, %q", err, listed(t, dir))
		}
	}
}

// TestReplaceMode: what others read may be read by them, whatever the umask; all
// else by nobody.
func TestReplaceMode(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no modes")
	}
	for public, want := range map[bool]os.FileMode{false: 0o600, true: 0o644} {
		path := filepath.Join(t.TempDir(), "a")
		for range 2 {
			if err := (File{path, mark, public, true}).Write(text(mark)); err != nil {
				t.Fatal(err)
			}
			if info, err := os.Stat(path); err != nil || info.Mode() != want {
				t.Errorf("%v, %v", info.Mode(), err)
			}
		}
	}
}

// TestStale: what a killed process left is removed, and what a process is writing
// is not.
func TestStale(t *testing.T) {
	dir := t.TempDir()
	r := File{Path: filepath.Join(dir, "a"), Mark: mark, Replace: true}
	stale := filepath.Join(dir, ".a.partial")
	if err := os.WriteFile(stale, []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := r.Write(text(mark + "1")); err != nil || listed(t, dir) != "a="+mark+"1" {
		t.Fatalf("%v, %q", err, listed(t, dir))
	}
	if err := os.Symlink("a", stale); err != nil {
		t.Fatal(err)
	}
	if err := r.Write(text(mark)); !errors.Is(err, ErrExists) {
		t.Errorf("over a link: %v", err)
	}
	if err := os.Remove(stale); err != nil {
		t.Fatal(err)
	}
	err := r.Write(func(w io.Writer) error {
		if err := r.Write(text(mark + "2")); !errors.Is(err, ErrInUse) && runtime.GOOS != "windows" {
			t.Errorf("two at a time: %v", err)
		}
		return text(mark + "3")(w)
	})
	if err != nil || listed(t, dir) != "a="+mark+"3" {
		t.Errorf("%v, %q", err, listed(t, dir))
	}
}
