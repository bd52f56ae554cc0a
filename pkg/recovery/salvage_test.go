package recovery_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	sandbox "recover/fixtures"
	"recover/fixtures/tier"
	"recover/internal/group"
	"recover/pkg/record"
	"recover/pkg/recovery"
	"recover/pkg/shard"
)

// spoilPlayer leaves nothing of a player that opens.
func spoilPlayer(s *sandbox.Shard, player int) {
	p := s.Data.Players[player]
	for i := range p.Es {
		p.Es[i] = slices.Clone(p.Es[i])
		p.Es[i][9] ^= 1
	}
	p.Vs, p.Rs, p.Combination = nil, nil, nil
}

// TestJoined: two copies of a backup that each lack another player make the key
// together, and only together.
func TestJoined(t *testing.T) {
	tier.Long(t)
	k := makeKey(t, 57, sandbox.Spec{Group: group.Edwards25519})
	a, b := changed(t, k, func(s *sandbox.Shard) { spoilPlayer(s, 0) }), changed(t, k, func(s *sandbox.Shard) { spoilPlayer(s, 1) })
	type files = map[string][]byte
	for _, c := range []struct {
		name  string
		files files
		right bool
	}{
		{"one", files{"recovery_shard-0.txt": a}, false},
		{"the other", files{"recovery_shard-0.txt": b}, false},
		{"the same twice", files{"recovery_shard-0.txt": a, "v": a}, false},
		{"both", files{"recovery_shard-0.txt": a, "v": b}, true},
		{"both, behind a planted one", files{"recovery_shard-0.txt": changed(t, planted(t, k), spoilProof), "v1": a, "v2": b}, true},
	} {
		d := folder(t, k, c.files)
		r := rebuild(t, d, entry(k, record.AnchorService), recovery.RebuildOptions{})
		if r.IsRight() != c.right || c.right && !r.Wallet.Private().Equal(k.Wallet) || !c.right && recovery.ReasonOf(r.Err) != shard.ReasonTooFewPlayers {
			t.Errorf("%s: %v", c.name, r.Err)
		}
		r = rebuild(t, d, entry(k, record.AnchorNone), recovery.RebuildOptions{AcceptUnproved: true})
		if c.name == "both" && (r.Wallet == nil || r.IsRight() || len(r.Doubts) != 1 || recovery.ReasonOf(r.Doubts[0]) != recovery.ReasonUnproved) {
			t.Errorf("%s, accepted: %v, doubts %v", c.name, r.Err, r.Doubts)
		}
	}
	// Only so many are joined: the last is the one that would be needed.
	recovery.SetMaxJoined(t, 2)
	three := files{"recovery_shard-9.txt": b}
	for i := range 2 {
		three[fmt.Sprintf("recovery_shard-%d.txt", i)] = changed(t, k, func(s *sandbox.Shard) { spoilPlayer(s, 0); s.MPCAlgorithm = strings.Repeat("x", i+1) })
	}
	if r := rebuild(t, folder(t, k, three), entry(k, record.AnchorService), recovery.RebuildOptions{}); r.IsRight() {
		t.Error("three copies were joined")
	}
	delete(three, "recovery_shard-1.txt")
	if r := rebuild(t, folder(t, k, three), entry(k, record.AnchorService), recovery.RebuildOptions{}); !r.IsRight() {
		t.Errorf("two copies: %v", r.Err)
	}
}

// TestSalvage: of a file that cannot be parsed the key is made where that is
// asked for, and what was lost is said.
func TestSalvage(t *testing.T) {
	k := makeKey(t, 58, sandbox.Spec{Group: group.Edwards25519, Players: 3, Threshold: 1, Sharing: shard.Shamir})
	torn := encode(t, k.Shards[0])
	copy(torn[len(torn)/2:], make([]byte, 4000))
	d := folder(t, k, map[string][]byte{"recovery_shard-0.txt": torn})
	e := entry(k, record.AnchorService)
	if r := rebuild(t, d, e, recovery.RebuildOptions{}); recovery.ReasonOf(r.Err) != shard.ReasonMalformed || r.Operations != 0 {
		t.Errorf("not asked for: %v", r.Err)
	}
	r := rebuild(t, d, e, recovery.RebuildOptions{Salvage: true})
	in := k.IDs.Key.String() + "/recovery_shard-0.txt: "
	if !r.IsRight() || !r.Wallet.Private().Equal(k.Wallet) || !has(r.Warnings, in+"salvaged: ") || len(r.Warnings) < 2 || has(r.Warnings, "malformed:") {
		t.Errorf("salvaged: %v, %q", r.Err, r.Warnings)
	}
	for i, w := range r.Warnings {
		if slices.Contains(r.Warnings[i+1:], w) {
			t.Errorf("twice: %q", w)
		}
	}
	e.Algorithm, e.PublicKey, e.Recorded = group.Secp256k1, nil, record.AnchorNone
	if r := rebuild(t, d, e, recovery.RebuildOptions{Salvage: true}); recovery.ReasonOf(r.Err) != shard.ReasonAlgorithm || r.Wallet != nil || r.Operations != 0 || len(r.Warnings) > 0 {
		t.Errorf("recorded as SECP256K1: %v, %q", r.Err, r.Warnings)
	}
	e = entry(k, record.AnchorService)
	d = folder(t, k, map[string][]byte{"recovery_shard-0.txt": []byte("junk"), "note": []byte("note")})
	if r := rebuild(t, d, e, recovery.RebuildOptions{Salvage: true}); recovery.ReasonOf(r.Err) != shard.ReasonMalformed || has(r.Warnings, "salvaged") {
		t.Errorf("nothing can be salvaged: %v, %q", r.Err, r.Warnings)
	}
}
