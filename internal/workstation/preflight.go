package workstation

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"
)

// Verdict is what a Finding comes to.
type Verdict string

// The verdicts. What is doubtful should be put right, what is unfit must be, or
// be accepted in so many words.
const (
	Fit      Verdict = "fit"
	Doubtful Verdict = "doubtful"
	Unfit    Verdict = "unfit"
)

// Finding is what was found out about one item.
type Finding struct {
	Item    string  `json:"item"`
	Verdict Verdict `json:"verdict"`
	Fact    string  `json:"fact"`
	Todo    string  `json:"todo,omitempty"` // what to do about it; not for Fit
}

// Machine is the machine that is looked at. Tests make one of files.
type Machine struct {
	FS      fs.FS    // the whole file system, from its root
	Linux   bool     // of which there is more to be seen
	UID     int      // -1: there are no user IDs
	Environ []string // of this process
	Now     time.Time
	SHA256  string                                      // of the program, in hex
	Free    func(path string) (bytes uint64, err error) // on the medium of a directory
}

// Subject is what the machine is to be used for. Paths are absolute.
type Subject struct {
	Secrets []string // files of recovery keys and shares
	Records []string
	Backups []string // of wallet keys
	Outputs []string // directories in which something is to be made
	Program string   // the SHA-256 that the program should have, in hex; "": not known
	Compare bool     // say so where Program is not known
}

// items are what is looked at, in the order in which it is shown.
var items = []struct {
	name  string
	linux bool // can be seen there only
	look  func(*Machine, *Subject) []Finding
}{
	{"network", true, (*Machine).network},
	{"routes", true, (*Machine).routes},
	{"radio", true, (*Machine).radio},
	{"bluetooth", true, (*Machine).bluetooth},
	{"swap", true, (*Machine).swap},
	{"hibernation", true, (*Machine).hibernation},
	{"core-dumps", true, (*Machine).coreDumps},
	{"ptrace", true, (*Machine).ptrace},
	{"users", true, (*Machine).users},
	{"root", false, (*Machine).root},
	{"virtual", true, (*Machine).virtual},
	{"remote", false, (*Machine).remote},
	{"clock", false, (*Machine).clock},
	{"entropy", true, (*Machine).entropy},
	{"program", false, (*Machine).program},
	{"medium", true, (*Machine).medium},
	{"permissions", false, (*Machine).permissions},
	{"space", false, (*Machine).space},
	{"output", false, (*Machine).output},
}

// Items returns the names of all items.
func Items() []string {
	var names []string
	for _, i := range items {
		names = append(names, i.name)
	}
	return names
}

// Look looks at everything. Of an item there may be several findings, or none
// where the subject has nothing to do with it.
func (m *Machine) Look(s *Subject) []Finding {
	var all []Finding
	var unseen []string
	for _, i := range items {
		if i.linux && !m.Linux {
			unseen = append(unseen, i.name)
			continue
		}
		for _, f := range i.look(m, s) {
			f.Item = i.name
			all = append(all, f)
		}
	}
	if len(unseen) > 0 {
		all = append(all, Finding{"system", Doubtful, "on this system the program cannot look at: " + strings.Join(unseen, ", "),
			"look at them yourself, or use Linux"})
	}
	return all
}

func fit(format string, args ...any) []Finding {
	return []Finding{{Verdict: Fit, Fact: fmt.Sprintf(format, args...)}}
}

func doubtful(todo, format string, args ...any) Finding {
	return Finding{Verdict: Doubtful, Fact: fmt.Sprintf(format, args...), Todo: todo}
}

func unfit(todo, format string, args ...any) Finding {
	return Finding{Verdict: Unfit, Fact: fmt.Sprintf(format, args...), Todo: todo}
}

// orFit returns the findings, or that all is well.
func orFit(found []Finding, well string) []Finding {
	if len(found) > 0 {
		return found
	}
	return fit("%s", well)
}

// unseen is an item that cannot be looked at, for example in a container
// without /sys.
func unseen(path string) []Finding {
	return []Finding{doubtful("look at it yourself", "not known: /%s cannot be read", path)}
}

// inRoot is the name that a path has in Machine.FS.
func inRoot(path string) string {
	name := strings.TrimLeft(strings.ReplaceAll(path, `\`, "/"), "/")
	if name == "" {
		return "."
	}
	return name
}

// text reads a small file of the system, without white space around it.
func (m *Machine) text(name string) (string, bool) {
	data, err := fs.ReadFile(m.FS, name)
	return strings.TrimSpace(string(data)), err == nil
}

// names lists a directory; one that is not there is empty.
func (m *Machine) names(dir string) []string {
	entries, _ := fs.ReadDir(m.FS, dir)
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	slices.Sort(names)
	return names
}

func (m *Machine) variable(name string) string {
	for _, v := range m.Environ {
		if value, ok := strings.CutPrefix(v, name+"="); ok {
			return value
		}
	}
	return ""
}
