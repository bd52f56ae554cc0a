package main

import (
	"context"
	"errors"
	"strings"

	"recover/internal/terminal"
	"recover/internal/workstation"
)

// program is one run of the command.
type program struct {
	*terminal.Terminal
	ctx      context.Context // ends at the first interrupt; a second one kills
	confined bool
}

// confine gives up the network for good. It comes before anything is read, and
// after the helper of a token was started, which may have to reach a reader's
// service, or an HSM in the network.
func (p *program) confine() {
	if p.confined {
		return
	}
	p.confined = true
	if err := workstation.DenyNetwork(); err != nil && !errors.Is(err, errors.ErrUnsupported) {
		p.Warn(err.Error())
	}
}

// lines prints a text of several lines. The first line break only makes the
// text begin at the margin of the source.
func (p *program) lines(text string) error {
	for line := range strings.Lines(strings.TrimPrefix(text, "\n")) {
		if err := p.Print("%s", strings.TrimSuffix(line, "\n")); err != nil {
			return err
		}
	}
	return nil
}

// shown is a result in both forms.
type shown interface{ lines() []string }

func (p *program) show(json bool, r shown) error {
	if json {
		return p.JSON(r)
	}
	for _, line := range r.lines() {
		if err := p.Print("%s", line); err != nil {
			return err
		}
	}
	return nil
}
