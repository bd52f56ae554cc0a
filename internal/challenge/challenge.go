// Package challenge computes which ciphertexts of a player's part have to be
// opened: the challenge of the cut-and-choose proof (docs/formats.md, section 2.3), made
// non-interactive by hashing what was committed to. The players compute it
// when they write a backup, a verifier when it reads one.
package challenge

import (
	"encoding/binary"
	"math/big"

	"golang.org/x/crypto/blake2b"
)

const (
	// Ciphertexts is how many evaluations a player encrypts.
	Ciphertexts = 80
	// Opened is how many of them are opened.
	Opened = 40
)

// Statement is what a player committed to before the challenge was known.
type Statement struct {
	PublicKey  []byte   // master public key, encoded
	Context    [][]byte // what binds the proof to its backup, in the order of the format
	OneContext bool     // version 2: the context is hashed as one item
	Es, Ys     [][]byte // ciphertexts and encoded points
	Commitment []byte   // the player's share times the base point, encoded
}

// Positions returns the 40 of 80 positions that have to be opened, 0-based and
// ascending.
func (s *Statement) Positions() []int64 {
	xof, err := blake2b.NewXOF(blake2b.OutputLengthUnknown, nil)
	if err != nil {
		panic(err) // only for a key that is too long, and there is none
	}
	if _, err := xof.Write(s.transcript()); err != nil {
		panic(err) // only after a Read
	}
	all := binomial(Ciphertexts, Opened)
	buf := make([]byte, (all.BitLen()+128)/8)
	if _, err := xof.Read(buf); err != nil {
		panic(err) // only at the end of 256 GiB
	}
	rank := new(big.Int).SetBytes(buf)
	return subset(rank.Mod(rank, all))
}

// transcript is the text that is hashed: items, each with its length before it.
func (s *Statement) transcript() []byte {
	t := item(nil, s.PublicKey)
	context := number(nil, len(s.Context))
	for _, b := range s.Context {
		context = item(context, b)
	}
	if s.OneContext {
		t = item(t, context)
	} else {
		t = append(t, context...)
	}
	for _, list := range [][][]byte{s.Es, s.Ys} {
		for _, b := range list {
			t = item(t, b)
		}
	}
	return item(t, s.Commitment)
}

// Number returns n as an item of the context: 4 bytes, big-endian.
func Number(n int64) []byte { return number(nil, int(n)) }

func number(t []byte, n int) []byte { return binary.BigEndian.AppendUint32(t, uint32(n)) }

func item(t, b []byte) []byte { return append(number(t, len(b)), b...) }

// subset returns the 40 of 80 positions that have the given rank in the
// combinatorial number system, ascending. It uses rank up.
func subset(rank *big.Int) []int64 {
	positions := make([]int64, Opened)
	j := Ciphertexts - 1
	for i := Opened; i >= 1; i-- {
		for binomial(j, i).Cmp(rank) > 0 {
			j--
		}
		rank.Sub(rank, binomial(j, i))
		positions[i-1] = int64(j)
	}
	return positions
}

// binomials are C(n, k) for n ≤ 80 and k ≤ 40, by Pascal's triangle.
var binomials = func() (c [Ciphertexts + 1][Opened + 1]*big.Int) {
	for n := range c {
		for k := range c[n] {
			switch {
			case k == 0:
				c[n][k] = big.NewInt(1)
			case n == 0:
				c[n][k] = new(big.Int)
			default:
				c[n][k] = new(big.Int).Add(c[n-1][k-1], c[n-1][k])
			}
		}
	}
	return c
}()

// binomial returns C(n, k); the caller does not change it.
func binomial(n, k int) *big.Int { return binomials[n][k] }
