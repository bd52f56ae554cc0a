//go:build unix

package workstation

import (
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

func closeInherited(keep func(fd int) Keep) {
	for _, fd := range openDescriptors() {
		flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0)
		if fd <= 2 || err != nil || flags&unix.FD_CLOEXEC != 0 {
			continue // standard, or opened by the program itself
		}
		switch keep(fd) {
		case KeepForUs:
			unix.CloseOnExec(fd)
		case CloseIt:
			_ = unix.Close(fd)
		}
	}
}

// openDescriptors lists the descriptors of this process, or where that cannot
// be, all that there may be.
func openDescriptors() (fds []int) {
	for _, dir := range []string{"/proc/self/fd", "/dev/fd"} {
		entries, err := os.ReadDir(dir)
		if err != nil {
			continue
		}
		for _, e := range entries {
			if fd, err := strconv.Atoi(e.Name()); err == nil {
				fds = append(fds, fd)
			}
		}
		return fds
	}
	for fd := 3; fd < 1024; fd++ {
		fds = append(fds, fd)
	}
	return fds
}
