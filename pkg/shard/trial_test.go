package shard_test

import (
	"testing"

	sandbox "recover/fixtures"
	"recover/internal/group"
	"recover/pkg/shard"
)

func TestTrials(t *testing.T) {
	k := backup(t, sandbox.Spec{Group: group.Secp256k1, Players: 3, Threshold: 1})
	// The first trial is of a damaged seed; the second makes up for it.
	k.Shards[0].Data.Players[0].Rs[0][0] ^= 1
	trials := parse(t, k.Shards[0]).Trials()
	if len(trials) != 2 {
		t.Fatalf("%d trials, want 2", len(trials))
	}
	other := k.IDs
	other.Quorum[0] ^= 1
	for i, want := range []bool{false, true} {
		if got := trials[i].Fits(k.IDs); got != want {
			t.Errorf("trial %d: the right IDs fit: %v, want %v", i, got, want)
		}
		if trials[i].Fits(other) {
			t.Errorf("trial %d: wrong IDs fit", i)
		}
		if got := trials[i].Fits(k.IDs); got != want {
			t.Errorf("trial %d: a trial before changes the answer", i)
		}
	}
}

func TestTrialsOfLostSeeds(t *testing.T) {
	k := backup(t, sandbox.Spec{Group: group.Edwards25519, Players: 2, Threshold: 1})
	for _, p := range k.Shards[0].Data.Players {
		p.Rs = nil
	}
	s := parse(t, k.Shards[0])
	if n := len(s.Trials()); n != 0 {
		t.Errorf("%d trials without seeds", n)
	}
	if shard.ReasonOf(s.CheckIDs(k.IDs)) != shard.ReasonProof {
		t.Error("CheckIDs has an answer where there is no trial")
	}
}
