package output

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"recover/fixtures/openfiles"
)

func TestReadFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "shard")
	if err := os.WriteFile(path, []byte("0123456789"), 0o600); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(dir, "link")
	if err := os.Symlink("shard", link); err != nil {
		t.Fatal(err)
	}
	for _, p := range []string{path, link} {
		if b, err := ReadFile(p, 10); err != nil || string(b) != "0123456789" {
			t.Errorf("ReadFile(%s) = %q, %v", p, b, err)
		}
	}
	_, err := ReadFile(path, 9)
	var tooLarge *TooLargeError
	if !errors.As(err, &tooLarge) || *tooLarge != (TooLargeError{path, 10, 9}) {
		t.Fatalf("got %#v", err)
	}
	check(t, "too large", err, err, dir, `"DIR/shard": 10 bytes, at most 9 are read`)
	_, err = ReadFile(dir, 9)
	check(t, "a directory", err, ErrDirectory, dir, `"DIR": is a directory`)
	_, err = ReadFile(dir+"/none", 9)
	check(t, "nothing", err, os.ErrNotExist, dir, `"DIR/none": no such file or directory`)
}

func TestInputThatGrows(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte("01234567"), 0o600); err != nil {
		t.Fatal(err)
	}
	in, err := OpenInput(path, 9)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	if err := os.WriteFile(path, make([]byte, 100), 0o600); err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(in)
	var tooLarge *TooLargeError
	if !errors.As(err, &tooLarge) || len(b) > 9 {
		t.Errorf("read %d bytes, %v", len(b), err)
	}
}

// TestInput reads files as they are while they are read.
func TestInput(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(path, []byte("01234567"), 0o600); err != nil {
		t.Fatal(err)
	}
	files := openfiles.List(t)
	in, err := OpenInput(path, 8)
	if err != nil {
		t.Fatal(err)
	}
	all, err := io.ReadAll(in)
	if err != nil || string(all) != "01234567" {
		t.Errorf("Read: %q, %v", all, err)
	}
	buf := make([]byte, 4)
	if n, err := in.ReadAt(buf, 2); err != nil || string(buf[:n]) != "2345" {
		t.Errorf("ReadAt: %q, %v", buf[:n], err)
	}
	if n, err := in.ReadAt(buf, 6); err != io.EOF || string(buf[:n]) != "67" {
		t.Errorf("ReadAt of the end: %q, %v", buf[:n], err)
	}
	if err := in.Close(); err != nil {
		t.Error(err)
	}
	_, readErr := in.Read(buf)
	_, readAtErr := in.ReadAt(buf, 0)
	for what, err := range map[string]error{"Read": readErr, "ReadAt": readAtErr} {
		check(t, what, err, fs.ErrClosed, filepath.Dir(path), `"DIR/f": file already closed`)
	}
	if _, err := ReadFile(path, 8); err != nil {
		t.Error(err)
	}
	for _, other := range []struct {
		path string
		kind error
	}{{filepath.Dir(path), ErrDirectory}, {filepath.Join(filepath.Dir(path), "gone"), fs.ErrNotExist}} {
		if in, err := openSeen(other.path, 8); !errors.Is(err, other.kind) || in != nil {
			t.Errorf("in place of the file that was looked at: %v, want %v", err, other.kind)
		}
	}
	if in, err := openSeen(path, 7); !errors.As(err, new(*TooLargeError)) || in != nil {
		t.Errorf("it has grown since it was looked at: %v", err)
	}
	openfiles.Check(t, files)
	if b, err := ReadFile("/proc/self/stat", 3); runtime.GOOS == "linux" && (!errors.As(err, new(*TooLargeError)) || b != nil) {
		t.Errorf("a file that is larger than it says: %q, %v", b, err)
	}
	if b, err := ReadFile("/proc/self/mem", 3); runtime.GOOS == "linux" && (err == nil || b != nil) {
		t.Errorf("a file that cannot be read: %q, %v", b, err)
	}
}
