package bucket

import (
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"recover/internal/uuid"
)

// What lies apart from the key folders: found when the download is opened, and
// looked into where a key's own folder has no backup.

// noteFile notes a file that is in no key folder.
func (b *Bucket) noteFile(dir, name string) {
	file := path.Join(dir, name)
	if IsLitter(file) {
		return
	}
	if namedLikeArchive(name) && len(b.archives) < maxWarnings {
		b.archives = append(b.archives, file)
	}
	ids := idsIn(name)
	b.noteApart(file, ids)
	if !shardLike.MatchString(name) {
		return
	}
	for folder := dir; len(ids) == 0 && folder != "."; folder = path.Dir(folder) {
		ids = idsIn(path.Base(folder))
	}
	for _, id := range ids {
		if _, kept := b.apart[id]; kept && !b.isQuorum(id) && !slices.Contains(b.others, id) {
			b.others = append(b.others, id)
		}
	}
	if len(b.strays) < maxStrays {
		b.strays = append(b.strays, file)
	} else if len(ids) == 0 {
		b.warn(Warning{dir, ErrTooManyApart})
	}
}

// noteFiles notes the files of a folder that is named by a quorum, and has no
// folders of keys.
func (b *Bucket) noteFiles(folder string) {
	b.list(folder, b.warn, func(e fs.DirEntry) bool {
		if e.Type().IsRegular() {
			b.noteFile(folder, e.Name())
		}
		return true
	})
}

// noteApart notes a folder or file with IDs among other text.
func (b *Bucket) noteApart(name string, ids []uuid.ID) {
	for _, id := range ids {
		if len(b.apart) >= maxApart || len(b.apart[id]) >= maxFiles {
			b.warn(Warning{name, ErrTooManyApart})
			return
		}
		b.apart[id] = append(b.apart[id], name)
	}
}

// link looks where a link of the discovery leads, and says what is wrong with it;
// nil also where there is nothing to say of it.
func (b *Bucket) link(name string, isKey bool) error {
	info, err := b.root.Stat(name)
	if err == nil {
		if info.IsDir() && !isKey {
			return ErrLinkFolder
		}
		return nil
	}
	wrong := b.linkFault(name, err)
	if wrong == ErrLinkOut {
		to, err := os.Stat(filepath.Join(b.name, filepath.FromSlash(name)))
		isKey = err != nil || to.IsDir() || shardLike.MatchString(name) // or may be one
	}
	if isKey {
		return wrong
	}
	return nil
}

// Apart returns the files that may be the key's by their names: those in folders
// with its ID among other text, and those that have the ID in their own name.
// places are where they lie: what neither begins like a shard nor is named like
// one is not told of.
func (b *Bucket) Apart(key uuid.ID) (files []File, places []string, warnings []Warning) {
	warn := func(w Warning) { warnings = append(warnings, w) }
	for _, name := range b.apart[key] {
		if info, err := b.root.Stat(name); err != nil || !info.IsDir() {
			f, _ := b.stat(name)
			if isShard := shardLike.MatchString(name) || b.beginsLikeShard(name); isShard {
				places = append(places, name)
			} else if b.ArchiveKind(f) == "" {
				continue
			}
			files = append(files, f)
			continue
		}
		below, more := b.below([]string{name}, key)
		for _, w := range more {
			warn(w)
		}
		files = append(files, below...)
		if slices.ContainsFunc(below, func(f File) bool { return f.Named || b.beginsLikeShard(f.Path) }) {
			places = append(places, name)
		}
	}
	return trim(files), places, warnings
}

// Strays returns the files that are named like shards, and lie in no folder
// named by a key ID: 1000 at most.
func (b *Bucket) Strays() []File {
	var files []File
	for _, name := range b.strays {
		f, _ := b.stat(name)
		files = append(files, f)
	}
	slices.SortFunc(files, compare)
	return files
}

// Search returns the files of the whole download that begin like a shard,
// whatever their names: 1000 at most.
func (b *Bucket) Search() []File {
	var files []File
	entries := 0
	b.walk(".", func(Warning) {}, func(dir string, e fs.DirEntry) walking {
		if entries++; entries > maxEntries || len(files) >= maxFiles {
			return stop
		}
		if e.IsDir() {
			return descend
		}
		name := path.Join(dir, e.Name())
		if !IsLitter(name) && b.beginsLikeShard(name) {
			f, _ := b.listed(name, e)
			files = append(files, f)
		}
		return pass
	})
	slices.SortFunc(files, compare)
	return files
}

// Archives returns the first files outside of key folders that are archives.
func (b *Bucket) Archives() []ArchiveError {
	var all []ArchiveError
	for _, name := range b.archives {
		if kind := ArchiveKind(name, b.head(name)); kind != "" {
			all = append(all, ArchiveError{name, kind})
		}
	}
	return all
}

// ArchiveKind returns which kind of archive a file is, or "".
func (b *Bucket) ArchiveKind(f File) string { return ArchiveKind(f.Path, b.head(f.Path)) }

// beginsLikeShard tells whether a file begins with base64 of a JSON object, with
// one, or with the marks of UTF-16 or gzip.
func (b *Bucket) beginsLikeShard(name string) bool {
	head := strings.TrimLeft(strings.TrimPrefix(string(b.head(name)), "\xef\xbb\xbf"), " \t\r\n\"'>")
	return slices.ContainsFunc([]string{"ey", "ew", "{", "\xff\xfe", "\xfe\xff", "\x1f\x8b"}, func(s string) bool { return strings.HasPrefix(head, s) })
}

// head returns the first 512 bytes of a file, or none.
func (b *Bucket) head(name string) []byte {
	f, err := b.root.OpenFile(name, os.O_RDONLY|nonBlock, 0)
	if err != nil {
		return nil
	}
	defer func() { _ = f.Close() }()
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return nil
	}
	head := make([]byte, 512)
	n, _ := io.ReadFull(f, head)
	return head[:n]
}

// maxProper is how many key folders HasProper looks into.
const maxProper = 1000

// HasProper tells whether some key has a shard under its proper name in its own
// folder, where the service puts it: then another key without one is odd.
func (b *Bucket) HasProper() bool { return b.proper != nil && b.proper() }

func (b *Bucket) findProper() (found bool) {
	looked := 0
	none := func(Warning) {}
	for _, parent := range b.parents {
		b.list(parent, none, func(e fs.DirEntry) bool {
			if _, err := uuid.ParseAny(e.Name()); err == nil && b.isFolder(parent, e) {
				looked++
				b.list(path.Join(parent, e.Name()), none, func(e fs.DirEntry) bool {
					found = found || shardName.MatchString(e.Name())
					return !found
				})
			}
			return !found && looked < maxProper
		})
		if found || looked >= maxProper {
			break
		}
	}
	return found
}

// IsProper tells whether the file has the proper name and lies in a key's own
// folder.
func (b *Bucket) IsProper(f File) bool {
	dir := path.Dir(f.Path)
	_, err := uuid.ParseAny(path.Base(dir))
	return f.Named && (err == nil || dir == "." && b.self != nil)
}
