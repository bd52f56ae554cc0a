package shard

import (
	"crypto/rsa"

	"recover/internal/group"
	"recover/internal/plaintext"
	"recover/pkg/shard/internal/salvage"
)

// ParseSalvage reads what can be read of a shard that Parse refuses: one that
// is cut off, has stretches of noise in it, or lacks some. It guesses at the
// structure, so it is for the last copy there is; what a rebuild makes of the
// result still has the public key that the shard names. key is the recovery key
// that is available: it is taken for the shard's where the shard no longer says
// which it is; nil refuses such a shard. It returns what was lost; the error is
// the one of Parse.
func ParseSalvage(file []byte, key *rsa.PublicKey) (*Shard, []Fault, error) {
	parsed, err := Parse(file)
	if err == nil {
		return parsed, nil, nil
	}
	s, lost := readDamaged(file, key)
	if s == nil || s.recoveryKey == nil {
		return nil, nil, err
	}
	return s, lost, nil
}

// DamagedMasterKeys returns every master public key that a damaged file names,
// if so much of it can be read that a key might be rebuilt from it; else none.
func DamagedMasterKeys(file []byte) []group.Point {
	s, _ := readDamaged(file, nil)
	if s == nil || s.Players() < 2 {
		return nil
	}
	if t := s.Terms(); t.Sharing == Shamir && int64(s.Players()) <= t.Threshold {
		return nil
	}
	return s.NamedMasterKeys()
}

// readDamaged returns what can be read of a damaged shard, and what was lost; nil
// if there is no player in it or no master public key. key may be nil.
func readDamaged(file []byte, key *rsa.PublicKey) (*Shard, []Fault) {
	if len(file) > MaxFileSize {
		return nil, nil
	}
	text, err := plaintext.Decode(file, MaxFileSize)
	if len(text) == 0 && err != nil { // of gzip data that is cut off, there is the beginning
		return nil, nil
	}
	s := salvage.Read(text, key)
	if s == nil {
		return nil, nil
	}
	return &Shard{s.Index, s.RecoveryKey, s.Group, s.Root, s.Wallet, s.Data}, exported(s.Lost)
}
