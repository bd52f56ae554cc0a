package shard_test

import (
	"bytes"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	sandbox "recover/fixtures"
	"recover/fixtures/tier"
	"recover/fixtures/vectors"
	"recover/internal/challenge"
	"recover/internal/group"
	"recover/pkg/rsadecrypt"
	"recover/pkg/shard"
)

// plain is a backup read with encoding/json, to be proved without haste: as the
// docs/formats.md, section 2.3, has it, step by step and point by point.
type plain struct {
	RecoveryKey string `json:"recoveryPublicKeyHex"`
	Data        []byte `json:"partialRecoveryDataHex"`
	Root        []byte `json:"walletRootPublicKeyPkixBase64"`

	group   group.Group
	root    group.Point
	pub     *rsa.PublicKey
	players []*plainPlayer
}

type plainPlayer struct {
	sandbox.Player
	Count       int             `json:"player_count"`
	Commitments json.RawMessage `json:"key_share_commitments"`
	points      map[int]group.Point
	encoded     map[int][]byte
}

// provePlain is the slow and plain reference of Shard.Verify, for backups of
// versions 2 and 3 that Parse accepts.
func provePlain(file []byte, id shard.IDs) error {
	text, err := base64.StdEncoding.DecodeString(string(bytes.Join(bytes.Fields(file), nil)))
	if err != nil {
		return err
	}
	var b plain
	if err := json.Unmarshal(text, &b); err != nil {
		return err
	}
	der, err := hex.DecodeString(b.RecoveryKey)
	if err != nil {
		return err
	}
	if b.pub, err = rsadecrypt.ParsePublicKey(der); err != nil {
		return err
	}
	if b.group, b.root, err = group.ParsePublicKey(b.Root); err != nil {
		return err
	}
	var data struct {
		Players []*plainPlayer `json:"recovery_data"`
	}
	if err := json.Unmarshal(b.Data, &data); err != nil {
		return err
	}
	b.players = data.Players
	label := sha256.Sum256([]byte(id.Quorum.String() + "-" + id.Key.String()))
	if err := b.agree(); err != nil {
		return err
	}
	for _, p := range b.players {
		if err := b.player(p, label[:]); err != nil {
			return fmt.Errorf("player %d: %w", p.Index, err)
		}
	}
	return b.share()
}

// agree is step 1, and step 2 of the master public key.
func (b *plain) agree() error {
	first := b.players[0]
	seen := make(map[int]bool)
	for _, p := range b.players {
		if err := p.commitments(b.group); err != nil {
			return err
		}
		same := p.Version == first.Version && p.Threshold == first.Threshold && p.Sharing == first.Sharing && p.Curve == first.Curve &&
			p.Count == first.Count && bytes.Equal(p.PublicKey, first.PublicKey) && bytes.Equal(p.Nonce, first.Nonce) &&
			bytes.Equal(p.AuxPublic, first.AuxPublic) && bytes.Equal(p.AuxKey, first.AuxKey) && bytes.Equal(p.AuxEncrypted, first.AuxEncrypted) &&
			len(p.points) == len(first.points)
		for i, c := range p.encoded {
			same = same && bytes.Equal(c, first.encoded[i])
		}
		if !same || seen[p.Index] || p.Index < 0 || p.Curve != b.group.Name() {
			return errors.New("the players do not agree")
		}
		seen[p.Index] = true
		if g, point, err := group.ParsePublicKey(p.PublicKey); err != nil || g != b.group || !point.Equal(b.root) {
			return errors.New("another public key")
		}
		if p.Version == "2" && (p.Count != len(b.players) || p.Index >= p.Count) {
			return errors.New("a player is missing")
		}
	}
	if len(b.players) < 2 || first.Threshold < 1 || len(b.players) <= first.Threshold {
		return errors.New("too few players")
	}
	return nil
}

// commitments reads the commitments, an object or, in version 2, an array.
func (p *plainPlayer) commitments(g group.Group) error {
	p.encoded, p.points = make(map[int][]byte), make(map[int]group.Point)
	var list [][]byte
	byIndex := make(map[string][]byte)
	if json.Unmarshal(p.Commitments, &list) == nil {
		for i, c := range list {
			byIndex[strconv.Itoa(i)] = c
		}
	} else if err := json.Unmarshal(p.Commitments, &byIndex); err != nil {
		return err
	}
	for name, c := range byIndex {
		i, err := strconv.Atoi(name)
		if err != nil {
			return err
		}
		point, err := g.ParsePoint(c)
		if err != nil {
			return err
		}
		p.encoded[i], p.points[i] = c, point
	}
	return nil
}

// player is steps 3 to 5.
func (b *plain) player(p *plainPlayer, label []byte) error {
	if len(p.Es) != 80 || len(p.Ys) != 40 || len(p.Combination) != 40 || len(p.Vs) != 40 || len(p.Rs) != 40 || p.points[p.Index] == nil {
		return errors.New("lengths")
	}
	points := []group.Point{p.points[p.Index]}
	for _, y := range p.Ys {
		point, err := b.group.ParsePoint(y)
		if err != nil {
			return err
		}
		points = append(points, point)
	}
	points = append(points, group.Extend(points, 40)...)
	if !slices.Equal(p.Combination, b.statement(p).Positions()) {
		return errors.New("the challenge")
	}
	for i, c := range p.Combination {
		made, err := rsa.EncryptOAEP(sha256.New(), bytes.NewReader(p.Rs[i]), b.pub, p.Vs[i], label)
		if err != nil || len(p.Rs[i]) != 32 || !bytes.Equal(made, p.Es[c]) {
			return fmt.Errorf("es[%d]", c)
		}
		value, err := b.group.ParseScalar(p.Vs[i])
		if err != nil || !b.group.NewPoint().BaseMul(value).Equal(points[c+1]) {
			return fmt.Errorf("vs[%d]", i)
		}
	}
	return nil
}

func (b *plain) statement(p *plainPlayer) *challenge.Statement {
	context := [][]byte{[]byte(p.Version)}
	if p.Version == "2" {
		context = append(context, challenge.Number(int64(p.Count)))
	}
	context = append(context, challenge.Number(int64(p.Threshold)), []byte(p.Sharing), []byte(p.Curve), challenge.Number(int64(p.Index)),
		p.Nonce, p.AuxPublic, p.AuxEncrypted, p.AuxKey)
	return &challenge.Statement{
		PublicKey: b.root.Bytes(), Context: context, OneContext: p.Version == "2", Es: p.Es, Ys: p.Ys, Commitment: p.encoded[p.Index],
	}
}

// share is step 6: every t+1 of the commitments in a row make the public key.
func (b *plain) share() error {
	first := b.players[0]
	sum := b.group.NewPoint()
	var xs []int
	for i, c := range first.points {
		sum.Add(sum, c)
		xs = append(xs, i+1)
	}
	slices.Sort(xs)
	switch {
	case first.Sharing == "additive" && !sum.Equal(b.root), first.Sharing != "shamir" && len(xs) != len(b.players):
		return errors.New("the sum")
	case first.Sharing != "shamir":
		return nil
	}
	for from := 0; from+first.Threshold < len(xs); from++ {
		some := xs[from : from+first.Threshold+1]
		var points []group.Point
		for _, x := range some {
			points = append(points, first.points[x-1])
		}
		if at0, err := group.InterpolatePointsAtZero(b.group, some, points); err != nil || !at0.Equal(b.root) {
			return errors.New("the commitments")
		}
	}
	return nil
}

// samePlainly holds Verify to the plain reference.
func samePlainly(t *testing.T, name string, file []byte, id shard.IDs) (valid bool) {
	t.Helper()
	s, err := shard.Parse(file)
	if err != nil {
		return false
	}
	_, fast := s.Verify(id)
	slow := provePlain(file, id)
	if (fast == nil) != (slow == nil) {
		t.Errorf("%s: Verify says %v, the plain reference %v", name, fast, slow)
	}
	return fast == nil
}

// TestPlainVectors compares Verify with the plain reference on all vectors of
// versions that have a proof.
func TestPlainVectors(t *testing.T) {
	tier.Long(t) // the plain reference is slow
	for _, kit := range vectors.Kits(t) {
		for _, k := range vectors.Kit(t, kit) {
			file := vectors.Read(t, "kits", kit, "bucket", k.KeyID, "recovery_shard-0.txt")
			if !samePlainly(t, kit, file, ids(t, k.QuorumID, k.KeyID)) {
				t.Errorf("%s %s: not valid", kit, k.KeyID)
			}
		}
	}
	for _, c := range vectors.Tampered(t) {
		if c.File == "wallet-key-mismatch.txt" {
			continue // of an ED25519 key it is no part of the proof, of the other nothing public tells
		}
		samePlainly(t, c.File, vectors.Read(t, "tampered", c.File), ids(t, c.QuorumID, c.KeyID))
	}
}

// TestPlainRandom compares them on backups with one random fault or none.
func TestPlainRandom(t *testing.T) {
	tier.Long(t) // the plain reference is slow
	for _, spec := range []sandbox.Spec{
		{Group: group.Edwards25519, Players: 3, Threshold: 1, Sharing: shard.Shamir},
		{Group: group.Secp256k1, Players: 3, Threshold: 2, Sharing: shard.Shamir},
		{Group: group.Secp256k1, Players: 2, Threshold: 1, Sharing: shard.Additive, Version: "2"},
		{Group: group.Edwards25519, Players: 2, Threshold: 1, Sharing: shard.Multiplicative},
	} {
		valid := 0
		for seed := range uint64(16) {
			k := backup(t, spec)
			rng := rand.New(rand.NewPCG(seed, 9))
			if seed > 0 {
				spoilOne(rng, k.Shards[0].Data.Players[rng.IntN(spec.Players)])
			}
			file, err := k.Shards[0].Encode()
			if err != nil {
				t.Fatal(err)
			}
			if samePlainly(t, fmt.Sprintf("%s %s seed %d", spec.Sharing, spec.Group.Algorithm(), seed), file, k.IDs) {
				valid++
			}
		}
		if valid != 1 {
			t.Errorf("%s: %d of 16 are valid", spec.Sharing, valid)
		}
	}
}

// spoilOne changes a bit of one thing of a player.
func spoilOne(rng *rand.Rand, p *sandbox.Player) {
	lists := [][][]byte{p.Es, p.Ys, p.Vs, p.Rs, {p.Nonce}, {p.PublicKey}, {p.AuxKey}, {p.AuxEncrypted}, {p.Commitments["0"]}, {p.Commitments["1"]}}
	list := lists[rng.IntN(len(lists))]
	item := list[rng.IntN(len(list))]
	item[rng.IntN(len(item))] ^= 1 << rng.IntN(8)
}
