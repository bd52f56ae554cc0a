package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"recover/internal/terminal"
	"recover/pkg/recovery"
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
	attention []*keyResult // some of those that are not ok, or have a warning
	reasons   map[reasonCount]int

	failedOnly bool      // the others are counted only
	strict     bool      // warnings fail the run
	addresses  bool      // show all addresses of a key
	shown      int       // lines
	newest     time.Time // verify: of the backups
	took       float64   // seconds of the whole run, where that is more than the work on the keys
}

func newReporter(p *program, s *selection, f shownFlags) *reporter {
	p.run.inputs(s)
	r := &reporter{term: p.term, selection: s, json: f.json, failedOnly: f.failedOnly, addresses: f.addresses, strict: f.strict, single: s.record.Len() == 1, sum: newSummary()}
	r.warnPassedOver()
	return r
}

// warnPassedOver names the folders of the download that could not be searched.
func (r *reporter) warnPassedOver() {
	if record := r.selection.record; record != nil {
		warnOfRecord(r.term, r.selection.recordPath, record.Warnings)
	}
	r.selection.warnOfCopy(r.term)
	for _, w := range r.selection.bucket.Warnings() {
		r.passedOver(r.selection.shardsPath, w.Path, w.Err)
	}
}

func (r *reporter) passedOver(download, path string, err error) {
	f := &fileError{filepath.Join(download, filepath.FromSlash(path)), asShards, err}
	r.sum.Elsewhere++
	r.term.Warn(f.Error() + ": passed over")
	if r.json {
		_ = r.term.JSON(&warningLine{"warning", recovery.WarnNotRead, f.Error()}) // the end tells of a failed write
	}
}

// warningLine is a warning that is of no key, for scripts.
type warningLine struct {
	Type   string `json:"type"` // "warning"
	Code   string `json:"code"`
	Detail string `json:"detail"`
}

// key shows one result.
func (r *reporter) key(k *keyResult) error {
	r.sum.count(k)
	r.last = k
	r.note(k)
	r.countListing(k)
	switch {
	case r.failedOnly && k.Status == statusOK && len(k.Warnings) == 0:
		return nil
	case r.json:
		return r.term.JSON(k)
	case r.single && k.Status != statusOK && k.Status != statusUnproved:
		return nil
	}
	l := r.lines(k)
	r.shown += len(l)
	return printLines(r.term, l)
}

// note keeps what is wanted at the end.
func (r *reporter) note(k *keyResult) {
	if r.openedBy == nil {
		r.openedBy = make(map[string]int)
	}
	for _, key := range k.openedBy {
		r.openedBy[key]++
	}
	r.countReason(k)
	if k.newest.After(r.newest) {
		r.newest = k.newest
	}
	if k.Status == statusUnproved && len(r.unproved) < maxListed {
		r.unproved = append(r.unproved, k)
	} else if (k.Status != statusOK || len(k.Warnings) > 0) && len(r.attention) < maxListed {
		r.attention = append(r.attention, k)
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
		l.add("    %s, %s", keyName(k), k.Reason)
		l.addAddresses(k)
	}
	if more := r.sum.Unproved - len(r.unproved); more > 0 {
		l.add("    and %d more: see the report", more)
	}
	return printLines(r.term, l)
}

// screenful is how many lines can be shown without the first ones leaving a
// small terminal.
const screenful = 20

// listAttention names the keys that failed or have a warning once more, where so
// many lines were shown that they have left the screen.
func (r *reporter) listAttention() error {
	if r.json || r.single || r.shown <= screenful || r.failedOnly || len(r.attention) == 0 {
		return nil
	}
	l := listing{"", "needs attention:"}
	for _, k := range r.attention {
		l = append(l, r.lines(k)...)
	}
	if more := r.sum.Keys - r.sum.OK + r.sum.Warnings - r.sum.Unproved - len(r.attention); len(r.attention) == maxListed && more > 0 {
		l.add("and more: --failed-only shows them all")
	}
	return printLines(r.term, append(l, ""))
}

// maxListed is how many keys are named once more at the end.
const maxListed = 100

// end shows the summary.
func (r *reporter) end() error {
	r.sum.end()
	if !r.newest.IsZero() {
		r.sum.NewestBackup = r.newest.UTC().Format(time.RFC3339)
	}
	if err := r.listAttention(); err != nil {
		return err
	}
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
		return r.strictly()
	case r.sum.Unproved > 0 && r.sum.Unproved == bad:
		return &incompleteError{fmt.Sprintf("%d of %d keys %s written, but not proved", bad, r.sum.Keys, plural(bad, "is", "are")), hintUnproved, exitSome}
	case r.single && r.last != nil && r.last.Status != statusOK:
		return &incompleteError{fmt.Sprintf("%s: %s", r.path(r.last), r.last.Detail), reasonHint(r.last.Reason), exitFailed}
	case r.sum.OK+r.sum.Unproved > 0:
		return &incompleteError{fmt.Sprintf("%d of %d keys %s not %s", bad, r.sum.Keys, plural(bad, "is", "are"), done), hintEachKey, exitSome}
	}
	todo := hintEachKey
	if r.sum.Missing > 0 && r.sum.Missing+r.sum.Unrecorded == r.sum.Keys {
		todo = hintOtherDownload
	}
	return &incompleteError{fmt.Sprintf("none of %d %s is %s", r.sum.Keys, plural(r.sum.Keys, "key", "keys"), done), todo, exitFailed}
}

// strictly is the outcome of a run whose keys are all ok.
func (r *reporter) strictly() error {
	warned := r.sum.Warnings
	switch {
	case !r.strict || warned+r.sum.Elsewhere == 0:
		return nil
	case warned == 0:
		return &incompleteError{fmt.Sprintf("--strict: %d %s of the download", r.sum.Elsewhere, plural(r.sum.Elsewhere, "warning", "warnings")), hintWarnings, exitSome}
	case warned == r.sum.Keys:
		return &incompleteError{fmt.Sprintf("--strict: %d of %d keys %s a warning", warned, r.sum.Keys, plural(warned, "has", "have")), hintWarnings, exitFailed}
	}
	return &incompleteError{fmt.Sprintf("--strict: %d of %d keys %s a warning", warned, r.sum.Keys, plural(warned, "has", "have")), hintWarnings, exitSome}
}

const hintWarnings = "docs/troubleshooting.md explains each warning by its code; --json shows the codes"

const hintUnproved = "compare their addresses with a source outside the bucket before you use them: the service's console, an invoice, a block explorer"

const hintEachKey = "the line of each key says why, and what to do next"

// hintOtherDownload is for a download that has none of the keys of the record.
const hintOtherDownload = "give the record and the download of the same bucket: no recorded key is in this download; recover inspect RECORD shows the environment of a record"

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
