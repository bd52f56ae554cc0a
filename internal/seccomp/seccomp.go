// Package seccomp makes system calls fail, for all threads of this process and
// all that they start, and for good. It is there on Linux, on amd64 and arm64.
package seccomp

// Program makes fail, with EPERM, what the program has no use for once its files
// and helpers are open: sockets of every kind, the memory and files of other
// processes, new processes and programs, the view of the file system, the
// kernel, and typing for the user of the terminal; the same by way of io_uring
// and the x32 numbers. Threads can be made. An error is errors.ErrUnsupported
// where the system has no such filter.
func Program() error { return program() }

// Helper makes fail what no PKCS#11 module has a use for: other processes'
// memory, other programs, the kernel, mounts, io_uring, the x32 numbers, and,
// unless network, every socket but those of this machine (AF_UNIX, for a smart
// card service or a daemon, and AF_NETLINK, for the list of devices). Errors are
// those of Program.
func Helper(network bool) error { return helper(network) }
