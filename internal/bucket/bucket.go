// Package bucket finds the shard files of a key in a download of the bucket.
//
// A download holds <key_id>/recovery_shard-<i>.txt at some depth, as it was
// synchronised. Below a key's folder further copies or object versions of a
// shard may lie under any name. A bucket may hold a million keys, so nothing
// of it is kept in memory but the folders that key folders were found in.
package bucket

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
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
	batchSize  = 1024    // of directory entries held at a time
)

// Errors of this package. Those of the file system come through wrapped.
var (
	ErrNoKeys      = errors.New("no folder named by a key ID is in it")
	ErrNotRegular  = errors.New("not a regular file")
	ErrFileTooLong = errors.New("larger than any shard")
	ErrLinkOut     = errors.New("a link that leads out of the download: links are followed inside of it only")
	ErrLinkDead    = errors.New("a link to a file that is not there")

	// Those of a Warning.
	ErrTooMany        = fmt.Errorf("more than %d files are below the key's folder: the others were not read", maxFiles)
	ErrTooDeep        = fmt.Errorf("folders are nested more than %d deep: those below were not read", maxDepth)
	ErrTooManyFolders = fmt.Errorf("more than %d folders: the others were not read", maxFolders)
)

// Bucket is a download, or one shard file by itself.
type Bucket struct {
	root *os.Root
	// parents are the folders, below root, that hold key folders; "." is root.
	parents []string
	// odd are the key folders whose name is not in lower case, by key.
	odd map[uuid.ID][]string
	// self is the key whose folder root is itself, if it is one.
	self *uuid.ID
	// single is the name of the one file, where the path is a file.
	single string

	warnings []Warning
}

// File is a file that may be a shard.
type File struct {
	Path     string // below the bucket, with slashes
	Named    bool   // it is called recovery_shard-<i>.txt
	Size     int64  // bytes
	Modified time.Time
}

var shardName = regexp.MustCompile(`^recovery_shard-([0-9]+)\.txt$`)

// Open opens a download: a directory that is searched to any depth for folders
// named by a key ID, or one file. Symbolic links are followed inside of it
// only.
func Open(name string) (*Bucket, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		root, err := os.OpenRoot(filepath.Dir(name))
		return &Bucket{root: root, single: filepath.Base(name)}, err
	}
	root, err := os.OpenRoot(name)
	if err != nil {
		return nil, err
	}
	b := &Bucket{root: root, odd: make(map[uuid.ID][]string)}
	if err := b.discover(name); err != nil {
		_ = root.Close()
		return nil, err
	}
	return b, nil
}

// Close closes the bucket.
func (b *Bucket) Close() error { return b.root.Close() }

// IsFile tells whether the bucket is one file, not a directory.
func (b *Bucket) IsFile() bool { return b.single != "" }

func (b *Bucket) discover(name string) error {
	if abs, err := filepath.Abs(name); err == nil {
		if id, err := uuid.Parse(filepath.Base(abs)); err == nil {
			b.self = &id
		}
	}
	if err := b.readable(); err != nil {
		return err
	}
	b.walk(".", b.warn, func(dir string, e fs.DirEntry) walking {
		if !e.IsDir() {
			return pass
		}
		id, err := uuid.Parse(e.Name())
		if err != nil {
			return descend
		}
		if !slices.Contains(b.parents, dir) {
			b.parents = append(b.parents, dir)
		}
		if name := e.Name(); name != id.String() && len(b.odd) < maxOdd {
			b.odd[id] = append(b.odd[id], path.Join(dir, name))
		}
		return pass
	})
	if len(b.parents) == 0 && b.self == nil {
		return ErrNoKeys
	}
	return nil
}

// readable makes sure that the download itself can be listed.
func (b *Bucket) readable() error {
	f, err := b.open(".")
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	if _, err := readDir(f, 1); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	return nil
}

func (b *Bucket) open(folder string) (*os.File, error) {
	if err := faulty("open", folder); err != nil {
		return nil, err
	}
	return b.root.Open(folder)
}

func readDir(f *os.File, n int) ([]fs.DirEntry, error) {
	if err := faulty("readdir", f.Name()); err != nil {
		return nil, err
	}
	return f.ReadDir(n)
}

// Warning is a folder that was passed over, and why.
type Warning struct {
	Path string // below the bucket
	Err  error
}

// warn keeps a warning of the discovery, if there are not too many.
func (b *Bucket) warn(w Warning) {
	if len(b.warnings) < maxWarnings {
		b.warnings = append(b.warnings, w)
	}
}

// Warnings returns the folders that Open passed over: what cannot be read, or
// lies too deep. At most 50 are kept.
func (b *Bucket) Warnings() []Warning { return b.warnings }

// walking is what to do after an entry of a folder.
type walking int

const (
	pass    walking = iota // go on with the next one
	descend                // look into the folder too
	stop                   // end the walk
)

// walk calls visit for every entry below dir, those of upper folders before
// those of lower ones, and looks into the folders for which visit says so. What
// cannot be listed is passed over with a warning.
func (b *Bucket) walk(dir string, warn func(Warning), visit func(dir string, e fs.DirEntry) walking) {
	level := []string{dir}
	for depth := 0; len(level) > 0; depth++ {
		if depth > maxDepth {
			warn(Warning{level[0], ErrTooDeep})
			return
		}
		var below []string
		for _, folder := range level {
			if !b.list(folder, warn, func(e fs.DirEntry) bool {
				next := visit(folder, e)
				if next == descend && len(below) == maxFolders {
					warn(Warning{folder, ErrTooManyFolders})
				} else if next == descend {
					below = append(below, path.Join(folder, e.Name()))
				}
				return next != stop
			}) {
				return
			}
		}
		level = below
	}
}

// list calls each for the entries of one folder, a batch of them at a time, and
// tells whether each did not end it.
func (b *Bucket) list(folder string, warn func(Warning), each func(fs.DirEntry) bool) bool {
	f, err := b.open(folder)
	if err != nil {
		warn(Warning{folder, err})
		return true
	}
	defer func() { _ = f.Close() }()
	for {
		entries, err := readDir(f, batchSize)
		for _, e := range entries {
			if !each(e) {
				return false
			}
		}
		if errors.Is(err, io.EOF) {
			return true
		}
		if err != nil {
			warn(Warning{folder, err})
			return true
		}
	}
}

// Keys yields the ID of every key folder. One that is in two places comes
// twice. It yields nothing for a bucket that is one file. What can no longer be
// listed is passed over with a warning.
func (b *Bucket) Keys(warn func(Warning)) iter.Seq[uuid.ID] {
	return func(yield func(uuid.ID) bool) {
		if b.self != nil && !yield(*b.self) {
			return
		}
		for _, parent := range b.parents {
			if !b.list(parent, warn, func(e fs.DirEntry) bool {
				id, err := uuid.Parse(e.Name())
				return err != nil || !e.IsDir() || yield(id)
			}) {
				return
			}
		}
	}
}

// Files returns the files that may be shards of the key: those of the proper
// name first, and of equals the newest. For a key without a folder it returns
// none, for a bucket that is one file that file. Of very many files it returns
// those that are named like shards and lie nearest to the key's folder. What
// was passed over is in the warnings.
func (b *Bucket) Files(key uuid.ID) (files []File, warnings []Warning, err error) {
	if b.IsFile() {
		f, err := b.stat(b.single)
		return []File{f}, nil, err
	}
	warn := func(w Warning) {
		if len(warnings) < maxWarnings {
			warnings = append(warnings, w)
		}
	}
	var others []File // not named like shards
	entries, left := 0, false
	for _, folder := range b.folders(key) {
		b.walk(folder, warn, func(dir string, e fs.DirEntry) walking {
			if entries++; entries > maxEntries {
				left = true
				return stop
			}
			if e.IsDir() {
				return descend
			}
			named := shardName.MatchString(e.Name())
			if named && len(files) >= maxFiles || !named && len(others) >= maxFiles {
				left = true
				return pass
			}
			// One that cannot be looked at is listed all the same: Read says why.
			f, _ := b.listed(path.Join(dir, e.Name()), e)
			if named {
				files = append(files, f)
			} else {
				others = append(others, f)
			}
			return pass
		})
	}
	if room := maxFiles - len(files); len(others) > room {
		others, left = others[:room], true
	}
	if left {
		warn(Warning{key.String(), ErrTooMany})
	}
	files = append(files, others...)
	slices.SortFunc(files, compare)
	return files, warnings, nil
}

// folders returns the folders of the key, however their letters are written.
func (b *Bucket) folders(key uuid.ID) []string {
	var folders []string
	if b.self != nil && *b.self == key {
		folders = append(folders, ".")
	}
	for _, parent := range b.parents {
		folder := path.Join(parent, key.String())
		if info, err := b.root.Stat(folder); err == nil && info.IsDir() {
			folders = append(folders, folder)
		}
	}
	return append(folders, b.odd[key]...)
}

// compare sorts proper names first, then by index of the recovery key, then
// the newest, then by path.
func compare(a, b File) int {
	switch {
	case a.Named != b.Named && a.Named:
		return -1
	case a.Named != b.Named:
		return 1
	case a.Named && a.index() != b.index():
		return cmp.Compare(a.index(), b.index())
	case path.Base(a.Path) != path.Base(b.Path):
		return strings.Compare(path.Base(a.Path), path.Base(b.Path))
	case !a.Modified.Equal(b.Modified):
		return b.Modified.Compare(a.Modified)
	}
	return strings.Compare(a.Path, b.Path)
}

// index is the number in a proper name.
func (f File) index() int {
	n, _ := strconv.Atoi(shardName.FindStringSubmatch(path.Base(f.Path))[1]) // one that is too large is the largest
	return n
}

// listed is stat for an entry of a folder, which is known already if it is no
// link.
func (b *Bucket) listed(name string, e fs.DirEntry) (File, error) {
	if !e.Type().IsRegular() {
		return b.stat(name)
	}
	return fileOf(name, e.Info)
}

func (b *Bucket) stat(name string) (File, error) {
	return fileOf(name, func() (fs.FileInfo, error) { return b.root.Stat(name) })
}

func fileOf(name string, stat func() (fs.FileInfo, error)) (File, error) {
	f := File{Path: name, Named: shardName.MatchString(path.Base(name))}
	err := faulty("stat", name)
	var info fs.FileInfo
	if err == nil {
		info, err = stat()
	}
	if err == nil {
		f.Size, f.Modified = info.Size(), info.ModTime()
	}
	return f, err
}

// Read returns the bytes of a file, of at most limit. It refuses what is not a
// regular file, and does not wait for one that is a pipe.
func (b *Bucket) Read(f File, limit int64) ([]byte, error) {
	file, err := b.root.OpenFile(f.Path, os.O_RDONLY|nonBlock, 0)
	if err != nil {
		return nil, b.linkFault(f.Path, err)
	}
	defer func() { _ = file.Close() }()
	info, err := file.Stat()
	if err == nil {
		err = faulty("stat", f.Path)
	}
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, ErrNotRegular
	}
	if info.Size() > limit {
		return nil, ErrFileTooLong
	}
	// With room for the read that finds the end.
	data := bytes.NewBuffer(make([]byte, 0, info.Size()+bytes.MinRead))
	err = faulty("read", f.Path)
	if err == nil {
		_, err = data.ReadFrom(io.LimitReader(file, limit+1))
	}
	if err != nil {
		return nil, err
	}
	if int64(data.Len()) > limit { // it has grown
		return nil, ErrFileTooLong
	}
	return data.Bytes(), nil
}

// linkFault says what is wrong with a link that cannot be opened; of another
// file it returns the error as it is. That a link leads out is no error of the
// system but of os.Root, which has no name for it.
func (b *Bucket) linkFault(name string, err error) error {
	var system syscall.Errno
	info, lookErr := b.root.Lstat(name)
	switch {
	case lookErr != nil || info.Mode()&fs.ModeSymlink == 0:
		return err
	case errors.Is(err, fs.ErrNotExist):
		return ErrLinkDead
	case errors.As(err, &system):
		return err
	}
	return ErrLinkOut
}
