package output

import (
	"errors"

	"golang.org/x/sys/windows"
)

const openFlags = 0

// writable finds nothing out here; CreateDir will.
func writable(string) error { return nil }

// syncDir does nothing: directories cannot be synced here.
func syncDir(string) error { return nil }

func noSpace(err error) bool {
	return errors.Is(err, windows.ERROR_DISK_FULL) || errors.Is(err, windows.ERROR_HANDLE_DISK_FULL)
}

// renameExclusive fails if there is a file of the new name.
func renameExclusive(from, to string) error {
	f, err := windows.UTF16PtrFromString(from)
	if err != nil {
		return err
	}
	t, err := windows.UTF16PtrFromString(to)
	if err != nil {
		return err
	}
	return windows.MoveFileEx(f, t, windows.MOVEFILE_WRITE_THROUGH)
}
