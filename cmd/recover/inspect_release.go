package main

import (
	"bytes"
	"debug/buildinfo"
	"encoding/hex"
	"os"
	"path/filepath"
	"slices"

	"recover/internal/checksums"
	"recover/internal/message"
	"recover/internal/output"
	"recover/internal/terminal"
	"recover/pkg/custody"
)

// inspectRelease is for a directory with a list, as it is carried on a stick.
func (in *inspector) inspectRelease(r *fileResult, list string) {
	in.compareWithList(r, list)
	r.Kind = "directory of a release"
}

// inspectChecksums compares all files below a list with it.
func (in *inspector) inspectChecksums(r *fileResult) {
	in.compareWithList(r, r.Path)
	r.Kind = "list of SHA-256 sums"
}

func (in *inspector) compareWithList(r *fileResult, path string) {
	data, list, err := readChecksums(path)
	if err != nil {
		r.damaged(err, asAny)
		return
	}
	name := filepath.Base(path)
	own := func(file string) bool { return file == name || isSignatureOf(name, file) }
	c, err := checksums.Compare(os.DirFS(filepath.Dir(path)), list, own)
	if err != nil {
		r.unknown(err, asAny)
		return
	}
	r.Sound = isSound
	r.fact("as listed", "%d of %d files", c.Right, len(list))
	r.names("not as listed", c.Differ)
	r.names("missing", c.Missing)
	r.names("not in the list", c.Unlisted)
	if !c.AsListed() {
		r.Sound, r.bad = isDamaged, true
		r.Detail = "files differ from the list, or are missing"
		r.hint = "use nothing of it: take another copy, or download it again"
	}
	in.releasedBy(r, path, data)
}

func readChecksums(path string) (data []byte, list []checksums.Sum, err error) {
	if data, err = output.ReadFile(path, checksums.MaxSize); err != nil {
		return nil, nil, err
	}
	list, err = checksums.Parse(data)
	return data, list, err
}

// maxNamed is how many files of a kind are named.
const maxNamed = 20

// names adds a fact for each of some files.
func (r *fileResult) names(fact string, files []string) {
	for _, name := range files[:min(len(files), maxNamed)] {
		r.fact(fact, "%s", terminal.Escape(name))
	}
	if more := len(files) - maxNamed; more > 0 {
		r.fact(fact, "and %d more", more)
	}
}

// releasedBy says who signed a list. A list proves nothing by itself.
func (in *inspector) releasedBy(r *fileResult, list string, data []byte) {
	all, err := signaturesOf(list, data, custody.ReleaseNamespace, in.signers)
	if err != nil {
		r.damaged(err, asAny)
		return
	}
	for _, s := range all {
		r.fact("signed", "%s: with %s", s.path, s.text())
	}
	if len(all) == 0 {
		r.fact("signed", "by nobody: compare the list with one from another source")
	}
}

// isProgram tells an executable file of Linux, macOS or Windows.
func isProgram(head []byte) bool {
	for _, magic := range []string{"\x7fELF", "MZ", "\xcf\xfa\xed\xfe"} {
		if bytes.HasPrefix(head, []byte(magic)) {
			return true
		}
	}
	return false
}

// inspectProgram compares a program with the list of the release that it lies in.
func (in *inspector) inspectProgram(r *fileResult) {
	r.Kind = "program"
	sum, err := hashFile(r.Path)
	if err != nil {
		r.unknown(err, asAny)
		return
	}
	if info, err := buildinfo.ReadFile(r.Path); err == nil {
		r.fact("built from", "%s, with %s", message.QuoteLong(info.Path), message.Quote(info.GoVersion))
	}
	r.fact("SHA-256", "%s", message.Groups(hex.EncodeToString(sum[:])))
	list, name := listOf(r.Path)
	if list == "" {
		r.Detail = "no SHA256SUMS is next to it or above it: compare the SHA-256 with that of the release"
		return
	}
	data, sums, err := readChecksums(list)
	if err != nil {
		r.unknown(&fileError{list, asAny, err}, asAny)
		return
	}
	listed := slices.IndexFunc(sums, func(s checksums.Sum) bool { return s.Name == name })
	switch {
	case listed < 0:
		r.bad, r.Detail = true, list+" does not list it"
		r.hint = "it is not a part of this release: find out where it comes from before you start it"
		return
	case sums[listed].SHA256 != sum:
		r.bad, r.Sound, r.Detail = true, isDamaged, list+" lists another SHA-256"
		r.hint = "do not start it: take another copy, or download it again"
		return
	}
	r.Sound = isSound
	r.fact("as listed", "in %s", list)
	in.releasedBy(r, list, data)
}
