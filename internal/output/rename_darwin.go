package output

import "golang.org/x/sys/unix"

// renameExclusive fails if there is a file of the new name.
func renameExclusive(from, to string) error {
	return unix.RenamexNp(from, to, unix.RENAME_EXCL)
}
