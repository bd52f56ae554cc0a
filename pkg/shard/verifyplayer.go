package shard

import (
	"slices"

	"recover/internal/group"
)

// player checks one player's own part (spec, section 3, steps 3 to 5).
func (v *verifier) player(p *player, commitments map[int64]group.Point) {
	if !v.lengths(p) {
		return
	}
	es, err := p.es.all("es")
	if err != nil {
		v.faults.of(p, err)
		es = nil
	} else {
		v.challenge(p, es)
	}
	v.reencrypt(p, es)
	v.committed(p, v.points(p, commitments))
}

func (v *verifier) lengths(p *player) bool {
	wrong := p.wrongLengths()
	v.faults = append(v.faults, wrong...)
	return len(wrong) == 0
}

// wrongLengths tells which lists of the player are not as long as the format
// has them.
func (p *player) wrongLengths() (wrong faults) {
	for _, f := range []struct {
		name      string
		have, max int
	}{
		{"es", p.es.count, ciphertexts}, {"ys", p.ys.count, degree}, {"combination", len(p.combination), opened},
		{"vs", p.vs.count, opened}, {"rs", p.rs.count, opened},
	} {
		if f.have != f.max {
			wrong.field(p, f.name, "%d elements, not %d", f.have, f.max)
		}
	}
	return wrong
}

// points returns G·p(0) … G·p(40), or nil where they cannot be had. Those of ys
// are on the curve; whether they are in the subgroup is left to the caller.
func (v *verifier) points(p *player, commitments map[int64]group.Point) []group.Point {
	share, known := commitments[p.index]
	if !known {
		if _, listed := p.commitments[p.index]; !listed {
			v.faults.field(p, "key_share_commitments", "the player's own is missing")
		}
		return nil
	}
	points := []group.Point{share}
	for i := range degree {
		b, err := p.ys.bytes(i)
		if err == nil {
			var y group.Point
			if y, err = v.group.DecodePoint(b); err == nil {
				points = append(points, y)
				continue
			}
		}
		v.faults.item(p, "ys", i, "%v", err)
	}
	if len(points) < needed {
		return nil
	}
	return points
}

// challenge checks that the positions that were opened are those that the
// player could not choose.
func (v *verifier) challenge(p *player, es [][]byte) {
	want, err := v.shard.challenge(p, es)
	switch {
	case err != nil:
		v.faults.of(p, err)
	case !slices.Equal(p.combination, want):
		v.faults.field(p, "combination", "not the positions that the player had to open: something that the proof is made of was changed")
	}
}

// reencrypt checks that every opened value, encrypted again, gives its
// ciphertext.
func (v *verifier) reencrypt(p *player, es [][]byte) {
	if v.encrypter == nil {
		return
	}
	for i := range opened {
		if fits, err := p.refitsTo(es, v.encrypter, v.group, i); err != nil {
			v.faults.of(p, err)
		} else if !fits {
			v.faults.item(p, "vs", i, "encrypted again, it does not give its ciphertext in es")
		}
	}
}

// committed checks the opened values against the player's commitments. Where
// that fails, or cannot be done at once, it is done again value by value, to
// name what is wrong.
func (v *verifier) committed(p *player, points []group.Point) {
	if points == nil {
		return
	}
	xs, values := v.opened(p)
	for i := range degree { // those at xs are proved to be multiples of G
		if !slices.Contains(xs, i+1) && !v.group.InSubgroup(points[i+1]) {
			v.faults.item(p, "ys", i, "%v: not in the prime-order subgroup", group.ErrPoint)
			return
		}
	}
	if len(xs) == opened {
		if fits, err := group.FitsValues(v.group, points, xs, values); fits && err == nil {
			return
		}
	}
	v.eachCommitted(p, points)
}

// opened returns the opened values that can be had and their x. What cannot be
// had is a fault; where the ciphertexts are checked, that has told it.
func (v *verifier) opened(p *player) (xs []int, values []group.Scalar) {
	for i := range opened {
		c, err := p.position(i)
		if err != nil {
			v.unlessReencrypted(p, inItem("combination", i, err))
			continue
		}
		value, err := p.value(v.group, i)
		if err != nil {
			v.unlessReencrypted(p, inItem("vs", i, err))
			continue
		}
		if !slices.Contains(xs, c+1) {
			xs, values = append(xs, c+1), append(values, value)
		}
	}
	return xs, values
}

func (v *verifier) unlessReencrypted(p *player, err error) {
	if v.encrypter == nil {
		v.faults.of(p, err)
	}
}

// eachCommitted compares every opened value with the commitment at its x.
func (v *verifier) eachCommitted(p *player, points []group.Point) {
	all := append(points[:needed:needed], group.Extend(points, degree)...)
	made := v.group.NewPoint()
	for i := range opened {
		c, err := p.position(i)
		if err != nil {
			continue
		}
		value, err := p.value(v.group, i)
		if err == nil && !made.BaseMul(value).Equal(all[c+1]) {
			v.faults.item(p, "vs", i, "not the value that the player committed to")
		}
	}
}
