package shard

import (
	"errors"
	"slices"

	"recover/pkg/shard/internal/part"
)

// ErrNotCopies is returned by Join for shards that are not copies of one
// backup.
var ErrNotCopies = errors.New("not copies of the same backup")

// Join makes one shard of several copies of the same backup, none of which is
// valid: what is damaged in one may be whole in another. Copies of one backup
// are encrypted to one recovery key and have the same master public key and
// nonce; a backup from after a reshare has another nonce, and its players'
// shares do not go with those of the first.
func Join(copies []*Shard) (*Shard, error) {
	if len(copies) == 0 {
		return nil, ErrNotCopies
	}
	first := copies[0]
	joined := *first
	joined.data = &part.Backup{Version: first.data.Version}
	for _, c := range copies {
		if !c.IsCopyOf(first) {
			return nil, ErrNotCopies
		}
		joined.data.Players = append(joined.data.Players, c.data.Players...)
		if joined.wallet == nil {
			joined.wallet = c.wallet
		}
	}
	return &joined, nil
}

// IsCopyOf tells whether two shards are copies of the same backup. Where the
// nonce of one is damaged, a ciphertext that both have tells: no two backups
// have one in common.
func (s *Shard) IsCopyOf(other *Shard) bool {
	return s.recoveryKey.Equal(other.recoveryKey) && s.group == other.group && s.root.Equal(other.root) &&
		s.data.Version == other.data.Version &&
		(nonce(s.data) == nonce(other.data) || shareCiphertext(s.data, other.data))
}

func shareCiphertext(b, other *part.Backup) bool {
	have := make(map[string]bool)
	for _, p := range b.Players {
		for _, text := range p.Es.Items {
			have[string(text)] = len(text) >= part.MinOwn
		}
	}
	return slices.ContainsFunc(other.Players, func(p *part.Player) bool {
		return slices.ContainsFunc(p.Es.Items, func(text part.Blob) bool { return have[string(text)] })
	})
}

// nonce returns the nonce that most players have; version 1.0.0 has none, and
// there the sealed chain code tells backups apart.
func nonce(b *part.Backup) string {
	votes := make(map[string]int)
	best := ""
	for _, p := range b.Players {
		n := string(p.Nonce)
		if b.Version == part.V1 {
			n = string(p.AuxData)
		}
		if votes[n]++; votes[n] > votes[best] {
			best = n
		}
	}
	return best
}
