package interp

import (
	"maps"
	"slices"
	"strconv"

	"recover/internal/group"
	"recover/pkg/shard/internal/part"
)

// Copies is all that there is of one player: one copy of its part, or several
// where copies of the backup were joined.
type Copies struct {
	Index       int64 // player_index; part.UnknownIndex where it is lost
	All         []*part.Player
	commitments map[int64][]group.Point // what the share times G may be, by player index; see commit
}

// ByPlayer sorts the players' parts by player: that is by index, as long as every
// index is there once. Else copies of the backup were joined, or an index is
// damaged, and what the parts have in common tells which are of one player.
func ByPlayer(players []*part.Player) []*Copies {
	seen := make(map[int64]bool)
	distinct := true
	var all []*Copies
	for _, p := range players {
		distinct = distinct && p.ValidIndex() && !seen[p.Index]
		seen[p.Index] = true
		all = append(all, &Copies{Index: p.Index, All: []*part.Player{p}})
	}
	if files := inFiles(players); !distinct || len(files) > 1 {
		return byContent(files)
	}
	return all
}

// byContent sorts parts by player. Two of one player have ciphertexts,
// commitments, values or seeds in common, which no others have; and if they are
// so damaged that they have not, their index still tells, or where that is lost
// their place, if they are of different copies.
func byContent(files [][]*part.Player) []*Copies {
	var all []*Copies
	holder := make(map[string]*Copies)
	for _, f := range files {
		of := make(map[*part.Player]*Copies)
		taken := make(map[*Copies]bool)
		for _, p := range f {
			if to := mostShared(p, holder, taken); to != nil {
				of[p], taken[to] = to, true
			}
		}
		for _, p := range f {
			to := of[p]
			if to == nil {
				to = find(all, taken, func(c *Copies) bool { return p.ValidIndex() && c.likelyIndex() == p.Index })
			}
			if to == nil && inOrder(of) {
				to = find(all, taken, func(c *Copies) bool { // nothing speaks against it
					return c.All[0].Number == p.Number && (!p.ValidIndex() || c.likelyIndex() == part.UnknownIndex)
				})
			}
			if to == nil {
				to = &Copies{}
				all = append(all, to)
			}
			taken[to] = true
			to.All = append(to.All, p)
			for text := range p.Own {
				if holder[string(text)] == nil {
					holder[string(text)] = to
				}
			}
		}
	}
	claims := make(map[int64]int)
	for _, c := range all {
		c.Index = c.likelyIndex()
		claims[c.Index]++
	}
	for _, c := range all {
		if claims[c.Index] > 1 { // one of them lies
			c.Index = part.UnknownIndex
		}
	}
	return all
}

// inFiles splits the players of joined copies by the copy that they are from:
// in each, their numbers ascend.
func inFiles(players []*part.Player) (files [][]*part.Player) {
	for i, p := range players {
		if i == 0 || p.Number <= players[i-1].Number {
			files = append(files, nil)
		}
		files[len(files)-1] = append(files[len(files)-1], p)
	}
	return files
}

// mostShared returns the part with which p has the most in common, or nil. A
// part that has a player of the same copy already is another's, unless most
// ciphertexts are the same.
func mostShared(p *part.Player, holder map[string]*Copies, taken map[*Copies]bool) (best *Copies) {
	shared := make(map[*Copies]int)
	ciphertexts := make(map[*Copies]int)
	var in []*Copies // the keys of shared, in the order of the part
	n := 0
	for text := range p.Own {
		to := holder[string(text)]
		if n++; n <= len(p.Es.Items) && to != nil {
			ciphertexts[to]++
		}
		if to != nil {
			if shared[to]++; shared[to] == 1 {
				in = append(in, to)
			}
		}
	}
	for _, to := range in { // of equals the first, so that the result does not change from run to run
		if (!taken[to] || 2*ciphertexts[to] > len(p.Es.Items)) && shared[to] > shared[best] {
			best = to
		}
	}
	return best
}

// find returns the first part that is free and the one that is looked for, or nil.
func find(all []*Copies, taken map[*Copies]bool, is func(*Copies) bool) *Copies {
	for _, have := range all {
		if !taken[have] && is(have) {
			return have
		}
	}
	return nil
}

// inOrder tells whether the players that are known are where they are in the
// copies before, so that the place of another may be taken for its own.
func inOrder(of map[*part.Player]*Copies) bool {
	for p, to := range of {
		if to.All[0].Number != p.Number {
			return false
		}
	}
	return len(of) > 0
}

// likelyIndex returns the index that most copies say.
func (c *Copies) likelyIndex() int64 {
	votes := make(map[int64]int)
	best := int64(part.UnknownIndex)
	for _, p := range c.All {
		if p.ValidIndex() {
			if votes[p.Index]++; votes[p.Index] > votes[best] {
				best = p.Index
			}
		}
	}
	return best
}

// commit finds what the player's share times G has to be: as the player says,
// and where another player's copy says otherwise, that too. A wrong one does no
// harm, because the key is proved by its public key in the end. For a part
// whose index is lost, and in a salvage, every player's commitment will do, and
// tells the index.
func (s *Search) commit(c *Copies) {
	c.commitments = make(map[int64][]group.Point)
	seen := make(map[string]bool)
	for _, p := range s.Players {
		for index, own := range p.Commitments {
			name := string(own) + strconv.FormatInt(index, 10)
			if c.Index != part.UnknownIndex && index != c.Index && !s.Salvage || seen[name] {
				continue
			}
			seen[name] = true
			if point, err := own.Point(s.Group); err == nil {
				c.commitments[index] = append(c.commitments[index], point)
			}
		}
	}
}

// committed tells whether the point is a commitment to the player's share, and
// of which player.
func (c *Copies) committed(point group.Point) (index int64, fits bool) {
	if slices.ContainsFunc(c.commitments[c.Index], point.Equal) {
		return c.Index, true
	}
	for _, index := range slices.Sorted(maps.Keys(c.commitments)) {
		if slices.ContainsFunc(c.commitments[index], point.Equal) {
			return index, true
		}
	}
	return 0, false
}

// positions returns where each ciphertext is. A list that lost an element does
// not tell: its ciphertexts are at unknownPosition, unless another copy tells.
func (c *Copies) positions() map[string]int {
	at := make(map[string]int)
	for _, p := range c.All {
		for j := range p.Es.Items {
			b, err := p.Es.Bytes(j)
			if err != nil || len(b) == 0 {
				continue
			}
			if len(p.Es.Items) == part.Ciphertexts {
				at[string(b)] = j
			} else if _, known := at[string(b)]; !known {
				at[string(b)] = unknownPosition
			}
		}
	}
	return at
}

const unknownPosition = -1

// points returns the player's commitments G·p(x) by x, nil where one is lost:
// from ys for x up to 40; beyond, they follow if all of ys is there. Where copies
// differ, what most of them say is taken. A list that lost an element does not
// tell at which x the others are.
func (c *Copies) points(g group.Group) []group.Point {
	points := make([]group.Point, part.Ciphertexts+1)
	whole := len(c.commitments[c.Index]) > 0
	if whole {
		points[0] = c.commitments[c.Index][0]
	}
	for i := range part.Degree {
		votes := make(map[string]int)
		best := ""
		for _, p := range c.All {
			if len(p.Ys.Items) != part.Degree {
				continue
			}
			text := string(p.Ys.Items[i])
			if votes[text]++; votes[text] > votes[best] || best == "" {
				if point, err := part.Blob(text).Point(g); err == nil {
					points[i+1], best = point, text
				}
			}
		}
		whole = whole && best != ""
	}
	if whole {
		copy(points[part.Needed:], group.Extend(points[:part.Needed], part.Degree))
	}
	return points
}

// LooksValid tells whether a part should be tried before others.
func (c *Copies) LooksValid(terms part.Terms) bool {
	return slices.ContainsFunc(c.All, func(p *part.Player) bool {
		return p.Terms == terms && len(p.Faults) == 0 && len(p.Combination) == part.Opened && p.Vs.Count == part.Opened &&
			(p.Es.Count == part.Ciphertexts || p.Terms.Version == part.V1)
	})
}
