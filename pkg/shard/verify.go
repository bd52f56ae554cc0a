package shard

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"

	"recover/internal/group"
	"recover/pkg/rsadecrypt"
)

// Proof says that a backup can be opened: whoever holds the private half of
// its recovery key, and knows its IDs, can rebuild the master private key of
// its public key. Only Verify makes one.
type Proof struct {
	terms   Terms
	players int
	caveats []string
}

// Terms returns how the key is shared; all players agree on it.
func (p *Proof) Terms() Terms { return p.terms }

// Players returns how many players' parts were proved.
func (p *Proof) Players() int { return p.players }

// Caveats returns what public data cannot prove of this backup, as plain
// sentences; mostly none.
func (p *Proof) Caveats() []string { return p.caveats }

// Verify proves from public data alone that the backup can be opened under the
// given IDs (spec, section 3). It checks all of it, and its error lists every
// fault of every player. Errors are *Error: with ReasonWrongIDs where the IDs
// are not this backup's, else ReasonTooFewPlayers, ReasonPublicKey or
// ReasonProof.
func (s *Shard) Verify(ids IDs) (*Proof, error) {
	proof, err := s.prove(ids.label())
	if err == nil {
		return proof, nil
	}
	// A proof with wrong IDs fails in every ciphertext: then only that is said.
	if wrong := s.CheckIDs(ids); wrong != nil && !errors.Is(wrong, ErrUncheckable) {
		return nil, wrong
	}
	return nil, err
}

// VerifyWithoutIDs checks what can be checked of a backup whose IDs are not at
// hand: all of the proof but whether the opened ciphertexts hold what they are
// said to hold. No error means only that nothing wrong was seen.
func (s *Shard) VerifyWithoutIDs() error {
	_, err := s.prove(nil)
	return err
}

// prove checks everything; with no label, the ciphertexts are passed over.
func (s *Shard) prove(label []byte) (*Proof, error) {
	v := &verifier{shard: s, group: s.group, terms: s.data.terms(), reason: ReasonProof}
	if label != nil {
		enc, err := rsadecrypt.NewSeededEncrypter(s.recoveryKey, label)
		if err != nil {
			return nil, fail(ReasonMalformed, "recoveryPublicKeyHex", "%v", err)
		}
		v.encrypter = enc
	}
	if s.data.version == version1 {
		v.prove1()
		return nil, &Error{Reason: v.reason, Faults: v.faults}
	}
	v.agreement()
	v.publicKeys()
	commitments := v.commitments()
	for _, p := range s.data.players {
		v.player(p, commitments)
	}
	if len(v.faults) > 0 {
		return nil, &Error{Reason: v.reason, Faults: v.faults}
	}
	return &Proof{terms: v.terms, players: len(s.data.players), caveats: v.caveats}, nil
}

// verifier collects what is wrong with a backup.
type verifier struct {
	shard     *Shard
	group     group.Group
	encrypter *rsadecrypt.SeededEncrypter // nil: the ciphertexts are not checked
	terms     Terms
	reason    Reason // ReasonProof, or the first that says more
	faults    faults
	caveats   []string
}

// because notes a fault that says more than that the proof failed.
func (v *verifier) because(reason Reason, f Fault) {
	if v.reason == ReasonProof {
		v.reason = reason
	}
	v.faults.add(f)
}

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

// player checks one player's own part (spec, section 3, steps 3 to 5).
func (v *verifier) player(p *player, commitments map[int64]group.Point) {
	if !v.lengths(p) {
		return
	}
	es, err := p.es.all("es")
	if err != nil {
		v.faults.of(p, err)
		es = nil
	} else {
		v.challenge(p, es)
	}
	v.reencrypt(p, es)
	v.committed(p, v.points(p, commitments))
}

func (v *verifier) lengths(p *player) bool {
	wrong := p.wrongLengths()
	v.faults = append(v.faults, wrong...)
	return len(wrong) == 0
}

// wrongLengths tells which lists of the player are not as long as the format
// has them.
func (p *player) wrongLengths() (wrong faults) {
	for _, f := range []struct {
		name      string
		have, max int
	}{
		{"es", p.es.count, ciphertexts}, {"ys", p.ys.count, degree}, {"combination", len(p.combination), opened},
		{"vs", p.vs.count, opened}, {"rs", p.rs.count, opened},
	} {
		if f.have != f.max {
			wrong.field(p, f.name, "%d elements, not %d", f.have, f.max)
		}
	}
	return wrong
}

// points returns G·p(0) … G·p(40), or nil where they cannot be had. Those of ys
// are on the curve; whether they are in the subgroup is left to the caller.
func (v *verifier) points(p *player, commitments map[int64]group.Point) []group.Point {
	share, known := commitments[p.index]
	if !known {
		if _, listed := p.commitments[p.index]; !listed {
			v.faults.field(p, "key_share_commitments", "the player's own is missing")
		}
		return nil
	}
	points := []group.Point{share}
	for i := range degree {
		b, err := p.ys.bytes(i)
		if err == nil {
			var y group.Point
			if y, err = v.group.DecodePoint(b); err == nil {
				points = append(points, y)
				continue
			}
		}
		v.faults.item(p, "ys", i, "%v", err)
	}
	if len(points) < needed {
		return nil
	}
	return points
}

// challenge checks that the positions that were opened are those that the
// player could not choose.
func (v *verifier) challenge(p *player, es [][]byte) {
	want, err := v.shard.challenge(p, es)
	switch {
	case err != nil:
		v.faults.of(p, err)
	case !slices.Equal(p.combination, want):
		v.faults.field(p, "combination", "not the positions that the player had to open: something that the proof is made of was changed")
	}
}

// reencrypt checks that every opened value, encrypted again, gives its
// ciphertext.
func (v *verifier) reencrypt(p *player, es [][]byte) {
	if v.encrypter == nil {
		return
	}
	for i := range opened {
		if fits, err := p.refitsTo(es, v.encrypter, v.group, i); err != nil {
			v.faults.of(p, err)
		} else if !fits {
			v.faults.item(p, "vs", i, "encrypted again, it does not give its ciphertext in es")
		}
	}
}

// committed checks the opened values against the player's commitments. Where
// that fails, or cannot be done at once, it is done again value by value, to
// name what is wrong.
func (v *verifier) committed(p *player, points []group.Point) {
	if points == nil {
		return
	}
	xs, values := v.opened(p)
	for i := range degree { // those at xs are proved to be multiples of G
		if !slices.Contains(xs, i+1) && !v.group.InSubgroup(points[i+1]) {
			v.faults.item(p, "ys", i, "%v: not in the prime-order subgroup", group.ErrPoint)
			return
		}
	}
	if len(xs) == opened {
		if fits, err := group.FitsValues(v.group, points, xs, values); fits && err == nil {
			return
		}
	}
	v.eachCommitted(p, points)
}

// opened returns the opened values that can be had and their x. What cannot be
// had is a fault; where the ciphertexts are checked, that has told it.
func (v *verifier) opened(p *player) (xs []int, values []group.Scalar) {
	for i := range opened {
		c, err := p.position(i)
		if err != nil {
			v.unlessReencrypted(p, inItem("combination", i, err))
			continue
		}
		value, err := p.value(v.group, i)
		if err != nil {
			v.unlessReencrypted(p, inItem("vs", i, err))
			continue
		}
		if !slices.Contains(xs, c+1) {
			xs, values = append(xs, c+1), append(values, value)
		}
	}
	return xs, values
}

func (v *verifier) unlessReencrypted(p *player, err error) {
	if v.encrypter == nil {
		v.faults.of(p, err)
	}
}

// eachCommitted compares every opened value with the commitment at its x.
func (v *verifier) eachCommitted(p *player, points []group.Point) {
	all := append(points[:needed:needed], group.Extend(points, degree)...)
	made := v.group.NewPoint()
	for i := range opened {
		c, err := p.position(i)
		if err != nil {
			continue
		}
		value, err := p.value(v.group, i)
		if err == nil && !made.BaseMul(value).Equal(all[c+1]) {
			v.faults.item(p, "vs", i, "not the value that the player committed to")
		}
	}
}
