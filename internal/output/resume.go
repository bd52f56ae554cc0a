package output

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// ErrInUse is returned for a journal that another process is writing to.
var ErrInUse = errors.New("another process is writing to it")

// OpenDir opens the directory of an earlier run, to go on in it. Errors are
// *PathError.
func OpenDir(path string) (*Dir, error) {
	path = filepath.Clean(path)
	info, err := os.Stat(path)
	if err != nil {
		return nil, at(path, err)
	}
	if !info.IsDir() {
		return nil, &PathError{path, errors.New("is not a directory")}
	}
	return &Dir{path}, nil
}

// Names returns the names of the files in the directory, in no order.
func (d *Dir) Names() ([]string, error) {
	f, err := os.Open(d.path)
	if err != nil {
		return nil, at(d.path, err)
	}
	defer func() { _ = f.Close() }()
	names, err := f.Readdirnames(-1)
	return names, at(d.path, err)
}

// RemovePartial removes the beginnings of files that a killed process left. Of
// what is in them, nothing was entered in a journal.
func (d *Dir) RemovePartial() error {
	names, err := d.Names()
	if err != nil {
		return err
	}
	for _, name := range names {
		if !strings.HasPrefix(name, ".") || !strings.HasSuffix(name, ".partial") {
			continue
		}
		path := filepath.Join(d.path, name)
		if err := faulty("remove", path); err != nil {
			return at(path, err)
		}
		if err := os.Remove(path); err != nil {
			return at(path, err)
		}
	}
	return nil
}

// Remove removes a file that is of no more use, if it is there.
func (d *Dir) Remove(name string) error {
	if err := checkName(name); err != nil {
		return err
	}
	path := filepath.Join(d.path, name)
	if err := faulty("remove", path); err != nil {
		return at(path, err)
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return at(path, err)
	}
	return nil
}

// maxFirstLine is the longest first line of a journal that is resumed, in bytes.
const maxFirstLine = 1 << 20

// ResumeJournal opens the journal of an earlier run, to append to it. Nothing is
// changed unless isJournal takes its first line, which is empty where there is
// no whole one. Then a last line that is not whole, as a killed process or a
// full disk leaves it, is cut off: it was never acknowledged. The journal is
// locked until it is closed. Errors are *PathError, with ErrInUse where another
// process has it, or with what isJournal returned.
func (d *Dir) ResumeJournal(name string, isJournal func(firstLine []byte) error) (*Journal, error) {
	path := filepath.Join(d.path, name)
	if info, err := os.Lstat(path); err != nil {
		return nil, at(path, err)
	} else if !info.Mode().IsRegular() {
		return nil, &PathError{path, ErrNotRegular}
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_APPEND|openFlags, 0)
	if err != nil {
		return nil, at(path, err)
	}
	err = lock(f)
	if err == nil {
		err = checkFirstLine(f, isJournal)
	}
	if err == nil {
		err = cutTornLine(f)
	}
	if err != nil {
		_ = f.Close()
		return nil, at(path, err)
	}
	return &Journal{f: f, path: path}, nil
}

func checkFirstLine(f *os.File, isJournal func([]byte) error) error {
	head, err := io.ReadAll(io.NewSectionReader(f, 0, maxFirstLine))
	if err != nil {
		return err
	}
	line, _, whole := bytes.Cut(head, []byte("\n"))
	if !whole {
		line = nil
	}
	return isJournal(line)
}

// cutTornLine cuts a file off after its last line break.
func cutTornLine(f *os.File) error {
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	buf := make([]byte, 64<<10)
	for end := size; end > 0; {
		begin := max(0, end-int64(len(buf)))
		n, err := f.ReadAt(buf[:end-begin], begin)
		if err != nil {
			return err
		}
		if i := bytes.LastIndexByte(buf[:n], '\n'); i >= 0 {
			size = begin + int64(i) + 1
			break
		}
		end, size = begin, begin
	}
	if err := f.Truncate(size); err != nil {
		return err
	}
	return syncFile(f)
}
