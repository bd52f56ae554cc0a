package main

import (
	"io"
	"time"

	"github.com/spf13/pflag"

	"recover/internal/page"
	"recover/pkg/report"
)

// verifyFiles are the files that a verification writes.
type verifyFiles struct{ html, report string }

func (f *verifyFiles) register(fs *pflag.FlagSet) {
	fs.StringVar(&f.html, "html", "", "")
	fs.StringVar(&f.report, "report", "", "")
}

func (f *verifyFiles) check() error {
	for _, path := range []string{f.html, f.report} {
		if err := checkNewFile(path); err != nil {
			return err
		}
	}
	return nil
}

// wanted tells whether the results have to be kept until the end.
func (f *verifyFiles) wanted() bool { return f.html != "" || f.report != "" }

// write writes what was asked for.
func (f *verifyFiles) write(r *reporter, h *report.Header) error {
	if f.report != "" {
		keys := func(yield func(*report.Key) bool) {
			for _, k := range r.kept {
				if !yield(&k.Key) {
					return
				}
			}
		}
		err := writeNewFile(f.report, func(w io.Writer) error {
			return report.WriteVerification(w, h, keys, r.sum.Summary, time.Now().UTC().Format(time.RFC3339))
		})
		if err != nil {
			return err
		}
	}
	if f.html == "" {
		return nil
	}
	return writeNewFile(f.html, func(w io.Writer) error { return page.Write(w, r.verifyPage()) })
}

// verifyHeader is the head of the report.
func (p *program) verifyHeader(s *selection, share report.Part) *report.Header {
	h := &report.Header{
		Tool: thisTool(), Begun: p.run.Begun, Record: p.run.Record, RecordSHA256: p.run.RecordSHA256, Environment: s.record.Environment,
		Shards: s.shardsPath, Part: share.String(),
	}
	if len(s.expected) == 1 {
		h.RecoveryKey = s.expected[0].Hex()
	}
	return h
}
