package terminal

import (
	"io"
	"os"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/sys/windows"
	"golang.org/x/term"
)

// eraseLine empties the line that the cursor is on.
const eraseLine = "\r\x1b[K"

// caught are the signals that end a question. Ctrl-C makes the read return
// with nothing.
var caught = []os.Signal{os.Interrupt}

// console is the terminal while one question is asked at it.
type console struct {
	in, out *os.File
	handle  windows.Handle
	before  uint32
	prompt  string
}

func openConsole(echo bool, _ <-chan os.Signal) (*console, error) {
	in, err := os.OpenFile("CONIN$", os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	out, err := os.OpenFile("CONOUT$", os.O_RDWR, 0)
	if err != nil {
		in.Close()
		return nil, err
	}
	c := &console{in: in, out: out, handle: windows.Handle(in.Fd())}
	if err := c.configure(echo); err != nil {
		in.Close()
		out.Close()
		return nil, err
	}
	return c, nil
}

func (c *console) configure(echo bool) error {
	if err := windows.GetConsoleMode(c.handle, &c.before); err != nil {
		return err
	}
	var mode uint32 = windows.ENABLE_LINE_INPUT | windows.ENABLE_PROCESSED_INPUT
	if echo {
		mode |= windows.ENABLE_ECHO_INPUT
	}
	return windows.SetConsoleMode(c.handle, mode)
}

func (c *console) close() {
	_ = windows.SetConsoleMode(c.handle, c.before)
	c.in.Close()
	c.out.Close()
}

// read reads from the console itself, because os.File would keep a secret in a
// buffer that nobody can wipe.
func (c *console) read(p []byte) (int, error) {
	units := make([]uint16, len(p)/utf8.UTFMax)
	defer clear(units)
	var n uint32
	if err := windows.ReadConsole(c.handle, &units[0], uint32(len(units)), &n, nil); err != nil {
		return 0, err
	}
	text := p[:0]
	for i := 0; i < int(n); i++ {
		r := rune(units[i])
		if utf16.IsSurrogate(r) && i+1 < int(n) {
			r = utf16.DecodeRune(r, rune(units[i+1]))
			i++
		}
		text = utf8.AppendRune(text, r)
	}
	return len(text), nil
}

// erasePrompt erases the prompt of a question without echo, after a line break
// for terminals that can erase nothing.
func (c *console) erasePrompt() {
	_, _ = io.WriteString(c.out, "\r\n")
	if interpretEscapes(c.out) {
		_, _ = io.WriteString(c.out, "\x1b[F\x1b[K")
	}
}

// endLine does nothing: the console has shown the line end.
func (c *console) endLine([]byte) {}

// columns returns a function that tells how wide the terminal f is, or nil if
// f is no terminal on which a line can be rewritten.
func columns(f *os.File) func() int {
	if !interpretEscapes(f) {
		return nil
	}
	return func() int {
		width, _, err := term.GetSize(int(f.Fd()))
		if err != nil || width == 0 {
			return 80
		}
		return width
	}
}

// interpretEscapes makes the console understand escape sequences, and reports
// whether it does.
func interpretEscapes(f *os.File) bool {
	handle := windows.Handle(f.Fd())
	var mode uint32
	return windows.GetConsoleMode(handle, &mode) == nil &&
		windows.SetConsoleMode(handle, mode|windows.ENABLE_VIRTUAL_TERMINAL_PROCESSING) == nil
}
