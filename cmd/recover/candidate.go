package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"

	"recover/internal/bucket"
	"recover/internal/group"
	"recover/pkg/record"
	"recover/pkg/rsadecrypt"
	"recover/pkg/shard"
)

// candidate is one file that may be the shard of a key.
type candidate struct {
	file   bucket.File
	shard  *shard.Shard // nil where err says why not
	sha256 string
	err    error
}

// candidates reads the files of a key, one at a time. A file that neither has
// the name of a shard nor is one is not a copy of it: it is told by a nil shard
// and no error.
func (s *selection) candidates(e record.Entry, each func(c candidate) error) (found int, err error) {
	files, err := s.bucket.Files(e.KeyID)
	if err != nil {
		return 0, err
	}
	for _, f := range files {
		c := s.read(f)
		if c.err != nil && !f.Named && !s.bucket.IsFile() && shard.ReasonOf(c.err) == shard.ReasonMalformed {
			c.err = nil
		}
		if c.err != nil || c.shard != nil {
			found++
		}
		if err := each(c); err != nil {
			return found, err
		}
	}
	return found, nil
}

func (s *selection) read(f bucket.File) candidate {
	c := candidate{file: f}
	data, err := s.bucket.Read(f, shard.MaxFileSize)
	if err != nil {
		c.err = errors.New((&fileError{f.Path, asShards, err}).problem()) // results name the file themselves
		return c
	}
	sum := sha256.Sum256(data)
	c.sha256 = hex.EncodeToString(sum[:])
	c.shard, c.err = shard.Parse(data)
	return c
}

// idsOf returns the IDs that fit the backup: those of the record, or with a
// previous quorum ID. The error is about the first.
func idsOf(s *shard.Shard, e record.Entry) (ids shard.IDs, warning string, err error) {
	ids = shard.IDs{Quorum: e.QuorumID, Key: e.KeyID}
	err = s.CheckIDs(ids)
	if errors.Is(err, shard.ErrUncheckable) {
		return ids, "", nil // the recovery key will tell
	}
	if shard.ReasonOf(err) != shard.ReasonWrongIDs {
		return ids, "", err
	}
	for _, previous := range e.PreviousQuorumIDs {
		older := shard.IDs{Quorum: previous, Key: e.KeyID}
		if s.CheckIDs(older) == nil {
			return older, fmt.Sprintf("the backup is from before the quorum changed: it opens with the previous quorum ID %s", previous), nil
		}
	}
	return ids, "", err
}

// likelyIDs is idsOf for what checks the IDs itself: where there is nothing to
// choose from, it is not done twice.
func likelyIDs(s *shard.Shard, e record.Entry) (ids shard.IDs, warning string) {
	if len(e.PreviousQuorumIDs) == 0 {
		return shard.IDs{Quorum: e.QuorumID, Key: e.KeyID}, ""
	}
	ids, warning, _ = idsOf(s, e)
	return ids, warning
}

// describe sets what is known of a key from its shard.
func (r *keyResult) describe(c candidate) {
	r.Shard, r.ShardSHA256 = c.file.Path, c.sha256
	if c.shard == nil {
		return
	}
	r.RecoveryKey = c.shard.Fingerprint().Hex()
	if public := walletPublicKey(c.shard); public != nil {
		r.wallet(c.shard.Group(), public)
	}
}

// walletPublicKey is what the shard says that the wallet's public key is. That
// of an ED25519 wallet is its master public key.
func walletPublicKey(s *shard.Shard) group.Point {
	if s.WalletPublicKey() == nil && s.Group() == group.Edwards25519 {
		return s.MasterPublicKey()
	}
	return s.WalletPublicKey()
}

// isExpected tells whether shards for this recovery key are wanted.
func (s *selection) isExpected(f rsadecrypt.Fingerprint) bool {
	for _, want := range s.expected {
		if want == f {
			return true
		}
	}
	return len(s.expected) == 0
}
