package bucket

import (
	"cmp"
	"io/fs"
	"path"
	"slices"
	"strings"

	"recover/internal/uuid"
)

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
	files, warnings = b.below(b.folders(key), key)
	return files, warnings, nil
}

// below returns the files below the folders of a key.
func (b *Bucket) below(folders []string, key uuid.ID) (files []File, warnings []Warning) {
	warn := func(w Warning) {
		if len(warnings) < maxWarnings {
			warnings = append(warnings, w)
		}
	}
	var others []File // not named like shards
	entries, left := 0, false
	for _, folder := range folders {
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
	return trim(append(files, others...)), warnings
}

// trim sorts files and keeps the first maxFiles.
func trim(files []File) []File {
	slices.SortFunc(files, compare)
	return files[:min(len(files), maxFiles)]
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

// HasFolder tells whether the key has a folder of its own.
func (b *Bucket) HasFolder(key uuid.ID) bool { return len(b.folders(key)) > 0 }

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
	n, _ := ShardIndex(path.Base(f.Path))
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
