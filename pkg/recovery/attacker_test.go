package recovery_test

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	sandbox "recover/fixtures"
	"recover/fixtures/testkey"
	"recover/internal/group"
	"recover/pkg/record"
	"recover/pkg/recovery"
	"recover/pkg/shard"
	"recover/pkg/wallet"
)

// attacker can write to the bucket. It has all backups that were ever in it, and
// the recovery public key, but no quorum ID: nothing can be encrypted under the
// right label, but some ciphertexts that are have known plaintexts.
type attacker struct {
	t      testing.TB
	random *rand.Rand
	victim *sandbox.Key
	own    group.Scalar // master key of the attacker
	known  []knownText
	others []*sandbox.Shard // other backups: older ones of the key, and other keys'
}

// knownText is a ciphertext under the right label, and what is in it.
type knownText struct {
	x                 int
	ciphertext, value []byte
}

func newAttacker(t testing.TB, seed uint64, victim *sandbox.Key, others ...*sandbox.Key) *attacker {
	a := &attacker{t: t, random: rand.New(rand.NewPCG(seed, 0)), victim: victim}
	a.own = victim.Group.NewScalar().SetUint64(a.random.Uint64() | 1)
	all := append([]*sandbox.Key{victim}, others...)
	for _, k := range all {
		for _, s := range k.Shards {
			a.others = append(a.others, s)
			if k.IDs != victim.IDs {
				continue
			}
			for _, p := range s.Data.Players {
				for i, c := range p.Combination {
					a.known = append(a.known, knownText{int(c) + 1, p.Es[c], p.Vs[i]})
				}
			}
		}
	}
	return a
}

func (a *attacker) anyKnown() knownText { return a.known[a.random.IntN(len(a.known))] }

func (a *attacker) public(s group.Scalar) group.Point { return a.victim.Group.NewPoint().BaseMul(s) }

// chainCode puts the attacker's chain code into a player's part: the AES key is
// the plaintext of a known ciphertext.
func (a *attacker) chainCode(s *sandbox.Shard, p *sandbox.Player) {
	known := a.anyKnown()
	block, err := aes.NewCipher(known.value)
	if err != nil {
		a.t.Fatal(err)
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		a.t.Fatal(err)
	}
	code := a.code()
	text := code
	if s.Data.Version != "1.0.0" {
		if text, err = json.Marshal(map[string][]byte{"master_chain_code": code}); err != nil {
			a.t.Fatal(err)
		}
	}
	p.AuxKey, p.AuxEncrypted = known.ciphertext, gcm.Seal(nil, make([]byte, gcm.NonceSize()), text, nil)
}

func (a *attacker) code() []byte {
	sum := sha256.Sum256([]byte("the attacker's chain code"))
	return sum[:]
}

// claim makes the shard name the wallet that the attacker's chain code makes of
// a master key.
func (a *attacker) claim(s *sandbox.Shard, master group.Scalar) {
	if a.victim.Group == group.Edwards25519 {
		s.WalletPublicKey = a.public(master).Bytes()
		return
	}
	child, err := wallet.Child(master, a.code(), 0)
	if err != nil {
		a.t.Fatal(err)
	}
	s.WalletPublicKey = a.public(child).Bytes()
}

// ownKey makes the whole backup one of the attacker's key: of each player one
// ciphertext is known, and the polynomial through its plaintext and the share is
// chosen.
func (a *attacker) ownKey(s *sandbox.Shard) {
	g := a.victim.Group
	players := s.Data.Players
	slope := g.NewScalar().SetUint64(a.random.Uint64())
	commitments := make(map[string][]byte)
	shares := make([]group.Scalar, len(players))
	for i := range players {
		shares[i] = g.NewScalar().Mul(slope, g.NewScalar().SetUint64(uint64(i+1)))
		shares[i].Add(shares[i], a.own)
		commitments[strconv.Itoa(i)] = a.public(shares[i]).Bytes()
	}
	for i, p := range players {
		a.ownShare(p, i, shares[i])
		p.Commitments, p.PublicKey = commitments, a.public(a.own).Bytes()
		p.Sharing, p.Threshold = string(shard.Shamir), 1
		a.chainCode(s, p)
	}
	s.RootPublicKey = group.MarshalSPKI(g, a.public(a.own))
	a.claim(s, a.own)
}

func (a *attacker) ownShare(p *sandbox.Player, index int, share group.Scalar) {
	g := a.victim.Group
	known := a.anyKnown()
	value, err := g.ParseScalar(known.value)
	if err != nil {
		a.t.Fatal(err)
	}
	p.Index, p.Combination, p.Vs, p.Rs = index, nil, nil, nil
	for i := range p.Es { // noise of the right size
		p.Es[i] = slices.Clone(known.ciphertext)
		p.Es[i][len(p.Es[i])-1] ^= byte(1 + i)
	}
	p.Es[known.x-1] = known.ciphertext
	polynomial := a.through(share, known.x, value)
	for x := 1; len(p.Combination) < 40; x++ {
		if x == known.x {
			continue
		}
		p.Combination = append(p.Combination, int64(x-1))
		p.Vs = append(p.Vs, group.Eval(g, polynomial, x).Bytes())
		p.Rs = append(p.Rs, make([]byte, 32))
	}
}

// through returns a polynomial of degree 40 with p(0) = share and p(x) = value:
// all coefficients but one are chosen freely.
func (a *attacker) through(share group.Scalar, x int, value group.Scalar) []group.Scalar {
	g := a.victim.Group
	p := []group.Scalar{g.NewScalar().Set(share), g.NewScalar()}
	for len(p) < 41 {
		p = append(p, g.NewScalar().SetUint64(a.random.Uint64()))
	}
	missing := g.NewScalar().Sub(value, group.Eval(g, p, x))
	p[1].Mul(missing, g.NewScalar().Invert(g.NewScalar().SetUint64(uint64(x))))
	return p
}

// moves are what the attacker does to a copy of a genuine backup.
func (a *attacker) moves() []func(*sandbox.Shard) {
	r := a.random
	player := func(s *sandbox.Shard) *sandbox.Player { return s.Data.Players[r.IntN(len(s.Data.Players))] }
	return []func(*sandbox.Shard){
		a.ownKey,
		func(s *sandbox.Shard) { s.Data.Version = "1.0.0"; a.ownKey(s) },
		func(s *sandbox.Shard) { // A1: the chain code of all players
			first := s.Data.Players[0]
			a.chainCode(s, first)
			for _, p := range s.Data.Players {
				p.AuxKey, p.AuxEncrypted = first.AuxKey, first.AuxEncrypted
			}
			a.claim(s, a.victim.Master) // nobody needs the private key for that: m/0 is not hardened
		},
		func(s *sandbox.Shard) { a.chainCode(s, player(s)) },
		func(s *sandbox.Shard) { s.WalletPublicKey = a.public(a.victim.Master).Bytes() },
		func(s *sandbox.Shard) { s.WalletPublicKey = a.public(a.own).Bytes() },
		func(s *sandbox.Shard) { s.WalletPublicKey = nil },
		func(s *sandbox.Shard) { a.claim(s, a.victim.Master) },
		func(s *sandbox.Shard) { s.Data.Version = []string{"1.0.0", "2", "3"}[r.IntN(3)] },
		func(s *sandbox.Shard) { s.RootPublicKey = group.MarshalSPKI(a.victim.Group, a.public(a.own)) },
		func(s *sandbox.Shard) { s.KeyAlgorithm = "" },
		func(s *sandbox.Shard) { // a player of another backup
			other := a.anyBackup().Data.Players
			s.Data.Players[r.IntN(len(s.Data.Players))] = other[r.IntN(len(other))]
		},
		func(s *sandbox.Shard) { // a field of another backup
			p, o := player(s), a.anyBackup().Data.Players[0]
			switch r.IntN(7) {
			case 0:
				p.Es = o.Es
			case 1:
				p.Vs, p.Rs, p.Combination = o.Vs, o.Rs, o.Combination
			case 2:
				p.Commitments = o.Commitments
			case 3:
				p.AuxKey, p.AuxEncrypted = o.AuxKey, o.AuxEncrypted
			case 4:
				p.Nonce = o.Nonce
			case 5:
				p.PublicKey = o.PublicKey
			case 6:
				p.Ys = o.Ys
			}
		},
		func(s *sandbox.Shard) { // a known ciphertext anywhere
			p := player(s)
			p.Es[r.IntN(len(p.Es))] = a.anyKnown().ciphertext
		},
		func(s *sandbox.Shard) { p := player(s); p.Index = r.IntN(4) },
		func(s *sandbox.Shard) { p := player(s); p.Threshold = r.IntN(4) },
		func(s *sandbox.Shard) {
			p := player(s)
			p.Sharing = []string{"shamir", "additive", "multiplicative"}[r.IntN(3)]
		},
		func(s *sandbox.Shard) { slices.Reverse(s.Data.Players) },
		func(s *sandbox.Shard) { s.Data.Players = s.Data.Players[:len(s.Data.Players)-1] },
	}
}

// anyBackup returns a copy of one of the backups that the attacker has.
func (a *attacker) anyBackup() *sandbox.Shard {
	s, err := a.others[a.random.IntN(len(a.others))].Clone()
	if err != nil {
		a.t.Fatal(err)
	}
	return s
}

// forge makes a backup of a genuine one.
func (a *attacker) forge() []byte {
	s := a.anyBackup()
	moves := append(a.moves(), a.oddMoves()...)
	for range 1 + a.random.IntN(3) {
		if len(s.Data.Players) > 0 {
			moves[a.random.IntN(len(moves))](s)
		}
	}
	if len(s.Data.Players) == 0 {
		s.Data.Version = "3"
	}
	file, err := s.Encode()
	if err != nil {
		a.t.Fatal(err)
	}
	return file
}

// folder fills a folder with forgeries, and sometimes genuine backups, whole or
// damaged, under names in any order.
func (a *attacker) folder() (files map[string][]byte, genuine bool) {
	files = make(map[string][]byte)
	name := func() string {
		if a.random.IntN(3) == 0 {
			return fmt.Sprintf("version-%d", len(files))
		}
		return fmt.Sprintf("recovery_shard-%d.txt", a.random.IntN(4)*4+len(files))
	}
	for range a.random.IntN(3) {
		files[name()] = a.forge()
	}
	switch a.random.IntN(3) {
	case 0:
		files[name()] = encode(a.t, a.victim.Shards[0])
		genuine = true
	case 1:
		files[name()], _ = flipOne(a.t, a.random, encode(a.t, a.victim.Shards[0]))
	}
	if len(files) == 0 {
		files[name()] = a.forge()
	}
	return files, genuine
}

// TestAttacker plays the attacker with random strategies: with an anchor, never
// another key than the recorded one comes out; without one, never one that is
// called right, or recorded, or verified, and is not the victim's.
func TestAttacker(t *testing.T) {
	worlds, rounds, step := 24, 45, 1
	if testing.Short() || underRace {
		worlds, rounds, step = 4, 5, 5 // that is one world of each sort
	}
	right, refused := 0, 0
	for w := range worlds {
		w *= step
		spec := sandbox.Spec{Group: groups[w%2], Players: 2 + w%2, Threshold: 1, Sharing: []shard.Sharing{shard.Shamir, shard.Additive}[w/2%2]}
		spec.Version = []string{"3", "3", "2", "1.0.0"}[w/4%4]
		victim := makeKey(t, byte(w), spec)
		spec.IDs, spec.Reshared = victim.IDs, victim
		older := makeKey(t, byte(50+w), spec)
		spec.IDs, spec.Reshared = shard.IDs{Quorum: victim.IDs.Quorum}, nil
		neighbour := makeKey(t, byte(100+w), spec)
		a := newAttacker(t, uint64(w), victim, older, neighbour)
		for range rounds {
			files, genuine := a.folder()
			d := folder(t, victim, files)
			r := a.check(d)
			if genuine && !r {
				t.Errorf("world %d: with the genuine backup and the recorded public key the key does not come out", w)
			}
			if r {
				right++
			} else {
				refused++
			}
		}
	}
	t.Logf("%d times the right key with an anchor, %d times none", right, refused)
	if right < worlds*rounds/10 || refused < worlds*rounds/10 {
		t.Error("the attacker or the program does nothing")
	}
}

// check asks everything about a folder, and tells whether the right key comes
// out with an anchor.
func (a *attacker) check(d *recovery.Download) bool {
	t, k := a.t, a.victim
	master := k.Group.NewPoint().BaseMul(k.Master)
	for _, anchor := range []record.Anchor{record.AnchorNone, record.AnchorBackup} {
		o := try(t, d, entry(k, anchor), recovery.RebuildOptions{Salvage: a.random.IntN(8) == 0})
		if o.rebuilt.IsRight() && !o.rebuilt.Wallet.Private().Equal(k.Wallet) {
			t.Errorf("%s: a wrong key is called right", anchor)
		}
		if o.rebuilt.Wallet != nil && !o.rebuilt.IsRight() {
			t.Errorf("%s: an unproved key comes out unasked", anchor)
		}
		if o.verdict.Err == nil && !shard.SamePublicKey(o.verdict.Backup.MasterPublicKey, master) {
			t.Errorf("%s: another key is verified", anchor)
		}
	}
	if en := enroll(t, d, k, nil); en.Usable && (en.Err != nil || !shard.SamePublicKey(en.Entry.MasterPublicKey, master)) {
		t.Errorf("another key is recorded")
	}
	o := try(t, d, entry(k, record.AnchorService), recovery.RebuildOptions{AcceptUnproved: a.random.IntN(2) == 0, Salvage: a.random.IntN(8) == 0})
	if o.rebuilt.Wallet != nil && !o.rebuilt.Wallet.Private().Equal(k.Wallet) {
		t.Error("with an anchor, a wrong key")
	}
	return o.rebuilt.IsRight()
}

// TestAttackerIsReal: without this package's rule the attacks work, so the test
// above means something. A rebuild alone takes the attacker's key.
func TestAttackerIsReal(t *testing.T) {
	for _, g := range groups {
		k := makeKey(t, 60, sandbox.Spec{Group: g})
		a := newAttacker(t, 3, k)
		s, err := shard.Parse(changed(t, k, func(s *sandbox.Shard) { s.Data.Version = "1.0.0"; a.ownKey(s) }))
		if err != nil {
			t.Fatal(err)
		}
		m, err := s.Rebuild(t.Context(), testkey.Small(), k.IDs, shard.Options{})
		if err != nil || !m.Key().Equal(a.own) {
			t.Errorf("%s: %v", g.Name(), err)
		}
		if g == group.Secp256k1 {
			w, err := wallet.Derive(m)
			if err != nil || !slices.Equal(w.Public().Bytes(), s.WalletPublicKey().Bytes()) {
				t.Errorf("the chain code is not the attacker's: %v", err)
			}
		}
	}
}
