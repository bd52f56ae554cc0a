//go:build linux

package main

import (
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/creack/pty"
)

// display is what a person sees on a terminal of 24 lines of 80 columns, which
// has understood what the program wrote to it.
type display struct {
	lines, covered [displayHeight][]rune // covered: by a screen of its own
	row, column    int
	row0, column0  int // where it was when it was covered
}

const displayHeight, displayWidth = 24, 80

// showing returns the display after text was written, its lines without what
// is blank at the right, and without empty ones at the end.
func showing(text string) string {
	d := new(display)
	for text != "" {
		text = d.take(text)
	}
	var lines []string
	for _, line := range d.lines {
		lines = append(lines, strings.TrimRight(string(line), " "))
	}
	return strings.TrimRight(strings.Join(lines, "\n"), "\n")
}

// take takes one character, or one control sequence, off the beginning.
func (d *display) take(text string) string {
	if rest, ok := strings.CutPrefix(text, "\x1b["); ok {
		end := strings.IndexFunc(rest, func(r rune) bool { return r >= '@' && r <= '~' })
		d.control(rest[end], rest[:end])
		return rest[end+1:]
	}
	r := []rune(text)[0]
	switch r {
	case '\r':
		d.column = 0
	case '\n':
		d.down()
	case '\b':
		d.column = max(0, d.column-1)
	default:
		if d.column == displayWidth { // wraps late, as terminals do
			d.column = 0
			d.down()
		}
		for len(d.lines[d.row]) <= d.column {
			d.lines[d.row] = append(d.lines[d.row], ' ')
		}
		d.lines[d.row][d.column] = r
		d.column++
	}
	return text[len(string(r)):]
}

func (d *display) down() {
	if d.row++; d.row == displayHeight {
		copy(d.lines[:], d.lines[1:])
		d.lines[displayHeight-1], d.row = nil, displayHeight-1
	}
}

func (d *display) control(name byte, parameter string) {
	switch {
	case name == 'H':
		d.row, d.column = 0, 0
	case name == 'J' && parameter == "3": // what was scrolled away, which is not kept here
	case name == 'J' && parameter == "2":
		d.lines = [displayHeight][]rune{}
	case name == 'K':
		d.lines[d.row] = d.lines[d.row][:min(len(d.lines[d.row]), d.column)]
	case name == 'F':
		n, _ := strconv.Atoi(parameter)
		d.row, d.column = max(0, d.row-max(1, n)), 0
	case name == 'h' && parameter == "?1049":
		d.covered, d.lines = d.lines, [displayHeight][]rune{}
		d.row0, d.column0 = d.row, d.column
	case name == 'l' && parameter == "?1049":
		d.lines = d.covered
		d.row, d.column = d.row0, d.column0
	default:
		panic("the display does not know CSI " + parameter + string(name))
	}
}

// shows checks the whole display, up to what was read last.
func (s *session) shows(want string) {
	s.t.Helper()
	s.mu.Lock()
	got := showing(s.screen.String()[:s.read])
	s.mu.Unlock()
	if want = strings.Trim(want, "\n"); got != want {
		s.t.Errorf("the display shows\n%s\n\nwant\n%s", got, want)
	}
}

// sit80 starts the program at a terminal of that size.
func sit80(t *testing.T, cmd *exec.Cmd) *session {
	t.Helper()
	return sitAt(t, cmd, &pty.Winsize{Rows: displayHeight, Cols: displayWidth})
}

func TestDisplay(t *testing.T) {
	for text, want := range map[string]string{
		"one\r\ntwo\rT":                               "one\nTwo",
		strings.Repeat("x", 80) + "\r\ny":             strings.Repeat("x", 80) + "\ny",
		strings.Repeat("x", 81):                       strings.Repeat("x", 80) + "\nx",
		"secret: \r\n\x1b[F\x1b[Kgone":                "gone",
		"below\x1b[?1049h\x1b[H\x1b[2Jabove":          "above",
		"below\x1b[?1049hab\x1b[H\x1b[2J\x1b[?1049l!": "below!",
		strings.Repeat("a\r\n", 24) + "b":             strings.Repeat("a\n", 23) + "b",
		"ab^M\b\b  \r\nc":                             "ab\nc",
	} {
		if got := showing(text); got != want {
			t.Errorf("%q shows\n%s\nwant\n%s", text, got, want)
		}
	}
}
