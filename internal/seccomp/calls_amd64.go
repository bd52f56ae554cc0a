//go:build linux

package seccomp

import "golang.org/x/sys/unix"

// Calls that amd64 alone has.
var (
	ownMaking  = []uint32{unix.SYS_FORK, unix.SYS_VFORK}
	ownMachine = []uint32{unix.SYS_IOPL, unix.SYS_IOPERM, unix.SYS_USELIB}
	ownOddity  = []uint32{unix.SYS_MKNOD, unix.SYS_MODIFY_LDT}
)
