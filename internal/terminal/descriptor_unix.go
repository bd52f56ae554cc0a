//go:build linux || darwin

package terminal

import "golang.org/x/sys/unix"

// inherit takes over a descriptor that was open when the program started. What
// the program opens itself is told from that by its close-on-exec flag, which
// Go always sets: nothing of its own may be taken for a passphrase.
func inherit(fd int) bool {
	flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0)
	if err != nil || flags&unix.FD_CLOEXEC != 0 {
		return false
	}
	unix.CloseOnExec(fd)
	return true
}
