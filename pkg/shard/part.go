package shard

import "recover/internal/group"

// part is all that there is of one player: one copy of its part, or several
// where copies of the backup were joined.
type part struct {
	index       int64 // player_index; unknownIndex where it is not to be had
	copies      []*player
	commitments map[int64][]group.Point // what the share times G may be, by player index; see commit
}

const unknownIndex = -1

func (p *player) validIndex() bool { return p.hasIndex && p.index >= 0 && p.index < MaxPlayers }

// parts sorts the players' parts by player. A part whose index is lost is one
// of its own.
func (r *rebuilder) parts() []*part {
	var parts []*part
	byIndex := make(map[int64]*part)
	for _, p := range r.shard.data.players {
		if !p.validIndex() {
			r.warnings.field(p, "player_index", "not an index of 0 to %d", MaxPlayers-1)
			parts = append(parts, &part{index: unknownIndex, copies: []*player{p}})
			continue
		}
		if have := byIndex[p.index]; have != nil {
			have.copies = append(have.copies, p)
			continue
		}
		byIndex[p.index] = &part{index: p.index, copies: []*player{p}}
		parts = append(parts, byIndex[p.index])
	}
	return parts
}

// commit finds what the player's share times G has to be: as the player says,
// and where another player's copy says otherwise, that too. A wrong one does no
// harm, because the key is proved by its public key in the end. For a part
// whose index is lost, every player's commitment will do, and tells the index.
func (r *rebuilder) commit(p *part) {
	p.commitments = make(map[int64][]group.Point)
	seen := make(map[string]bool)
	for _, q := range r.shard.data.players {
		for index, c := range q.commitments {
			if p.index != unknownIndex && index != p.index || seen[string(c)] {
				continue
			}
			seen[string(c)] = true
			if point, err := decodePoint(r.group, c); err == nil {
				p.commitments[index] = append(p.commitments[index], point)
			}
		}
	}
}

// committed tells whether the point is a commitment to the player's share, and
// of which player.
func (p *part) committed(point group.Point) (index int64, fits bool) {
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

func (p *part) hasCiphertext(j int) bool {
	for _, c := range p.copies {
		if b, err := c.es.bytes(j); err == nil && len(b) > 0 {
			return true
		}
	}
	return false
}

// positions returns where each ciphertext is.
func (p *part) positions() map[string]int {
	at := make(map[string]int)
	for _, c := range p.copies {
		for j := range c.es.items {
			if b, err := c.es.bytes(j); err == nil && len(b) > 0 {
				at[string(b)] = j
			}
		}
	}
	return at
}

// points returns the player's commitments G·p(x) by x, nil where one is not to
// be had: from ys for x up to 40; beyond, they follow if all of ys is there.
func (p *part) points(g group.Group) []group.Point {
	points := make([]group.Point, ciphertexts+1)
	whole := len(p.commitments[p.index]) > 0
	if whole {
		points[0] = p.commitments[p.index][0]
	}
	for i := range degree {
		err := errMissing
		for _, c := range p.copies {
			var b []byte
			if b, err = c.ys.bytes(i); err == nil {
				if points[i+1], err = g.ParsePoint(b); err == nil {
					break
				}
				points[i+1] = nil
			}
		}
		whole = whole && err == nil
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
