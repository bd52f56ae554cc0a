//go:build linux

package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	ll "github.com/landlock-lsm/go-landlock/landlock/syscall"
	"golang.org/x/sys/unix"

	"recover/fixtures/tier"
	"recover/internal/workstation"
)

// tryFromInside raises the fence and then tries what it is to stop, from inside
// the program, in the middle of a run.
func tryFromInside(f workstation.Fence) []*workstation.GapError {
	gaps := workstation.Confine(f)
	tell := func(what string, err error) {
		fmt.Fprintf(os.Stderr, "tried: %s: %v\n", what, errors.Is(err, os.ErrPermission))
	}
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
	tell("socket", err)
	_ = unix.Close(fd)
	_, err = os.StartProcess("/bin/true", []string{"true"}, new(os.ProcAttr))
	tell("program", err)
	_, err = os.ReadFile("/etc/passwd")
	tell("read", err)
	tell("write", os.WriteFile("/tmp/recover-was-here", nil, 0o600))
	tell("append", errOf(os.OpenFile(f.Read[0], os.O_WRONLY|os.O_APPEND, 0)))
	return gaps
}

func errOf(_ *os.File, err error) error { return err }

// withoutFence is a system that has none.
func withoutFence(workstation.Fence) []*workstation.GapError {
	return []*workstation.GapError{{Part: "Landlock", Lost: "files are open", Err: errors.ErrUnsupported}}
}

func init() {
	programs["recover-without-fence"] = func() { raiseFence = withoutFence; main() }
	programs["recover-that-tries"] = func() { raiseFence = tryFromInside; main() }
}

// TestFenceFromInside: what is tried from inside fails, and the run goes on.
func TestFenceFromInside(t *testing.T) {
	t.Parallel()
	if abi, err := ll.LandlockGetABIVersion(); err != nil || abi < 1 {
		t.Skip("SKIPPED, NOT PASSED: this kernel has no Landlock")
	}
	out := filepath.Join(t.TempDir(), "out")
	o := start(t, exec.Command("recover-that-tries", few().rebuild(out, "--unsealed")...))
	o.wantStatus(t, exitOK)
	tried := o.lines("tried: ")
	want := []string{"socket: true", "program: true", "read: true", "write: true", "append: true"}
	if !slices.Equal(tried, append(want, want...)) { // the fence is made narrower once
		t.Errorf("tried: %q", tried)
	}
	if n, err := checkSafe(out, few(), os.ReadFile); err != nil || n != 10 {
		t.Errorf("%d keys are there, %v", n, err)
	}
}

// TestNoFence: what the system does not have is said, and --strict-sandbox goes
// no further.
func TestNoFence(t *testing.T) {
	tier.Long(t)
	t.Parallel()
	dir := t.TempDir()
	const fact = "this system has no Landlock: files are open"
	o := start(t, exec.Command("recover-without-fence", few().rebuild(filepath.Join(dir, "out"), "--unsealed")...))
	o.wantStatus(t, exitOK)
	if warned := o.lines("recover: warning: "); !slices.Contains(warned, fact) {
		t.Errorf("warnings: %q", warned)
	}
	for _, args := range [][]string{few().rebuild(filepath.Join(dir, "strict"), "--unsealed", strictFlag), {"inspect", strictFlag, few().path("record.json")}} {
		start(t, exec.Command("recover-without-fence", args...)).refused(t, exitFailed, fact, "use a Linux kernel that has it, or leave --strict-sandbox out")
	}
	absent(t, filepath.Join(dir, "strict"))
	execute(t, few().rebuild(filepath.Join(dir, "whole"), "--unsealed", strictFlag)...).wantStatus(t, exitOK)
}

// systemFiles are opened by the Go runtime: the size of large pages, the number
// of processors, and the descriptors that the program was started with.
var systemFiles = regexp.MustCompile(`^(/sys/kernel/mm/transparent_hugepage/hpage_pmd_size|/sys/fs/cgroup/.*|/proc/self/(cgroup|mountinfo|fd)|/proc/[0-9]+/(cgroup|mountinfo|fd))$`)

var opened = regexp.MustCompile(`(?m)^(?:\d+ +)?(?:open|openat|openat2|creat)\((?:AT_FDCWD(?:<([^>]*)>)?, |\d+<([^>]*)>, )?"([^"]*)", ([A-Z_|]*)`)

// TestTraced runs a whole rebuild under strace: it makes no call of a network,
// and opens what it was told to.
func TestTraced(t *testing.T) {
	tier.Long(t)
	t.Parallel()
	if _, err := exec.LookPath("strace"); err != nil {
		t.Fatal("this test needs strace: make test-tools installs it")
	}
	dir := t.TempDir()
	trace, out := filepath.Join(dir, "trace"), filepath.Join(dir, "out")
	program := built(t)
	args := []string{"-f", "-y", "-qq", "-s", "4096", "-e", "trace=%network,/^open,creat,execve,execveat,io_uring_setup", "-o", trace, program}
	start(t, exec.Command("strace", append(args, few().rebuild(out, "--unsealed")...)...)).wantStatus(t, exitOK)
	text := string(must(os.ReadFile(trace)))
	if call := regexp.MustCompile(`(?m)^(\d+ +)?(socket|socketpair|connect|bind|listen|accept|send|recv|io_uring)[a-z0-9]*\(.*$`).FindString(text); call != "" {
		t.Errorf("a call of a network: %s", call)
	}
	if n := strings.Count(text, "execve("); n > 2 {
		t.Errorf("%d programs are started, not the program itself, once or twice", n)
	}
	inputs, outputs := 0, 0
	for _, call := range opened.FindAllStringSubmatch(text, -1) {
		path, flags := call[3], call[4]
		if !filepath.IsAbs(path) {
			path = filepath.Join(call[1]+call[2], path)
		}
		writes := strings.Contains(flags, "O_WRONLY") || strings.Contains(flags, "O_RDWR") || strings.Contains(flags, "O_CREAT")
		switch below := func(of string) bool { return path == of || strings.HasPrefix(path, of+"/") }; {
		case below(out), path == dir && !writes: // its names are synced
			outputs++
		case below(few().dir) && !writes:
			inputs++
		case below(filepath.Join(shared, "machine")) && !writes: // /proc and /sys, for the preflight
		case path == "/dev/tty", path == program && !writes, systemFiles.MatchString(path) && !writes:
		case strings.Contains(flags, "O_PATH"): // no more than a name, for Landlock
		default:
			t.Errorf("opened: %s %s", path, flags)
		}
	}
	if inputs < 10 || outputs < 3 {
		t.Errorf("only %d inputs and %d outputs were seen:\n%.3000s", inputs, outputs, text)
	}
}

// TestNoDebugger: another process of the same user cannot attach to the program,
// and cannot read what it has in memory.
func TestNoDebugger(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("SKIPPED, NOT PASSED: it takes root to become a user who is not")
	}
	dir := must(os.MkdirTemp("", "recover-debugger"))
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	nobody := &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	program := filepath.Join(dir, "recover")
	command(t, nil, "cp", built(t), program) // a program that this process wrote may be busy, as long as another test starts one
	sealed := command(t, privatePEM(small().recovery), "openssl", "pkcs8", "-topk8", "-v2", "aes256", "-passout", "pass:"+keyPhrase)
	if err := os.WriteFile(filepath.Join(dir, "key"), sealed, 0o644); err != nil {
		t.Fatal(err)
	}
	for path, mode := range map[string]os.FileMode{dir: 0o755, program: 0o755, filepath.Join(dir, "key"): 0o644} { // whatever the umask is
		ok(t, os.Chmod(path, mode))
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _, _ = r.Close(), w.Close() }()
	waiting := exec.Command(program, "inspect", "--open", "--passphrase-fd", "3", filepath.Join(dir, "key"))
	waiting.ExtraFiles, waiting.SysProcAttr, waiting.Dir = []*os.File{r}, nobody, dir
	sleeping := exec.Command("sleep", "60")
	sleeping.SysProcAttr = nobody
	for _, cmd := range []*exec.Cmd{waiting, sleeping} {
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		defer func() { _, _ = cmd.Process.Kill(), cmd.Wait() }()
	}
	status := func(pid int) string { return string(must(os.ReadFile(fmt.Sprintf("/proc/%d/status", pid)))) }
	for range 1000 {
		if strings.Contains(status(waiting.Process.Pid), "Seccomp:\t2") {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	try := func(pid int, args ...string) error {
		for i := range args {
			args[i] = strings.ReplaceAll(args[i], "PID", fmt.Sprint(pid))
		}
		cmd := exec.Command(args[0], args[1:]...)
		cmd.SysProcAttr, cmd.Dir = nobody, "/"
		out, err := cmd.CombinedOutput()
		if err != nil && !strings.Contains(string(out), "not permitted") && !strings.Contains(string(out), "ermission denied") {
			t.Errorf("%q: %s", args, out)
		}
		return err
	}
	for _, args := range [][]string{
		{"strace", "-p", "PID", "-e", "trace=none", "-o", "/dev/null", "--summary-only"},
		{"head", "-c", "1", "/proc/PID/environ"},
		{"head", "-c", "1", "/proc/PID/maps"},
		{"ls", "/proc/PID/fd"},
	} {
		if args[0] == "strace" { // it stays with a process that it can trace
			args = append([]string{"timeout", "-s", "INT", "2"}, args...)
		}
		if try(waiting.Process.Pid, slices.Clone(args)...) == nil {
			t.Errorf("%q: not refused", args)
		}
		if args[0] != "timeout" && try(sleeping.Process.Pid, slices.Clone(args)...) != nil {
			t.Errorf("%q: refused for any process, so it shows nothing", args)
		}
	}
}
