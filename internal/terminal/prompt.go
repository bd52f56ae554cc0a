package terminal

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/signal"
	"unicode/utf8"

	"recover/internal/secret"
)

// maxAnswer is the largest answer and the largest line of a Descriptor, in
// bytes.
const maxAnswer = 1024

// Errors of asking.
var (
	ErrNoTerminal  = errors.New("no terminal to ask at")
	ErrInterrupted = errors.New("interrupted")
	ErrTooLong     = errors.New("longer than 1024 bytes")
)

// Passphrase asks for a secret, without echo, and erases the prompt once it is
// answered. It returns the bytes of the line as they were typed, at most 1024;
// they may be none. Errors are ErrNoTerminal, ErrInterrupted (a signal, or the
// end of input; the terminal is as it was before), ErrTooLong, and those of
// the terminal itself.
func (t *Terminal) Passphrase(prompt string) (*secret.Bytes, error) {
	line, err := t.ask(prompt, false)
	if err != nil {
		return nil, err
	}
	return secret.New(line), nil
}

// Ask asks for a line that may be seen, and returns it as it was typed. Errors
// are those of Passphrase.
func (t *Terminal) Ask(prompt string) (string, error) {
	line, err := t.ask(prompt, true)
	return string(line), err
}

// Confirm asks a question that only the word "yes" confirms. Errors are those
// of Passphrase.
func (t *Terminal) Confirm(question string) (bool, error) {
	answer, err := t.Ask(question + ` (type "yes")`)
	return answer == "yes", err
}

// ask shows a prompt and reads the line that answers it.
func (t *Terminal) ask(prompt string, echo bool) ([]byte, error) {
	t.asking.Lock()
	defer t.asking.Unlock()
	signals, release := t.signals()
	defer release()
	c, err := openConsole(echo, signals)
	if err != nil {
		return nil, ErrNoTerminal
	}
	defer c.close()
	c.prompt = Escape(prompt) + ": "
	if _, err := io.WriteString(c.out, c.prompt); err != nil {
		return nil, err
	}
	line, err := t.readLine(c)
	if echo {
		c.endLine(line)
	} else {
		c.erasePrompt()
	}
	if err != nil {
		return nil, err
	}
	return trimLine(line)
}

// signals returns what may interrupt a question: what came since the screen was
// opened, or from now on.
func (t *Terminal) signals() (signals chan os.Signal, release func()) {
	if t.screen != nil {
		return t.screen.signals, func() {}
	}
	signals = catch()
	return signals, func() { signal.Stop(signals) }
}

// catch asks for the signals that may interrupt a question, except those that
// whoever started the program told it to ignore.
func catch() chan os.Signal {
	signals := make(chan os.Signal, 8)
	for _, s := range caught {
		if !signal.Ignored(s) {
			signal.Notify(signals, s)
		}
	}
	return signals
}

// readLine reads up to and including the end of a line, LF or CR. The LF of a
// pasted CRLF comes later than the line that it belongs to: it is no answer to
// the question after that.
func (t *Terminal) readLine(c *console) ([]byte, error) {
	// With room for what a terminal takes as one line, so that nothing of a
	// secret is left behind in a buffer that was outgrown.
	buf := make([]byte, 0, 4096)
	tooLong := false
	for !ended(buf) {
		if cap(buf)-len(buf) < utf8.UTFMax {
			tooLong, buf = true, buf[:0]
		}
		n, err := c.read(buf[len(buf):cap(buf)])
		if err == nil && n == 0 && len(buf) == 0 { // the end of input
			err = ErrInterrupted
		}
		if err != nil {
			secret.Wipe(buf)
			return nil, err
		}
		if n == 0 {
			break
		}
		buf = buf[:len(buf)+n]
		if t.afterCR && buf[0] == '\n' {
			buf = append(buf[:0], buf[1:]...)
		}
		t.afterCR = false
	}
	t.afterCR = bytes.HasSuffix(buf, []byte("\r"))
	if tooLong {
		secret.Wipe(buf)
		return nil, ErrTooLong
	}
	return buf, nil
}

func ended(line []byte) bool {
	return len(line) > 0 && (line[len(line)-1] == '\n' || line[len(line)-1] == '\r')
}

// trimLine takes the line end off, and wipes a line that is too long.
func trimLine(line []byte) ([]byte, error) {
	line = bytes.TrimSuffix(line, []byte("\n"))
	line = bytes.TrimSuffix(line, []byte("\r"))
	if len(line) > maxAnswer {
		secret.Wipe(line)
		return nil, ErrTooLong
	}
	return line, nil
}
