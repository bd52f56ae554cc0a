package interp

import (
	"context"
	"slices"

	"recover/internal/subset"
	"recover/pkg/shard/internal/part"
)

// ShareSearch is the search for a set of shares that makes the key, when they
// or their indices are not certain. The public key decides, through Fits, so a
// wrong guess costs time only. Each of its three methods tries sets of n of the
// shares, and none after one that fits.
type ShareSearch struct {
	Context context.Context
	Shamir  bool                // each share needs an index of its own
	Indices int64               // how many may be in use
	Fits    func([]*Share) bool // tells whether the shares, with their indices, make the key
	tried   int
	found   bool
}

const (
	// maxCombinations is how many sets of shares are tried under the same terms.
	maxCombinations = 5000
	// likelyIndices is how many indices are tried at least: the parts of players
	// beyond those that are left may be lost.
	likelyIndices = 8
)

// LikelyIndices returns how many indices are likely to be in use in a backup of
// which the parts of so many players are left.
func LikelyIndices(b *part.Backup, players int) int64 {
	n := int64(max(players, likelyIndices))
	for _, p := range b.Players {
		if p.ValidIndex() {
			n = max(n, p.Index+1)
		}
		n = max(n, int64(len(p.Commitments)), p.Count)
	}
	return min(n, part.MaxPlayers)
}

// AsIs tries the shares with the indices that they have.
func (s *ShareSearch) AsIs(all []*Share, n int) { s.subsets(all, n, s.try) }

// LostIndices tries every index for the shares that have none. Where two of the
// others have the same one, nothing makes the set right.
func (s *ShareSearch) LostIndices(all []*Share, n int) {
	s.subsets(all, n, func(shares []*Share) {
		var lost []*Share
		for i, share := range shares {
			if share.Index == part.UnknownIndex {
				lost = append(lost, share)
			} else if slices.ContainsFunc(shares[:i], func(have *Share) bool { return have.Index == share.Index }) {
				return
			}
		}
		if len(lost) > 0 {
			s.assign(shares, lost)
		}
	})
}

// AnyIndices tries every index for every share: those that the backup has may
// be damaged, and in version 1.0.0 a lost part shifts them.
func (s *ShareSearch) AnyIndices(all []*Share, n int) {
	s.subsets(all, n, func(shares []*Share) {
		for _, share := range shares {
			share.Index = part.UnknownIndex
		}
		s.assign(shares, shares)
	})
}

// subsets tries sets of n of the shares, maxCombinations at most: also one that
// cannot be the right one takes its time.
func (s *ShareSearch) subsets(all []*Share, n int, try func([]*Share)) {
	if n < 2 {
		return
	}
	sets := 0
	for chosen := range subset.All(len(all), n) {
		if sets == maxCombinations || s.ended() {
			return
		}
		sets++
		shares := make([]*Share, len(chosen))
		for i, k := range chosen {
			copied := *all[k]
			shares[i] = &copied
		}
		try(shares)
	}
}

func (s *ShareSearch) ended() bool {
	return s.found || s.tried >= maxCombinations || s.Context.Err() != nil
}

// assign tries all indices that no other of the shares has for those that are
// lost.
func (s *ShareSearch) assign(shares, lost []*Share) {
	if len(lost) == 0 {
		s.try(shares)
		return
	}
	for index := range s.Indices {
		if slices.ContainsFunc(shares, func(have *Share) bool { return have.Index == index }) {
			continue
		}
		lost[0].Index = index
		s.assign(shares, lost[1:])
		lost[0].Index = part.UnknownIndex
		if s.ended() {
			return
		}
	}
}

// try asks whether the shares make the key, if their indices can be right.
func (s *ShareSearch) try(shares []*Share) {
	for i, share := range shares {
		if s.Shamir && (share.Index == part.UnknownIndex ||
			slices.ContainsFunc(shares[:i], func(have *Share) bool { return have.Index == share.Index })) {
			return
		}
	}
	s.tried++
	s.found = s.Fits(shares)
}
