// Package bucketlist reads what a bucket says of itself: the answer of S3's
// ListObjectVersions, as "aws s3api list-object-versions" prints it.
//
// A download alone does not tell which version of a backup is the newest, whether
// the newest was deleted, or when a backup was written. The listing does, if it is
// complete: one that leaves out versions would make an old backup look new, so it
// is refused.
package bucketlist

import (
	"bytes"
	"iter"
	"maps"
	"slices"
	"time"

	"recover/internal/uuid"
)

// Version is one version of an object, or a delete marker.
type Version struct {
	ID       string // "null" for one that was written before versions were kept
	Modified time.Time
	Size     int64  // bytes; 0 for a delete marker
	MD5      string // what may be the MD5 of the content: 32 hex digits in lower case; empty where it cannot be
	Deleted  bool   // a delete marker
	Latest   bool
}

// Object is one backup file of the bucket, with all its versions.
type Object struct {
	Key      string // its whole name in the bucket
	Index    int    // the number in recovery_shard-<Index>.txt
	Versions []Version
}

// Newest returns the version that the bucket gives out, or the delete marker in
// its place.
func (o *Object) Newest() *Version { return &o.Versions[0] }

// Listing is a complete listing of a bucket.
type Listing struct {
	Prefix   string // which the names had to begin with, as far as the listing says
	Versions int    // of backups and other objects, without the delete markers
	Markers  int    // delete markers
	Others   int    // objects that are not named like a backup

	objects map[uuid.ID][]*Object
}

// Objects returns the backup files of a key, sorted by their names; none where
// the bucket never had one.
func (l *Listing) Objects(key uuid.ID) []*Object { return l.objects[key] }

// Keys yields the IDs of the keys that the bucket has, or had, backup files of,
// sorted.
func (l *Listing) Keys() iter.Seq[uuid.ID] {
	return slices.Values(slices.SortedFunc(maps.Keys(l.objects), func(a, b uuid.ID) int { return bytes.Compare(a[:], b[:]) }))
}

// Newest returns when the last backup file was written, or deleted.
func (l *Listing) Newest() (newest time.Time) {
	for _, objects := range l.objects {
		for _, o := range objects {
			if t := o.Newest().Modified; t.After(newest) {
				newest = t
			}
		}
	}
	return newest
}
