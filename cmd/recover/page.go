package main

import (
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"time"

	"recover/internal/page"
	"recover/internal/terminal"
	"recover/pkg/rsadecrypt"
)

// writePage writes the report for people, if one is wanted.
func (r *reporter) writePage(path string, make func() *page.Page) error {
	if path == "" {
		return nil
	}
	return writeNewFile(path, func(w io.Writer) error { return page.Write(w, make()) })
}

// page is what the pages of all verbs have.
func (r *reporter) page(verb, title string) *page.Page {
	p := &page.Page{Verb: verb, Title: title, OK: r.sum.Keys == r.sum.OK, Facts: r.facts()}
	for _, c := range []page.Count{{Status: statusOK, N: r.sum.OK}, {Status: statusUnproved, N: r.sum.Unproved}, {Status: statusFailed, N: r.sum.Failed}, {Status: statusMissing, N: r.sum.Missing}, {Status: statusUnrecorded, N: r.sum.Unrecorded}} {
		if c.N > 0 || c.Status == statusOK {
			p.Counts = append(p.Counts, c)
		}
	}
	keys := r.pageKeys()
	for i, hex := range keys {
		p.Facts = append(p.Facts, page.Fact{Name: keyFact(i, len(keys)), Value: fingerprintText(hex)})
	}
	for _, k := range r.kept {
		row := pageRow(k)
		if len(keys) > 1 && k.RecoveryKey != "" {
			row.RecoveryKey = keyFact(slices.Index(keys, k.RecoveryKey), len(keys))
		}
		p.Rows = append(p.Rows, row)
	}
	if r.sum.Warnings > 0 {
		p.Notes = append(p.Notes, fmt.Sprintf("%d %s a warning.", r.sum.Warnings, plural(r.sum.Warnings, "key has", "keys have")))
	}
	return p
}

// pageKeys are the recovery keys of the rows, each once: a fingerprint in every
// row would fill the page.
func (r *reporter) pageKeys() (keys []string) {
	for _, k := range r.kept {
		if k.RecoveryKey != "" && !slices.Contains(keys, k.RecoveryKey) {
			keys = append(keys, k.RecoveryKey)
		}
	}
	return keys
}

func keyFact(i, n int) string {
	if n == 1 {
		return "Recovery key"
	}
	return fmt.Sprintf("Recovery key %d", i+1)
}

func fingerprintText(hex string) string {
	f, err := rsadecrypt.ParseFingerprint(hex)
	if err != nil {
		return terminal.Escape(hex)
	}
	return f.String()
}

func (r *reporter) facts() []page.Fact {
	s, t := r.selection, thisTool()
	var facts []page.Fact
	add := func(name, value string) {
		if value != "" {
			facts = append(facts, page.Fact{Name: name, Value: terminal.Escape(value)})
		}
	}
	add("Done", time.Now().UTC().Format("2 January 2006, 15:04:05 UTC"))
	add("Took", fmt.Sprintf("%.1f seconds", max(r.sum.Seconds, r.took)))
	add("Newest backup", r.newestText())
	add("Record", s.recordPath)
	if s.recordPath != "" {
		sum := s.record.SHA256()
		add("SHA-256 of the record", hex.EncodeToString(sum[:]))
	}
	add("Environment", s.record.Environment)
	add("Download of the bucket", s.shardsPath)
	add("Program", fmt.Sprintf("recover %s, %s", t.Version, t.Go))
	add("SHA-256 of the program", t.SHA256)
	return facts
}

func pageRow(k *keyResult) page.Row {
	row := page.Row{
		Status: k.Status, Name: terminal.Escape(k.Name), KeyID: k.KeyID, QuorumID: k.QuorumID, Algorithm: k.Algorithm,
		Reason: string(k.Reason), Detail: terminal.Escape(k.Detail), Next: reasonHint(k.Reason),
	}
	if usual := k.KeyID + "/recovery_shard-0.txt"; k.Shard != usual {
		row.Shard = terminal.Escape(k.Shard)
	}
	if len(k.Addresses) > 0 {
		row.Address = terminal.Escape(mainAddress(k))
	}
	for _, w := range k.Warnings {
		row.Warnings = append(row.Warnings, terminal.Escape(w.Detail))
	}
	for _, c := range k.Shards {
		row.Copies = append(row.Copies, page.Copy{
			Path: terminal.Escape(c.Shard), Time: c.Modified, Status: c.Status, Detail: terminal.Escape(c.Detail), Used: c.Used,
		})
	}
	return row
}
