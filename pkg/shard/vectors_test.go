package shard_test

import (
	"crypto/rsa"
	"encoding/hex"
	"testing"

	"recover/fixtures/vectors"
	"recover/internal/group"
	"recover/internal/uuid"
	"recover/pkg/rsadecrypt"
	"recover/pkg/shard"
	"recover/pkg/wallet"
)

func mustID(t testing.TB, s string) uuid.ID {
	t.Helper()
	id, err := uuid.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func ids(t testing.TB, quorum, key string) shard.IDs {
	t.Helper()
	return shard.IDs{Quorum: mustID(t, quorum), Key: mustID(t, key)}
}

// recoveryKey reads a key file of the vectors.
func recoveryKey(t testing.TB, path ...string) *rsa.PrivateKey {
	t.Helper()
	f, err := rsadecrypt.Identify(vectors.Read(t, path...))
	if err != nil {
		t.Fatal(err)
	}
	key, err := f.Open(nil)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// TestKits verifies and rebuilds the kits that the wallet vendor's own tool
// opens to the same keys.
func TestKits(t *testing.T) {
	for _, kit := range vectors.Kits(t) {
		for _, want := range vectors.Kit(t, kit) {
			t.Run(kit+"/"+want.KeyID[:8], func(t *testing.T) {
				t.Parallel()
				key := recoveryKey(t, "kits", kit, "recovery-key-0.pem")
				file := vectors.Read(t, "kits", kit, "bucket", want.KeyID, "recovery_shard-0.txt")
				checkVector(t, file, key, want)
			})
		}
	}
}

func checkVector(t *testing.T, file []byte, key *rsa.PrivateKey, want vectors.Key) {
	s, err := shard.Parse(file)
	if err != nil {
		t.Fatal(err)
	}
	id := ids(t, want.QuorumID, want.KeyID)
	if _, err := s.Verify(id); err != nil {
		t.Errorf("verify: %v", err)
	}
	m, err := s.Rebuild(t.Context(), key, id, shard.Options{ChainCode: true})
	if err != nil {
		t.Fatal(err)
	}
	code, err := m.ChainCode()
	if err != nil {
		t.Fatal(err)
	}
	w, err := wallet.DeriveAnchored(m, wallet.Anchor{PublicKey: s.WalletPublicKey()})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ what, got, want string }{
		{"algorithm", m.Group().Algorithm(), want.Algorithm},
		{"master key", hex.EncodeToString(m.Key().Bytes()), want.MasterPrivateKey},
		{"chain code", hex.EncodeToString(code.Reveal()), want.MasterChainCode},
		{"wallet key", hex.EncodeToString(w.Private().Bytes()), want.WalletPrivateKey},
		{"wallet public key", hex.EncodeToString(w.Public().Bytes()), want.WalletPublicKey},
	} {
		if c.got != c.want {
			t.Errorf("%s %s, want %s", c.what, c.got, c.want)
		}
	}
}

// TestTampered holds the verdicts of the damaged shards.
func TestTampered(t *testing.T) {
	for _, c := range vectors.Tampered(t) {
		t.Run(c.File, func(t *testing.T) {
			t.Parallel()
			verify, rebuild := verdicts(t, c)
			want := c.Verify
			if want == vectors.Any { // a claim beside the proof is wrong, the proof holds
				want = vectors.OK
			}
			if got := verdict(verify); got != want {
				t.Errorf("%s: verify %s (%v), want %s", c.Why, got, verify, want)
			}
			if got := verdict(rebuild); got != c.Rebuild {
				t.Errorf("%s: rebuild %s (%v), want %s", c.Why, got, rebuild, c.Rebuild)
			}
		})
	}
}

func verdict(err error) vectors.Verdict {
	if err != nil {
		return vectors.Fail
	}
	return vectors.OK
}

func verdicts(t *testing.T, c vectors.Case) (verify, rebuild error) {
	s, err := shard.Parse(vectors.Read(t, "tampered", c.File))
	if err != nil {
		return err, err
	}
	g, _ := group.ByAlgorithm(c.Algorithm)
	if err := s.CheckAlgorithm(g); err != nil {
		return err, err
	}
	id := ids(t, c.QuorumID, c.KeyID)
	key := recoveryKey(t, c.RecoveryKey)
	// A backup for another recovery key is as good as any, in itself: that it
	// is for another one is seen only by naming the one that it should be for.
	if verify = s.CheckRecoveryKey(&key.PublicKey); verify == nil {
		_, verify = s.Verify(id)
	}
	m, err := s.Rebuild(t.Context(), key, id, shard.Options{})
	if err != nil {
		return verify, err
	}
	w, err := wallet.DeriveAnchored(m, wallet.Anchor{PublicKey: s.WalletPublicKey()})
	if err != nil {
		return verify, err
	}
	want := vectors.Kit(t, c.Kit)[0].WalletPrivateKey
	if got := hex.EncodeToString(w.Private().Bytes()); got != want {
		t.Errorf("A WRONG KEY CAME OUT: %s, want %s", got, want)
	}
	return verify, nil
}
