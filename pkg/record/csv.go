package record

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/csv"
	"errors"
	"io"
	"slices"
	"strings"

	"recover/internal/message"
	"recover/internal/plaintext"
)

// maxLine is the length of the longest line of CSV that is read, in bytes with
// the line's end.
const maxLine = 64 << 10

// openCSV makes a Record that reads r once more for each use of its entries.
func openCSV(r *io.SectionReader, emit emitter) (*Record, error) {
	sum, err := scanCSV(r, emit)
	if err != nil {
		return nil, err
	}
	again := func(emit func(Entry) error) error {
		now, err := scanCSV(io.NewSectionReader(r, 0, r.Size()), strict(emit))
		if _, malformed := err.(*Error); malformed || err == nil && now != sum {
			return ErrChanged
		}
		return err
	}
	return &Record{sum: sum, scan: again}, nil
}

// scanCSV reads entries until the end, and returns the hash of all bytes.
func scanCSV(r io.Reader, emit emitter) (sum [sha256.Size]byte, err error) {
	h := sha256.New()
	lines := &lineReader{r: bufio.NewReaderSize(io.TeeReader(r, h), maxLine)}
	columns, err := readHeader(lines)
	if err != nil {
		return sum, at(err, lines.number, 0)
	}
	for index := 1; ; index++ {
		raw, err := readEntry(lines, columns)
		if err == io.EOF {
			return [sha256.Size]byte(h.Sum(nil)), nil
		}
		if err != nil {
			return sum, at(err, lines.number, index)
		}
		if err := emit(raw, lines.number, index); err != nil {
			return sum, err
		}
	}
}

// readHeader returns the field of each column.
func readHeader(lines *lineReader) ([]int, error) {
	names, err := lines.row()
	if err == io.EOF {
		return nil, problem("no header")
	}
	if err != nil {
		return nil, err
	}
	var columns []int
	for _, name := range names {
		field := slices.Index(fieldNames[:], name)
		if field < 0 {
			return nil, problem("unknown column %s", message.Quote(name))
		}
		if slices.Contains(columns, field) {
			return nil, problem("the column %s is there twice", name)
		}
		columns = append(columns, field)
	}
	for _, field := range []int{fieldQuorumID, fieldKeyID, fieldAlgorithm} {
		if !slices.Contains(columns, field) {
			return nil, problem("no column %s", fieldNames[field])
		}
	}
	return columns, nil
}

func readEntry(lines *lineReader, columns []int) (*rawEntry, error) {
	values, err := lines.row()
	if err != nil {
		return nil, err
	}
	if len(values) != len(columns) {
		return nil, problem("the number of fields is %d, in the header %d", len(values), len(columns))
	}
	var raw rawEntry
	for i, field := range columns {
		raw.text[field] = values[i]
	}
	raw.previous = strings.FieldsFunc(raw.text[fieldPreviousQuorumIDs], func(c rune) bool { return c == ' ' || c == ';' })
	return &raw, nil
}

// lineReader reads CSV of which every row is one line: no field may hold a line
// break, and an open quote does not run on to the end of the file.
type lineReader struct {
	r      *bufio.Reader // its buffer is the longest line
	number int           // of the line that was read last, from 1
}

// row returns the fields of the next line that is not empty, or io.EOF.
func (l *lineReader) row() ([]string, error) {
	for {
		line, err := l.r.ReadSlice('\n')
		if err != nil && (err != io.EOF || len(line) == 0) {
			return nil, l.failed(err)
		}
		if l.number++; l.number == 1 {
			line = plaintext.TrimMark(line)
		}
		line = bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r"))
		if len(line) > 0 {
			return splitRow(string(line))
		}
	}
}

func (l *lineReader) failed(err error) error {
	if errors.Is(err, bufio.ErrBufferFull) {
		l.number++
		return problem("a line of more than %d KiB", maxLine>>10)
	}
	return err
}

func splitRow(line string) ([]string, error) {
	if !strings.Contains(line, `"`) {
		return strings.Split(line, ","), nil
	}
	fields, err := csv.NewReader(strings.NewReader(line)).Read()
	if err != nil {
		return nil, problem("a quote that is out of place or not closed in its line")
	}
	return fields, nil
}
