package shard

import (
	"bytes"
	"encoding/base64"
	"errors"
	"maps"
	"strconv"

	"recover/internal/message"
	"recover/internal/strictjson"
)

// Sharing is how a master key is made of its players' shares.
type Sharing string

// The sharings of the format (spec, section 2).
const (
	Shamir         Sharing = "shamir"         // any threshold+1 shares interpolate to the key
	Additive       Sharing = "additive"       // the key is the sum of all shares
	Multiplicative Sharing = "multiplicative" // the key is the product of all shares
)

func (s Sharing) known() bool { return s == Shamir || s == Additive || s == Multiplicative }

// Terms are what all players of a backup have to agree on to make one key.
type Terms struct {
	Version   string
	Threshold int64 // t: t+1 shares make the key where the sharing is Shamir's
	Sharing   Sharing
	Curve     string
}

// backup is the recovery data: the parts of all players (spec, section 2).
type backup struct {
	version    string
	players    []*player
	hasPlayers bool
	v1         common1
}

// player is one player's part as it stands in the file. A field that is absent
// or of the wrong type is noted in faults and left empty.
type player struct {
	place    int // in recovery_data, 0-based: names the player where index is not to be had
	index    int64
	hasIndex bool
	terms    Terms
	count    int64 // player_count, version 2

	publicKey                  blob
	es, ys, vs, rs             blobs
	combination                []int64
	commitments                map[int64]blob // by player index
	nonce                      blob
	auxPublic, auxKey, auxData blob

	faults faults
}

// blob is the base64 text of a []byte field; it is decoded where it is used,
// because a rebuild uses few of them.
type blob []byte

var (
	errNotBase64 = errors.New("not base64")
	errMissing   = errors.New("missing")
)

func (b blob) bytes() ([]byte, error) {
	out, err := base64.StdEncoding.AppendDecode(nil, b)
	if err != nil {
		return nil, errNotBase64
	}
	return out, nil
}

// blobs is a list of such fields. Of a list that is longer than any of the
// format only the length is kept beyond its end.
type blobs struct {
	items []blob
	count int
}

// bytes decodes item i; an item that is not there is as damaged as one that is
// not base64.
func (b blobs) bytes(i int) ([]byte, error) {
	if i < 0 || i >= len(b.items) {
		return nil, errMissing
	}
	return b.items[i].bytes()
}

func parseBackup(text []byte) (*backup, error) {
	b := new(backup)
	s := strictjson.New(text)
	err := s.Object(func(name string) (err error) {
		switch name {
		case "version":
			b.version, err = s.Text()
		case "recovery_data":
			b.hasPlayers = true
			err = s.Array(func(i int) error { return b.addPlayer(s, i) })
		default:
			err = b.field1(s, name)
		}
		return err
	})
	if err == nil {
		err = s.End()
	}
	if err != nil {
		return nil, fail(ReasonMalformed, "partialRecoveryDataHex", "the JSON of the recovery data: %v", err)
	}
	if b.version == version1 {
		b.fromVersion1()
	}
	return b, b.check()
}

// The versions that can be opened, but version1.
const (
	version2 = "2"
	version3 = "3"
)

func (b *backup) check() error {
	switch {
	case b.version == "":
		return fail(ReasonMalformed, "version", "the recovery data has no version")
	case b.version != version1 && b.version != version2 && b.version != version3:
		return fail(ReasonUnsupported, "version", "recovery data of version %s cannot be opened by this version", message.Quote(b.version))
	case !b.hasPlayers && b.version == version1:
		return fail(ReasonMalformed, "key_parts", "the field is missing")
	case !b.hasPlayers:
		return fail(ReasonMalformed, "recovery_data", "the field is missing")
	case len(b.players) == 0:
		return fail(ReasonTooFewPlayers, "recovery_data", "no player's part is there")
	}
	return nil
}

func (b *backup) addPlayer(s *strictjson.Scanner, i int) error {
	if i >= MaxPlayers {
		return s.Fail("more than %d players", MaxPlayers)
	}
	p := &player{place: i}
	b.players = append(b.players, p)
	if s.Peek() != '{' {
		p.faults.field(p, "", "not an object")
		return s.Skip()
	}
	return s.Object(func(name string) error { return p.field(s, name) })
}

// terms returns what most players say; where as many say one thing as another,
// what the first of them says.
func (b *backup) terms() Terms {
	votes := make(map[Terms]int)
	var best Terms
	for _, p := range b.players {
		if p.terms == (Terms{}) { // all of it is lost
			continue
		}
		if votes[p.terms]++; votes[p.terms] > votes[best] {
			best = p.terms
		}
	}
	return best
}

// reference returns a player whose copy of what all players have to agree on
// is the most common one.
func (b *backup) reference() *player {
	best, most := b.players[0], 0
	for _, p := range b.players {
		like := 0
		for _, q := range b.players {
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

func (p *player) agrees(q *player) bool {
	return sameBlob(p.publicKey, q.publicKey) && sameBlob(p.nonce, q.nonce) && sameBlob(p.auxPublic, q.auxPublic) &&
		sameBlob(p.auxKey, q.auxKey) && sameBlob(p.auxData, q.auxData) && maps.EqualFunc(p.commitments, q.commitments, sameBlob)
}

func sameBlob(a, b blob) bool { return bytes.Equal(a, b) }

// name is what the player is called in messages: by index, as the file does.
func (p *player) name() string {
	if !p.hasIndex {
		return "the player at place " + strconv.Itoa(p.place)
	}
	return "player " + strconv.FormatInt(p.index, 10)
}
