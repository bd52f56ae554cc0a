package bucket

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"syscall"
)

// Read returns the bytes of a file, of at most limit. It refuses what is not a
// regular file, and does not wait for one that is a pipe.
func (b *Bucket) Read(f File, limit int64) ([]byte, error) {
	file, err := b.root.OpenFile(f.Path, os.O_RDONLY|nonBlock, 0)
	if err != nil {
		return nil, b.linkFault(f.Path, err)
	}
	defer func() { _ = file.Close() }()
	info, err := file.Stat()
	if err == nil {
		err = faulty("stat", f.Path)
	}
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, ErrNotRegular
	}
	if info.Size() > limit {
		return nil, ErrFileTooLong
	}
	// With room for the read that finds the end.
	data := bytes.NewBuffer(make([]byte, 0, info.Size()+bytes.MinRead))
	err = faulty("read", f.Path)
	if err == nil {
		_, err = data.ReadFrom(io.LimitReader(file, limit+1))
	}
	if err != nil {
		return nil, err
	}
	if int64(data.Len()) > limit { // it has grown
		return nil, ErrFileTooLong
	}
	return data.Bytes(), nil
}

// linkFault says what is wrong with a link that cannot be opened; of another
// file it returns the error as it is. That a link leads out is no error of the
// system but of os.Root, which has no name for it.
func (b *Bucket) linkFault(name string, err error) error {
	var system syscall.Errno
	info, lookErr := b.root.Lstat(name)
	switch {
	case lookErr != nil || info.Mode()&fs.ModeSymlink == 0:
		return err
	case errors.Is(err, fs.ErrNotExist):
		return ErrLinkDead
	case errors.As(err, &system):
		return err
	}
	return ErrLinkOut
}
