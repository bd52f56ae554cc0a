package output

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

// TestDropCache: a file in memory, or none, never counts as read from the medium;
// and one on a disk, after DropCache said so, is still what it was.
func TestDropCache(t *testing.T) {
	d := newDir(t)
	if err := d.WriteFile("a", []byte("text")); err != nil {
		t.Fatal(err)
	}
	dropped := DropCache(filepath.Join(d.Path(), "a"))
	t.Logf("the system forgot a file in %s: %v", d.Path(), dropped)
	if content(t, d, "a") != "text" {
		t.Error("the file has changed")
	}
	if DropCache(filepath.Join(d.Path(), "b")) || DropCache(d.Path()) {
		t.Error("what is no file was dropped")
	}
	if runtime.GOOS != "linux" {
		return
	}
	f, err := os.CreateTemp("/dev/shm", "recover-test")
	if err != nil {
		t.Logf("no file in memory to try it with: %v", err)
		return
	}
	defer func() { _ = os.Remove(f.Name()) }()
	if _, err := f.WriteString("text"); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if DropCache(f.Name()) {
		t.Error("a file in memory counts as one on a medium")
	}
}
