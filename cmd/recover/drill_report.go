package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"recover/internal/page"
	"recover/internal/terminal"
)

// drillSummary is the summary of a drill, in JSON.
type drillSummary struct {
	*summary
	Recorded    int         `json:"recorded"` // keys in the record; those of a sample are fewer
	RecoveryKey string      `json:"recovery_key"`
	Present     []string    `json:"present"`
	Steps       []drillStep `json:"steps"`
	Accepted    []string    `json:"accepted,omitempty"` // what of the machine was unfit
}

// summary is the last line of the report.
func (d *drill) summary() *drillSummary {
	return &drillSummary{d.report.sum, d.rebuilder.selection.record.Len(), d.rebuilder.key.fingerprint.Hex(),
		append([]string{}, d.flags.present...), d.steps, d.program.fitness.accepted}
}

// writeReport writes what --json prints to a file, if one is wanted.
func (d *drill) writeReport() error {
	if d.flags.report == "" {
		return nil
	}
	head := *d.program.run
	head.Tool = thisTool()
	return writeNewFile(d.flags.report, func(w io.Writer) error {
		lines := json.NewEncoder(w)
		lines.SetEscapeHTML(false)
		err := lines.Encode(&head)
		for _, k := range d.report.kept {
			err = errors.Join(err, lines.Encode(k))
		}
		return errors.Join(err, lines.Encode(d.summary()))
	})
}

// end shows the report.
func (d *drill) end() error {
	r := d.report
	r.sum.end()
	recorded := d.rebuilder.selection.record.Len()
	if r.json {
		return d.term.JSON(d.summary())
	}
	var l listing
	for _, who := range d.flags.present {
		l.add("present: %s", who)
	}
	for _, what := range d.program.fitness.accepted {
		l.add("accepted of this machine: %s", what)
	}
	for _, s := range d.steps {
		l.add("%8.1f s  %s: %s", s.Seconds, s.Name, s.Result)
	}
	if r.sum.Keys < recorded {
		l.add("a sample of %d of %d recorded keys", r.sum.Keys, recorded)
	}
	l.add("%s; nothing secret was written", r.sum)
	return printLines(d.term, l)
}

// page is the report for people.
func (d *drill) page() *page.Page {
	for _, s := range d.steps {
		d.report.took += s.Seconds
	}
	p := d.report.page("drill", "Drill: a rehearsed recovery")
	sum, recorded := d.report.sum, d.rebuilder.selection.record.Len()
	p.Verdict = fmt.Sprintf("%d of %d keys would have been recovered", sum.OK, sum.Keys)
	if p.OK {
		p.Verdict = fmt.Sprintf("All %d keys would have been recovered", sum.Keys)
	}
	if sum.Keys < recorded {
		p.Notes = append(p.Notes, fmt.Sprintf("This is a sample: %d of %d recorded keys, chosen at random.", sum.Keys, recorded))
	}
	p.Meaning = "Each key that is ok was rebuilt from its backup and has signed a random challenge; the signature was checked under its public key, and the key was wiped. " +
		"Nothing secret was written."
	for _, who := range d.flags.present {
		p.Facts = append(p.Facts, page.Fact{Name: "Present", Value: terminal.Escape(who)})
	}
	for _, what := range d.program.fitness.accepted {
		p.Facts = append(p.Facts, page.Fact{Name: "Accepted of this machine", Value: terminal.Escape(what)})
	}
	for _, s := range d.steps {
		p.Steps = append(p.Steps, page.Step{Name: s.Name, Took: fmt.Sprintf("%.1f s", s.Seconds), Result: terminal.Escape(s.Result)})
	}
	return p
}
