package main

import (
	"fmt"
	"net/url"
	"os"
	"os/user"
	"path/filepath"
	"runtime"
	"strings"

	"recover/internal/output"
	"recover/internal/plaintext"
	"recover/pkg/custody"
)

// droppedPath returns the path that an answer names, and whether something is
// there: as it is typed, or in one of the forms in which terminals write a file
// that is dragged into them.
func droppedPath(answer string) (path string, found bool) {
	for _, path := range []string{answer, fromFileURL(answer), fromShellWord(answer), plaintext.Trim(answer)} {
		for _, path := range []string{path, fromHome(path)} {
			if path != "" && exists(path) {
				return path, true
			}
		}
	}
	return "", false
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// fromFileURL reads file:///media/bob/share.txt, of which blanks are written %20.
func fromFileURL(text string) string {
	u, err := url.Parse(unquoted(text))
	if err != nil || u.Scheme != "file" || u.Host != "" && u.Host != "localhost" {
		return ""
	}
	if runtime.GOOS == "windows" {
		return filepath.FromSlash(strings.TrimPrefix(u.Path, "/"))
	}
	return u.Path
}

// fromShellWord undoes the quotes and backslashes of a word as a shell reads it.
// In Windows a backslash is part of the path, and a word is quoted as a whole.
func fromShellWord(text string) string {
	if runtime.GOOS == "windows" {
		return unquoted(text)
	}
	var word strings.Builder
	quote := byte(0)
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quote == 0 && (c == '\'' || c == '"'):
			quote = c
		case c == quote && quote != 0:
			quote = 0
		case c == '\\' && quote != '\'' && i+1 < len(text):
			i++
			word.WriteByte(text[i])
		default:
			word.WriteByte(c)
		}
	}
	return word.String()
}

func unquoted(text string) string {
	if n := len(text); n >= 2 && text[0] == text[n-1] && (text[0] == '\'' || text[0] == '"') {
		return text[1 : n-1]
	}
	return text
}

// fromHome replaces the ~ of ~/share.txt. The home directory is the one that the
// system has for the user; no variable changes it.
func fromHome(path string) string {
	rest, ok := strings.CutPrefix(path, "~")
	if !ok || rest != "" && !os.IsPathSeparator(rest[0]) {
		return ""
	}
	u, err := user.Current()
	if err != nil || u.HomeDir == "" {
		return ""
	}
	return filepath.Join(u.HomeDir, rest)
}

// isPath reports whether text was meant as a path, and can be shown: no share, and
// no line of one, has a separator in it.
func isPath(text string) bool {
	return strings.ContainsFunc(text, func(r rune) bool { return r < 0x80 && os.IsPathSeparator(uint8(r)) })
}

var errNoShareIn = fmt.Errorf("%w without a %s or %s", output.ErrDirectory, custody.PageName, sealedPageName)

// shareIn returns the file of the share in a holder's folder, or path itself if it
// is no folder.
func shareIn(path string) (string, error) {
	info, err := os.Stat(path)
	if err != nil || !info.IsDir() {
		return path, nil // what is wrong with it is found when it is read
	}
	var found []string
	for _, name := range []string{custody.PageName, sealedPageName} {
		if file := filepath.Join(path, name); exists(file) {
			found = append(found, file)
		}
	}
	switch len(found) {
	case 0:
		return "", errNoShareIn
	case 1:
		return found[0], nil
	}
	return "", &output.PathError{Path: path, Err: output.ErrDirectory}
}
