//go:build unix

package bucket

import (
	"errors"
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
}
