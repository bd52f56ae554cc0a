// Package terminal is all that is said and asked, and the only writer to the
// terminal.
package terminal

// The rules:
//
//   - Results go to stdout: lines and tables for people, or NDJSON. Everything
//     else goes to stderr and begins with "recover:".
//   - An error is a fact, "recover: error: …". What to do next is a line of its
//     own, "recover: hint: …". No capitals at the start, no period at the end.
//   - What is asked is asked at the terminal itself, never on stdin, and the
//     prompt for a secret is erased when it was answered.
//   - Text may come from a file, so every function escapes what it is given
//     (see Escape). Only this package ends a line: a fact of several lines is
//     several calls.
//   - On a terminal, lines are broken between words.
//   - Lines may be said from several goroutines, and while a status line is
//     shown: they never mix.

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"text/tabwriter"
	"time"

	"recover/internal/secret"
)

// Terminal says and asks. It is safe for concurrent use.
type Terminal struct {
	stdout, stderr io.Writer
	columns        func() int // width of the terminal at stderr; nil if it is none
	outColumns     func() int // the same of stdout
	now            func() time.Time

	mu       sync.Mutex // held while anything is written
	err      error      // the first failed write to stdout
	head     func() any // of JSON
	progress *Progress  // the status line that is shown

	asking  sync.Mutex // held while something is asked
	screen  *Screen    // that is open
	afterCR bool       // the last answer ended in CR, its LF may follow
}

// New returns a Terminal that writes results to stdout and everything else to
// stderr. The terminal for questions is opened when something is asked.
func New(stdout, stderr io.Writer) *Terminal {
	t := &Terminal{stdout: stdout, stderr: stderr, now: time.Now}
	if f, ok := stderr.(*os.File); ok {
		t.columns = columns(f)
	}
	if f, ok := stdout.(*os.File); ok {
		t.outColumns = columns(f)
	}
	return t
}

// Error says a fact that ends the work, and on a line of its own what to do
// about it. The hint may be empty.
func (t *Terminal) Error(fact, hint string) {
	text := "recover: error: " + Escape(fact) + "\n"
	if hint != "" {
		text += "recover: hint: " + Escape(hint) + "\n"
	}
	t.say(text)
}

// Warn says a fact that does not end the work.
func (t *Terminal) Warn(fact string) { t.say("recover: warning: " + Escape(fact) + "\n") }

// Note says one line about what is being done.
func (t *Terminal) Note(format string, args ...any) {
	t.say("recover: " + Escape(fmt.Sprintf(format, args...)) + "\n")
}

// Print writes one line of result. It returns what Err returns.
func (t *Terminal) Print(format string, args ...any) error {
	return t.result(wrapAll(Escape(fmt.Sprintf(format, args...))+"\n", t.outColumns))
}

// JSONHead has JSON write what head returns before its first line.
func (t *Terminal) JSONHead(head func() any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.head = head
}

// JSON writes v as one line of NDJSON, in which everything that Escape would
// escape is written \uXXXX. It returns what Err returns, or the error of
// encoding v.
func (t *Terminal) JSON(v any) error {
	t.mu.Lock()
	head := t.head
	t.head = nil
	t.mu.Unlock()
	if head != nil {
		if err := t.JSON(head()); err != nil {
			return err
		}
	}
	var line bytes.Buffer
	enc := json.NewEncoder(&line)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return err
	}
	return t.result(escapeJSON(strings.TrimSuffix(line.String(), "\n")) + "\n")
}

// IsShown tells whether stdout is a terminal, where people see what is printed.
func (t *Terminal) IsShown() bool { return t.outColumns != nil }

// KeepFromOthers takes away from others than its owner the right to read stdout,
// where that is a file: a shell makes it for all to read. It does nothing where
// stdout is a pipe, a terminal or a device.
func (t *Terminal) KeepFromOthers() error {
	f, ok := t.stdout.(*os.File)
	if !ok {
		return nil
	}
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() || info.Mode().Perm()&0o077 == 0 {
		return err
	}
	return f.Chmod(info.Mode().Perm() & 0o700)
}

// PrintSecret writes lines of result as they are. It returns what Err returns.
func (t *Terminal) PrintSecret(lines *secret.Bytes) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.err == nil {
		if t.progress != nil && t.columns != nil {
			_, _ = io.WriteString(t.stderr, eraseLine)
			defer t.progress.draw()
		}
		_, t.err = t.stdout.Write(lines.Reveal())
	}
	return t.err
}

// Table writes rows of cells as aligned columns, for people. A failure is
// remembered for Err.
func (t *Terminal) Table(rows [][]string) {
	var text bytes.Buffer
	w := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		for i, cell := range row {
			if i > 0 {
				_, _ = io.WriteString(w, "\t")
			}
			_, _ = io.WriteString(w, Escape(cell))
		}
		_, _ = io.WriteString(w, "\n")
	}
	_ = w.Flush() // a bytes.Buffer takes everything
	_ = t.result(wrapAll(text.String(), t.outColumns))
}

// Err returns the error of the first write to stdout that failed: a full disk,
// a closed pipe. Nothing is written to stdout after it.
func (t *Terminal) Err() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.err
}

func (t *Terminal) say(text string) {
	text = wrapAll(text, t.columns)
	t.mu.Lock()
	defer t.mu.Unlock()
	_ = t.write(t.stderr, text) // there is nowhere left to say it
}

func (t *Terminal) result(text string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.err == nil {
		t.err = t.write(t.stdout, text)
	}
	return t.err
}

// write writes whole lines, between erasing the status line and drawing it
// again. The caller holds mu.
func (t *Terminal) write(w io.Writer, text string) error {
	if t.progress != nil && t.columns != nil {
		_, _ = io.WriteString(t.stderr, eraseLine)
		defer t.progress.draw()
	}
	_, err := io.WriteString(w, text)
	return err
}
