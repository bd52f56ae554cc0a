//go:build unix

package owner

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"testing/fstest"

	"recover/pkg/custody"
)

// ending ends a context when its n-th file is opened.
type ending struct {
	fstest.MapFS
	left *int
	end  context.CancelFunc
}

func (e ending) Open(name string) (fs.File, error) {
	if name != "." {
		if *e.left--; *e.left == 0 {
			e.end()
		}
	}
	return e.MapFS.Open(name)
}

// TestInterrupted: an interrupt is heard with the next file, or within a large one.
func TestInterrupted(t *testing.T) {
	files := fstest.MapFS{}
	for i := range 50 {
		files[fmt.Sprint(i)] = &fstest.MapFile{Data: make([]byte, 1<<20)}
	}
	for _, n := range []int{1, 20, 50} {
		ctx, end := context.WithCancel(t.Context())
		left := n
		if _, err := ReadFiles(ctx, ending{files, &left, end}, "papers", sandboxRecord); !errors.Is(err, context.Canceled) || left != 0 {
			t.Errorf("interrupted at file %d: %v, %d files later", n, err, -left)
		}
	}
	ctx, end := context.WithCancel(t.Context())
	end()
	if _, err := ReadFiles(ctx, files, "papers", sandboxRecord); !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted before: %v", err)
	}
}

// TestPipeNextToTranscript: what lies next to a paper is read only if it is a file,
// and is not too large.
func TestPipeNextToTranscript(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mkfifo(filepath.Join(dir, "t.txt"), 0o600); err != nil {
		t.Fatal(err)
	}
	large := filepath.Join(dir, "large.txt")
	if err := errors.Join(os.WriteFile(large, nil, 0o600), os.Truncate(large, 1<<40)); err != nil {
		t.Fatal(err)
	}
	r := &reader{Files: new(Files), ctx: t.Context(), fs: os.DirFS(dir)}
	for name, want := range map[string]string{
		"t.txt": "not a regular file", "large.txt": "larger than any text of a transcript", "none.txt": "",
	} {
		if got := r.wrongText(name, nil, custody.Digest{}); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}
