package owner_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"recover/fixtures/company"
	"recover/fixtures/tier"
	"recover/internal/uuid"
	"recover/pkg/audit"
	"recover/pkg/audit/owner"
	"recover/pkg/bucketlist"
	"recover/pkg/record"
	"recover/pkg/recovery"
)

// review writes a company, and reviews what was written; with the listing of the
// bucket, or without.
func review(t *testing.T, c *company.Company, listed bool) []audit.Section {
	t.Helper()
	dir := t.TempDir()
	if err := c.Write(dir); err != nil {
		t.Fatal(err)
	}
	in := &owner.Input{Now: c.Now}
	for _, name := range []string{"record.json", "sandbox.json"} {
		f, err := os.Open(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = f.Close() }()
		info, err := f.Stat()
		if err != nil {
			t.Fatal(err)
		}
		r, err := record.Open(f, info.Size())
		if err != nil {
			t.Fatal(err)
		}
		contents, err := r.Contents()
		if err != nil {
			t.Fatal(err)
		}
		in.Records = append(in.Records, &owner.Record{Path: name, Contents: contents})
	}
	in.Backups = look(t, in, dir, listed)
	files := filepath.Join(dir, "files")
	var err error
	if in.Files, err = owner.ReadFiles(t.Context(), os.DirFS(files), files, in.Records); err != nil {
		t.Fatal(err)
	}
	sections, missing := owner.Judge(in)
	if len(missing) > 0 && (listed || len(missing) > 1 || missing[0].Section != owner.SectionListing) {
		t.Errorf("not reviewed: %v", missing)
	}
	return sections
}

func look(t *testing.T, in *owner.Input, dir string, listed bool) *owner.Backups {
	t.Helper()
	bucket := filepath.Join(dir, "bucket")
	d, err := recovery.Open(bucket, recovery.Hints{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = d.Close() }()
	b := &owner.Backups{Path: bucket, Keys: make(map[uuid.ID]*owner.Key)}
	if listed {
		path := filepath.Join(dir, "listing.json")
		data, err := os.ReadFile(path)
		if err == nil {
			d.Listing, err = bucketlist.Parse(data)
		}
		if err != nil {
			t.Fatal(err)
		}
		b.Listing = &owner.Listing{Path: path, Newest: d.Listing.Newest()}
	}
	for _, e := range in.Records[0].Entries {
		if b.Keys[e.KeyID], err = owner.Look(context.Background(), d, e, in.Expected()); err != nil {
			t.Fatal(err)
		}
	}
	for id := range recovery.Keys(d, func(string, error) { b.PassedOver++ }) {
		if b.Keys[id] == nil {
			b.Unrecorded = append(b.Unrecorded, id)
		}
	}
	return b
}

// items are the lines of each verdict.
func items(sections []audit.Section) map[audit.Verdict][]string {
	all := make(map[audit.Verdict][]string)
	for _, s := range sections {
		for _, l := range s.Lines {
			all[l.Verdict] = append(all[l.Verdict], l.Item)
		}
	}
	return all
}

func made(t *testing.T, keys int) *company.Company {
	t.Helper()
	c, err := company.New(keys, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestSane: a company in which all is as it should be has green lines only, one
// for each thing that is judged.
func TestSane(t *testing.T) {
	t.Parallel()
	sections := review(t, made(t, company.Keys), true)
	got := items(sections)
	if len(got[audit.Red])+len(got[audit.NotKnown]) > 0 {
		t.Errorf("red: %v, not known: %v", got[audit.Red], got[audit.NotKnown])
	}
	for _, s := range sections {
		for _, l := range s.Lines {
			if l.Title == "" || l.Fact == "" || l.Next != "" || l.Command != "" {
				t.Errorf("%+v", l)
			}
		}
	}
	for _, f := range company.Faults {
		if !slices.Contains(got[audit.Green], f.Item) {
			t.Errorf("there is no green line %s", f.Item)
		}
	}
}

// TestFaults: of each fault by itself, its line is red and no other.
func TestFaults(t *testing.T) {
	tier.Long(t) // it proves all backups of a company for each fault
	t.Parallel()
	for _, f := range company.Faults {
		t.Run(f.String(), func(t *testing.T) {
			t.Parallel()
			c := made(t, company.Keys)
			if err := f.Plant(c); err != nil {
				t.Fatal(err)
			}
			sections := review(t, c, f.Listing)
			got := items(sections)
			if !slices.Equal(got[audit.Red], []string{f.Item}) {
				t.Errorf("red: %v", got[audit.Red])
			}
			if want := strings.Fields(f.Unseen); !slices.Equal(got[audit.NotKnown], want) {
				t.Errorf("not known: %v, want %v", got[audit.NotKnown], want)
			}
			hasNextSteps(t, sections)
		})
	}
}

// TestTogether: a company with 200 keys and all faults that do not hide each
// other: exactly their lines are red.
func TestTogether(t *testing.T) {
	tier.Long(t) // it makes and proves 400 backups
	for _, listed := range []bool{true, false} {
		t.Run(fmt.Sprintf("listed=%t", listed), func(t *testing.T) {
			t.Parallel()
			together(t, listed)
		})
	}
}

func together(t *testing.T, listed bool) {
	c := made(t, 200)
	var want []string
	for _, f := range company.Faults {
		if f.Alone || f.Listing && !listed {
			continue
		}
		if err := f.Plant(c); err != nil {
			t.Fatal(err)
		}
		want = append(want, f.Item)
	}
	if len(want) < 15 {
		t.Fatalf("only %d faults", len(want))
	}
	sections := review(t, c, listed)
	got := items(sections)
	slices.Sort(want)
	slices.Sort(got[audit.Red])
	if !slices.Equal(got[audit.Red], want) || len(got[audit.NotKnown]) > 0 {
		t.Errorf("red: %v\nwant: %v\nnot known: %v", got[audit.Red], want, got[audit.NotKnown])
	}
	hasNextSteps(t, sections)
}

func hasNextSteps(t *testing.T, sections []audit.Section) {
	t.Helper()
	for _, s := range sections {
		for _, l := range s.Lines {
			if l.Verdict != audit.Green && (l.Next == "" || l.Fact == "") {
				t.Errorf("%+v", l)
			}
		}
	}
}
