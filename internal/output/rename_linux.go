package output

import (
	"errors"

	"golang.org/x/sys/unix"
)

// renameExclusive fails if there is a file of the new name. A filesystem that
// knows no such rename says EINVAL.
func renameExclusive(from, to string) error {
	err := unix.Renameat2(unix.AT_FDCWD, from, unix.AT_FDCWD, to, unix.RENAME_NOREPLACE)
	if err == unix.EINVAL {
		return errors.ErrUnsupported
	}
	return err
}
