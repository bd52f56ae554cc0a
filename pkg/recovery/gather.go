package recovery

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"

	"recover/internal/await"
	"recover/internal/bucket"
	"recover/internal/plaintext"
	"recover/pkg/record"
	"recover/pkg/shard"
)

// What is kept of the backups of one key, at the most. Tests take less.
var (
	maxParsed   = int64(24 << 20) // bytes of files whose parsed form is held; others are read again
	maxDistinct = 100             // backups that are not the same byte for byte
	maxExamined = int64(6 << 20)  // bytes of damaged files that are searched for the key they name
	maxOne      = 2 << 20         // of one of them: a backup of 16 players
)

// Collect reads all files of the entry's key: those in its folder, and where no
// backup is among them, what other names and the labels of shards say is the
// key's. What cannot be read or is not a backup is kept with the reason; files
// with the same bytes are parsed once. An error is that of ctx, or of the file
// that the download is.
func Collect(ctx context.Context, d *Download, e record.Entry) (*Backups, error) {
	s := &Backups{Entry: e, download: d}
	files, passed, err := d.Files(e.KeyID)
	if err != nil {
		return nil, &UnreadableError{err}
	}
	c := &collector{Backups: s, ctx: ctx, seen: make(map[string]*Backup)}
	c.passedOver(passed)
	if err := c.read(files); err != nil {
		return nil, err
	}
	if !d.IsFile() {
		if err := c.lookElsewhere(); err != nil {
			return nil, err
		}
	}
	if err := c.compare(); err != nil {
		return nil, err
	}
	c.passOver()
	return s, nil
}

// collector is one Collect.
type collector struct {
	*Backups
	ctx            context.Context
	seen           map[string]*Backup // by hash
	held, examined int64              // bytes
	distinct       int
}

// passedOver warns of folders that were passed over.
func (c *collector) passedOver(warnings []bucket.Warning) {
	for _, w := range warnings {
		warnf(&c.Warnings, WarnNotRead, "%s: %s", w.Path, systemError(w.Err))
		if c.unlisted == nil && !w.IsLimit() {
			c.unlisted = w.Err
		}
	}
}

// read reads files as backups of the key. The error is that of ctx.
func (c *collector) read(files []bucket.File) error {
	for _, f := range files {
		if err := c.ctx.Err(); err != nil {
			return err
		}
		b := &Backup{File: f}
		c.all = append(c.all, b)
		data, err := c.download.Read(f, shard.MaxFileSize)
		if err != nil {
			b.Err = &UnreadableError{err}
			b.ignored = c.isForeign(b)
			continue
		}
		sum := sha256.Sum256(data)
		b.SHA256 = hex.EncodeToString(sum[:])
		if same, ok := c.seen[b.SHA256]; ok {
			b.SameAs, b.Err = same, same.Err
			b.ignored = same.ignored || c.isForeign(b)
			continue
		}
		c.seen[b.SHA256] = b
		if c.distinct++; c.distinct > maxDistinct && !f.Named {
			b.Err, b.ignored = errNotRead, true
			continue
		}
		if err := c.parse(b, data); err != nil {
			return err
		}
		b.ignored = c.isForeign(b)
	}
	return nil
}

// parse reads the bytes of one file. The error is that of ctx.
func (c *collector) parse(b *Backup, data []byte) error {
	var parsed *shard.Shard
	text, err := plaintext.Decode(data, shard.MaxFileSize)
	if len(text) == 0 && err != nil {
		text = data
	}
	if stopped := await.Do(c.ctx, func() { parsed, err = shard.Parse(data) }); stopped != nil {
		return stopped
	}
	switch {
	case err == nil:
		b.describe(parsed)
		if c.held += b.Size; c.held <= maxParsed {
			b.shard = parsed
		}
		if c.Entry.Algorithm != nil {
			b.Err = parsed.CheckAlgorithm(c.Entry.Algorithm)
		}
	case len(text) <= maxOne && c.examined+int64(len(text)) <= maxExamined:
		c.examined += int64(len(text))
		b.Err = err
		return await.Do(c.ctx, func() { b.masters = shard.DamagedMasterKeys(text) })
	default:
		b.Err = err
		if b.Named {
			warnf(&c.Warnings, WarnNotRead, "%s: damaged, and too large to be searched for the key that it names", b.Path)
		}
	}
	return nil
}

var errNotRead = errors.New("not read: there are too many other files")

// isForeign tells whether a file is neither named like a shard nor one. It notes
// what is an archive.
func (c *collector) isForeign(b *Backup) bool {
	if b.Named || b.HasKey() || c.download.IsFile() {
		return false
	}
	if b.Err != nil && b.SameAs == nil {
		b.archive = c.download.ArchiveKind(b.File)
	}
	return b.archive != "" || shard.ReasonOf(b.Err) == shard.ReasonMalformed
}

// passOver warns of files that are no backups.
func (c *collector) passOver() {
	for _, b := range c.all {
		switch {
		case !b.ignored || b.Err == errNotRead || bucket.IsLitter(b.Path):
		case b.archive != "":
			warnf(&c.Warnings, WarnArchive, "%s is a %s archive: what is in it was not read", b.Path, b.archive)
		default:
			warnf(&c.Warnings, WarnNotShard, "%s is not a shard", b.Path)
		}
	}
	if c.distinct > maxDistinct {
		warnf(&c.Warnings, WarnNotRead, "%d different files are in the key's folder: of those that are not named recovery_shard-N.txt, only the first were read", c.distinct)
	}
}

// hasBackup tells whether a file was read as a backup.
func (c *collector) hasBackup() bool { return slices.ContainsFunc(c.all, (*Backup).HasKey) }
