package output

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// What can be wrong with a path, wrapped in a *PathError.
var (
	ErrExists      = errors.New("already exists")
	ErrNoParent    = errors.New("the directory above it does not exist")
	ErrNotWritable = errors.New("the directory above it cannot be written to")
	ErrNoSpace     = errors.New("no space left")
	ErrName        = errors.New("not a plain file name")
	ErrDirectory   = errors.New("is a directory")
	ErrEmptyPipe   = errors.New("nothing came out of the pipe")
	ErrNotRegular  = errors.New("is not a regular file")
)

// PathError says what is wrong with the file or directory at Path.
type PathError struct {
	Path string
	Err  error
}

// Error returns the quoted path and what is wrong with it.
func (e *PathError) Error() string { return fmt.Sprintf("%.300q: %v", e.Path, e.Err) }

// Unwrap returns what is wrong: one of the errors above, or an error of the
// system.
func (e *PathError) Unwrap() error { return e.Err }

// TooLargeError is returned for an input that is larger than its limit.
type TooLargeError struct {
	Path string
	Size int64 // bytes; what was read of it, if it grew while it was read
	Max  int64 // bytes
}

// Error returns the quoted path and both sizes.
func (e *TooLargeError) Error() string {
	return fmt.Sprintf("%.300q: %d bytes, at most %d are read", e.Path, e.Size, e.Max)
}

// at names path in an error of the system, in the place of the path and the
// call that the error names itself. A full disk is ErrNoSpace as well.
func at(path string, err error) error {
	if err == nil {
		return nil
	}
	var (
		pathErr *fs.PathError
		linkErr *os.LinkError
	)
	switch {
	case errors.As(err, &pathErr):
		err = pathErr.Err
	case errors.As(err, &linkErr):
		err = linkErr.Err
	}
	switch {
	case errors.Is(err, fs.ErrExist):
		err = ErrExists
	case noSpace(err):
		err = fullDisk{err}
	}
	return &PathError{path, err}
}

// fullDisk is ErrNoSpace in the words of the system.
type fullDisk struct{ error }

func (e fullDisk) Unwrap() []error { return []error{ErrNoSpace, e.error} }
