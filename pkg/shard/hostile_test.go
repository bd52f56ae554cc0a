package shard_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"testing"
	"time"

	sandbox "recover/fixtures"
	"recover/fixtures/tier"
	"recover/internal/group"
	"recover/pkg/shard"
)

// withData puts other recovery data into the shard of k.
func withData(t *testing.T, k *sandbox.Key, data string) []byte {
	t.Helper()
	file, err := k.Shards[0].Encode()
	if err != nil {
		t.Fatal(err)
	}
	var env map[string]any
	text, _ := base64.StdEncoding.DecodeString(string(file))
	if err := json.Unmarshal(text, &env); err != nil {
		t.Fatal(err)
	}
	env["partialRecoveryDataHex"] = string(encode(data))
	if text, err = json.Marshal(env); err != nil {
		t.Fatal(err)
	}
	return encode(string(text))
}

// inTime fails where work does not come to its end.
func inTime(t *testing.T, work func()) {
	t.Helper()
	done := make(chan struct{})
	go func() { defer close(done); work() }()
	select {
	case <-done:
	case <-time.After(time.Minute):
		t.Fatal("it hangs")
	}
}

// TestMixedVersions gives a backup of version 1.0.0 players of a later one.
func TestMixedVersions(t *testing.T) {
	k := backup(t, sandbox.Spec{Group: group.Secp256k1, Players: 2, Threshold: 1})
	for _, player := range []string{`"combination":[99]`, `"vs":[""]`} {
		file := withData(t, k, `{"version":"1.0.0","recovery_data":[{"version":"1.0.0","threshold":1,"sharing_type":"shamir","curve":"secp256k1",`+player+`}]}`)
		if s, err := shard.Parse(file); err == nil {
			_, err = s.Verify(k.IDs)
			t.Errorf("%s: it parses; verify: %v", player, err)
		}
		if s, _, err := shard.ParseSalvage(file, &small.PublicKey); err == nil {
			_ = s.VerifyWithoutIDs()
		}
	}
}

// TestCollidingValues gives one player 80 opened values at 40 positions, none
// of which can be proved: there are too many sets of them to be tried.
func TestCollidingValues(t *testing.T) {
	k := backup(t, sandbox.Spec{Group: group.Secp256k1, Players: 2, Threshold: 1})
	s := k.Shards[0]
	a, b := *s.Data.Players[0], *s.Data.Players[0]
	for n, p := range []*sandbox.Player{&a, &b} {
		p.Es, p.Ys, p.Rs, p.Vs, p.Combination = nil, nil, nil, nil, nil
		for i := range 40 {
			value := make([]byte, 32)
			value[31] = byte(i + 1 + 100*n)
			p.Vs, p.Combination = append(p.Vs, value), append(p.Combination, int64(i))
		}
	}
	c := a
	c.Index = 1
	s.Data.Players = []*sandbox.Player{&a, &b, &c}
	parsed := parse(t, s)
	inTime(t, func() {
		if _, err := parsed.Rebuild(t.Context(), small, k.IDs, shard.Options{}); err == nil {
			t.Error("a key came out of nothing")
		}
	})
}

// TestNegativeThreshold gives a salvage a threshold that no set can have.
func TestNegativeThreshold(t *testing.T) {
	k := backup(t, sandbox.Spec{Group: group.Edwards25519, Players: 2, Threshold: 1})
	for _, p := range k.Shards[0].Data.Players {
		p.Threshold = -5
	}
	file, err := k.Shards[0].Encode()
	if err != nil {
		t.Fatal(err)
	}
	s, _, err := shard.ParseSalvage(file, &small.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	m, err := s.Rebuild(t.Context(), small, k.IDs, shard.Options{Salvage: true})
	if err != nil || !m.Key().Equal(k.Master) {
		t.Errorf("the threshold can be found: %v", err)
	}
}

// TestLostPlayers loses two of four players whole: the others are enough.
func TestLostPlayers(t *testing.T) {
	k := backup(t, sandbox.Spec{Group: group.Edwards25519, Players: 4, Threshold: 1})
	players := make([]string, 4)
	for i, p := range k.Shards[0].Data.Players {
		text, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		players[i] = string(text)
	}
	s, err := shard.Parse(withData(t, k, `{"version":"3","recovery_data":[null,null,`+players[2]+`,`+players[3]+`]}`))
	if err != nil {
		t.Fatal(err)
	}
	if m, err := s.Rebuild(t.Context(), small, k.IDs, shard.Options{}); err != nil || !m.Key().Equal(k.Master) {
		t.Errorf("%v", err)
	}
}

// TestForgedChainCode gives one player another sealed chain code that opens: the
// others' is taken.
func TestForgedChainCode(t *testing.T) {
	k := backup(t, sandbox.Spec{Group: group.Secp256k1, Players: 3, Threshold: 1})
	forged, err := sandbox.Make(seeded("forged"), sandbox.Spec{
		Group: group.Secp256k1, IDs: k.IDs, Players: 2, Threshold: 1, Sharing: shard.Shamir, Kit: kitOf(small),
	})
	if err != nil {
		t.Fatal(err)
	}
	first, other := k.Shards[0].Data.Players[0], forged.Shards[0].Data.Players[0]
	first.AuxKey, first.AuxEncrypted = other.AuxKey, other.AuxEncrypted
	s := parse(t, k.Shards[0])
	if _, err := s.Verify(k.IDs); shard.ReasonOf(err) != shard.ReasonProof {
		t.Errorf("verify: %v", err)
	}
	m, err := s.Rebuild(t.Context(), small, k.IDs, shard.Options{})
	if err != nil {
		t.Fatal(err)
	}
	code, err := m.ChainCode()
	if err != nil || !bytes.Equal(code.Reveal(), k.ChainCode) {
		t.Errorf("another chain code came out, %v", err)
	}
}

// TestNoChainCode makes a backup in whose sealed data no chain code can be.
func TestNoChainCode(t *testing.T) {
	k := backup(t, sandbox.Spec{Group: group.Secp256k1, Players: 2, Threshold: 1})
	for _, p := range k.Shards[0].Data.Players {
		p.AuxKey, p.AuxEncrypted = []byte("x"), nil
	}
	_, err := parse(t, k.Shards[0]).Verify(k.IDs)
	if err == nil || !bytes.Contains([]byte(err.Error()), []byte("aux_data_wrapped_encryption_key: not a ciphertext of the recovery key")) {
		t.Errorf("verify: %v", err)
	}
}

// TestManyLostIndices gives a salvage 32 shares without an index, of which 16
// make the key: there are 600 million sets, and none of them is as it should be.
func TestManyLostIndices(t *testing.T) {
	tier.Long(t)
	k := backup(t, sandbox.Spec{Group: group.Edwards25519, Players: 32, Threshold: 15})
	for _, p := range k.Shards[0].Data.Players {
		p.Index, p.Commitments = -1, nil
	}
	s := parse(t, k.Shards[0])
	inTime(t, func() {
		if m, err := s.Rebuild(t.Context(), small, k.IDs, shard.Options{Salvage: true}); err == nil && !m.Key().Equal(k.Master) {
			t.Error("A WRONG KEY CAME OUT")
		}
	})
}
