//go:build linux

package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"recover/fixtures/tier"
	"recover/pkg/custody"
)

// TestKilledDuringSplit kills a split of many shares at several places. What is
// left bears the name of what is not whole, and before the last share is on the
// disk there is no sealed key, without which no share is worth anything.
func TestKilledDuringSplit(t *testing.T) {
	tier.Long(t)
	t.Parallel()
	for _, place := range []string{"", "holder-1/share.txt", "holder-20", "holder-32/READ-ME-FIRST.txt", "holder-9/" + custody.SealedKeyName, "holder-32/" + custody.SealedKeyName} {
		t.Run(strings.ReplaceAll("at "+place, "/", " "), func(t *testing.T) {
			dir := t.TempDir()
			args := []string{"custody", "split", "--key", small().path("key-0.pem"), "--threshold", "16", "--out", "set"}
			for i := range 32 {
				args = append(args, "--custodian", fmt.Sprintf("holder-%d", i+1))
			}
			cmd := exec.Command("recover", args...)
			cmd.Dir = dir
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			partial := filepath.Join(dir, "set"+partialSuffix)
			waitFor(t, filepath.Join(partial, place))
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			if err := cmd.Wait(); err == nil {
				t.Fatal("it was done before it was killed")
			}
			absent(t, filepath.Join(dir, "set"))
			shares, _ := filepath.Glob(filepath.Join(partial, "*", custody.PageName))
			sealed, _ := filepath.Glob(filepath.Join(partial, "*", custody.SealedKeyName))
			if len(sealed) > 0 && len(shares) < 32 {
				t.Errorf("%d shares and %d sealed keys are left", len(shares), len(sealed))
			}
			again := exec.Command("recover", args...)
			again.Dir = dir
			start(t, again).refused(t, exitFailed, "set.partial: left over from a split that did not finish",
				"destroy it, because it may hold shares, and start again")
		})
	}
}

func waitFor(t *testing.T, path string) {
	t.Helper()
	for giveUp := time.Now().Add(30 * time.Second); time.Now().Before(giveUp); {
		if _, err := os.Lstat(path); err == nil {
			return
		}
		time.Sleep(100 * time.Microsecond)
	}
	t.Fatalf("%s never comes", path)
}

// TestInterruptedSplit: a split that is ended by a signal removes what it wrote.
func TestInterruptedSplit(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	args := []string{"custody", "split", "--key", small().path("key-0.pem"), "--threshold", "2", "--out", "set", "--transcript", "transcript"}
	for i := range 100 {
		args = append(args, "--custodian", fmt.Sprintf("holder-%d", i+1))
	}
	cmd := exec.Command("recover", args...)
	cmd.Dir = dir
	var stderr strings.Builder
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	waitFor(t, filepath.Join(dir, "set"+partialSuffix, "holder-2"))
	_ = cmd.Process.Signal(os.Interrupt)
	_ = cmd.Wait() // refused looks at how it ended
	outcome{status: cmd.ProcessState.ExitCode(), stderr: stderr.String()}.refused(t, exitFailed, "interrupted", "nothing was changed; start again when ready")
	absent(t, filepath.Join(dir, "set"))
	absent(t, filepath.Join(dir, "set"+partialSuffix))
	contains(t, transcriptOf(t, dir, nil), "end: interrupted")
}

// TestSizesOfSets splits from 2 of 2 up to 16 of 32, and brings the key back
// with the last shares.
func TestSizesOfSets(t *testing.T) {
	tier.Long(t)
	t.Parallel()
	for _, size := range []struct {
		threshold, count int
		coverage         string
	}{
		{2, 2, "every 2 of the shares brought the key back: 1 subset\n"},
		{5, 7, "every 5 of the shares brought the key back: 21 subsets\n"},
		{16, 32, " of 601080390 subsets of 16 shares, and all shares together, brought the key back:\n    a sample in which each share was at least twice\n"},
	} {
		dir := t.TempDir()
		args := []string{"custody", "split", "--key", small().path("key-0.pem"), "--threshold", fmt.Sprint(size.threshold), "--out", filepath.Join(dir, "set")}
		open := []string{"custody", "open", "--sealed-key", filepath.Join(dir, "set", "h1", custody.SealedKeyName), "--identity-out", filepath.Join(dir, "identity")}
		for i := range size.count {
			holder := fmt.Sprintf("h%d", i+1)
			args = append(args, "--custodian", holder)
			if i >= size.count-size.threshold {
				open = append(open, "--share", filepath.Join(dir, "set", holder, custody.PageName))
			}
		}
		if o := execute(t, args...); o.status != exitOK || !strings.Contains(o.stdout, size.coverage) {
			t.Errorf("%d of %d: status %d\n%s%s", size.threshold, size.count, o.status, o.stdout, o.stderr)
		}
		if o := execute(t, open...); o.status != exitOK {
			t.Errorf("%d of %d: status %d\n%s", size.threshold, size.count, o.status, o.stderr)
		}
	}
}

// TestSplitLeavesNoKey looks through all that a split and its transcript leave
// for the private key and the identity, in any form that they could have.
func TestSplitLeavesNoKey(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	set := splitInto(t, filepath.Join(dir, "set"), 2, "alice", "bob")
	identity := filepath.Join(t.TempDir(), "identity")
	if o := execute(t, "custody", "open", "--sealed-key", filepath.Join(set, "bob", custody.SealedKeyName), "--identity-out", identity,
		"--share", filepath.Join(set, "alice", custody.PageName), "--share", filepath.Join(set, "bob", custody.PageName), "--transcript", filepath.Join(dir, "open")); o.status != exitOK {
		t.Fatalf("status %d\n%s", o.status, o.stderr)
	}
	id, err := os.ReadFile(identity)
	if err != nil {
		t.Fatal(err)
	}
	private := small().recovery
	canaries := [][]byte{bytes.TrimSpace(id), id[20:60], []byte("PRIVATE KEY"), private.D.Bytes()[:32], private.Primes[0].Bytes()[:32], privatePEM(private)[100:160]}
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		for i, c := range canaries {
			if bytes.Contains(data, c) {
				err = errors.Join(err, fmt.Errorf("%s holds canary %d", path, i))
			}
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}
