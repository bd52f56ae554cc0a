package shard

import (
	"context"
	"crypto"
	"crypto/rsa"
	"errors"
	"slices"

	"recover/internal/group"
	"recover/pkg/rsadecrypt"
)

// Options of a rebuild.
type Options struct {
	// ChainCode opens the chain code of an ED25519 key too, for one more
	// private operation. That of a SECP256K1 key is always opened: its wallet
	// key is made with it.
	ChainCode bool
	// Salvage tries more ways to make the key of what is left: Shamir shares
	// that fit no commitment, in every combination that may be meant; and IDs
	// that public data speaks against, until 40 ciphertexts did not open. What
	// comes out still has the backup's public key.
	Salvage bool
	// Accept, if it is not nil, is asked about each chain code that opens, in
	// turn: the first that it returns true for is taken. A backup holds one chain
	// code, but whoever can write to the bucket can add others. If none is
	// accepted, the first that opened is the key's.
	Accept func(m *Master, chainCode []byte) bool
	// Operations bounds the private operations of this rebuild and others of
	// the same key together; nil stands for MaxOperations, for this one alone.
	Operations *Operations
}

const (
	// MaxOperations is how many private operations the backups of one key may
	// cost together. An intact one takes one for each player that is needed,
	// and one for the chain code.
	MaxOperations = 1000
	// MaxSalvageOperations is the same for a salvage: every ciphertext of
	// every player once.
	MaxSalvageOperations = MaxPlayers*ciphertexts + 80
)

// Operations counts private operations, and ends a rebuild when none is left.
// It is not for concurrent use.
type Operations struct{ Left, Done int }

// Limit returns how many operations the backups of one key may cost.
func Limit(salvage bool) *Operations {
	if salvage {
		return &Operations{Left: MaxSalvageOperations}
	}
	return &Operations{Left: MaxOperations}
}

// Rebuild rebuilds the master private key with the recovery private key (spec,
// section 4). The recovery key is used through crypto.Decrypter, so that it may
// stay in a token; Rebuild costs threshold+1 private operations for Shamir's
// sharing, one a player for the others, and one for the chain code. Damaged
// ciphertexts and damaged players cost more, at most 80 a player, and are
// passed over as long as others make up for them.
//
// That the master key belongs to the public key that the backup names does not
// tell that the backup is the right one, nor that its chain code is: see
// package recovery, which decides that.
//
// Everything that can be checked without the private key is checked first.
// Errors are *Error: ReasonOtherRecoveryKey, ReasonWrongIDs, ReasonPublicKey,
// ReasonTooFewPlayers; ReasonOperations where Options.Operations ran out;
// ReasonInterrupted where ctx ended, whose error errors.Is finds; and
// ReasonKeySource where key failed for a cause of its own, which errors.As
// finds.
func (s *Shard) Rebuild(ctx context.Context, key crypto.Decrypter, ids IDs, opt Options) (*Master, error) {
	pub, ok := key.Public().(*rsa.PublicKey)
	if !ok {
		return nil, fail(ReasonKeySource, "", "the recovery key is not an RSA key")
	}
	if err := s.CheckRecoveryKey(pub); err != nil {
		return nil, err
	}
	unchecked := false
	wrong := s.CheckIDs(ids)
	if errors.Is(wrong, ErrUncheckable) {
		unchecked, wrong = true, nil
	} else if wrong != nil && !opt.Salvage {
		return nil, wrong
	}
	r := &rebuilder{
		ctx: ctx, shard: s, group: s.group, terms: s.data.terms(), key: key, label: ids.label(),
		salvage: opt.Salvage, wrongIDs: wrong, operations: opt.Operations,
	}
	if r.operations == nil {
		r.operations = Limit(opt.Salvage)
	}
	master, err := r.master()
	if ends(err) {
		return nil, err
	}
	if err != nil {
		if wrong != nil && !r.anyOpened {
			return nil, wrong
		}
		if unchecked && !r.anyOpened {
			return nil, r.damaged(ReasonWrongIDs, "no ciphertext opens: the quorum ID or the key ID is not this backup's, or all of it is damaged")
		}
		return nil, err
	}
	if s.group == group.Secp256k1 || opt.ChainCode {
		if err := r.chainCode(master, opt.Accept); err != nil {
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
	ctx        context.Context
	shard      *Shard
	group      group.Group
	terms      Terms // that are tried now
	key        crypto.Decrypter
	label      []byte
	salvage    bool
	wrongIDs   error // what speaks against the IDs: in a salvage that may be damage
	operations *Operations
	failed     int            // how many ciphertexts did not open
	anyOpened  bool           // a ciphertext did open: the IDs are right
	found      []group.Scalar // the shares that are proved
	warnings   faults
}

func (r *rebuilder) isFound(value group.Scalar) bool {
	return slices.ContainsFunc(r.found, func(have group.Scalar) bool { return have.Equal(value) })
}

// interrupted returns an error when the context has ended.
func (r *rebuilder) interrupted() error {
	if err := r.ctx.Err(); err != nil {
		return &Error{Reason: ReasonInterrupted, Faults: []Fault{{Problem: "interrupted"}}, err: err}
	}
	return nil
}

// ends tells whether an error ends a rebuild, whatever else could be tried.
func ends(err error) bool {
	switch ReasonOf(err) {
	case ReasonKeySource, ReasonOperations, ReasonInterrupted:
		return true
	}
	return false
}

// decrypt does one private operation. ErrDecrypt speaks of the ciphertext; any
// other error ends the rebuild.
func (r *rebuilder) decrypt(ciphertext []byte) ([]byte, error) {
	if err := r.interrupted(); err != nil {
		return nil, err
	}
	if r.operations.Left <= 0 {
		return nil, fail(ReasonOperations, "", "given up after %d private operations, the most that one key may take", r.operations.Done)
	}
	r.operations.Left--
	r.operations.Done++
	plain, err := rsadecrypt.Decrypt(r.key, ciphertext, r.label)
	if err == nil {
		r.anyOpened = true
		return plain, nil
	}
	if errors.Is(err, rsadecrypt.ErrDecrypt) {
		r.failed++
		return nil, err
	}
	return nil, &Error{Reason: ReasonKeySource, Faults: []Fault{{Problem: err.Error()}}, err: err}
}

// maxWrongIDs is how many ciphertexts may not open before a salvage believes that
// the IDs are wrong, where public data says so.
const maxWrongIDs = 40

// idsAreWrong returns why it is given up.
func (r *rebuilder) idsAreWrong() error {
	if r.anyOpened || r.failed < maxWrongIDs {
		return nil
	}
	return r.wrongIDs
}

// damaged is an error that ends a rebuild, with all that was seen before it.
func (r *rebuilder) damaged(reason Reason, format string, args ...any) *Error {
	e := fail(reason, "", format, args...)
	e.Faults = append(e.Faults, r.warnings...)
	return e
}

// share is a player's share of the master key. A proved one fits the player's
// commitment; of another it is only likely.
type share struct {
	index  int64 // player_index
	value  group.Scalar
	proved bool
}

// master brings the key back from as many shares as it takes, and proves it.
func (r *rebuilder) master() (*Master, error) {
	c := &collector{rebuilder: r}
	defer c.wipe()
	var err error
	if c.order, err = r.order(); err != nil {
		return nil, err
	}
	var first error
	for _, terms := range r.shard.data.likelyTerms(len(c.order), r.salvage) {
		r.terms = terms
		m, err := c.attempt()
		if m != nil || ends(err) || ReasonOf(err) == ReasonWrongIDs {
			return m, err
		}
		if first == nil {
			first = err
		}
	}
	return nil, first
}

// order returns the players whose parts can be of use, those that look sound
// first. It fails, before any private operation, where they cannot be enough.
func (r *rebuilder) order() ([]*part, error) {
	var sound, doubtful []*part
	others := make(map[string]int) // other public keys, and how many players say each
	for _, p := range r.parts() {
		for _, c := range p.copies {
			r.warnAbout(c)
			if errors.Is(r.shard.checkPublicKey(c), errOtherKey) {
				others[string(c.publicKey)]++
			}
		}
		if p.looksSound(r) {
			sound = append(sound, p)
		} else {
			doubtful = append(doubtful, p)
		}
	}
	for _, n := range others {
		if n == len(r.shard.data.players) { // all say the same: that is no damage
			return nil, r.damaged(ReasonPublicKey, "the recovery data is of another key than the shard says")
		}
	}
	return append(sound, doubtful...), nil
}

// warnAbout warns of what can be seen to be wrong with a part before it is
// opened.
func (r *rebuilder) warnAbout(c *player) {
	if c.terms != r.terms {
		r.warnings.field(c, "", "version, threshold, sharing_type or curve is not the other players'")
	}
	if err := r.shard.checkPublicKey(c); err != nil {
		r.warnings.of(c, inField("public_key", err))
	}
	if c.terms.Version == version1 {
		return
	}
	for _, f := range c.wrongLengths() {
		r.warnings.add(f)
	}
}

// wanted returns how many shares make the key under the terms that are tried.
func (r *rebuilder) wanted(parts int) int {
	if r.terms.Sharing == Shamir {
		return int(r.terms.Threshold) + 1
	}
	return max(len(r.shard.data.reference().commitments), parts)
}

// combine makes the master key of the shares (spec, section 4, step 2).
func (r *rebuilder) combine(shares []*share) (group.Scalar, error) {
	sum := r.group.NewScalar()
	switch r.terms.Sharing {
	case Shamir:
		xs, values := make([]int, len(shares)), make([]group.Scalar, len(shares))
		for i, s := range shares {
			xs[i], values[i] = int(s.index)+1, s.value
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

// proved makes a Master of the shares if they make the right key, else nil.
func (r *rebuilder) proved(shares []*share) *Master {
	value, err := r.combine(shares)
	if err != nil {
		return nil
	}
	m := &Master{group: r.group, key: value}
	if !m.PublicKey().Equal(r.shard.root) {
		m.Wipe()
		return nil
	}
	return m
}
