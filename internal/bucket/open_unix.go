//go:build unix

package bucket

import "syscall"

// nonBlock lets a pipe be opened without waiting for somebody to write to it.
const nonBlock = syscall.O_NONBLOCK
