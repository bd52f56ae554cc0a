package main

import (
	"context"
	"errors"

	"recover/internal/terminal"
	"recover/internal/uuid"
	"recover/pkg/record"
	"recover/pkg/recovery"
	"recover/pkg/report"
	"recover/pkg/rsadecrypt"
)

const verifyUsage = `
recover verify --record FILE --shards PATH [--recovery-public-key FILE]

Proves, with public data alone, that every recorded key can be rebuilt by
whoever holds the recovery key: no secret is needed or asked for, so it can run
on any machine, every week. It also says by what the record knows each wallet:
without a public key or address of the service's list, the derived wallet key
of a SECP256K1 backup cannot be checked.
` + selectionUsage + `
Options:
    --recovery-public-key FILE the shards have to be encrypted to this key;
                               without it, to one that the record names, or
                               else to any
    --max-age AGE              fail if the newest backup is older: 30d, or 36h
` + listingUsage + `    --part 2/5                 only the second of five parts of the record;
                               "recover report merge" joins their reports
` + partIndexUsage + `    --report FILE              a report for programs: JSON with a line for each
                               key
    --html FILE                a report for people: one page that needs no
                               network
    --metrics FILE             figures for Prometheus, in the text format that
                               its node exporter collects
    --replace                  a file of --report, --html or --metrics takes
                               the place of one that an earlier verify wrote;
                               no other file is ever replaced
` + shownUsage + `    --workers N                keys that are worked on at a time (0: one per
                               CPU)

Exit status 3 means that some keys are in order and others are not.
`

// runVerify is the verb: prove, with public data alone, that every recorded key
// can be rebuilt.
func runVerify(p *program, args []string) error {
	fs := newFlags("verify")
	var sel selectionFlags
	sel.register(fs)
	publicKey := fs.String("recovery-public-key", "", "")
	var shown shownFlags
	shown.register(fs)
	var files verifyFiles
	files.register(fs)
	workers := fs.Int("workers", 0, "")
	maxAge := fs.String("max-age", "", "")
	var division partFlags
	division.register(fs)
	listingPath := fs.String("listing", "", "")
	if err := parseFlags(fs, args, 0); err != nil {
		return err
	}
	if err := checkWorkers(*workers); err != nil {
		return err
	}
	limit, err := parseAge(*maxAge)
	if err != nil {
		return err
	}
	part, err := division.parse()
	if err != nil {
		return err
	}
	if err := files.check(); err != nil {
		return err
	}
	s, err := sel.open(p.ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	if err := s.addListing(p.ctx, *listingPath); err != nil {
		return err
	}
	if *publicKey != "" {
		pub, err := readPublicKey(p.ctx, *publicKey)
		if err != nil {
			return err
		}
		if err := s.expect(rsadecrypt.FingerprintOf(pub)); err != nil {
			return err
		}
	}
	results := newReporter(p, s, shown)
	results.keep = files.wanted()
	if err := verifyAll(p, s, part, results, *workers); err != nil {
		return err
	}
	results.countRecoveryKeys()
	results.noteAnchors()
	stale := results.checkAge(limit)
	if err := results.end(); err != nil {
		return err
	}
	results.noteNewest()
	results.noteListing()
	verdict := results.outcome("verified")
	if stale != nil && results.sum.OK == results.sum.Keys {
		verdict = stale
	}
	if err := files.write(results, p.verifyHeader(s, part), verdict == nil); err != nil {
		return err
	}
	return verdict
}

func verifyAll(p *program, s *selection, part report.Part, shown *reporter, workers int) error {
	recorded := make(map[uuid.ID]struct{}, s.record.Len())
	wanted := 0
	for e, err := range s.record.Entries() {
		if err != nil {
			return err
		}
		recorded[e.KeyID] = struct{}{}
		if part.Has(e.KeyID) {
			wanted++
		}
	}
	progress := p.term.Progress("keys checked", wanted)
	defer progress.Done()
	entries := func(yield func(record.Entry, error) bool) {
		for e, err := range s.record.Entries() {
			if (err != nil || part.Has(e.KeyID)) && !yield(e, err) {
				return
			}
		}
	}
	for r, err := range inOrder(p.ctx, workers, entries, func(e record.Entry) (*keyResult, error) { return verifyKey(p.ctx, s, e) }) {
		if err == errInterruptedRun {
			return terminal.ErrInterrupted // there is nothing to be kept
		}
		if err != nil {
			return err
		}
		progress.Step(r.Status != statusOK)
		if err := shown.key(r); err != nil {
			return err
		}
	}
	if s.recordPath == "" {
		return nil // one key was asked about
	}
	return s.unrecorded(p.ctx, recorded, part, shown)
}

// unrecorded reports the keys of a part that are in the bucket and not in the
// record.
func (s *selection) unrecorded(ctx context.Context, recorded map[uuid.ID]struct{}, part report.Part, shown *reporter) error {
	warn := func(path string, err error) { shown.passedOver(s.shardsPath, path, err) }
	for id := range recovery.Keys(s.bucket, warn) {
		if ctx.Err() != nil {
			return terminal.ErrInterrupted
		}
		if _, ok := recorded[id]; ok || !part.Has(id) {
			continue
		}
		r := resultOf(id.String())
		r.Status, r.Reason, r.Detail = statusUnrecorded, reasonUnrecorded, "the key is in the download, but not in the record"
		if s.bucket.InListing(id) && !s.bucket.HasFolder(id) {
			r.Detail = "the key is in the listing of the bucket, but neither in the record nor in the download"
		}
		if err := shown.key(r); err != nil {
			return err
		}
	}
	return nil
}

// verifyKey proves the backups of one key.
func verifyKey(ctx context.Context, s *selection, e record.Entry) (*keyResult, error) {
	r := newResult(e)
	backups, err := recovery.Collect(ctx, s.bucket, e)
	if err != nil {
		return r, r.failUnlessInterrupted(ctx, err)
	}
	v, err := backups.Verify(ctx, s.expected)
	if err != nil {
		return nil, errInterruptedRun
	}
	r.Warnings = append(r.Warnings, v.Warnings...)
	if errors.Is(v.Err, recovery.ErrMissing) {
		r.missing(v.Err)
		return r, nil
	}
	r.Status = statusOK
	if v.Backup != nil { // nil where its folder cannot be listed
		r.describe(v.Backup)
	}
	for _, key := range v.RecoveryKeys {
		r.openedBy = append(r.openedBy, key.Hex())
	}
	for _, c := range v.Copies {
		// Junk with a new date must not make an old download look new.
		if c.Err == nil && c.Modified.After(r.newest) {
			r.newest = c.Modified
		}
	}
	if len(v.Copies) > 1 {
		r.listCopies(v.Copies)
	}
	if v.Err != nil {
		r.fail(v.Err)
	}
	return r, nil
}
