package wallet_test

import (
	"crypto/rsa"
	"errors"
	"math/rand/v2"
	"testing"

	sandbox "recover/fixtures"
	"recover/fixtures/testkey"
	"recover/internal/group"
	"recover/pkg/shard"
	"recover/pkg/wallet"
)

// master rebuilds a master key of the sandbox; the shard can be changed first.
func master(t *testing.T, g group.Group, change func(*sandbox.Shard)) (*sandbox.Key, *shard.Master) {
	t.Helper()
	key := testkey.Small()
	k, err := sandbox.Make(rand.NewChaCha8([32]byte{7}), sandbox.Spec{
		Group: g, Players: 2, Threshold: 1, Sharing: shard.Shamir, Kit: []*rsa.PublicKey{&key.PublicKey},
	})
	if err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(k.Shards[0])
	}
	file, err := k.Shards[0].Encode()
	if err != nil {
		t.Fatal(err)
	}
	s, err := shard.Parse(file)
	if err != nil {
		t.Fatal(err)
	}
	m, err := s.Rebuild(t.Context(), key, k.IDs, shard.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return k, m
}

func public(k *sandbox.Key, s group.Scalar) group.Point { return k.Group.NewPoint().BaseMul(s) }

func TestDerive(t *testing.T) {
	for _, g := range []group.Group{group.Secp256k1, group.Edwards25519} {
		k, m := master(t, g, nil)
		usual := map[group.Group]string{group.Secp256k1: "m/0", group.Edwards25519: "none"}[g]
		right := public(k, k.Wallet)
		address := wallet.Addresses(g, right)[0].Text
		if w, err := wallet.Derive(m); err != nil || !w.Private().Equal(k.Wallet) || w.Derivation() != usual || !w.IsUsual() {
			t.Errorf("%s: %v", g.Name(), err)
		}
		for name, want := range map[string]wallet.Anchor{
			"public key": {PublicKey: right}, "address": {Address: address}, "both": {PublicKey: right, Address: address},
			"an address of an unknown form": {PublicKey: right, Address: "someone.eth"},
		} {
			w, err := wallet.DeriveAnchored(m, want)
			if err != nil || !w.Private().Equal(k.Wallet) || w.Derivation() != usual || !w.IsUsual() {
				t.Errorf("%s, %s: %v", g.Name(), name, err)
			}
		}
		other := k.Group.NewPoint().BaseMul(k.Group.NewScalar().SetUint64(5))
		foreign := "rHb9CJAWyB4rj91VRWn96DkukG4bwdtyTh"
		for _, c := range []struct {
			want wallet.Anchor
			text string
		}{
			{wallet.Anchor{PublicKey: other}, "the master key was rebuilt, but no wallet key derived from it has the public_key of the record"},
			{wallet.Anchor{Address: foreign}, "the master key was rebuilt, but no wallet key derived from it has the address of the record"},
			{wallet.Anchor{Address: "someone.eth"}, "the master key was rebuilt, but no wallet key derived from it has the address of the record"},
			{wallet.Anchor{PublicKey: right, Address: foreign}, "the master key was rebuilt, but no wallet key derived from it has the address of the record"},
		} {
			_, err := wallet.DeriveAnchored(m, c.want)
			var mismatch *wallet.MismatchError
			if !errors.As(err, &mismatch) || err.Error() != c.text {
				t.Errorf("%s: %v\nwant %s", g.Name(), err, c.text)
			}
		}
	}
}

// TestIsAddress: every address that is made here has a form that is known here.
func TestIsAddress(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		for _, g := range []group.Group{group.Secp256k1, group.Edwards25519} {
			p := g.NewPoint().BaseMul(g.NewScalar().SetUint64(random.Uint64()))
			for _, a := range wallet.Addresses(g, p) {
				if !wallet.IsAddress(a.Text) {
					t.Fatalf("%s %s", a.Chain, a.Text)
				}
			}
		}
	}
	for _, text := range []string{"", "someone.eth", "0x12", "X7gJ5YK8abHf2eTPWPFHAAot8Knck11QGqmQ7a6a3Z8PJvk", "bc1p5d7rjq7g6rdk2yhzks9smlaqtedr4dekq08ge8ztwac72sfr9rusxg3297"} {
		if wallet.IsAddress(text) {
			t.Errorf("%q", text)
		}
	}
}

// TestOtherDerivations holds that a wallet of another derivation is found where
// it is known by its public key or its address, and only there.
func TestOtherDerivations(t *testing.T) {
	k, m := master(t, group.Secp256k1, nil)
	for _, index := range []uint32{1, 7, 100} {
		child, err := wallet.Child(k.Master, k.ChainCode, index)
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []wallet.Anchor{
			{PublicKey: public(k, child)}, {Address: wallet.Addresses(k.Group, public(k, child))[3].Text},
		} {
			w, err := wallet.DeriveAnchored(m, want)
			if err != nil || !w.Private().Equal(child) || w.IsUsual() {
				t.Errorf("m/%d: %v", index, err)
			}
		}
	}
	w, err := wallet.DeriveAnchored(m, wallet.Anchor{PublicKey: public(k, k.Master)})
	if err != nil || w.Derivation() != "none" || w.IsUsual() || !w.Private().Equal(k.Master) {
		t.Errorf("the master key itself: %v", err)
	}
	if child, _ := wallet.Child(k.Master, k.ChainCode, 101); child != nil {
		if _, err := wallet.DeriveAnchored(m, wallet.Anchor{PublicKey: public(k, child)}); err == nil {
			t.Error("m/101 is not among those that are tried")
		}
	}
}

// TestChainCodeLost holds that without a chain code only a wallet that is known
// to use the master key itself comes out.
func TestChainCodeLost(t *testing.T) {
	k, m := master(t, group.Secp256k1, func(s *sandbox.Shard) {
		for _, p := range s.Data.Players {
			p.AuxEncrypted = append([]byte(nil), p.AuxEncrypted...)
			p.AuxEncrypted[3] ^= 1
		}
	})
	if !m.Key().Equal(k.Master) {
		t.Fatal("the master key is not right")
	}
	if _, err := wallet.Derive(m); shard.ReasonOf(err) != shard.ReasonChainCode {
		t.Errorf("%v", err)
	}
	if _, err := wallet.DeriveAnchored(m, wallet.Anchor{PublicKey: public(k, k.Wallet)}); shard.ReasonOf(err) != shard.ReasonChainCode {
		t.Errorf("%v", err)
	}
	if w, err := wallet.DeriveAnchored(m, wallet.Anchor{PublicKey: public(k, k.Master)}); err != nil || w.Derivation() != "none" {
		t.Errorf("the master key itself: %v", err)
	}
}
