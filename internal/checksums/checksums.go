// Package checksums reads a list of SHA-256 sums in the form of sha256sum, and
// compares a directory with it.
package checksums

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"unicode"

	"recover/internal/message"
)

// What is read at most.
const (
	MaxSize  = 1 << 20  // bytes of a list
	MaxFiles = 10000    // files in it, and in a directory that is compared
	maxFile  = 10 << 30 // bytes of one file
)

// FileName is the name of a list in a release.
const FileName = "SHA256SUMS"

// Sum is one line of a list.
type Sum struct {
	Name   string // relative to the list, with slashes
	SHA256 [sha256.Size]byte
}

// SyntaxError is a line that is not of the form.
type SyntaxError struct {
	Line    int
	Problem string
}

func (e *SyntaxError) Error() string { return fmt.Sprintf("line %d: %s", e.Line, e.Problem) }

// ErrTooMany is returned for more than MaxFiles files.
var ErrTooMany = fmt.Errorf("more than %d files", MaxFiles)

// Looks tells whether a text begins like a list.
func Looks(head []byte) bool {
	line, _, _ := bytes.Cut(head, []byte{'\n'})
	_, problem := parseLine(strings.TrimSuffix(string(line), "\r"))
	return problem == ""
}

// Parse reads a list. Names that lead out of the directory of the list, and names
// that are there twice, are refused. The error is a *SyntaxError or ErrTooMany.
func Parse(data []byte) ([]Sum, error) {
	if len(data) > MaxSize {
		return nil, ErrTooMany
	}
	var all []Sum
	seen := make(map[string]bool)
	for i, line := range strings.Split(strings.TrimSuffix(string(data), "\n"), "\n") {
		s, problem := parseLine(strings.TrimSuffix(line, "\r"))
		if problem == "" && seen[s.Name] {
			problem = "the name occurs twice"
		}
		if problem != "" {
			return nil, &SyntaxError{i + 1, problem}
		}
		if len(all) == MaxFiles {
			return nil, ErrTooMany
		}
		seen[s.Name] = true
		all = append(all, s)
	}
	return all, nil
}

func parseLine(line string) (s Sum, problem string) {
	const digits = 2 * sha256.Size
	if len(line) < digits+3 || line[digits] != ' ' || line[digits+1] != ' ' && line[digits+1] != '*' {
		return s, "not 64 hex digits, two blanks and a name"
	}
	if n, err := hex.Decode(s.SHA256[:], []byte(line[:digits])); err != nil || n != sha256.Size {
		return s, "not 64 hex digits, two blanks and a name"
	}
	s.Name = strings.TrimPrefix(line[digits+2:], "./")
	if !fs.ValidPath(s.Name) || s.Name == "." || strings.Contains(s.Name, `\`) || strings.ContainsFunc(s.Name, unicode.IsControl) {
		return s, "the name " + message.Quote(s.Name) + " is not that of a file below the list"
	}
	return s, ""
}

// Comparison says how a directory and a list differ.
type Comparison struct {
	Right    int      // files as they are listed
	Differ   []string // files with another sum, or that cannot be read
	Missing  []string
	Unlisted []string // files that the list does not have
}

// AsListed tells whether every listed file is there and right.
func (c *Comparison) AsListed() bool { return len(c.Differ) == 0 && len(c.Missing) == 0 }

// Compare reads every file of a list, and looks for files below the directory
// that are not in it; keep tells which of these are no matter. The error is
// ErrTooMany, or that of reading the directory.
func Compare(dir fs.FS, list []Sum, keep func(name string) bool) (*Comparison, error) {
	c := new(Comparison)
	listed := make(map[string]bool, len(list))
	for _, s := range list {
		listed[s.Name] = true
		switch sum, err := hashFile(dir, s.Name); {
		case errors.Is(err, fs.ErrNotExist):
			c.Missing = append(c.Missing, s.Name)
		case err != nil || sum != s.SHA256:
			c.Differ = append(c.Differ, s.Name)
		default:
			c.Right++
		}
	}
	n := 0
	err := fs.WalkDir(dir, ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		if n++; n > 2*MaxFiles {
			return ErrTooMany
		}
		if !listed[name] && !keep(name) {
			c.Unlisted = append(c.Unlisted, name)
		}
		return nil
	})
	return c, err
}

var errNotRegular = errors.New("not a regular file")

func hashFile(dir fs.FS, name string) (sum [sha256.Size]byte, err error) {
	info, err := fs.Stat(dir, name)
	if err != nil {
		return sum, err
	}
	if !info.Mode().IsRegular() || info.Size() > maxFile {
		return sum, errNotRegular
	}
	f, err := dir.Open(name)
	if err != nil {
		return sum, err
	}
	defer func() { _ = f.Close() }()
	h := sha256.New()
	if _, err := io.Copy(h, io.LimitReader(f, maxFile+1)); err != nil {
		return sum, err
	}
	return [sha256.Size]byte(h.Sum(nil)), nil
}
