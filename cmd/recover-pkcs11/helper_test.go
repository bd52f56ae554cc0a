//go:build cgo && linux

package main

import (
	"debug/elf"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unsafe"

	"github.com/miekg/pkcs11"
	"golang.org/x/sys/unix"

	"recover/fixtures/tier"
	"recover/pkg/hsm"
	"recover/pkg/hsm/wire"
)

func TestMain(m *testing.M) {
	switch os.Getenv("HELPER_TEST") {
	case "fence":
		showFence(false)
	case "network":
		showFence(true)
	case "helper":
		main()
	case "harden":
		showHardened()
	default:
		os.Exit(m.Run())
	}
}

// self starts the test binary in another role.
func self(role string, arguments ...string) *exec.Cmd {
	c := exec.Command(os.Args[0], arguments...)
	c.Env = append(os.Environ(), "HELPER_TEST="+role)
	return c
}

func TestNeedsLibcOnly(t *testing.T) {
	tier.Long(t)
	program := filepath.Join(t.TempDir(), "recover-pkcs11")
	if out, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	f, err := elf.Open(program)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	libraries, err := f.ImportedLibraries()
	if err != nil || !slices.Equal(libraries, []string{"libc.so.6"}) {
		t.Errorf("needs %q, %v; want libc.so.6", libraries, err)
	}
}

// Without cgo there is a program too, which says why it does nothing.
func TestWithoutCgo(t *testing.T) {
	tier.Long(t)
	program := filepath.Join(t.TempDir(), "recover-pkcs11")
	build := exec.Command("go", "build", "-o", program, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	out, err := exec.Command(program).CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 1 || string(out) != "recover-pkcs11: built without cgo: it cannot load PKCS#11 modules\n" {
		t.Errorf("%v: %s", err, out)
	}
}

func showHardened() {
	if err := harden(); err != nil {
		fmt.Println(err)
	}
	var core unix.Rlimit
	_ = unix.Getrlimit(unix.RLIMIT_CORE, &core)
	dumpable, _ := unix.PrctlRetInt(unix.PR_GET_DUMPABLE, 0, 0, 0, 0)
	signal := int32(0)
	_ = unix.Prctl(unix.PR_GET_PDEATHSIG, uintptr(unsafe.Pointer(&signal)), 0, 0, 0)
	fmt.Printf("core %d %d, dumpable %d, signal %d", core.Cur, core.Max, dumpable, signal)
}

func showFence(network bool) {
	fmt.Println((&module{}).confine(network))
	for _, call := range []struct {
		name string
		a    [4]uintptr
	}{
		{"inet", [4]uintptr{unix.SYS_SOCKET, unix.AF_INET, unix.SOCK_STREAM}},
		{"inet6", [4]uintptr{unix.SYS_SOCKET, unix.AF_INET6, unix.SOCK_DGRAM}},
		{"unix", [4]uintptr{unix.SYS_SOCKET, unix.AF_UNIX, unix.SOCK_STREAM}},
		{"netlink", [4]uintptr{unix.SYS_SOCKET, unix.AF_NETLINK, unix.SOCK_RAW}},
		{"connect", [4]uintptr{unix.SYS_CONNECT, ^uintptr(0)}},
		{"execve", [4]uintptr{unix.SYS_EXECVE}},
		{"ptrace", [4]uintptr{unix.SYS_PTRACE, unix.PTRACE_CONT, ^uintptr(0)}},
		{"io_uring", [4]uintptr{unix.SYS_IO_URING_SETUP}},
		{"type", [4]uintptr{unix.SYS_IOCTL, ^uintptr(0), unix.TIOCSTI}},
	} {
		_, _, errno := unix.Syscall(call.a[0], call.a[1], call.a[2], call.a[3])
		fmt.Printf("%s: %v\n", call.name, errno)
	}
}

func TestFence(t *testing.T) {
	const (
		denied = "operation not permitted"
		common = "unix: errno 0\nnetlink: errno 0\nconnect: bad file descriptor\nexecve: " + denied + "\nptrace: " + denied + "\nio_uring: " + denied + "\ntype: " + denied + "\n"
	)
	for role, want := range map[string]string{
		"fence":   "1\ninet: " + denied + "\ninet6: " + denied + "\n" + common,
		"network": "1\ninet: errno 0\ninet6: errno 0\n" + common,
	} {
		if out, err := self(role).CombinedOutput(); err != nil || string(out) != want {
			t.Errorf("%s: %v\n%s", role, err, out)
		}
	}
}

func TestHarden(t *testing.T) {
	out, err := self("harden").Output()
	if err != nil || string(out) != "core 0 0, dumpable 0, signal 9" {
		t.Errorf("%s, %v", out, err)
	}
}

func TestArguments(t *testing.T) {
	out, err := self("helper", "--version").CombinedOutput()
	if err == nil || string(out) != "recover-pkcs11: takes no arguments: it is started by recover\n" {
		t.Errorf("%v: %s", err, out)
	}
}

// ask starts the helper, sends requests one after the other, with a ^C in
// between that it must not care for, and ends it.
func ask(t *testing.T, requests ...*wire.Message) (answers []*wire.Message) {
	t.Helper()
	c := self("helper")
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	for i, q := range requests {
		if i > 0 { // now it has begun
			_ = c.Process.Signal(os.Interrupt)
		}
		q.Kind, q.ID = wire.Request, uint32(i)
		if err := wire.Write(in, q); err != nil {
			t.Fatal(err)
		}
		a, err := wire.Read(out)
		if err != nil {
			t.Fatal(err)
		}
		if a.ID != q.ID || a.Op != q.Op {
			t.Errorf("%+v is the answer to %+v", a, q)
		}
		answers = append(answers, a)
	}
	_ = in.Close()
	if err := c.Wait(); err != nil {
		t.Errorf("at the end of its input: %v", err)
	}
	return answers
}

func failureText(a *wire.Message) string {
	if a.Kind != wire.Failure {
		return ""
	}
	return fmt.Sprintf("%s %d %s", a.Strings[0], a.Numbers[0], a.Strings[1])
}

func TestOrder(t *testing.T) {
	load := func() *wire.Message {
		return &wire.Message{Op: wire.Load, Strings: [][]byte{[]byte("/none.so")}}
	}
	answers := ask(t, &wire.Message{Op: wire.Slots}, load(), &wire.Message{Op: wire.Slots},
		&wire.Message{Op: wire.Hello, Numbers: []uint64{7, 0}, Strings: [][]byte{[]byte("x")}})
	for i, want := range []string{
		" 0 no module is loaded",
		"dlopen 0 /none.so: cannot open shared object file: No such file or directory",
		" 0 no module is loaded", "",
	} {
		if got := failureText(answers[i]); got != want {
			t.Errorf("answer %d: %q, want %q", i, got, want)
		}
	}
	if hello := answers[3]; hello.Numbers[0] != wire.Version || string(hello.Strings[0]) != wire.HelperName {
		t.Errorf("hello: %+v", hello)
	}
}

func TestEndsOnNoise(t *testing.T) {
	c := self("helper")
	c.Stdin = strings.NewReader("help me")
	var exit *exec.ExitError
	if out, err := c.CombinedOutput(); !errors.As(err, &exit) || exit.ExitCode() != 1 || len(out) > 0 {
		t.Errorf("%v: %s", err, out)
	}
}

// pkg/hsm has its own list of names, for it can do without cgo.
func TestNamesOfCKR(t *testing.T) {
	for n := range uint(0x300) {
		name := strings.TrimPrefix(pkcs11.Error(n).Error(), fmt.Sprintf("pkcs11: 0x%X: ", n))
		if name == "" {
			name = "an unknown CKR"
		}
		if want := fmt.Sprintf("%s (0x%X)", name, n); hsm.CKR(n).String() != want {
			t.Fatalf("0x%X is %s, want %s", n, hsm.CKR(n), want)
		}
	}
}
