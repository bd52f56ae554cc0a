package shard_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	sandbox "recover/fixtures"
	"recover/fixtures/tier"
	"recover/internal/group"
	"recover/pkg/shard"
)

// wreckRounds is how many backups TestWrecks destroys, each from its own seed:
// firstSeed and those that follow.
const (
	wreckRounds = 160
	firstSeed   = 0
)

// hardSeeds are of backups that were not rebuilt once, though enough was left: a
// player's list that follows another's noise, one that lost a block and its
// beginning, one of which nothing but its place is the same in two copies.
var hardSeeds = []uint64{502648, 7302558, 7301869, 5077, 5298, 5423}

// TestWrecks destroys backups at random: bytes of the file and of the recovery
// data in it, fields and elements, whole copies, and several of these together.
// Whenever 41 evaluations of each of enough players are left in any of the
// copies, the right key comes out; never a wrong one; never a panic; and no
// player costs more than 80 private operations.
func TestWrecks(t *testing.T) {
	tier.Long(t)
	rounds := wreckRounds
	if testing.Short() {
		rounds /= 20
	}
	made := make(map[string]*sandbox.Key)
	count := make(map[string]int)
	seeds := slices.Clone(hardSeeds)
	for seed := range uint64(rounds) {
		seeds = append(seeds, seed+firstSeed)
	}
	for _, seed := range seeds {
		r := newRound(t, seed, made)
		must, rebuilt := r.run()
		count[fmt.Sprintf("must %v, rebuilt %v", must, rebuilt)]++
		if must {
			count["must"]++
		}
	}
	t.Logf("%v", count)
	if must, all := count["must"], len(seeds); must < all/4 || must > all*17/20 {
		t.Errorf("%d of %d rounds have to be rebuilt: the damage is too much or too little for a test", must, all)
	}
}

type round struct {
	t    *testing.T
	name string
	rng  *rand.Rand
	spec sandbox.Spec
	k    *sandbox.Key
}

func newRound(t *testing.T, seed uint64, made map[string]*sandbox.Key) *round {
	rng := rand.New(rand.NewPCG(seed, 77))
	spec := sandbox.Spec{
		Group:   []group.Group{group.Secp256k1, group.Edwards25519}[rng.IntN(2)],
		Version: []string{"1.0.0", "2", "3", "3"}[rng.IntN(4)],
		Sharing: []shard.Sharing{shard.Shamir, shard.Shamir, shard.Additive, shard.Multiplicative}[rng.IntN(4)],
		Players: 2 + rng.IntN(3), Kit: kitOf(small),
	}
	spec.Threshold = 1 + rng.IntN(spec.Players-1)
	name := fmt.Sprintf("%s %s %s %d of %d", spec.Version, spec.Sharing, spec.Group.Algorithm(), spec.Threshold, spec.Players)
	if made[name] == nil {
		k, err := sandbox.Make(seeded(name), spec)
		if err != nil {
			t.Fatal(err)
		}
		made[name] = k
	}
	return &round{t, fmt.Sprintf("seed %d (%s)", seed, name), rng, spec, made[name]}
}

func (r *round) run() (must, rebuilt bool) {
	var copies []*wreckage
	var parsed []*shard.Shard
	var accepted []bool
	kind := r.rng.IntN(5)
	for range 1 + r.rng.IntN(3) {
		w := newWreckage(r.rng, r.k)
		if kind == 0 || kind == 1 || kind == 4 {
			for range r.rng.IntN(1 << r.rng.IntN(8)) {
				w.fieldDamage()
			}
		}
		w.encode()
		if kind >= 1 {
			for range r.rng.IntN(5) {
				w.textDamage()
			}
		}
		w.settle()
		if r.rng.IntN(8) == 0 {
			continue // the copy is lost
		}
		s, valid := shard.Parse(w.file())
		if valid != nil {
			var err error
			if s, _, err = shard.ParseSalvage(w.file(), &small.PublicKey); err != nil {
				s = nil
			}
		}
		copies, parsed, accepted = append(copies, w), append(parsed, s), append(accepted, valid == nil)
	}
	must = mustRebuild(r.k, r.spec, copies, accepted)
	err := r.rebuild(parsed)
	if must && err != nil {
		r.t.Errorf("%s: enough is left, and it is not rebuilt: %v", r.name, err)
	}
	return must, err == nil
}

// rebuild does what the program does with the copies: those that belong
// together are joined.
func (r *round) rebuild(parsed []*shard.Shard) error {
	last := shard.ErrNotCopies
	joined := make([]bool, len(parsed))
	for i, first := range parsed {
		if joined[i] || first == nil || first.CheckRecoveryKey(&small.PublicKey) != nil || first.CheckAlgorithm(r.spec.Group) != nil {
			continue
		}
		var copies []*shard.Shard
		for j, s := range parsed {
			if s != nil && !joined[j] && s.IsCopyOf(first) {
				copies, joined[j] = append(copies, s), true
			}
		}
		s, err := shard.Join(copies)
		if err != nil {
			r.t.Errorf("%s: %v", r.name, err)
			continue
		}
		if last = r.open(s); last == nil {
			return nil
		}
	}
	return last
}

func (r *round) open(s *shard.Shard) error {
	key := counting()
	m, err := s.Rebuild(context.Background(), key, r.k.IDs, shard.Options{Salvage: true})
	if err == nil && !m.Key().Equal(r.k.Master) {
		r.t.Errorf("%s: A WRONG KEY CAME OUT", r.name)
	}
	chainCodes := s.Players() // each copy of each player's may be another
	if most := 80*r.spec.Players + chainCodes; key.operations > most {
		r.t.Errorf("%s: %d private operations, at most %d are allowed", r.name, key.operations, most)
	}
	return err
}
