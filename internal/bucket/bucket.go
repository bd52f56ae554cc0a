// Package bucket finds the shard files of a key in a download of the bucket.
//
// A download holds <key_id>/recovery_shard-<i>.txt at some depth, as it was
// synchronised. Below a key's folder further copies or object versions of a
// shard may lie under any name. What browsers, archive programs and file
// managers make of such a tree is found too, apart: folders with the ID among
// other text, files with the ID in their name, and shards in folders that no ID
// is the name of. Whether those are of a key, their label tells the caller.
//
// A bucket may hold a million keys, so nothing of it is kept in memory but the
// folders that key folders were found in, and a limited number of what lies
// apart.
package bucket

import (
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"recover/internal/uuid"
)

const (
	maxDepth    = 16 // of folders that are searched
	maxWarnings = 50
)

// Tests take less.
var (
	maxFiles   = 1000    // of one key that are read
	maxEntries = 100_000 // below one key's folder that are looked at
	maxFolders = 100_000 // of one depth that are looked into
	maxOdd     = 10_000  // key folders whose name is not in lower case
	maxApart   = 100_000 // folders and files with an ID among other text
	maxStrays  = 1000    // shards without an ID in their path
	batchSize  = 1024    // of directory entries held at a time
)

// Errors of this package. Those of the file system come through wrapped.
var (
	ErrNoKeys      = errors.New("no folder named by a key ID is in it")
	ErrLinkedKeys  = errors.New("its key folders are links that lead out of it: links are followed inside of the download only")
	ErrNotRegular  = errors.New("not a regular file")
	ErrFileTooLong = errors.New("larger than any shard")
	ErrLinkOut     = errors.New("a link that leads out of the download: links are followed inside of it only")
	ErrLinkDead    = errors.New("a link to a file that is not there")

	// Those of a Warning.
	ErrLinkFolder     = errors.New("a link to a folder: of those only the ones named by a key ID are followed")
	ErrTooMany        = fmt.Errorf("more than %d files are below the key's folder: the others were not read", maxFiles)
	ErrTooDeep        = fmt.Errorf("folders are nested more than %d deep: those below were not read", maxDepth)
	ErrTooManyFolders = fmt.Errorf("more than %d folders: the others were not read", maxFolders)
	ErrTooManyApart   = errors.New("too many shards are not in a folder named by a key ID: the others were not read")
)

// ArchiveError is an archive in the place of a download, or in one that has no
// key folders.
type ArchiveError struct {
	Path string // below the download; "" where that itself is the archive
	Kind string // such as "zip" or "tar.gz"
}

func (e *ArchiveError) Error() string {
	if e.Path == "" {
		return fmt.Sprintf("a %s archive, which has to be unpacked first", e.Kind)
	}
	return fmt.Sprintf("%v, but a %s archive, which has to be unpacked first: %s", ErrNoKeys, e.Kind, e.Path)
}

// Hints are what is known before a download is opened. All may be empty.
type Hints struct {
	Key     uuid.ID              // the only key that is looked for
	Quorums map[uuid.ID]struct{} // whose folders may hold the key folders
	Labels  bool                 // the caller can tell by its label which key a shard is of
}

// Bucket is a download, or one shard file by itself.
type Bucket struct {
	root  *os.Root
	name  string // as it was given
	hints Hints
	// parents are the folders, below root, that hold key folders; "." is root.
	parents []string
	// odd are the key folders whose name is not in lower case, by key.
	odd map[uuid.ID][]string
	// self is the key whose folder root is itself, if it is one.
	self *uuid.ID
	// single is the name of the one file, where the path is a file.
	single string

	apart    map[uuid.ID][]string // folders and files with the ID among other text
	others   []uuid.ID            // the keys that only apart has shards of
	strays   []string             // files named like shards, whose path has no key folder
	archives []string             // the first files named like archives
	proper   func() bool          // see HasProper

	warnings []Warning
}

// File is a file that may be a shard.
type File struct {
	Path     string // below the bucket, with slashes
	Named    bool   // it is called recovery_shard-<i>.txt
	Size     int64  // bytes
	Modified time.Time
}

// Open opens a download: a directory that is searched to any depth for folders
// named by a key ID, or one file. Symbolic links are followed inside of it
// only. An archive is an *ArchiveError. With hints, a directory without key
// folders is opened too, if it has files named like shards and labels can be
// tried, or if one key is looked for and some file begins like a shard.
func Open(name string, hints Hints) (*Bucket, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return openFile(name)
	}
	root, err := os.OpenRoot(name)
	if err != nil {
		return nil, err
	}
	b := &Bucket{root: root, name: name, hints: hints, odd: make(map[uuid.ID][]string), apart: make(map[uuid.ID][]string)}
	b.proper = sync.OnceValue(b.findProper)
	if err := b.discover(); err != nil {
		_ = root.Close()
		return nil, err
	}
	return b, nil
}

func openFile(name string) (*Bucket, error) {
	root, err := os.OpenRoot(filepath.Dir(name))
	if err != nil {
		return nil, err
	}
	b := &Bucket{root: root, name: name, single: filepath.Base(name)}
	if kind := ArchiveKind(name, b.head(b.single)); kind != "" {
		_ = root.Close()
		return nil, &ArchiveError{"", kind}
	}
	return b, nil
}

// Close closes the bucket.
func (b *Bucket) Close() error { return b.root.Close() }

// IsFile tells whether the bucket is one file, not a directory.
func (b *Bucket) IsFile() bool { return b.single != "" }

// HasKeyFolders tells whether any folder is named by a key ID.
func (b *Bucket) HasKeyFolders() bool { return len(b.parents) > 0 || b.self != nil }

// IsFor tells whether key is the only one that is looked for.
func (b *Bucket) IsFor(key uuid.ID) bool { return !key.IsZero() && b.hints.Key == key }

func (b *Bucket) discover() error {
	if abs, err := filepath.Abs(b.name); err == nil {
		if id, err := uuid.ParseAny(filepath.Base(abs)); err == nil {
			b.self = &id
		}
	}
	if err := b.readable(); err != nil {
		return err
	}
	linked := false
	b.walk(".", b.warn, func(dir string, e fs.DirEntry) walking {
		isDir := e.IsDir()
		id, err := uuid.ParseAny(e.Name())
		if e.Type()&fs.ModeSymlink != 0 {
			if wrong := b.link(path.Join(dir, e.Name()), err == nil); wrong != nil {
				linked = linked || err == nil && wrong == ErrLinkOut
				b.warn(Warning{path.Join(dir, e.Name()), wrong})
				return pass
			}
			isDir = b.isFolder(dir, e)
		}
		switch {
		case !isDir:
			b.noteFile(dir, e.Name())
			return pass
		case err != nil:
			b.noteApart(path.Join(dir, e.Name()), idsIn(e.Name()))
			return descend
		case b.isQuorum(id) && b.holdsKeys(path.Join(dir, e.Name())):
			return descend
		case b.isQuorum(id):
			b.noteFiles(path.Join(dir, e.Name()))
		}
		if !slices.Contains(b.parents, dir) {
			b.parents = append(b.parents, dir)
		}
		if name := e.Name(); name != id.String() && len(b.odd) < maxOdd {
			b.odd[id] = append(b.odd[id], path.Join(dir, name))
		}
		return pass
	})
	if b.HasKeyFolders() || len(b.others) > 0 || b.hints.Labels && len(b.strays) > 0 || !b.hints.Key.IsZero() && len(b.Search()) > 0 {
		return nil
	}
	return b.noKeys(linked)
}

// noKeys says why nothing was found.
func (b *Bucket) noKeys(linked bool) error {
	if linked {
		return ErrLinkedKeys
	}
	for _, name := range b.archives {
		if kind := ArchiveKind(name, b.head(name)); kind != "" {
			return &ArchiveError{name, kind}
		}
	}
	for _, w := range b.warnings {
		var path *fs.PathError
		if errors.Is(w.Err, fs.ErrPermission) && errors.As(w.Err, &path) && w.Path != "." {
			return fmt.Errorf("%w, as far as it can be listed; %s: %w", ErrNoKeys, w.Path, path.Err)
		}
	}
	return ErrNoKeys
}

func (b *Bucket) isQuorum(id uuid.ID) bool {
	_, is := b.hints.Quorums[id]
	return is
}

// holdsKeys tells whether a folder has folders named by IDs.
func (b *Bucket) holdsKeys(folder string) bool {
	return !b.list(folder, func(Warning) {}, func(e fs.DirEntry) bool {
		_, err := uuid.ParseAny(e.Name())
		return err != nil || !b.isFolder(folder, e)
	})
}

// isFolder tells whether an entry is a folder, or a link to one inside of the
// download.
func (b *Bucket) isFolder(dir string, e fs.DirEntry) bool {
	if e.Type()&fs.ModeSymlink == 0 {
		return e.IsDir()
	}
	info, err := b.root.Stat(path.Join(dir, e.Name()))
	return err == nil && info.IsDir()
}

// Keys yields the ID of every key that has a folder, or a file named like a
// shard with the ID in its path. One that is in two places comes twice. It
// yields nothing for a bucket that is one file. What can no longer be listed is
// passed over with a warning.
func (b *Bucket) Keys(warn func(Warning)) iter.Seq[uuid.ID] {
	return func(yield func(uuid.ID) bool) {
		if b.self != nil && !yield(*b.self) {
			return
		}
		for _, parent := range b.parents {
			if !b.list(parent, warn, func(e fs.DirEntry) bool {
				id, err := uuid.ParseAny(e.Name())
				return err != nil || b.isQuorum(id) || !b.isFolder(parent, e) || yield(id)
			}) {
				return
			}
		}
		for _, id := range b.others {
			if !yield(id) {
				return
			}
		}
	}
}
