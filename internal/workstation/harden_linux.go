package workstation

import (
	"errors"
	"fmt"
	"runtime"
	"syscall"
	"unsafe"

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
// denyNetwork brings the others in line.
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

// arch is what the kernel calls the instruction set of this program.
var arch = map[string]uint32{
	"amd64": unix.AUDIT_ARCH_X86_64,
	"arm64": unix.AUDIT_ARCH_AARCH64,
}[runtime.GOARCH]

var denied = []uint32{
	unix.SYS_SOCKET, unix.SYS_CONNECT,
	unix.SYS_SENDTO, unix.SYS_SENDMSG, unix.SYS_SENDMMSG,
	unix.SYS_IO_URING_SETUP,
}

func denyNetwork() error {
	if arch == 0 {
		return errors.ErrUnsupported
	}
	// Only a thread without new privileges may set a filter.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("new privileges cannot be forbidden: %w", err)
	}
	program := filter()
	fprog := unix.SockFprog{Len: uint16(len(program)), Filter: &program[0]}
	// With TSYNC all threads get the filter, or none and the number of the
	// thread that could not.
	thread, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER,
		unix.SECCOMP_FILTER_FLAG_TSYNC, uintptr(unsafe.Pointer(&fprog)))
	if errno != 0 {
		return fmt.Errorf("the network cannot be denied: %w", errno)
	}
	if thread != 0 {
		return fmt.Errorf("the network cannot be denied to thread %d", thread)
	}
	return nil
}

// filter returns the program that the kernel runs at each system call, over
// struct seccomp_data (see seccomp(2)): the number at offset 0, the
// instruction set at offset 4.
func filter() []unix.SockFilter {
	const (
		load    = unix.BPF_LD | unix.BPF_W | unix.BPF_ABS
		equal   = unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K
		atLeast = unix.BPF_JMP | unix.BPF_JGE | unix.BPF_K
		ret     = unix.BPF_RET | unix.BPF_K
		deny    = unix.SECCOMP_RET_ERRNO | uint32(unix.EPERM)
		x32     = 0x40000000 // __X32_SYSCALL_BIT: the same calls under other numbers
	)
	program := []unix.SockFilter{
		{Code: load, K: 4},
		{Code: equal, Jt: 1, K: arch},
		{Code: ret, K: unix.SECCOMP_RET_KILL_PROCESS},
		{Code: load, K: 0},
		{Code: atLeast, Jf: 1, K: x32},
		{Code: ret, K: deny},
	}
	for _, number := range denied {
		program = append(program,
			unix.SockFilter{Code: equal, Jf: 1, K: number},
			unix.SockFilter{Code: ret, K: deny})
	}
	return append(program, unix.SockFilter{Code: ret, K: unix.SECCOMP_RET_ALLOW})
}
