package workstation

import (
	"fmt"

	"golang.org/x/sys/unix"
)

func harden() error {
	unix.Umask(0o077)
	if err := unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{}); err != nil {
		return fmt.Errorf("core files cannot be forbidden: %w", err)
	}
	return nil
}
