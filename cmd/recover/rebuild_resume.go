package main

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"recover/internal/bucket"
	"recover/internal/output"
	"recover/internal/terminal"
	"recover/pkg/record"
	"recover/pkg/recovery"
	"recover/pkg/report"
)

// openEarlierRun opens the directory of a run, and holds what was done against
// the record and, of some keys, against their shards.
func openEarlierRun(t *terminal.Terminal, f *rebuildFlags, s *selection) (*report.Run, error) {
	if _, err := os.Lstat(f.resume); errors.Is(err, fs.ErrNotExist) {
		return nil, &fileError{f.resume, asOutput, errNoRun}
	}
	run, err := report.Open(f.resume)
	if err != nil {
		return nil, runError(f.resume, err)
	}
	err = run.CheckRecord(s.record, f.part.Has)
	if err == nil {
		err = s.checkShards(run.Sample())
	}
	if err != nil {
		run.Close()
		return nil, runError(f.resume, err)
	}
	for _, r := range run.Rejected() {
		text := fmt.Sprintf("%s is not the file that the run wrote: %s. Do not use it, and keep it to find out what happened", r.Path, r.Problem)
		if r.Keys > 0 {
			text += fmt.Sprintf(". It held %d %s, which %s rebuilt again into a new file", r.Keys, plural(r.Keys, "key", "keys"), plural(r.Keys, "is", "are"))
		}
		t.Warn(text)
	}
	if n := run.Unhashed(); n > 0 {
		t.Warn(fmt.Sprintf("the run was begun with an older version of this program, which kept no hashes of its files: %d %s not checked, but for being there", n, plural(n, "file is", "files are")))
	}
	return run, nil
}

// runError names the directory of a run, or the file in it that an error is of.
func runError(dir string, err error) error {
	var named *output.PathError
	switch {
	case is[*fileError](err):
		return err
	case errors.As(err, &named):
		return &fileError{named.Path, asOutput, err}
	case errors.Is(err, report.ErrFormat):
		return &fileError{filepath.Join(dir, report.JournalName), asOutput, err}
	}
	return &fileError{dir, asOutput, err}
}

// checkShards looks at some of the shards that were done: they have to be what
// they were, and of the wallets that the journal says.
func (s *selection) checkShards(sample []report.Key) error {
	for _, k := range sample {
		c, _ := recovery.Read(s.bucket, bucket.File{Path: k.Shard})
		if r := recovery.ReasonOf(c.Err); r == recovery.ReasonUnreadable || r == recovery.ReasonNoPermission {
			return &fileError{k.Shard, asShards, c.Err}
		}
		if c.SHA256 != k.ShardSHA256 {
			return &fileError{k.Shard, asShards, errShardChanged}
		}
		// The shard's own word on its wallet is a claim; for a key with an anchor,
		// the record has decided already.
		anchored := k.Anchor == string(record.AnchorService) || k.Anchor == string(record.AnchorDrill)
		if c.Err != nil || k.Status != report.OK || anchored {
			continue
		}
		if public := c.WalletPublicKey; public != nil && hex.EncodeToString(public.Bytes()) != k.PublicKey {
			return &fileError{k.Shard, asShards, errForgedKey}
		}
	}
	return nil
}
