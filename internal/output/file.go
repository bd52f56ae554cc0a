package output

import (
	"io"
	"path/filepath"
)

// CheckNewFile tells whether WriteNewFile could make the file as things are.
// Errors are those of CheckNewDir.
func CheckNewFile(path string) error { return CheckNewDir(path) }

// WriteNewFile makes a new file of mode 0600 in a directory that exists, as
// Dir.WriteTo does.
func WriteNewFile(path string, write func(io.Writer) error) error {
	path = filepath.Clean(path)
	d := &Dir{filepath.Dir(path)}
	return d.WriteTo(filepath.Base(path), write)
}
