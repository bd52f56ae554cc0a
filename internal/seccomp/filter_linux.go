package seccomp

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"unsafe"

	"golang.org/x/sys/unix"
)

// System calls, by what they reach.
var (
	sockets = []uint32{
		unix.SYS_SOCKET, unix.SYS_SOCKETPAIR, unix.SYS_CONNECT, unix.SYS_BIND, unix.SYS_LISTEN, unix.SYS_ACCEPT, unix.SYS_ACCEPT4,
		unix.SYS_SENDTO, unix.SYS_SENDMSG, unix.SYS_SENDMMSG, unix.SYS_RECVFROM, unix.SYS_RECVMSG, unix.SYS_RECVMMSG,
	}
	// The same as others, unseen by a filter.
	unseen = []uint32{unix.SYS_IO_URING_SETUP, unix.SYS_IO_URING_ENTER, unix.SYS_IO_URING_REGISTER}
	// Another process's memory and files.
	others = []uint32{
		unix.SYS_PTRACE, unix.SYS_PROCESS_VM_READV, unix.SYS_PROCESS_VM_WRITEV, unix.SYS_PROCESS_MADVISE, unix.SYS_KCMP, unix.SYS_PIDFD_GETFD,
	}
	programs = []uint32{unix.SYS_EXECVE, unix.SYS_EXECVEAT}
	// What is mounted where, and files past their names.
	mounts = []uint32{
		unix.SYS_OPEN_BY_HANDLE_AT, unix.SYS_MOUNT, unix.SYS_UMOUNT2, unix.SYS_PIVOT_ROOT, unix.SYS_CHROOT,
		unix.SYS_OPEN_TREE, unix.SYS_MOVE_MOUNT, unix.SYS_FSOPEN, unix.SYS_FSCONFIG, unix.SYS_FSMOUNT, unix.SYS_FSPICK, unix.SYS_MOUNT_SETATTR,
		unix.SYS_SETNS, unix.SYS_UNSHARE, unix.SYS_QUOTACTL, unix.SYS_FANOTIFY_INIT,
	}
	machine = append([]uint32{
		unix.SYS_BPF, unix.SYS_PERF_EVENT_OPEN, unix.SYS_USERFAULTFD, unix.SYS_KEXEC_LOAD, unix.SYS_KEXEC_FILE_LOAD,
		unix.SYS_INIT_MODULE, unix.SYS_FINIT_MODULE, unix.SYS_DELETE_MODULE,
		unix.SYS_SWAPON, unix.SYS_SWAPOFF, unix.SYS_REBOOT, unix.SYS_ACCT, unix.SYS_SYSLOG,
		unix.SYS_SETTIMEOFDAY, unix.SYS_CLOCK_SETTIME, unix.SYS_SETHOSTNAME, unix.SYS_SETDOMAINNAME,
	}, ownMachine...)
	// What this program does not use, and vendors' modules may.
	oddities = append([]uint32{
		unix.SYS_NAME_TO_HANDLE_AT, unix.SYS_MKNODAT, unix.SYS_ADD_KEY, unix.SYS_REQUEST_KEY, unix.SYS_KEYCTL, unix.SYS_PERSONALITY,
	}, ownOddity...)
)

// Instructions of a filter, which the kernel runs at each system call over
// struct seccomp_data (see seccomp(2)): the number at offset 0, the instruction
// set at offset 4, and the low halves of the arguments from offset 16, 8 apart.
const (
	load    = unix.BPF_LD | unix.BPF_W | unix.BPF_ABS
	equal   = unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K
	atLeast = unix.BPF_JMP | unix.BPF_JGE | unix.BPF_K
	anyOf   = unix.BPF_JMP | unix.BPF_JSET | unix.BPF_K
	ret     = unix.BPF_RET | unix.BPF_K

	allow   = unix.SECCOMP_RET_ALLOW
	deny    = unix.SECCOMP_RET_ERRNO | uint32(unix.EPERM)
	missing = unix.SECCOMP_RET_ERRNO | uint32(unix.ENOSYS)

	number, instructions, first, second = 0, 4, 16, 24

	x32       = 0x40000000 // __X32_SYSCALL_BIT: the same calls under other numbers
	tiocLinux = 0x541c     // pastes on the Linux console
)

// arch is what the kernel calls the instruction set of this program.
var arch = map[string]uint32{
	"amd64": unix.AUDIT_ARCH_X86_64,
	"arm64": unix.AUDIT_ARCH_AARCH64,
}[runtime.GOARCH]

// threadsOnly lets a thread be made, and no process. The flags of clone3 are out
// of sight; whoever is told that there is no clone3 takes clone.
var threadsOnly = []unix.SockFilter{
	{Code: equal, Jf: 1, K: unix.SYS_CLONE3},
	{Code: ret, K: missing},
	{Code: equal, Jf: 4, K: unix.SYS_CLONE},
	{Code: load, K: first},
	{Code: anyOf, Jf: 1, K: unix.CLONE_THREAD},
	{Code: ret, K: allow},
	{Code: ret, K: deny},
}

// noTyping keeps the process from typing for the user.
var noTyping = []unix.SockFilter{
	{Code: equal, Jf: 5, K: unix.SYS_IOCTL},
	{Code: load, K: second},
	{Code: equal, Jt: 2, K: unix.TIOCSTI},
	{Code: equal, Jt: 1, K: tiocLinux},
	{Code: ret, K: allow},
	{Code: ret, K: deny},
}

// localSockets lets sockets be made that do not leave this machine.
var localSockets = []unix.SockFilter{
	{Code: equal, Jf: 5, K: unix.SYS_SOCKET},
	{Code: load, K: first},
	{Code: equal, Jt: 2, K: unix.AF_UNIX},
	{Code: equal, Jt: 1, K: unix.AF_NETLINK},
	{Code: ret, K: deny},
	{Code: ret, K: allow},
}

func program() error {
	return set(slices.Concat(threadsOnly, noTyping), sockets, unseen, others, programs, ownMaking, mounts, machine, oddities)
}

func helper(network bool) error {
	rules := noTyping
	if !network {
		rules = slices.Concat(noTyping, localSockets)
	}
	return set(rules, unseen, others, programs, mounts, machine)
}

// set sets a filter that goes by the rules first, and then denies some calls.
func set(rules []unix.SockFilter, denied ...[]uint32) error {
	if arch == 0 {
		return errors.ErrUnsupported
	}
	filter := []unix.SockFilter{
		{Code: load, K: instructions},
		{Code: equal, Jt: 1, K: arch},
		{Code: ret, K: unix.SECCOMP_RET_KILL_PROCESS},
		{Code: load, K: number},
		{Code: atLeast, Jf: 1, K: x32},
		{Code: ret, K: deny},
	}
	filter = append(filter, rules...)
	for _, call := range slices.Concat(denied...) {
		filter = append(filter,
			unix.SockFilter{Code: equal, Jf: 1, K: call},
			unix.SockFilter{Code: ret, K: deny})
	}
	filter = append(filter, unix.SockFilter{Code: ret, K: allow})

	// Only a thread without new privileges may set a filter.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("new privileges cannot be forbidden: %w", err)
	}
	fprog := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	// With TSYNC all threads get the filter, or none and the number of the
	// thread that could not.
	thread, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER,
		unix.SECCOMP_FILTER_FLAG_TSYNC, uintptr(unsafe.Pointer(&fprog)))
	switch {
	case errno == unix.ENOSYS || errno == unix.EINVAL:
		return errors.ErrUnsupported
	case errno != 0:
		return errno
	case thread != 0:
		return fmt.Errorf("thread %d cannot be filtered", thread)
	}
	return nil
}
