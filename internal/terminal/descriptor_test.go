//go:build linux || darwin

package terminal

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// inherited returns a descriptor that looks as if the program had been started
// with it, from which text can be read.
func inherited(t *testing.T, text string) int {
	t.Helper()
	var p [2]int
	if err := unix.Pipe(p[:]); err != nil {
		t.Fatal(err)
	}
	w := os.NewFile(uintptr(p[1]), "pipe")
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	w.Close()
	return p[0]
}

func TestDescriptor(t *testing.T) {
	longest := strings.Repeat("x", maxAnswer)
	d, err := OpenDescriptor(inherited(t, "one\ntwo\r\n\n\r\nré\rx\n"+longest+"\r\nlast"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"one", "two", "", "", "ré\rx", longest, "last"} {
		line, err := d.Line()
		if err != nil || string(line.Reveal()) != want {
			t.Fatalf("Line() = %v, want %q", err, want)
		}
	}
	_, err = d.Line()
	if want := fmt.Sprintf("descriptor %d holds no further line", d.fd); !errors.Is(err, ErrNoMoreLines) || err.Error() != want {
		t.Errorf("after the last line: %v, want %s", err, want)
	}
	if flags, _ := unix.FcntlInt(uintptr(d.fd), unix.F_GETFD, 0); flags&unix.FD_CLOEXEC == 0 {
		t.Error("helper programs inherit the descriptor")
	}
}

func TestDescriptorTooLong(t *testing.T) {
	for _, end := range []string{"", "\n", "\r\n", strings.Repeat("x", 1<<15)} {
		d, err := OpenDescriptor(inherited(t, strings.Repeat("x", maxAnswer+1)+end))
		if err != nil {
			t.Fatal(err)
		}
		_, err = d.Line()
		want := fmt.Sprintf("descriptor %d holds a line longer than 1024 bytes", d.fd)
		if !errors.Is(err, ErrTooLong) || err.Error() != want {
			t.Errorf("end %.2q: %v, want %s", end, err, want)
		}
	}
}

func TestDescriptorRefused(t *testing.T) {
	own, err := os.Open(os.DevNull) // as the program opens its files
	if err != nil {
		t.Fatal(err)
	}
	defer own.Close()
	for fd, want := range map[int]error{
		-1: ErrNotOpen, 0: ErrStandard, 1: ErrStandard, 2: ErrStandard, 9999: ErrNotOpen, int(own.Fd()): ErrNotOpen,
	} {
		_, err := OpenDescriptor(fd)
		if text := fmt.Sprintf("descriptor %d %v", fd, want); !errors.Is(err, want) || err.Error() != text {
			t.Errorf("got %v, want %s", err, text)
		}
	}
}
