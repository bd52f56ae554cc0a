package report

import (
	"bytes"
	"encoding/hex"
	"fmt"

	"recover/internal/group"
	"recover/internal/secret"
	"recover/internal/strictjson"
	"recover/internal/uuid"
	"recover/pkg/shard"
)

// MaxSegmentSize is the largest segment that is read, in bytes. A run writes
// SegmentKeys keys of less than 2 kB each.
const MaxSegmentSize = 64 << 20

// KeyLineError says that a line of a segment is not as a rebuild writes it. It
// says nothing of what is in the line.
type KeyLineError struct {
	Line    int // from 1
	Problem string
}

func (e *KeyLineError) Error() string { return fmt.Sprintf("line %d: %s", e.Line, e.Problem) }

// RebuiltKey is a line of a segment that was read: its private key belongs to
// the group and has the public key of the line.
type RebuiltKey struct {
	QuorumID, KeyID string
	Group           group.Group
	Private         group.Scalar // the caller wipes it
	Public          group.Point
	Doubt           string // why it is not proved; empty for a key that is right
	Proved          bool
}

// IsKeySegment tells whether name is that of a segment of wallet keys.
func IsKeySegment(name string) bool {
	kind, _ := parseSegmentName(name)
	return kind == keysPrefix
}

// ReadKeys reads an opened segment and calls visit for each key, in order. What
// the line says of itself is not believed: the public key is computed again, and
// has to be the same. The error is a *KeyLineError, or that of visit.
func ReadKeys(segment []byte, visit func(*RebuiltKey) error) error {
	number := 0
	for line := range bytes.Lines(segment) {
		number++
		if line[len(line)-1] != '\n' {
			return &KeyLineError{number, "the segment ends in the middle of a key"}
		}
		key, problem := readKeyLine(line)
		if problem != "" {
			return &KeyLineError{number, problem}
		}
		err := visit(key)
		key.Private.Wipe()
		if err != nil {
			return err
		}
	}
	if number == 0 {
		return &KeyLineError{1, "no key"}
	}
	return nil
}

const notAKeyLine = "not a line that a rebuild writes"

func readKeyLine(line []byte) (key *RebuiltKey, problem string) {
	text := make(map[string][]byte)
	proved := true
	s := strictjson.New(line)
	err := s.Object(func(name string) (err error) {
		switch name {
		case "quorum_id", "key_id", "algorithm", "private_key", "public_key", "doubt":
			text[name], err = s.Bytes()
		case "proved":
			proved = s.Peek() == 't'
			err = s.Skip()
		case "name", "blockchain", "derivation", "addresses", "master_private_key", "master_chain_code":
			err = s.Skip()
		default:
			err = s.Fail("unknown")
		}
		return err
	})
	if err != nil || s.End() != nil {
		return nil, notAKeyLine
	}
	k := &RebuiltKey{QuorumID: string(text["quorum_id"]), KeyID: string(text["key_id"]), Proved: proved, Doubt: string(text["doubt"])}
	for _, id := range []string{k.QuorumID, k.KeyID} {
		if canonical, err := uuid.Parse(id); err != nil || canonical.String() != id {
			return nil, notAKeyLine
		}
	}
	var known bool
	if k.Group, known = group.ByAlgorithm(string(text["algorithm"])); !known {
		return nil, notAKeyLine
	}
	private := make([]byte, hex.DecodedLen(len(text["private_key"])))
	defer secret.Wipe(private)
	if _, err := hex.Decode(private, text["private_key"]); err != nil {
		return nil, notAKeyLine
	}
	if k.Private, err = k.Group.ParseScalar(private); err != nil || k.Private.IsZero() {
		return nil, "the private key is not one of its algorithm"
	}
	k.Public = k.Group.NewPoint().BaseMul(k.Private)
	public, err := hex.DecodeString(string(text["public_key"]))
	if err == nil {
		var stated group.Point
		if stated, err = k.Group.ParsePoint(public); err == nil && shard.SamePublicKey(stated, k.Public) {
			return k, ""
		}
	}
	k.Private.Wipe()
	return nil, "the private key does not have the public key of its line"
}
