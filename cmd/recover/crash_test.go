//go:build linux

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"filippo.io/age"

	"recover/fixtures/tier"
)

// interruptible starts a rebuild that closes a segment after every fourth key.
type interruptible struct {
	*exec.Cmd
	t      *testing.T
	dir    string
	open   func(path string) ([]byte, error) // a segment
	stderr bytes.Buffer
	ended  chan struct{}
}

func startMany(t *testing.T) *interruptible {
	t.Helper()
	identity := must(age.GenerateX25519Identity())
	r := &interruptible{t: t, dir: filepath.Join(t.TempDir(), "out"), ended: make(chan struct{})}
	r.open = func(path string) ([]byte, error) {
		f, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		defer func() { _ = f.Close() }()
		opened, err := age.Decrypt(f, identity)
		if err != nil {
			return nil, err
		}
		return io.ReadAll(opened)
	}
	r.Cmd = exec.Command("recover-with-short-segments", many().rebuild(r.dir, "--recipient", identity.Recipient().String(), "--workers", "1")...)
	r.Stderr = &r.stderr
	if err := r.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { _ = r.Wait(); close(r.ended) }()
	return r
}

// journaled returns how many keys the journal has; -1 means that there is none.
func (r *interruptible) journaled() int {
	text, err := os.ReadFile(filepath.Join(r.dir, "journal.ndjson"))
	if err != nil {
		return -1
	}
	return strings.Count(string(text), `"type":"key"`)
}

// after waits until the journal has n keys, or until the program has ended.
func (r *interruptible) after(n int) {
	for r.journaled() < n {
		select {
		case <-r.ended:
			return
		case <-time.After(time.Millisecond):
		}
	}
}

// safe checks that what the journal lists is there, and that no file has a
// final name but is not complete. It returns how many keys are listed.
func (r *interruptible) safe() int {
	r.t.Helper()
	checkComplete(r.t, r.dir, r.open)
	if r.journaled() < 0 {
		return 0
	}
	n, err := checkSafe(r.dir, many(), r.open)
	if err != nil {
		r.t.Error(err)
	}
	return n
}

// checkComplete makes sure that every file that has its final name is whole.
func checkComplete(t *testing.T, dir string, open func(path string) ([]byte, error)) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	for _, e := range entries {
		name, path := e.Name(), filepath.Join(dir, e.Name())
		switch {
		case name == "journal.ndjson" || strings.HasPrefix(name, ".") && strings.HasSuffix(name, ".partial"):
		case name == "report.json":
			if report := must(os.ReadFile(path)); !json.Valid(report) {
				t.Errorf("the report is cut short:\n%s", report)
			}
		case name == "pending.ndjson":
			readLines[runLine](t, path)
		case strings.HasPrefix(name, "keys-"):
			text, err := open(path)
			lines := decodeLines[map[string]any](t, json.NewDecoder(bytes.NewReader(text)))
			if err != nil || len(lines) == 0 || !bytes.HasSuffix(text, []byte("\n")) {
				t.Errorf("%s is not complete: %d keys, %v", name, len(lines), err)
			}
		default:
			t.Errorf("%s is there", name)
		}
	}
}

// resumed goes on with the rebuild in dir and makes sure that every key is
// there in the end, once.
func resumed(t *testing.T, dir string, p practice, args ...string) {
	t.Helper()
	o := execute(t, append(append([]string{"rebuild", "--resume", dir, "--key", p.path("key-0.pem")}, p.selection()...), args...)...)
	if o.status != exitOK {
		t.Errorf("resume: status %d\n%s", o.status, o.stderr)
		return
	}
	checkComplete(t, dir, os.ReadFile)
	segments := must(filepath.Glob(filepath.Join(dir, "keys-*")))
	var all []byte
	for _, path := range segments {
		all = append(all, must(os.ReadFile(path))...)
	}
	if err := checkRebuilt(string(all), p, false, []string{"all"}); err != nil {
		t.Errorf("after %d segments: %v", len(segments), err)
	}
	if n, err := checkSafe(dir, p, os.ReadFile); err != nil || n != len(p.keys) {
		t.Errorf("the journal lists %d keys, %v", n, err)
	}
}

// TestKilled kills a rebuild at all stages: what its journal lists is safe. That
// it can be gone on with is tested in resume_test.go.
func TestKilled(t *testing.T) {
	tier.Long(t)
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	for _, keys := range []int{-1, 0, 1, 4, 12, 20, 32, 36} {
		delay := time.Duration(random.IntN(15)) * time.Millisecond
		t.Run(fmt.Sprintf("after %d keys and %v", keys, delay), func(t *testing.T) {
			r := startMany(t)
			r.after(keys)
			time.Sleep(delay)
			_ = r.Process.Kill()
			<-r.ended
			if n := r.safe(); n < keys {
				t.Errorf("%d keys are safe, %d were listed before", n, keys)
			}
		})
	}
}

// TestInterrupted interrupts a rebuild in the middle: it ends in order.
func TestInterrupted(t *testing.T) {
	t.Parallel()
	for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		t.Run(signal.String(), func(t *testing.T) {
			for try := 1; ; try++ {
				r := startMany(t)
				r.after(4)
				_ = r.Process.Signal(signal)
				<-r.ended
				n := r.safe()
				if r.ProcessState.Success() && try < 5 {
					continue // it was quicker than this test
				}
				o := outcome{status: r.ProcessState.ExitCode(), stderr: r.stderr.String()}
				o.refused(t, exitFailed, "interrupted", hintResume)
				if n < 4 || n == 40 || !strings.Contains(o.stderr, "recover: the keys are in "+r.dir) {
					t.Errorf("%d keys are safe\n%s", n, o.stderr)
				}
				absent(t, filepath.Join(r.dir, "report.json"))
				absent(t, filepath.Join(r.dir, "pending.ndjson"))
				return
			}
		})
	}
}

// TestInterruptedBefore interrupts the verbs that keep nothing: verify as soon
// as it shows the first key, sandbox when its first backup is there.
func TestInterruptedBefore(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for verb, test := range map[string]struct {
		args       []string
		begun      string // a file that tells that the work has begun
		fact, hint string
	}{
		"verify": {
			append(many().selection(), "--json", "--workers", "1"), filepath.Join(dir, "stdout"),
			"interrupted", "nothing was changed; start again when ready",
		},
		"sandbox": {
			[]string{"--keys", "500", "--recovery-public-key", small().path("key-0.pub.der"), "--out", filepath.Join(dir, "practice")}, filepath.Join(dir, "practice", "bucket"),
			filepath.Join(dir, "practice") + " is not complete and of no use: interrupted", "remove it and start again",
		},
	} {
		interruptBegun(t, filepath.Join(dir, "stdout"), test.begun, append([]string{verb}, test.args...)).refused(t, exitFailed, test.fact, test.hint)
	}
}

// TestInterruptedAtStart interrupts the program right before it starts itself anew: it
// ends, and does not forget that it was interrupted. SIGTERM does the same as SIGINT,
// which a shell has its background jobs ignore.
func TestInterruptedAtStart(t *testing.T) {
	t.Parallel()
	cmd := exec.Command("strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=readlinkat", "-e", "inject=readlinkat:signal=TERM:when=1", built(t), "hsm", "list")
	cmd.Env = slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "GOTRACEBACK=") })
	said, _ := cmd.CombinedOutput()
	// What it traced has ended strace too, in the same way.
	if status := cmd.ProcessState.Sys().(syscall.WaitStatus); !status.Signaled() || status.Signal() != syscall.SIGTERM || len(said) > 0 {
		t.Errorf("%v\n%s", cmd.ProcessState, said)
	}
}

// interruptBegun interrupts the program when there is something in the file or
// directory begun, and tries again if it was done before.
func interruptBegun(t *testing.T, out, begun string, args []string) (o outcome) {
	t.Helper()
	for range 5 {
		stdout := must(os.Create(out))
		cmd := exec.Command("recover", args...)
		var stderr bytes.Buffer
		cmd.Stdout, cmd.Stderr = stdout, &stderr
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
			if info, err := os.Stat(begun); err == nil && info.Size() > 0 {
				break
			}
		}
		_ = cmd.Process.Signal(os.Interrupt)
		_ = cmd.Wait()
		_ = stdout.Close()
		if o = (outcome{status: cmd.ProcessState.ExitCode(), stderr: stderr.String()}); o.status != exitOK {
			return o
		}
	}
	return o
}

// TestFullDisk lets the disk be full at all stages of a rebuild: the error says
// so, what the journal lists is safe, and with more space it can be gone on with.
// The hint says which of the two it is: no key was kept, or some.
func TestFullDisk(t *testing.T) {
	tier.Long(t)
	t.Parallel()
	if !canMount() {
		t.Skip("SKIPPED, NOT PASSED: a small disk takes root")
	}
	dir := t.TempDir()
	mount := func(args ...string) {
		t.Helper()
		if out, err := exec.Command("mount", append(args, "none", dir)...).CombinedOutput(); err != nil {
			t.Fatalf("mount: %v\n%s", err, out)
		}
	}
	p := few()
	unsealed := []string{"--unsealed", "--workers", "1"}
	stages := make(map[string]bool)
	for pages := 1; ; pages++ {
		if pages > 100 {
			t.Fatal("the disk is never large enough")
		}
		out := filepath.Join(dir, "out")
		mount("-t", "tmpfs", "-o", fmt.Sprintf("size=%dk", 4*pages))
		o := start(t, exec.Command("recover-with-short-segments", p.rebuild(out, unsealed...)...))
		done := o.status == exitOK
		if !done {
			said := strings.Join(o.lines("recover: error: "), "")
			if !strings.HasSuffix(said, "no space left on device") {
				t.Errorf("%d pages: %s", pages, said)
			}
			want := "use a medium with more space and start again; this file was not kept"
			if _, err := os.Stat(out); err == nil {
				want = "use a medium with more space; " + hintResume
			}
			o.refused(t, exitFailed, said, want)
			stages[said] = true
			checkComplete(t, out, os.ReadFile)
		}
		if _, err := os.Stat(out); err == nil && !done {
			mount("-o", "remount,size=1m")
			resumed(t, out, p, unsealed...)
		}
		if err := exec.Command("umount", dir).Run(); err != nil {
			t.Fatal(err)
		}
		if done {
			break
		}
	}
	if len(stages) < 4 {
		t.Errorf("the disk was full at these stages only: %v", stages)
	}
}

// TestStdoutGone takes stdout away: the files come all the same.
func TestStdoutGone(t *testing.T) {
	tier.Long(t)
	t.Parallel()
	full := must(os.OpenFile("/dev/full", os.O_WRONLY, 0))
	reader, closed, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	_ = reader.Close()
	const hint = "not all results could be shown: run it again, and write what it prints to a file; the files that it made are complete"
	for name, test := range map[string]struct {
		stdout *os.File
		fact   string
	}{
		"closed pipe": {closed, "write /dev/stdout: broken pipe"},
		"full disk":   {full, "write /dev/stdout: no space left on device"},
	} {
		for _, form := range [][]string{nil, {"--json"}} {
			t.Run(name+strings.Join(form, ""), func(t *testing.T) {
				out := filepath.Join(t.TempDir(), "out")
				cmd := exec.Command("recover", few().rebuild(out, append(form, "--unsealed")...)...)
				cmd.Stdout = test.stdout
				start(t, cmd).refused(t, exitFailed, test.fact, hint)
				if n, err := checkSafe(out, few(), os.ReadFile); err != nil || n != 10 {
					t.Errorf("%d keys are there, %v", n, err)
				}
				report := readLines[struct{ Complete bool }](t, filepath.Join(out, "report.json"))
				if !report[0].Complete {
					t.Error("the report is not complete")
				}

				cmd = exec.Command("recover", append(append([]string{"verify"}, small().selection()...), form...)...)
				cmd.Stdout = test.stdout
				start(t, cmd).refused(t, exitFailed, test.fact, hint)
			})
		}
	}
}

// TestFirstLineOnly is what a user does to have a look.
func TestFirstLineOnly(t *testing.T) {
	tier.Long(t)
	t.Parallel()
	out := filepath.Join(t.TempDir(), "out")
	cmd := exec.Command("sh", "-c", `recover "$@" | head -1`, "sh")
	cmd.Args = append(cmd.Args, many().rebuild(out, "--unsealed", "--json")...)
	line, err := cmd.Output()
	if err != nil || bytes.Count(line, []byte("\n")) != 1 {
		t.Errorf("%q, %v", line, err)
	}
	// head may have ended long before the program.
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if _, err := os.Stat(filepath.Join(out, "report.json")); err == nil {
			break
		}
	}
	if n, err := checkSafe(out, many(), os.ReadFile); err != nil || n != 40 {
		t.Errorf("%d keys are there, %v", n, err)
	}
}
