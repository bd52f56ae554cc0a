package shard_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"math/rand/v2"
	"strconv"
	"testing"

	sandbox "recover/fixtures"
	"recover/fixtures/tier"
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

// TestSalvageCost holds what the cases of one damage cost beyond a valid
// backup.
func TestSalvageCost(t *testing.T) {
	tier.Long(t)
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
		{"values, and what proves them", func(p *sandbox.Player) {
			p.Rs, p.Ys = nil, nil
			for i := range 12 { // 13 ciphertexts more than 41 tell which are wrong
				p.Vs[3*i][5] ^= 1
			}
		}, 27},
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
		m, err := s.Rebuild(t.Context(), key, k.IDs, shard.Options{})
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
	tier.Long(t)
	for _, version := range []string{"1.0.0", "2", "3"} {
		t.Run(version, func(t *testing.T) { testSalvageFiles(t, version) })
	}
}

func testSalvageFiles(t *testing.T, version string) {
	k := backup(t, sandbox.Spec{Group: group.Secp256k1, Players: 3, Threshold: 1, Version: version})
	valid, err := k.Shards[0].Encode()
	if err != nil {
		t.Fatal(err)
	}
	at := func(percent int) int { return len(valid) * percent / 100 }
	zero := func(from, to int) []byte {
		b := bytes.Clone(valid)
		clear(b[from:to])
		return b
	}
	rng := rand.New(rand.NewPCG(5, 6))
	speckled := bytes.Clone(valid)
	for range 20 {
		speckled[at(3)+rng.IntN(at(90))] = '!'
	}
	for name, c := range map[string]struct {
		file []byte
		ok   bool
	}{
		"cut off at 95 %":        {valid[:at(95)], true},
		"cut off at 75 %":        {valid[:at(75)], true},
		"cut off at 20 %":        {valid[:at(20)], false},
		"zeros at 40 to 50 %":    {zero(at(40), at(50)), true},
		"zeros at 5 to 8 %":      {zero(at(5), at(8)), true},
		"zeros at 0 to 1 %":      {zero(0, at(1)), true},
		"zeros in the beginning": {zero(0, at(60)), false},
		"20 bad characters":      {speckled, true},
		"all zeros":              {make([]byte, len(valid)), false},
		"a block is missing":     {append(bytes.Clone(valid[:at(80)]), valid[at(80)+1001:]...), true},
		"the beginning is away":  {valid[at(35)+1:], true},
		"lines and a cut":        {[]byte(string(valid[:76]) + "\r\n" + string(valid[76:at(90)])), true},
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
			m, err := s.Rebuild(t.Context(), small, k.IDs, shard.Options{Salvage: true})
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
	tier.Long(t)
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
		if _, err := s.Rebuild(t.Context(), small, k.IDs, shard.Options{}); shard.ReasonOf(err) != shard.ReasonTooFewPlayers {
			t.Errorf("one copy: %v", err)
		}
		copies = append(copies, s)
	}
	joined, err := shard.Join(copies)
	if err != nil {
		t.Fatal(err)
	}
	m, err := joined.Rebuild(t.Context(), small, k.IDs, shard.Options{})
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
	var inner [3][]byte
	var keys [3]*sandbox.Key
	for i, version := range []string{"1.0.0", "2", "3"} {
		keys[i] = backup(f, sandbox.Spec{Group: group.Edwards25519, Players: 3, Threshold: 1, Version: version})
		file, err := keys[i].Shards[0].Encode()
		if err != nil {
			f.Fatal(err)
		}
		inner[i], _ = base64.StdEncoding.DecodeString(string(file))
		for k := range 10 {
			f.Add(byte(i), uint32(k*len(inner[i])/10), uint16(7*k), []byte(strconv.Itoa(k)))
		}
	}
	f.Fuzz(func(t *testing.T, version byte, at uint32, cut uint16, insert []byte) {
		k, valid := keys[version%3], inner[version%3]
		at %= uint32(len(valid))
		end := min(int(at)+int(cut), len(valid))
		text := append(append(bytes.Clone(valid[:at]), insert...), valid[end:]...)
		s, _, err := shard.ParseSalvage(encode(string(text)), &small.PublicKey)
		if err != nil {
			return
		}
		key := &counter{PrivateKey: small, allowed: 20} // for speed
		m, err := s.Rebuild(t.Context(), key, k.IDs, shard.Options{Salvage: true})
		if err == nil && !m.Key().Equal(k.Master) {
			t.Error("A WRONG KEY CAME OUT")
		}
	})
}
