package part

import (
	"maps"
	"slices"

	"recover/internal/group"
)

// Version1 is recovery data of version 1.0.0, which has another shape and no
// proof: some fields once for all players, and of each player a commitment,
// opened values and ciphertexts, both by their x (spec, section 5).
type Version1 struct {
	PublicKey, AuxData, AuxKey Blob
	Sharing                    string
	Threshold                  int64
	Parts                      []*Part1
}

// Part1 is one of the key_parts. Its player has the index, and its own
// commitment: at UnknownIndex where the index is lost.
type Part1 struct {
	Player *Player
	Values map[int]Blob // by x
	Es     map[int]Blob // by x
}

// Players returns the parts in the shape of the later versions. What the format
// leaves out has its defaults (spec, section 5).
func (v *Version1) Players() []*Player {
	curve := ""
	if raw, err := v.PublicKey.Bytes(); err == nil {
		if g, _, err := group.ParsePublicKey(raw); err == nil {
			curve = g.Name()
		}
	}
	commitments := make(map[int64]Blob)
	for _, part := range v.Parts {
		maps.Copy(commitments, part.Player.Commitments)
	}
	delete(commitments, UnknownIndex) // of a salvaged part, which keeps it to itself
	terms := Terms{V1, v.threshold(), Sharing(v.Sharing), curve}
	var players []*Player
	for _, part := range v.Parts {
		p := part.Player
		p.Terms, p.PublicKey, p.AuxKey, p.AuxData = terms, v.PublicKey, v.AuxKey, v.AuxData
		if own, lost := p.Commitments[UnknownIndex]; lost {
			p.Commitments = maps.Clone(commitments)
			p.Commitments[UnknownIndex] = own
		} else {
			p.Commitments = commitments
		}
		part.fill()
		players = append(players, p)
	}
	return players
}

func (v *Version1) threshold() int64 {
	n := int64(len(v.Parts))
	for _, part := range v.Parts {
		n = max(n, part.Player.Index+1) // a salvage may have lost parts
	}
	switch {
	case v.Threshold != 0:
		return v.Threshold
	case Sharing(v.Sharing) != Shamir:
		return n - 1
	case n == 2:
		return 1
	}
	return (n - 1) / 2
}

// fill puts values and ciphertexts where the later versions have them.
func (part *Part1) fill() {
	p := part.Player
	p.Es = Blobs{make([]Blob, Ciphertexts), len(part.Es)}
	for x, c := range part.Es {
		p.Es.Items[x-1] = c
	}
	for _, x := range slices.Sorted(maps.Keys(part.Values)) {
		p.Combination = append(p.Combination, int64(x-1))
		p.Vs.Items = append(p.Vs.Items, part.Values[x])
	}
	p.Vs.Count = len(part.Values)
}
