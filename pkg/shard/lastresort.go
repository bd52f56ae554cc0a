package shard

import (
	"errors"
	"slices"

	"recover/pkg/shard/internal/interp"
	"recover/pkg/shard/internal/part"
)

// What a rebuild tries when the shares that fit their commitments do not make
// the key. Nothing of it can make a wrong key: the public key decides.

// likelyTerms returns the terms that may be the backup's: what most players say
// first, and then whatever else one of them says. In a salvage they may be lost
// for all players, and then there are not many to be tried.
func likelyTerms(b *part.Backup, players int, salvage bool) []part.Terms {
	all := []part.Terms{b.Terms()}
	add := func(t part.Terms) {
		if t.Threshold >= 1 && t.Threshold < MaxPlayers && t.Sharing.Known() && !slices.Contains(all, t) {
			all = append(all, t)
		}
	}
	for _, p := range b.Players {
		add(p.Terms)
	}
	if salvage {
		for t := range players {
			add(part.Terms{Version: b.Version, Threshold: int64(t), Sharing: Shamir, Curve: all[0].Curve})
		}
		add(part.Terms{Version: b.Version, Threshold: 1, Sharing: Additive, Curve: all[0].Curve})
		add(part.Terms{Version: b.Version, Threshold: 1, Sharing: Multiplicative, Curve: all[0].Curve})
	}
	return all
}

// withLikely tries the shares that fit no commitment too: the public key can
// decide. With Shamir's sharing that is guessing which commitments and indices
// to believe, and left to a salvage; with the others there is nothing to guess,
// unless a salvage does not know how many players there are.
func (r *rebuilder) withLikely(wanted int) (m *Master) {
	all := append(slices.Clone(r.search.Proved), r.likely...)
	search := &interp.ShareSearch{
		Context: r.ctx, Shamir: r.terms.Sharing == Shamir, Indices: interp.LikelyIndices(r.shard.data, len(r.order)),
		Fits: func(shares []*interp.Share) bool { m = r.proved(shares); return m != nil },
	}
	switch {
	case search.Shamir && r.search.Salvage:
		search.AsIs(all, wanted)
		search.LostIndices(all, wanted)
		search.AnyIndices(all, wanted)
	case !search.Shamir && r.search.Salvage:
		for n := len(all); n >= 2; n-- {
			search.AsIs(all, n)
		}
	case !search.Shamir && len(r.likely) > 0:
		search.AsIs(all, wanted)
	}
	if m != nil {
		r.warnOfLikely()
	}
	return m
}

var errNoCommitment = part.InField("key_share_commitments", errors.New("the share does not fit the player's commitment"))

// warnOfLikely warns of the shares that fit no commitment.
func (r *rebuilder) warnOfLikely() {
	for _, s := range r.likely {
		for _, c := range r.order {
			if c.Index == s.Index {
				r.warnings.Of(c.All[0], errNoCommitment)
			}
		}
	}
}
