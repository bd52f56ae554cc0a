package main

import (
	"fmt"

	"recover/pkg/record"
)

// recordMerge makes one record of two.
func (p *program) recordMerge(f *recordFlags) error {
	if len(f.records) != 2 {
		return &usageError{"record merge takes two records", "give --record twice"}
	}
	if err := required(f.verb, [2]string{"out", f.out}); err != nil {
		return err
	}
	first, err := readContents(f.records[0])
	if err != nil {
		return err
	}
	second, err := readContents(f.records[1])
	if err != nil {
		return err
	}
	merged, conflicts := record.Merge(first, second)
	for _, c := range conflicts {
		if err := p.conflict(f, c); err != nil {
			return err
		}
	}
	if n := len(conflicts); n > 0 {
		return &incompleteError{fmt.Sprintf("the two records contradict each other in %d %s", n, plural(n, "place", "places")),
			"find out which is right, correct the other in a copy, and merge again", exitFailed}
	}
	return p.writeRecord(f.out, merged)
}

func (p *program) conflict(f *recordFlags, c record.Conflict) error {
	if !f.json {
		return p.Print("conflict: %s", c)
	}
	return p.JSON(map[string]string{"type": "conflict", "key_id": c.KeyID.String(), "field": c.Field, "first": c.First, "second": c.Second})
}
