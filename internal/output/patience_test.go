package output

import (
	"errors"
	"io"
	"os"
	"testing"
	"time"
)

// TestPatience: a file that gives something and then nothing, and does not end, is
// not waited for, though it calls itself regular: /proc/kmsg is such a one.
func TestPatience(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _, _ = r.Close(), w.Close() }()
	if _, err := w.WriteString("text"); err != nil {
		t.Fatal(err)
	}
	in := &Input{f: r, path: "file", max: 100}
	ended := make(chan error, 1)
	go func() {
		b, err := io.ReadAll(in)
		if string(b) != "text" {
			t.Errorf("%q", b)
		}
		ended <- err
	}()
	select {
	case err := <-ended:
		if !errors.Is(err, ErrNotRegular) {
			t.Errorf("%v", err)
		}
	case <-time.After(20 * time.Second):
		t.Error("it is waited for")
	}
}
