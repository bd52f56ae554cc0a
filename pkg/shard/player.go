package shard

import (
	"strconv"

	"recover/internal/strictjson"
)

// field reads one field of a player. A value of the wrong type is that
// player's fault and is passed over; only what is not JSON ends the parsing.
func (p *player) field(s *strictjson.Scanner, name string) error {
	switch name {
	case "version":
		return p.text(s, name, &p.terms.Version)
	case "player_index":
		p.hasIndex = s.Peek() != '"' && s.Peek() != 'n'
		return p.number(s, whole(name), &p.index)
	case "player_count":
		return p.number(s, whole(name), &p.count)
	case "threshold":
		return p.number(s, whole(name), &p.terms.Threshold)
	case "sharing_type":
		return p.text(s, name, (*string)(&p.terms.Sharing))
	case "curve":
		return p.text(s, name, &p.terms.Curve)
	case "public_key":
		return p.blob(s, whole(name), &p.publicKey)
	case "es":
		return p.blobs(s, name, &p.es, ciphertexts)
	case "ys":
		return p.blobs(s, name, &p.ys, degree)
	case "vs":
		return p.blobs(s, name, &p.vs, opened)
	case "rs":
		return p.blobs(s, name, &p.rs, opened)
	case "combination":
		return p.numbers(s, name)
	case "key_share_commitments":
		return p.commitmentList(s, name)
	case "nonce":
		return p.blob(s, whole(name), &p.nonce)
	case "aux_data_public":
		return p.blob(s, whole(name), &p.auxPublic)
	case "aux_data_wrapped_encryption_key":
		return p.blob(s, whole(name), &p.auxKey)
	case "aux_data_private_encrypted":
		return p.blob(s, whole(name), &p.auxData)
	}
	return s.Skip()
}

// wrongType passes over a value that is not of the type that it should have.
func (p *player) wrongType(s *strictjson.Scanner, at place, want string) error {
	p.faults.add(Fault{Player: p.name(), Field: at.field, Items: at.items(), Problem: "not " + want})
	return s.Skip()
}

// place is where a value stands: a field, or with item ≥ 0 an element of it.
type place struct {
	field string
	item  int
}

func whole(field string) place { return place{field, -1} }

func (p place) items() []int {
	if p.item < 0 {
		return nil
	}
	return []int{p.item}
}

func (p *player) text(s *strictjson.Scanner, field string, to *string) (err error) {
	if s.Peek() != '"' {
		return p.wrongType(s, whole(field), "a string")
	}
	*to, err = s.Text()
	return err
}

func (p *player) number(s *strictjson.Scanner, at place, to *int64) (err error) {
	if c := s.Peek(); c != '-' && (c < '0' || c > '9') {
		return p.wrongType(s, at, "a number")
	}
	*to, err = s.Int()
	return err
}

func (p *player) blob(s *strictjson.Scanner, at place, to *blob) error {
	if s.Peek() != '"' {
		return p.wrongType(s, at, "a string")
	}
	b, err := s.Bytes()
	*to = b
	return err
}

func (p *player) blobs(s *strictjson.Scanner, field string, to *blobs, limit int) error {
	if s.Peek() != '[' {
		return p.wrongType(s, whole(field), "an array")
	}
	to.items = make([]blob, 0, limit)
	return s.Array(func(i int) error {
		to.count = i + 1
		if i >= limit {
			return s.Skip()
		}
		var item blob
		err := p.blob(s, place{field, i}, &item)
		to.items = append(to.items, item)
		return err
	})
}

func (p *player) numbers(s *strictjson.Scanner, field string) error {
	if s.Peek() != '[' {
		return p.wrongType(s, whole(field), "an array")
	}
	return s.Array(func(i int) error {
		if i >= ciphertexts {
			return s.Skip()
		}
		n := int64(-1)
		err := p.number(s, place{field, i}, &n)
		p.combination = append(p.combination, n)
		return err
	})
}

// commitmentList reads the commitments of all players, which version 3 has as
// an object by player index and version 2 as an array.
func (p *player) commitmentList(s *strictjson.Scanner, field string) error {
	p.commitments = make(map[int64]blob)
	add := func(index int) error {
		if len(p.commitments) >= MaxPlayers {
			return s.Fail("more than %d commitments", MaxPlayers)
		}
		var c blob
		err := p.blob(s, place{field, index}, &c)
		p.commitments[int64(index)] = c
		return err
	}
	switch s.Peek() {
	case '[':
		return s.Array(add)
	case '{':
		return s.Object(func(name string) error {
			index, err := strconv.ParseUint(name, 10, 16)
			if err != nil || strconv.FormatUint(index, 10) != name {
				return p.wrongType(s, whole(field), "by player index")
			}
			return add(int(index))
		})
	}
	return p.wrongType(s, whole(field), "an object")
}
