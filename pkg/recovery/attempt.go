package recovery

import (
	"errors"

	"recover/internal/group"
	"recover/pkg/shard"
	"recover/pkg/wallet"
)

// attempt rebuilds the key from one backup, which is sh where copies of it were
// joined, and makes it the result.
func (r *rebuild) attempt(b *Backup, sh *shard.Shard, doubts []error) error {
	if sh == nil {
		var err error
		if sh, err = r.Load(b); err != nil {
			return err
		}
	}
	ids, warning := r.idsOf(b, sh)
	opt := shard.Options{ChainCode: r.options.WithMaster, Salvage: r.options.Salvage, Operations: r.operations}
	if !r.anchor.IsZero() && sh.Group() == group.Secp256k1 {
		opt.Accept = r.anchor.AcceptChainCode()
	}
	m, err := sh.Rebuild(r.ctx, r.key, ids, opt)
	if err != nil {
		return err
	}
	key, more, err := r.derive(m, sh)
	if err != nil {
		r.keepMaster(m, b, err, doubts)
		return err
	}
	if r.out.Master != nil {
		r.out.Master.Wipe()
	}
	r.out.Wallet, r.out.Master, r.out.Backup, r.out.Doubts = key, m, b, append(doubts, more...)
	r.describe(b, sh, warning)
	return nil
}

// idsOf returns the IDs that fit, which the proof has found out if there was one.
func (r *rebuild) idsOf(b *Backup, sh *shard.Shard) (shard.IDs, string) {
	if b.proof != nil && b.proof.ids != (shard.IDs{}) {
		return b.proof.ids, b.proof.warning
	}
	ids, warning, _ := IDs(sh, r.Entry)
	return ids, warning
}

// derive makes the wallet key: the one that the anchor names; or the usual one,
// which has to be the one that the shard names, where it names any.
func (r *rebuild) derive(m *shard.Master, sh *shard.Shard) (key *wallet.Key, doubts []error, err error) {
	if !r.anchor.IsZero() {
		key, err = wallet.DeriveAnchored(m, r.anchor)
		return key, nil, err
	}
	if key, err = wallet.Derive(m); err != nil {
		return nil, nil, err
	}
	claimed := sh.WalletPublicKey()
	if claimed == nil || claimed.Equal(key.Public()) {
		return key, nil, nil
	}
	err = &WalletKeyError{"the master key was rebuilt, but the wallet key derived from it is not the shard's walletPublicKeyBase64"}
	if !r.options.AcceptUnproved {
		key.Wipe()
		return nil, nil, err
	}
	return key, []error{err}, nil
}

// keepMaster keeps a master key whose wallet key cannot be derived because its
// chain code is lost, if master keys are asked for and nothing else is in doubt.
// It does not make the key a rebuilt one.
func (r *rebuild) keepMaster(m *shard.Master, b *Backup, err error, doubts []error) {
	proved := len(doubts) == 0 && (b.proof != nil && b.proof.err == nil)
	if !r.options.WithMaster || r.out.Master != nil || shard.ReasonOf(err) != shard.ReasonChainCode ||
		(!proved || r.conflict() != nil) && !r.options.AcceptUnproved {
		m.Wipe()
		return
	}
	r.out.Master = m
	warnf(&r.out.Warnings, WarnMasterOnly, "%s: the master key was rebuilt and is kept; it is not the wallet key", b.Path)
}

// describe warns of what was not as it should be.
func (r *rebuild) describe(b *Backup, sh *shard.Shard, warning string) {
	key := r.out.Wallet
	if warning != "" {
		warnf(&r.out.Warnings, WarnPreviousQuorum, "%s", warning)
	}
	if !key.IsUsual() {
		warnf(&r.out.Warnings, WarnDerivation, "the wallet key is derived as %s, not in the usual way", key.Derivation())
	}
	if claimed := sh.WalletPublicKey(); !r.anchor.IsZero() && claimed != nil && !claimed.Equal(key.Public()) {
		warnf(&r.out.Warnings, WarnClaim, "%s: walletPublicKeyBase64 is not the wallet's public key; the record's was used", b.Path)
	}
	if !r.anchor.IsZero() && b.proof != nil && b.proof.err != nil {
		warnf(&r.out.Warnings, WarnNoProof, "%s: %s: %v", b.Path, ReasonOf(b.proof.err), b.proof.err)
	}
	for _, f := range r.out.Master.Warnings() {
		warnf(&r.out.Warnings, WarnDamaged, "%s", f.Error())
	}
}

// conclude makes the result of what was tried: with a key, the backups that did
// not give it are warnings, and so are those of other keys. Shards for other
// recovery keys of a kit are none.
func (r *rebuild) conclude() {
	var telling *failure
	for i, f := range r.failures {
		other := shard.ReasonOf(f.err) == shard.ReasonOtherRecoveryKey
		if r.out.Wallet != nil && !other {
			warnf(&r.out.Warnings, WarnBadCopy, "%s: %s: %v", f.backup.Path, ReasonOf(f.err), f.err)
		}
		if telling == nil || tellsMore(f.err) > tellsMore(telling.err) {
			telling = &r.failures[i]
		}
	}
	if r.out.Wallet != nil {
		r.out.Warnings = append(r.out.Warnings, r.foreign(r.out.Master.PublicKey())...)
		return
	}
	if telling == nil {
		r.out.Err = r.missing()
		return
	}
	r.out.Backup, r.out.Err = telling.backup, telling.err
}

// ErrMissing is the error of a key without any backup.
var ErrMissing = errors.New("no shard of this key is in the download")

// tellsMore orders failures by how much they say of why there is no key.
func tellsMore(err error) int {
	switch ReasonOf(err) {
	case shard.ReasonOtherRecoveryKey:
		return 0
	case ReasonSeveralKeys, shard.ReasonOperations:
		return 2
	}
	return 1
}
