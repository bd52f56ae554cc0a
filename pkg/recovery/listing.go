package recovery

import (
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"recover/internal/await"
	"recover/internal/uuid"
	"recover/pkg/bucketlist"
)

// A download that has a listing of its bucket is compared with it: the dates of
// the backups are then those of the bucket, and what is not as it is there becomes
// a warning of the key.

// listed is what the listing says of one file.
type listed struct {
	object  *bucketlist.Object  // nil: the bucket has none that the file could be of
	version *bucketlist.Version // nil: none, or not known which
	several int                 // versions that the file may be; it has nothing that tells which
	older   bool                // dated before the only version of its size
}

// timeSlack is how far the date of a file may be off: a FAT medium has only every
// second one.
const timeSlack = 2 * time.Second

// maxZone is how far the date of a file may be shifted, by quarters of an hour,
// where a medium keeps local time.
const maxZone = 14 * time.Hour

// compare finds out which version each file of the key is, and dates it. The error
// is that of ctx.
func (c *collector) compare() error {
	l := c.download.Listing
	if l == nil {
		return nil
	}
	objects := l.Objects(c.Entry.KeyID)
	for _, b := range c.all {
		if b.Err == errNotRead {
			continue
		}
		if err := await.Do(c.ctx, func() { b.listed = c.identify(b, objects) }); err != nil {
			return err
		}
		// A version of the backup that cannot be read as one is damaged, whatever its name.
		b.ignored = b.ignored && b.listed.version == nil
		if b.Modified = (time.Time{}); b.listed.version != nil {
			b.Modified = b.listed.version.Modified
		}
	}
	return nil
}

// Version returns the version of the bucket that a file is, if a listing says so.
func (b *Backup) Version() *bucketlist.Version {
	if b.listed == nil {
		return nil
	}
	return b.listed.version
}

// isNewest tells whether the file is the newest version of the listing.
func (b *Backup) isNewest() bool { return b.Version() != nil && b.Version().Latest }

// candidate is a version that a file may be.
type candidate struct {
	object  *bucketlist.Object
	version *bucketlist.Version
}

// identify finds the version that a file is: by its content, by a version ID in
// its path, or by its date; of those that have its size.
func (s *Backups) identify(b *Backup, objects []*bucketlist.Object) *listed {
	objects = objectsOf(b, objects)
	if len(objects) == 0 {
		return new(listed)
	}
	var all []candidate
	for _, o := range objects {
		for i := range o.Versions {
			v := &o.Versions[i]
			switch {
			case v.Deleted:
			case v.Size == b.Size:
				all = append(all, candidate{o, v})
			case names(b.Path, v):
				return &listed{object: o}
			}
		}
	}
	if len(all) == 0 {
		return &listed{object: objects[0]}
	}
	same, isSame := s.narrowByContent(b, all)
	all = narrow(same, func(v *bucketlist.Version) bool { return names(b.Path, v) })
	byName := len(all) == 1 && names(b.Path, all[0].version)
	all = narrow(all, func(v *bucketlist.Version) bool { return b.Modified.Sub(v.Modified).Abs() <= timeSlack })
	all = narrow(all, func(v *bucketlist.Version) bool { return isShifted(b.Modified.Sub(v.Modified)) })
	all = narrow(all, func(v *bucketlist.Version) bool { return !v.Modified.After(b.Modified.Add(timeSlack)) })
	first := all[0]
	switch {
	case isSame || byName:
		return &listed{object: first.object, version: first.version}
	case len(all) > 1:
		return &listed{object: first.object, several: len(all)}
	case first.version.Modified.After(b.Modified.Add(timeSlack)) && !isShifted(b.Modified.Sub(first.version.Modified)):
		return &listed{object: first.object, older: true}
	}
	return &listed{object: first.object, version: first.version}
}

var indexIn = regexp.MustCompile(`(?i)recovery_shard-([0-9]{1,9})`)

// objectsOf returns the objects that a file may be a version of, by its name.
func objectsOf(b *Backup, objects []*bucketlist.Object) []*bucketlist.Object {
	keep := func(is func(*bucketlist.Object) bool) {
		if some := slices.DeleteFunc(slices.Clone(objects), func(o *bucketlist.Object) bool { return !is(o) }); len(some) > 0 {
			objects = some
		}
	}
	if m := indexIn.FindStringSubmatch(path.Base(b.Path)); m != nil {
		index, _ := strconv.Atoi(m[1])
		keep(func(o *bucketlist.Object) bool { return o.Index == index })
	}
	keep(func(o *bucketlist.Object) bool {
		return strings.HasSuffix("/"+o.Key, "/"+b.Path) || strings.HasSuffix("/"+b.Path, "/"+o.Key)
	})
	return objects
}

// narrow keeps those of which is says so, if there are any.
func narrow(all []candidate, is func(*bucketlist.Version) bool) []candidate {
	if some := slices.DeleteFunc(slices.Clone(all), func(c candidate) bool { return !is(c.version) }); len(some) > 0 {
		return some
	}
	return all
}

// narrowByContent keeps the versions that have the file's content. An ETag that is
// another than the file's MD5 says nothing: with KMS it is no MD5.
func (s *Backups) narrowByContent(b *Backup, all []candidate) (same []candidate, is bool) {
	if !slices.ContainsFunc(all, func(c candidate) bool { return c.version.MD5 != "" }) {
		return all, false
	}
	data, err := s.read(b)
	if err != nil {
		return all, false
	}
	sum := md5.Sum(data)
	of := hex.EncodeToString(sum[:])
	is = slices.ContainsFunc(all, func(c candidate) bool { return c.version.MD5 == of })
	return narrow(all, func(v *bucketlist.Version) bool { return v.MD5 == of }), is
}

// names tells whether a path has the ID of a version in it.
func names(path string, v *bucketlist.Version) bool {
	return len(v.ID) >= 8 && strings.Contains(path, v.ID)
}

// isShifted tells whether a date is off by a difference of time zones.
func isShifted(d time.Duration) bool {
	return d.Abs() <= maxZone+timeSlack && (d-d.Round(15*time.Minute)).Abs() <= timeSlack
}

// CompareListing says what is not as it is in the listing of the bucket, without a
// proof of the backups; nothing where there is no listing.
func (s *Backups) CompareListing() []Warning {
	return s.listingWarnings(func(b *Backup) error { return b.Err })
}

// listingWarnings say what is not as it is in the bucket. wrong returns why a file
// cannot be used, nil for one that can.
func (s *Backups) listingWarnings(wrong func(*Backup) error) (warnings []Warning) {
	if s.download == nil || s.download.Listing == nil {
		return nil
	}
	objects := s.download.Listing.Objects(s.Entry.KeyID)
	if len(objects) == 0 {
		warnf(&warnings, WarnNotInBucket, "the bucket's listing has no backup of this key, not even a deleted one")
	}
	for _, o := range objects {
		s.warnOfObject(&warnings, o, wrong)
	}
	return firstOfEach(warnings)
}

// maxAlike is how many warnings of one code the listing makes for one key: whoever
// can write to the bucket can put any number of backups of it there.
const maxAlike = 20

// firstOfEach keeps the first warnings of each code, and tells how many more there
// were.
func firstOfEach(all []Warning) []Warning {
	count := make(map[string]int)
	var kept []Warning
	for _, w := range all {
		if count[w.Code]++; count[w.Code] <= maxAlike {
			kept = append(kept, w)
		}
	}
	for _, w := range kept {
		if more := count[w.Code] - maxAlike; more > 0 {
			kept = append(kept, Warning{Code: w.Code, Detail: fmt.Sprintf("and %d more like these in the listing of this key", more)})
			count[w.Code] = 0
		}
	}
	return kept
}

// warnOfObject warns where the download does not have the newest version of one
// object, or has it and cannot use it.
func (s *Backups) warnOfObject(to *[]Warning, o *bucketlist.Object, wrong func(*Backup) error) {
	var newest, older, unlisted, unknown []*Backup
	for _, b := range s.All() {
		l := b.listed
		switch {
		case l == nil || l.object != o:
		case l.several > 0:
			unknown = append(unknown, b)
		case b.isNewest():
			newest = append(newest, b)
		case l.version != nil || l.older:
			older = append(older, b)
		default:
			unlisted = append(unlisted, b)
		}
	}
	name, last := path.Base(o.Key), o.Newest()
	isCurrent := func(b *Backup) bool { return s.download.IsProper(b.File) }
	works := func(b *Backup) bool { return wrong(b) == nil }
	switch {
	case last.Deleted:
		warnf(to, WarnDeleted, "%s was deleted in the bucket on %s%s", name, day(last.Modified), lastVersion(o))
	case slices.ContainsFunc(newest, works):
	case len(newest) > 0:
		warnf(to, WarnNewestDamaged, "%s is the newest version in the bucket, of %s, and cannot be used: %v", newest[0].Path, day(last.Modified), wrong(newest[0]))
	case slices.ContainsFunc(unknown, works):
		warnf(to, WarnVersionUnknown, "the listing does not tell which of %d versions of the same size %s is, so it may not be the newest, of %s", unknown[0].listed.several, unknown[0].Path, day(last.Modified))
	case slices.ContainsFunc(older, isCurrent):
		b := older[slices.IndexFunc(older, isCurrent)]
		warnf(to, WarnStale, "%s is %s: the newest version in the bucket, of %s, is not in the download", b.Path, b.age(), day(last.Modified))
	case len(unlisted) > 0:
		warnf(to, WarnUnlisted, "%s, with %d bytes, is none of the versions in the listing: it was changed, or is newer than the listing; the newest there is of %s and has %d bytes",
			unlisted[0].Path, unlisted[0].Size, day(last.Modified), last.Size)
	default:
		warnf(to, WarnNotDownloaded, "the newest %s in the bucket, of %s, is not in the download", name, day(last.Modified))
	}
}

// age says which version an older one is.
func (b *Backup) age() string {
	if v := b.listed.version; v != nil {
		return "the version of " + day(v.Modified)
	}
	return "an older one by its date"
}

// lastVersion says from when the last version before a delete marker is.
func lastVersion(o *bucketlist.Object) string {
	for _, v := range o.Versions {
		if !v.Deleted {
			return "; its last version, of " + day(v.Modified) + ", is still there"
		}
	}
	return ", and no version of it is left"
}

// InListing tells whether the listing of the download, if it has one, has backups
// of a key.
func (d *Download) InListing(key uuid.ID) bool {
	return d.Listing != nil && len(d.Listing.Objects(key)) > 0
}
