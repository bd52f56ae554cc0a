package report

import (
	"bufio"
	"encoding/json"
	"io"

	"recover/internal/uuid"
)

// writer writes a report. The first error is kept, and end returns it.
type writer struct {
	out   *bufio.Writer
	begin string // before the next line of the list
	err   error
}

func newWriter(w io.Writer) *writer { return &writer{out: bufio.NewWriter(w)} }

// head writes the object of the run and leaves it open.
func (w *writer) head(h *Header) {
	line := w.marshal(h)
	if w.err != nil {
		return
	}
	_, _ = w.out.Write(line[:len(line)-1])
	_, _ = w.out.WriteString(`,"keys":[`)
	w.begin = "\n"
}

// line writes a line of the list.
func (w *writer) line(text []byte) {
	_, _ = w.out.WriteString(w.begin)
	_, _ = w.out.Write(text)
	w.begin = ",\n"
}

func (w *writer) next(list string) {
	_, _ = w.out.WriteString("\n],\"" + list + `":[`)
	w.begin = "\n"
}

// end writes the lists after the keys, and the tail.
func (w *writer) end(segments []Segment, resumed []Header, tail *Tail) error {
	w.next("segments")
	for i := range segments {
		w.line(w.marshal(&segments[i]))
	}
	w.next("resumed")
	for i := range resumed {
		w.line(w.marshal(&resumed[i]))
	}
	text := w.marshal(tail)
	if w.err != nil {
		return w.err
	}
	_, _ = w.out.WriteString("\n],\n")
	_, _ = w.out.Write(text[1:])
	_, _ = w.out.WriteString("\n")
	return w.out.Flush() // the first failed write is kept until here
}

func (w *writer) marshal(v any) []byte {
	text, err := json.Marshal(v)
	if err != nil && w.err == nil {
		w.err = err
	}
	return text
}

// writeReport makes a report out of a journal: of each key the last line. skip
// tells which keys are left out; nil: none, and each key has one line.
func writeReport(out io.Writer, journal io.ReadSeeker, skip func(id uuid.ID) bool, seconds float64, ended string) error {
	last := newLedger()
	last.unchecked = skip == nil
	if skip != nil {
		if err := (&scanner{ledger: last}).run(journal); err != nil {
			return err
		}
		if _, err := journal.Seek(0, io.SeekStart); err != nil {
			return err
		}
	}
	w := newWriter(out)
	sum := &Summary{Type: "summary", Seconds: seconds}
	again := newLedger()
	again.unchecked = true
	s := &scanner{ledger: again, visit: Visitor{
		Head: func(h *Header) error {
			w.head(reportHead(h, last))
			return nil
		},
		Key: func(k *Key, l Line) error {
			if skip != nil {
				id, err := uuid.Parse(k.KeyID)
				if err != nil || last.keys[id].offset != l.Offset || skip(id) {
					return err
				}
			}
			sum.Count(k)
			w.line(l.Text)
			return nil
		},
	}}
	if err := s.run(journal); err != nil {
		return err
	}
	return w.end(again.segments, again.resumed, &Tail{Ended: ended, Complete: true, Summary: sum})
}

// reportHead is the head of the report: that of the run, with the record that
// the results answer to.
func reportHead(h *Header, l *ledger) *Header {
	head := *h
	head.Format = Format
	if latest := l.latest(); len(l.resumed) > 0 && latest.RecordSHA256 != head.RecordSHA256 {
		head.BegunRecordSHA256 = head.RecordSHA256
		head.Record, head.RecordSHA256, head.Environment = latest.Record, latest.RecordSHA256, latest.Environment
	}
	return &head
}
