package terminal

import (
	"bytes"
	"io"
	"os"
	"os/signal"

	"golang.org/x/term"

	"recover/internal/secret"
)

const (
	enterScreen = "\x1b[?1049h"
	clearScreen = "\x1b[H\x1b[2J"
	leaveScreen = "\x1b[?1049l"
	// eraseScrollback takes away what has left the screen at its top.
	eraseScrollback = "\x1b[3J"
)

// Screen covers what the terminal showed before, while one person after the
// other sits at it. Whatever is shown on it, and what was typed at a question,
// is gone with the next Show and when it is closed; what is typed between
// questions is never shown.
//
// Where a terminal has one screen only (the Linux console), that is cleared.
type Screen struct {
	t       *Terminal
	out     *os.File
	restore func()
	signals chan os.Signal
	secret  bool // one was shown
}

// Screen opens the screen. The caller closes it. Until then a signal ends the
// question that is asked, or else the next one. There is one Screen at a time.
// The error is ErrNoTerminal.
func (t *Terminal) Screen() (*Screen, error) {
	signals := catch()
	out, restore, err := openScreen()
	if err != nil {
		signal.Stop(signals)
		return nil, ErrNoTerminal
	}
	t.asking.Lock()
	defer t.asking.Unlock()
	t.screen = &Screen{t: t, out: out, restore: restore, signals: signals}
	_, _ = io.WriteString(out, enterScreen+clearScreen)
	return t.screen, nil
}

// Rows is how many lines the screen has.
func (s *Screen) Rows() int {
	_, rows, err := term.GetSize(int(s.out.Fd()))
	if err != nil || rows == 0 {
		return 24
	}
	return rows
}

// Show clears the screen and shows lines.
func (s *Screen) Show(lines ...string) {
	_, _ = io.WriteString(s.out, clearScreen)
	s.Add(lines...)
}

// Add shows further lines.
func (s *Screen) Add(lines ...string) {
	text := ""
	for _, line := range lines {
		text += wrapAll(Escape(line)+"\n", columns(s.out))
	}
	_, _ = io.WriteString(s.out, text)
}

// ShowSecret adds a text, as it is, to what is shown, and ends its last line. It has to be gone, by the
// next Show, when the one whom it concerns has seen it.
func (s *Screen) ShowSecret(text *secret.Bytes) {
	s.secret = true
	_, _ = s.out.Write(text.Reveal())
	if !bytes.HasSuffix(text.Reveal(), []byte("\n")) {
		_, _ = io.WriteString(s.out, "\n")
	}
}

// Close clears the screen and shows again what was there before. Where a secret
// was shown, the scrollback goes too, as far as the terminal knows how, for it
// may have more lines than the screen; that is said.
func (s *Screen) Close() {
	s.t.asking.Lock()
	defer s.t.asking.Unlock()
	s.t.screen = nil
	end := clearScreen + leaveScreen
	if s.secret {
		end = clearScreen + eraseScrollback + leaveScreen
		defer s.t.Note("what was shown is erased from the screen, and from its scrollback if the terminal can; a terminal that records keeps it: close its window")
	}
	_, _ = io.WriteString(s.out, end)
	s.restore()
	_ = s.out.Close()
	signal.Stop(s.signals)
}
