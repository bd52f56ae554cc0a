package main

import (
	"context"
	"errors"
	"io/fs"
	"net/url"
	"os"
	"strings"

	"recover/internal/output"
	"recover/internal/plaintext"
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

func isPipe(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode()&fs.ModeNamedPipe != 0
}

// typedPath returns the file that an answer names, also as terminals write it when
// a file is dragged into them: in quotes, with backslashes, as a URL, with a blank
// behind it. It is "" where there is no such file.
func typedPath(answer string) string {
	answer = strings.TrimFunc(answer, plaintext.IsInvisible)
	readings := []string{answer, plaintext.Trim(answer), unescapeShell(answer)}
	if u, err := url.Parse(answer); err == nil && u.Scheme == "file" && (u.Host == "" || u.Host == "localhost") {
		readings = append(readings, u.Path)
	}
	for _, path := range readings {
		if path != "" && exists(path) {
			return path
		}
	}
	return ""
}

// unescapeShell undoes the quoting of a shell for one word: 'it'\”s here',
// "a b", a\ b.
func unescapeShell(word string) string {
	var out strings.Builder
	var quote byte
	for i := 0; i < len(word); i++ {
		c := word[i]
		switch {
		case quote == 0 && (c == '\'' || c == '"'):
			quote = c
		case c == quote:
			quote = 0
		case c == '\\' && quote != '\'' && i+1 < len(word):
			i++
			out.WriteByte(word[i])
		default:
			out.WriteByte(c)
		}
	}
	return out.String()
}
