package main

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"recover/internal/page"
	"recover/internal/terminal"
	"recover/pkg/record"
	"recover/pkg/recovery"
	"recover/pkg/report"
	"recover/pkg/rsadecrypt"
)

// listCopies tells what each of several copies is worth.
func (r *keyResult) listCopies(copies []recovery.Copy) {
	for _, c := range copies {
		l := report.Copy{Shard: c.Path, Status: statusOK, Used: c.Used}
		if !c.Modified.IsZero() {
			l.Modified = c.Modified.UTC().Format(time.RFC3339)
		}
		if v := c.Version(); v != nil {
			l.Version = v.ID
		}
		if c.HasKey() {
			l.RecoveryKey = c.RecoveryKey.Hex()
		}
		if c.Err != nil {
			l.Status, l.Reason, l.Detail = statusFailed, reasonOf(c.Err), c.Err.Error()
		}
		r.Shards = append(r.Shards, l)
	}
}

// countRecoveryKeys sums up which recovery keys open how many of the keys, and
// which of them the record knows.
func (r *reporter) countRecoveryKeys() {
	var all []report.RecoveryKeyCount
	for _, k := range r.selection.record.RecoveryKeys {
		hex := rsadecrypt.Fingerprint(k.SHA256).Hex()
		all = append(all, report.RecoveryKeyCount{SHA256: hex, Keys: r.openedBy[hex], Recorded: true, Custody: k.Custody})
		delete(r.openedBy, hex)
	}
	for _, hex := range slices.Sorted(maps.Keys(r.openedBy)) {
		all = append(all, report.RecoveryKeyCount{SHA256: hex, Keys: r.openedBy[hex]})
	}
	r.sum.RecoveryKeys = all
	if len(all) < 2 || r.json {
		return
	}
	for _, k := range all {
		r.term.Note("%s", k)
	}
}

// noteAnchors says of how many keys public data cannot tell everything.
func (r *reporter) noteAnchors() {
	weak := r.sum.Anchors[string(record.AnchorBackup)] + r.sum.Anchors[string(record.AnchorNone)]
	if weak == 0 || r.json {
		return
	}
	r.term.Note("%d of %d %s no public key or address of the service's list in the record: public data cannot tell whether their backups are the service's own, nor which SECP256K1 wallet key comes out",
		weak, r.sum.Keys, plural(weak, "key has", "keys have"))
}

// verifyPage is the report of verify for people.
func (r *reporter) verifyPage() *page.Page {
	p := r.page("verify", "Verification of the backups")
	switch {
	case p.OK:
		p.Verdict = fmt.Sprintf("All %d keys can be rebuilt", r.sum.Keys)
		if r.sum.Keys == 1 {
			p.Verdict = "The key can be rebuilt"
		}
	default:
		bad := r.sum.Keys - r.sum.OK
		p.Verdict = fmt.Sprintf("%d of %d keys %s attention", bad, r.sum.Keys, plural(bad, "needs", "need"))
	}
	if r.sum.Stale && p.OK {
		p.OK, p.Verdict = false, "The backups are older than they may be"
	}
	p.Meaning = "Public data proves of each key that is ok: whoever holds the private half of its recovery key, and this record, can rebuild it. " +
		"No secret was used. A drill shows that the private half is still available."
	for _, k := range r.sum.RecoveryKeys {
		p.Notes = append(p.Notes, terminal.Escape(k.String()))
	}
	return p
}
