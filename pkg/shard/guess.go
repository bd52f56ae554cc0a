package shard

import (
	"slices"

	"recover/internal/subset"
)

// guess is the search for a set of shares that makes the key. The public key
// decides, so a wrong guess costs time only.
type guess struct {
	*collector
	left  int // sets that may still be tried
	found *Master
}

// subsets tries sets of n of the shares, maxCombinations at most: also one that
// cannot be the right one takes its time.
func (g *guess) subsets(all []*share, n int, try func([]*share)) {
	if n < 2 {
		return
	}
	sets := 0
	for chosen := range subset.All(len(all), n) {
		sets++
		shares := make([]*share, len(chosen))
		for i, k := range chosen {
			copied := *all[k]
			shares[i] = &copied
		}
		try(shares)
		if g.found != nil || g.left <= 0 || sets == maxCombinations || g.ctx.Err() != nil {
			return
		}
	}
}

// asIs tries the shares with the indices that they have. Shamir's need distinct
// ones.
func (g *guess) asIs(shares []*share) {
	seen := make(map[int64]bool)
	for _, s := range shares {
		if g.terms.Sharing == Shamir && (s.index == unknownIndex || seen[s.index]) {
			return
		}
		seen[s.index] = true
	}
	if g.left > 0 && g.found == nil {
		g.left--
		g.found = g.proved(shares)
	}
}

// lostIndices tries every index for the shares that have none. Where two of the
// others have the same one, nothing makes the set right.
func (g *guess) lostIndices(shares []*share) {
	var lost []*share
	seen := make(map[int64]bool)
	for _, s := range shares {
		switch {
		case s.index == unknownIndex:
			lost = append(lost, s)
		case seen[s.index]:
			return
		default:
			seen[s.index] = true
		}
	}
	if len(lost) > 0 {
		g.assign(shares, lost)
	}
}

// anyIndices tries every index for every share: those that the backup has may
// be damaged, and in version 1.0.0 a lost part shifts them.
func (g *guess) anyIndices(shares []*share) {
	for _, s := range shares {
		s.index = unknownIndex
	}
	g.assign(shares, slices.Clone(shares))
}

// assign tries all indices that no other of the shares has for those that are
// lost.
func (g *guess) assign(shares, lost []*share) {
	if len(lost) == 0 {
		g.asIs(shares)
		return
	}
	for index := range g.indices() {
		taken := func(s *share) bool { return s.index == index }
		if slices.ContainsFunc(shares, taken) {
			continue
		}
		lost[0].index = index
		g.assign(shares, lost[1:])
		lost[0].index = unknownIndex
		if g.left == 0 || g.found != nil || g.ctx.Err() != nil {
			return
		}
	}
}

// likelyIndices is how many indices are tried at least: the parts of players
// beyond those that are left may be lost.
const likelyIndices = 8

// indices returns how many indices are likely to be in use.
func (g *guess) indices() int64 {
	n := int64(max(len(g.order), likelyIndices))
	for _, p := range g.shard.data.players {
		if p.validIndex() {
			n = max(n, p.index+1)
		}
		n = max(n, int64(len(p.commitments)), p.count)
	}
	return min(n, MaxPlayers)
}
