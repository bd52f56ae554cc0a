package shard

import (
	"crypto"
	"crypto/rsa"
	"errors"

	"recover/internal/group"
	"recover/pkg/rsadecrypt"
)

// Options of a rebuild.
type Options struct {
	// ChainCode opens the chain code of an ED25519 key too, for one more
	// private operation. That of a SECP256K1 key is always opened: its wallet
	// key is made with it.
	ChainCode bool
}

// Rebuild rebuilds the master private key with the recovery private key (spec,
// section 4). The recovery key is used through crypto.Decrypter, so that it may
// stay in a token; Rebuild costs threshold+1 private operations for Shamir's
// sharing, one a player for the others, and one for the chain code. Damaged
// ciphertexts and damaged players cost more, and are passed over as long as
// others make up for them.
//
// Everything that can be checked without the private key is checked first.
// Errors are *Error: ReasonOtherRecoveryKey, ReasonWrongIDs, ReasonPublicKey,
// ReasonTooFewPlayers, and ReasonKeySource where key failed for a cause of its
// own, which errors.As finds.
func (s *Shard) Rebuild(key crypto.Decrypter, ids IDs, opt Options) (*Master, error) {
	pub, ok := key.Public().(*rsa.PublicKey)
	if !ok {
		return nil, fail(ReasonKeySource, "", "the recovery key is not an RSA key")
	}
	if err := s.CheckRecoveryKey(pub); err != nil {
		return nil, err
	}
	if err := s.CheckIDs(ids); err != nil {
		return nil, err
	}
	r := &rebuilder{shard: s, group: s.group, terms: s.data.terms(), key: key, label: ids.label()}
	master, err := r.master()
	if err != nil {
		return nil, err
	}
	if s.group == group.Secp256k1 || opt.ChainCode {
		if err := r.chainCode(master); err != nil {
			master.Wipe()
			return nil, err
		}
	} else {
		master.lost = fail(ReasonChainCode, "", "the chain code was not opened")
	}
	master.warnings = r.warnings
	return master, nil
}

// rebuilder is one rebuild on its way.
type rebuilder struct {
	shard    *Shard
	group    group.Group
	terms    Terms
	key      crypto.Decrypter
	label    []byte
	warnings faults
}

// decrypt does one private operation. ErrDecrypt speaks of the ciphertext; any
// other error is an *Error with ReasonKeySource, and ends the rebuild.
func (r *rebuilder) decrypt(ciphertext []byte) ([]byte, error) {
	plain, err := rsadecrypt.Decrypt(r.key, ciphertext, r.label)
	if err == nil || errors.Is(err, rsadecrypt.ErrDecrypt) {
		return plain, err
	}
	return nil, &Error{Reason: ReasonKeySource, Faults: []Fault{{Problem: err.Error()}}, err: err}
}

// master brings the key back from as many shares as it takes, and proves it.
func (r *rebuilder) master() (*Master, error) {
	order, err := r.order()
	if err != nil {
		return nil, err
	}
	shares, err := r.shares(order)
	defer func() {
		for _, s := range shares {
			s.value.Wipe()
		}
	}()
	if err != nil {
		return nil, err
	}
	value, err := r.combine(shares)
	if err != nil {
		return nil, err
	}
	m := &Master{group: r.group, key: value}
	if !m.PublicKey().Equal(r.shard.root) {
		m.Wipe()
		return nil, r.damaged(ReasonPublicKey, "the rebuilt key is not the private key of the backup's public key")
	}
	return m, nil
}

// damaged is an error that ends a rebuild, with all that was seen before it.
func (r *rebuilder) damaged(reason Reason, format string, args ...any) *Error {
	e := fail(reason, "", format, args...)
	e.Faults = append(e.Faults, r.warnings...)
	return e
}

// share is a player's share of the master key. A proved one fits the player's
// commitment.
type share struct {
	x     int // player_index + 1
	value group.Scalar
}

// wanted returns how many shares make the key.
func (r *rebuilder) wanted() int {
	if r.terms.Sharing == Shamir {
		return int(r.terms.Threshold) + 1
	}
	return max(len(r.shard.data.reference().commitments), len(r.shard.data.players))
}

// shares brings back one share after the other until there are enough.
func (r *rebuilder) shares(order []*player) ([]share, error) {
	var shares []share
	have := make(map[int64]bool)
	wanted := r.wanted()
	for _, p := range order {
		if len(shares) == wanted {
			break
		}
		if have[p.index] {
			continue
		}
		value, err := r.share(p)
		if ReasonOf(err) == ReasonKeySource {
			return shares, err
		}
		if err != nil {
			r.warnings.of(p, err)
			continue
		}
		shares = append(shares, share{int(p.index) + 1, value})
		have[p.index] = true
	}
	if len(shares) < wanted {
		return shares, r.damaged(ReasonTooFewPlayers, "%d of the %d players' parts that are needed can be opened", len(shares), wanted)
	}
	return shares, nil
}

// combine makes the master key of the shares (spec, section 4, step 2).
func (r *rebuilder) combine(shares []share) (group.Scalar, error) {
	sum := r.group.NewScalar()
	switch r.terms.Sharing {
	case Shamir:
		xs, values := make([]int, len(shares)), make([]group.Scalar, len(shares))
		for i, s := range shares {
			xs[i], values[i] = s.x, s.value
		}
		return group.InterpolateAtZero(r.group, xs, values)
	case Additive:
		for _, s := range shares {
			sum.Add(sum, s.value)
		}
	case Multiplicative:
		sum.SetUint64(1)
		for _, s := range shares {
			sum.Mul(sum, s.value)
		}
	}
	return sum, nil
}

// order returns the players whose parts can be of use, those that look sound
// first. It fails, before any private operation, where they cannot be enough.
func (r *rebuilder) order() ([]*player, error) {
	var sound, doubtful []*player
	distinct := make(map[int64]bool)
	var mismatch error
	for _, p := range r.shard.data.players {
		switch {
		case !p.hasIndex || p.index < 0 || p.index >= MaxPlayers:
			r.warnings.field(p, "player_index", "not an index of 0 to %d", MaxPlayers-1)
			continue
		case p.terms != r.terms:
			r.warnings.field(p, "", "version, threshold, sharing_type or curve is not the other players'")
			doubtful = append(doubtful, p)
		default:
			if err := r.shard.checkPublicKey(p); err != nil {
				r.warnings.of(p, inField("public_key", err))
				mismatch = err
				doubtful = append(doubtful, p)
			} else if len(p.faults) > 0 || p.es.count != ciphertexts || p.vs.count != opened || len(p.combination) != opened {
				doubtful = append(doubtful, p)
			} else {
				sound = append(sound, p)
			}
		}
		distinct[p.index] = true
	}
	if len(sound) == 0 && errors.Is(mismatch, errOtherKey) {
		return nil, r.damaged(ReasonPublicKey, "the recovery data is of another key than the shard says")
	}
	if wanted := r.wanted(); len(distinct) < wanted {
		return nil, r.damaged(ReasonTooFewPlayers, "%d players' parts are there, %d are needed", len(distinct), wanted)
	}
	return append(sound, doubtful...), nil
}
