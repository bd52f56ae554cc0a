package shard

import (
	"recover/internal/message"
	"recover/internal/strictjson"
	"recover/pkg/shard/internal/part"
)

// backupReader reads the recovery data: the inner JSON object (spec, section 2).
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
