package recovery

import (
	"context"
	"fmt"
	"path"
	"slices"
	"sync"

	"recover/internal/bucket"
	"recover/internal/uuid"
	"recover/pkg/record"
	"recover/pkg/shard"
)

// maxTrials is how many labels are tried for all keys of a download together: a
// few minutes. Tests take less.
var maxTrials = 1 << 20

// maxElsewhere is how many places are named in the warnings of a key.
const maxElsewhere = 5

// lookElsewhere looks for backups of a key whose own folder has none: in what has
// the key's ID among other text in its name, in shards that lie in no key's
// folder, and where this is the only key that is looked for, in all files. The
// error is that of ctx.
func (c *collector) lookElsewhere() error {
	files, places, warnings := c.download.Apart(c.Entry.KeyID)
	if c.hasBackup() {
		for _, place := range places[:min(len(places), maxElsewhere)] {
			warnf(&c.Warnings, WarnElsewhere, "%s has the ID of this key in its name, too: it was not read, because the key's own folder has a backup", place)
		}
		c.warnNotCurrent()
		return nil
	}
	c.passedOver(warnings)
	own := len(c.all) > 0
	if own { // damaged ones, which another key's must not displace
		files = c.fitting(files)
	}
	if len(files) > 0 {
		for _, place := range places[:min(len(places), maxElsewhere)] {
			warnf(&c.Warnings, WarnElsewhere, "no backup is in a folder named by the key ID alone: taken from %s", place)
		}
		if err := c.read(files); err != nil || c.hasBackup() {
			return err
		}
	}
	strays, all, err := c.download.strays.of(c.ctx, c.download, c.Entry)
	if err != nil {
		return err
	}
	if !all {
		warnf(&c.Warnings, WarnNotRead, "after %d trials of labels, the shards that lie in no key's folder were not tried for this key", maxTrials)
	}
	for _, f := range strays[:min(len(strays), maxElsewhere)] {
		if c.download.IsFor(c.Entry.KeyID) && !c.download.HasKeyFolders() {
			break // it was named as this key's folder
		}
		warnf(&c.Warnings, WarnElsewhere, "no backup is in a folder named by the key ID: taken from %s, which has the label of this key", f.Path)
	}
	if err := c.read(c.unread(strays)); err != nil || c.hasBackup() {
		return err
	}
	return c.searchAll()
}

// searchAll looks into all files of the download, where this key is the only one
// that is looked for. Those with its label are taken. Where nothing has its label
// and no folder is named by a key ID, the download may be this key's folder under
// another name: all files that begin like shards are taken.
func (c *collector) searchAll() error {
	if !c.download.IsFor(c.Entry.KeyID) {
		return nil
	}
	files := c.unread(c.download.Search())
	fitting := c.fitting(files)
	if len(fitting) == 0 && !c.download.HasKeyFolders() {
		fitting = files
	}
	return c.read(fitting)
}

// unread returns the files that were not read yet.
func (c *collector) unread(files []bucket.File) []bucket.File {
	return slices.DeleteFunc(slices.Clone(files), func(f bucket.File) bool {
		return slices.ContainsFunc(c.all, func(b *Backup) bool { return b.Path == f.Path })
	})
}

// fitting returns the files whose label is the key's.
func (c *collector) fitting(files []bucket.File) (fit []bucket.File) {
	for _, f := range files {
		if c.ctx.Err() != nil {
			return nil
		}
		if s := strayOf(c.download, f); s != nil && s.fits(c.Entry) {
			fit = append(fit, f)
		}
	}
	return fit
}

// stray is a shard of which only the label is held.
type stray struct {
	file   bucket.File
	trials []*shard.Trial
	taken  bool
}

// strayOf reads a file as a stray; nil if it is no shard or has no opened
// ciphertext to try labels on.
func strayOf(d *Download, f bucket.File) *stray {
	data, err := d.Read(f, shard.MaxFileSize)
	if err != nil {
		return nil
	}
	sh, err := shard.Parse(data)
	if err != nil {
		return nil
	}
	if t := sh.Trials(); len(t) > 0 {
		return &stray{file: f, trials: t}
	}
	return nil
}

// fits tells whether the label is one of the entry's.
func (s *stray) fits(e record.Entry) bool {
	for _, quorum := range append([]uuid.ID{e.QuorumID}, e.PreviousQuorumIDs...) {
		if quorum.IsZero() {
			continue
		}
		if slices.ContainsFunc(s.trials, func(t *shard.Trial) bool { return t.Fits(shard.IDs{Quorum: quorum, Key: e.KeyID}) }) {
			return true
		}
	}
	return false
}

// strays are the shards of a download that lie in no folder of a key. They are
// read when a key without a backup is met first.
type strays struct {
	mu    sync.Mutex
	read  bool
	list  []*stray
	tried int
}

// of returns those that have the label of the entry's key, and whether all were
// tried. The error is that of ctx.
func (s *strays) of(ctx context.Context, d *Download, e record.Entry) (fit []bucket.File, all bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.read {
		for _, f := range d.Strays() {
			if err := ctx.Err(); err != nil {
				return nil, false, err
			}
			if one := strayOf(d, f); one != nil {
				s.list = append(s.list, one)
			}
		}
		s.read = true
	}
	for _, one := range s.list {
		if one.taken {
			continue
		}
		if s.tried >= maxTrials {
			return fit, false, nil
		}
		if err := ctx.Err(); err != nil {
			return nil, false, err
		}
		s.tried++
		if one.fits(e) {
			one.taken = true
			fit = append(fit, one.file)
		}
	}
	return fit, true, nil
}

// warnNotCurrent warns where the download has no copy of the key under the name
// that the service gives it, while it has one of other keys: the current one may
// have been deleted.
func (c *collector) warnNotCurrent() {
	if c.download.Listing != nil {
		return // which tells what is the current one
	}
	own := slices.ContainsFunc(c.all, func(b *Backup) bool { return c.download.IsProper(b.File) })
	if !own && c.download.HasProper() {
		warnf(&c.Warnings, WarnNoCurrent, "no recovery_shard-N.txt lies in the key's folder itself, where other keys have one: the current backup may have been deleted; what is here are other versions or copies")
	}
}

// MissingError is a key without a backup, where there is an archive that may hold
// one. It is ErrMissing.
type MissingError struct {
	Path, Kind string // of the archive
}

func (e *MissingError) Error() string {
	return fmt.Sprintf("%v, but a %s archive is, which has to be unpacked first: %s", ErrMissing, e.Kind, e.Path)
}

func (e *MissingError) Unwrap() error { return ErrMissing }

// missing says why there is no backup of the key.
func (s *Backups) missing() error {
	if s.unlisted != nil {
		return &UnreadableError{s.unlisted}
	}
	for _, b := range s.all {
		if b.archive != "" {
			return &MissingError{b.Path, b.archive}
		}
	}
	if s.download != nil && !s.download.IsFile() {
		for _, a := range s.download.Archives() {
			return &MissingError{path.Clean(a.Path), a.Kind}
		}
	}
	return ErrMissing
}
