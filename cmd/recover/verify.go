package main

import (
	"fmt"

	"recover/internal/terminal"
	"recover/internal/uuid"
	"recover/pkg/record"
	"recover/pkg/rsadecrypt"
	"recover/pkg/shard"
	"recover/pkg/wallet"
)

// verify is the verb: prove, with public data alone, that every recorded key
// can be rebuilt.
func (p *program) verify(args []string) error {
	fs := newFlags("verify")
	var sel selectionFlags
	sel.register(fs)
	publicKey := fs.String("recovery-public-key", "", "")
	asJSON := fs.Bool("json", false, "")
	html := fs.String("html", "", "")
	workers := fs.Int("workers", 0, "")
	if err := parseFlags(fs, args, 0); err != nil {
		return err
	}
	if err := checkWorkers(*workers); err != nil {
		return err
	}
	if err := checkPage(*html); err != nil {
		return err
	}
	s, err := sel.open()
	if err != nil {
		return err
	}
	defer s.Close()
	if *publicKey != "" {
		pub, err := readPublicKey(*publicKey)
		if err != nil {
			return err
		}
		if err := s.expect(rsadecrypt.FingerprintOf(pub)); err != nil {
			return err
		}
	}
	report := newReporter(p.Terminal, s, *asJSON)
	report.keep = *html != ""
	if err := p.verifyAll(s, report, *workers); err != nil {
		return err
	}
	report.countRecoveryKeys()
	if err := report.end(); err != nil {
		return err
	}
	if err := p.writePage(*html, report.verifyPage()); err != nil {
		return err
	}
	return report.outcome("verified")
}

func (p *program) verifyAll(s *selection, report *reporter, workers int) error {
	progress := p.Progress("verified", s.record.Len())
	defer progress.Done()
	recorded := make(map[uuid.ID]struct{}, s.record.Len())
	entries := func(yield func(record.Entry, error) bool) {
		for e, err := range s.record.Entries() {
			recorded[e.KeyID] = struct{}{}
			if !yield(e, err) {
				return
			}
		}
	}
	for r, err := range inOrder(p.ctx, workers, entries, s.verifyKey) {
		if err == errInterruptedRun {
			return terminal.ErrInterrupted // there is nothing to be kept
		}
		if err != nil {
			return err
		}
		progress.Step(r.Status != statusOK)
		if err := report.key(r); err != nil {
			return err
		}
	}
	if s.recordPath == "" {
		return nil // one key was asked about
	}
	return s.unrecorded(recorded, report)
}

// unrecorded reports the keys that are in the bucket and not in the record.
func (s *selection) unrecorded(recorded map[uuid.ID]struct{}, report *reporter) error {
	for id, err := range s.bucket.Keys() {
		if err != nil {
			return &fileError{s.shardsPath, asShards, err}
		}
		if _, ok := recorded[id]; ok {
			continue
		}
		recorded[id] = struct{}{} // once, if its folder is there twice
		r := resultOf(id.String())
		r.Status, r.Reason, r.Detail = statusUnrecorded, reasonUnrecorded, "the key is in the download, but not in the record"
		if err := report.key(r); err != nil {
			return err
		}
	}
	return nil
}

// verifyKey proves the backups of one key. The key is in order when for each
// recovery key that it is backed up to, one sound copy is there; and with
// expected recovery keys, when it is backed up to one of them.
func (s *selection) verifyKey(e record.Entry) (*keyResult, error) {
	r := newResult(e)
	var copies []verifiedCopy
	found, err := s.candidates(e, func(c candidate) error {
		if c.err == nil && c.shard == nil {
			r.Warnings = append(r.Warnings, c.file.Path+" is not a shard")
			return nil
		}
		v := verifiedCopy{candidate: c, err: c.err}
		if v.err == nil {
			v.warnings, v.err = s.verifyCopy(c.shard, e)
		}
		copies = append(copies, v)
		return nil
	})
	switch {
	case err != nil:
		r.fail(err)
		return r, nil
	case found == 0:
		r.missing()
		return r, nil
	}
	r.judge(copies)
	s.kitIsWhole(r, copies)
	return r, nil
}

// verifiedCopy is one shard file of a key, and what the proof says of it.
type verifiedCopy struct {
	candidate
	warnings []string
	err      error
}

func (s *selection) verifyCopy(sh *shard.Shard, e record.Entry) (warnings []string, err error) {
	if !s.isExpected(sh.Fingerprint()) {
		return nil, otherRecoveryKey(sh)
	}
	if err := sh.CheckAlgorithm(e.Algorithm); err != nil {
		return nil, err
	}
	ids, warning, err := idsOf(sh, e)
	if err != nil {
		return nil, err
	}
	if warning != "" {
		warnings = append(warnings, warning)
	}
	proof, err := sh.Verify(ids)
	if err != nil {
		return nil, err
	}
	return append(warnings, proof.Caveats()...), agreesWithRecord(sh, e)
}

func otherRecoveryKey(sh *shard.Shard) error {
	return &shard.Error{Reason: shard.ReasonOtherRecoveryKey, Faults: []shard.Fault{{
		Field: "recoveryPublicKeyHex", Problem: fmt.Sprintf("the shard is encrypted to recovery key %s, which is not an expected one", sh.Fingerprint()),
	}}}
}

// agreesWithRecord compares the wallet public key that the shard names with
// what the record has. A rebuild would refuse the key for the same cause.
func agreesWithRecord(sh *shard.Shard, e record.Entry) error {
	public := walletPublicKey(sh)
	if public == nil {
		return nil
	}
	if e.PublicKey != nil && !public.Equal(e.PublicKey) {
		return &recordError{"the record's public_key is not the wallet public key of the shard"}
	}
	if _, ok := wallet.FindAddress(sh.Group(), public, e.Address); e.Address != "" && !ok {
		return &recordError{"the record's address is none of the wallet public key of the shard"}
	}
	return nil
}

// recordError is a record that names another key than the backup.
type recordError struct{ fact string }

func (e *recordError) Error() string { return e.fact }
