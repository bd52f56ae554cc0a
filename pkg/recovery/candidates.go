package recovery

import (
	"slices"

	"recover/internal/await"
	"recover/internal/group"
	"recover/pkg/rsadecrypt"
	"recover/pkg/shard"
)

// Which backups of a key may give it, and in which order they are tried.

// sort puts every file among those that may give the key, or those that cannot.
func (r *rebuild) sort() {
	r.out.Warnings = append(r.out.Warnings, r.Warnings...)
	fingerprint := rsadecrypt.FingerprintOf(r.public)
	for _, b := range r.all {
		if b.SameAs != nil {
			continue
		}
		if b.Err != nil && !b.HasKey() && r.options.Salvage {
			r.salvage(b)
		}
		switch {
		case b.ignored && b.Err != nil:
		case b.Err != nil:
			r.fail(b, b.Err)
		case b.RecoveryKey != fingerprint:
			sh, err := r.Load(b)
			if err == nil {
				err = sh.CheckRecoveryKey(r.public)
			}
			r.fail(b, err)
		default:
			if err := r.checkMaster(b); err != nil {
				r.fail(b, err)
				continue
			}
			r.ours = append(r.ours, b)
		}
	}
	r.nearestFirst()
}

// checkMaster refuses a backup that public data shows not to be the recorded
// one.
func (r *rebuild) checkMaster(b *Backup) error {
	e := r.Entry
	switch {
	case r.anchor.IsZero() && e.MasterPublicKey != nil && !shard.SamePublicKey(b.MasterPublicKey, e.MasterPublicKey):
		return &RecordError{"master_public_key", "the record's master_public_key is not the master public key of the shard"}
	case !r.anchor.IsZero() && e.Algorithm == group.Edwards25519:
		return notRecorded(r.anchor, e.Algorithm, b.MasterPublicKey) // the wallet key is the master key
	}
	return nil
}

// nearestFirst puts those first that claim the recorded wallet: the claim proves
// nothing, but a foreign backup mostly has another.
func (r *rebuild) nearestFirst() {
	if r.anchor.IsZero() {
		return
	}
	claims := func(b *Backup) bool {
		return b.WalletPublicKey == nil || r.anchor.Check(r.Entry.Algorithm, b.WalletPublicKey) == nil
	}
	r.stableFirst(claims)
}

func (r *rebuild) stableFirst(is func(*Backup) bool) (n int) {
	slices.SortStableFunc(r.ours, func(a, b *Backup) int {
		switch x, y := is(a), is(b); {
		case x == y:
			return 0
		case x:
			return -1
		}
		return 1
	})
	for _, b := range r.ours {
		if is(b) {
			n++
		}
	}
	return n
}

// salvage reads what can be read of a damaged file.
func (r *rebuild) salvage(b *Backup) {
	if b.SHA256 == "" || r.ctx.Err() != nil {
		return
	}
	data, err := r.read(b)
	if err != nil {
		return
	}
	var s *shard.Shard
	var lost []shard.Fault
	if await.Do(r.ctx, func() { s, lost, err = shard.ParseSalvage(data, r.public) }) != nil || err != nil {
		return
	}
	if r.Entry.Algorithm != nil {
		if err := s.CheckAlgorithm(r.Entry.Algorithm); err != nil {
			b.Err = err
			return
		}
	}
	warnf(&r.out.Warnings, WarnSalvaged, "%s: salvaged: %v", b.Path, b.Err)
	for _, f := range lost {
		warnf(&r.out.Warnings, WarnSalvaged, "%s: %s", b.Path, f.Error())
	}
	salvaged := *b
	salvaged.describe(s)
	salvaged.shard, salvaged.Err, salvaged.ignored = s, nil, false
	*b = salvaged
}
