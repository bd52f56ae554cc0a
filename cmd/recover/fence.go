package main

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"recover/internal/workstation"
	"recover/pkg/custody"
	"recover/pkg/hsm"
	"recover/pkg/report"
)

// What the command line says of files. The fence is put up before a verb has
// opened anything, so it goes by the words themselves: each one that is the path
// of something that is there may be read, and where the output flags say, files
// may be made.

// outputFlags take a file or a directory that does not exist yet.
var outputFlags = []string{"out", "html", "report", "metrics", "transcript", "identity-out", "confirm-record", "record-out", "confirmation", "watch-only"}

// enteredFlags take a directory that is there, and in which files are made.
var enteredFlags = []string{resumedFlag, "folder"}

const resumedFlag = "resume"

// collecting are the flags with which files are named at the terminal, later:
// whatever a custodian brings has to be readable until then.
var collecting = []string{"shares", "collect-shares"}

// comparing are the actions of custody that read a transcript, which others write.
var comparing = []string{"check", "confirm", "script"}

// commandPaths are the paths of a command line.
type commandPaths struct {
	read     []string // that exist
	list     []string // directories of single files
	make     []string // directories in which files are made
	anything bool     // more files are named at the terminal
	flagged  []flaggedPath
}

// flaggedPath is the value of a flag, or an argument without one.
type flaggedPath struct{ name, value string }

func pathsOf(args []string) *commandPaths {
	p := new(commandPaths)
	compares := len(args) > 0 && slices.Contains(comparing, args[0])
	for i, word := range args {
		name, value, joined := strings.Cut(strings.TrimLeft(word, "-"), "=")
		isFlag := strings.HasPrefix(word, "--")
		if isFlag && !joined && i+1 < len(args) {
			value = args[i+1]
		}
		if isFlag {
			p.flagged = append(p.flagged, flaggedPath{name, value})
		} else if i == 0 || !strings.HasPrefix(args[i-1], "--") || strings.Contains(args[i-1], "=") {
			p.flagged = append(p.flagged, flaggedPath{"", word})
		}
		switch {
		case isFlag && name == "transcript" && compares: // it is read, as other words are
		case isFlag && slices.Contains(outputFlags, name):
			p.make = append(p.make, filepath.Dir(filepath.Clean(value)))
		case isFlag && slices.Contains(enteredFlags, name):
			p.make = append(p.make, value)
		case isFlag && !joined && slices.Contains(collecting, name):
			p.anything = true
		case !isFlag:
			p.input(word)
			value = ""
			if joined {
				_, value, _ = strings.Cut(word, "=") // --recipient alice=FILE
			}
		}
		if joined {
			p.input(value)
			_, inner, _ := strings.Cut(value, "=")
			p.input(inner)
		}
	}
	return p
}

// input adds a path, if something is there, and what belongs to it: the folder
// of one shard file, what lies with a share, a transcript or a report.
func (p *commandPaths) input(path string) {
	info, err := os.Stat(path)
	if path == "" || err != nil {
		return
	}
	p.read = append(p.read, path)
	if dir := filepath.Dir(path); info.Mode().IsRegular() {
		p.list = append(p.list, dir)
		p.read = append(p.read, companions(path)...)
		read, list := releaseFiles(path)
		p.read, p.list = append(p.read, read...), append(p.list, list...)
	}
}

// companions are the files that are read with another one: those of a holder's
// folder, the text of a transcript and its signatures, the segments of a report.
func companions(path string) []string {
	dir, base := filepath.Split(filepath.Clean(path))
	var all []string
	for _, name := range []string{custody.SealedKeyName, publicKeyName, codeName, readMeName, base + textSuffix, strings.TrimSuffix(base, textSuffix)} {
		all = append(all, filepath.Join(dir, name))
	}
	entries, err := os.ReadDir(filepath.Clean(dir + "."))
	if err != nil {
		return all
	}
	for _, e := range entries {
		if isSignatureOf(base, e.Name()) || isCopyFile(e.Name()) || report.IsRunFile(base) && report.IsRunFile(e.Name()) {
			all = append(all, filepath.Join(dir, e.Name()))
		}
	}
	return all
}

// checkOutputs refuses two outputs of one name, of which the second would be refused
// after the work; and an output inside of the download, which is to stay as it came
// from the bucket: what lies in it is taken for backups.
func (p *commandPaths) checkOutputs() error {
	flags := make(map[string]string)
	for _, out := range p.flagged {
		if !slices.Contains(outputFlags, out.name) || out.value == "" {
			continue
		}
		path := realPath(out.value)
		if other, twice := flags[path]; twice && other != out.name {
			return &usageError{"--" + other + " and --" + out.name + " name the same file", "give each of them a name of its own"}
		}
		flags[path] = out.name
	}
	for _, download := range p.flagged {
		info, err := os.Stat(download.value)
		if download.name != "shards" || err != nil || !info.IsDir() {
			continue
		}
		for _, out := range p.flagged {
			if slices.Contains(outputFlags, out.name) && out.value != "" && isInside(out.value, info) {
				return &usageError{"--" + out.name + " is inside the download of --shards", "name a place outside of it: what lies in it is taken for backups"}
			}
		}
	}
	return nil
}

// realPath is the path of an output, by whatever links its directory is named.
func realPath(path string) string {
	dir, name := filepath.Split(filepath.Clean(path))
	real, err := filepath.EvalSymlinks(filepath.Clean(dir + "."))
	if err == nil {
		dir = real
	}
	if abs, err := filepath.Abs(dir); err == nil {
		dir = abs
	}
	return filepath.Join(dir, name)
}

// isInside tells whether a path that does not exist yet would be in a directory,
// by whatever name.
func isInside(path string, dir os.FileInfo) bool {
	path, err := filepath.Abs(path)
	for err == nil && path != filepath.Dir(path) {
		path = filepath.Dir(path)
		above, err := os.Stat(path)
		if err == nil && os.SameFile(above, dir) {
			return true
		}
	}
	return false
}

// fence is what a verb may reach from the beginning.
func (p *commandPaths) fence() workstation.Fence {
	f := workstation.Fence{Read: slices.Clone(p.read), List: p.list, Make: p.make}
	if path, err := os.Executable(); err == nil {
		f.Read = append(f.Read, path, helperBeside()) // its own hash is in every report
	}
	if path, err := hsm.DefaultHelper(); err == nil {
		f.Read = append(f.Read, path) // and that of the helper
	}
	if p.anything {
		f.Read = append(f.Read, string(filepath.Separator))
	}
	return f
}

var descriptorPath = regexp.MustCompile(`^/(?:dev|proc/self)/fd/([0-9]+)$`)

// keepDescriptor tells which of the descriptors that the program was started
// with it was meant to have: those that a flag such as --passphrase-fd takes
// over, and those that are read under a path, as the shell's <(…) is.
func keepDescriptor(args []string) func(fd int) workstation.Keep {
	keep := make(map[int]workstation.Keep)
	for i, word := range args {
		name, value, joined := strings.Cut(word, "=")
		if !joined && i+1 < len(args) {
			value = args[i+1]
		}
		if fd, err := strconv.Atoi(value); err == nil && strings.HasSuffix(name, "-fd") {
			keep[fd] = workstation.KeepAsIs
		}
		for _, path := range []string{word, value} {
			m := descriptorPath.FindStringSubmatch(path)
			if m == nil {
				continue
			}
			if fd, err := strconv.Atoi(m[1]); err == nil && keep[fd] == workstation.CloseIt {
				keep[fd] = workstation.KeepForUs
			}
		}
	}
	return func(fd int) workstation.Keep { return keep[fd] }
}

// strictFlag has the program refuse to work where the fence has gaps.
const strictFlag = "--strict-sandbox"

// takeStrict takes strictFlag out of the arguments of a verb.
func takeStrict(args []string) (rest []string, strict bool) {
	rest = slices.DeleteFunc(slices.Clone(args), func(word string) bool { return word == strictFlag })
	return rest, len(rest) < len(args)
}

// confine puts up the fence, for good. It comes before anything is read, and
// after the helper of a token was started, which may have to reach a reader's
// service, or an HSM in the network.
func (p *program) confine() error {
	if p.confined {
		return nil
	}
	p.confined = true
	for _, gap := range raiseFence(p.paths.fence()) {
		if err := p.gap(gap); err != nil {
			return err
		}
	}
	return nil
}

// gap warns of a part of the fence that is missing, or ends the program if that
// was asked for.
func (p *program) gap(gap *workstation.GapError) error {
	p.gaps = append(p.gaps, gap.Error())
	if p.strict {
		return gap
	}
	p.term.Warn(gap.Error())
	return nil
}

// checkHelper looks whether the helper of a token is fenced; nil is none.
func (p *program) checkHelper(m *hsm.Module) error {
	if m == nil || m.Fenced {
		return nil
	}
	return p.gap(&workstation.GapError{Part: "seccomp for the helper of the token", Err: errors.ErrUnsupported,
		Lost: "nothing keeps the module from a network, another process or another program"})
}

// raiseFence is another one in tests: of a system that has no fence, or one that
// tries from inside what the fence is to stop.
var raiseFence = workstation.Confine

// narrow takes away what was needed until the outputs were made: from now on
// files are made in dir only. renamed tells that dir gets another name in the
// end. A system without a fence has said so before.
func (p *program) narrow(dir string, renamed bool) {
	if !p.confined {
		return
	}
	f := p.paths.fence()
	f.Make = []string{dir}
	parent := filepath.Dir(filepath.Clean(dir))
	for _, other := range p.paths.make {
		if other != parent {
			f.Make = append(f.Make, other)
		}
	}
	if renamed {
		f.Replace = []string{parent}
	}
	raiseFence(f)
}
