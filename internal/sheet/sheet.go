// Package sheet reads tables as spreadsheets and web pages write them: CSV with
// any of the usual separators, in UTF-8, UTF-16 or Windows-1252, with or without
// quotes, byte order marks and blanks around what matters.
package sheet

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"

	"recover/internal/plaintext"
)

// MaxSize is the largest table that is read, in bytes.
const MaxSize = 16 << 20

// maxCells bounds what is kept of a table that is nothing but separators.
const maxCells = 2 << 20

// Errors of Read.
var (
	ErrSize = fmt.Errorf("larger than %d MiB", MaxSize>>20)
	ErrNone = errors.New("there is no table in it")
)

// Row is a line that is not empty.
type Row struct {
	Line  int      // from 1
	Cells []string // without white space and invisible characters around them
}

// Read returns the rows of a table that are not empty. Errors are ErrSize,
// ErrNone, and one that names the line where the table cannot be read.
func Read(data []byte) ([]Row, error) {
	if len(data) > MaxSize {
		return nil, ErrSize
	}
	decoded, err := plaintext.Decode(data, MaxSize)
	var limit *plaintext.LimitError
	switch {
	case errors.As(err, &limit):
		return nil, ErrSize
	case err != nil:
		return nil, err
	}
	text := plaintext.FromWindows(decoded)
	if bytes.IndexByte(text, 0) >= 0 {
		return nil, ErrNone
	}
	comma, named := separator(text)
	r := csv.NewReader(bytes.NewReader(text))
	r.Comma, r.LazyQuotes, r.FieldsPerRecord = comma, true, -1
	var rows []Row
	for cells := 0; ; {
		fields, err := r.Read()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("not a table: %w", err)
		}
		if cells += len(fields); cells > maxCells {
			return nil, ErrSize
		}
		line, _ := r.FieldPos(0)
		if row, ok := clean(line, fields); ok && !(named && line == 1) {
			rows = append(rows, row)
		}
	}
	if len(rows) == 0 {
		return nil, ErrNone
	}
	return rows, nil
}

// separator returns the separator: the one that the first line names ("sep=;"),
// or else the one that it has most of.
func separator(text []byte) (comma rune, named bool) {
	first, _, _ := bytes.Cut(bytes.TrimLeft(text, "\r\n"), []byte("\n"))
	first = bytes.TrimRight(first, "\r")
	if rest, found := bytes.CutPrefix(first, []byte("sep=")); found && len(rest) == 1 && strings.ContainsRune(separators, rune(rest[0])) {
		return rune(rest[0]), true
	}
	comma = ','
	most := 0
	for _, s := range separators {
		if n := bytes.Count(first, []byte(string(s))); n > most {
			comma, most = s, n
		}
	}
	return comma, false
}

const separators = ",;\t|"

// clean takes off what surrounds the text of cells; ok is false for a row of
// which nothing is left.
func clean(line int, fields []string) (row Row, ok bool) {
	row.Line = line
	for _, f := range fields {
		f = strings.TrimFunc(f, invisible)
		// How a spreadsheet is told that digits are a text.
		if inner, found := strings.CutPrefix(f, `="`); found {
			f = strings.TrimSuffix(inner, `"`)
		}
		f = strings.TrimFunc(strings.TrimPrefix(f, "'"), invisible)
		row.Cells = append(row.Cells, f)
		ok = ok || f != ""
	}
	return row, ok
}

func invisible(r rune) bool {
	return unicode.IsSpace(r) || unicode.IsControl(r) || unicode.Is(unicode.Cf, r)
}
