package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"recover/internal/output"
	"recover/internal/uuid"
)

const reportUsage = `
recover report merge REPORT… --record FILE [--out FILE]

Joins the reports of the workstations that divided a record with --part, and
says which recorded keys are still missing.

Options:
    --record FILE              the record that was divided
    --out FILE                 write the joined report to this new file
    --json                     NDJSON: an object for each key that is not done, then
                               a summary

Exit status 3 means that some keys are not done.
`

// report is the verb: merge reports.
func (p *program) mergeReports(args []string) error {
	fs := newFlags("report")
	recordPath := fs.String("record", "", "")
	out := fs.String("out", "", "")
	asJSON := fs.Bool("json", false, "")
	if err := parseFlags(fs, args, maxParts+1); err != nil {
		return err
	}
	if fs.NArg() < 2 || fs.Arg(0) != "merge" {
		return &usageError{"what to do with which reports is not said", "recover report merge REPORT… --record FILE"}
	}
	if err := required("report", [2]string{"record", *recordPath}); err != nil {
		return err
	}
	if *out != "" {
		if err := output.CheckNewFile(*out); err != nil {
			return &fileError{*out, asOutput, err}
		}
	}
	s := new(selection)
	defer s.Close()
	if err := s.openRecord(*recordPath); err != nil {
		return err
	}
	m := &merge{selection: s, paths: fs.Args()[1:], done: make(map[uuid.ID]mergedKey, s.record.Len())}
	if err := m.read(); err != nil {
		return err
	}
	report := &reporter{Terminal: p.Terminal, selection: s, json: *asJSON, sum: newSummary()}
	if err := m.compare(report); err != nil {
		return err
	}
	if *out != "" {
		if err := output.WriteNewFile(*out, func(w io.Writer) error { return m.write(w) }); err != nil {
			return &fileError{*out, asOutput, err}
		}
	}
	if err := report.end(); err != nil {
		return err
	}
	return report.outcome("rebuilt")
}

// mergedKey is where a key's result is: in which report, and how it ended.
type mergedKey struct {
	report int32
	ok     bool
}

// merge is several reports that are joined.
type merge struct {
	selection *selection
	paths     []string
	head      runHeader
	ended     string // the last of their ends
	recorded  map[uuid.ID]struct{}
	done      map[uuid.ID]mergedKey
}

// Errors of merging.
var (
	errOtherRecord  = errors.New("the report is of another record")
	errOtherKeyUsed = errors.New("the report is of another recovery key than the first one")
	errReportedBy   = errors.New("a key is rebuilt in two reports")
	errIsJournal    = errors.New("a journal, not a report")
)

func (m *merge) read() error {
	m.recorded = make(map[uuid.ID]struct{}, m.selection.record.Len())
	for e, err := range m.selection.record.Entries() {
		if err != nil {
			return err
		}
		m.recorded[e.KeyID] = struct{}{}
	}
	for i, path := range m.paths {
		if err := m.readOne(int32(i), path); err != nil {
			return &fileError{path, asAny, err}
		}
	}
	return nil
}

func (m *merge) readOne(i int32, path string) error {
	tail, err := eachKey(path, func(head *runHeader) error {
		sum := m.selection.record.SHA256()
		switch {
		case head.RecordSHA256 != fmt.Sprintf("%x", sum):
			return errOtherRecord
		case i > 0 && head.RecoveryKey != m.head.RecoveryKey:
			return errOtherKeyUsed
		case i == 0:
			m.head = *head
			m.head.Part = ""
		}
		return nil
	}, func(k *keyResult, _ []byte) error {
		id, err := uuid.Parse(k.KeyID)
		if err != nil {
			return errReport
		}
		if _, known := m.recorded[id]; !known {
			return errReport
		}
		now := mergedKey{i, k.Status == statusOK}
		before, seen := m.done[id]
		if seen && before.ok && now.ok {
			return fmt.Errorf("%w: %s, the other is %s", errReportedBy, k.KeyID, m.paths[before.report])
		}
		if !seen || now.ok {
			m.done[id] = now
		}
		return nil
	})
	if err == nil {
		m.ended = max(m.ended, tail.Ended)
	}
	return err
}

// compare goes through the record and shows what is not done.
func (m *merge) compare(report *reporter) error {
	for e, err := range m.selection.record.Entries() {
		if err != nil {
			return err
		}
		r := newResult(e)
		d, reported := m.done[e.KeyID]
		switch {
		case d.ok:
			r.Status = statusOK
			report.sum.count(r)
			continue
		case reported:
			r.Status, r.Reason, r.Detail = statusFailed, reasonReported, "not rebuilt: "+m.paths[d.report]+" says why"
		default:
			r.Status, r.Reason, r.Detail = statusMissing, reasonUnreported, "in none of the reports"
		}
		if err := report.key(r); err != nil {
			return err
		}
	}
	return nil
}

// write writes the joined report, in the form of any other.
func (m *merge) write(w io.Writer) error {
	out := bufio.NewWriter(w)
	head, err := json.Marshal(&m.head)
	if err != nil {
		return err
	}
	_, _ = out.Write(head[:len(head)-1])
	_, _ = out.WriteString(`,"keys":[`)
	separator := "\n"
	for i, path := range m.paths {
		_, err := eachKey(path, func(*runHeader) error { return nil }, func(k *keyResult, line []byte) error {
			id, err := uuid.Parse(k.KeyID)
			if err != nil || m.done[id].report != int32(i) {
				return err
			}
			_, _ = out.WriteString(separator)
			separator = ",\n"
			_, err = out.Write(line)
			return err
		})
		if err != nil {
			return err
		}
	}
	end, err := json.Marshal(&reportTail{Ended: m.ended, Complete: len(m.done) == m.selection.record.Len(), Summary: m.counts()})
	if err != nil {
		return err
	}
	_, _ = out.WriteString("\n],\n")
	_, _ = out.Write(end[1:])
	_, _ = out.WriteString("\n")
	return out.Flush()
}

// counts counts the keys that the joined report has.
func (m *merge) counts() *summary {
	s := &summary{Type: "summary"}
	for _, d := range m.done {
		s.Keys++
		if d.ok {
			s.OK++
		} else {
			s.Failed++
		}
	}
	return s
}

// eachKey reads a report line by line, as it was written, and returns its end.
func eachKey(path string, head func(*runHeader) error, key func(k *keyResult, line []byte) error) (*reportTail, error) {
	f, err := output.OpenInput(path, 1<<40)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	c := reportCheck{lines: bufio.NewScanner(f), onHead: head, each: key}
	c.lines.Buffer(nil, maxJournalLine)
	if err := c.run(); err != nil {
		return nil, err
	}
	if c.isJournal {
		return nil, errIsJournal
	}
	return &c.tail, nil
}
