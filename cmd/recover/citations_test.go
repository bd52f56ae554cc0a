package main

import (
	"regexp"
	"testing"

	"recover/fixtures/tier"
)

var (
	citation = regexp.MustCompile(`docs/formats\.md,\s+sections?\s+([0-9.]*[0-9])(?:\s+(?:and|to)\s+([0-9.]*[0-9]))?`)
	heading  = regexp.MustCompile(`(?m)^##+ ([0-9]+(?:\.[0-9]+)?)\.? `)
	outside  = regexp.MustCompile(`\b(?:spec|design|trust)(?:,|\.md)\s+section`)
)

// TestCitations asks that every section of docs/formats.md that a comment cites
// is there, and that no comment cites what is outside of the repository.
func TestCitations(t *testing.T) {
	tier.Long(t)
	sections := map[string]bool{"": true}
	for _, m := range heading.FindAllStringSubmatch(formatsPage(t), -1) {
		sections[m[1]] = true
	}
	found := 0
	for name, file := range allSources(t) {
		for _, comment := range file.Comments {
			text := comment.Text()
			for _, m := range citation.FindAllStringSubmatch(text, -1) {
				found++
				if !sections[m[1]] || !sections[m[2]] {
					t.Errorf("%s: docs/formats.md has no such section: %q", name, m[0])
				}
			}
			if m := outside.FindString(text); m != "" {
				t.Errorf("%s: a comment cites what is not in the repository: %q", name, m)
			}
		}
	}
	if found < 30 {
		t.Errorf("only %d citations were found", found)
	}
}
