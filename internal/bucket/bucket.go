// Package bucket finds the shard files of a key in a download of the bucket.
//
// A download holds <key_id>/recovery_shard-<i>.txt at some depth, as it was
// synchronised. Below a key's folder further copies or object versions of a
// shard may lie under any name. A bucket may hold a million keys, so nothing
// of it is kept in memory but the folders that key folders were found in.
package bucket

import (
	"bytes"
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
	"strings"
	"syscall"
	"time"

	"recover/internal/uuid"
)

const (
	maxDepth  = 16   // of folders that are searched
	maxFiles  = 1000 // below one key's folder
	batchSize = 1024 // of directory entries held at a time
)

// Errors of this package. Those of the file system come through wrapped.
var (
	ErrNoKeys      = errors.New("no folder named by a key ID is in it")
	ErrTooMany     = fmt.Errorf("more than %d files are below one key's folder", maxFiles)
	ErrTooDeep     = fmt.Errorf("folders are nested more than %d deep", maxDepth)
	ErrNotRegular  = errors.New("not a regular file")
	ErrFileTooLong = errors.New("larger than any shard")
	ErrLinkOut     = errors.New("a link that leads out of the download: links are followed inside of it only")
	ErrLinkDead    = errors.New("a link to a file that is not there")
)

// Bucket is a download, or one shard file by itself.
type Bucket struct {
	root *os.Root
	// parents are the folders, below root, that hold key folders; "." is root.
	parents []string
	// self is the key whose folder root is itself, if it is one.
	self *uuid.ID
	// single is the name of the one file, where the path is a file.
	single string
}

// File is a file that may be a shard.
type File struct {
	Path     string // below the bucket, with slashes
	Named    bool   // it is called recovery_shard-<i>.txt
	Size     int64  // bytes
	Modified time.Time
}

var shardName = regexp.MustCompile(`^recovery_shard-[0-9]+\.txt$`)

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
	b := &Bucket{root: root}
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
	err := b.walk(".", 0, func(dir string, e fs.DirEntry) (descend bool, err error) {
		if !e.IsDir() {
			return false, nil
		}
		if _, err := uuid.Parse(e.Name()); err != nil {
			return true, nil
		}
		if !slices.Contains(b.parents, dir) {
			b.parents = append(b.parents, dir)
		}
		return false, nil
	})
	if err == nil && len(b.parents) == 0 && b.self == nil {
		err = ErrNoKeys
	}
	return err
}

// walk calls visit for every entry below dir, a batch of entries at a time,
// and goes down where visit says so.
func (b *Bucket) walk(dir string, depth int, visit func(dir string, e fs.DirEntry) (descend bool, err error)) error {
	if depth > maxDepth {
		return fmt.Errorf("%s: %w", dir, ErrTooDeep)
	}
	f, err := b.root.Open(dir)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	for {
		entries, err := f.ReadDir(batchSize)
		for _, e := range entries {
			descend, err := visit(dir, e)
			if err != nil {
				return err
			}
			if !descend {
				continue
			}
			if err := b.walk(path.Join(dir, e.Name()), depth+1, visit); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// Keys yields the ID of every key folder. One that is in two places comes
// twice. It yields nothing for a bucket that is one file.
func (b *Bucket) Keys() iter.Seq2[uuid.ID, error] {
	return func(yield func(uuid.ID, error) bool) {
		if b.self != nil && !yield(*b.self, nil) {
			return
		}
		stopped := errors.New("stopped")
		for _, parent := range b.parents {
			err := b.walk(parent, 0, func(_ string, e fs.DirEntry) (bool, error) {
				id, err := uuid.Parse(e.Name())
				if err == nil && e.IsDir() && !yield(id, nil) {
					return false, stopped
				}
				return false, nil
			})
			if errors.Is(err, stopped) || err != nil && !yield(uuid.ID{}, err) {
				return
			}
		}
	}
}

// Files returns the files that may be shards of the key: those of the proper
// name first, and of equals the newest. For a key without a folder it returns
// none, for a bucket that is one file that file.
func (b *Bucket) Files(key uuid.ID) ([]File, error) {
	if b.IsFile() {
		f, err := b.stat(b.single)
		return []File{f}, err
	}
	var files []File
	collect := func(dir string, e fs.DirEntry) (bool, error) {
		if e.IsDir() {
			return true, nil
		}
		// One that cannot be looked at is listed all the same: Read says why.
		f, _ := b.listed(path.Join(dir, e.Name()), e)
		if files = append(files, f); len(files) > maxFiles {
			return false, fmt.Errorf("%s: %w", dir, ErrTooMany)
		}
		return false, nil
	}
	for _, folder := range b.folders(key) {
		err := b.walk(folder, 0, collect)
		if err != nil && !(errors.Is(err, fs.ErrNotExist) && len(files) == 0) {
			return nil, err
		}
	}
	slices.SortFunc(files, compare)
	return files, nil
}

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
	return folders
}

// compare sorts proper names first, then by index of the recovery key, then
// the newest, then by path.
func compare(a, b File) int {
	switch {
	case a.Named != b.Named && a.Named:
		return -1
	case a.Named != b.Named:
		return 1
	case path.Base(a.Path) != path.Base(b.Path):
		return strings.Compare(path.Base(a.Path), path.Base(b.Path))
	case !a.Modified.Equal(b.Modified):
		return b.Modified.Compare(a.Modified)
	}
	return strings.Compare(a.Path, b.Path)
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
	info, err := stat()
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
	if _, err := data.ReadFrom(io.LimitReader(file, limit+1)); err != nil {
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
