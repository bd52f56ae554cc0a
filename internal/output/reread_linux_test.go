package output

import (
	"os"
	"path/filepath"
	"testing"
)

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
