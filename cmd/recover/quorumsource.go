package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"recover/internal/output"
	"recover/internal/secret"
	"recover/internal/terminal"
	"recover/internal/uuid"
	"recover/pkg/custody"
	"recover/pkg/record"
)

// heldQuorums are quorum IDs that lie with a share: on its page, or on a sheet.
type heldQuorums struct {
	path string
	*custody.QuorumIDs
}

// takeHeld takes what a --from names if it lies with a share: a holder's folder, a
// page, a sheet of quorum IDs, or the texts of their codes. It reports whether it
// was one of these.
func (k *known) takeHeld(ctx context.Context, t *terminal.Terminal, path string) (bool, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return false, nil // whoever reads it says so
	case info.IsDir():
		return true, k.takeFolder(ctx, t, path)
	case info.Size() > custody.MaxQuorumIDsSize:
		return false, nil
	}
	data, err := output.ReadFile(path, custody.MaxQuorumIDsSize)
	if err != nil {
		return false, nil
	}
	defer secret.Wipe(data)
	q, err := custody.ParseQuorumIDs(data)
	if errors.Is(err, custody.ErrNoQuorumIDs) && !custody.LooksLikeShare(data) {
		return false, nil
	}
	if err != nil {
		return true, &fileError{path, asAny, err}
	}
	return true, k.takeQuorums(path, q)
}

// takeFolder takes the copy of the record in a holder's folder; or else the quorum
// IDs, from the sheet or the page of the share.
func (k *known) takeFolder(ctx context.Context, t *terminal.Terminal, dir string) error {
	if len(copiesIn(dir)) > 0 {
		return k.takeCopy(ctx, t, dir)
	}
	for _, name := range []string{custody.QuorumsName, custody.PageName} {
		if path := filepath.Join(dir, name); exists(path) {
			_, err := k.takeHeld(ctx, t, path)
			return err
		}
	}
	return &fileError{dir, asAny, custody.ErrNoQuorumIDs}
}

// takeCopy takes the copy of the record in a holder's folder, with the public keys
// and addresses that are in it.
func (k *known) takeCopy(ctx context.Context, t *terminal.Terminal, dir string) error {
	s := &selection{ctx: ctx}
	defer s.Close()
	contents, err := s.contents(dir)
	if err != nil {
		return err
	}
	s.warnOfCopy(t)
	for _, e := range contents.Entries {
		for _, id := range append(slices.Clone(e.PreviousQuorumIDs), e.QuorumID) {
			k.addQuorum(id)
		}
	}
	switch {
	case k.copy == nil:
	case !k.copy.agrees(s.copy):
		return copyFaultAt(s.copy.path, copiesDiffer, "not the record that %s is: their SHA-256 are %x and %x", k.copy.path, s.copy.sum, k.copy.sum)
	case !slices.Contains(s.copy.earlier, k.copy.sum):
		return nil // the same, or an earlier one
	}
	k.copy, k.copied = s.copy, contents
	return nil
}

// takeQuorums takes quorum IDs, which have to be those that other holders have:
// one more could be of a quorum of somebody else.
func (k *known) takeQuorums(path string, q *custody.QuorumIDs) error {
	if len(k.held) > 0 && !slices.Equal(k.held[0].IDs, q.IDs) {
		return copyFaultAt(path, copiesDiffer, "not the quorum IDs of %s: %d and %d", k.held[0].path, len(q.IDs), len(k.held[0].IDs))
	}
	k.held = append(k.held, heldQuorums{path, q})
	for _, id := range q.IDs {
		k.addQuorum(id)
	}
	return nil
}

// intoRecord has a new record begin with what a holder's copy has, and makes sure
// that quorum IDs on paper are among its own.
func (k *known) intoRecord(base *record.Contents, f *recordFlags) error {
	if k.copied == nil {
		return nil
	}
	has := make(map[uuid.ID]bool)
	for _, e := range k.copied.Entries {
		for _, id := range append(slices.Clone(e.PreviousQuorumIDs), e.QuorumID) {
			has[id] = true
		}
	}
	for _, h := range k.held {
		for _, id := range h.IDs {
			if !has[id] {
				return copyFaultAt(h.path, copiesDiffer, "the quorum ID %s is not in %s", id, k.copy.path)
			}
		}
	}
	if len(base.Entries) > 0 {
		return nil // record add has a record of its own
	}
	if env := k.copied.Environment; env != "" && f.environment != "" && env != f.environment {
		return &usageError{fmt.Sprintf("--environment is not %s, as in %s", env, k.copy.path), "leave it out: the holder's copy of the record has it"}
	}
	environment := cmp.Or(k.copied.Environment, base.Environment)
	*base = *k.copied
	base.Environment = environment
	return nil
}
