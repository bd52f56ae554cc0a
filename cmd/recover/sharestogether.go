package main

import (
	"fmt"

	"recover/internal/terminal"
	"recover/pkg/custody"
	"recover/pkg/rsadecrypt"
)

// checkSummary is what the check says of several shares.
type checkSummary struct {
	Type    string `json:"type"` // "summary"
	Shares  int    `json:"shares"`
	Missing int    `json:"missing"`
	Opened  bool   `json:"opened"` // they brought the recovery key back
}

// sameKey are folders whose sealed keys are the same file.
type sameKey struct {
	sum     custody.Digest
	folders []*checkedShare
	tried   bool
	opens   error // nil after tried: the shares open it
}

// checkTogether says whether several shares are one set, their sealed keys one
// file, and whether they are enough: then they open the sealed key, for a moment
// and for nothing else.
func checkTogether(t *terminal.Terminal, asJSON bool, checked []*checkedShare) error {
	if len(checked) == 1 {
		return nil
	}
	groups := groupBySealedKey(checked)
	if len(groups) == 0 {
		return &usageError{"several shares are given, but no sealed key to compare them with", "name it with --sealed-key"}
	}
	if len(groups) > 1 {
		return oddSealedKeys(t, asJSON, groups)
	}
	sealed := groups[0].folders[0]
	set := custody.NewSet(sealed.sealed)
	for _, c := range checked {
		if err := set.Add(c.share); err != nil {
			return shareError(c.Path, err)
		}
	}
	summary := checkSummary{"summary", len(checked), set.Missing(), set.Missing() == 0}
	if summary.Opened {
		if err := tryQuorum(set); err != nil {
			return &fileError{sealed.SealedKey, asSealedKey, err}
		}
	}
	if asJSON {
		return t.JSON(&summary)
	}
	lines := []string{"all of them are shares of one set, and not enough: " + custody.TooFewError(summary.Missing).Error()}
	if summary.Opened {
		lines = []string{"all of them are shares of one set, and enough: they open the sealed key, and",
			"what is in it is the recovery key " + sealed.sealed.Key.String()}
	}
	return printLines(t, lines)
}

// groupBySealedKey puts together the folders that have the same sealed key. The
// largest group is the first.
func groupBySealedKey(checked []*checkedShare) []*sameKey {
	var groups []*sameKey
	for _, c := range checked {
		if c.sealed == nil {
			continue
		}
		sum := custody.DigestOf(c.sealed.Bytes())
		i := 0
		for i < len(groups) && groups[i].sum != sum {
			i++
		}
		if i == len(groups) {
			groups = append(groups, &sameKey{sum: sum})
		}
		groups[i].folders = append(groups[i].folders, c)
		for ; i > 0 && len(groups[i].folders) > len(groups[i-1].folders); i-- {
			groups[i], groups[i-1] = groups[i-1], groups[i]
		}
	}
	return groups
}

// oddSealedKeys says which sealed keys are not the one of the others, in whatever
// order they were given: by what the shares open where there are enough, else by
// which of them more holders have.
func oddSealedKeys(t *terminal.Terminal, asJSON bool, groups []*sameKey) error {
	var shares []*checkedShare
	for _, g := range groups {
		shares = append(shares, g.folders...)
	}
	opening := -1
	for i, g := range groups {
		if g.try(shares); g.tried && g.opens == nil && opening < 0 {
			opening = i
		}
	}
	right := opening
	if right < 0 && len(groups[0].folders) > len(groups[1].folders) {
		right = 0
	}
	lines := []string{"the sealed keys are not one file:"}
	var odd *checkedShare
	for i, g := range groups {
		for _, c := range g.folders {
			verdict := g.verdict()
			if i != right && odd == nil {
				odd = c
			}
			lines = append(lines, fmt.Sprintf("    %s: set %s%s", c.SealedKey, c.Set, verdict))
		}
		lines = append(lines, indented(inGroups(g.sum))...)
	}
	if !asJSON {
		if err := printLines(t, lines); err != nil {
			return err
		}
	}
	switch {
	case right < 0:
		return &fileError{groups[1].folders[0].SealedKey, asSealedKey, &differsError{fmt.Sprintf("not the same file as %s, and these shares do not tell which is genuine", groups[0].folders[0].SealedKey),
			"compare them with the ceremony: give --transcript FILE, or --set and --sha256"}}
	case opening >= 0:
		return &fileError{odd.SealedKey, asSealedKey, &differsError{fmt.Sprintf("not the sealed key that these shares open, which %s has", groups[right].folders[0].SealedKey),
			"replace it with a copy of that one, and find out who changed it"}}
	}
	return &fileError{odd.SealedKey, asSealedKey, &differsError{fmt.Sprintf("not the sealed key that the other %d folders have", len(groups[right].folders)),
		"compare it with the ceremony (--transcript, or --set and --sha256), replace it with a copy of theirs, and find out who changed it"}}
}

func indented(lines []string) []string {
	for i := range lines {
		lines[i] = "    " + lines[i]
	}
	return lines
}

// try opens the sealed key of the group with all shares that are of its set.
func (g *sameKey) try(shares []*checkedShare) {
	set := custody.NewSet(g.folders[0].sealed)
	for _, c := range shares {
		if c.share.Set == g.folders[0].Set {
			_ = set.Add(c.share) // one that is not of the set does not count
		}
	}
	if g.tried = set.Missing() == 0; g.tried {
		g.opens = tryQuorum(set)
	}
}

func (g *sameKey) verdict() string {
	switch {
	case !g.tried:
		return ""
	case g.opens == nil:
		return ", opened by these shares"
	}
	return ", NOT opened by these shares"
}

func tryQuorum(set *custody.Set) error {
	quorum, err := set.Combine()
	if err != nil {
		return err
	}
	defer quorum.Wipe()
	private, err := quorum.Open()
	if err == nil {
		rsadecrypt.Wipe(private)
	}
	return err
}
