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
	term     *terminal.Terminal // all that is said
	ctx      context.Context    // ends at the first interrupt; a second one kills
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
		p.term.Warn(err.Error())
	}
}

// printText prints a text of several lines. The first line break only makes the
// text begin at the margin of the source.
func printText(t *terminal.Terminal, text string) error {
	return printLines(t, strings.Split(strings.TrimSuffix(strings.TrimPrefix(text, "\n"), "\n"), "\n"))
}

func printLines(t *terminal.Terminal, lines []string) error {
	for _, line := range lines {
		if err := t.Print("%s", line); err != nil {
			return err
		}
	}
	return nil
}

// shown is a result in both forms.
type shown interface{ lines() []string }

func show(t *terminal.Terminal, json bool, r shown) error {
	if json {
		return t.JSON(r)
	}
	return printLines(t, r.lines())
}
