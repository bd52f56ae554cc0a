package shard

import (
	"errors"
	"maps"
	"slices"
	"strconv"

	"recover/internal/group"
	"recover/internal/strictjson"
)

// Version 1.0.0 has another shape and no proof: each player's part is a
// commitment, opened values and ciphertexts, both by their x. It is read into
// the shape of the later versions (spec, section 5).

const version1 = "1.0.0"

// field1 reads a top-level field that only version 1.0.0 has.
func (b *backup) field1(s *strictjson.Scanner, name string) (err error) {
	switch name {
	case "public_key":
		b.v1.publicKey, err = s.Bytes()
	case "sharing_type":
		b.v1.sharing, err = s.Text()
	case "threshold":
		b.v1.threshold, err = s.Int()
	case "master_chain_code":
		b.v1.auxData, err = s.Bytes()
	case "master_chain_code_key":
		b.v1.auxKey, err = s.Bytes()
	case "key_parts":
		b.hasPlayers = true
		err = s.Array(func(i int) error { return b.addPart1(s, i) })
	default:
		err = s.Skip()
	}
	return err
}

// common1 is what version 1.0.0 has once for all players.
type common1 struct {
	publicKey, auxData, auxKey blob
	sharing                    string
	threshold                  int64
	parts                      []*part1
}

// part1 is one of the key_parts.
type part1 struct {
	player *player
	values map[int]blob // by x
	es     map[int]blob // by x
}

func (b *backup) addPart1(s *strictjson.Scanner, i int) error {
	if i >= MaxPlayers {
		return s.Fail("more than %d players", MaxPlayers)
	}
	part := &part1{player: &player{place: i, index: int64(i), hasIndex: true}}
	b.v1.parts = append(b.v1.parts, part)
	if s.Peek() != '{' {
		part.player.faults.field(part.player, "", "not an object")
		return s.Skip()
	}
	return s.Object(func(name string) (err error) {
		switch name {
		case "commitment":
			var own blob
			err = part.player.blob(s, whole(name), &own)
			part.player.commitments = map[int64]blob{int64(i): own}
		case "values":
			part.values, err = part.player.byX(s, name)
		case "encrypted_values":
			part.es, err = part.player.byX(s, name)
		default:
			err = s.Skip()
		}
		return err
	})
}

// byX reads an object of []byte fields named 1 … 80.
func (p *player) byX(s *strictjson.Scanner, field string) (map[int]blob, error) {
	if s.Peek() != '{' {
		return nil, p.wrongType(s, whole(field), "an object")
	}
	all := make(map[int]blob)
	err := s.Object(func(name string) error {
		x, err := strconv.ParseUint(name, 10, 8)
		if err != nil || x < 1 || x > ciphertexts || strconv.FormatUint(x, 10) != name {
			return p.wrongType(s, whole(field), "by x from 1 to 80")
		}
		var value blob
		err = p.blob(s, place{field, int(x)}, &value)
		all[int(x)] = value
		return err
	})
	return all, err
}

// fromVersion1 turns the parts into players. What the format leaves out has its
// defaults (spec, section 5).
func (b *backup) fromVersion1() {
	curve := ""
	if raw, err := b.v1.publicKey.bytes(); err == nil {
		if g, _, err := group.ParsePublicKey(raw); err == nil {
			curve = g.Name()
		}
	}
	n := int64(len(b.v1.parts))
	for _, part := range b.v1.parts {
		n = max(n, part.player.index+1) // a salvage may have lost parts
	}
	threshold := b.v1.threshold
	switch {
	case threshold != 0:
	case Sharing(b.v1.sharing) != Shamir:
		threshold = n - 1
	case n == 2:
		threshold = 1
	default:
		threshold = (n - 1) / 2
	}
	b.players = nil // of recovery_data, which this version does not have
	commitments := make(map[int64]blob)
	for _, part := range b.v1.parts {
		for i, c := range part.player.commitments {
			commitments[i] = c
		}
	}
	delete(commitments, unknownIndex) // of a salvaged part, which keeps it to itself
	for _, part := range b.v1.parts {
		p := part.player
		p.terms = Terms{version1, threshold, Sharing(b.v1.sharing), curve}
		p.publicKey, p.auxKey, p.auxData = b.v1.publicKey, b.v1.auxKey, b.v1.auxData
		if own, lost := p.commitments[unknownIndex]; lost {
			p.commitments = maps.Clone(commitments)
			p.commitments[unknownIndex] = own
		} else {
			p.commitments = commitments
		}
		part.fill()
		b.players = append(b.players, p)
	}
}

// fill puts values and ciphertexts where the later versions have them.
func (part *part1) fill() {
	p := part.player
	p.es.items = make([]blob, ciphertexts)
	p.es.count = len(part.es)
	for x, c := range part.es {
		p.es.items[x-1] = c
	}
	xs := make([]int, 0, len(part.values))
	for x := range part.values {
		xs = append(xs, x)
	}
	slices.Sort(xs)
	for _, x := range xs {
		p.combination = append(p.combination, int64(x-1))
		p.vs.items = append(p.vs.items, part.values[x])
	}
	p.vs.count = len(xs)
}

var errNoProof = errors.New("a backup of version 1.0.0 has no proof: whether its ciphertexts hold what they should shows only when they are decrypted")

// prove1 checks what public data shows of a backup of version 1.0.0, and then
// says that this is no proof.
func (v *verifier) prove1() {
	v.publicKeys()
	v.commitments()
	for _, p := range v.shard.data.players {
		v.faults = append(v.faults, p.faults...)
		if p.es.count != ciphertexts-opened || p.vs.count != opened {
			v.faults.field(p, "", "%d values and %d encrypted values, not %d and %d", p.vs.count, p.es.count, opened, ciphertexts-opened)
		}
		for i := range p.vs.items {
			if _, err := p.value(v.group, i); err != nil {
				v.faults.item(p, "values", int(p.combination[i])+1, "%v", err)
			}
		}
		for _, c := range p.combination {
			if p.es.items[c] != nil {
				v.faults.item(p, "encrypted_values", int(c)+1, "also opened")
			}
		}
	}
	if len(v.faults) == 0 {
		v.because(ReasonNoProof, Fault{Problem: errNoProof.Error()})
	}
}
