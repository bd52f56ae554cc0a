package custody

import (
	"slices"
	"strings"
)

// MaxShares is the largest number of shares of a set. More than 32 are allowed,
// but were not what the forms of this package were made for.
const MaxShares = 255

// maxName is the length of a holder's name in bytes.
const maxName = 32

// Plan says how a recovery key is to be split.
type Plan struct {
	Threshold int      // how many holders are needed: 2 … len(Holders)
	Holders   []string // their names, in the order of the shares; at most 255
}

// Check returns what is wrong with the plan: ErrOneOfN, ErrThreshold,
// ErrTooMany or a *NameError.
//
// A name becomes a directory, and is read aloud: 1 to 32 letters and digits of
// ASCII, with ".", "-" and "_" inside; no two differ in case only. It is no
// name of a file of ours, nor one that Windows keeps for a device. All holders,
// and whoever gets a copy of the sealed key, can read all names; "custodian-1"
// is a name too.
func (p Plan) Check() error {
	if err := p.check(); err != nil {
		return err
	}
	for i, name := range p.Holders {
		if problem := reserved(strings.ToLower(name)); problem != "" {
			return &NameError{i + 1, problem}
		}
	}
	return nil
}

// reserved says why a name, in lower case, cannot be a directory next to our
// files on every medium. Sets that were made before this was checked have such
// names and are still read.
func reserved(name string) (problem string) {
	stem, _, _ := strings.Cut(name, ".")
	device := slices.Contains([]string{"con", "prn", "aux", "nul"}, stem) ||
		len(stem) == 4 && (stem[:3] == "com" || stem[:3] == "lpt") && '0' <= stem[3] && stem[3] <= '9'
	switch {
	case device:
		return "Windows does not allow a folder of this name"
	case stem == "recovery-public-key", slices.Contains(fileNames, name):
		return "a file of the set has this name"
	}
	return ""
}

// fileNames are the files that a holder gets, in lower case.
var fileNames = []string{PageName, "share.age", "share.svg", SealedKeyName, "read-me-first.txt", RecordName, QuorumsName}

// check returns what makes a plan none at all.
func (p Plan) check() error {
	switch {
	case p.Threshold < 2:
		return ErrOneOfN
	case len(p.Holders) > MaxShares:
		return ErrTooMany
	case p.Threshold > len(p.Holders):
		return ErrThreshold
	}
	seen := make(map[string]bool)
	for i, name := range p.Holders {
		if !validName(name) {
			return &NameError{i + 1, `not 1 to 32 letters and digits, with ".", "-" or "_" inside`}
		}
		if lower := strings.ToLower(name); seen[lower] {
			return &NameError{i + 1, "another holder has this name"}
		} else {
			seen[lower] = true
		}
	}
	return nil
}

func validName(name string) bool {
	if len(name) < 1 || len(name) > maxName {
		return false
	}
	for i := range len(name) {
		inside := i > 0 && i < len(name)-1
		if c := name[i]; !alphanumeric(c) && !(inside && strings.IndexByte("._-", c) >= 0) {
			return false
		}
	}
	return true
}

func alphanumeric(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}
