package main

import (
	"fmt"

	"recover/pkg/record"
	"recover/pkg/report"
)

const reportUsage = `
recover report merge REPORT… --record FILE [--out FILE]

Joins the reports of the workstations that divided a record with --part, and
says which recorded keys are still missing.

Options:
    --record FILE              the record that was divided
    --out FILE                 write the joined report to this new file
    --json                     NDJSON: an object for each key that is not done,
                               then a summary

Exit status 3 means that some keys are not done.
`

// runReport is the verb: merge reports.
func runReport(p *program, args []string) error {
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
	if err := checkNewFile(*out); err != nil {
		return err
	}
	s := new(selection)
	defer s.Close()
	if err := s.openRecord(*recordPath); err != nil {
		return err
	}
	m, err := report.NewMerge(s.record)
	if err != nil {
		return err
	}
	defer m.Close()
	for _, path := range fs.Args()[1:] {
		if err := m.Add(path); err != nil {
			return &fileError{path, asAny, err}
		}
	}
	p.run.inputs(s)
	shown := &reporter{term: p.term, selection: s, json: *asJSON, sum: newSummary()}
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
	if *out != "" {
		if err := writeNewFile(*out, m.Write); err != nil {
			return err
		}
	}
	if !*asJSON {
		if err := printLines(p.term, claims(m, shown.sum.OK, anchored)); err != nil {
			return err
		}
	}
	if err := shown.end(); err != nil {
		return err
	}
	return shown.outcome("rebuilt")
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

// count is "1 key", "2 keys".
func count(n int, one, many string) string { return fmt.Sprintf("%d %s", n, plural(n, one, many)) }
