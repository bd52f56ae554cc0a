package terminal

import (
	"fmt"
	"io"
	"time"
)

// How often progress is shown: on a terminal, and in what is not one.
const (
	redrawEvery = 100 * time.Millisecond
	noteEvery   = time.Minute
)

// Progress tells how far a long piece of work is. It is safe for concurrent
// use.
type Progress struct {
	t                   *Terminal // its mu guards what follows
	label               string
	total, done, failed int
	begun, shown        time.Time
}

// Progress begins to show how many of total pieces of work are done: on a
// terminal in one line that is rewritten, otherwise in a line a minute. There
// is one Progress at a time, until Done.
func (t *Terminal) Progress(label string, total int) *Progress {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now()
	p := &Progress{t: t, label: label, total: total, begun: now, shown: now}
	t.progress = p
	if t.columns != nil {
		p.draw()
	}
	return p
}

// Step counts one more piece of work as done, well or not.
func (p *Progress) Step(failed bool) {
	p.t.mu.Lock()
	defer p.t.mu.Unlock()
	p.done++
	if failed {
		p.failed++
	}
	p.show()
}

// tick shows how much time has passed.
func (p *Progress) tick() {
	p.t.mu.Lock()
	defer p.t.mu.Unlock()
	if p.t.progress == p {
		p.show()
	}
}

// show rewrites the status line, or writes a line, if it is time to. The caller
// holds mu.
func (p *Progress) show() {
	since := p.t.now().Sub(p.shown)
	switch {
	case p.t.columns != nil && since >= redrawEvery:
		p.draw()
	case p.t.columns == nil && since >= noteEvery:
		p.shown = p.t.now()
		_ = p.t.write(p.t.stderr, p.line()+"\n")
	}
}

// Done ends the status line and leaves a last line that says what was done.
func (p *Progress) Done() {
	p.t.mu.Lock()
	defer p.t.mu.Unlock()
	text := p.count() + ", " + p.elapsed().Round(time.Second).String() + "\n"
	if p.t.columns != nil {
		text = eraseLine + text
	}
	p.t.progress = nil
	_ = p.t.write(p.t.stderr, text)
}

// draw rewrites the status line, cut to the width of the terminal: a line that
// wraps could not be erased. The caller holds mu.
func (p *Progress) draw() {
	p.shown = p.t.now()
	_, _ = io.WriteString(p.t.stderr, eraseLine+cut(p.line(), max(1, p.t.columns()-1)))
}

// line tells the count, and once there is something to reckon from, the rate
// and the time that is left.
func (p *Progress) line() string {
	elapsed := p.elapsed()
	if p.total == 0 {
		return p.count() + ", " + elapsed.Round(time.Second).String()
	}
	if p.done == 0 || elapsed <= 0 {
		return p.count()
	}
	rate := float64(p.done) / elapsed.Seconds()
	left := time.Duration(float64(p.total-p.done) / rate * float64(time.Second))
	return fmt.Sprintf("%s, %.1f/s, %v left", p.count(), rate, left.Round(time.Second))
}

func (p *Progress) count() string {
	if p.total == 0 {
		return "recover: " + Escape(p.label)
	}
	text := fmt.Sprintf("recover: %s: %d of %d", Escape(p.label), p.done, p.total)
	if p.failed > 0 {
		text += fmt.Sprintf(", %d not ok", p.failed)
	}
	return text
}

func (p *Progress) elapsed() time.Duration { return p.t.now().Sub(p.begun) }
