package shard

import (
	"bytes"
	"errors"
	"fmt"

	"recover/internal/group"
	"recover/pkg/shard/internal/part"
)

// agreement checks that all players speak of one backup, and that there are
// enough of them (docs/formats.md, section 2.3, step 1).
func (v *verifier) agreement() {
	players := v.shard.data.Players
	reference := v.shard.data.Reference()
	seen := make(map[int64]bool)
	for _, p := range players {
		v.faults = append(v.faults, p.Faults...)
		switch {
		case !p.ValidIndex():
			v.faults.Field(p, "player_index", "not an index of 0 to %d", MaxPlayers-1)
		case seen[p.Index]:
			v.faults.Field(p, "player_index", "the player occurs twice")
		}
		seen[p.Index] = true
		v.agrees(p, reference)
	}
	if v.terms.Version == part.V2 {
		v.allPresent(players)
	}
	if v.shard.group == group.Secp256k1 {
		v.chainCode(reference)
	}
	if len(players) < 2 {
		v.because(ReasonTooFewPlayers, part.Fault{Field: "recovery_data", Problem: "one player's part is too few"})
	} else if int64(len(seen)) <= v.terms.Threshold {
		v.because(ReasonTooFewPlayers, part.Fault{Field: "recovery_data", Problem: fmt.Sprintf("%d players' parts are there, %d are needed", len(seen), v.terms.Threshold+1)})
	}
}

// chainCode checks that a chain code can be in the sealed data at all. What is in
// it shows only when it is opened.
func (v *verifier) chainCode(p *part.Player) {
	if key, err := p.AuxKey.Bytes(); err != nil || len(key) != v.shard.recoveryKey.Size() {
		v.faults.Field(p, "aux_data_wrapped_encryption_key", "not a ciphertext of the recovery key")
	}
	if data, err := p.AuxData.Bytes(); err != nil || len(data) < chainCodeSize {
		v.faults.Field(p, "aux_data_private_encrypted", "too short to hold a chain code")
	}
}

// allPresent checks that all players of a backup of version 2 are there, which
// its proof takes for granted.
func (v *verifier) allPresent(players []*part.Player) {
	for _, p := range players {
		if p.Count != int64(len(players)) {
			v.faults.Field(p, "player_count", "%d, but %d players' parts are there", p.Count, len(players))
		}
		if p.Index >= int64(len(players)) {
			v.faults.Field(p, "player_index", "not below the number of players")
		}
	}
}

// agrees compares what has to be the same for all players with what most have.
func (v *verifier) agrees(p, most *part.Player) {
	for _, f := range []struct {
		name string
		same bool
	}{
		{"version", p.Terms.Version == v.terms.Version},
		{"threshold", p.Terms.Threshold == v.terms.Threshold},
		{"sharing_type", p.Terms.Sharing == v.terms.Sharing},
		{"curve", p.Terms.Curve == v.terms.Curve},
		{"public_key", bytes.Equal(p.PublicKey, most.PublicKey)},
		{"nonce", bytes.Equal(p.Nonce, most.Nonce)},
		{"aux_data_public", bytes.Equal(p.AuxPublic, most.AuxPublic)},
		{"aux_data_wrapped_encryption_key", bytes.Equal(p.AuxKey, most.AuxKey)},
		{"aux_data_private_encrypted", bytes.Equal(p.AuxData, most.AuxData)},
		{"key_share_commitments", part.SameCommitments(p, most)},
	} {
		if !f.same {
			v.faults.Field(p, f.name, "not the same as the other players'")
		}
	}
}

var errOtherKey = errors.New("not the shard's master public key")

// checkPublicKey compares the public key in the player's part with the shard's.
func (s *Shard) checkPublicKey(p *part.Player) error {
	raw, err := p.PublicKey.Bytes()
	if err != nil {
		return err
	}
	if bytes.Equal(raw, s.root.Bytes()) { // decoding it takes longer
		return nil
	}
	g, point, err := group.ParsePublicKey(raw)
	if err != nil {
		return err
	}
	if g != s.group || !point.Equal(s.root) {
		return errOtherKey
	}
	return nil
}

// publicKeys compares the master public key of the recovery data with the
// shard's (docs/formats.md, section 2.3, step 2).
func (v *verifier) publicKeys() {
	for _, p := range v.shard.data.Players {
		if err := v.shard.checkPublicKey(p); err != nil {
			v.because(ReasonPublicKey, part.Fault{Player: p.Name(), Field: "public_key", Problem: err.Error()})
		}
	}
	// An Ed25519 wallet key is the master key; that of the other is its child,
	// and the chain code that makes it is sealed.
	if s := v.shard; s.group == group.Edwards25519 && s.wallet != nil && !s.wallet.Equal(s.root) {
		v.because(ReasonWalletKey, part.Fault{Field: "walletPublicKeyBase64", Problem: "not the master public key, which an ED25519 wallet uses as it is"})
	}
}
