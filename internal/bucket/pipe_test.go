//go:build unix

package bucket

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// TestPipe would hang if the pipe were opened like a file.
func TestPipe(t *testing.T) {
	dir := tree(t, keyA+"/x")
	if err := syscall.Mkfifo(filepath.Join(dir, keyA, "recovery_shard-0.txt"), 0o600); err != nil {
		t.Fatal(err)
	}
	b := open(t, dir)
	if _, err := b.Read(File{Path: keyA + "/recovery_shard-0.txt"}, 100); !errors.Is(err, ErrNotRegular) {
		t.Errorf("a pipe: %v", err)
	}
	// What waits in a pipe is not taken out of it to see how it begins.
	path := filepath.Join(dir, keyA, "other")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	both, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = both.Close() }()
	if _, err := both.WriteString("eyJpbmRleCI6"); err != nil {
		t.Fatal(err)
	}
	if found := b.Search(); len(found) != 0 {
		t.Errorf("found %q", names(found))
	}
}
