package record

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Error says what is wrong with a record, and where. What is not known or
// does not apply is zero.
type Error struct {
	Line    int    // from 1
	Entry   int    // the number of the entry, from 1
	Field   string // as the record calls it
	Problem string
	Column  int // of CSV, from 1
	err     error
}

// Error returns a text such as
//
//	line 7, column 2: key_id: "\u00a03f2" is not a UUID (36 characters: 8-4-4-4-12 hex digits)
func (e *Error) Error() string {
	var place, parts []string
	if e.Line > 0 {
		place = append(place, "line "+strconv.Itoa(e.Line))
	}
	if e.Column > 0 {
		place = append(place, "column "+strconv.Itoa(e.Column))
	} else if e.Entry > 0 {
		place = append(place, "entry "+strconv.Itoa(e.Entry))
	}
	for _, part := range []string{strings.Join(place, ", "), e.Field, e.Problem} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	return strings.Join(parts, ": ")
}

// ErrNotUTF8 is wrapped by an *Error about a text in another encoding.
var ErrNotUTF8 = errors.New("not UTF-8")

// Unwrap returns what the file is instead of a record, as a *plaintext.KindError;
// ErrNotUTF8; or nil.
func (e *Error) Unwrap() error { return e.err }

func problem(format string, args ...any) error {
	return &Error{Problem: fmt.Sprintf(format, args...)}
}

func fieldProblem(field, format string, args ...any) error {
	return &Error{Field: field, Problem: fmt.Sprintf(format, args...)}
}

// at notes the place of an *Error.
func at(err error, line, entry int) error {
	if e, ok := err.(*Error); ok {
		if e.Line == 0 {
			e.Line = line
		}
		e.Entry = entry
	}
	return err
}
