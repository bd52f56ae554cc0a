package main

import (
	"context"
	"errors"

	"recover/pkg/record"
	"recover/pkg/recovery"
	"recover/pkg/shard"
	"recover/pkg/wallet"
)

// rebuiltKey is what became of one key. Where it was not rebuilt, wallet is
// nil; with --with-master there may be a master key all the same.
type rebuiltKey struct {
	result *keyResult
	wallet *wallet.Key
	master *shard.Master
}

func (k *rebuiltKey) wipe() {
	if k.wallet != nil {
		k.wallet.Wipe()
	}
	if k.master != nil {
		k.master.Wipe()
	}
}

// keyRebuilder rebuilds keys of a selection with an opened recovery key.
type keyRebuilder struct {
	ctx       context.Context
	selection *selection
	key       *recoveryKey
	options   recovery.RebuildOptions
}

// rebuild rebuilds one key. An error is one of the recovery key itself and ends
// the run.
func (b *keyRebuilder) rebuild(e record.Entry) (*rebuiltKey, error) {
	out := &rebuiltKey{result: newResult(e)}
	backups, err := recovery.Collect(b.ctx, b.selection.bucket, e)
	if err != nil {
		return out, out.result.failUnlessInterrupted(b.ctx, err)
	}
	rebuilt, err := backups.Rebuild(b.ctx, b.key, b.options)
	if err != nil {
		if b.ctx.Err() != nil { // a token was not waited for
			err = errInterruptedRun
		}
		return nil, err
	}
	out.wallet, out.master = rebuilt.Wallet, rebuilt.Master
	r := out.result
	r.Warnings = append(r.Warnings, rebuilt.Warnings...)
	if rebuilt.Backup != nil {
		r.describe(rebuilt.Backup)
	}
	switch {
	case errors.Is(rebuilt.Err, recovery.ErrMissing):
		r.missing(rebuilt.Err)
	case rebuilt.Wallet == nil:
		r.fail(rebuilt.Err)
	default:
		r.rebuilt(rebuilt)
		r.RecoveryKey = b.key.fingerprint.Hex()
	}
	r.Truncate()
	return out, nil
}

// rebuilt says that there is a key, and what is in doubt about it.
func (r *keyResult) rebuilt(k *recovery.Rebuilt) {
	r.Status = statusOK
	r.wallet(k.Wallet.Group(), k.Wallet.Public())
	if k.IsRight() {
		return
	}
	r.Status, r.Proved = statusUnproved, new(bool)
	r.Reason = recovery.ReasonOf(k.Doubts[0])
	for i, doubt := range k.Doubts {
		if i > 0 {
			r.Detail += "; "
		}
		r.Detail += doubt.Error()
	}
}
