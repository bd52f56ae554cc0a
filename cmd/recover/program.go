package main

import (
	"context"

	"recover/internal/terminal"
)

// program is one run of the command.
type program struct {
	term     *terminal.Terminal // all that is said
	ctx      context.Context    // ends at the first interrupt; a second one kills
	paths    *commandPaths      // of the command line
	strict   bool               // no work where the fence has gaps
	fitness  fitness            // of the machine
	confined bool               // the fence is up
	gaps     []string           // in it
	json     bool               // --json is given: errors are lines of it
	run      *runHead           // its first line
}
