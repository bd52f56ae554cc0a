package output

import (
	"errors"

	"golang.org/x/sys/unix"
)

// DropCache asks the system to forget what it keeps in memory of a file that was
// written and synced, and reports whether it did: whoever reads the file next
// reads the medium. It cannot, for example, for a file in memory (tmpfs). What
// the medium keeps in a memory of its own, nobody can tell.
func DropCache(path string) bool {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC|openFlags, 0)
	if err != nil {
		return false
	}
	defer unix.Close(fd)
	if unix.Fadvise(fd, 0, 0, unix.FADV_DONTNEED) != nil {
		return false
	}
	// A read that may not wait has something to return only where the system
	// still has it.
	_, err = unix.Preadv2(fd, [][]byte{make([]byte, 1)}, 0, unix.RWF_NOWAIT)
	return errors.Is(err, unix.EAGAIN)
}
