package shard

import "slices"

// collector opens the players' parts, one after the other and each once, as
// the terms that are tried ask for them.
type collector struct {
	*rebuilder
	order  []*part
	next   int // in order
	proven []*share
	likely []*share // they fit no commitment
}

func (c *collector) wipe() {
	for _, s := range append(c.proven, c.likely...) {
		s.value.Wipe()
	}
}

// attempt makes the key under the terms that are tried.
func (c *collector) attempt() (*Master, error) {
	wanted := c.wanted(len(c.order))
	countKnown := !c.salvage || c.terms.Sharing == Shamir // else it is what may be damaged
	if wanted < 2 || len(c.order) < wanted && countKnown {
		return nil, c.damaged(ReasonTooFewPlayers, "%d players' parts are there, %d are needed", len(c.order), wanted)
	}
	for len(c.proven) < wanted && c.next < len(c.order) {
		if err := c.open(c.order[c.next]); err != nil {
			return nil, err
		}
		c.next++
		if err := c.idsAreWrong(); err != nil {
			return nil, err
		}
	}
	if len(c.proven) >= wanted {
		if m := c.proved(c.proven[:wanted]); m != nil {
			return m, nil
		}
	}
	if m := c.withLikely(wanted); m != nil {
		return m, nil
	}
	if err := c.interrupted(); err != nil {
		return nil, err
	}
	if len(c.proven) < wanted {
		c.tellLikely()
		return nil, c.damaged(ReasonTooFewPlayers, "%d of the %d players' parts that are needed can be opened", len(c.proven), wanted)
	}
	return nil, c.damaged(ReasonPublicKey, "the rebuilt key is not the private key of the backup's public key")
}

// open brings back the share of one more player.
func (c *collector) open(p *part) error {
	s, err := c.share(p)
	same := func(have *share) bool { return have.value.Equal(s.value) }
	switch {
	case ends(err):
		return err
	case err != nil:
		c.warnings.of(p.copies[0], err)
	case slices.ContainsFunc(c.proven, same) || slices.ContainsFunc(c.likely, same):
		s.value.Wipe() // the same player, once with its index and once without
	case s.proved && (s.index != unknownIndex || c.terms.Sharing != Shamir) && !slices.ContainsFunc(c.proven, func(have *share) bool { return have.index == s.index && s.index != unknownIndex }):
		c.proven, c.found = append(c.proven, s), append(c.found, s.value)
	default: // of the shares that fit one player's commitments, one at most is right
		c.likely = append(c.likely, s)
	}
	return nil
}

// maxCombinations is how many sets of shares are tried under the same terms.
const maxCombinations = 5000

// withLikely tries the shares that fit no commitment too: the public key can
// decide. With Shamir's sharing that is guessing which commitments and indices
// to believe, and left to a salvage; with the others there is nothing to guess,
// unless a salvage does not know how many players there are.
func (c *collector) withLikely(wanted int) *Master {
	all := append(slices.Clone(c.proven), c.likely...)
	g := &guess{collector: c, left: maxCombinations}
	switch {
	case c.terms.Sharing == Shamir && c.salvage:
		g.subsets(all, wanted, g.asIs)
		g.subsets(all, wanted, g.lostIndices)
		g.subsets(all, wanted, g.anyIndices)
	case c.terms.Sharing != Shamir && c.salvage:
		for n := len(all); n >= 2; n-- {
			g.subsets(all, n, g.asIs)
		}
	case c.terms.Sharing != Shamir && len(c.likely) > 0:
		g.subsets(all, wanted, g.asIs)
	}
	if g.found != nil {
		c.tellLikely()
	}
	return g.found
}

// tellLikely warns of the shares that fit no commitment.
func (c *collector) tellLikely() {
	for _, s := range c.likely {
		for _, p := range c.order {
			if p.index == s.index {
				c.warnings.of(p.copies[0], inField("key_share_commitments", errNoCommitment))
			}
		}
	}
}

// likelyTerms returns the terms that may be the backup's: what most players say
// first, and then whatever else one of them says. In a salvage they may be lost
// for all players, and then there are not many to be tried.
func (b *backup) likelyTerms(parts int, salvage bool) []Terms {
	all := []Terms{b.terms()}
	add := func(t Terms) {
		if t.Threshold >= 1 && t.Threshold < MaxPlayers && t.Sharing.known() && !slices.Contains(all, t) {
			all = append(all, t)
		}
	}
	for _, p := range b.players {
		add(p.terms)
	}
	if salvage {
		for t := range parts {
			add(Terms{b.version, int64(t), Shamir, all[0].Curve})
		}
		add(Terms{b.version, 1, Additive, all[0].Curve})
		add(Terms{b.version, 1, Multiplicative, all[0].Curve})
	}
	return all
}
