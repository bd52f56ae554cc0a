package shard

import (
	"crypto/rsa"

	"recover/internal/group"
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
	s, err := Parse(file)
	if err == nil {
		return s, nil, nil
	}
	left := readDamaged(file, key)
	if left == nil || left.RecoveryKey == nil {
		return nil, nil, err
	}
	return ofSalvage(left), exported(left.Lost), nil
}

// DamagedMasterKeys returns every master public key that a damaged file names,
// if so much of it can be read that a key might be rebuilt from it; else none.
func DamagedMasterKeys(file []byte) []group.Point {
	left := readDamaged(file, nil)
	if left == nil || len(left.Data.Players) < 2 {
		return nil
	}
	s := ofSalvage(left)
	if t := s.Terms(); t.Sharing == Shamir && int64(s.Players()) <= t.Threshold {
		return nil
	}
	return s.NamedMasterKeys()
}

func readDamaged(file []byte, key *rsa.PublicKey) *salvage.Shard {
	if len(file) > MaxFileSize {
		return nil
	}
	return salvage.Read(file, key)
}

func ofSalvage(left *salvage.Shard) *Shard {
	return &Shard{index: left.Index, recoveryKey: left.RecoveryKey, group: left.Group, root: left.Root, wallet: left.Wallet, data: left.Data}
}
