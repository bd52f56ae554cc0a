package shard_test

import (
	crand "crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"math/big"
	"slices"
	"sync"
	"testing"
	"time"

	sandbox "recover/fixtures"
	"recover/fixtures/testkey"
	"recover/internal/group"
	"recover/pkg/shard"
)

var benchmarked = sync.OnceValue(func() map[string]*sandbox.Key {
	keys := make(map[string]*sandbox.Key)
	for _, g := range []group.Group{group.Secp256k1, group.Edwards25519} {
		k, err := sandbox.Make(seeded("benchmark"), sandbox.Spec{
			Group: g, Players: 3, Threshold: 1, Sharing: shard.Shamir, Kit: []*rsa.PublicKey{&testkey.Recovery(0).PublicKey},
		})
		if err != nil {
			panic(err)
		}
		keys[g.Algorithm()] = k
	}
	return keys
})

func BenchmarkShard(b *testing.B) {
	for _, name := range []string{"SECP256K1", "ED25519"} {
		k := benchmarked()[name]
		file, err := k.Shards[0].Encode()
		if err != nil {
			b.Fatal(err)
		}
		s, err := shard.Parse(file)
		if err != nil {
			b.Fatal(err)
		}
		b.Run("Parse/"+name, func(b *testing.B) {
			b.SetBytes(int64(len(file)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := shard.Parse(file); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run("CheckIDs/"+name, func(b *testing.B) {
			for b.Loop() {
				if err := s.CheckIDs(k.IDs); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run("Verify/"+name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := s.Verify(k.IDs); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run("Rebuild/"+name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := s.Rebuild(b.Context(), testkey.Recovery(0), k.IDs, shard.Options{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkVerifyRatio tells the time of parsing and proving a backup as a
// multiple of that of 40 RSA public operations for each of 3 players, as
// math/big does them.
func BenchmarkVerifyRatio(b *testing.B) {
	pub := &testkey.Recovery(0).PublicKey
	base, err := crand.Int(crand.Reader, pub.N)
	if err != nil {
		b.Fatal(err)
	}
	e, power := big.NewInt(int64(pub.E)), new(big.Int)
	ratio(b, "x-public-operations", func(s *shard.Shard, k *sandbox.Key) error {
		_, err := s.Verify(k.IDs)
		return err
	}, func(*sandbox.Key) error {
		for range 40 * 3 {
			power.Exp(base, e, pub.N)
		}
		return nil
	})
}

// BenchmarkRebuildRatio tells the time of parsing and rebuilding as a multiple
// of that of the private operations that it takes.
func BenchmarkRebuildRatio(b *testing.B) {
	key := testkey.Recovery(0)
	ciphertext, err := rsa.EncryptOAEP(sha256.New(), crand.Reader, &key.PublicKey, make([]byte, 32), []byte("label"))
	if err != nil {
		b.Fatal(err)
	}
	ratio(b, "x-private-operations", func(s *shard.Shard, k *sandbox.Key) error {
		_, err := s.Rebuild(b.Context(), key, k.IDs, shard.Options{})
		return err
	}, func(k *sandbox.Key) error {
		for range map[string]int{"SECP256K1": 3, "ED25519": 2}[k.Group.Algorithm()] {
			if _, err := rsa.DecryptOAEP(sha256.New(), nil, key, ciphertext, []byte("label")); err != nil {
				return err
			}
		}
		return nil
	})
}

// ratio measures parsing and work as a multiple of what nothing can spare, in
// turns, for a key of each algorithm: the median of the turns, because other
// programs on the machine lengthen some of them.
func ratio(b *testing.B, unit string, work func(*shard.Shard, *sandbox.Key) error, unavoidable func(*sandbox.Key) error) {
	for name, k := range benchmarked() {
		file, err := k.Shards[0].Encode()
		if err != nil {
			b.Fatal(err)
		}
		b.Run(name, func(b *testing.B) {
			var turns []float64
			for b.Loop() {
				begun := time.Now()
				s, err := shard.Parse(file)
				if err != nil {
					b.Fatal(err)
				}
				if err := work(s, k); err != nil {
					b.Fatal(err)
				}
				middle := time.Now()
				if err := unavoidable(k); err != nil {
					b.Fatal(err)
				}
				turns = append(turns, float64(middle.Sub(begun))/float64(time.Since(middle)))
			}
			slices.Sort(turns)
			b.ReportMetric(turns[len(turns)/2], unit)
		})
	}
}
