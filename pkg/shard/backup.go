package shard

import (
	"strconv"

	"recover/internal/message"
	"recover/internal/strictjson"
	"recover/pkg/shard/internal/part"
)

// backupReader reads the recovery data: the inner JSON object (docs/formats.md, section 2.2).
type backupReader struct {
	*strictjson.Scanner
	backup     part.Backup
	hasPlayers bool
	v1         part.Version1
}

func parseBackup(text []byte) (*part.Backup, error) {
	r := &backupReader{Scanner: strictjson.New(text)}
	b := &r.backup
	err := r.Object(func(name string) (err error) {
		switch name {
		case "version":
			b.Version, err = r.Text()
		case "recovery_data":
			r.hasPlayers = true
			err = r.Array(r.player)
		default:
			err = r.field1(name)
		}
		return err
	})
	if err == nil {
		err = r.End()
	}
	if err != nil {
		return nil, fail(ReasonMalformed, "partialRecoveryDataHex", "the JSON of the recovery data: %v", err)
	}
	if b.Version == part.V1 {
		b.Players = r.v1.Players() // it has no recovery_data
	}
	switch {
	case b.Version == "":
		return nil, fail(ReasonMalformed, "version", "the recovery data has no version")
	case b.Version != part.V1 && b.Version != part.V2 && b.Version != part.V3:
		return nil, fail(ReasonUnsupported, "version", "recovery data of version %s cannot be opened by this version", message.Quote(b.Version))
	case !r.hasPlayers && b.Version == part.V1:
		return nil, fail(ReasonMalformed, "key_parts", "the field is missing")
	case !r.hasPlayers:
		return nil, fail(ReasonMalformed, "recovery_data", "the field is missing")
	case len(b.Players) == 0:
		return nil, fail(ReasonTooFewPlayers, "recovery_data", "no player's part is there")
	}
	return b, nil
}

// player reads the part of one player, number i of recovery_data.
func (r *backupReader) player(i int) error {
	if i >= MaxPlayers {
		return r.Fail("more than %d players", MaxPlayers)
	}
	p := &playerReader{r.Scanner, &part.Player{Number: i}}
	r.backup.Players = append(r.backup.Players, p.player)
	return p.object(p.field)
}

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
		return r.number(name, &p.Index)
	case "player_count":
		return r.number(name, &p.Count)
	case "threshold":
		return r.number(name, &p.Terms.Threshold)
	case "sharing_type":
		return r.text(name, (*string)(&p.Terms.Sharing))
	case "curve":
		return r.text(name, &p.Terms.Curve)
	case "public_key":
		return r.blob(name, &p.PublicKey)
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
		return r.blob(name, &p.Nonce)
	case "aux_data_public":
		return r.blob(name, &p.AuxPublic)
	case "aux_data_wrapped_encryption_key":
		return r.blob(name, &p.AuxKey)
	case "aux_data_private_encrypted":
		return r.blob(name, &p.AuxData)
	}
	return r.Skip()
}

// wrongType passes over a value that is not of the type that it should have.
// item is the element where a field is a list.
func (r *playerReader) wrongType(field, want string, item ...int) error {
	r.player.Faults.Add(part.Fault{Player: r.player.Name(), Field: field, Items: item, Problem: "not " + want})
	return r.Skip()
}

func (r *playerReader) text(field string, to *string) (err error) {
	if r.Peek() != '"' {
		return r.wrongType(field, "a string")
	}
	*to, err = r.Text()
	return err
}

func (r *playerReader) number(field string, to *int64, item ...int) (err error) {
	if c := r.Peek(); c != '-' && (c < '0' || c > '9') {
		return r.wrongType(field, "a number", item...)
	}
	*to, err = r.Int()
	return err
}

func (r *playerReader) blob(field string, to *part.Blob, item ...int) error {
	if r.Peek() != '"' {
		return r.wrongType(field, "a string", item...)
	}
	b, err := r.Bytes()
	*to = b
	return err
}

func (r *playerReader) blobs(field string, to *part.Blobs, limit int) error {
	if r.Peek() != '[' {
		return r.wrongType(field, "an array")
	}
	to.Items = make([]part.Blob, 0, limit)
	return r.Array(func(i int) error {
		to.Count = i + 1
		if i >= limit {
			return r.Skip()
		}
		to.Items = append(to.Items, nil)
		return r.blob(field, &to.Items[i], i)
	})
}

func (r *playerReader) numbers(field string) error {
	if r.Peek() != '[' {
		return r.wrongType(field, "an array")
	}
	return r.Array(func(i int) error {
		if i >= part.Ciphertexts {
			return r.Skip()
		}
		r.player.Combination = append(r.player.Combination, -1)
		return r.number(field, &r.player.Combination[i], i)
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
		err := r.blob(field, &c, index)
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
				return r.wrongType(field, "by player index")
			}
			return add(int(index))
		})
	}
	return r.wrongType(field, "an object")
}
