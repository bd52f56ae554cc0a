//go:build unix

package output

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"recover/fixtures/openfiles"
)

// pipe makes a FIFO, and writes to it what write writes.
func pipe(t *testing.T, write func(*os.File)) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	w, err := os.OpenFile(path, os.O_RDWR, 0) // does not wait for a reader
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() { defer close(done); defer w.Close(); write(w) }()
	t.Cleanup(func() { _ = w.Close(); <-done })
	return path
}

// send writes text, and waits until it was read: what is in a pipe is lost when the
// last who has it open closes it.
func send(w *os.File, text string) {
	_, _ = w.WriteString(text)
	for {
		inside := []unix.PollFd{{Fd: int32(w.Fd()), Events: unix.POLLIN}}
		if n, err := unix.Poll(inside, 0); n == 0 || err != nil && err != unix.EINTR {
			return
		}
		time.Sleep(time.Millisecond)
	}
}

func TestReadPipe(t *testing.T) {
	ctx := context.Background()
	slow := pipe(t, func(w *os.File) {
		for _, part := range []string{"a key ", "that comes ", "in parts"} {
			send(w, part)
			time.Sleep(pipePoll + pipePoll/2)
		}
	})
	if b, err := ReadInput(ctx, slow, 100); err != nil || string(b) != "a key that comes in parts" {
		t.Errorf("%q, %v", b, err)
	}
	endless := pipe(t, func(w *os.File) {
		for {
			if _, err := w.WriteString(strings.Repeat("y\n", 100)); err != nil {
				return
			}
		}
	})
	var tooLarge *TooLargeError
	if b, err := ReadInput(ctx, endless, 1000); !errors.As(err, &tooLarge) || b != nil {
		t.Errorf("an endless pipe: %d bytes, %v", len(b), err)
	}
	hold := make(chan struct{})
	silent := pipe(t, func(*os.File) { <-hold })
	interrupted, stop := context.WithTimeout(ctx, 2*pipePoll)
	defer stop()
	begun := time.Now()
	if _, err := ReadInput(interrupted, silent, 1000); !errors.Is(err, context.DeadlineExceeded) || time.Since(begun) > 10*time.Second {
		t.Errorf("a silent pipe: %v after %v", err, time.Since(begun))
	}
	close(hold)
	if _, err := ReadInput(ctx, pipe(t, func(*os.File) {}), 100); !errors.Is(err, ErrEmptyPipe) {
		t.Errorf("an empty pipe: %v", err)
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, []byte("a file"), 0o600); err != nil {
		t.Fatal(err)
	}
	if b, err := ReadInput(ctx, file, 100); err != nil || string(b) != "a file" {
		t.Errorf("a file: %q, %v", b, err)
	}
	if _, err := ReadInput(ctx, "/dev/zero", 100); !errors.Is(err, ErrNotRegular) {
		t.Errorf("a device: %v", err)
	}
}

// TestReadPipeWipes: what was read of a pipe that brings too much, or not all in time,
// is overwritten.
func TestReadPipeWipes(t *testing.T) {
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	hold := make(chan struct{})
	for name, read := range map[string]func() ([]byte, error){
		"too much": func() ([]byte, error) {
			return ReadInput(t.Context(), pipe(t, func(w *os.File) { _, _ = w.WriteString(canary); <-hold }), 8)
		},
		"interrupted": func() ([]byte, error) {
			return ReadInput(ctx, pipe(t, func(w *os.File) { send(w, canary); interrupt(); <-hold }), 100)
		},
	} {
		wiped := watchWipes(t)
		if b, err := read(); err == nil || b != nil {
			t.Errorf("%s: %q, %v", name, b, err)
		}
		if !strings.Contains(wiped(), canary[:8]) {
			t.Errorf("%s: not wiped", name)
		}
	}
	close(hold)
}

// TestReadPipeCloses: a pipe that was read is closed.
func TestReadPipeCloses(t *testing.T) {
	before := openfiles.List(t)
	for range 10 {
		if b, err := ReadInput(t.Context(), pipe(t, func(w *os.File) { send(w, "a key") }), 100); err != nil || string(b) != "a key" {
			t.Fatalf("%q, %v", b, err)
		}
	}
	openfiles.Check(t, before)
}
