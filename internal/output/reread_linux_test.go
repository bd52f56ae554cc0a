package output

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// TestDropCacheOfPipe: what is on no medium was not dropped from memory.
func TestDropCacheOfPipe(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	if DropCache(path) {
		t.Error("a pipe counts as read from the medium")
	}
}

// TestDropCacheCloses: a long ceremony reads many files again, and keeps none open.
func TestDropCacheCloses(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte("text"), 0o600); err != nil {
		t.Fatal(err)
	}
	opened := func() int {
		files, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Fatal(err)
		}
		return len(files)
	}
	before := opened()
	for range 50 {
		DropCache(path)
	}
	if after := opened(); after > before+10 {
		t.Errorf("%d files are open, before there were %d", after, before)
	}
}
