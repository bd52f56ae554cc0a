package main

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"recover/internal/terminal"
	"recover/pkg/report"
)

// reporter shows results as they come: for scripts, or for people.
type reporter struct {
	term      *terminal.Terminal
	selection *selection
	json      bool
	single    bool // there is one key, and what is wrong with it is the error of the run
	sum       *summary
	last      *keyResult
	openedBy  map[string]int // keys that a recovery key opens, by its fingerprint in hex
	keep      bool           // for a page
	kept      []*keyResult
	unproved  []*keyResult // some of them
}

func newReporter(t *terminal.Terminal, s *selection, json bool) *reporter {
	r := &reporter{term: t, selection: s, json: json, single: s.record.Len() == 1, sum: newSummary()}
	r.warnPassedOver()
	return r
}

// warnPassedOver names the folders of the download that could not be searched.
func (r *reporter) warnPassedOver() {
	if record := r.selection.record; record != nil {
		warnOfRecord(r.term, r.selection.recordPath, record.Warnings)
	}
	for _, w := range r.selection.bucket.Warnings() {
		r.passedOver(r.selection.shardsPath, w.Path, w.Err)
	}
}

func (r *reporter) passedOver(download, path string, err error) {
	f := &fileError{filepath.Join(download, filepath.FromSlash(path)), asShards, err}
	r.term.Warn(f.Error() + ": passed over")
}

// resume takes over the counts of an earlier run.
func (r *reporter) resume(counts report.Summary) { r.sum.Summary = counts }

// key shows one result.
func (r *reporter) key(k *keyResult) error {
	r.sum.count(k)
	r.last = k
	r.note(k)
	switch {
	case r.json:
		return r.term.JSON(k)
	case r.single && k.Status != statusOK && k.Status != statusUnproved:
		return nil
	}
	first := fmt.Sprintf("%-10s  %s  %-9s  %s", k.Status, k.KeyID, k.Algorithm, mainAddress(k))
	l := listing{strings.TrimRight(first, " ")}
	if k.Status != statusOK {
		l.add("            %s: %s", k.Reason, k.Detail)
		if h := reasonHint(k.Reason); h != "" {
			l.add("            next: %s", h)
		}
	}
	for _, w := range k.Warnings {
		l.add("            warning: %s", w)
	}
	l.addCopies(k.Shards)
	return printLines(r.term, l)
}

// addCopies shows what each copy is worth, where there are several for one
// recovery key.
func (l *listing) addCopies(copies []report.Copy) {
	keys := make(map[string]bool)
	for _, c := range copies {
		if c.RecoveryKey != "" {
			keys[c.RecoveryKey] = true
		}
	}
	if len(copies) == len(keys) {
		return
	}
	for _, c := range copies {
		date, _, _ := strings.Cut(c.Modified, "T")
		text := fmt.Sprintf("%s, %s: %s", c.Shard, date, c.Status)
		if c.Used {
			text += ", a rebuild uses this one"
		}
		l.add("            copy %s", text)
	}
}

// note keeps what is wanted at the end.
func (r *reporter) note(k *keyResult) {
	if r.openedBy == nil {
		r.openedBy = make(map[string]int)
	}
	for _, key := range k.openedBy {
		r.openedBy[key]++
	}
	if k.Status == statusUnproved && len(r.unproved) < maxListed {
		r.unproved = append(r.unproved, k)
	}
	if r.keep {
		r.kept = append(r.kept, k)
	}
}

// listUnproved names the keys that were written and are not proved once more,
// with all their addresses.
func (r *reporter) listUnproved() error {
	if r.json || len(r.unproved) == 0 {
		return nil
	}
	l := listing{"not proved; compare these addresses with a source outside the bucket before you use the keys:"}
	for _, k := range r.unproved {
		l.add("    %s  %s", k.KeyID, k.Reason)
		for _, chain := range slices.Sorted(maps.Keys(k.Addresses)) {
			l.add("        %-16s %s", chain, k.Addresses[chain])
		}
	}
	if more := r.sum.Unproved - len(r.unproved); more > 0 {
		l.add("    and %d more: see the report", more)
	}
	return printLines(r.term, l)
}

// maxListed is how many keys are named once more at the end.
const maxListed = 100

// mainAddress is the address that people know a key by.
func mainAddress(k *keyResult) string {
	for _, chain := range []string{"ethereum", "solana"} {
		if a, ok := k.Addresses[chain]; ok {
			return chain + " " + a
		}
	}
	return k.Shard
}

// end shows the summary.
func (r *reporter) end() error {
	r.sum.end()
	if r.json {
		return r.term.JSON(r.sum)
	}
	return r.term.Print("%s", r.sum)
}

// outcome is nil when all keys are ok; done says what was to be done to them.
func (r *reporter) outcome(done string) error {
	bad := r.sum.Keys - r.sum.OK
	switch {
	case bad == 0:
		return nil
	case r.sum.Unproved > 0 && r.sum.Unproved == bad:
		return &incompleteError{fmt.Sprintf("%d of %d keys %s written, but not proved", bad, r.sum.Keys, plural(bad, "is", "are")), hintUnproved, exitSome}
	case r.single && r.last != nil && r.last.Status != statusOK:
		return &incompleteError{fmt.Sprintf("%s: %s", r.path(r.last), r.last.Detail), reasonHint(r.last.Reason), exitFailed}
	case r.sum.OK+r.sum.Unproved > 0:
		return &incompleteError{fmt.Sprintf("%d of %d keys %s not %s", bad, r.sum.Keys, plural(bad, "is", "are"), done), hintEachKey, exitSome}
	}
	return &incompleteError{fmt.Sprintf("none of %d %s is %s", r.sum.Keys, plural(r.sum.Keys, "key", "keys"), done), hintEachKey, exitFailed}
}

const hintUnproved = "compare their addresses with a source outside the bucket before you use them: the service's console, an invoice, a block explorer"

const hintEachKey = "the line of each key says why, and what to do next"

// path is where a key's shard is, or was looked for.
func (r *reporter) path(k *keyResult) string {
	if k.Shard == "" || r.selection.bucket.IsFile() {
		return r.selection.shardsPath
	}
	return filepath.Join(r.selection.shardsPath, filepath.FromSlash(k.Shard))
}

// printText prints a text of several lines. The first line break only makes the
// text begin at the margin of the source.
func printText(t *terminal.Terminal, text string) error {
	return printLines(t, strings.Split(strings.TrimSuffix(strings.TrimPrefix(text, "\n"), "\n"), "\n"))
}

// listing is a result for people.
type listing []string

func (l *listing) add(format string, args ...any) { *l = append(*l, fmt.Sprintf(format, args...)) }

func printLines(t *terminal.Terminal, l listing) error {
	for _, line := range l {
		if err := t.Print("%s", line); err != nil {
			return err
		}
	}
	return nil
}

// shown is a result in both forms.
type shown interface{ lines() []string }

func show(t *terminal.Terminal, json bool, r shown) error {
	if json {
		return t.JSON(r)
	}
	return printLines(t, r.lines())
}
