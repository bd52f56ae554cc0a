package bucket

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
)

// Warning is a folder that was passed over, and why.
type Warning struct {
	Path string // below the bucket
	Err  error
}

// IsLimit tells whether what was passed over could have been read.
func (w Warning) IsLimit() bool {
	return slices.Contains([]error{ErrTooMany, ErrTooDeep, ErrTooManyFolders, ErrTooManyApart, ErrLinkFolder}, w.Err)
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
			for _, folder := range level {
				warn(Warning{folder, ErrTooDeep})
			}
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
