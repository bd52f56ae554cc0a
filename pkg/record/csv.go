package record

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"

	"recover/internal/message"
)

// required are the columns that a record has to have.
var required = []int{fieldQuorumID, fieldKeyID, fieldAlgorithm}

// openCSV makes a Record that reads r once more for each use of its entries.
func openCSV(r *io.SectionReader, f *Faults, emit emitter) (*Record, error) {
	crOnly, err := hasOnlyCR(r)
	if err != nil {
		return nil, err
	}
	sum, warnings, err := scanCSV(r, crOnly, f, emit)
	if err != nil {
		return nil, err
	}
	again := func(emit func(Entry) error) error {
		now, _, err := scanCSV(io.NewSectionReader(r, 0, r.Size()), crOnly, nil, strict(emit))
		if _, malformed := err.(*Error); malformed || err == nil && now != sum {
			return ErrChanged
		}
		return err
	}
	return &Record{IsCSV: true, Warnings: warnings, sum: sum, scan: again}, nil
}

// hasOnlyCR tells whether the lines of a text end as they did on old Macs.
func hasOnlyCR(r *io.SectionReader) (bool, error) {
	head := make([]byte, maxLine)
	n, err := r.ReadAt(head, 0)
	if err != nil && err != io.EOF {
		return false, err
	}
	return bytes.IndexByte(head[:n], '\r') >= 0 && bytes.IndexByte(head[:n], '\n') < 0, nil
}

// scanCSV reads entries until the end, and returns the hash of all bytes. What is
// wrong with a row goes to f, if that is not nil, and ends the scan otherwise.
func scanCSV(r io.Reader, crOnly bool, f *Faults, emit emitter) (sum [sha256.Size]byte, warnings []string, err error) {
	h := sha256.New()
	t, err := openTable(io.TeeReader(r, h), crOnly, required)
	if err == nil && t == nil {
		err = problem(noRecord)
	}
	if err == nil {
		err = t.complete()
	}
	if err != nil {
		return sum, nil, err
	}
	for index := 1; ; index++ {
		texts, line, err := t.row()
		if err == io.EOF {
			return [sha256.Size]byte(h.Sum(nil)), t.warnings, nil
		}
		var fault *Error
		switch {
		case err == nil:
			raw := &rawEntry{text: texts, columns: &t.of}
			raw.previous = strings.FieldsFunc(texts[fieldPreviousQuorumIDs], func(c rune) bool { return strings.ContainsRune(",;|", c) || unicode.IsSpace(c) })
			err = emit(raw, line, index)
		case errors.As(err, &fault) && f != nil:
			f.add(line, index, fault)
			err = nil
		}
		if err != nil {
			return sum, nil, at(err, line, index)
		}
	}
}

const noRecord = "neither a JSON object nor CSV with the header quorum_id,key_id,algorithm"

// complete makes sure that the columns are there, each once.
func (t *table) complete() error {
	f := new(Faults)
	line := t.lines.number
	if named := func(name string) bool {
		return slices.ContainsFunc(t.names, func(n string) bool { return columnName(n) == name })
	}; named("proved") && named("chain") {
		return problem("a list of addresses of this program, not a record: what is in it was made from backups")
	}
	if t.twice != nil {
		_ = f.take(t.twice)
	}
	for _, field := range required {
		if t.of[field] == 0 {
			f.add(line, 0, &Error{Problem: fmt.Sprintf("no column %s%s", fieldNames[field], t.others())})
		}
	}
	return f.err()
}

// others lists the columns whose names are unknown.
func (t *table) others() string {
	var names []string
	for i, field := range t.field {
		if field == columnIgnored && !slices.Contains(names, t.names[i]) && len(names) < 10 {
			names = append(names, message.Quote(strings.TrimSpace(t.names[i])))
		}
	}
	if len(names) == 0 {
		return ""
	}
	return "; not known are " + strings.Join(names, ", ")
}
