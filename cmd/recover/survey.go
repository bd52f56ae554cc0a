package main

import (
	"context"
	"crypto/rsa"
	"iter"

	"recover/internal/terminal"
	"recover/pkg/hsm"
	"recover/pkg/record"
	"recover/pkg/recovery"
	"recover/pkg/rsadecrypt"
)

// backups are what a recovery key is wanted for.
type backups struct {
	*selection
	entries    iter.Seq2[record.Entry, error] // of the record, those that there is work for
	chainCodes bool                           // of all keys, not only where the wallet key takes one
	salvage    bool
}

// demand is what the backups that are encrypted to one recovery key take.
type demand struct {
	public     *rsa.PublicKey
	keys       int
	operations int // private ones, if all backups are intact
}

// work is what there is to do, by recovery key.
type work struct {
	*backups
	demands map[rsadecrypt.Fingerprint]*demand
}

// survey reads all backups, before anything secret is asked for: which recovery
// keys they are for, and how many private operations they take.
func (b *backups) survey(ctx context.Context) (*work, error) {
	w := &work{b, make(map[rsadecrypt.Fingerprint]*demand)}
	demandsOf := func(e record.Entry) (map[rsadecrypt.Fingerprint]demand, error) {
		found := make(map[rsadecrypt.Fingerprint]demand)
		all, err := recovery.Collect(ctx, b.bucket, e)
		if err != nil {
			return nil, ctx.Err()
		}
		for f, d := range all.Demands(b.chainCodes) {
			if sh, err := all.Load(d.Backup); err == nil && b.isExpected(f) {
				found[f] = demand{sh.RecoveryKey(), d.Keys, d.Operations}
			}
		}
		return found, nil
	}
	for found, err := range inOrder(ctx, 0, b.entries, demandsOf) {
		if err != nil && ctx.Err() != nil {
			return nil, terminal.ErrInterrupted
		}
		if err != nil {
			return nil, err
		}
		for fingerprint, d := range found {
			sum, ok := w.demands[fingerprint]
			if !ok {
				sum = &demand{public: d.public}
				w.demands[fingerprint] = sum
			}
			sum.keys += d.keys
			sum.operations += d.operations
		}
	}
	return w, nil
}

// wanted returns which key the token has to hold: one that the record names,
// or, if it names none, one that there are backups for.
func (w *work) wanted() hsm.KeyFilter {
	wanted := hsm.KeyFilter{Match: func(public *rsa.PublicKey) bool {
		f := rsadecrypt.FingerprintOf(public)
		return w.isExpected(f) && (len(w.expected) > 0 || len(w.demands) == 0 || w.demands[f] != nil)
	}}
	if len(w.demands) == 1 {
		for _, d := range w.demands {
			wanted.Key = d.public
		}
	}
	return wanted
}

// most returns the largest demand, for it is not known yet which key the token
// holds. Mostly there is but one.
func (w *work) most() (operations, keys int) {
	for _, d := range w.demands {
		if d.operations > operations || d.operations == operations && d.keys > keys {
			operations, keys = d.operations, d.keys
		}
	}
	return operations, keys
}
