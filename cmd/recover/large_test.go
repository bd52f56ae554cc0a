//go:build linux

package main

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"recover/fixtures/tier"
)

// TestMillionLines gives a record of a million keys, the last of which was
// there before: that is told in seconds and in little memory, and nothing is
// written.
func TestMillionLines(t *testing.T) {
	tier.Long(t) // it reads a record of a million lines
	t.Parallel()
	const lines, maxMemory = 1_000_000, 128 << 10 // KiB
	dir := t.TempDir()
	record, out := filepath.Join(dir, "record.csv"), filepath.Join(dir, "out")
	f := must(os.Create(record))
	w := bufio.NewWriter(f)
	_, _ = w.WriteString("quorum_id,key_id,algorithm\n")
	line := []byte(quorumID(1).String() + ",b0000000-0000-4000-8000-0000XXXXXXXX,ED25519\n")
	for i := range lines {
		number := binary.BigEndian.AppendUint32(nil, uint32(i%(lines-1)))
		hex.Encode(line[bytes.IndexByte(line, ',')+1+28:], number)
		_, _ = w.Write(line)
	}
	if err := errors.Join(w.Flush(), f.Close()); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(built(t), "rebuild", "--record", record, "--shards", small().path("bucket"), "--key", small().path("key-0.pem"), "--unsealed", "--out", out)
	start(t, cmd).refused(t, exitInput,
		record+": line 1000001, entry 1000000: key_id: the same as in line 2, entry 1", "correct the record in a copy; keep the original as it is")
	absent(t, out)
	// The peak of a process counts what its parent had when it was started: that
	// is what a run that does nothing is said to use.
	idle := exec.Command(built(t), "version")
	start(t, idle)
	if used := peak(cmd); used > max(maxMemory, peak(idle)+maxMemory/4) {
		t.Errorf("%d KiB of memory were used", used)
	}
}

// peak is the peak memory of a process that has ended, in KiB.
func peak(cmd *exec.Cmd) int64 { return cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss }

// TestManyLinks: 300 links to one backup of 2 MB cost what one costs, in time and
// in memory.
func TestManyLinks(t *testing.T) {
	tier.Long(t)
	t.Parallel()
	program, dir := built(t), filepath.Join(t.TempDir(), "practice")
	if o := start(t, exec.Command(program, "sandbox", "--out", dir, "--keys", "1", "--players", "16", "--recovery-public-key", small().path("key-0.pub.der"))); o.status != exitOK {
		t.Fatalf("sandbox: %s", o.stderr)
	}
	shards := must(filepath.Glob(filepath.Join(dir, "bucket", "*", "recovery_shard-0.txt")))
	for i := range 300 {
		if err := os.Link(shards[0], fmt.Sprintf("%s.version-%d", shards[0], i)); err != nil {
			t.Fatal(err)
		}
	}
	idle := exec.Command(program, "version") // a peak counts what the parent had
	start(t, idle)
	for _, verb := range [][]string{{"verify"}, {"rebuild", "--key", small().path("key-0.pem"), "--unsealed", "--out", filepath.Join(dir, "out")}} {
		args := append(verb, "--workers", "1", "--record", filepath.Join(dir, "record.json"), "--shards", filepath.Join(dir, "bucket"))
		cmd := exec.Command(program, args...)
		if o := start(t, cmd); o.status != exitOK || strings.Count(o.stdout, "\n") > 2 {
			t.Errorf("%s: status %d\n%s%s", verb[0], o.status, o.stdout, o.stderr)
		}
		if kib := peak(cmd); kib > max(200<<10, peak(idle)+50<<10) {
			t.Errorf("%s: %d KiB", verb[0], kib)
		}
		if cpu := cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(); cpu > 5*time.Second {
			t.Errorf("%s: %s of CPU time", verb[0], cpu)
		}
	}
}
