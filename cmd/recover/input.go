package main

import (
	"context"
	"errors"
	"io/fs"
	"os"

	"recover/internal/output"
	"recover/internal/terminal"
)

// readInput reads a file of a key, an identity or a share; a pipe is read once, so
// that nothing that was opened has to be put on a disk.
func readInput(ctx context.Context, path string, max int64) ([]byte, error) {
	data, err := output.ReadInput(ctx, path, max)
	if errors.Is(err, context.Canceled) {
		err = terminal.ErrInterrupted
	}
	return data, err
}

// parseFile reads a regular file of at most max bytes and parses it. What is wrong
// with it is a *fileError of the role.
func parseFile[T any](path string, as role, max int64, parse func([]byte) (T, error)) (T, error) {
	data, err := output.ReadFile(path, max)
	if err == nil {
		var parsed T
		if parsed, err = parse(data); err == nil {
			return parsed, nil
		}
	}
	var none T
	return none, &fileError{path, as, err}
}

func isPipe(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode()&fs.ModeNamedPipe != 0
}
