package shard

import (
	"bytes"
	"fmt"
	"maps"

	"recover/internal/group"
)

// agreement checks that all players speak of one backup, and that there are
// enough of them (spec, section 3, step 1).
func (v *verifier) agreement() {
	players := v.shard.data.players
	reference := v.shard.data.reference()
	seen := make(map[int64]bool)
	for _, p := range players {
		v.faults = append(v.faults, p.faults...)
		switch {
		case !p.hasIndex || p.index < 0 || p.index >= MaxPlayers:
			v.faults.field(p, "player_index", "not an index of 0 to %d", MaxPlayers-1)
		case seen[p.index]:
			v.faults.field(p, "player_index", "the player is there twice")
		}
		seen[p.index] = true
		v.agrees(p, reference)
	}
	if v.terms.Version == version2 {
		v.allPresent(players)
	}
	if v.group == group.Secp256k1 {
		v.chainCode(reference)
	}
	if len(players) < 2 {
		v.because(ReasonTooFewPlayers, Fault{Field: "recovery_data", Problem: "one player's part is too few"})
	} else if int64(len(seen)) <= v.terms.Threshold {
		v.because(ReasonTooFewPlayers, Fault{Field: "recovery_data", Problem: fmt.Sprintf("%d players' parts are there, %d are needed", len(seen), v.terms.Threshold+1)})
	}
}

// chainCode checks that a chain code can be in the sealed data at all. What is in
// it shows only when it is opened.
func (v *verifier) chainCode(p *player) {
	if key, err := p.auxKey.bytes(); err != nil || len(key) != v.shard.recoveryKey.Size() {
		v.faults.field(p, "aux_data_wrapped_encryption_key", "not a ciphertext of the recovery key")
	}
	if data, err := p.auxData.bytes(); err != nil || len(data) < chainCodeSize {
		v.faults.field(p, "aux_data_private_encrypted", "too short to hold a chain code")
	}
}

// allPresent checks that all players of a backup of version 2 are there, which
// its proof takes for granted.
func (v *verifier) allPresent(players []*player) {
	for _, p := range players {
		if p.count != int64(len(players)) {
			v.faults.field(p, "player_count", "%d, but %d players' parts are there", p.count, len(players))
		}
		if p.index >= int64(len(players)) {
			v.faults.field(p, "player_index", "not below the number of players")
		}
	}
}

// agrees compares what has to be the same for all players with what most have.
func (v *verifier) agrees(p, most *player) {
	for _, f := range []struct {
		name string
		same bool
	}{
		{"version", p.terms.Version == v.terms.Version},
		{"threshold", p.terms.Threshold == v.terms.Threshold},
		{"sharing_type", p.terms.Sharing == v.terms.Sharing},
		{"curve", p.terms.Curve == v.terms.Curve},
		{"public_key", bytes.Equal(p.publicKey, most.publicKey)},
		{"nonce", bytes.Equal(p.nonce, most.nonce)},
		{"aux_data_public", bytes.Equal(p.auxPublic, most.auxPublic)},
		{"aux_data_wrapped_encryption_key", bytes.Equal(p.auxKey, most.auxKey)},
		{"aux_data_private_encrypted", bytes.Equal(p.auxData, most.auxData)},
		{"key_share_commitments", maps.EqualFunc(p.commitments, most.commitments, sameBlob)},
	} {
		if !f.same {
			v.faults.field(p, f.name, "not the same as the other players'")
		}
	}
}

// publicKeys compares the master public key of the recovery data with the
// shard's (spec, section 3, step 2).
func (v *verifier) publicKeys() {
	for _, p := range v.shard.data.players {
		if err := v.shard.checkPublicKey(p); err != nil {
			v.because(ReasonPublicKey, Fault{Player: p.name(), Field: "public_key", Problem: err.Error()})
		}
	}
	// An Ed25519 wallet key is the master key; that of the other is its child,
	// and the chain code that makes it is sealed.
	if s := v.shard; s.group == group.Edwards25519 && s.wallet != nil && !s.wallet.Equal(s.root) {
		v.because(ReasonWalletKey, Fault{Field: "walletPublicKeyBase64", Problem: "not the master public key, which an ED25519 wallet uses as it is"})
	}
}

// commitments decodes the players' commitments and checks that they make the
// public key (spec, section 3, step 6).
func (v *verifier) commitments() map[int64]group.Point {
	listed := v.shard.data.reference().commitments
	points := make(map[int64]group.Point)
	for index, c := range listed {
		point, err := decodePoint(v.group, c)
		if err != nil {
			v.faults.add(Fault{Field: "key_share_commitments", Items: []int{int(index)}, Problem: err.Error()})
			continue
		}
		points[index] = point
	}
	if len(points) != len(listed) || len(points) == 0 {
		return points
	}
	if err := v.combine(points); err != nil {
		v.faults.add(Fault{Field: "key_share_commitments", Problem: err.Error()})
	}
	return points
}

func (v *verifier) combine(points map[int64]group.Point) error {
	switch v.terms.Sharing {
	case Shamir:
		return v.combineShamir(points)
	case Additive:
		sum := v.group.NewPoint()
		for _, c := range points {
			sum.Add(sum, c)
		}
		if !sum.Equal(v.shard.root) {
			return fmt.Errorf("they do not add up to the public key")
		}
	default:
		v.caveats = append(v.caveats, "with multiplicative sharing, public data cannot prove that the players' shares make the public key")
	}
	if missing := len(points) - len(v.shard.data.players); missing > 0 {
		v.because(ReasonTooFewPlayers, Fault{Field: "recovery_data", Problem: fmt.Sprintf(
			"%d of %d players' parts are missing, and with %s sharing all are needed", missing, len(points), v.terms.Sharing)})
	}
	return nil
}

func (v *verifier) combineShamir(points map[int64]group.Point) error {
	var xs []int
	var ps []group.Point
	for index, c := range points {
		xs, ps = append(xs, int(index)+1), append(ps, c)
	}
	if int64(len(ps)) <= v.terms.Threshold {
		return fmt.Errorf("%d commitments are too few for threshold %d", len(ps), v.terms.Threshold)
	}
	low, err := group.DegreeAtMost(v.group, xs, ps, int(v.terms.Threshold))
	if err != nil {
		return err
	}
	at0, err := group.InterpolatePointsAtZero(v.group, xs, ps)
	if err != nil {
		return err
	}
	if !low || !at0.Equal(v.shard.root) {
		return fmt.Errorf("they do not make the public key with threshold %d", v.terms.Threshold)
	}
	return nil
}
