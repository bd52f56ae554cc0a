//go:build cgo && (linux || darwin)

package main

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// takePipes moves the pipes to recover out of the way of modules, which print
// to stdout and read from stdin: fd 0 becomes /dev/null, and fd 1 stderr.
func takePipes() (in, out *os.File, err error) {
	fds := [2]int{}
	for fd := range fds {
		if fds[fd], err = unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 3); err != nil {
			return nil, nil, fmt.Errorf("dup: %w", err)
		}
	}
	null, err := os.Open(os.DevNull)
	if err != nil {
		return nil, nil, err
	}
	defer null.Close()
	if err := unix.Dup2(int(null.Fd()), 0); err != nil {
		return nil, nil, fmt.Errorf("dup: %w", err)
	}
	if err := unix.Dup2(2, 1); err != nil {
		return nil, nil, fmt.Errorf("dup: %w", err)
	}
	return os.NewFile(uintptr(fds[0]), "requests"), os.NewFile(uintptr(fds[1]), "answers"), nil
}
