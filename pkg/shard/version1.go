package shard

import (
	"strconv"

	"recover/pkg/shard/internal/part"
)

// Version 1.0.0 has another shape and no proof: each player's part is a
// commitment, opened values and ciphertexts, both by their x. It is read into
// the shape of the later versions (docs/formats.md, section 2.5).

// field1 reads a top-level field that only version 1.0.0 has.
func (r *backupReader) field1(name string) (err error) {
	switch name {
	case "public_key":
		r.v1.PublicKey, err = r.Bytes()
	case "sharing_type":
		r.v1.Sharing, err = r.Text()
	case "threshold":
		r.v1.Threshold, err = r.Int()
	case "master_chain_code":
		r.v1.AuxData, err = r.Bytes()
	case "master_chain_code_key":
		r.v1.AuxKey, err = r.Bytes()
	case "key_parts":
		r.hasPlayers = true
		err = r.Array(r.part1)
	default:
		err = r.Skip()
	}
	return err
}

func (r *backupReader) part1(i int) error {
	if i >= MaxPlayers {
		return r.Fail("more than %d players", MaxPlayers)
	}
	p := &playerReader{r.Scanner, &part.Player{Number: i, Index: int64(i), HasIndex: true}}
	p1 := &part.Part1{Player: p.player}
	r.v1.Parts = append(r.v1.Parts, p1)
	return p.object(func(name string) (err error) {
		switch name {
		case "commitment":
			var own part.Blob
			err = p.blob(name, &own)
			p.player.Commitments = map[int64]part.Blob{int64(i): own}
		case "values":
			p1.Values, err = p.byX(name)
		case "encrypted_values":
			p1.Es, err = p.byX(name)
		default:
			err = r.Skip()
		}
		return err
	})
}

// byX reads an object of []byte fields named 1 … 80.
func (r *playerReader) byX(field string) (map[int]part.Blob, error) {
	if r.Peek() != '{' {
		return nil, r.wrongType(field, "an object")
	}
	all := make(map[int]part.Blob)
	err := r.Object(func(name string) error {
		x, err := strconv.ParseUint(name, 10, 8)
		if err != nil || x < 1 || x > part.Ciphertexts || strconv.FormatUint(x, 10) != name {
			return r.wrongType(field, "by x from 1 to 80")
		}
		var value part.Blob
		err = r.blob(field, &value, int(x))
		all[int(x)] = value
		return err
	})
	return all, err
}

// noProof is what there is to say of a backup of this version with no fault.
const noProof = "a backup of version 1.0.0 has no proof: whether its ciphertexts hold what they should shows only when they are decrypted"

// prove1 checks what public data shows of a backup of version 1.0.0, and then
// says that this is no proof.
func (v *verifier) prove1() {
	v.publicKeys()
	v.commitments()
	for _, p := range v.shard.data.Players {
		v.faults = append(v.faults, p.Faults...)
		if p.Es.Count != part.Ciphertexts-part.Opened || p.Vs.Count != part.Opened {
			v.faults.Field(p, "", "%d values and %d encrypted values, not %d and %d", p.Vs.Count, p.Es.Count, part.Opened, part.Ciphertexts-part.Opened)
		}
		for i := range p.Vs.Items {
			if _, err := p.Value(v.shard.group, i); err != nil {
				v.faults.Item(p, "values", int(p.Combination[i])+1, "%v", err)
			}
		}
		for _, c := range p.Combination {
			if p.Es.Items[c] != nil {
				v.faults.Item(p, "encrypted_values", int(c)+1, "also opened")
			}
		}
	}
	if len(v.faults) == 0 {
		v.because(ReasonNoProof, part.Fault{Problem: noProof})
	}
}
