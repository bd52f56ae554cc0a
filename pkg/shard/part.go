package shard

import (
	"strconv"

	"recover/internal/group"
)

// part is all that there is of one player: one copy of its part, or several
// where copies of the backup were joined.
type part struct {
	index       int64 // player_index; unknownIndex where it is not to be had
	copies      []*player
	commitments map[int64][]group.Point // what the share times G may be, by player index; see commit
}

const unknownIndex = -1

func (p *player) validIndex() bool { return p.hasIndex && p.index >= 0 && p.index < MaxPlayers }

// parts sorts the players' parts by player: that is by index, as long as every
// index is there once. Else copies of the backup were joined, or an index is
// damaged, and what the parts have in common tells which are of one player.
func (r *rebuilder) parts() []*part {
	seen := make(map[int64]bool)
	distinct := true
	var parts []*part
	for _, p := range r.shard.data.players {
		if !p.validIndex() {
			r.warnings.field(p, "player_index", "not an index of 0 to %d", MaxPlayers-1)
		}
		distinct = distinct && p.validIndex() && !seen[p.index]
		seen[p.index] = true
		parts = append(parts, &part{index: p.index, copies: []*player{p}})
	}
	if !distinct || len(inFiles(r.shard.data.players)) > 1 {
		return byContent(r.shard.data.players)
	}
	return parts
}

// byContent sorts parts by player. Two of one player have ciphertexts,
// commitments, values or seeds in common, which no others have; and if they are
// so damaged that they have not, their index still tells, or where that is lost
// their place, if they are of different copies.
func byContent(players []*player) []*part {
	var parts []*part
	holder := make(map[string]*part)
	for _, f := range inFiles(players) {
		of := make(map[*player]*part)
		taken := make(map[*part]bool)
		for _, p := range f {
			if to := mostShared(p, holder, taken); to != nil {
				of[p], taken[to] = to, true
			}
		}
		for _, p := range f {
			to := of[p]
			if to == nil {
				to = sameIndex(parts, p, taken)
			}
			if to == nil && inPlace(of) {
				to = samePlace(parts, p, taken)
			}
			if to == nil {
				to = &part{}
				parts = append(parts, to)
			}
			taken[to] = true
			to.copies = append(to.copies, p)
			for text := range p.own {
				if holder[string(text)] == nil {
					holder[string(text)] = to
				}
			}
		}
	}
	for _, p := range parts {
		p.index = p.likelyIndex()
	}
	forgetShared(parts)
	return parts
}

// inFiles splits the players of joined copies by the copy that they are from:
// in each, their places ascend.
func inFiles(players []*player) (files [][]*player) {
	for i, p := range players {
		if i == 0 || p.place <= players[i-1].place {
			files = append(files, nil)
		}
		files[len(files)-1] = append(files[len(files)-1], p)
	}
	return files
}

// minOwn is the length of the shortest text that no two players have in common
// by chance: base64 of 32 bytes.
const minOwn = 44

// own calls yield with every text of the part that no other player's has.
func (p *player) own(yield func(blob) bool) {
	for _, list := range []blobs{p.es, p.ys, p.vs, p.rs} {
		for _, text := range list.items {
			if len(text) >= minOwn && !yield(text) {
				return
			}
		}
	}
}

// mostShared returns the part with which p has the most in common, or nil. A
// part that has a player of the same copy already is another's, unless most
// ciphertexts are the same.
func mostShared(p *player, holder map[string]*part, taken map[*part]bool) (best *part) {
	shared := make(map[*part]int)
	ciphertexts := make(map[*part]int)
	n := 0
	for text := range p.own {
		to := holder[string(text)]
		if n++; n <= len(p.es.items) && to != nil {
			ciphertexts[to]++
		}
		if to != nil {
			shared[to]++
		}
	}
	for to, n := range shared {
		if (!taken[to] || 2*ciphertexts[to] > len(p.es.items)) && n > shared[best] {
			best = to
		}
	}
	return best
}

func sameIndex(parts []*part, p *player, taken map[*part]bool) *part {
	for _, have := range parts {
		if p.validIndex() && have.likelyIndex() == p.index && !taken[have] {
			return have
		}
	}
	return nil
}

// inPlace tells whether the players that are known are where they are in the
// copies before, so that the place of another may be taken for its own.
func inPlace(of map[*player]*part) bool {
	for p, to := range of {
		if to.copies[0].place != p.place {
			return false
		}
	}
	return len(of) > 0
}

// samePlace returns the part at the place of p, if the index of one of the two
// is lost, so that nothing speaks against it.
func samePlace(parts []*part, p *player, taken map[*part]bool) *part {
	for _, have := range parts {
		if have.copies[0].place == p.place && !taken[have] && (!p.validIndex() || have.likelyIndex() == unknownIndex) {
			return have
		}
	}
	return nil
}

// likelyIndex returns the index that most copies say.
func (p *part) likelyIndex() int64 {
	votes := make(map[int64]int)
	best := int64(unknownIndex)
	for _, c := range p.copies {
		if c.validIndex() {
			if votes[c.index]++; votes[c.index] > votes[best] {
				best = c.index
			}
		}
	}
	return best
}

// forgetShared forgets the index that two players claim: one of them lies.
func forgetShared(parts []*part) {
	claims := make(map[int64]int)
	for _, p := range parts {
		claims[p.index]++
	}
	for _, p := range parts {
		if claims[p.index] > 1 {
			p.index = unknownIndex
		}
	}
}

// commit finds what the player's share times G has to be: as the player says,
// and where another player's copy says otherwise, that too. A wrong one does no
// harm, because the key is proved by its public key in the end. For a part
// whose index is lost, and in a salvage, every player's commitment will do, and
// tells the index.
func (r *rebuilder) commit(p *part) {
	p.commitments = make(map[int64][]group.Point)
	seen := make(map[string]bool)
	for _, q := range r.shard.data.players {
		for index, c := range q.commitments {
			name := string(c) + strconv.FormatInt(index, 10)
			if p.index != unknownIndex && index != p.index && !r.salvage || seen[name] {
				continue
			}
			seen[name] = true
			if point, err := decodePoint(r.group, c); err == nil {
				p.commitments[index] = append(p.commitments[index], point)
			}
		}
	}
}

// committed tells whether the point is a commitment to the player's share, and
// of which player.
func (p *part) committed(point group.Point) (index int64, fits bool) {
	if containsPoint(p.commitments[p.index], point) {
		return p.index, true
	}
	for index, points := range p.commitments {
		if containsPoint(points, point) {
			return index, true
		}
	}
	return 0, false
}

func containsPoint(points []group.Point, p group.Point) bool {
	for _, have := range points {
		if have.Equal(p) {
			return true
		}
	}
	return false
}

// positions returns where each ciphertext is. A list that lost an element does
// not tell: its ciphertexts are at unknownPosition, unless another copy tells.
func (p *part) positions() map[string]int {
	at := make(map[string]int)
	for _, c := range p.copies {
		for j := range c.es.items {
			b, err := c.es.bytes(j)
			if err != nil || len(b) == 0 {
				continue
			}
			if len(c.es.items) == ciphertexts {
				at[string(b)] = j
			} else if _, known := at[string(b)]; !known {
				at[string(b)] = unknownPosition
			}
		}
	}
	return at
}

const unknownPosition = -1

// points returns the player's commitments G·p(x) by x, nil where one is not to
// be had: from ys for x up to 40; beyond, they follow if all of ys is there.
// Where copies differ, what most of them say is taken. A list that lost an
// element does not tell at which x the others are.
func (p *part) points(g group.Group) []group.Point {
	points := make([]group.Point, ciphertexts+1)
	whole := len(p.commitments[p.index]) > 0
	if whole {
		points[0] = p.commitments[p.index][0]
	}
	for i := range degree {
		votes := make(map[string]int)
		best := ""
		for _, c := range p.copies {
			if len(c.ys.items) != degree {
				continue
			}
			text := string(c.ys.items[i])
			if votes[text]++; votes[text] > votes[best] || best == "" {
				if point, err := decodePoint(g, blob(text)); err == nil {
					points[i+1], best = point, text
				}
			}
		}
		whole = whole && best != ""
	}
	if whole {
		copy(points[needed:], group.Extend(points[:needed], degree))
	}
	return points
}

// looksSound tells whether a part should be tried before others.
func (p *part) looksSound(r *rebuilder) bool {
	for _, c := range p.copies {
		if c.terms == r.terms && len(c.faults) == 0 && len(c.combination) == opened && c.vs.count == opened &&
			(c.es.count == ciphertexts || c.terms.Version == version1) {
			return true
		}
	}
	return false
}
