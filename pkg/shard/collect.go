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
	if wanted < 2 || len(c.order) < wanted {
		return nil, c.damaged(ReasonTooFewPlayers, "%d players' parts are there, %d are needed", len(c.order), wanted)
	}
	for len(c.proven) < wanted && c.next < len(c.order) {
		if err := c.open(c.order[c.next]); err != nil {
			return nil, err
		}
		c.next++
	}
	if len(c.proven) >= wanted {
		if m := c.proved(c.proven[:wanted]); m != nil {
			return m, nil
		}
	}
	if m := c.withLikely(wanted); m != nil {
		return m, nil
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
	switch {
	case ReasonOf(err) == ReasonKeySource:
		return err
	case err != nil:
		c.warnings.of(p.copies[0], err)
	case slices.ContainsFunc(c.proven, func(have *share) bool { return s.proved && have.index == s.index }):
		s.value.Wipe() // the same player, once with its index and once without
	case s.proved:
		c.proven = append(c.proven, s)
	default:
		c.likely = append(c.likely, s)
	}
	return nil
}

// maxCombinations is how many sets of shares are tried.
const maxCombinations = 5000

// withLikely tries the shares that fit no commitment too: the public key can
// decide. With Shamir's sharing that is guessing which commitments to believe,
// and left to a salvage; with the others there is nothing to guess.
func (c *collector) withLikely(wanted int) *Master {
	if len(c.likely) == 0 || c.terms.Sharing == Shamir && !c.salvage {
		return nil
	}
	all := append(slices.Clone(c.proven), c.likely...)
	var found *Master
	tried := 0
	chooseSubsets(len(all), min(wanted, len(all)), func(chosen []int) bool {
		shares := make([]*share, len(chosen))
		for i, k := range chosen {
			shares[i] = all[k]
		}
		tried++
		if len(shares) == wanted && usable(shares, c.terms.Sharing) {
			found = c.proved(shares)
		}
		return found == nil && tried < maxCombinations
	})
	if found != nil {
		c.tellLikely()
	}
	return found
}

// usable tells whether shares can be combined: Shamir's need distinct indices.
func usable(shares []*share, sharing Sharing) bool {
	seen := make(map[int64]bool)
	for _, s := range shares {
		if sharing == Shamir && (s.index == unknownIndex || seen[s.index]) {
			return false
		}
		seen[s.index] = true
	}
	return true
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
