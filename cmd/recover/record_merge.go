package main

import (
	"fmt"

	"recover/internal/await"
	"recover/internal/terminal"
	"recover/pkg/record"
)

// recordMerge makes one record of two.
func recordMerge(p *program, f *recordFlags) error {
	if len(f.records) != 2 {
		return &usageError{"record merge takes two records", "give --record twice"}
	}
	if err := required(f.verb, [2]string{"out", f.out}); err != nil {
		return err
	}
	first, err := readContents(p.ctx, p.term, f.records[0])
	if err != nil {
		return err
	}
	second, err := readContents(p.ctx, p.term, f.records[1])
	if err != nil {
		return err
	}
	var merged *record.Contents
	var conflicts []record.Conflict
	if await.Do(p.ctx, func() { merged, conflicts = record.Merge(first, second) }) != nil {
		return terminal.ErrInterrupted
	}
	for _, c := range conflicts {
		if err := showConflict(p.term, f, c); err != nil {
			return err
		}
	}
	if n := len(conflicts); n > 0 {
		return &incompleteError{fmt.Sprintf("the two records contradict each other in %d %s", n, plural(n, "place", "places")),
			"find out which is right, correct the other in a copy, and merge again", exitFailed}
	}
	return writeRecord(p.ctx, p.term, f.out, merged)
}

func showConflict(t *terminal.Terminal, f *recordFlags, c record.Conflict) error {
	if !f.json {
		return t.Print("conflict: %s", c)
	}
	return t.JSON(map[string]string{"type": "conflict", "key_id": c.KeyID.String(), "field": c.Field, "first": c.First, "second": c.Second})
}
