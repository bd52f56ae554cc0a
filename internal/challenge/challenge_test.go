package challenge

import (
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"
)

func TestBinomial(t *testing.T) {
	want, _ := new(big.Int).SetString("107507208733336176461620", 10)
	if got := binomial(80, 40); got.Cmp(want) != 0 || got.BitLen() != 77 {
		t.Errorf("C(80,40) = %v, %d bits", got, got.BitLen())
	}
}

// TestSubset goes the other way: the rank of a subset is the sum of
// C(element, place), and subset has to give the subset back.
func TestSubset(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	first, last := make([]int64, Opened), make([]int64, Opened)
	for i := range first {
		first[i], last[i] = int64(i), int64(i+Ciphertexts-Opened)
	}
	subsets := [][]int64{first, last}
	for range 200 {
		s := make([]int64, 0, Opened)
		for _, p := range rng.Perm(Ciphertexts)[:Opened] {
			s = append(s, int64(p))
		}
		slices.Sort(s)
		subsets = append(subsets, s)
	}
	for _, want := range subsets {
		rank := new(big.Int)
		for i, p := range want {
			rank.Add(rank, new(big.Int).Binomial(p, int64(i+1)))
		}
		if got := subset(rank); !slices.Equal(got, want) {
			t.Fatalf("subset of the rank of %v is %v", want, got)
		}
	}
}

// TestEveryItemCounts changes one item after the other: the positions have to
// change with each, and with moving a byte from one item to the next.
func TestEveryItemCounts(t *testing.T) {
	make1 := func() *Statement {
		return &Statement{
			PublicKey: []byte("key"), Context: [][]byte{[]byte("3"), Number(1)}, Es: [][]byte{[]byte("e0"), []byte("e1")},
			Ys: [][]byte{[]byte("y0")}, Commitment: []byte("c"),
		}
	}
	base := make1().Positions()
	for name, change := range map[string]func(*Statement){
		"public key": func(s *Statement) { s.PublicKey = []byte("kez") },
		"context":    func(s *Statement) { s.Context[1] = Number(2) },
		"one item":   func(s *Statement) { s.OneContext = true },
		"es":         func(s *Statement) { s.Es[1] = []byte("e2") },
		"ys":         func(s *Statement) { s.Ys[0] = []byte("y1") },
		"commitment": func(s *Statement) { s.Commitment = nil },
		"boundary":   func(s *Statement) { s.Es[0], s.Es[1] = []byte("e0e"), []byte("1") },
	} {
		s := make1()
		change(s)
		if slices.Equal(s.Positions(), base) {
			t.Errorf("%s: changed, and the positions are the same", name)
		}
	}
}
