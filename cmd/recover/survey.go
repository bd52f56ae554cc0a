package main

import (
	"crypto/rsa"
	"iter"

	"recover/internal/group"
	"recover/internal/terminal"
	"recover/pkg/hsm"
	"recover/pkg/record"
	"recover/pkg/rsadecrypt"
	"recover/pkg/shard"
)

// backups are what a recovery key is wanted for.
type backups struct {
	*selection
	entries    iter.Seq2[record.Entry, error] // of the record, those that there is work for
	chainCodes bool                           // of all keys, not only where the wallet key takes one
}

// demand is what the backups that are encrypted to one recovery key take.
type demand struct {
	public     *rsa.PublicKey
	keys       int
	operations int // private ones, where all that they meet is sound
}

// work is what there is to do, by recovery key.
type work struct {
	*backups
	demands map[rsadecrypt.Fingerprint]*demand
}

// survey reads all backups, before anything secret is asked for: which recovery
// keys they are for, and how many private operations they take.
func (b *backups) survey(p *program) (*work, error) {
	w := &work{b, make(map[rsadecrypt.Fingerprint]*demand)}
	for found, err := range inOrder(p.ctx, 0, b.entries, b.demandsOf) {
		if err == errInterruptedRun {
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

// demandsOf returns what one key takes: of several copies for one recovery key,
// the first that can be opened counts. What cannot be read has no demand; the
// rebuild will say why.
func (b *backups) demandsOf(e record.Entry) (map[rsadecrypt.Fingerprint]demand, error) {
	found := make(map[rsadecrypt.Fingerprint]demand)
	_, _ = b.candidates(e, func(c candidate) error {
		if c.err != nil || c.shard == nil || !b.isExpected(c.shard.Fingerprint()) {
			return nil
		}
		d := demand{public: c.shard.RecoveryKey()}
		if _, _, err := idsOf(c.shard, e); err == nil && c.shard.CheckAlgorithm(e.Algorithm) == nil {
			d.keys, d.operations = 1, b.operations(c.shard)
		}
		if f := c.shard.Fingerprint(); found[f].keys == 0 {
			found[f] = d
		}
		return nil
	})
	return found, nil
}

// operations returns how many private operations a sound backup takes.
func (b *backups) operations(s *shard.Shard) int {
	n := s.Players()
	if terms := s.Terms(); terms.Sharing == shard.Shamir && terms.Threshold >= 0 && terms.Threshold < int64(n) {
		n = int(terms.Threshold) + 1
	}
	if b.chainCodes || s.Group() == group.Secp256k1 {
		n++
	}
	return n
}

// wanted returns which key the token has to hold: one that the record names,
// or, if it names none, one that there are backups for.
func (w *work) wanted() hsm.Wanted {
	wanted := hsm.Wanted{Is: func(public *rsa.PublicKey) bool {
		f := rsadecrypt.FingerprintOf(public)
		return w.isExpected(f) && (len(w.expected) > 0 || len(w.demands) == 0 || w.demands[f] != nil)
	}}
	if len(w.demands) == 1 {
		for _, d := range w.demands {
			wanted.Only = d.public
		}
	}
	return wanted
}

// most returns the largest demand, for it is not known yet which key the token
// holds. Mostly there is but one.
func (w *work) most() (operations, keys int) {
	for _, d := range w.demands {
		if d.operations > operations {
			operations, keys = d.operations, d.keys
		}
	}
	return operations, keys
}
