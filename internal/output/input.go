package output

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"time"

	"recover/internal/secret"
)

// Input is a regular file that is read up to a limit.
type Input struct {
	f               *os.File
	path            string
	size, read, max int64
}

// OpenInput opens a regular file of at most max bytes; a symbolic link is
// followed. It never waits, whatever the path is. Errors are *TooLargeError,
// and *PathError with ErrDirectory, ErrNotRegular (a device, a FIFO, a
// socket), or an error of the system.
func OpenInput(path string, max int64) (*Input, error) {
	// To open a device can set it going, so this looks first. What was opened
	// is then looked at again.
	info, err := os.Stat(path)
	if err := regular(path, max, info, err); err != nil {
		return nil, err
	}
	return openSeen(path, max)
}

// openSeen opens what was a regular file when it was looked at.
func openSeen(path string, max int64) (*Input, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|openFlags, 0)
	if err != nil {
		return nil, at(path, err)
	}
	info, err := f.Stat()
	if err := regular(path, max, info, err); err != nil {
		f.Close()
		return nil, err
	}
	return &Input{f: f, path: path, size: info.Size(), max: max}, nil
}

// regular judges what a Stat of path returned.
func regular(path string, max int64, info fs.FileInfo, err error) error {
	switch {
	case err != nil:
		return at(path, err)
	case info.IsDir():
		return &PathError{path, ErrDirectory}
	case !info.Mode().IsRegular():
		return &PathError{path, ErrNotRegular}
	case info.Size() > max:
		return &TooLargeError{path, info.Size(), max}
	}
	return nil
}

// patience is how long a read waits for a file that calls itself regular and has
// nothing to give, as some of /proc do. No file of a disk is waited for like that.
const patience = time.Second

// Read reads as an io.Reader does. A file that grew beyond its limit is a
// *TooLargeError, and one that would be waited for without end is ErrNotRegular.
func (in *Input) Read(p []byte) (int, error) {
	_ = in.f.SetReadDeadline(time.Now().Add(patience)) // of a file of a disk there is none
	n, err := in.f.Read(p)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return n, &PathError{in.path, ErrNotRegular}
	}
	if in.read += int64(n); in.read > in.max {
		return 0, &TooLargeError{in.path, in.read, in.max}
	}
	if err == io.EOF {
		return n, err
	}
	return n, at(in.path, err)
}

// ReadAt reads as an io.ReaderAt does.
func (in *Input) ReadAt(p []byte, offset int64) (int, error) {
	n, err := in.f.ReadAt(p, offset)
	if err == io.EOF {
		return n, err
	}
	return n, at(in.path, err)
}

// Close closes the file.
func (in *Input) Close() error { return in.f.Close() }

// ReadFile returns what is in a regular file of at most max bytes. Unless the
// file grows it copies nothing, so whoever wipes the result has wiped it all.
// Errors are those of OpenInput.
func ReadFile(path string, max int64) ([]byte, error) {
	in, err := OpenInput(path, max)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	// With room for the read that finds the end.
	buf := bytes.NewBuffer(make([]byte, 0, in.size+bytes.MinRead))
	if _, err := buf.ReadFrom(in); err != nil {
		secret.Wipe(buf.Bytes())
		return nil, err
	}
	return buf.Bytes(), nil
}

// pipePoll is how long a read of a pipe waits before it looks whether it was
// interrupted.
const pipePoll = 200 * time.Millisecond

// ReadInput is ReadFile, and reads a pipe as well, once, to its end: what a
// shell's <(…) gives. A pipe that brings more than max bytes is a *TooLargeError,
// and one that brings nothing more is waited for until ctx is done, whose error
// is then returned in a *PathError. One that brings nothing at all is ErrEmptyPipe.
func ReadInput(ctx context.Context, path string, max int64) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil || info.Mode()&fs.ModeNamedPipe == 0 {
		return ReadFile(path, max)
	}
	f, err := os.OpenFile(path, os.O_RDONLY|openFlags, 0)
	if err != nil {
		return nil, at(path, err)
	}
	defer f.Close()
	return readPipe(ctx, f, max)
}

// readPipe wipes what it has read if that is not all.
func readPipe(ctx context.Context, f *os.File, max int64) (b []byte, err error) {
	path := f.Name()
	// With room for all that may come, so that no copy of a secret is left in a
	// buffer that was outgrown.
	b = make([]byte, 0, max+1)
	defer func() {
		if err != nil {
			secret.Wipe(b)
			b = nil
		}
	}()
	for {
		_ = f.SetReadDeadline(time.Now().Add(pipePoll)) // where there are none, a second signal ends it
		n, err := f.Read(b[len(b):cap(b)])
		b = b[:len(b)+n]
		switch {
		case int64(len(b)) > max:
			return b, &TooLargeError{path, int64(len(b)), max}
		case err == io.EOF && len(b) == 0:
			return b, &PathError{path, ErrEmptyPipe}
		case err == io.EOF:
			return b, nil
		case ctx.Err() != nil:
			return b, &PathError{path, ctx.Err()}
		case err != nil && !errors.Is(err, os.ErrDeadlineExceeded):
			return b, at(path, err)
		}
	}
}
