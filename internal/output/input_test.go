package output

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
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
