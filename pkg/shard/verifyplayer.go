package shard

import (
	"slices"

	"recover/internal/challenge"
	"recover/internal/group"
	"recover/pkg/shard/internal/part"
)

// player checks one player's own part (docs/formats.md, section 2.3, steps 3 to 5).
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
			if y, err = v.shard.group.DecodePoint(b); err == nil {
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
		if fits, err := refits(p, es, v.encrypter, v.shard.group, i); err != nil {
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
	if len(xs) == part.Opened {
		if fits, err := group.FitsValues(v.shard.group, points, xs, values); fits && err == nil {
			return
		}
	}
	for i := range part.Degree { // those at xs are compared with multiples of G
		if !slices.Contains(xs, i+1) && !v.shard.group.InSubgroup(points[i+1]) {
			v.faults.Item(p, "ys", i, "%v: not in the prime-order subgroup", group.ErrPoint)
			return
		}
	}
	v.eachCommitted(p, points)
}

// opened returns the opened values that can be decoded and their x. What cannot
// is a fault; where the ciphertexts are checked, that has told it.
func (v *verifier) opened(p *part.Player) (xs []int, values []group.Scalar) {
	for i := range part.Opened {
		x, value, err := p.OpenedAt(v.shard.group, i)
		if err != nil && v.encrypter == nil {
			v.faults.Of(p, err)
		}
		if err == nil && !slices.Contains(xs, x) {
			xs, values = append(xs, x), append(values, value)
		}
	}
	return xs, values
}

// eachCommitted compares every opened value with the commitment at its x.
func (v *verifier) eachCommitted(p *part.Player, points []group.Point) {
	all := append(points[:part.Needed:part.Needed], group.Extend(points, part.Degree)...)
	made := v.shard.group.NewPoint()
	for i := range part.Opened {
		x, value, err := p.OpenedAt(v.shard.group, i)
		if err == nil && !made.BaseMul(value).Equal(all[x]) {
			v.faults.Item(p, "vs", i, "not the value that the player committed to")
		}
	}
}

// challenge computes which positions the player had to open; es are its
// ciphertexts. An error names the field that is lost.
func (s *Shard) challenge(p *part.Player, es [][]byte) ([]int64, error) {
	context, err := challengeTranscript(p)
	if err != nil {
		return nil, err
	}
	ys, err := p.Ys.All("ys")
	if err != nil {
		return nil, err
	}
	commitment, err := p.Commitments[p.Index].Bytes()
	if err != nil {
		return nil, part.InField("key_share_commitments", err)
	}
	st := challenge.Statement{
		PublicKey: s.root.Bytes(), Context: context, OneContext: s.data.Version == part.V2, Es: es, Ys: ys, Commitment: commitment,
	}
	return st.Positions(), nil
}

// challengeTranscript returns the items of the transcript that bind a
// proof to its backup.
func challengeTranscript(p *part.Player) ([][]byte, error) {
	items := [][]byte{[]byte(p.Terms.Version)}
	if p.Terms.Version == part.V2 {
		items = append(items, challenge.Number(p.Count))
	}
	items = append(items, challenge.Number(p.Terms.Threshold), []byte(p.Terms.Sharing), []byte(p.Terms.Curve), challenge.Number(p.Index))
	for _, f := range []struct {
		name string
		of   part.Blob
	}{
		{"nonce", p.Nonce},
		{"aux_data_public", p.AuxPublic},
		{"aux_data_private_encrypted", p.AuxData},
		{"aux_data_wrapped_encryption_key", p.AuxKey},
	} {
		b, err := f.of.Bytes()
		if err != nil {
			return nil, part.InField(f.name, err)
		}
		items = append(items, b)
	}
	return items, nil
}
