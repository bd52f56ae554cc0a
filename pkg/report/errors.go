package report

import (
	"errors"
	"fmt"
)

// Errors of resuming a run. They are wrapped in nothing: the caller names the
// directory.
var (
	// ErrComplete: every key is done, and the report says so.
	ErrComplete = errors.New("the run is complete: there is nothing to resume")
	// ErrNotBegun: the run was killed before its journal had a line. Nothing of
	// value is in the directory.
	ErrNotBegun = errors.New("the run broke off before it began: nothing is in it")
	// ErrNoJournal: the directory holds other things, and no journal.
	ErrNoJournal = errors.New("there is no journal in it: it is not the directory of a rebuild")
	// ErrLostJournal: there are segments, and the journal is empty or gone.
	ErrLostJournal = errors.New("it holds rebuilt keys, but their journal is lost")
)

// Errors of reading a report.
var (
	ErrFormat    = errors.New("not as the program writes it") // each *FormatError is one
	ErrIsJournal = errors.New("a journal, not a report")
)

// Errors of merging, each about a whole report.
var (
	ErrOtherRecord      = errors.New("the report is of another record")
	ErrOtherEnvironment = errors.New("the report is of another environment than the record")
	ErrOtherRecoveryKey = errors.New("the report is of another recovery key than the first one")
	ErrUnrecordedKey    = errors.New("the report is of a recovery key that the record does not name")
	ErrNotRebuild       = errors.New("the report is not of a rebuild")
	ErrNotVerification  = errors.New("the report is not of a verification")
	ErrChanged          = errors.New("the report has changed while it was read")
)

// FormatError says where a journal or report is not as it is written. It quotes
// nothing of the file.
type FormatError struct {
	Line    int // from 1; 0: the file as a whole
	Problem string
}

// Error returns the line and the problem.
func (e *FormatError) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("%v: %s", ErrFormat, e.Problem)
	}
	return fmt.Sprintf("%v: line %d: %s", ErrFormat, e.Line, e.Problem)
}

// Is makes each FormatError an ErrFormat.
func (e *FormatError) Is(target error) bool { return target == ErrFormat }

// OtherRunError says what a run was begun with that is different now.
type OtherRunError struct{ What string }

// Error names it.
func (e *OtherRunError) Error() string {
	return fmt.Sprintf("the run was begun with something else: the %s is another one", e.What)
}

// ContradictionError says that a key of a journal or report is not as the record
// or another report has it.
type ContradictionError struct {
	KeyID   string
	Problem string
}

// Error names the key and the problem.
func (e *ContradictionError) Error() string { return fmt.Sprintf("key %s: %s", e.KeyID, e.Problem) }

// What can be wrong with the parts of a verification, wrapped in a *PartError.
var (
	ErrPartMissing = errors.New("there is no report of it")
	ErrPartTwice   = errors.New("there are two reports of it")
	ErrPartForeign = errors.New("it is a part of another division")
	ErrPartApart   = errors.New("it was begun more than a day before or after another part")
)

// PartError says what is wrong with a part of a verification.
type PartError struct {
	Part  string // "2/5", or "the whole record"; of several, the first ones
	Other string // the report that it does not go with; empty where there is none
	Err   error
}

// Error names the part and the other report.
func (e *PartError) Error() string {
	text := fmt.Sprintf("part %s: %v", e.Part, e.Err)
	if e.Other != "" {
		text += ": " + e.Other
	}
	return text
}

// Unwrap returns what is wrong.
func (e *PartError) Unwrap() error { return e.Err }

// TwiceError says that a key is rebuilt in two reports.
type TwiceError struct{ KeyID, Other string }

// Error names the key and the other report.
func (e *TwiceError) Error() string {
	return fmt.Sprintf("a key is rebuilt in two reports: %s, the other is %s", e.KeyID, e.Other)
}
