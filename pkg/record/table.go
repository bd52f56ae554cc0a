package record

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"recover/internal/plaintext"
	"recover/internal/uuid"
)

const (
	// maxLine is the length of the longest line of CSV that is read, in bytes with
	// the line's end; and of the longest row, where a cell has several lines.
	maxLine = 64 << 10
	// maxAbove is how many rows may be above the header: titles, dates.
	maxAbove = 10
)

// separators of cells, in the order in which they are tried.
const separators = ",;\t|"

// table reads the rows of a CSV text, as spreadsheets and people write it.
type table struct {
	lines     *lineReader
	separator rune
	columns
}

// openTable reads up to the header: the first row that names the columns which
// wanted asks for. It is nil, without an error, where there is no such row. An
// *Error is a fault of the rows above it; any other error is of r.
func openTable(r io.Reader, crOnly bool, wanted []int) (*table, error) {
	t := &table{lines: &lineReader{r: bufio.NewReaderSize(r, maxLine), crOnly: crOnly}}
	declared := rune(0)
	for above := 0; above <= maxAbove; {
		line, err := t.lines.next()
		if err == io.EOF {
			return nil, nil
		}
		if err != nil {
			return nil, at(err, t.lines.number, 0)
		}
		if s := separatorLine(line); s != 0 && declared == 0 {
			declared = s
			continue
		}
		if isBlank(line) {
			continue
		}
		if t.header(line, declared, wanted) {
			return t, nil
		}
		if hasID(line) {
			return nil, &Error{Line: t.lines.number, Problem: "IDs, but no line above them names the columns quorum_id,key_id,algorithm"}
		}
		above++
		t.warn(t.lines.number, 0, "passed over: it is above the line that names the columns")
	}
	return nil, nil
}

// separatorLine returns the separator that a line such as "sep=;" declares, or 0.
func separatorLine(line string) rune {
	text := strings.TrimLeftFunc(line, func(r rune) bool { return r == '"' || isBlankRune(r) })
	if len(text) < 5 || !strings.EqualFold(text[:4], "sep=") {
		return 0
	}
	separator, size := utf8.DecodeRuneInString(text[4:])
	if !strings.ContainsRune(separators, separator) || strings.Trim(text[4+size:], "\" \t,;|") != "" {
		return 0
	}
	return separator
}

// header takes a row as the header if it names two of the wanted columns, or the
// only one: with the separator that makes most of it.
func (t *table) header(line string, declared rune, wanted []int) bool {
	best := columns{}
	for _, separator := range separators {
		names, err := splitRow(line, separator)
		if err != nil {
			names = strings.Split(strings.ReplaceAll(line, `"`, ""), string(separator))
		}
		c := columnsOf(names, t.lines.number)
		more := c.found(wanted) - best.found(wanted)
		if best.names == nil || more > 0 || more == 0 && separator == declared {
			best, t.separator = c, separator
		}
	}
	if best.found(wanted) < min(2, len(wanted)) {
		return false
	}
	best.warnings, best.wanted = append(t.warnings, best.warnings...), wanted
	t.columns = best
	return true
}

// row returns the next row that is not blank, each field with its text, and the
// line that it begins in. An *Error is about this row only, and the next call
// goes on after it; any other error, such as io.EOF, is the last.
func (t *table) row() (texts [fieldCount]string, line int, err error) {
	for {
		text, err := t.lines.next()
		if err != nil {
			return texts, t.lines.number, err
		}
		if isBlank(text) {
			continue
		}
		line, whole := t.lines.number, text
		more := 0
		if strings.Count(text, `"`)%2 != 0 {
			if whole, more, err = t.lines.join(text); err != nil {
				return texts, line, err
			}
		}
		cells, bad := splitRow(whole, t.separator)
		if bad != nil {
			t.lines.back(more)
			return texts, line, bad
		}
		if slices.Equal(cells, t.names) {
			continue // the header again, between tables that were put together
		}
		texts, err = t.fields(cells)
		return texts, line, err
	}
}

// isBlank tells whether a line has nothing but separators, blanks, and what
// draws lines in a table.
func isBlank(line string) bool {
	return strings.TrimFunc(line, func(r rune) bool { return strings.ContainsRune(`,;|"+-=:_`, r) || isBlankRune(r) }) == ""
}

// hasID tells whether some cell of a line is an ID.
func hasID(line string) bool {
	for _, cell := range strings.FieldsFunc(line, func(r rune) bool { return strings.ContainsRune(separators, r) }) {
		if _, err := uuid.ParseAny(cell); err == nil {
			return true
		}
	}
	return false
}

// splitRow returns the cells of a row.
func splitRow(line string, separator rune) ([]string, error) {
	if !strings.Contains(line, `"`) {
		return strings.Split(line, string(separator)), nil
	}
	r := csv.NewReader(strings.NewReader(line))
	r.Comma, r.TrimLeadingSpace = separator, separator != '\t'
	cells, err := r.Read()
	if err != nil {
		return nil, problem("a quote that is out of place or not closed in its line")
	}
	return cells, nil
}

// lineReader reads lines, which end in LF or CRLF, or where crOnly is set in CR.
type lineReader struct {
	r      *bufio.Reader // its buffer is the longest line
	crOnly bool
	number int      // of the line that was read last, from 1
	ahead  []string // lines that were read, and are read again
	joined []string // the lines that the last join took
}

// next returns the next line without its end, or io.EOF. After a line that is too
// long, which is an *Error, it goes on with the one after it.
func (l *lineReader) next() (string, error) {
	if len(l.ahead) > 0 {
		line := l.ahead[0]
		l.ahead = l.ahead[1:]
		l.number++
		return line, nil
	}
	end := byte('\n')
	if l.crOnly {
		end = '\r'
	}
	line, err := l.r.ReadSlice(end)
	if errors.Is(err, bufio.ErrBufferFull) {
		l.number++
		for errors.Is(err, bufio.ErrBufferFull) {
			_, err = l.r.ReadSlice(end)
		}
		if err == nil || err == io.EOF {
			err = problem("a line of more than %d KiB", maxLine>>10)
		}
		return "", err
	}
	if err != nil && (err != io.EOF || len(line) == 0) {
		return "", err
	}
	if l.number++; l.number == 1 {
		line = plaintext.TrimMark(line)
	}
	return string(bytes.TrimSuffix(bytes.TrimSuffix(line, []byte{end}), []byte("\r"))), nil
}

// join adds the lines that a cell in quotes goes on in, and returns how many. A
// line with an ID is an entry of its own: then the quote is not closed, and the
// row is the first line alone.
func (l *lineReader) join(first string) (row string, more int, err error) {
	row = first
	l.joined = l.joined[:0]
	for strings.Count(row, `"`)%2 != 0 {
		line, err := l.next()
		if err != nil && err != io.EOF {
			var fault *Error
			if !errors.As(err, &fault) {
				return "", 0, err
			}
			line = "" // what is too long is no part of a row
		}
		if err == nil {
			l.joined = append(l.joined, line)
		}
		if err != nil || hasID(line) || len(row)+len(line) > maxLine {
			l.back(len(l.joined))
			return first, 0, nil
		}
		row += "\n" + line
	}
	return row, len(l.joined), nil
}

// back has the last lines of a join read again.
func (l *lineReader) back(more int) {
	l.ahead = append(append([]string(nil), l.joined[:more]...), l.ahead...)
	l.number -= more
}
