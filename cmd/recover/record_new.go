package main

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"iter"
	"slices"

	"recover/internal/terminal"
	"recover/internal/uuid"
	"recover/pkg/record"
	"recover/pkg/recovery"
	"recover/pkg/rsadecrypt"
)

// recordBuilder makes entries of a record from the backups of a bucket and the
// service's list.
type recordBuilder struct {
	ctx      context.Context
	term     *terminal.Terminal
	flags    *recordFlags
	known    *known
	sel      *selection // the bucket, and the recovery keys that shards have to be for
	base     *record.Contents
	recorded map[uuid.ID]int // the place of a key in base
	report   *reporter

	wallets recovery.Known
	lists   *serviceReview
}

// recordNew makes a record from a download of the bucket.
func recordNew(p *program, f *recordFlags) error {
	environment := cmp.Or(f.environment, "production")
	if environment != "production" && environment != "sandbox" {
		return &usageError{"--environment is not production or sandbox", "the two are kept in records of their own"}
	}
	for _, path := range f.records {
		if !isHolderFolder(path) {
			return &usageError{"--record is not a holder's folder", "to add keys to a record that is a file: recover record add --record FILE; to make it again from a list: --from FILE"}
		}
	}
	f.from = append(f.records, f.from...)
	return buildRecord(p, f, &record.Contents{Environment: environment})
}

// recordAdd adds the keys of the bucket that are not in the record.
func recordAdd(p *program, f *recordFlags) error {
	path, err := f.oneRecord()
	if err != nil {
		return err
	}
	base, err := readContents(p.ctx, p.term, path)
	if err != nil {
		return err
	}
	return buildRecord(p, f, base)
}

func buildRecord(p *program, f *recordFlags, base *record.Contents) error {
	if err := required(f.verb, [2]string{"shards", f.shards}, [2]string{"out", f.out}); err != nil {
		return err
	}
	h := &recordBuilder{ctx: p.ctx, term: p.term, flags: f, base: base, sel: &selection{ctx: p.ctx, shardsPath: f.shards}, recorded: make(map[uuid.ID]int)}
	var err error
	if h.known, err = readKnown(p.ctx, p.term, f); err != nil {
		return err
	}
	if err := h.known.intoRecord(base, f); err != nil {
		return err
	}
	if err := h.prepare(); err != nil {
		return err
	}
	defer h.sel.Close()
	if err := h.sel.openDownload(f.shards, recovery.Hints{Quorums: h.known.isQuorum}); err != nil {
		return err
	}
	if err := h.sel.addListing(p.ctx, f.listing); err != nil {
		return err
	}
	p.run.inputs(h.sel)
	return h.run()
}

// prepare collects what may be expected of the backups.
func (h *recordBuilder) prepare() error {
	for i, e := range h.base.Entries {
		h.recorded[e.KeyID] = i
		h.known.addQuorum(e.QuorumID)
	}
	for _, path := range h.flags.publicKeys {
		pub, err := readPublicKey(h.ctx, path)
		if err != nil {
			return err
		}
		h.addRecoveryKey(rsadecrypt.FingerprintOf(pub))
	}
	for _, k := range h.base.RecoveryKeys {
		h.sel.expected = append(h.sel.expected, k.SHA256)
	}
	if len(h.known.quorums) == 0 && h.known.lists != nil {
		return h.known.lists
	}
	if len(h.known.quorums) == 0 {
		return &usageError{"no quorum ID is given", "it is not in the bucket: give it with --quorum-id, or with --from a list of wallets or a holder's folder"}
	}
	return nil
}

func (h *recordBuilder) addRecoveryKey(f rsadecrypt.Fingerprint) {
	if !slices.ContainsFunc(h.base.RecoveryKeys, func(k record.RecoveryKey) bool { return k.SHA256 == [sha256.Size]byte(f) }) {
		h.base.RecoveryKeys = append(h.base.RecoveryKeys, record.RecoveryKey{SHA256: f})
	}
}

// builtEntry is what one key of the bucket gives.
type builtEntry struct {
	result *keyResult
	*recovery.Enrolled
}

func (h *recordBuilder) run() error {
	h.report = &reporter{term: h.term, selection: h.sel, json: h.flags.json, sum: newSummary()}
	h.report.warnPassedOver()
	h.lists = &serviceReview{term: h.term, json: h.flags.json, known: h.known}
	for _, k := range h.base.RecoveryKeys {
		h.lists.ours = append(h.lists.ours, k.SHA256)
	}
	h.wallets = recovery.Known{Quorums: h.known.quorums, Wallets: h.known.wallets, RecoveryKeys: h.sel.expected}.IndexWallets()
	found := make([]bool, len(h.known.wallets))
	var added []record.Entry
	var results []*keyResult
	usable := 0
	for k, err := range inOrder(h.ctx, 0, h.keys(), h.entry) {
		if err == errInterruptedRun {
			return terminal.ErrInterrupted // nothing was written
		}
		if err != nil {
			return err
		}
		results = append(results, k.result)
		if k.Enrolled == nil {
			continue
		}
		for _, i := range k.Listed {
			found[i] = true
		}
		if !k.Usable {
			continue
		}
		usable++
		if k.Err == nil {
			for _, f := range k.RecoveryKeys {
				h.addRecoveryKey(f)
			}
		}
		if i, ok := h.recorded[k.Entry.KeyID]; ok {
			h.base.Entries[i] = k.Entry
		} else {
			added = append(added, k.Entry)
		}
	}
	slices.SortFunc(added, func(a, b record.Entry) int { return bytes.Compare(a.KeyID[:], b.KeyID[:]) })
	h.base.Entries = append(h.base.Entries, added...)
	if err := h.lists.alarms(h.ctx, found); err != nil {
		return err
	}
	h.report.sum.NoBackup, h.report.sum.KitProblems = h.lists.noBackup, h.lists.kitProblems
	for _, r := range results {
		if h.ctx.Err() != nil {
			return terminal.ErrInterrupted
		}
		if err := h.report.key(r); err != nil {
			return err
		}
	}
	return h.finish(usable)
}

func (h *recordBuilder) finish(usable int) error {
	if err := h.report.end(); err != nil {
		return err
	}
	h.report.noteListing()
	if usable > 0 || h.report.sum.Keys == 0 && len(h.base.Entries) > 0 {
		if err := writeRecord(h.ctx, h.term, h.flags.out, h.base); err != nil {
			return err
		}
		for _, k := range h.base.RecoveryKeys {
			h.term.Note("recovery key %s: compare it with the one that you registered", rsadecrypt.Fingerprint(k.SHA256))
		}
		h.noteAnchors(h.base)
	}
	return h.lists.outcome(h.report.outcome("recorded"))
}

// noteAnchors says how many keys only the bucket speaks for.
func (h *recordBuilder) noteAnchors(c *record.Contents) {
	weak := 0
	for _, e := range c.Entries {
		if !e.NamesWallet() {
			weak++
		}
	}
	if weak > 0 {
		h.term.Warn(fmt.Sprintf("%d of %d %s recorded without a public key or address from the service's list: somebody who can write to the bucket may have planted their backups",
			weak, len(c.Entries), plural(len(c.Entries), "key is", "keys are")))
	}
}

// keys yields the keys of the bucket, each once.
func (h *recordBuilder) keys() iter.Seq2[uuid.ID, error] {
	return func(yield func(uuid.ID, error) bool) {
		for id := range recovery.Keys(h.sel.bucket, func(path string, err error) { h.report.passedOver(h.flags.shards, path, err) }) {
			if !yield(id, nil) {
				return
			}
		}
	}
}

// entry makes the entry of one key.
func (h *recordBuilder) entry(id uuid.ID) (*builtEntry, error) {
	start := record.Entry{KeyID: id}
	if i, ok := h.recorded[id]; ok {
		start = h.base.Entries[i]
	}
	k := &builtEntry{result: resultOf(id.String())}
	backups, err := recovery.Collect(h.ctx, h.sel.bucket, start)
	if err != nil {
		return k, k.result.failUnlessInterrupted(h.ctx, err)
	}
	k.Enrolled, err = backups.Enroll(h.ctx, h.wallets)
	if err != nil {
		return nil, errInterruptedRun
	}
	r := k.result
	r.Warnings = append(r.Warnings, k.Warnings...)
	if k.Backup != nil {
		r.describe(k.Backup)
	}
	if k.Usable {
		r.QuorumID, r.Algorithm, r.Anchor = k.Entry.QuorumID.String(), k.Entry.Algorithm.Algorithm(), string(k.Entry.Anchor())
		if k.Entry.PublicKey != nil {
			r.wallet(k.Entry.Algorithm, k.Entry.PublicKey)
		}
	}
	switch {
	case errors.Is(k.Err, recovery.ErrMissing):
		r.missing(k.Err)
	case k.Err != nil:
		r.fail(k.Err)
	default:
		r.Status = statusOK
	}
	return k, nil
}
