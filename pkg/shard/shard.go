// Package shard opens the backups of wallet keys: it parses a shard file,
// proves from public data alone that it can be opened, and rebuilds the master
// key from it.
//
// The three steps have three types, so that what was not checked cannot be
// used. Parse gives a Shard, of which nothing is known but its shape. Verify
// gives a Proof: whoever holds the recovery key can rebuild the key. Rebuild
// gives a Master, whose public key is the one of the backup; there is no other
// way to make one.
//
// A backup holds a part of each player, that is each MPC node that had a share
// of the key. The player encrypted 80 values of a secret polynomial p of degree
// 40 to the recovery key, and opened 40 of them for the proof; one more that is
// decrypted gives p(0), the player's share, and the shares make the master key.
//
// ParseSalvage and Join are for backups of which no intact copy is left. They
// weaken nothing: what comes out of them is proved in the same way.
//
// To read the code, begin with envelope.go and backup.go (Parse), verify.go
// (Verify), and rebuild.go and shamir.go (Rebuild). What is below internal/ reads
// damaged text (salvage) and finds each player's share (interp).
//
// The format is described in docs/formats.md, section 2.
package shard

import (
	"bytes"
	"crypto/rsa"
	"crypto/sha256"
	"slices"

	"recover/internal/group"
	"recover/internal/uuid"
	"recover/pkg/rsadecrypt"
	"recover/pkg/shard/internal/part"
)

const (
	// MaxFileSize is the largest shard file that is read, in bytes. A backup
	// of 3 players takes 340 kB.
	MaxFileSize = 8 << 20
	// MaxPlayers is the largest number of players in one backup: 64.
	MaxPlayers = part.MaxPlayers
)

// Sharing is how a master key is made of its players' shares, as the format
// names it.
type Sharing = part.Sharing

// The sharings of the format (docs/formats.md, section 2.2).
const (
	Shamir         Sharing = "shamir"         // any threshold+1 shares interpolate to the key
	Additive       Sharing = "additive"       // the key is the sum of all shares
	Multiplicative Sharing = "multiplicative" // the key is the product of all shares
)

// Terms are what all players of a backup have to agree on to make one key.
type Terms struct {
	Version   string // of the recovery data: "1.0.0", "2" or "3"
	Threshold int64  // t: t+1 shares make the key where the sharing is Shamir's
	Sharing   Sharing
	Curve     string // as the backup names it: Group.Name
}

// IDs name a key: both have to be known from the offline record, because the
// backup is encrypted under a label made of them and does not hold them.
type IDs struct {
	Quorum, Key uuid.ID
}

// label is what the OAEP ciphertexts of the backup are bound to (docs/formats.md, section 2.2).
func (ids IDs) label() []byte {
	sum := sha256.Sum256([]byte(ids.Quorum.String() + "-" + ids.Key.String()))
	return sum[:]
}

// Shard is a parsed shard file: one backup of one wallet key, encrypted to one
// recovery key. Nothing of it is proved.
type Shard struct {
	index       int
	recoveryKey *rsa.PublicKey
	group       group.Group // of the root public key
	root        group.Point
	wallet      group.Point // nil where the shard has none
	data        *part.Backup
}

// Index returns which recovery key of the kit the shard says it is for: the N
// of recovery_shard-N.txt.
func (s *Shard) Index() int { return s.index }

// RecoveryKey returns the recovery public key that the shard names.
func (s *Shard) RecoveryKey() *rsa.PublicKey { return s.recoveryKey }

// Fingerprint returns the fingerprint of the recovery key that the shard names.
func (s *Shard) Fingerprint() rsadecrypt.Fingerprint {
	return rsadecrypt.FingerprintOf(s.recoveryKey)
}

// Group returns the group of the master public key that the shard names.
func (s *Shard) Group() group.Group { return s.group }

// MasterPublicKey returns the master public key that the shard names.
func (s *Shard) MasterPublicKey() group.Point { return s.root }

// NamedMasterKeys returns every master public key that the shard names: its own,
// and those that players' parts have instead. An intact backup names one.
func (s *Shard) NamedMasterKeys() []group.Point {
	all := []group.Point{s.root}
	own := s.root.Bytes()
	for _, p := range s.data.Players {
		raw, err := p.PublicKey.Bytes()
		if err != nil || bytes.Equal(raw, own) {
			continue
		}
		g, point, err := group.ParsePublicKey(raw)
		if err == nil && !slices.ContainsFunc(all, func(have group.Point) bool { return SamePublicKey(have, point) }) && g != nil {
			all = append(all, point)
		}
	}
	return all
}

// SamePublicKey compares public keys that may be of different groups.
func SamePublicKey(a, b group.Point) bool { return bytes.Equal(a.Bytes(), b.Bytes()) }

// Operations returns how many private operations a rebuild takes if the backup
// is intact: one for each player's share that is needed, and one for the chain
// code of a SECP256K1 key; chainCode asks for that of any key.
func (s *Shard) Operations(chainCode bool) int {
	n := s.Players()
	if t := s.Terms(); t.Sharing == Shamir && t.Threshold >= 0 && t.Threshold < int64(n) {
		n = int(t.Threshold) + 1
	}
	if chainCode || s.group == group.Secp256k1 {
		n++
	}
	return n
}

// WalletPublicKey returns the wallet public key that the shard names, or nil.
func (s *Shard) WalletPublicKey() group.Point { return s.wallet }

// Players returns how many players' parts the backup holds.
func (s *Shard) Players() int { return len(s.data.Players) }

// Terms returns how the key is shared: what most players say.
func (s *Shard) Terms() Terms { return Terms(s.data.Terms()) }

// CheckAlgorithm compares the algorithm that the offline record has for the key
// with the backup's. The error is an *Error with ReasonAlgorithm.
func (s *Shard) CheckAlgorithm(recorded group.Group) error {
	if recorded != s.group {
		return fail(ReasonAlgorithm, "algorithm", "the record says %s, the backup holds a key of %s",
			recorded.Algorithm(), s.group.Algorithm())
	}
	return nil
}

// CheckRecoveryKey tells whether the shard is encrypted to the recovery key
// pub, by what it says itself. The error is an *Error with
// ReasonOtherRecoveryKey.
func (s *Shard) CheckRecoveryKey(pub *rsa.PublicKey) error {
	if s.recoveryKey.Equal(pub) {
		return nil
	}
	return fail(ReasonOtherRecoveryKey, "recoveryPublicKeyHex", "the shard is encrypted to recovery key %s, not to %s",
		s.Fingerprint(), rsadecrypt.FingerprintOf(pub))
}
