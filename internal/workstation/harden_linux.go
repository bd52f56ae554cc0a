package workstation

import (
	"fmt"
	"syscall"

	"golang.org/x/sys/unix"
)

func harden() error {
	unix.Umask(0o077)
	if err := unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{}); err != nil {
		return fmt.Errorf("core files cannot be forbidden: %w", err)
	}
	// Where core_pattern is a pipe the limit is ignored, but not this.
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		return fmt.Errorf("memory dumps cannot be forbidden: %w", err)
	}
	if err := noNewPrivileges(); err != nil {
		return fmt.Errorf("new privileges cannot be forbidden: %w", err)
	}
	return nil
}

// noNewPrivileges sets a flag that each thread has for itself, and Go has
// started some. In a program with cgo only this thread can be reached;
// Confine brings the others in line.
func noNewPrivileges() error {
	_, _, errno := syscall.AllThreadsSyscall6(unix.SYS_PRCTL, unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0, 0)
	if errno == unix.ENOTSUP {
		return unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
	}
	if errno != 0 {
		return errno
	}
	return nil
}
