package output

import (
	"errors"
	"io/fs"
	"os"
)

// place gives a complete file its name, and never takes the name from another.
// A rename that refuses to replace is best; where there is none (NFS, some
// FUSE filesystems) a second name, which cannot replace either, is made and
// the first removed; and where there are no second names either, it looks
// before it renames.
func place(from, to string) error {
	if err := faulty("rename", to); err != nil {
		return err
	}
	var err error
	for _, way := range ways {
		if err = way(from, to); !errors.Is(err, errors.ErrUnsupported) {
			break
		}
	}
	return err
}

// ways are tried in this order, until the filesystem knows one.
var ways = []func(from, to string) error{renameExclusive, linkExclusive, renameChecked}

func linkExclusive(from, to string) error {
	err := os.Link(from, to)
	if errors.Is(err, fs.ErrPermission) { // what link(2) says of a filesystem without links
		return errors.ErrUnsupported
	}
	if err != nil {
		return err
	}
	return os.Remove(from)
}

// renameChecked would replace a file that appears between its two steps. The
// directory is new and of mode 0700, so only this user could put one there.
func renameChecked(from, to string) error {
	_, err := os.Lstat(to)
	if err == nil {
		return fs.ErrExist
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return os.Rename(from, to)
}
