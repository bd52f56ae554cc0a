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
	m, err := s.Rebuild(key, k.IDs, shard.Options{})
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
		for name, want := range map[string]wallet.Expected{
			"nothing known": {}, "shard": {Backup: right}, "record": {Record: right}, "address": {Address: address},
			"all": {Backup: right, Record: right, Address: address},
		} {
			w, err := wallet.Derive(m, want)
			if err != nil || !w.Private().Equal(k.Wallet) || w.Derivation() != usual || !w.IsUsual() {
				t.Errorf("%s, %s: %v", g.Name(), name, err)
			}
		}
		other := k.Group.NewPoint().BaseMul(k.Group.NewScalar().SetUint64(5))
		for _, c := range []struct {
			want wallet.Expected
			text string
		}{
			{wallet.Expected{Backup: other}, "the master key is rebuilt, but the wallet key derived from it is not the one of the shard's walletPublicKeyBase64"},
			{wallet.Expected{Record: other}, "the master key is rebuilt, but the wallet key derived from it is not the one of the record's public_key"},
			{wallet.Expected{Address: "rHb9CJAWyB4rj91VRWn96DkukG4bwdtyTh"}, "the master key is rebuilt, but the wallet key derived from it is not the one of the record's address"},
			{wallet.Expected{Backup: right, Record: other}, "the master key is rebuilt, but the wallet key derived from it is not the one of the record's public_key"},
		} {
			_, err := wallet.Derive(m, c.want)
			var mismatch *wallet.MismatchError
			if !errors.As(err, &mismatch) || err.Error() != c.text || mismatch.InRecord != (c.want.Record != nil || c.want.Address != "") {
				t.Errorf("%s: %v\nwant %s", g.Name(), err, c.text)
			}
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
		for _, want := range []wallet.Expected{
			{Backup: public(k, child)}, {Address: wallet.Addresses(k.Group, public(k, child))[3].Text},
		} {
			w, err := wallet.Derive(m, want)
			if err != nil || !w.Private().Equal(child) || w.IsUsual() {
				t.Errorf("m/%d: %v", index, err)
			}
		}
	}
	w, err := wallet.Derive(m, wallet.Expected{Backup: public(k, k.Master)})
	if err != nil || w.Derivation() != "none" || w.IsUsual() || !w.Private().Equal(k.Master) {
		t.Errorf("the master key itself: %v", err)
	}
	if child, _ := wallet.Child(k.Master, k.ChainCode, 101); child != nil {
		if _, err := wallet.Derive(m, wallet.Expected{Backup: public(k, child)}); err == nil {
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
	for _, want := range []wallet.Expected{{}, {Backup: public(k, k.Wallet)}} {
		if _, err := wallet.Derive(m, want); shard.ReasonOf(err) != shard.ReasonChainCode {
			t.Errorf("%v", err)
		}
	}
	if w, err := wallet.Derive(m, wallet.Expected{Record: public(k, k.Master)}); err != nil || w.Derivation() != "none" {
		t.Errorf("the master key itself: %v", err)
	}
}
