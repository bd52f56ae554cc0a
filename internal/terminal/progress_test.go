package terminal

import (
	"bytes"
	"testing"
	"time"
)

// clock is a Terminal whose time goes on by hand.
func clock(stderr *bytes.Buffer, columns func() int) (*Terminal, func(time.Duration)) {
	now := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	t := New(stderr, stderr)
	t.columns = columns
	t.now = func() time.Time { return now }
	return t, func(d time.Duration) { now = now.Add(d) }
}

func TestProgressOnTerminal(t *testing.T) {
	var screen bytes.Buffer
	term, pass := clock(&screen, func() int { return 80 })
	expect := func(want string) {
		t.Helper()
		if screen.String() != want {
			t.Errorf("got  %q\nwant %q", screen.String(), want)
		}
		screen.Reset()
	}
	p := term.Progress("keys\n", 120)
	expect("\r\x1b[Krecover: keys\\x0a: 0 of 120")
	pass(redrawEvery - 1)
	p.Step(false)
	expect("")
	pass(2*time.Second - redrawEvery + 1)
	p.Step(true)
	expect("\r\x1b[Krecover: keys\\x0a: 2 of 120, 1 not ok, 1.0/s, 1m58s left")
	term.Warn("odd")
	expect("\r\x1b[Krecover: warning: odd\n\r\x1b[Krecover: keys\\x0a: 2 of 120, 1 not ok, 1.0/s, 1m58s left")
	_ = term.Print("result")
	expect("\r\x1b[Kresult\n\r\x1b[Krecover: keys\\x0a: 2 of 120, 1 not ok, 1.0/s, 1m58s left")
	term.columns = func() int { return 20 }
	pass(redrawEvery)
	p.Step(false)
	expect("\r\x1b[Krecover: keys\\x0a:…")
	term.columns = func() int { return 1 }
	term.Note("")
	expect("\r\x1b[Krecover: \n\r\x1b[K…")
	p.Done()
	expect("\r\x1b[Krecover: keys\\x0a: 3 of 120, 1 not ok, 2s\n")
	term.Note("after")
	expect("recover: after\n")
}

func TestProgressInLog(t *testing.T) {
	var log bytes.Buffer
	term, pass := clock(&log, nil)
	p := term.Progress("keys", 300)
	for range 150 {
		pass(time.Second)
		p.Step(false)
	}
	term.Note("between")
	p.Done()
	want := `recover: keys: 60 of 300, 1.0/s, 4m0s left
recover: keys: 120 of 300, 1.0/s, 3m0s left
recover: between
recover: keys: 150 of 300, 2m30s
`
	if log.String() != want {
		t.Errorf("got:\n%swant:\n%s", log.String(), want)
	}
}
