package shard_test

import (
	"crypto/sha256"
	"slices"
	"testing"

	sandbox "recover/fixtures"
	"recover/fixtures/tier"
	"recover/internal/group"
	"recover/pkg/rsadecrypt"
	"recover/pkg/shard"
)

// joinOf joins copies of k that damage has made different.
func joinOf(t *testing.T, k *sandbox.Key, copies int, damage func(n int, d *damaged)) *shard.Shard {
	t.Helper()
	var all []*shard.Shard
	for n := range copies {
		d := destroy(t, k, uint64(n))
		damage(n, d)
		s, err := shard.Parse(d.file())
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, s)
	}
	joined, err := shard.Join(all)
	if err != nil {
		t.Fatal(err)
	}
	return joined
}

// TestConfirmation gives a player a hidden ciphertext of another value, and
// damage that leaves more evaluations than 41 when it is sifted: that the same
// 41 of them give the same p(0) again confirms nothing.
func TestConfirmation(t *testing.T) {
	k := backup(t, sandbox.Spec{Group: group.Edwards25519, Players: 2, Threshold: 1, Sharing: shard.Additive})
	label := sha256.Sum256([]byte(k.IDs.Quorum.String() + "-" + k.IDs.Key.String()))
	enc, err := rsadecrypt.NewSeededEncrypter(&small.PublicKey, label[:])
	if err != nil {
		t.Fatal(err)
	}
	joined := joinOf(t, k, 2, func(n int, d *damaged) {
		p := d.data.Players[0]
		hidden := int64(0)
		for slices.Contains(p.Combination, hidden) {
			hidden++
		}
		if p.Es[hidden], err = enc.Encrypt(append([]byte{0}, p.Rs[0][1:]...), p.Rs[1]); err != nil {
			t.Fatal(err)
		}
		for i := range 5 * n { // which of the copies is right does not show at once
			p.Vs[i][7] ^= 1
		}
	})
	key := counting()
	m, err := joined.Rebuild(t.Context(), key, k.IDs, shard.Options{})
	if err != nil || !m.Key().Equal(k.Master) {
		t.Errorf("%v", err)
	}
	if key.operations > 9 {
		t.Errorf("%d private operations", key.operations)
	}
}

// TestCopiesCost holds that copies of a backup cost no more than one: each
// ciphertext is opened once, what most copies have comes first, then what a
// copy has in which others did open; and no player costs more than 80.
func TestCopiesCost(t *testing.T) {
	tier.Long(t) // it rebuilds from many damaged copies
	k := backup(t, sandbox.Spec{Group: group.Edwards25519, Players: 2, Threshold: 1, Sharing: shard.Additive})
	noValues := func(d *damaged) {
		for _, p := range d.data.Players {
			p.Vs = nil
		}
	}
	spoil := func(d *damaged) {
		for _, p := range d.data.Players {
			for _, e := range p.Es {
				e[9] ^= byte(1 + d.rng.IntN(255))
			}
		}
	}
	for _, c := range []struct {
		name   string
		copies int
		damage func(n int, d *damaged)
		ok     bool
		most   int
	}{
		{"valid", 8, func(int, *damaged) {}, true, 2},
		{"values lost", 8, func(_ int, d *damaged) { noValues(d) }, true, 2 * 41},
		{"one of three spoilt", 3, func(n int, d *damaged) {
			if noValues(d); n == 0 {
				spoil(d)
			}
		}, true, 2 * 41},
		{"seven of eight spoilt", 8, func(n int, d *damaged) {
			if noValues(d); n != 5 {
				spoil(d)
			}
		}, true, 2 * 48},
		{"all spoilt", 8, func(_ int, d *damaged) { noValues(d); spoil(d) }, false, 2 * 80},
		{"all spoilt, values there", 8, func(_ int, d *damaged) { spoil(d) }, false, 2 * 80},
	} {
		for _, salvage := range []bool{false, true} {
			key := counting()
			m, err := joinOf(t, k, c.copies, c.damage).Rebuild(t.Context(), key, k.IDs, shard.Options{Salvage: salvage})
			if (err == nil) != c.ok || err == nil && !m.Key().Equal(k.Master) {
				t.Errorf("%s: %v", c.name, err)
			}
			if key.operations > c.most {
				t.Errorf("%s: %d private operations, at most %d are needed", c.name, key.operations, c.most)
			}
		}
	}
}
