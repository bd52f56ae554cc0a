package shard_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"

	sandbox "recover/fixtures"
	"recover/internal/group"
	"recover/pkg/shard"
)

// damaged is a backup of the sandbox, open to be destroyed piece by piece.
type damaged struct {
	t    *testing.T
	k    *sandbox.Key
	rng  *rand.Rand
	data sandbox.RecoveryData
}

func destroy(t *testing.T, k *sandbox.Key, seed uint64) *damaged {
	t.Helper()
	text, err := json.Marshal(k.Shards[0].Data)
	if err != nil {
		t.Fatal(err)
	}
	d := &damaged{t: t, k: k, rng: rand.New(rand.NewPCG(seed, 1))}
	if err := json.Unmarshal(text, &d.data); err != nil {
		t.Fatal(err)
	}
	return d
}

func (d *damaged) file() []byte {
	s := *d.k.Shards[0]
	s.Data = d.data
	file, err := s.Encode()
	if err != nil {
		d.t.Fatal(err)
	}
	return file
}

// noise replaces bytes by others.
func (d *damaged) noise(b []byte) {
	for i := range b {
		b[i] ^= byte(1 + d.rng.IntN(255))
	}
}

// one damages one thing of a player. It returns which evaluations can no
// longer be had from the values (vs) and from the ciphertexts (es).
func (d *damaged) one(p *sandbox.Player) {
	item := func(list [][]byte) []byte { return list[d.rng.IntN(len(list))] }
	switch what := d.rng.IntN(12); what {
	case 0:
		d.noise(item(p.Vs))
	case 1:
		d.noise(item(p.Rs))
	case 2:
		d.noise(item(p.Ys))
	case 3, 4:
		d.noise(item(p.Es)[:10])
	case 5:
		p.Combination[d.rng.IntN(len(p.Combination))] = int64(d.rng.IntN(90) - 5)
	case 6:
		d.noise(p.Nonce)
	case 7:
		d.noise(p.PublicKey)
	case 8:
		d.noise(p.AuxPublic)
	case 9:
		p.Threshold = d.rng.IntN(5)
	case 10:
		p.Rs = p.Rs[:d.rng.IntN(len(p.Rs))+1]
	case 11:
		p.Curve = "none"
	}
}

// left counts the evaluations of each player that can still be had: from
// ciphertexts that are whole, or from opened values that are whole and at their
// position, or at any position if seed and ciphertext are whole too.
func (d *damaged) left(i int) int {
	was, is := d.k.Shards[0].Data.Players[i], d.data.Players[i]
	count := 0
	for j := range was.Es {
		if bytes.Equal(was.Es[j], is.Es[j]) {
			count++
			continue
		}
		at := slices.Index(was.Combination, int64(j))
		if at < 0 || at >= len(is.Vs) || is.Combination[at] != int64(j) || !bytes.Equal(is.Vs[at], was.Vs[at]) {
			continue
		}
		if j < len(is.Ys) && bytes.Equal(is.Ys[j], was.Ys[j]) {
			count++ // it fits its commitment, and that can be seen
		}
	}
	return count
}

// TestSalvage destroys fields and bytes at random. Whenever 41 evaluations of
// each of enough players are left, the right key comes out; never a wrong one;
// and no player costs more than 80 private operations.
func TestSalvage(t *testing.T) {
	for _, spec := range []sandbox.Spec{
		{Group: group.Edwards25519, Players: 2, Threshold: 1, Sharing: shard.Additive},
		{Group: group.Edwards25519, Players: 3, Threshold: 1, Sharing: shard.Shamir},
		{Group: group.Secp256k1, Players: 2, Threshold: 1, Sharing: shard.Multiplicative},
	} {
		k := backup(t, spec)
		rounds := 12
		if testing.Short() {
			rounds = 5
		}
		rebuilt := 0
		for seed := range uint64(rounds) {
			d := destroy(t, k, seed)
			for range 1 + d.rng.IntN(40) {
				d.one(d.data.Players[d.rng.IntN(spec.Players)])
			}
			enough := spec.Players
			if spec.Sharing == shard.Shamir {
				enough = spec.Threshold + 1
			}
			whole := 0
			for i := range spec.Players {
				if d.left(i) >= 41 {
					whole++
				}
			}
			if d.rebuild(spec, whole >= enough, fmt.Sprintf("%s %s seed %d", spec.Sharing, spec.Group.Algorithm(), seed)) {
				rebuilt++
			}
		}
		if rebuilt < rounds/2 {
			t.Errorf("%s: only %d of %d were rebuilt: the damage is not what is tested", spec.Sharing, rebuilt, rounds)
		}
	}
}

func (d *damaged) rebuild(spec sandbox.Spec, must bool, name string) bool {
	s, err := shard.Parse(d.file())
	if err != nil {
		s, _, err = shard.ParseSalvage(d.file(), &small.PublicKey)
	}
	if err != nil {
		d.t.Errorf("%s: %v", name, err)
		return false
	}
	key := counting()
	m, err := s.Rebuild(key, d.k.IDs, shard.Options{Salvage: true})
	if err == nil && !m.Key().Equal(d.k.Master) {
		d.t.Errorf("%s: A WRONG KEY CAME OUT", name)
	}
	if err != nil && must {
		d.t.Errorf("%s: enough is left, and it is not rebuilt: %v", name, err)
	}
	if key.operations > 80*spec.Players+spec.Players {
		d.t.Errorf("%s: %d private operations", name, key.operations)
	}
	return err == nil
}

// TestSalvageCost holds what the cases of one damage cost beyond a sound
// backup.
func TestSalvageCost(t *testing.T) {
	k := backup(t, sandbox.Spec{Group: group.Edwards25519, Players: 2, Threshold: 1, Sharing: shard.Additive})
	for _, c := range []struct {
		name   string
		damage func(p *sandbox.Player)
		most   int
	}{
		{"nothing", func(*sandbox.Player) {}, 2},
		{"seeds lost", func(p *sandbox.Player) { p.Rs = nil }, 2},
		{"positions shifted", func(p *sandbox.Player) {
			for i := range p.Combination {
				p.Combination[i] = (p.Combination[i] + 1) % 80
			}
		}, 3},
		{"positions lost", func(p *sandbox.Player) { p.Combination = nil }, 42},
		{"one value", func(p *sandbox.Player) { p.Vs[3][5] ^= 1 }, 4},
		{"values lost", func(p *sandbox.Player) { p.Vs = nil }, 42},
		{"commitment lost", func(p *sandbox.Player) { p.Commitments["0"] = p.Commitments["1"] }, 3},
	} {
		d := destroy(t, k, 1)
		c.damage(d.data.Players[0])
		if c.name == "commitment lost" {
			c.damage(d.data.Players[1])
		}
		s, err := shard.Parse(d.file())
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		key := counting()
		m, err := s.Rebuild(key, k.IDs, shard.Options{})
		if err != nil || !m.Key().Equal(k.Master) {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if key.operations > c.most {
			t.Errorf("%s: %d private operations, at most %d are needed", c.name, key.operations, c.most)
		}
		if (len(m.Warnings()) > 0) != (c.name != "nothing") {
			t.Errorf("%s: warnings %v", c.name, m.Warnings())
		}
	}
}

// TestSalvageFiles cuts files off, and puts stretches of zeros and noise in
// them: the first player's part is whole in all of them but what is expected to
// be lost.
func TestSalvageFiles(t *testing.T) {
	k := backup(t, sandbox.Spec{Group: group.Secp256k1, Players: 3, Threshold: 1})
	sound, err := k.Shards[0].Encode()
	if err != nil {
		t.Fatal(err)
	}
	at := func(percent int) int { return len(sound) * percent / 100 }
	zero := func(from, to int) []byte {
		b := bytes.Clone(sound)
		clear(b[from:to])
		return b
	}
	rng := rand.New(rand.NewPCG(5, 6))
	speckled := bytes.Clone(sound)
	for range 20 {
		speckled[at(3)+rng.IntN(at(90))] = '!'
	}
	for name, c := range map[string]struct {
		file []byte
		ok   bool
	}{
		"cut off at 95 %":        {sound[:at(95)], true},
		"cut off at 75 %":        {sound[:at(75)], true},
		"cut off at 20 %":        {sound[:at(20)], false},
		"zeros at 40 to 50 %":    {zero(at(40), at(50)), true},
		"zeros at 5 to 8 %":      {zero(at(5), at(8)), true},
		"zeros at 0 to 1 %":      {zero(0, at(1)), true},
		"zeros in the beginning": {zero(0, at(60)), false},
		"20 bad characters":      {speckled, true},
		"all zeros":              {make([]byte, len(sound)), false},
		"lines and a cut":        {[]byte(string(sound[:76]) + "\r\n" + string(sound[76:at(90)])), true},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := shard.Parse(c.file); err == nil {
				t.Fatal("it parses: there is nothing to salvage")
			}
			s, lost, err := shard.ParseSalvage(c.file, &small.PublicKey)
			if err != nil {
				if c.ok {
					t.Fatal(err)
				}
				return
			}
			m, err := s.Rebuild(small, k.IDs, shard.Options{Salvage: true})
			if (err == nil) != c.ok {
				t.Fatalf("%v; lost %v", err, lost)
			}
			if err == nil && !m.Key().Equal(k.Master) {
				t.Error("A WRONG KEY CAME OUT")
			}
		})
	}
}

// TestJoin destroys more of each of two copies than one can bear.
func TestJoin(t *testing.T) {
	k := backup(t, sandbox.Spec{Group: group.Edwards25519, Players: 2, Threshold: 1, Sharing: shard.Additive})
	var copies []*shard.Shard
	for half := range 2 {
		d := destroy(t, k, 1)
		for _, p := range d.data.Players {
			p.Vs = p.Vs[:5]
			for j := range p.Es {
				if j%3 != half {
					p.Es[j] = nil
				}
			}
		}
		s, err := shard.Parse(d.file())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Rebuild(small, k.IDs, shard.Options{}); shard.ReasonOf(err) != shard.ReasonTooFewPlayers {
			t.Errorf("one copy: %v", err)
		}
		copies = append(copies, s)
	}
	joined, err := shard.Join(copies)
	if err != nil {
		t.Fatal(err)
	}
	m, err := joined.Rebuild(small, k.IDs, shard.Options{})
	if err != nil || !m.Key().Equal(k.Master) {
		t.Errorf("joined: %v", err)
	}
	other := parse(t, backup(t, sandbox.Spec{Group: group.Edwards25519, Players: 2, Threshold: 1, HiddenGarbage: 1}).Shards[0])
	if _, err := shard.Join([]*shard.Shard{copies[0], other}); err != shard.ErrNotCopies {
		t.Errorf("copies of two backups: %v", err)
	}
}

// FuzzParseSalvage holds that a wreck is read without a panic, and that what is
// rebuilt of it is the right key.
func FuzzParseSalvage(f *testing.F) {
	golden, err := os.ReadFile("../../fixtures/golden/ed25519-additive-2.txt")
	if err != nil {
		f.Fatal(err)
	}
	inner, _ := base64.StdEncoding.DecodeString(string(golden))
	for i := range 10 {
		f.Add(uint32(i*len(golden)/10), uint16(7*i), []byte(strconv.Itoa(i)))
	}
	id := ids(f, "aabbccdd-eeff-4011-8000-000000000000", "11223344-5566-4077-9000-000000000000")
	f.Fuzz(func(t *testing.T, at uint32, cut uint16, insert []byte) {
		at %= uint32(len(inner))
		end := min(int(at)+int(cut), len(inner))
		text := append(append(bytes.Clone(inner[:at]), insert...), inner[end:]...)
		s, _, err := shard.ParseSalvage(encode(string(text)), &small.PublicKey)
		if err != nil {
			return
		}
		key := &counter{PrivateKey: small, allowed: 20} // for speed
		m, err := s.Rebuild(key, id, shard.Options{Salvage: true})
		if err == nil && !m.PublicKey().Equal(s.MasterPublicKey()) {
			t.Error("A WRONG KEY CAME OUT")
		}
	})
}
