package shard

import (
	"strconv"

	"recover/internal/strictjson"
	"recover/pkg/shard/internal/part"
)

// playerReader reads the part of one player.
type playerReader struct {
	*strictjson.Scanner
	player *part.Player
}

// object reads the part, if it is an object, by calling field for each name.
func (r *playerReader) object(field func(name string) error) error {
	if r.Peek() != '{' {
		r.player.Faults.Field(r.player, "", "not an object")
		return r.Skip()
	}
	return r.Object(field)
}

// field reads one field of a player. A value of the wrong type is that
// player's fault and is passed over; only what is not JSON ends the parsing.
func (r *playerReader) field(name string) error {
	p := r.player
	switch name {
	case "version":
		return r.text(name, &p.Terms.Version)
	case "player_index":
		p.HasIndex = r.Peek() != '"' && r.Peek() != 'n'
		return r.number(whole(name), &p.Index)
	case "player_count":
		return r.number(whole(name), &p.Count)
	case "threshold":
		return r.number(whole(name), &p.Terms.Threshold)
	case "sharing_type":
		return r.text(name, (*string)(&p.Terms.Sharing))
	case "curve":
		return r.text(name, &p.Terms.Curve)
	case "public_key":
		return r.blob(whole(name), &p.PublicKey)
	case "es":
		return r.blobs(name, &p.Es, part.Ciphertexts)
	case "ys":
		return r.blobs(name, &p.Ys, part.Degree)
	case "vs":
		return r.blobs(name, &p.Vs, part.Opened)
	case "rs":
		return r.blobs(name, &p.Rs, part.Opened)
	case "combination":
		return r.numbers(name)
	case "key_share_commitments":
		return r.commitmentList(name)
	case "nonce":
		return r.blob(whole(name), &p.Nonce)
	case "aux_data_public":
		return r.blob(whole(name), &p.AuxPublic)
	case "aux_data_wrapped_encryption_key":
		return r.blob(whole(name), &p.AuxKey)
	case "aux_data_private_encrypted":
		return r.blob(whole(name), &p.AuxData)
	}
	return r.Skip()
}

// wrongType passes over a value that is not of the type that it should have.
func (r *playerReader) wrongType(at location, want string) error {
	r.player.Faults.Add(part.Fault{Player: r.player.Name(), Field: at.field, Items: at.items(), Problem: "not " + want})
	return r.Skip()
}

// location is where a value stands: a field, or with item ≥ 0 an element of it.
type location struct {
	field string
	item  int
}

func whole(field string) location { return location{field, -1} }

func (l location) items() []int {
	if l.item < 0 {
		return nil
	}
	return []int{l.item}
}

func (r *playerReader) text(field string, to *string) (err error) {
	if r.Peek() != '"' {
		return r.wrongType(whole(field), "a string")
	}
	*to, err = r.Text()
	return err
}

func (r *playerReader) number(at location, to *int64) (err error) {
	if c := r.Peek(); c != '-' && (c < '0' || c > '9') {
		return r.wrongType(at, "a number")
	}
	*to, err = r.Int()
	return err
}

func (r *playerReader) blob(at location, to *part.Blob) error {
	if r.Peek() != '"' {
		return r.wrongType(at, "a string")
	}
	b, err := r.Bytes()
	*to = b
	return err
}

func (r *playerReader) blobs(field string, to *part.Blobs, limit int) error {
	if r.Peek() != '[' {
		return r.wrongType(whole(field), "an array")
	}
	to.Items = make([]part.Blob, 0, limit)
	return r.Array(func(i int) error {
		to.Count = i + 1
		if i >= limit {
			return r.Skip()
		}
		var item part.Blob
		err := r.blob(location{field, i}, &item)
		to.Items = append(to.Items, item)
		return err
	})
}

func (r *playerReader) numbers(field string) error {
	if r.Peek() != '[' {
		return r.wrongType(whole(field), "an array")
	}
	return r.Array(func(i int) error {
		if i >= part.Ciphertexts {
			return r.Skip()
		}
		n := int64(-1)
		err := r.number(location{field, i}, &n)
		r.player.Combination = append(r.player.Combination, n)
		return err
	})
}

// commitmentList reads the commitments of all players, which version 3 has as
// an object by player index and version 2 as an array.
func (r *playerReader) commitmentList(field string) error {
	all := make(map[int64]part.Blob)
	r.player.Commitments = all
	add := func(index int) error {
		if len(all) >= MaxPlayers {
			return r.Fail("more than %d commitments", MaxPlayers)
		}
		var c part.Blob
		err := r.blob(location{field, index}, &c)
		all[int64(index)] = c
		return err
	}
	switch r.Peek() {
	case '[':
		return r.Array(add)
	case '{':
		return r.Object(func(name string) error {
			index, err := strconv.ParseUint(name, 10, 16)
			if err != nil || strconv.FormatUint(index, 10) != name {
				return r.wrongType(whole(field), "by player index")
			}
			return add(int(index))
		})
	}
	return r.wrongType(whole(field), "an object")
}
