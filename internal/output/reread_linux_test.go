package output

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"recover/fixtures/openfiles"
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
	before := openfiles.List(t)
	for range 50 {
		DropCache(path)
	}
	openfiles.Check(t, before)
}
