package workstation

import "golang.org/x/sys/unix"

// deniedHere are calls that amd64 alone has.
var deniedHere = []uint32{unix.SYS_FORK, unix.SYS_VFORK, unix.SYS_MKNOD, unix.SYS_IOPL, unix.SYS_IOPERM, unix.SYS_MODIFY_LDT, unix.SYS_USELIB}
