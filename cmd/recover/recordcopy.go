package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"recover/internal/output"
	"recover/internal/terminal"
	"recover/internal/uuid"
	"recover/pkg/custody"
	"recover/pkg/record"
	"recover/pkg/rsadecrypt"
)

// A holder's folder may have a copy of the record, and a sheet with its quorum IDs.
// The first copy is the one that the set was made with, or that was attached to a
// set without one; a later one has a number in its name, as record-2.json, and the
// last one counts.

// copyNames are the names of copy n, counted from 1, and of its sheet.
func copyNames(n int) (recordName, sheetName string) {
	if n == 1 {
		return custody.RecordName, custody.QuorumsName
	}
	number := func(name string) string {
		ext := filepath.Ext(name)
		return fmt.Sprintf("%s-%d%s", strings.TrimSuffix(name, ext), n, ext)
	}
	return number(custody.RecordName), number(custody.QuorumsName)
}

// quorumCodeName is the name of a QR code of a sheet.
func quorumCodeName(sheetName string, code int) string {
	return fmt.Sprintf("%s-qr%d.svg", strings.TrimSuffix(sheetName, filepath.Ext(sheetName)), code)
}

var copyName = regexp.MustCompile(`^record(?:-([2-9]|[1-9][0-9]{1,3}))?\.json$`)

var quorumCode = regexp.MustCompile(`^quorum-ids(?:-[0-9]{1,4})?-qr[0-9]{1,4}\.svg$`)

// isCopyFile tells the name of a copy of the record, of its sheet, or of a code of
// that.
func isCopyFile(name string) bool {
	if quorumCode.MatchString(name) {
		return true
	}
	return copyName.MatchString(name) || copyName.MatchString(strings.Replace(strings.TrimSuffix(name, ".txt")+".json", "quorum-ids", "record", 1))
}

// recordCopy is the last copy of the record in a holder's folder.
type recordCopy struct {
	path     string             // of the record
	sum      custody.Digest     // of it
	earlier  []custody.Digest   // of the other copies in the folder
	sheet    *custody.QuorumIDs // that lies with it; nil: none
	sealed   *custody.SealedKey // of the folder; nil: none
	warnings []string
}

// isHolderFolder tells the folder of a holder from any other: it has a sealed key,
// a share, or quorum IDs.
func isHolderFolder(dir string) bool {
	return slices.ContainsFunc([]string{custody.SealedKeyName, custody.PageName, sealedPageName, custody.QuorumsName}, func(name string) bool {
		return exists(filepath.Join(dir, name))
	})
}

// copiesIn returns the numbers of the copies in a folder, ascending.
func copiesIn(dir string) (numbers []int) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil
	}
	for _, e := range entries {
		if m := copyName.FindStringSubmatch(e.Name()); m != nil {
			n, _ := strconv.Atoi(m[1])
			numbers = append(numbers, max(1, n))
		}
	}
	slices.Sort(numbers)
	return numbers
}

// recordIn finds the last copy of the record in a holder's folder, and holds it
// against the sheet that lies with it, the description of the set, and the copy
// that the set was made with.
func recordIn(ctx context.Context, dir string) (*recordCopy, error) {
	numbers := copiesIn(dir)
	if len(numbers) == 0 {
		return nil, copyFaultAt(dir, copyMissing, "no %s is in this folder", custody.RecordName)
	}
	c := new(recordCopy)
	var err error
	if c.sealed, err = sealedKeyIn(dir); err != nil {
		return nil, err
	}
	first := ""
	for _, n := range numbers {
		name, sheetName := copyNames(n)
		path := filepath.Join(dir, name)
		sum, err := hashHeld(path)
		if err != nil {
			return nil, &fileError{path, asRecord, err}
		}
		if n == 1 {
			first = path
			if c.sealed != nil && c.sealed.Record != (custody.Digest{}) && sum != c.sealed.Record {
				return nil, copyFaultAt(path, copyChanged, "not the record that the set was made with: its SHA-256 is %x, the set has %x", sum, c.sealed.Record)
			}
		}
		sheet, err := sheetIn(filepath.Join(dir, sheetName))
		if err != nil {
			return nil, err
		}
		if sheet == nil && n > 1 {
			c.warnings = append(c.warnings, fmt.Sprintf("%s is not used: its %s is missing", path, sheetName))
			continue
		}
		if c.path != "" {
			c.earlier = append(c.earlier, c.sum)
		}
		c.path, c.sum, c.sheet = path, sum, sheet
	}
	if c.path == "" {
		return nil, copyFaultAt(dir, copyMissing, "no %s is in this folder", custody.RecordName)
	}
	if err := c.check(ctx, dir); err != nil {
		return nil, err
	}
	return c, c.compareWithFirst(ctx, first)
}

// hashHeld hashes a file of a holder's folder: the largest is the record. A pipe or a
// link to a device would be read without end.
func hashHeld(path string) (sum custody.Digest, err error) {
	in, err := output.OpenInput(path, record.MaxJSONSize)
	if err != nil {
		return sum, err
	}
	defer func() { _ = in.Close() }()
	h := sha256.New()
	_, err = io.Copy(h, io.LimitReader(in, record.MaxJSONSize))
	return custody.Digest(h.Sum(nil)), err
}

// sealedKeyIn reads the sealed key of a holder's folder; nil if there is none.
func sealedKeyIn(dir string) (*custody.SealedKey, error) {
	path := filepath.Join(dir, custody.SealedKeyName)
	data, err := output.ReadFile(path, rsadecrypt.MaxFileSize)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, &fileError{path, asSealedKey, err}
	}
	sealed, err := custody.ParseSealedKey(data)
	if err != nil {
		return nil, &fileError{path, asSealedKey, err}
	}
	return sealed, nil
}

// sheetIn reads a sheet of quorum IDs; nil if there is none.
func sheetIn(path string) (*custody.QuorumIDs, error) {
	data, err := output.ReadFile(path, custody.MaxQuorumIDsSize)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, &fileError{path, asAny, err}
	}
	sheet, err := custody.ParseQuorumIDs(data)
	if err != nil {
		return nil, &fileError{path, asAny, err}
	}
	return sheet, nil
}

// check holds the copy against its sheet and the set.
func (c *recordCopy) check(ctx context.Context, dir string) error {
	if s := c.sheet; s != nil {
		sheetPath := filepath.Join(dir, sheetOf(filepath.Base(c.path)))
		switch {
		case c.sealed != nil && s.Set != (custody.SetID{}) && s.Set != c.sealed.ID:
			return copyFaultAt(sheetPath, copyOtherSet, "of set %s; the sealed key in this folder is of set %s", s.Set, c.sealed.ID)
		case s.Record != (custody.Digest{}) && s.Record != c.sum:
			return copyFaultAt(c.path, copyChanged, "not the record that %s names: its SHA-256 is %x, the sheet has %x", filepath.Base(sheetPath), c.sum, s.Record)
		}
		ids, err := quorumsOf(ctx, c.path, s.Set, c.sum)
		if err != nil {
			return err
		}
		if !slices.Equal(ids.IDs, s.IDs) {
			return copyFaultAt(sheetPath, copyChanged, "not the quorum IDs of %s", filepath.Base(c.path))
		}
	}
	switch {
	case c.sealed != nil && c.sealed.Record == c.sum:
	case c.sealed == nil:
		c.warnings = append(c.warnings, fmt.Sprintf("%s was not compared with its set: no %s is next to it", c.path, custody.SealedKeyName))
	default:
		c.warnings = append(c.warnings, fmt.Sprintf("%s was put there after the set was made, and the set does not vouch for it: compare its SHA-256 with that of another holder's copy, %x", c.path, c.sum))
	}
	return nil
}

func sheetOf(recordName string) string {
	return strings.TrimSuffix(strings.Replace(recordName, "record", strings.TrimSuffix(custody.QuorumsName, ".txt"), 1), ".json") + ".txt"
}

// quorumsOf returns the quorum IDs of a record, the previous ones too.
func quorumsOf(ctx context.Context, path string, set custody.SetID, sum custody.Digest) (*custody.QuorumIDs, error) {
	s := &selection{ctx: ctx}
	defer s.Close()
	if err := s.openRecord(path); err != nil {
		return nil, err
	}
	seen := make(map[uuid.ID]bool)
	var ids []uuid.ID
	for e, err := range s.record.Entries() {
		if err != nil {
			return nil, &fileError{path, asRecord, err}
		}
		for _, id := range append(slices.Clone(e.PreviousQuorumIDs), e.QuorumID) {
			if !seen[id] && len(ids) <= custody.MaxQuorumIDs {
				seen[id] = true
				ids = append(ids, id)
			}
		}
	}
	q, err := custody.NewQuorumIDs(set, sum, ids)
	if err != nil {
		return nil, &fileError{path, asRecord, err}
	}
	return q, nil
}

// compareWithFirst refuses a later copy that says something else of a wallet, or
// less, than the one that the set vouches for.
func (c *recordCopy) compareWithFirst(ctx context.Context, first string) error {
	if first == "" || first == c.path || c.sealed == nil || c.sealed.Record == (custody.Digest{}) {
		return nil
	}
	return compareAnchors(ctx, first, c.path)
}

// compareAnchors refuses a later record that would have another key taken for one
// that an earlier record names, or leave it to the bucket which key it is.
func compareAnchors(ctx context.Context, first, later string) error {
	var both []*record.Contents
	for _, path := range []string{first, later} {
		s := &selection{ctx: ctx}
		defer s.Close()
		contents, err := s.contents(path)
		if err != nil {
			return err
		}
		both = append(both, contents)
	}
	_, conflicts := record.Merge(both[0], both[1])
	for _, x := range conflicts {
		if !x.KeyID.IsZero() && slices.Contains([]string{"public_key", "master_public_key", "address", "algorithm"}, x.Field) {
			return copyFaultAt(later, copyContradicts, "key %s: %s is %q, and %q in %s, with which the set was made", x.KeyID, x.Field, x.Second, x.First, first)
		}
	}
	earlier := make(map[uuid.ID]record.Entry, len(both[0].Entries))
	for _, e := range both[0].Entries {
		earlier[e.KeyID] = e
	}
	for _, e := range both[1].Entries {
		was := earlier[e.KeyID]
		if !e.NamesWallet() && (was.NamesWallet() || was.MasterPublicKey != nil && e.MasterPublicKey == nil) {
			return copyFaultAt(later, copyContradicts, "key %s has the anchor %s, and %s in %s, with which the set was made", e.KeyID, e.Anchor(), was.Anchor(), first)
		}
	}
	return nil
}

// agrees tells whether two folders have the same record, or one of them an earlier
// copy of it.
func (c *recordCopy) agrees(other *recordCopy) bool {
	return c.sum == other.sum || slices.Contains(c.earlier, other.sum) || slices.Contains(other.earlier, c.sum)
}

// compareCopies holds the copy of the record that is in use against those of the
// holders whose shares are given as files, also at the terminal. A record that was
// named as a file is the choice of whoever did so.
func (s *selection) compareCopies(shares *keyShares) error {
	if s.copy == nil {
		return nil
	}
	if k := s.copy.sealed; k != nil && !slices.ContainsFunc(shares.copies, func(c sealedCopy) bool { return c.ID == k.ID }) {
		return copyFaultAt(s.copy.path, copyOtherSet, "it lies with set %s; the sealed key is of set %s", k.ID, shares.sealed.ID)
	}
	for _, path := range shares.shares {
		if err := s.compareCopy(path); err != nil {
			return err
		}
	}
	shares.beforeShare = s.compareCopy // of those that are named at the terminal
	return nil
}

// compareCopy holds the copy of the record that is in use against the one that lies
// next to a share, if there is one.
func (s *selection) compareCopy(share string) error {
	dir := filepath.Dir(share)
	if len(copiesIn(dir)) == 0 {
		return nil
	}
	other, err := recordIn(s.ctx, dir)
	if err == nil && !s.copy.agrees(other) {
		err = copyFaultAt(other.path, copiesDiffer, "not the record that %s is: their SHA-256 are %x and %x", s.copy.path, other.sum, s.copy.sum)
	}
	return err
}

// warnOfCopy says what nothing vouches for.
func (s *selection) warnOfCopy(t *terminal.Terminal) {
	if s.copy == nil {
		return
	}
	for _, w := range s.copy.warnings {
		t.Warn(w)
	}
}
