// Package part holds the parts that the players of a backup have in it, as they
// stand in the file: fields and lists of base64 text, each decoded where it is
// used. Nothing of them is checked. Package shard reads them from a valid file,
// package salvage from a damaged one.
package part

import (
	"bytes"
	"maps"
	"slices"
	"strconv"

	"recover/internal/challenge"
	"recover/internal/group"
)

// The sizes of the format.
const (
	MaxPlayers  = 64                    // in one backup
	Degree      = 40                    // of each player's polynomial p
	Needed      = Degree + 1            // evaluations that fix the polynomial
	Ciphertexts = challenge.Ciphertexts // evaluations p(1) … p(80), all encrypted
	Opened      = challenge.Opened      // of them are opened for the proof
	SeedSize    = 32                    // of an OAEP seed in bytes: that of a SHA-256 hash
	MinOwn      = 44                    // base64 of 32 bytes: the shortest text that no two players have in common by chance

	UnknownIndex = -1 // stands for a player_index that is lost

	// The versions that can be opened.
	V1 = "1.0.0"
	V2 = "2"
	V3 = "3"
)

// Sharing is how a master key is made of its players' shares.
type Sharing string

// The sharings of the format (docs/formats.md, section 2.2).
const (
	Shamir         Sharing = "shamir"
	Additive       Sharing = "additive"
	Multiplicative Sharing = "multiplicative"
)

// Known tells whether the sharing is one of the format.
func (s Sharing) Known() bool { return s == Shamir || s == Additive || s == Multiplicative }

// Terms are what all players of a backup have to agree on to make one key.
type Terms struct {
	Version   string
	Threshold int64
	Sharing   Sharing
	Curve     string
}

// Backup is the recovery data: the parts of all players (docs/formats.md, section 2.2).
type Backup struct {
	Version string
	Players []*Player
}

// Player is one player's part as it stands in the file. A field that is absent
// or of the wrong type is noted in Faults and left empty.
type Player struct {
	Number   int // in recovery_data, 0-based: names the player where the index is lost
	Index    int64
	HasIndex bool
	Terms    Terms
	Count    int64 // player_count, version 2

	PublicKey                  Blob
	Es, Ys, Vs, Rs             Blobs
	Combination                []int64
	Commitments                map[int64]Blob // by player index
	Nonce                      Blob
	AuxPublic, AuxKey, AuxData Blob

	Faults Faults
}

// Name is what the player is called in messages: by index, as the file does.
func (p *Player) Name() string {
	if !p.HasIndex {
		return "the player at place " + strconv.Itoa(p.Number)
	}
	return "player " + strconv.FormatInt(p.Index, 10)
}

// ValidIndex tells whether the player has an index of the format.
func (p *Player) ValidIndex() bool { return p.HasIndex && p.Index >= 0 && p.Index < MaxPlayers }

// Own calls yield with every text of the part that no other player's has.
func (p *Player) Own(yield func(Blob) bool) {
	for _, list := range []Blobs{p.Es, p.Ys, p.Vs, p.Rs} {
		for _, text := range list.Items {
			if len(text) >= MinOwn && !yield(text) {
				return
			}
		}
	}
}

// Terms returns what most players say; where as many say one thing as another,
// what the first of them says.
func (b *Backup) Terms() Terms {
	votes := make(map[Terms]int)
	var best Terms
	for _, p := range b.Players {
		if p.Terms == (Terms{}) { // all of it is lost
			continue
		}
		if votes[p.Terms]++; votes[p.Terms] > votes[best] {
			best = p.Terms
		}
	}
	return best
}

// Reference returns a player whose copy of what all players have to agree on
// is the most common one.
func (b *Backup) Reference() *Player {
	best, most := b.Players[0], 0
	for _, p := range b.Players {
		like := 0
		for _, q := range b.Players {
			if p.agrees(q) {
				like++
			}
		}
		if like > most {
			best, most = p, like
		}
	}
	return best
}

func (p *Player) agrees(q *Player) bool {
	return bytes.Equal(p.PublicKey, q.PublicKey) && bytes.Equal(p.Nonce, q.Nonce) && bytes.Equal(p.AuxPublic, q.AuxPublic) &&
		bytes.Equal(p.AuxKey, q.AuxKey) && bytes.Equal(p.AuxData, q.AuxData) && SameCommitments(p, q)
}

// SameCommitments tells whether two players' copies of all commitments are the
// same.
func SameCommitments(p, q *Player) bool {
	return maps.EqualFunc(p.Commitments, q.Commitments, func(a, b Blob) bool { return bytes.Equal(a, b) })
}

// Version1 is recovery data of version 1.0.0, which has another shape and no
// proof: some fields once for all players, and of each player a commitment,
// opened values and ciphertexts, both by their x (docs/formats.md, section 2.5).
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
// leaves out has its defaults (docs/formats.md, section 2.5).
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
