// Package output writes the results of a run, and reads its inputs.
//
// Results are new files in a new directory. A file is complete and on the disk
// under its name, or it is not there under that name; nothing that exists is
// ever overwritten. What is sealed is sealed before it touches the disk.
package output

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Dir is the new directory that holds the results of one run.
type Dir struct{ path string }

// CheckNewDir tells whether CreateDir would succeed as things are, for the
// check before any work is done. Errors are *PathError with ErrExists,
// ErrNoParent, ErrNotWritable, or an error of the system.
func CheckNewDir(path string) error {
	path = filepath.Clean(path)
	_, err := os.Lstat(path)
	if err == nil {
		return &PathError{path, ErrExists}
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return at(path, err)
	}
	parent := filepath.Dir(path)
	if _, err := os.Stat(parent); errors.Is(err, fs.ErrNotExist) {
		return &PathError{path, ErrNoParent}
	}
	if err := writable(parent); err != nil {
		return &PathError{path, fmt.Errorf("%w: %w", ErrNotWritable, err)}
	}
	return nil
}

// CreateDir makes the directory path, of mode 0700 whatever the umask, in a
// directory that must exist. On a filesystem without modes (FAT) it has the
// one that the mount gives it. Errors are those of CheckNewDir.
func CreateDir(path string) (*Dir, error) {
	if err := CheckNewDir(path); err != nil {
		return nil, err
	}
	path = filepath.Clean(path)
	if err := faulty("mkdir", path); err != nil {
		return nil, at(path, err)
	}
	if err := os.Mkdir(path, 0o700); err != nil {
		return nil, at(path, err)
	}
	// This gives back what a umask took. It never takes anything away, so a
	// filesystem that refuses it does no harm.
	_ = os.Chmod(path, 0o700)
	if err := syncNames(filepath.Dir(path)); err != nil {
		_ = os.Remove(path) // it is empty, and would be in the way of the next try
		return nil, at(path, err)
	}
	return &Dir{path}, nil
}

// Path returns the path of the directory.
func (d *Dir) Path() string { return d.path }

// Rename gives the directory another name, which no file may have, and makes it
// last. Errors are *PathError with ErrExists, or an error of the system.
func (d *Dir) Rename(path string) error {
	path = filepath.Clean(path)
	if err := place(d.path, path); err != nil {
		return at(path, err)
	}
	d.path = path
	return at(path, syncNames(filepath.Dir(path)))
}

// CreateDir makes a new directory in d. Errors are those of the function of
// that name, and ErrName.
func (d *Dir) CreateDir(name string) (*Dir, error) {
	if err := checkName(name); err != nil {
		return nil, err
	}
	return CreateDir(filepath.Join(d.path, name))
}

// WriteFile writes data to a new file of mode 0600, see WriteTo.
func (d *Dir) WriteFile(name string, data []byte) error {
	return d.WriteTo(name, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
}

// WriteTo makes a new file of mode 0600 out of what write writes. Until it is
// complete and synced the file is called .NAME.partial; an error removes that,
// and only a killed process leaves it behind. Errors are those of write, and
// *PathError with ErrName, ErrExists, ErrNoSpace, or an error of the system.
func (d *Dir) WriteTo(name string, write func(io.Writer) error) error {
	return d.writeTo(name, 0o600, place, write)
}

// partialName is what a file is called until it is complete.
func partialName(name string) string { return "." + name + ".partial" }

// writeTo is WriteTo for a file of any mode; place gives it its name.
func (d *Dir) writeTo(name string, mode fs.FileMode, place func(from, to string) error, write func(io.Writer) error) error {
	f, err := d.create(name, partialName(name), os.O_WRONLY)
	if err != nil {
		return err
	}
	_ = lock(f) // it is new; the lock tells others that it is being written
	if mode != 0o600 {
		_ = f.Chmod(mode) // a filesystem without modes does no harm
	}
	path := filepath.Join(d.path, name)
	placed := false
	defer func() { // also when write panics
		if !placed {
			f.Close()
			_ = os.Remove(f.Name())
		}
	}()
	if err := write(fileWriter{f, path}); err != nil {
		return err
	}
	if err := errors.Join(syncFile(f), f.Close(), faulty("close", path)); err != nil {
		return at(path, err)
	}
	if err := place(f.Name(), path); err != nil {
		return at(path, err)
	}
	placed = true
	return at(path, syncNames(d.path))
}

func checkName(name string) error {
	if name == "" || name[0] == '.' || strings.ContainsAny(name, `/\`) || !filepath.IsLocal(name) {
		return &PathError{name, ErrName}
	}
	return nil
}

// create makes the file that is to hold the result name.
func (d *Dir) create(name, filename string, flag int) (*os.File, error) {
	if err := checkName(name); err != nil {
		return nil, err
	}
	path := filepath.Join(d.path, filename)
	if err := faulty("open", path); err != nil {
		return nil, at(path, err)
	}
	f, err := os.OpenFile(path, flag|os.O_CREATE|os.O_EXCL, 0o600)
	return f, at(path, err)
}

// fileWriter names the path of the result in the errors of its file.
type fileWriter struct {
	f    *os.File
	path string
}

func (w fileWriter) Write(p []byte) (int, error) {
	n, err := writeFile(w.f, p)
	return n, at(w.path, err)
}
