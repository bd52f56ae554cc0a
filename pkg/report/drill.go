package report

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"recover/pkg/record"
)

// Drill is what the report of a drill says: the lines that it prints with --json,
// and writes with --report. It holds no secret.
type Drill struct {
	Header   Header // of its first line, with the recovery key of the last
	Begun    time.Time
	Keys     []*Key // those that were tried
	Counts   Summary
	Recorded int      // keys in the record, of which a sample may have been tried
	Present  []string // who was there
	Accepted []string // what of the machine was unfit, and accepted
}

// MaxDrill is the size of the largest report of a drill that is read, in bytes.
const MaxDrill = 256 << 20

// drillEnd is the last line. What else is in it is not read.
type drillEnd struct {
	Summary
	Recorded    int      `json:"recorded"`
	RecoveryKey string   `json:"recovery_key"`
	Present     []string `json:"present"`
	Accepted    []string `json:"accepted"`
}

// IsDrill tells by its beginning whether a file is the report of a drill.
func IsDrill(head []byte) bool {
	return bytes.HasPrefix(bytes.TrimSpace(head), []byte(`{"type":"run","verb":"drill",`))
}

// ReadDrill reads the report of a drill that came to its end. The error is a
// *FormatError, or of r.
func ReadDrill(r io.Reader) (*Drill, error) {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxLine)
	d, end, number, size := new(Drill), (*drillEnd)(nil), 0, 0
	seen := make(map[string]bool)
	for lines.Scan() {
		number++
		line := bytes.TrimSpace(lines.Bytes())
		if size += len(lines.Bytes()) + 1; size > MaxDrill {
			return nil, &FormatError{number, fmt.Sprintf("more than %d bytes", MaxDrill)}
		}
		problem := ""
		switch {
		case number == 1:
			problem = d.readHead(line)
		case len(line) == 0:
		case end != nil:
			problem = "something comes after the end"
		case bytes.HasPrefix(line, []byte(`{"type":"key",`)):
			k, err := parseKey(line)
			switch {
			case err != nil:
				problem = "not the line of a key"
			case seen[k.KeyID]:
				problem = "the key is there twice"
			default:
				seen[k.KeyID] = true
				d.Keys = append(d.Keys, k)
				d.Counts.Count(k)
			}
		case bytes.HasPrefix(line, []byte(`{"type":"warning",`)):
		case bytes.HasPrefix(line, []byte(`{"type":"summary",`)):
			end = new(drillEnd)
			if json.Unmarshal(line, end) != nil {
				problem = "not the end of a report"
			}
		default:
			problem = "not a line that a drill writes"
		}
		if problem != "" {
			return nil, &FormatError{number, problem}
		}
	}
	switch {
	case errors.Is(lines.Err(), bufio.ErrTooLong):
		return nil, &FormatError{number + 1, fmt.Sprintf("longer than %d bytes", maxLine)}
	case lines.Err() != nil:
		return nil, lines.Err()
	case number == 0:
		return nil, &FormatError{0, "empty"}
	case end == nil:
		return nil, &FormatError{0, breaksOff}
	case !end.sameCounts(&d.Counts):
		return nil, &FormatError{0, "its summary does not count its keys"}
	}
	d.Header.RecoveryKey, d.Recorded, d.Present, d.Accepted = end.RecoveryKey, end.Recorded, end.Present, end.Accepted
	return d, nil
}

func (d *Drill) readHead(line []byte) (problem string) {
	if err := json.Unmarshal(line, &d.Header); err != nil || d.Header.Type != "run" || d.Header.Verb != "drill" {
		return "not the head of a drill"
	}
	var err error
	if d.Begun, err = time.Parse(time.RFC3339, d.Header.Begun); err != nil {
		return "its beginning has no time"
	}
	return ""
}

// Contradiction says in what a key of the drill contradicts itself, or its report;
// empty if in nothing.
func (d *Drill) Contradiction(k *Key) (problem string) {
	if k.Status == OK && !k.Signed {
		return "it is ok, and has not signed"
	}
	return k.Contradiction(&d.Header)
}

// CheckCompany tells whether the head of a report can be that of the company whose
// record this is, though perhaps of an earlier state of it. The errors are
// ErrOtherEnvironment and ErrUnrecordedKey.
func CheckCompany(h *Header, environment string, keys []record.RecoveryKey) error {
	if h.Environment != environment {
		return ErrOtherEnvironment
	}
	for _, k := range keys {
		if hex.EncodeToString(k.SHA256[:]) == h.RecoveryKey {
			return nil
		}
	}
	if len(keys) > 0 {
		return ErrUnrecordedKey
	}
	return nil
}
