package main

import (
	"context"
	"errors"

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
