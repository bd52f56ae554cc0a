package main

import (
	"fmt"
	"io"

	"recover/pkg/record"
	"recover/pkg/report"
)

const reportUsage = `
recover report merge REPORT… --record FILE [--out FILE]

Joins the reports of the machines that divided a record with --part: those of
rebuilds, and says which recorded keys are still missing; or those of one
verification, of which every part has to be there once.

Options:
    --record FILE              the record that was divided
    --out FILE                 write the joined report to this new file
    --metrics FILE             of a verification: figures for Prometheus
    --replace                  of a verification: the files of --out and
                               --metrics take the place of those of an earlier
                               run
    --max-age AGE              of a verification: fail if the newest backup of
                               all parts is older: 30d, or 36h
    --json                     NDJSON: an object for each key that is not done,
                               then a summary

Exit status 3 means that some keys are not done.
`

// mergeFlags are the flags of report merge.
type mergeFlags struct {
	record, out, maxAge, metrics string
	json, replace                bool
	reports                      []string
}

func parseMerge(args []string) (*mergeFlags, error) {
	f := new(mergeFlags)
	fs := newFlags("report")
	fs.StringVar(&f.record, "record", "", "")
	fs.StringVar(&f.out, "out", "", "")
	fs.StringVar(&f.maxAge, "max-age", "", "")
	fs.StringVar(&f.metrics, "metrics", "", "")
	fs.BoolVar(&f.replace, "replace", false, "")
	fs.BoolVar(&f.json, "json", false, "")
	if err := parseFlags(fs, args, maxParts+1); err != nil {
		return nil, err
	}
	if fs.NArg() < 2 || fs.Arg(0) != "merge" {
		return nil, &usageError{"what to do with which reports is not said", "recover report merge REPORT… --record FILE"}
	}
	f.reports = fs.Args()[1:]
	if err := required("report", [2]string{"record", f.record}); err != nil {
		return nil, err
	}
	return f, nil
}

// runReport is the verb: merge reports.
func runReport(p *program, args []string) error {
	f, err := parseMerge(args)
	if err != nil {
		return err
	}
	s := &selection{ctx: p.ctx}
	defer s.Close()
	if err := s.openRecord(f.record); err != nil {
		return err
	}
	s.recordPath = f.record
	verb, err := report.VerbOf(f.reports[0])
	if err != nil {
		return &fileError{f.reports[0], asAny, err}
	}
	if verb == report.VerbVerify {
		return joinVerifications(p, f, s)
	}
	switch {
	case f.maxAge != "":
		return &usageError{"--max-age is for the reports of a verification", "leave it out: a rebuild does not judge how old the backups are"}
	case f.metrics != "" || f.replace:
		return &usageError{"--metrics and --replace are for the reports of a verification", "leave them out: what a rebuild leaves is never replaced"}
	}
	if err := checkNewFile(f.out); err != nil {
		return err
	}
	return mergeRebuilds(p, f, s)
}

// mergeRebuilds joins the reports of rebuilds.
func mergeRebuilds(p *program, f *mergeFlags, s *selection) error {
	m, err := report.NewMerge(s.record)
	if err != nil {
		return err
	}
	defer m.Close()
	for _, path := range f.reports {
		if err := m.Add(path); err != nil {
			return &fileError{path, asAny, err}
		}
	}
	p.run.inputs(s)
	shown := &reporter{term: p.term, selection: s, json: f.json, sum: newSummary()}
	anchored := 0
	err = m.Each(func(e record.Entry, k *report.Key, _ []byte) error {
		if k.Status == statusOK { // what is done has been shown by its run
			if e.PublicKey != nil || e.Address != "" {
				anchored++
			}
			shown.sum.Count(k)
			return nil
		}
		return shown.key(&keyResult{Key: *k, recordedAddress: e.Address})
	})
	if err != nil {
		return err
	}
	var ended error
	if !f.json {
		ended = printLines(p.term, claims(m, shown.sum.OK, anchored))
	}
	if ended == nil {
		ended = shown.end()
	}
	if f.out != "" {
		if err := writeNewFile(f.out, m.Write); err != nil {
			return err
		}
	}
	if ended != nil {
		return ended
	}
	return shown.outcome("rebuilt")
}

// joinVerifications joins the reports of the parts of one verification.
func joinVerifications(p *program, f *mergeFlags, s *selection) error {
	limit, err := parseAge(f.maxAge)
	if err != nil {
		return err
	}
	out, figures := verificationReport(f.out, f.replace), metricsFile(f.metrics, f.replace)
	if err := checkFiles(out, figures); err != nil {
		return err
	}
	j, err := report.NewJoin(s.record)
	if err != nil {
		return err
	}
	defer j.Close()
	for _, path := range f.reports {
		if err := j.Add(path); err != nil {
			return &fileError{path, asAny, err}
		}
	}
	if err := j.Check(); err != nil {
		return err
	}
	p.run.inputs(s)
	shown := &reporter{term: p.term, selection: s, json: f.json, failedOnly: true, sum: newSummary()}
	err = j.Each(func(e *record.Entry, k *report.Key) error {
		r := &keyResult{Key: *k}
		if e != nil {
			r.recordedAddress = e.Address
		}
		return shown.key(r)
	})
	if err != nil {
		return err
	}
	stale := shown.joined(j.Summary(), limit)
	var ended error
	if !f.json {
		ended = p.term.Print("%s, as they say:", count(j.Parts(), "part", "parts"))
	}
	if ended == nil {
		ended = shown.end()
	}
	shown.noteNewest()
	if f.out != "" {
		if err := outputError(f.out, out.Write(func(w io.Writer) error { return j.Write(w, shown.sum.Summary) })); err != nil {
			return err
		}
	}
	if ended != nil {
		return ended
	}
	verdict := shown.outcome("verified")
	if stale != nil && shown.sum.OK == shown.sum.Keys {
		verdict = stale
	}
	if err := shown.writeMetrics(figures, "", verdict == nil); err != nil {
		return err
	}
	return verdict
}

// claims say on what the result rests: a report is only what its file says.
func claims(m *report.Merge, ok, anchored int) []string {
	listed, compared := m.Nearby()
	return []string{
		"as the reports say, and nothing contradicts them:",
		fmt.Sprintf("    %d of %s that are ok have the public key or address of the record", anchored, count(ok, "key", "keys")),
		fmt.Sprintf("    %d of %s with rebuilt keys lie next to their report, unchanged", compared, count(listed, "file", "files")),
		"    the rest is the reports' word alone: \"recover addresses --keys DIR\" reads the keys",
	}
}
