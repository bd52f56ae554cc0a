//go:build cgo

package main

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// harden sees to it that no PIN or plaintext gets into a core file.
func harden() error {
	if err := unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{}); err != nil {
		return fmt.Errorf("setrlimit RLIMIT_CORE: %w", err)
	}
	return nil
}
