//go:build linux

package main

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"recover/internal/terminal"
	"recover/pkg/custody"
	"recover/pkg/report"
)

// TestCopiesAtTheTable: a holder whose copy of the record is not the one in use is
// named when the share is, and the share is not taken: one of the two was changed.
func TestCopiesAtTheTable(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	set := splitInto(t, filepath.Join(dir, "set"), 2, "alice", "bob", "carol")
	folder := func(holder string) string { return filepath.Join(set, holder) }
	record := small().path("record.json")
	other := filepath.Join(dir, "other.json")
	write(t, other, string(must(os.ReadFile(record)))+"\n")
	done(t, "custody", "attach-record", "--record", record, "--folder", folder("alice"))
	done(t, "custody", "attach-record", "--record", other, "--folder", folder("bob"))
	cmd := exec.Command("recover", "rebuild", "--record", folder("alice"), "--shards", small().path("bucket"), "--sealed-key", filepath.Join(folder("alice"), custody.SealedKeyName),
		"--collect-shares", "--unsealed", "--out", "out")
	cmd.Dir = dir
	s := sit(t, cmd)
	for _, named := range []string{folder("bob"), filepath.Join(folder("bob"), custody.PageName)} {
		s.answer(sharePrompt, named)
		s.expect("refused: " + filepath.Join(folder("bob"), custody.RecordName) + ": not the record that ")
		s.expect("next: compare both with the owner's record")
	}
	s.answer(sharePrompt, folder("alice"))
	s.expect("share 1 (alice) accepted: 1 of 2")
	s.answer(sharePrompt, folder("carol")) // who has no copy
	s.expect("share 3 (carol) accepted: 2 of 2")
	s.answer(sharePrompt, "open")
	s.expect("4 keys: 4 ok\r\n")
	if o := s.end(); o.status != exitOK {
		t.Errorf("status %d\n%s", o.status, o.stderr)
	}
}

// TestCopyIsNoFile: a pipe or a device in the place of a copy is not read, and nobody
// waits for it.
func TestCopyIsNoFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, custody.RecordName)
	refused := func() {
		t.Helper()
		_, err := recordIn(t.Context(), dir)
		if file := new(fileError); !errors.As(err, &file) || file.path != path {
			t.Errorf("%v", err)
		}
	}
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	refused()
	for _, target := range []string{"/dev/zero", dir, filepath.Join(dir, "gone")} {
		if err := errors.Join(os.Remove(path), os.Symlink(target, path)); err != nil {
			t.Fatal(err)
		}
		refused()
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	write(t, path, "")
	if err := os.Truncate(path, 1<<40); err != nil {
		t.Fatal(err)
	}
	refused()
}

// TestInterruptedLists: Ctrl-C ends the naming of keys that are not recorded, and of
// what a check finds.
func TestInterruptedLists(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var shown strings.Builder
	term := terminal.New(&shown, &shown)
	s := &selection{ctx: t.Context()}
	defer s.Close()
	if err := errors.Join(s.openRecord(small().path("record.json")), s.openDownload(small().path("bucket"), s.hints(false))); err != nil {
		t.Fatal(err)
	}
	shownBy := &reporter{term: term, selection: s, sum: newSummary()}
	if err := s.unrecorded(ctx, nil, report.Part{N: 1, Of: 1}, shownBy); !errors.Is(err, terminal.ErrInterrupted) || shown.Len() > 0 {
		t.Errorf("%v, %q", err, shown.String())
	}
	c := &checker{ctx: ctx, term: term, flags: new(recordFlags), sel: s}
	c.problem("record.json", numberedID(1), "wrong", "next")
	if err := c.end(); !errors.Is(err, terminal.ErrInterrupted) || shown.Len() > 0 {
		t.Errorf("%v, %q", err, shown.String())
	}
}

// TestPipesBesideShares: nobody waits for a pipe in the place of a record or of a
// file that the ceremony wrote.
func TestPipesBesideShares(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	set, made, pipe := filepath.Join(dir, "set"), filepath.Join(dir, "made"), filepath.Join(dir, "pipe")
	done(t, "custody", "split", "--key", small().path("key-0.pem"), "--threshold", "2", "--custodian", "alice", "--custodian", "bob", "--out", set, "--transcript", made)
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	within := func(args ...string) outcome {
		t.Helper()
		return start(t, exec.Command("timeout", append([]string{"20", "recover"}, args...)...))
	}
	within("record", "find", "--record", pipe, "--shards", small().path("bucket")).refused(t, exitInput, pipe+": is not a regular file", "give the record as a file")
	code := filepath.Join(set, "alice", codeName)
	if err := errors.Join(os.Remove(code), syscall.Mkfifo(code, 0o600)); err != nil {
		t.Fatal(err)
	}
	o := within("custody", "check", filepath.Join(set, "alice"), "--transcript", made)
	if o.status != exitFailed || !strings.Contains(o.stdout+o.stderr, "not the file that the ceremony wrote") {
		t.Errorf("status %d\n%s%s", o.status, o.stdout, o.stderr)
	}
}

// TestOutputsOfOneName: refused before the work, also where a link leads to the same
// directory.
func TestOutputsOfOneName(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	link := filepath.Join(dir, "link")
	if err := os.Symlink(dir, link); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(dir, "out")
	for _, same := range []string{out, dir + "/./out", filepath.Join(link, "out")} {
		for _, more := range [][]string{nil, {"--replace"}} {
			args := append([]string{"verify", "--report", out, "--html", same}, small().selection()...)
			execute(t, append(args, more...)...).refused(t, exitUsage, "--report and --html name the same file", "give each of them a name of its own")
			absent(t, out)
		}
	}
	done(t, append([]string{"verify", "--report", out, "--html", out + ".html"}, small().selection()...)...)
}

// TestInterruptedRecord: an interrupt while a record is read is no fault of the file.
func TestInterruptedRecord(t *testing.T) {
	t.Parallel()
	ctx, interrupt := context.WithCancel(t.Context())
	hold := make(chan struct{})
	defer close(hold)
	n, err := readRecord(ctx, "record.json", func() (int, error) { interrupt(); <-hold; return 1, io.ErrUnexpectedEOF })
	if err != terminal.ErrInterrupted || n != 0 {
		t.Errorf("%d, %v", n, err)
	}
	n, err = readRecord(t.Context(), "record.json", func() (int, error) { return 1, nil })
	if err != nil || n != 1 {
		t.Errorf("not interrupted: %d, %v", n, err)
	}
}
