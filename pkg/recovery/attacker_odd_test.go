package recovery_test

import (
	"encoding/hex"
	"encoding/json"
	"math/big"
	"slices"
	"strconv"

	sandbox "recover/fixtures"
	"recover/fixtures/testkey"
	"recover/internal/group"
	"recover/pkg/rsadecrypt"
)

// oddMoves put values into a backup that no player of the service writes: of the
// other curve, outside of every range, in another encoding, of a small order.
func (a *attacker) oddMoves() []func(*sandbox.Shard) {
	r, g := a.random, a.victim.Group
	other := group.Secp256k1
	if g == other {
		other = group.Edwards25519
	}
	player := func(s *sandbox.Shard) *sandbox.Player { return s.Data.Players[r.IntN(len(s.Data.Players))] }
	some := func(s *sandbox.Shard) []*sandbox.Player { // one of them, or all
		if r.IntN(2) == 0 {
			return s.Data.Players
		}
		return []*sandbox.Player{player(s)}
	}
	return []func(*sandbox.Shard){
		func(s *sandbox.Shard) { // the other curve
			s.KeyAlgorithm = other.Algorithm()
			for _, p := range some(s) {
				p.Curve = other.Name()
			}
		},
		func(s *sandbox.Shard) { // its points
			own := other.NewPoint().BaseMul(other.NewScalar().SetUint64(7))
			s.RootPublicKey, s.WalletPublicKey = group.MarshalSPKI(other, own), own.Bytes()
			for _, p := range some(s) {
				p.PublicKey, p.Curve = own.Bytes(), other.Name()
			}
		},
		func(s *sandbox.Shard) { player(s).Index = []int{-1, 63, 64, 65535, 1 << 31, 1 << 40}[r.IntN(6)] },
		func(s *sandbox.Shard) { // of all players, so that the majority says so
			for _, p := range some(s) {
				p.Threshold = []int{-1, 0, 2, 63, 64, 1<<32 + 1}[r.IntN(6)]
			}
		},
		func(s *sandbox.Shard) {
			points := a.oddPoints()
			for _, p := range some(s) {
				p.Commitments[strconv.Itoa(r.IntN(3))] = points[r.IntN(len(points))]
			}
		},
		func(s *sandbox.Shard) {
			points := a.oddPoints()
			p := player(s)
			p.Ys[r.IntN(len(p.Ys))] = points[r.IntN(len(points))]
		},
		func(s *sandbox.Shard) { // more commitments than players, on the same polynomial or not
			for _, p := range some(s) {
				p.Commitments[[]string{"3", "63", "64", "65535", "01", "-1"}[r.IntN(6)]] = a.public(a.own).Bytes()
			}
		},
		func(s *sandbox.Shard) {
			p := player(s)
			delete(p.Commitments, strconv.Itoa(p.Index))
		},
		func(s *sandbox.Shard) { // positions outside of the list, or twice
			if p := player(s); len(p.Combination) > 1 {
				p.Combination[r.IntN(len(p.Combination))] = []int64{80, 81, -1, 1 << 40, p.Combination[0]}[r.IntN(5)]
			}
		},
		func(s *sandbox.Shard) { // a value plus the order, which is the same modulo it
			if p := player(s); len(p.Vs) > 0 {
				i := r.IntN(len(p.Vs))
				sum := new(big.Int).Add(new(big.Int).SetBytes(p.Vs[i]), g.Order())
				p.Vs[i] = sum.Bytes()
			}
		},
		func(s *sandbox.Shard) { // zero, and nothing
			if p := player(s); len(p.Vs) > 0 {
				p.Vs[r.IntN(len(p.Vs))] = make([]byte, []int{0, 1, 32, 33}[r.IntN(4)])
			}
		},
		func(s *sandbox.Shard) { // a ciphertext plus the modulus, which RSA takes for the same
			p := player(s)
			i := r.IntN(len(p.Es))
			p.Es[i] = new(big.Int).Add(new(big.Int).SetBytes(p.Es[i]), testkey.Small().N).Bytes()
		},
		func(s *sandbox.Shard) {
			s.RecoveryKeyHex = hex.EncodeToString(rsadecrypt.MarshalPublicKey(&testkey.Recovery(1).PublicKey))
		},
		func(s *sandbox.Shard) { // other encodings of public keys
			own := a.public(a.own)
			forms := [][]byte{own.Bytes(), group.MarshalSPKI(g, own), append([]byte{0xed}, own.Bytes()...)}
			if g == group.Secp256k1 {
				forms = append(forms, group.Compressed(own))
			}
			form := func() []byte { return forms[r.IntN(len(forms))] }
			switch r.IntN(3) {
			case 0:
				s.WalletPublicKey = form()
			case 1:
				s.RootPublicKey = form()
			default:
				player(s).PublicKey = form()
			}
		},
		func(s *sandbox.Shard) { s.Data.Players = append(s.Data.Players, player(s)) },
		func(s *sandbox.Shard) { // a player twice, with different indices
			data, err := json.Marshal(player(s))
			twin := new(sandbox.Player)
			if err == nil {
				err = json.Unmarshal(data, twin)
			}
			if err != nil {
				a.t.Fatal(err)
			}
			twin.Index = r.IntN(5)
			s.Data.Players = append(s.Data.Players, twin)
		},
		func(s *sandbox.Shard) { player(s).Version = []string{"", "03", "3 ", "1.0.0", "2"}[r.IntN(5)] },
		func(s *sandbox.Shard) { slices.Reverse(player(s).Es) },
	}
}

// oddPoints are encodings that are no commitments: the identity, points of small
// order, coordinates above the field's order, another point, and noise.
func (a *attacker) oddPoints() [][]byte {
	size := a.victim.Group.PointSize()
	noise := make([]byte, size)
	for i := range noise {
		noise[i] = byte(a.random.Uint32())
	}
	all := [][]byte{nil, make([]byte, size), slices.Repeat([]byte{0xff}, size), noise, a.public(a.own).Bytes()}
	if a.victim.Group == group.Secp256k1 {
		return append(all, []byte{0}, group.Compressed(a.public(a.own)))
	}
	identity := append([]byte{1}, make([]byte, 31)...)
	minusOne := slices.Repeat([]byte{0xff}, 32) // y = −1: of order 2
	minusOne[0], minusOne[31] = 0xec, 0x7f
	above := slices.Repeat([]byte{0xff}, 32) // y = p + 1, which is 1
	above[0], above[31] = 0xee, 0x7f
	order4 := make([]byte, 32) // y = 0
	return append(all, identity, minusOne, above, order4)
}
