package record

import (
	"iter"
	"slices"
	"strings"

	"recover/internal/uuid"
)

// MaxGuesses is how many pairs of IDs Candidates yields at most.
const MaxGuesses = 100000

// IDSearch is what is known of the IDs of one backup. Any of it may be empty.
type IDSearch struct {
	Quorum, Key   string    // as recorded, however wrong
	Folder        []Typo    // the name of the folder that the shard lies in, and what it makes of the recorded ID
	Quorums, Keys []uuid.ID // that are known at all
}

// Candidate is a pair of IDs that a backup may have.
type Candidate struct {
	Quorum, Key uuid.ID
	What        string // how it differs from what is recorded; "" where it does not
}

// Candidates yields the pairs of IDs that a backup may have, each once and the
// likeliest first: what is recorded and what is known, then the likely slips in
// one of the recorded IDs, both IDs swapped, and the slips in the quorum IDs
// that are known. LikelyIDs in both IDs at once are not tried.
func (d IDSearch) Candidates() iter.Seq[Candidate] {
	return func(yield func(Candidate) bool) {
		g := &guesses{yield: yield, seen: make(map[[2]uuid.ID]bool)}
		quorum, key := asItStands(d.Quorum), asItStands(d.Key)
		keys := append(slices.Clip(key), d.Folder...)
		quorums := append(slices.Clip(quorum), named(d.Quorums, "another one that is known")...)
		_ = g.pairs(quorums, keys, false) &&
			g.pairs(slices.Collect(LikelyIDs(d.Quorum)), keys, false) &&
			g.pairs(quorums, slices.Collect(LikelyIDs(d.Key)), false) &&
			g.pairs(slices.Collect(LikelyIDs(d.Key)), append(slices.Clip(quorum), d.Folder...), true) &&
			g.pairs(key, slices.Collect(LikelyIDs(d.Quorum)), true) &&
			g.slipsOfKnown(d.Quorums, keys) &&
			g.pairs(quorums, named(d.Keys, "another one that is known"), false)
	}
}

func asItStands(text string) []Typo {
	id, err := uuid.ParseAny(text)
	if err != nil {
		return nil
	}
	return []Typo{{ID: id}}
}

func named(ids []uuid.ID, what string) []Typo {
	var all []Typo
	for _, id := range ids {
		all = append(all, Typo{id, what})
	}
	return all
}

// guesses yields pairs once each.
type guesses struct {
	yield func(Candidate) bool
	seen  map[[2]uuid.ID]bool
}

// pairs adds every quorum ID with every key ID. It returns false when no more
// is wanted.
func (g *guesses) pairs(quorums, keys []Typo, swapped bool) bool {
	for _, q := range quorums {
		for _, k := range keys {
			pair := [2]uuid.ID{q.ID, k.ID}
			if g.seen[pair] {
				continue
			}
			g.seen[pair] = true
			if !g.yield(Candidate{q.ID, k.ID, what(q, k, swapped)}) || len(g.seen) >= MaxGuesses {
				return false
			}
		}
	}
	return true
}

func (g *guesses) slipsOfKnown(quorums []uuid.ID, keys []Typo) bool {
	for _, known := range quorums {
		slipped := slices.Collect(LikelyIDs(known.String()))
		for i := range slipped {
			slipped[i].What += ", beside another one that is known"
		}
		if !g.pairs(slipped, keys, false) {
			return false
		}
	}
	return true
}

// what says how a pair differs from what is recorded.
func what(quorum, key Typo, swapped bool) string {
	var parts []string
	if swapped {
		parts = append(parts, "quorum_id and key_id swapped")
	}
	if quorum.What != "" {
		parts = append(parts, "quorum_id: "+quorum.What)
	}
	if key.What != "" {
		parts = append(parts, "key_id: "+key.What)
	}
	return strings.Join(parts, "; ")
}
