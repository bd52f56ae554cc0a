package output

import (
	"bytes"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"sync"
)

// Journal is a file that grows by a line at a time. It is safe for concurrent
// use.
type Journal struct {
	f    *os.File
	path string

	mu  sync.Mutex
	err error // of the write that failed
}

// OpenJournal makes a new journal of mode 0600. Errors are *PathError with
// ErrName, ErrExists, ErrNoSpace, or an error of the system.
func (d *Dir) OpenJournal(name string) (*Journal, error) {
	f, err := d.create(name, name, os.O_RDWR|os.O_APPEND)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(lock(f), syncNames(d.path)); err != nil {
		_ = f.Close()
		_ = os.Remove(f.Name()) // nothing is in it
		return nil, at(f.Name(), err)
	}
	return &Journal{f: f, path: f.Name()}, nil
}

// Append writes line, which holds no line break, and a line break after it, in
// one write. A write that fails, also half way, as on a full disk, may leave a
// part of the line at the end of the file; nothing is written after that, and
// every further call returns the same *PathError.
func (j *Journal) Append(line []byte) error {
	if bytes.ContainsRune(line, '\n') {
		panic("output: a journal line holds a line break")
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.err == nil {
		_, err := writeFile(j.f, append(bytes.Clone(line), '\n'))
		j.err = at(j.path, err)
	}
	return j.err
}

// Sync returns when all lines are on the disk.
func (j *Journal) Sync() error { return at(j.path, syncFile(j.f)) }

// Reader reads what is in the journal, from its beginning, through the file that
// is locked.
func (j *Journal) Reader() *io.SectionReader { return io.NewSectionReader(j.f, 0, math.MaxInt64) }

// Close syncs and closes the journal.
func (j *Journal) Close() error {
	err := j.Sync()
	if closing := at(j.path, errors.Join(j.f.Close(), faulty("close", j.path))); err == nil {
		err = closing
	}
	return err
}

// CreateJournal makes a new journal in a directory that exists, as
// Dir.OpenJournal does.
func CreateJournal(path string) (*Journal, error) {
	path = filepath.Clean(path)
	d := &Dir{filepath.Dir(path)}
	return d.OpenJournal(filepath.Base(path))
}
