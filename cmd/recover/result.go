package main

import (
	"encoding/hex"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"recover/internal/group"
	"recover/internal/terminal"
	"recover/pkg/record"
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

// Reasons that are not those of a shard.
const (
	reasonMissing    = shard.Reason("missing")
	reasonUnrecorded = shard.Reason("unrecorded")
	reasonSeveral    = shard.Reason("several-keys")    // sound backups of different keys for one key ID
	reasonUnreadable = shard.Reason("unreadable")      // the file system says no
	reasonRecord     = shard.Reason("record-mismatch") // the key is right, the record has another public key or address
	reasonQuorum     = shard.Reason("quorum-unknown")  // record: no known quorum ID is the key's
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
	return &keyResult{Key: report.Key{
		Type: "key", QuorumID: e.QuorumID.String(), KeyID: e.KeyID.String(), Algorithm: e.Algorithm.Algorithm(), Warnings: []string{},
	}, name: e.Name}
}

// resultOf is the result of a key of which only the ID is known.
func resultOf(keyID string) *keyResult {
	return &keyResult{Key: report.Key{Type: "key", KeyID: keyID, Warnings: []string{}}}
}

// fail sets why the key is not done.
func (r *keyResult) fail(err error) {
	r.Status, r.Reason, r.Detail = statusFailed, reasonOf(err), err.Error()
}

// bound cuts a result to what a report may say of a key.
func (r *keyResult) bound() { r.Truncate() }

func (r *keyResult) missing() {
	r.Status, r.Reason, r.Detail = statusMissing, reasonMissing, "no shard of this key is in the download"
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
	var mismatch *wallet.MismatchError
	var other *recordError
	var quorum *quorumError
	var notFound *notFoundError
	switch {
	case shard.ReasonOf(err) != "":
		return shard.ReasonOf(err)
	case errors.Is(err, errSeveralKeys):
		return reasonSeveral
	case errors.As(err, &mismatch) && mismatch.InRecord, errors.As(err, &other):
		return reasonRecord
	case errors.As(err, &mismatch):
		return shard.ReasonWalletKey
	case errors.Is(err, errSignature):
		return reasonSignature
	case errors.As(err, &notFound):
		return shard.ReasonWrongIDs
	case errors.As(err, &quorum):
		return reasonQuorum
	}
	return reasonUnreadable
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
	case r.single && r.last != nil && r.last.Status != statusOK:
		status := exitFailed
		if r.last.Status == statusUnproved {
			status = exitSome
		}
		return &incompleteError{fmt.Sprintf("%s: %s", r.path(r.last), r.last.Detail), reasonHint(r.last.Reason), status}
	case r.sum.OK+r.sum.Unproved > 0:
		return &incompleteError{fmt.Sprintf("%d of %d keys %s not %s", bad, r.sum.Keys, plural(bad, "is", "are"), done), hintEachKey, exitSome}
	}
	return &incompleteError{fmt.Sprintf("none of %d %s is %s", r.sum.Keys, plural(r.sum.Keys, "key", "keys"), done), hintEachKey, exitFailed}
}

const hintEachKey = "the line of each key says why, and what to do next"

// path is where a key's shard is, or was looked for.
func (r *reporter) path(k *keyResult) string {
	if k.Shard == "" || r.selection.bucket.IsFile() {
		return r.selection.shardsPath
	}
	return filepath.Join(r.selection.shardsPath, filepath.FromSlash(k.Shard))
}

func plural(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

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
}

func newReporter(t *terminal.Terminal, s *selection, json bool) *reporter {
	return &reporter{Terminal: t, selection: s, json: json, single: s.record.Len() == 1, sum: newSummary()}
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
	case r.single && k.Status != statusOK:
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
	if r.keep {
		r.kept = append(r.kept, k)
	}
}

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
