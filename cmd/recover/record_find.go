package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"recover/internal/bucket"
	"recover/internal/output"
	"recover/internal/terminal"
	"recover/internal/uuid"
	"recover/pkg/record"
	"recover/pkg/recovery"
	"recover/pkg/shard"
)

// finder looks for the IDs that backups really have.
type finder struct {
	ctx    context.Context
	term   *terminal.Terminal
	flags  *recordFlags
	known  *known
	keys   []uuid.ID // that are recorded
	sel    *selection
	report *reporter
}

// foundKey is what the search says of one key. Its IDs are the right ones
// where they were found.
type foundKey struct {
	*keyResult
	RecordedQuorumID string `json:"recorded_quorum_id"`
	RecordedKeyID    string `json:"recorded_key_id"`
	Correction       string `json:"correction,omitempty"`
	Tried            int    `json:"tried"` // pairs of IDs
	quorum, key      uuid.ID
}

// recordFind looks for the IDs of backups whose recorded ones are in search.
func recordFind(p *program, f *recordFlags) error {
	if err := required(f.verb, [2]string{"shards", f.shards}); err != nil {
		return err
	}
	x := &finder{ctx: p.ctx, term: p.term, flags: f, sel: &selection{ctx: p.ctx, shardsPath: f.shards}}
	var err error
	if x.known, err = readKnown(p.ctx, p.term, f); err != nil {
		return err
	}
	draft, err := x.draft()
	if err != nil {
		return err
	}
	defer x.sel.Close()
	if err := x.sel.openBucket(f.shards, recovery.Hints{}); err != nil {
		return err
	}
	p.run.inputs(x.sel)
	return x.run(draft)
}

// draft is what to look for: the one key that the flags name, or all of the
// record.
func (x *finder) draft() (*record.Draft, error) {
	d := new(record.Draft)
	if len(x.flags.records) > 0 {
		path, err := x.flags.oneRecord()
		if err != nil {
			return nil, err
		}
		if d, err = openDraft(x.ctx, path); err != nil {
			return nil, err
		}
		warnOfRecord(x.term, path, d.Warnings)
	}
	for _, e := range d.Entries {
		if id, err := uuid.ParseAny(e.Quorum); err == nil {
			x.known.addQuorum(id)
		}
		if id, err := uuid.ParseAny(e.Key); err == nil {
			x.keys = append(x.keys, id)
		}
	}
	if x.flags.keyID == "" {
		if len(x.flags.records) == 0 {
			return nil, &usageError{"--record is missing", "give the record, or for one backup --key-id and --quorum-id"}
		}
		return d, nil
	}
	if x.flags.out != "" {
		return nil, &usageError{"--out and --key-id are both given", "the repaired record is written when the whole record is searched"}
	}
	one := record.DraftEntry{Key: x.flags.keyID}
	switch len(x.flags.quorumIDs) {
	case 0:
	case 1:
		one.Quorum = x.flags.quorumIDs[0]
	default:
		return nil, &usageError{"--quorum-id is given more than once", "give the one that is recorded for the backup; others that are known with --from"}
	}
	return &record.Draft{Entries: []record.DraftEntry{one}}, nil
}

func openDraft(ctx context.Context, path string) (*record.Draft, error) {
	info, err := os.Stat(path)
	if err == nil && !info.Mode().IsRegular() && !info.IsDir() {
		err = output.ErrNotRegular // a pipe would be waited for without end
	}
	if err != nil {
		return nil, &fileError{path, asRecord, err}
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, &fileError{path, asRecord, err}
	}
	defer func() { _ = f.Close() }()
	info, err = f.Stat()
	if err != nil {
		return nil, &fileError{path, asRecord, err}
	}
	return readRecord(ctx, path, func() (*record.Draft, error) { return record.OpenDraft(f, info.Size()) })
}

func (x *finder) run(d *record.Draft) error {
	x.report = &reporter{term: x.term, selection: x.sel, json: x.flags.json, sum: newSummary()}
	repaired := &record.Contents{Environment: d.Environment, RecoveryKeys: d.RecoveryKeys, Events: d.Events}
	unreadable, corrected := 0, false
	progress := x.term.Progress("searched", len(d.Entries))
	defer progress.Done()
	for _, e := range d.Entries {
		if x.ctx.Err() != nil {
			return terminal.ErrInterrupted
		}
		k := x.find(e)
		progress.Step(k.Status != statusOK)
		if err := x.show(k); err != nil {
			return err
		}
		corrected = corrected || k.Correction != ""
		entry := e.Entry
		entry.QuorumID, entry.KeyID = k.quorum, k.key
		if k.quorum.IsZero() || k.key.IsZero() {
			unreadable++
		}
		repaired.Entries = append(repaired.Entries, entry)
	}
	if err := x.report.end(); err != nil {
		return err
	}
	if x.flags.out != "" {
		if err := x.writeRepaired(repaired, unreadable); err != nil {
			return err
		}
	} else if corrected && len(x.flags.records) > 0 && x.flags.keyID == "" {
		x.term.Note("no record was written: with --out FILE, it is written with these corrections")
	}
	return x.report.outcome("found")
}

// writeRepaired writes the record with the IDs that were found; those that were
// not stay as they are.
func (x *finder) writeRepaired(c *record.Contents, unreadable int) error {
	if unreadable == 0 {
		return writeRecord(x.ctx, x.term, x.flags.out, c)
	}
	x.term.Warn(fmt.Sprintf("no record is written: %d %s an ID that is no UUID, and the right one was not found", unreadable, plural(unreadable, "entry has", "entries have")))
	return nil
}

// show shows one result, in the way of the other verbs.
func (x *finder) show(k *foundKey) error {
	if x.flags.json {
		x.report.sum.count(k.keyResult)
		return x.term.JSON(k)
	}
	if err := x.report.key(k.keyResult); err != nil || k.Correction == "" {
		return err
	}
	var l listing
	for _, id := range []struct{ name, was, is string }{
		{"quorum_id", k.RecordedQuorumID, k.QuorumID}, {"key_id", k.RecordedKeyID, k.KeyID},
	} {
		if id.was == id.is {
			continue
		}
		l.add("            %s: %s, recorded as %q", id.name, id.is, id.was)
	}
	l.add("            %s", k.Correction)
	return printLines(x.term, l)
}

// find looks for the IDs of one entry.
func (x *finder) find(e record.DraftEntry) *foundKey {
	k := &foundKey{keyResult: resultOf(e.Key), RecordedQuorumID: e.Quorum, RecordedKeyID: e.Key}
	k.QuorumID = e.Quorum
	if e.Entry.Algorithm != nil {
		k.Algorithm = e.Entry.Algorithm.Algorithm()
	}
	k.quorum, _ = uuid.ParseAny(e.Quorum)
	k.key, _ = uuid.ParseAny(e.Key)
	files := x.files(e)
	var failure error
	for _, f := range files {
		c, sh := recovery.Read(x.sel.bucket, f.File)
		err := c.Err
		if err == nil {
			err = x.search(k, e, c, sh, f.folder)
		}
		if k.Status == statusOK {
			return k
		}
		if failure == nil {
			failure = err
		}
	}
	if failure == nil {
		k.missing(recovery.ErrMissing)
	} else {
		k.fail(failure)
	}
	return k
}

// folderFile is a file that may be the shard of a key, and the key ID that its
// folder is named by.
type folderFile struct {
	bucket.File
	folder []record.Typo
}

// files returns the files that the entry may be about: those in the folder of
// its key ID, else in the folders of what the key ID, or the quorum ID in its
// place, may have been meant to be.
func (x *finder) files(e record.DraftEntry) []folderFile {
	var all []folderFile
	if x.sel.bucket.IsFile() {
		files, _, _ := x.sel.bucket.Files(uuid.ID{})
		for _, f := range files {
			one := folderFile{File: f}
			if id, ok := folderID(x.flags.shards); ok {
				one.folder = []record.Typo{{ID: id, What: "that of the folder"}}
			}
			all = append(all, one)
		}
		return all
	}
	for _, text := range []string{e.Key, e.Quorum} {
		for s := range record.LikelyIDs(text) {
			files, _, _ := x.sel.bucket.Files(s.ID)
			for _, f := range files {
				all = append(all, folderFile{f, []record.Typo{s}})
			}
			if s.What == "" && len(files) > 0 {
				return all
			}
		}
		if len(all) > 0 {
			return all
		}
	}
	return all
}

// search tries IDs on one shard. Nil with a status of ok means that it found
// them; the error says that it did not.
func (x *finder) search(k *foundKey, e record.DraftEntry, c *recovery.Backup, sh *shard.Shard, folder []record.Typo) error {
	search := record.IDSearch{Quorum: e.Quorum, Key: e.Key, Folder: folder, Quorums: x.known.quorums, Keys: x.keys}
	trials := sh.Trials()
	if len(trials) == 0 {
		return shard.ErrUncheckable
	}
	tried := 0
	for _, t := range trials {
		tried = 0
		for g := range search.Candidates() {
			if x.ctx.Err() != nil {
				return terminal.ErrInterrupted
			}
			tried++
			if t.Fits(shard.IDs{Quorum: g.Quorum, Key: g.Key}) {
				k.found(c, g, tried)
				return nil
			}
		}
	}
	k.Tried = max(k.Tried, tried)
	return &notFoundError{tried}
}

func (k *foundKey) found(c *recovery.Backup, g record.Candidate, tried int) {
	k.Status, k.Correction, k.Tried = statusOK, g.What, tried
	k.quorum, k.key = g.Quorum, g.Key
	k.QuorumID, k.KeyID, k.Algorithm = g.Quorum.String(), g.Key.String(), c.Group().Algorithm()
	k.describe(c)
	if dir := filepath.Base(filepath.Dir(filepath.FromSlash(c.Path))); dir != "." && dir != k.KeyID {
		k.warn(warnFolder, "the shard lies in %s: the folder of a key has to have the name of its key ID", c.Path)
	}
}
