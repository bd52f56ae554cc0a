package owner

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"recover/pkg/custody"
)

// The bounds of what is read of a directory.
const (
	maxFiles  = 10_000 // that are looked at: some milliseconds each
	maxListed = 1000   // that are named as of no use here
	maxBad    = 100    // that are named as damaged, or secret
)

// Files are what lies in a directory, each recognised by its content.
type Files struct {
	Path       string
	PublicKeys []PublicKey

	Listed []File // that are of no use in a review
	More   int    // that are not in Listed

	uses          []*use // of a recovery key: drills and rebuilds
	sets          map[custody.SetID]*set
	ceremonies    []*ceremony
	confirmations []*confirmation
	damaged       []File // Kind says what is wrong
	secrets       []File
	read          int // files that were looked at
	unread        []File
	tooMany       bool
}

// File is a file below the directory, with slashes, and what it is.
type File struct{ Path, Kind string }

// reader is one reading of a directory.
type reader struct {
	*Files
	ctx        context.Context
	fs         fs.FS
	records    []*Record
	signatures map[string][]string // by directory
}

// ReadFiles looks at all files of a directory, and below it. What a report says is
// compared with the records, the reviewed one first. Links are not followed. The
// error is that of the directory, or of ctx.
func ReadFiles(ctx context.Context, files fs.FS, dir string, records []*Record) (*Files, error) {
	r := &reader{
		Files: &Files{Path: dir, sets: make(map[custody.SetID]*set)}, ctx: ctx, fs: files, records: records, signatures: make(map[string][]string),
	}
	var names []string
	err := fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil && name == ".":
			return err
		case err != nil:
			r.unread = append(r.unread, File{name, reasonOf(err)})
			return nil
		case d.IsDir():
			return nil
		case len(names) == maxFiles:
			r.tooMany = true
			return fs.SkipAll
		case !d.Type().IsRegular():
			r.list(name, "a link, or a device: not followed")
			return nil
		}
		names = append(names, name)
		if strings.HasSuffix(name, ".sig") {
			r.signatures[path.Dir(name)] = append(r.signatures[path.Dir(name)], name)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		err := r.file(name)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err != nil {
			r.unread = append(r.unread, File{name, reasonOf(err)})
		}
		r.read++
	}
	return r.Files, nil
}

// open opens a file that is one: a pipe, which somebody may have put there under
// the name of what belongs to a paper, would never end. What is read of it ends with
// ctx.
func (r *reader) open(name string) (io.ReadCloser, error) {
	info, err := fs.Lstat(r.fs, name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, &fs.PathError{Op: "open", Path: name, Err: errors.New("not a regular file")}
	}
	f, err := r.fs.Open(name)
	if err != nil {
		return nil, err
	}
	return &stoppable{r.ctx, f}, nil
}

// stoppable is a file that cannot be read any more when ctx has ended.
type stoppable struct {
	ctx context.Context
	fs.File
}

func (s *stoppable) Read(b []byte) (int, error) {
	if err := s.ctx.Err(); err != nil {
		return 0, err
	}
	return s.File.Read(b)
}

// reasonOf is what the system says, without the name of the file.
func reasonOf(err error) string {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err.Error()
	}
	return err.Error()
}

func (r *reader) list(name, kind string) {
	if len(r.Listed) == maxListed {
		r.More++
		return
	}
	r.Listed = append(r.Listed, File{name, kind})
}

func (r *reader) bad(name, format string, args ...any) {
	if len(r.damaged) < maxBad {
		r.damaged = append(r.damaged, File{name, fmt.Sprintf(format, args...)})
	}
}

func (r *reader) secret(name, kind string) {
	if len(r.secrets) < maxBad {
		r.secrets = append(r.secrets, File{name, kind})
	}
}

// files judges the directory itself.
func (j *judge) files(s *section) {
	f := j.Files
	named := func(files []File) string {
		var all []string
		for _, file := range files {
			all = append(all, fmt.Sprintf("%s (%s)", file.Path, file.Kind))
		}
		return some(all)
	}
	if len(f.damaged) > 0 {
		s.red("files-intact", named(f.damaged), "take another copy of it; if there is none, find out who changed it", "recover inspect FILE")
	} else {
		s.green("files-intact", "%s", count(f.read, "file", "files"))
	}
	if len(f.secrets) > 0 {
		s.red("files-secrets", named(f.secrets), "move it to where it is kept, and destroy this copy; if others could read it, make a new set or a new recovery key (docs/lifecycle.md)", "")
	} else {
		s.green("files-secrets", "none was seen")
	}
	switch {
	case f.tooMany:
		s.notKnown("files-read", fmt.Sprintf("there are more than %d", maxFiles), "give a directory with the papers of the review only", "")
	case len(f.unread) > 0:
		s.notKnown("files-read", "not "+named(f.unread[:min(len(f.unread), maxBad)]), "copy it to where you can read it", "")
	default:
		s.green("files-read", "%s", count(f.read, "file", "files"))
	}
}

// sortedSets are the sets in the order of their making.
func (f *Files) sortedSets() []*set {
	var all []*set
	for _, x := range f.sets {
		all = append(all, x)
	}
	slices.SortFunc(all, func(a, b *set) int {
		if c := a.created.Compare(b.created); c != 0 {
			return c
		}
		return bytes.Compare(a.id[:], b.id[:])
	})
	return all
}
