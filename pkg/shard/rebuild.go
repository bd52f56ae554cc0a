package shard

import (
	"context"
	"crypto"
	"crypto/rsa"
	"errors"
	"slices"

	"recover/internal/group"
	"recover/pkg/shard/internal/interp"
	"recover/pkg/shard/internal/part"
)

// Rebuild rebuilds the master private key with the recovery private key (docs/formats.md,
// section 2.4). The recovery key is used through crypto.Decrypter, so that it may
// stay in a token; Rebuild costs threshold+1 private operations for Shamir's
// sharing, one a player for the others, and one for the chain code. Damaged
// ciphertexts and damaged players cost more, at most 80 a player, and are
// passed over as long as others make up for them.
//
// That the master key belongs to the public key that the backup names does not
// tell that the backup is the right one, nor that its chain code is: see
// package recovery, which decides that.
//
// Everything that can be checked without the private key is checked first.
// Errors are *Error: ReasonOtherRecoveryKey, ReasonWrongIDs, ReasonPublicKey,
// ReasonTooFewPlayers; ReasonOperations where Options.Operations ran out;
// ReasonInterrupted where ctx ended, whose error errors.Is finds; and
// ReasonKeySource where key failed for a cause of its own, which errors.As
// finds.
func (s *Shard) Rebuild(ctx context.Context, key crypto.Decrypter, ids IDs, opt Options) (*Master, error) {
	pub, ok := key.Public().(*rsa.PublicKey)
	if !ok {
		return nil, fail(ReasonKeySource, "", "the recovery key is not an RSA key")
	}
	if err := s.CheckRecoveryKey(pub); err != nil {
		return nil, err
	}
	doubt := s.CheckIDs(ids)
	if doubt != nil && !opt.Salvage && !errors.Is(doubt, ErrUncheckable) {
		return nil, doubt
	}
	r := newRebuilder(ctx, s, key, ids.label(), opt)
	r.doubt = doubt
	master, err := r.master()
	if err != nil {
		return nil, r.orWrongIDs(err)
	}
	if s.group == group.Secp256k1 || opt.ChainCode {
		if err := r.chainCode(master, opt.Accept); err != nil {
			master.Wipe()
			return nil, err
		}
	} else {
		master.lost = fail(ReasonChainCode, "", "the chain code was not opened")
	}
	master.warnings = exported(r.warnings)
	return master, nil
}

// rebuilder is one rebuild on its way.
type rebuilder struct {
	decrypter
	shard    *Shard
	terms    part.Terms // that are tried now
	doubt    error      // what CheckIDs has against the IDs: in a salvage that may be damage
	warnings part.Faults

	search interp.Search
	order  []*interp.Copies // the players, in the order in which they are opened
	next   int              // in order
	likely []*interp.Share  // they fit no commitment; those that do are in search.Proved
}

func newRebuilder(ctx context.Context, s *Shard, key crypto.Decrypter, label []byte, opt Options) *rebuilder {
	r := &rebuilder{decrypter: decrypter{ctx: ctx, key: key, label: label, operations: opt.Operations},
		shard: s, terms: s.data.Terms()}
	if r.operations == nil {
		r.operations = Limit(opt.Salvage)
	}
	r.search = interp.Search{Context: ctx, Group: s.group, RecoveryKey: s.recoveryKey, Label: label, Players: s.data.Players,
		Salvage: opt.Salvage, Decrypt: r.decrypt, Warnings: &r.warnings}
	return r
}

// master brings the key back from as many shares as it takes, and proves it.
func (r *rebuilder) master() (*Master, error) {
	defer func() {
		for _, s := range append(r.search.Proved, r.likely...) {
			s.Value.Wipe()
		}
	}()
	if err := r.sortPlayers(); err != nil {
		return nil, err
	}
	var first error
	for _, terms := range likelyTerms(r.shard.data, len(r.order), r.search.Salvage) { // nearly always the first will do
		r.terms = terms
		m, err := r.attempt()
		if m != nil || ends(err) || ReasonOf(err) == ReasonWrongIDs {
			return m, err
		}
		if first == nil {
			first = err
		}
	}
	return nil, first
}

// sortPlayers puts the players whose parts look valid first. It fails, before any
// private operation, where the parts are of another key.
func (r *rebuilder) sortPlayers() error {
	for _, p := range r.shard.data.Players {
		if !p.ValidIndex() {
			r.warnings.Field(p, "player_index", "not an index of 0 to %d", MaxPlayers-1)
		}
	}
	var doubtful []*interp.Copies
	others := make(map[string]int) // other public keys, and how many players say each
	for _, c := range interp.ByPlayer(r.shard.data.Players) {
		for _, p := range c.All {
			if err := r.warnAbout(p); errors.Is(err, errOtherKey) {
				others[string(p.PublicKey)]++
			}
		}
		if c.LooksValid(r.terms) {
			r.order = append(r.order, c)
		} else {
			doubtful = append(doubtful, c)
		}
	}
	r.order = append(r.order, doubtful...)
	for _, n := range others {
		if n == r.shard.Players() { // all say the same: that is no damage
			return r.damaged(ReasonPublicKey, "the recovery data is of another key than the shard says")
		}
	}
	return nil
}

// warnAbout warns of what can be seen to be wrong with a part before it is
// opened, and returns what is wrong with its public key.
func (r *rebuilder) warnAbout(p *part.Player) error {
	if p.Terms != r.terms {
		r.warnings.Field(p, "", "version, threshold, sharing_type or curve is not the other players'")
	}
	err := r.shard.checkPublicKey(p)
	if err != nil {
		r.warnings.Of(p, part.InField("public_key", err))
	}
	if p.Terms.Version != part.V1 {
		for _, f := range wrongLengths(p) {
			r.warnings.Add(f)
		}
	}
	return err
}

// attempt makes the key under the terms that are tried: it opens the players'
// parts, one after the other and each once, until there are enough shares.
func (r *rebuilder) attempt() (*Master, error) {
	wanted := r.wanted()
	countKnown := !r.search.Salvage || r.terms.Sharing == Shamir // else it is what may be damaged
	if wanted < 2 || len(r.order) < wanted && countKnown {
		return nil, r.damaged(ReasonTooFewPlayers, "%d players' parts are there, %d are needed", len(r.order), wanted)
	}
	for len(r.search.Proved) < wanted && r.next < len(r.order) {
		if err := r.open(r.order[r.next]); err != nil {
			return nil, err
		}
		r.next++
		if !r.anyOpened && r.failed >= maxWrongIDs && r.doubt != nil && !errors.Is(r.doubt, ErrUncheckable) {
			return nil, r.doubt
		}
	}
	if len(r.search.Proved) >= wanted {
		if m := r.proved(r.search.Proved[:wanted]); m != nil {
			return m, nil
		}
	}
	if m := r.withLikely(wanted); m != nil {
		return m, nil
	}
	if err := r.interrupted(); err != nil {
		return nil, err
	}
	if len(r.search.Proved) < wanted {
		r.warnOfLikely()
		return nil, r.damaged(ReasonTooFewPlayers, "%d of the %d players' parts that are needed can be opened", len(r.search.Proved), wanted)
	}
	return nil, r.damaged(ReasonPublicKey, "the rebuilt key is not the private key of the backup's public key")
}

// wanted returns how many shares make the key under the terms that are tried.
func (r *rebuilder) wanted() int {
	if r.terms.Sharing == Shamir {
		return int(r.terms.Threshold) + 1
	}
	return max(len(r.shard.data.Reference().Commitments), len(r.order))
}

// open brings back the share of one more player.
func (r *rebuilder) open(c *interp.Copies) error {
	s, err := r.search.Share(c)
	same := func(have *interp.Share) bool { return have.Value.Equal(s.Value) }
	sameIndex := func(have *interp.Share) bool { return have.Index == s.Index && s.Index != part.UnknownIndex }
	switch {
	case ends(err):
		return err
	case err != nil:
		r.warnings.Of(c.All[0], err)
	case slices.ContainsFunc(r.search.Proved, same) || slices.ContainsFunc(r.likely, same):
		s.Value.Wipe() // the same player, once with its index and once without
	case s.Proved && (s.Index != part.UnknownIndex || r.terms.Sharing != Shamir) && !slices.ContainsFunc(r.search.Proved, sameIndex):
		r.search.Proved = append(r.search.Proved, s)
	default: // of the shares that fit one player's commitments, one at most is right
		r.likely = append(r.likely, s)
	}
	return nil
}

// orWrongIDs returns err, unless the IDs are to blame: public data says so, or
// cannot tell, and no ciphertext opened.
func (r *rebuilder) orWrongIDs(err error) error {
	switch {
	case ends(err) || r.anyOpened || r.doubt == nil:
		return err
	case errors.Is(r.doubt, ErrUncheckable):
		return r.damaged(ReasonWrongIDs, "no ciphertext opens: the quorum ID or the key ID is not this backup's, or all of it is damaged")
	}
	return r.doubt
}

// damaged is an error that ends a rebuild, with all that was seen before it.
func (r *rebuilder) damaged(reason Reason, format string, args ...any) *Error {
	e := fail(reason, "", format, args...)
	e.Faults = append(e.Faults, exported(r.warnings)...)
	return e
}
