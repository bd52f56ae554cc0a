package recovery

import (
	"context"
	"crypto"
	"crypto/rsa"
	"errors"
	"slices"

	"recover/pkg/shard"
	"recover/pkg/wallet"
)

// RebuildOptions say how a key is rebuilt.
type RebuildOptions struct {
	// WithMaster opens the chain code of an ED25519 key too, and keeps a master
	// key whose wallet key cannot be derived because its chain code is lost.
	WithMaster bool
	// Salvage also reads damaged files, and tries more to make the key of what
	// is left.
	Salvage bool
	// AcceptUnproved also gives out a key that is not proved, with what is in
	// doubt. It never accepts one that the record contradicts.
	AcceptUnproved bool
}

// Rebuilt is what became of a key.
type Rebuilt struct {
	// Wallet is the wallet key: right where Doubts is empty. It is nil where
	// Err says why there is none.
	Wallet *wallet.Key
	// Master is the master key of Wallet, or with RebuildOptions.WithMaster one
	// without a wallet key. The caller wipes both.
	Master *shard.Master
	// Backup is the one that was used, or that Err is about.
	Backup *Backup
	// Doubts are why the key is not known to be right.
	Doubts []error
	// Warnings are what was wrong and did no harm.
	Warnings []Warning
	Err      error

	// Operations is how many private operations were done.
	Operations int
}

// IsRight tells whether the wallet key is the right one.
func (r *Rebuilt) IsRight() bool { return r.Wallet != nil && len(r.Doubts) == 0 }

// Wipe overwrites the keys.
func (r *Rebuilt) Wipe() {
	if r.Wallet != nil {
		r.Wallet.Wipe()
	}
	if r.Master != nil {
		r.Master.Wipe()
	}
}

// Rebuild rebuilds the key with the recovery private key, whose public half is
// an *rsa.PublicKey. It tries the backups one after the other, at most
// shard.MaxOperations private operations in all, until one gives the right key
// by the rule of this package. An error is one of the recovery key or of ctx,
// and ends the work on other keys too.
func (s *Backups) Rebuild(ctx context.Context, key crypto.Decrypter, opt RebuildOptions) (*Rebuilt, error) {
	public, ok := key.Public().(*rsa.PublicKey)
	if !ok {
		return nil, errors.New("the recovery key is not an RSA key")
	}
	r := &rebuild{
		Backups: s, ctx: ctx, key: key, public: public, options: opt, anchor: anchor(s.Entry),
		operations: shard.Limit(opt.Salvage), out: new(Rebuilt),
	}
	r.sort()
	err := ctx.Err()
	if err == nil {
		err = r.tryAll()
	}
	if err != nil {
		r.out.Wipe()
		return nil, err
	}
	r.conclude()
	return r.out, nil
}

// rebuild is one rebuild on its way.
type rebuild struct {
	*Backups
	ctx        context.Context
	key        crypto.Decrypter
	public     *rsa.PublicKey
	options    RebuildOptions
	anchor     wallet.Anchor
	operations *shard.Operations
	out        *Rebuilt
	ours       []*Backup // for the recovery key, and of the recorded algorithm
	failures   []failure
	gaveUp     bool // the operations ran out
}

// failure is a backup that did not give the key.
type failure struct {
	backup *Backup
	err    error
}

func (r *rebuild) fail(b *Backup, err error) { r.failures = append(r.failures, failure{b, err}) }

// tryAll tries the backups until one gives the key: with an anchor in the
// record, all of them; else, only those that public data proves, unless others
// are accepted too.
func (r *rebuild) tryAll() error {
	if len(r.ours) == 0 {
		return r.ctx.Err()
	}
	var doubts []error
	if r.anchor.IsZero() {
		if err := r.conflict(); err != nil {
			if !r.options.AcceptUnproved {
				r.fail(r.ours[0], err)
				return nil
			}
			doubts = append(doubts, err)
		}
	}
	proved := 0
	if r.anchor.IsZero() || len(r.ours) > 1 {
		var err error
		if proved, err = r.provedFirst(); err != nil {
			return err
		}
	}
	for _, b := range r.ours[:proved] {
		if err := r.try(b, nil, doubts); err != nil || r.done() {
			return err
		}
	}
	if r.anchor.IsZero() && !r.options.AcceptUnproved { // the others are not tried at all
		for _, b := range r.ours[proved:] {
			r.fail(b, whyUnproved(b))
		}
		return nil
	}
	return r.tryUnproved(proved, doubts)
}

// done tells whether there is nothing more to try.
func (r *rebuild) done() bool { return r.out.Wallet != nil || r.gaveUp }

// provedFirst brings the backups that public data proves before the others, and
// returns how many they are. That costs less than one private operation in
// vain.
func (r *rebuild) provedFirst() (int, error) {
	for i, b := range r.ours {
		if i == maxDistinct {
			break
		}
		if _, err := r.prove(r.ctx, b); err != nil {
			return 0, err
		}
	}
	return r.stableFirst(func(b *Backup) bool { return b.proof != nil && b.proof.err == nil }), nil
}

// whyUnproved is the error of a backup that is not proved: where it is not one
// of the proof alone, no anchor would help.
func whyUnproved(b *Backup) error {
	switch {
	case b.proof == nil:
		return &UnprovedError{errNotRead}
	case b.proof.err == nil: // of copies that were joined, none of which gives the key by itself
		return &UnprovedError{errJoined}
	}
	switch shard.ReasonOf(b.proof.err) {
	case shard.ReasonProof, shard.ReasonNoProof:
		return &UnprovedError{b.proof.err}
	}
	return b.proof.err
}

var errJoined = errors.New("it was joined of several copies, and no proof is of what they have together")

// tryUnproved tries what the copies of one backup make together, which costs
// less than one after the other, and then each for itself.
func (r *rebuild) tryUnproved(proved int, doubts []error) error {
	if err := r.tryJoined(doubts); err != nil || r.done() {
		return err
	}
	for _, b := range r.ours[proved:] {
		if err := r.try(b, nil, r.withDoubt(b, doubts)); err != nil || r.done() {
			return err
		}
	}
	return nil
}

// withDoubt adds why a backup is not proved, where no anchor makes up for it.
func (r *rebuild) withDoubt(b *Backup, doubts []error) []error {
	if !r.anchor.IsZero() {
		return doubts
	}
	return append(slices.Clone(doubts), whyUnproved(b))
}

// maxJoined is how many copies of one backup are joined. Tests take less.
var maxJoined = 8

// tryJoined tries what the copies of each backup have together.
func (r *rebuild) tryJoined(doubts []error) error {
	joined := make([]bool, len(r.ours))
	for i, first := range r.ours {
		if joined[i] || first.shard == nil {
			continue
		}
		var copies []*shard.Shard
		for k, b := range r.ours[i:] {
			if b.shard != nil && len(copies) < maxJoined && b.shard.IsCopyOf(first.shard) {
				copies, joined[i+k] = append(copies, b.shard), true
			}
		}
		if len(copies) < 2 {
			continue
		}
		together, err := shard.Join(copies)
		if err != nil {
			continue
		}
		if err := r.try(first, together, r.withDoubt(first, doubts)); err != nil || r.done() {
			return err
		}
	}
	return nil
}

// try rebuilds the key from one backup, or from the copies of it that were
// joined. Its error ends the run; that the backup does not give the key is kept
// among the failures.
func (r *rebuild) try(b *Backup, joined *shard.Shard, doubts []error) error {
	err := r.attempt(b, joined, doubts)
	r.out.Operations = r.operations.Done
	switch shard.ReasonOf(err) {
	case shard.ReasonKeySource, shard.ReasonInterrupted:
		return err
	case shard.ReasonOperations:
		r.gaveUp = true
	}
	if err != nil {
		r.fail(b, err)
	}
	return nil
}
