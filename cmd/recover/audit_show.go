package main

import (
	"encoding/hex"
	"fmt"
	"io"
	"path"
	"path/filepath"
	"strings"
	"time"

	"recover/internal/page"
	"recover/internal/terminal"
	"recover/pkg/audit"
)

// auditLine is a line of the review for scripts.
type auditLine struct {
	Type    string        `json:"type"` // "line"
	Section string        `json:"section"`
	Source  string        `json:"source"`
	Item    string        `json:"item"`
	Verdict audit.Verdict `json:"verdict"`
	Title   string        `json:"title"`
	Fact    string        `json:"fact"`
	Next    string        `json:"next,omitempty"`
	Command string        `json:"command,omitempty"`
}

// auditFile is a file of --files that is of no use in a review, for scripts.
type auditFile struct {
	Type string `json:"type"` // "file"
	Path string `json:"path"`
	Kind string `json:"kind"`
}

// auditSummary counts the lines.
type auditSummary struct {
	Type        string   `json:"type"` // "summary"
	Lines       int      `json:"lines"`
	Green       int      `json:"green"`
	Red         int      `json:"red"`
	NotKnown    int      `json:"not_known"`
	NotReviewed []string `json:"not_reviewed,omitempty"` // sections
}

// verdicts are the lines in the order in which they are shown.
var verdicts = []audit.Verdict{audit.Red, audit.NotKnown, audit.Green}

// showAudit shows the review, and returns nil if every line is green.
func showAudit(p *program, r *review) error {
	var count audit.Count
	for _, s := range r.sections {
		count.Add(s)
	}
	for _, v := range verdicts {
		for _, s := range r.sections {
			if err := showSection(p, s, v, r.flags.json); err != nil {
				return err
			}
		}
	}
	if err := r.showRest(p, &count); err != nil {
		return err
	}
	if count.Red+count.NotKnown == 0 {
		return nil
	}
	return &incompleteError{fmt.Sprintf("%d of %d lines %s red, %d %s not known", count.Red, count.Lines(), plural(count.Red, "is", "are"), count.NotKnown, plural(count.NotKnown, "is", "are")),
		"each of these lines says what to do next; they come first: where they are gone from the screen, add \"| more\"", exitSome}
}

// showSection shows the lines of a section that have one verdict.
func showSection(p *program, s audit.Section, v audit.Verdict, asJSON bool) error {
	begun := false
	for _, l := range s.Lines {
		if l.Verdict != v {
			continue
		}
		if asJSON {
			if err := p.term.JSON(auditLine{"line", s.Name, s.Source, l.Item, l.Verdict, l.Title, l.Fact, l.Next, l.Command}); err != nil {
				return err
			}
			continue
		}
		var text listing
		if !begun {
			text.add("%s: %s", s.Name, s.Title)
			begun = true
		}
		text.add("    %-9s  %-20s %s", l.Verdict, l.Item, l.Title)
		indent := strings.Repeat(" ", 15)
		if l.Verdict == audit.Green {
			text.add(indent+"%s", l.Fact)
		} else {
			text.add(indent+"found: %s", l.Fact)
		}
		if l.Next != "" {
			text.add(indent+"next:  %s", l.Next)
		}
		if l.Command != "" {
			text.add(indent+"run:   %s", l.Command)
		}
		if err := printLines(p.term, text); err != nil {
			return err
		}
	}
	return nil
}

// maxListedFiles is how many files are named to people.
const maxListedFiles = 20

// showRest shows what was not used or not reviewed, and the counts.
func (r *review) showRest(p *program, count *audit.Count) error {
	var names []string
	for _, m := range r.missing {
		names = append(names, m.Section)
	}
	if r.flags.json {
		if r.files != nil {
			for _, f := range r.files.Listed {
				if err := p.term.JSON(auditFile{"file", f.Path, f.Kind}); err != nil {
					return err
				}
			}
		}
		return p.term.JSON(auditSummary{"summary", count.Lines(), count.Green, count.Red, count.NotKnown, names})
	}
	var text listing
	if r.files != nil && len(r.files.Listed) > 0 {
		text.add("not used, of %s:", r.flags.files)
		for _, f := range r.files.Listed[:min(len(r.files.Listed), maxListedFiles)] {
			text.add("    %s: %s", f.Path, f.Kind)
		}
		if more := len(r.files.Listed) + r.files.More - maxListedFiles; more > 0 {
			text.add("    and %d more", more)
		}
	}
	for _, m := range r.missing {
		text.add("not reviewed: %s; give %s", m.Section, m.Give)
	}
	text.add("%d lines: %d green, %d red, %d not known", count.Lines(), count.Green, count.Red, count.NotKnown)
	return printLines(p.term, text)
}

// writePage writes the review for people, if it is wanted.
func (r *review) writePage() error {
	if r.flags.html == "" {
		return nil
	}
	return writeNewFile(r.flags.html, func(w io.Writer) error { return page.WriteReview(w, r.page()) })
}

func (r *review) page() *page.Review {
	var count audit.Count
	for _, s := range r.sections {
		count.Add(s)
	}
	p := &page.Review{Title: "Annual review", OK: count.Red+count.NotKnown == 0,
		Counts: []page.Count{{Status: "green", N: count.Green}, {Status: "red", N: count.Red}, {Status: "not known", N: count.NotKnown}},
		Meaning: "Public data alone was looked at. A line is green if what it says was seen, red if it is not so, and not known if it could not be seen. " +
			"A report or a confirmation is the word of whoever wrote it."}
	switch {
	case p.OK:
		p.Verdict = fmt.Sprintf("All %d lines are green", count.Lines())
	case count.Red == 0:
		p.Verdict = fmt.Sprintf("%d of %d lines %s not known", count.NotKnown, count.Lines(), plural(count.NotKnown, "is", "are"))
	default:
		p.Verdict = fmt.Sprintf("%d of %d lines %s red", count.Red, count.Lines(), plural(count.Red, "is", "are"))
	}
	for _, m := range r.missing {
		p.Notes = append(p.Notes, fmt.Sprintf("Not reviewed: %s. Give %s.", m.Section, m.Give))
	}
	if r.files != nil {
		for _, f := range r.files.Listed[:min(len(r.files.Listed), maxListedFiles)] {
			p.Notes = append(p.Notes, terminal.Escape(fmt.Sprintf("Not used: %s (%s).", path.Join(r.flags.files, f.Path), f.Kind)))
		}
		if more := len(r.files.Listed) + r.files.More - maxListedFiles; more > 0 {
			p.Notes = append(p.Notes, fmt.Sprintf("And %d more files that were not used.", more))
		}
	}
	for _, s := range r.sections {
		p.Groups = append(p.Groups, pageGroup(s))
	}
	r.pageFacts(p)
	return p
}

func pageGroup(s audit.Section) page.Group {
	g := page.Group{Title: terminal.Escape(strings.ToUpper(s.Title[:1]) + s.Title[1:]), Source: terminal.Escape(s.Source)}
	for _, l := range s.Lines {
		class := map[audit.Verdict]string{audit.Green: "green", audit.Red: "red", audit.NotKnown: "unknown"}[l.Verdict]
		g.Lines = append(g.Lines, page.Line{Class: class, Verdict: string(l.Verdict), Item: l.Item, Title: terminal.Escape(l.Title),
			Fact: terminal.Escape(l.Fact), Next: terminal.Escape(l.Next), Command: terminal.Escape(l.Command)})
	}
	return g
}

func (r *review) pageFacts(p *page.Review) {
	add := func(name, value string) {
		if value != "" {
			p.Facts = append(p.Facts, page.Fact{Name: name, Value: terminal.Escape(value)})
		}
	}
	add("Done", r.begun.UTC().Format("2 January 2006, 15:04:05 UTC"))
	add("Took", fmt.Sprintf("%.1f seconds", time.Since(r.begun).Seconds()))
	if r.record != nil {
		sum := r.record.SHA256()
		add("Record", filepath.Clean(r.flags.records[0]))
		add("SHA-256 of the record", hex.EncodeToString(sum[:]))
		add("Environment", r.record.Environment)
		add("Keys", fmt.Sprint(r.record.Len()))
	}
	add("Download of the bucket", r.flags.shards)
	add("Listing of the bucket", r.flags.listing)
	add("Files", r.flags.files)
	t := thisTool()
	add("Program", fmt.Sprintf("recover %s, %s", t.Version, t.Go))
	add("SHA-256 of the program", t.SHA256)
}
