package main

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"

	"recover/internal/uuid"
	"recover/pkg/custody"
)

// compareRecord compares the copy of the record with its set, and the quorum IDs on
// the page with those of the first copy, which it was made with.
func (c *checkedShare) compareRecord(ctx context.Context, page []byte) {
	dir := filepath.Dir(c.Path)
	if len(copiesIn(dir)) == 0 {
		return
	}
	var err error
	if c.copy, err = recordIn(ctx, dir); err != nil {
		c.problems = append(c.problems, err)
		return
	}
	c.Record = fmt.Sprintf("%x", c.copy.sum)
	if e := c.evidence; e.record != "" && e.recordSum != c.copy.sum {
		missing, total, err := missingKeys(ctx, c.copy.path, e.record)
		switch {
		case err != nil:
			c.problems = append(c.problems, err)
		case missing > 0:
			c.copy.warnings = append(c.copy.warnings, fmt.Sprintf("%s lacks %d of the %d keys of %s: attach the present record with \"recover custody attach-record\"", c.copy.path, missing, total, e.record))
		}
	}
	first := filepath.Join(dir, custody.RecordName)
	onPage, err := custody.ParseQuorumIDs(page)
	if err != nil || c.sealed == nil || c.sealed.Record == (custody.Digest{}) || !exists(first) {
		return // none are on it, or it is sealed, or nothing is known of the record
	}
	ids, err := quorumsOf(ctx, first, c.sealed.ID, c.sealed.Record)
	if err == nil && !slices.Equal(ids.IDs, onPage.IDs) {
		c.wrong(c.Path, asShare, "the quorum IDs on the page are not those of "+custody.RecordName, "use those of another holder, and find out who changed this page")
	}
}

// missingKeys counts the keys of a record that a copy does not have.
func missingKeys(ctx context.Context, copyPath, recordPath string) (missing, total int, err error) {
	has := make(map[uuid.ID]bool)
	for _, path := range []string{copyPath, recordPath} {
		s := &selection{ctx: ctx}
		defer s.Close()
		if err := s.openRecord(path); err != nil {
			return 0, 0, err
		}
		for e, err := range s.record.Entries() {
			switch {
			case err != nil:
				return 0, 0, &fileError{path, asRecord, err}
			case path == copyPath:
				has[e.KeyID] = true
			case !has[e.KeyID]:
				missing++
			}
		}
		total = s.record.Len()
	}
	return missing, total, nil
}
