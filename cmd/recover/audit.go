package main

import (
	"fmt"
	"os"
	"time"

	"recover/pkg/audit"
	"recover/pkg/audit/cloud"
)

const auditUsage = `
recover audit --cloud DIR [--cloud DIR]

The review, with public data alone: each line is green, red, or not known, and
one that is not green says what to do next. What was not seen is never green.

--cloud judges the settings of the AWS account that the backups are written to,
from the answers that deploy/aws/collect.sh has saved in DIR on a machine that
reaches AWS. No network is used here. With the answers about two environments,
such as production and sandbox, it also judges whether they are kept apart.

Options:
    --cloud DIR                answers of collect.sh (repeatable, up to 8)
    --json                     NDJSON: an object for each line, then a summary

Exit status 0 means that every line is green, 3 that some are not.
`

// maxClouds is how many environments are compared.
const maxClouds = 8

// auditFlags are the flags of audit. Each part of the review adds its own, and a
// function that makes its sections.
type auditFlags struct {
	clouds []string
	json   bool
}

// runAudit is the verb: the review, section by section.
func runAudit(p *program, args []string) error {
	var f auditFlags
	fs := newFlags("audit")
	fs.StringArrayVar(&f.clouds, "cloud", nil, "")
	fs.BoolVar(&f.json, "json", false, "")
	if err := parseFlags(fs, args, 0); err != nil {
		return err
	}
	switch {
	case len(f.clouds) == 0:
		return required("audit", [2]string{"cloud", ""})
	case len(f.clouds) > maxClouds:
		return &usageError{fmt.Sprintf("--cloud is given %d times", len(f.clouds)), fmt.Sprintf("at most %d environments are compared", maxClouds)}
	}
	sections, err := cloudSections(f.clouds)
	if err != nil {
		return err
	}
	return showAudit(p, sections, f.json)
}

// cloudSections judges the answers about each environment, and whether each two
// of them are kept apart.
func cloudSections(dirs []string) ([]audit.Section, error) {
	var sections []audit.Section
	var reviews []*cloud.Review
	for _, dir := range dirs {
		r, err := judgeCloud(dir)
		if err != nil {
			return nil, &fileError{dir, asAnswers, err}
		}
		reviews = append(reviews, r)
		sections = append(sections, audit.Section{Name: "cloud", Source: dir, Lines: r.Lines,
			Title: fmt.Sprintf("bucket %s, role %s, as of %s", r.Bucket, r.Role, r.Collected.UTC().Format("2006-01-02"))})
	}
	for i, r := range reviews {
		for j, other := range reviews[:i] {
			sections = append(sections, audit.Section{Name: "apart", Source: dirs[i], Lines: []audit.Line{cloud.Apart(other, r)},
				Title: fmt.Sprintf("%s and %s", dirs[j], dirs[i])})
		}
	}
	return sections, nil
}

func judgeCloud(dir string) (*cloud.Review, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	defer func() { _ = root.Close() }()
	return cloud.Judge(root.FS(), time.Now())
}

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

// auditSummary counts the lines.
type auditSummary struct {
	Type     string `json:"type"` // "summary"
	Lines    int    `json:"lines"`
	Green    int    `json:"green"`
	Red      int    `json:"red"`
	NotKnown int    `json:"not_known"`
}

// showAudit shows the sections, and returns nil if every line is green.
func showAudit(p *program, sections []audit.Section, asJSON bool) error {
	var count audit.Count
	for _, s := range sections {
		count.Add(s)
		if err := showSection(p, s, asJSON); err != nil {
			return err
		}
	}
	if asJSON {
		if err := p.term.JSON(auditSummary{"summary", count.Lines(), count.Green, count.Red, count.NotKnown}); err != nil {
			return err
		}
	} else if err := p.term.Print("%d lines: %d green, %d red, %d not known", count.Lines(), count.Green, count.Red, count.NotKnown); err != nil {
		return err
	}
	if count.Red+count.NotKnown == 0 {
		return nil
	}
	return &incompleteError{fmt.Sprintf("%d of %d lines are red, %d are not known", count.Red, count.Lines(), count.NotKnown),
		"each of these lines says what to do next", exitSome}
}

func showSection(p *program, s audit.Section, asJSON bool) error {
	if !asJSON {
		if err := p.term.Print("%s: %s", s.Name, s.Title); err != nil {
			return err
		}
	}
	for _, l := range s.Lines {
		if asJSON {
			if err := p.term.JSON(auditLine{"line", s.Name, s.Source, l.Item, l.Verdict, l.Title, l.Fact, l.Next, l.Command}); err != nil {
				return err
			}
			continue
		}
		text := listing{fmt.Sprintf("    %-9s  %-20s %s", l.Verdict, l.Item, l.Title)}
		if l.Verdict == audit.Green {
			text[0] += ": " + l.Fact
		} else {
			text.add("               found: %s", l.Fact)
		}
		if l.Next != "" {
			text.add("               next:  %s", l.Next)
		}
		if l.Command != "" {
			text.add("               run:   %s", l.Command)
		}
		if err := printLines(p.term, text); err != nil {
			return err
		}
	}
	return nil
}
