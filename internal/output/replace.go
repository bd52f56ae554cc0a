package output

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// ErrForeign is wrapped in a *PathError for a file that is there already, and
// that this program has not written.
var ErrForeign = errors.New("already exists, and is not an earlier one of the same kind")

// File is a file for output. With Replace it takes the place of an earlier one of
// its kind, which is known by its mark, and of nothing else: a run that comes
// again every week writes the same file every week.
type File struct {
	Path    string
	Mark    string // what a file of this kind begins with
	Public  bool   // others may read it: mode 0644 and not 0600
	Replace bool
}

// Check tells whether Write would succeed as things are. Errors are those of
// CheckNewFile; where an earlier file may be replaced, ErrForeign for one of
// another kind: a link, a device, or a file without the mark.
func (f File) Check() error {
	path := filepath.Clean(f.Path)
	err := CheckNewFile(path)
	if !f.Replace || !errors.Is(err, ErrExists) {
		return err
	}
	if err := f.checkOwn(path); err != nil {
		return at(path, err)
	}
	if err := writable(filepath.Dir(path)); err != nil {
		return &PathError{path, errors.Join(ErrNotWritable, err)}
	}
	return nil
}

// checkOwn looks whether the file at path has the mark.
func (f File) checkOwn(path string) error {
	info, err := os.Lstat(path)
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return ErrForeign
	}
	in, err := os.OpenFile(path, os.O_RDONLY|openFlags, 0)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()
	opened, err := in.Stat()
	if err != nil {
		return err
	}
	head := make([]byte, len(f.Mark))
	n, err := io.ReadFull(in, head)
	switch {
	case err != nil && err != io.EOF && err != io.ErrUnexpectedEOF:
		return err
	case !os.SameFile(info, opened), string(head[:n]) != f.Mark:
		return ErrForeign
	}
	return nil
}

// Write makes the file out of what write writes, which has to begin with the
// mark. An earlier one is whole under its name until the new one is. Two runs at
// a time do no harm: one of them gets ErrInUse, or what it wrote is replaced.
// Errors are those of Check and of Dir.WriteTo.
func (f File) Write(write func(io.Writer) error) error {
	if err := f.Check(); err != nil {
		return err
	}
	path := filepath.Clean(f.Path)
	d := &Dir{filepath.Dir(path)}
	name := filepath.Base(path)
	if f.Replace {
		if err := d.removeStale(partialName(name)); err != nil {
			return err
		}
	}
	mode := fs.FileMode(0o600)
	if f.Public {
		mode = 0o644
	}
	return d.writeTo(name, mode, f.place, write)
}

// place gives the new file its name, where a file of another kind may have come
// in the meantime.
func (f File) place(from, to string) error {
	if _, err := os.Lstat(to); !f.Replace || errors.Is(err, fs.ErrNotExist) {
		return place(from, to)
	}
	if err := f.checkOwn(to); err != nil {
		return err
	}
	if err := faulty("rename", to); err != nil {
		return err
	}
	return os.Rename(from, to)
}

// removeStale removes the beginning of a file that a killed process left: a run
// that comes by itself, every week, must not be stopped by it for good. The lock
// tells whether a process is still at it.
func (d *Dir) removeStale(name string) error {
	path := filepath.Join(d.path, name)
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return at(path, err)
	}
	if !info.Mode().IsRegular() {
		return &PathError{path, ErrExists}
	}
	f, err := os.OpenFile(path, os.O_RDWR|openFlags, 0)
	if err == nil {
		err = lock(f)
		_ = f.Close() // before it is removed: Windows asks for that
	}
	if err != nil {
		return at(path, err)
	}
	if err := faulty("remove", path); err != nil {
		return at(path, err)
	}
	return at(path, os.Remove(path))
}
