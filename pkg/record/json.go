package record

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"slices"
	"strings"

	"recover/internal/message"
	"recover/internal/strictjson"
)

const (
	formatName      = "recover-record/1"
	maxRecoveryKeys = 100
)

// openJSON makes a Record that holds the text in memory.
func openJSON(r *io.SectionReader, _ *Faults, emit emitter) (*Record, error) {
	data := make([]byte, r.Size())
	if _, err := io.ReadFull(r, data); err != nil {
		return nil, err
	}
	first, err := scanJSON(data, emit)
	if err != nil {
		return nil, err
	}
	return &Record{
		Environment:  first.environment,
		RecoveryKeys: first.recoveryKeys,
		Events:       first.events,
		sum:          sha256.Sum256(data),
		scan: func(emit func(Entry) error) error {
			_, err := scanJSON(data, strict(emit))
			return err
		},
	}, nil
}

// jsonScan is one reading of a JSON record.
type jsonScan struct {
	*strictjson.Scanner
	data []byte
	emit emitter

	format, environment string
	recoveryKeys        []RecoveryKey
	events              []Event
	eventIDs            int             // in all of them
	eventTexts          map[string]bool // as they are written
	keys                bool            // the field was there

	counted, lines int // the first counted bytes of data have so many line breaks
}

func scanJSON(data []byte, emit emitter) (*jsonScan, error) {
	j := &jsonScan{Scanner: strictjson.New(data), data: data, emit: emit}
	err := j.Object(j.field)
	if err == nil {
		err = j.End()
	}
	if err != nil {
		return nil, in("", 0, err)
	}
	if j.format == "" {
		return nil, fieldProblem("format", "missing")
	}
	if !j.keys {
		return nil, fieldProblem("keys", "missing")
	}
	return j, nil
}

// in makes an *Error of a SyntaxError, and notes the field and the entry that
// it is in. It leaves other errors alone: they are done.
func in(field string, entry int, err error) error {
	if syntax, ok := err.(*strictjson.SyntaxError); ok {
		return &Error{Line: syntax.Line, Entry: entry, Field: field, Problem: syntax.Problem}
	}
	return err
}

func (j *jsonScan) field(name string) error {
	switch name {
	case "format":
		return in(name, 0, j.oneOf(&j.format, formatName))
	case "environment":
		return in(name, 0, j.oneOf(&j.environment, "production", "sandbox"))
	case "recovery_keys":
		return in(name, 0, j.Array(j.recoveryKey))
	case "events":
		return in(name, 0, j.Array(j.event))
	case "keys":
		j.keys = true
		return in(name, 0, j.Array(j.entry))
	}
	return j.Fail("unknown field %s", message.Quote(name))
}

// oneOf reads a string that has to be one of allowed, or empty.
func (j *jsonScan) oneOf(text *string, allowed ...string) (err error) {
	if *text, err = j.Text(); err != nil || *text == "" || slices.Contains(allowed, *text) {
		return err
	}
	return j.Fail("%s is not %s", message.Quote(*text), strings.Join(allowed, " or "))
}

func (j *jsonScan) recoveryKey(i int) error {
	if i == maxRecoveryKeys {
		return j.Fail("more than %d", maxRecoveryKeys)
	}
	var key RecoveryKey
	err := j.Object(func(name string) error {
		var err error
		switch name {
		case "sha256":
			err = j.fingerprint(&key.SHA256)
		case "custody":
			err = j.freeText(&key.Custody)
		case "note":
			err = j.freeText(&key.Note)
		case "set":
			err = j.setID(&key.Set)
		default:
			return j.Fail("unknown field %s", message.Quote(name))
		}
		return in("recovery_keys: "+name, 0, err)
	})
	if err == nil && key.SHA256 == [sha256.Size]byte{} {
		err = j.Fail("sha256 is missing")
	}
	j.recoveryKeys = append(j.recoveryKeys, key)
	return err
}

func (j *jsonScan) fingerprint(sum *[sha256.Size]byte) error {
	text, err := j.Text()
	if err != nil {
		return err
	}
	b, err := hex.DecodeString(text)
	if err != nil || len(b) != len(sum) {
		return j.Fail("not 64 hex digits")
	}
	copy(sum[:], b)
	for _, other := range j.recoveryKeys {
		if other.SHA256 == *sum {
			return j.Fail("the same recovery key twice")
		}
	}
	return nil
}

// setID reads 16 hex digits, in groups or not.
func (j *jsonScan) setID(id *[8]byte) error {
	text, err := j.Text()
	if err != nil || text == "" {
		return err
	}
	b, err := hex.DecodeString(strings.ReplaceAll(text, " ", ""))
	if err != nil || len(b) != len(id) {
		return j.Fail("not 16 hex digits")
	}
	copy(id[:], b)
	return nil
}

func (j *jsonScan) freeText(text *string) (err error) {
	if *text, err = j.Text(); err != nil {
		return err
	}
	if problem := textProblem(*text); problem != "" {
		return j.Fail("%s", problem)
	}
	return nil
}

func (j *jsonScan) entry(i int) error {
	line := j.nextLine()
	var raw rawEntry
	err := j.Object(func(name string) (err error) {
		switch field := slices.Index(fieldNames[:], name); field {
		case -1:
			return j.Fail("unknown field %s", message.Quote(name))
		case fieldPreviousQuorumIDs:
			err = j.Array(func(i int) error { return j.previous(&raw, i) })
		default:
			raw.text[field], err = j.Text()
		}
		return in(name, i+1, err)
	})
	if err != nil {
		return in("", i+1, err)
	}
	return j.emit(&raw, line, i+1)
}

func (j *jsonScan) previous(raw *rawEntry, i int) error {
	if i == maxPreviousQuorums {
		return j.Fail("more than %d", maxPreviousQuorums)
	}
	id, err := j.Text()
	raw.previous = append(raw.previous, id)
	return err
}

// nextLine returns the line of the next value. Scanner.Line counts from the
// beginning, and would take a time quadratic in the number of entries.
func (j *jsonScan) nextLine() int {
	j.Peek()
	j.lines += bytes.Count(j.data[j.counted:j.Offset()], []byte("\n"))
	j.counted = j.Offset()
	return 1 + j.lines
}
