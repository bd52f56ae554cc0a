package main

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"recover/internal/group"
	"recover/internal/message"
	"recover/internal/terminal"
	"recover/pkg/record"
	"recover/pkg/recovery"
	"recover/pkg/report"
	"recover/pkg/shard"
	"recover/pkg/wallet"
)

// Statuses of a key (design, section 4).
const (
	statusOK         = report.OK
	statusFailed     = report.Failed
	statusMissing    = report.Missing
	statusUnrecorded = report.Unrecorded
	statusUnproved   = report.Unproved
)

// Reasons that are those of no backup.
const (
	reasonUnrecorded = shard.Reason("unrecorded")
)

// keyResult is what became of one key, and what is only known here.
type keyResult struct {
	report.Key
	master bool // a master key is kept, without its wallet key

	name  string   // as recorded
	sound []string // verify: recovery keys for which there is a sound shard, hex
}

// copyResult is what verify says of one of several shard files of a key.
type copyResult = report.Copy

// recoveryKeyCount is how many of the keys one recovery key can open.
type recoveryKeyCount = report.RecoveryKeyCount

func newResult(e record.Entry) *keyResult {
	r := &keyResult{Key: report.Key{
		Type: "key", QuorumID: e.QuorumID.String(), KeyID: e.KeyID.String(), Algorithm: e.Algorithm.Algorithm(),
		Anchor: string(e.Anchor()), Warnings: []string{},
	}, name: e.Name}
	return r
}

// resultOf is the result of a key of which only the ID is known.
func resultOf(keyID string) *keyResult {
	return &keyResult{Key: report.Key{Type: "key", KeyID: keyID, Warnings: []string{}}}
}

// fail sets why the key is not done.
func (r *keyResult) fail(err error) {
	r.Status, r.Reason, r.Detail = statusFailed, reasonOf(err), err.Error()
}

// failUnlessInterrupted is fail, but for the end of the run, which it returns.
func (r *keyResult) failUnlessInterrupted(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return errInterruptedRun
	}
	r.fail(err)
	return nil
}

// describe sets what a backup says of itself.
func (r *keyResult) describe(b *recovery.Backup) {
	r.Shard, r.ShardSHA256 = b.Path, b.SHA256
	if !b.HasKey() {
		return
	}
	r.RecoveryKey = b.RecoveryKey.Hex()
	if b.WalletPublicKey != nil {
		r.wallet(b.Group(), b.WalletPublicKey)
	}
}

// bound cuts a result to what a report may say of a key.
func (r *keyResult) bound() { r.Truncate() }

func (r *keyResult) missing() {
	r.Status, r.Reason, r.Detail = statusMissing, recovery.ReasonMissing, recovery.ErrMissing.Error()
}

// wallet sets the public key and the addresses.
func (r *keyResult) wallet(g group.Group, public group.Point) {
	r.PublicKey = hex.EncodeToString(public.Bytes())
	r.Addresses = make(map[string]string)
	for _, a := range wallet.Addresses(g, public) {
		r.Addresses[a.Chain] = a.Text
	}
}

// reasonOf is the code for an error that ended the work on a key.
func reasonOf(err error) shard.Reason {
	var notFound *notFoundError
	switch {
	case recovery.ReasonOf(err) != "":
		return recovery.ReasonOf(err)
	case errors.Is(err, errSignature):
		return reasonSignature
	case errors.As(err, &notFound):
		return shard.ReasonWrongIDs
	}
	return recovery.ReasonUnreadable
}

// summary counts the results, and knows when the work began.
type summary struct {
	report.Summary
	begun time.Time
}

func newSummary() *summary { return &summary{report.Summary{Type: "summary"}, time.Now()} }

func (s *summary) count(r *keyResult) { s.Count(&r.Key) }

func (s *summary) end() { s.Seconds = s.seconds() }

func (s *summary) seconds() float64 {
	return float64(time.Since(s.begun).Round(time.Millisecond)) / float64(time.Second)
}

// incompleteError says that not all keys are done. Each key's own result has
// been shown, but for that of a single key, which it is about.
type incompleteError struct {
	fact, hint string
	status     int
}

func (e *incompleteError) Error() string { return e.fact }

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

var plural = message.Plural

// reporter shows results as they come: for scripts, or for people.
type reporter struct {
	*terminal.Terminal
	selection *selection
	json      bool
	single    bool // there is one key, and what is wrong with it is the error of the run
	sum       *summary
	last      *keyResult
	sound     map[string]int // keys that a recovery key opens, by its fingerprint in hex
	keep      bool           // for a page
	kept      []*keyResult
	unproved  []*keyResult // some of them
}

func newReporter(t *terminal.Terminal, s *selection, json bool) *reporter {
	r := &reporter{Terminal: t, selection: s, json: json, single: s.record.Len() == 1, sum: newSummary()}
	r.warnPassedOver()
	return r
}

// warnPassedOver names the folders of the download that could not be searched.
func (r *reporter) warnPassedOver() {
	for _, w := range r.selection.bucket.Warnings() {
		r.passedOver(r.selection.shardsPath, w.Path, w.Err)
	}
}

func (r *reporter) passedOver(download, path string, err error) {
	f := &fileError{filepath.Join(download, filepath.FromSlash(path)), asShards, err}
	r.Warn(f.Error() + ": passed over")
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
		return r.JSON(k)
	case r.single && k.Status != statusOK && k.Status != statusUnproved:
		return nil
	}
	line := fmt.Sprintf("%-10s  %s  %-9s  %s", k.Status, k.KeyID, k.Algorithm, mainAddress(k))
	if err := r.Print("%s", strings.TrimRight(line, " ")); err != nil {
		return err
	}
	if k.Status != statusOK {
		if err := r.Print("            %s: %s", k.Reason, k.Detail); err != nil {
			return err
		}
		if h := reasonHint(k.Reason); h != "" {
			if err := r.Print("            next: %s", h); err != nil {
				return err
			}
		}
	}
	for _, w := range k.Warnings {
		if err := r.Print("            warning: %s", w); err != nil {
			return err
		}
	}
	return r.versions(k)
}

// note keeps what is wanted at the end.
func (r *reporter) note(k *keyResult) {
	if r.sound == nil {
		r.sound = make(map[string]int)
	}
	for _, key := range k.sound {
		r.sound[key]++
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
	if err := r.Print("not proved; compare these addresses with a source outside the bucket before you use the keys:"); err != nil {
		return err
	}
	for _, k := range r.unproved {
		if err := r.Print("    %s  %s", k.KeyID, k.Reason); err != nil {
			return err
		}
		for _, chain := range slices.Sorted(maps.Keys(k.Addresses)) {
			if err := r.Print("        %-16s %s", chain, k.Addresses[chain]); err != nil {
				return err
			}
		}
	}
	if more := r.sum.Unproved - len(r.unproved); more > 0 {
		return r.Print("    and %d more: see the report", more)
	}
	return nil
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
		return r.JSON(r.sum)
	}
	return r.Print("%s", r.sum)
}
