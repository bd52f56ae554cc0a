package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"recover/fixtures/company"
	"recover/fixtures/tier"
)

// companyOn writes a company, and returns the arguments of its review.
func companyOn(t *testing.T, plant func(company.Fault) bool) (dir string, args, items []string) {
	t.Helper()
	tier.Long(t) // it makes a company, and proves its backups
	c, err := company.New(company.Keys, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range company.Faults {
		if !plant(f) {
			continue
		}
		if err := f.Plant(c); err != nil {
			t.Fatal(err)
		}
		items = append(items, f.Item)
	}
	dir = t.TempDir()
	if err := c.Write(dir); err != nil {
		t.Fatal(err)
	}
	at := func(name string) string { return filepath.Join(dir, name) }
	return dir, []string{"audit", "--record", at("record.json"), "--record", at("sandbox.json"), "--shards", at("bucket"), "--listing", at("listing.json"), "--files", at("files"), "--html", at("review.html")}, items
}

func redItems(lines []auditedLine) (red []string) {
	for _, l := range lines {
		if l.Verdict == "red" {
			red = append(red, l.Item)
		}
	}
	slices.Sort(red)
	return red
}

// TestAuditSane: all is green, and what was not given is named.
func TestAuditSane(t *testing.T) {
	t.Parallel()
	dir, args, _ := companyOn(t, func(company.Fault) bool { return false })
	o := execute(t, args...)
	if o.status != 0 || strings.Contains(o.stdout, "next:") || !strings.Contains(o.stdout, "\nnot reviewed: cloud; give --cloud\n") || !strings.Contains(o.stdout, "    drills/notes.txt: not recognised\n") {
		t.Errorf("status %d\n%s", o.status, o.stdout)
	}
	page := string(must(os.ReadFile(filepath.Join(dir, "review.html"))))
	for _, text := range []string{"<h1 class=\"good\">All ", "Signature", "Not reviewed: cloud. Give --cloud.", "drills/notes.txt (not recognised)."} {
		if !strings.Contains(page, text) {
			t.Errorf("the page does not have %s", text)
		}
	}
	// Without a download and files, the rest is not reviewed, and nothing is red.
	o = execute(t, "audit", "--record", filepath.Join(dir, "record.json"), "--json")
	lines := decodeLines[auditedLine](t, json.NewDecoder(strings.NewReader(o.stdout)))
	sum := lines[len(lines)-1]
	if o.status != exitSome || sum.Red != 0 || sum.NotKnown != 1 || !slices.Equal(sum.NotReviewed, []string{"backups", "listing", "kit", "drill", "custody", "environments", "cloud"}) {
		t.Errorf("status %d\n%+v", o.status, sum)
	}
}

// TestAuditFaults: with all faults that can be planted together, exactly their
// lines are red; they come first, each with its next step.
func TestAuditFaults(t *testing.T) {
	t.Parallel()
	dir, args, want := companyOn(t, func(f company.Fault) bool { return !f.Alone })
	slices.Sort(want)
	o := execute(t, append(args, "--json")...)
	lines := decodeLines[auditedLine](t, json.NewDecoder(strings.NewReader(o.stdout)))
	sum := lines[len(lines)-1]
	if red := redItems(lines); o.status != exitSome || !slices.Equal(red, want) || sum.Red != len(want) || sum.NotKnown != 0 {
		t.Errorf("status %d, red: %v, want %v\n%+v", o.status, red, want, sum)
	}
	for i, l := range lines[:len(want)] {
		if l.Verdict != "red" || l.Next == "" {
			t.Errorf("line %d: %+v", i, l)
		}
	}
	page := string(must(os.ReadFile(filepath.Join(dir, "review.html"))))
	first, _, _ := strings.Cut(page, "</section>")
	for _, l := range lines[:len(want)] {
		if !strings.Contains(first, ">"+l.Item+"<") {
			t.Errorf("%s is not in the first section of the page", l.Item)
		}
	}

	o = execute(t, args[:len(args)-2]...)
	if o.status != exitSome || strings.Count(o.stdout, "\n               next:  ") != len(want) {
		t.Errorf("status %d\n%s", o.status, o.stdout)
	}
	green := strings.Index(o.stdout, "    green  ")
	if i := strings.LastIndex(o.stdout, "    red  "); i > green {
		t.Error("a red line comes after a green one")
	}
}

// TestAuditKit: with --recovery-public-key and --max-age.
func TestAuditKit(t *testing.T) {
	t.Parallel()
	dir, _, _ := companyOn(t, func(company.Fault) bool { return false })
	at := func(name string) string { return filepath.Join(dir, name) }
	o := execute(t, "audit", "--record", at("record.json"), "--shards", at("bucket"), "--recovery-public-key", at("files/kit/recovery-key-1.der"), "--max-age", "29d", "--json")
	lines := decodeLines[auditedLine](t, json.NewDecoder(strings.NewReader(o.stdout)))
	if red := redItems(lines); o.status != exitSome || !slices.Equal(red, []string{"backups-age"}) {
		t.Errorf("status %d, red: %v\n%s", o.status, red, o.stdout)
	}
	o = execute(t, "audit", "--record", at("record.json"), "--shards", at("bucket"), "--recovery-public-key", kit().path("key-1.pub.der"), "--json")
	lines = decodeLines[auditedLine](t, json.NewDecoder(strings.NewReader(o.stdout)))
	if red := redItems(lines); !slices.Equal(red, []string{"kit-backups", "kit-recorded"}) {
		t.Errorf("status %d, red: %v\n%s", o.status, red, o.stdout)
	}
}
