//go:build linux || darwin

package terminal

import (
	"errors"
	"io"
	"os"

	"golang.org/x/sys/unix"
	"golang.org/x/term"
)

// eraseLine empties the line that the cursor is on.
const eraseLine = "\r\x1b[K"

// caught are the signals that end a question. SIGCONT is there because a shell
// that had the terminal in between leaves it with echo on.
var caught = []os.Signal{unix.SIGINT, unix.SIGTERM, unix.SIGHUP, unix.SIGQUIT, unix.SIGCONT}

// console is the terminal while one question is asked at it.
type console struct {
	out     *os.File // also what is read from
	fd      int
	before  *unix.Termios
	echo    bool
	signals <-chan os.Signal
	prompt  string
}

func openConsole(echo bool, signals <-chan os.Signal) (*console, error) {
	f, err := os.OpenFile("/dev/tty", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		return nil, err
	}
	c := &console{out: f, fd: int(f.Fd()), echo: echo, signals: signals}
	if c.before, err = unix.IoctlGetTermios(c.fd, readTermios); err == nil {
		err = c.configure()
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return c, nil
}

// configure sets line mode, with or without echo. CR ends a line as LF does,
// instead of becoming LF: only so can the CRLF of pasted text be told from an
// answer and an empty one.
func (c *console) configure() error {
	mode := *c.before
	mode.Iflag &^= unix.ICRNL | unix.INLCR | unix.IGNCR
	mode.Cc[unix.VEOL] = '\r'
	mode.Lflag |= unix.ICANON | unix.ISIG | unix.ECHO | unix.ECHOE | unix.ECHOCTL
	if !c.echo {
		mode.Lflag &^= unix.ECHO | unix.ECHONL
	}
	return unix.IoctlSetTermios(c.fd, writeTermios, &mode)
}

func (c *console) close() {
	_ = unix.IoctlSetTermios(c.fd, writeTermios, c.before)
	c.out.Close()
}

// read waits for input, and looks ten times a second whether a signal came:
// unlike a blocked read, that leaves no goroutine behind that would take the
// next answer.
func (c *console) read(p []byte) (int, error) {
	for {
		if err := c.checkSignals(); err != nil {
			return 0, err
		}
		var set unix.FdSet
		set.Set(c.fd)
		n, err := unix.Select(c.fd+1, &set, nil, nil, &unix.Timeval{Usec: 100_000})
		if n > 0 {
			n, err = unix.Read(c.fd, p)
		} else if err == nil {
			continue
		}
		if !errors.Is(err, unix.EINTR) {
			return n, err
		}
	}
}

func (c *console) checkSignals() error {
	select {
	case s := <-c.signals:
		if s != unix.SIGCONT {
			return ErrInterrupted
		}
		if err := c.configure(); err != nil {
			return err
		}
		_, err := io.WriteString(c.out, "\r\n"+c.prompt)
		return err
	default:
		return nil
	}
}

// erasePrompt erases the prompt of a question without echo, after a line break
// for terminals that can erase nothing.
func (c *console) erasePrompt() { _, _ = io.WriteString(c.out, "\r\n\x1b[F\x1b[K") }

// endLine ends the line of a question with echo. A CR was shown as ^M.
func (c *console) endLine(line []byte) {
	switch {
	case !ended(line):
		_, _ = io.WriteString(c.out, "\r\n")
	case line[len(line)-1] == '\r':
		_, _ = io.WriteString(c.out, "\b\b  \r\n")
	}
}

// columns returns a function that tells how wide the terminal f is, or nil if
// f is no terminal.
func columns(f *os.File) func() int {
	fd := int(f.Fd())
	if !term.IsTerminal(fd) {
		return nil
	}
	return func() int {
		width, _, err := term.GetSize(fd)
		if err != nil || width == 0 {
			return 80
		}
		return width
	}
}
