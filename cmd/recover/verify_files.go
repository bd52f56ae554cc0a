package main

import (
	"io"
	"time"

	"github.com/spf13/pflag"

	"recover/internal/output"
	"recover/internal/page"
	"recover/pkg/report"
)

// verifyFiles are the files that a verification writes.
type verifyFiles struct {
	report, html, metrics string
	replace               bool
}

func (f *verifyFiles) register(fs *pflag.FlagSet) {
	fs.StringVar(&f.report, "report", "", "")
	fs.StringVar(&f.html, "html", "", "")
	fs.StringVar(&f.metrics, "metrics", "", "")
	fs.BoolVar(&f.replace, "replace", false, "")
}

func (f *verifyFiles) check() error {
	if f.replace && f.report == "" && f.html == "" && f.metrics == "" {
		return &usageError{"--replace is given, and no file that could be replaced", "it belongs to --report, --html and --metrics"}
	}
	return checkFiles(verificationReport(f.report, f.replace), f.page(), metricsFile(f.metrics, f.replace))
}

func (f *verifyFiles) page() output.File {
	return output.File{Path: f.html, Mark: page.Mark("verify"), Replace: f.replace}
}

// wanted tells whether the results have to be kept until the end.
func (f *verifyFiles) wanted() bool { return f.html != "" || f.report != "" }

// write writes what was asked for. The metrics come last: they are what says that
// all is well.
func (f *verifyFiles) write(r *reporter, h *report.Header, inOrder bool) error {
	if f.report != "" {
		keys := func(yield func(*report.Key) bool) {
			for _, k := range r.kept {
				if !yield(&k.Key) {
					return
				}
			}
		}
		err := verificationReport(f.report, f.replace).Write(func(w io.Writer) error {
			return report.WriteVerification(w, h, keys, r.sum.Summary, time.Now().UTC().Format(time.RFC3339))
		})
		if err != nil {
			return outputError(f.report, err)
		}
	}
	if f.html != "" {
		err := f.page().Write(func(w io.Writer) error { return page.Write(w, r.verifyPage()) })
		if err != nil {
			return outputError(f.html, err)
		}
	}
	return r.writeMetrics(metricsFile(f.metrics, f.replace), h.Part, inOrder)
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
