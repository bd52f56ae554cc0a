package shard

import (
	"slices"

	"recover/internal/group"
	"recover/pkg/shard/internal/part"
)

// player checks one player's own part (spec, section 3, steps 3 to 5).
func (v *verifier) player(p *part.Player, commitments map[int64]group.Point) {
	if wrong := wrongLengths(p); len(wrong) > 0 {
		v.faults = append(v.faults, wrong...)
		return
	}
	es, err := p.Es.All("es")
	if err != nil {
		v.faults.Of(p, err)
		es = nil
	} else {
		v.challenge(p, es)
	}
	v.reencrypt(p, es)
	v.committed(p, v.points(p, commitments))
}

// wrongLengths tells which lists of a player are not as long as the format has
// them.
func wrongLengths(p *part.Player) (wrong part.Faults) {
	for _, f := range []struct {
		name      string
		have, max int
	}{
		{"es", p.Es.Count, part.Ciphertexts}, {"ys", p.Ys.Count, part.Degree}, {"combination", len(p.Combination), part.Opened},
		{"vs", p.Vs.Count, part.Opened}, {"rs", p.Rs.Count, part.Opened},
	} {
		if f.have != f.max {
			wrong.Field(p, f.name, "%d elements, not %d", f.have, f.max)
		}
	}
	return wrong
}

// points returns G·p(0) … G·p(40), or nil where one is lost. Those of ys
// are on the curve; whether they are in the subgroup is left to the caller.
func (v *verifier) points(p *part.Player, commitments map[int64]group.Point) []group.Point {
	share, known := commitments[p.Index]
	if !known {
		if _, listed := p.Commitments[p.Index]; !listed {
			v.faults.Field(p, "key_share_commitments", "the player's own is missing")
		}
		return nil
	}
	points := []group.Point{share}
	for i := range part.Degree {
		b, err := p.Ys.Bytes(i)
		if err == nil {
			var y group.Point
			if y, err = v.group.DecodePoint(b); err == nil {
				points = append(points, y)
				continue
			}
		}
		v.faults.Item(p, "ys", i, "%v", err)
	}
	if len(points) < part.Needed {
		return nil
	}
	return points
}

// challenge checks that the positions that were opened are those that the
// player could not choose.
func (v *verifier) challenge(p *part.Player, es [][]byte) {
	want, err := v.shard.challenge(p, es)
	switch {
	case err != nil:
		v.faults.Of(p, err)
	case !slices.Equal(p.Combination, want):
		v.faults.Field(p, "combination", "not the positions that the player had to open: something that the proof is made of was changed")
	}
}

// reencrypt checks that every opened value, encrypted again, gives its
// ciphertext.
func (v *verifier) reencrypt(p *part.Player, es [][]byte) {
	if v.encrypter == nil {
		return
	}
	for i := range part.Opened {
		if fits, err := refits(p, es, v.encrypter, v.group, i); err != nil {
			v.faults.Of(p, err)
		} else if !fits {
			v.faults.Item(p, "vs", i, "encrypted again, it does not give its ciphertext in es")
		}
	}
}

// committed checks the opened values against the player's commitments. Where
// that fails, or cannot be done at once, it is done again value by value, to
// name what is wrong.
func (v *verifier) committed(p *part.Player, points []group.Point) {
	if points == nil {
		return
	}
	xs, values := v.opened(p)
	for i := range part.Degree { // those at xs are proved to be multiples of G
		if !slices.Contains(xs, i+1) && !v.group.InSubgroup(points[i+1]) {
			v.faults.Item(p, "ys", i, "%v: not in the prime-order subgroup", group.ErrPoint)
			return
		}
	}
	if len(xs) == part.Opened {
		if fits, err := group.FitsValues(v.group, points, xs, values); fits && err == nil {
			return
		}
	}
	v.eachCommitted(p, points)
}

// opened returns the opened values that can be decoded and their x. What cannot
// is a fault; where the ciphertexts are checked, that has told it.
func (v *verifier) opened(p *part.Player) (xs []int, values []group.Scalar) {
	for i := range part.Opened {
		c, err := p.Position(i)
		if err != nil {
			v.unlessReencrypted(p, part.InItem("combination", i, err))
			continue
		}
		value, err := p.Value(v.group, i)
		if err != nil {
			v.unlessReencrypted(p, part.InItem("vs", i, err))
			continue
		}
		if !slices.Contains(xs, c+1) {
			xs, values = append(xs, c+1), append(values, value)
		}
	}
	return xs, values
}

func (v *verifier) unlessReencrypted(p *part.Player, err error) {
	if v.encrypter == nil {
		v.faults.Of(p, err)
	}
}

// eachCommitted compares every opened value with the commitment at its x.
func (v *verifier) eachCommitted(p *part.Player, points []group.Point) {
	all := append(points[:part.Needed:part.Needed], group.Extend(points, part.Degree)...)
	made := v.group.NewPoint()
	for i := range part.Opened {
		c, err := p.Position(i)
		if err != nil {
			continue
		}
		value, err := p.Value(v.group, i)
		if err == nil && !made.BaseMul(value).Equal(all[c+1]) {
			v.faults.Item(p, "vs", i, "not the value that the player committed to")
		}
	}
}
