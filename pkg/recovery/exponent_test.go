package recovery_test

import (
	"bytes"
	"crypto/rsa"
	"crypto/sha256"
	"math/big"
	"testing"

	sandbox "recover/fixtures"
	"recover/fixtures/testkey"
	"recover/internal/group"
	"recover/internal/mgf1"
	"recover/pkg/record"
	"recover/pkg/recovery"
	"recover/pkg/shard"
)

// TestSmallExponent has a recovery key with the public exponent 3. The hash of the
// label, which the proof rests on, is computed from one backup; so others make
// backups with a valid proof, and such a proof does not tell that a backup is the
// right one. That it can be opened, it tells; and the anchors of a record hold.
func TestSmallExponent(t *testing.T) {
	private := testkey.Exponent3()
	spec := sandbox.Spec{Group: group.Edwards25519, Kit: []*rsa.PublicKey{&private.PublicKey}}
	victim := makeKey(t, 70, spec)
	label := sha256.Sum256([]byte(victim.IDs.Quorum.String() + "-" + victim.IDs.Key.String()))
	if want := sha256.Sum256(label[:]); !bytes.Equal(labelHash(&private.PublicKey, victim.Shards[0].Data.Players[0]), want[:]) {
		t.Fatal("the hash of the label was not found: the test means nothing")
	}
	spec.IDs = victim.IDs // from here on, the IDs stand for that hash
	forged := makeKey(t, 71, spec)
	for _, k := range []*sandbox.Key{victim, forged} {
		d := folder(t, victim, map[string][]byte{"recovery_shard-0.txt": encode(t, k.Shards[0])})
		right := k == victim
		for _, c := range []struct {
			anchor          record.Anchor
			rebuild, verify shard.Reason
		}{
			{record.AnchorNone, "unproved", "no-proof"},
			{record.AnchorBackup, "record-mismatch", "record-mismatch"},
			{record.AnchorService, "record-mismatch", "record-mismatch"},
		} {
			if right && c.anchor != record.AnchorNone {
				c.rebuild, c.verify = ok, ok
			}
			o := tryWith(t, d, entry(victim, c.anchor), private, recovery.RebuildOptions{})
			if got := o.rebuildReason(); got != c.rebuild {
				t.Errorf("genuine %t, anchor %q: rebuild %q, want %q: %v", right, c.anchor, got, c.rebuild, o.rebuilt.Err)
			}
			if got := o.verifyReason(); got != c.verify {
				t.Errorf("genuine %t, anchor %q: verify %q, want %q: %v", right, c.anchor, got, c.verify, o.verdict.Err)
			}
		}
		if en := enroll(t, d, victim, nil); en.Usable || recovery.ReasonOf(en.Err) != recovery.ReasonUnproved {
			t.Errorf("genuine %t: usable %t, %v: an anchor was made of it", right, en.Usable, en.Err)
		}
		listed := []record.Wallet{{KeyID: victim.IDs.Key, PublicKey: victim.Group.NewPoint().BaseMul(victim.Wallet)}}
		if en := enroll(t, d, victim, listed); (en.Err == nil) != right {
			t.Errorf("genuine %t: with the service's list: %v", right, en.Err)
		}
	}
}

// labelHash computes the hash of the label that an opened ciphertext was made
// under, from the backup alone, for a recovery key with the exponent 3. Of what is
// encrypted (RFC 8017, 7.1.1), 0 ‖ masked seed ‖ masked DB, all is known but the
// masked seed and the first 32 bytes of the masked DB, which hold the label's
// hash. So the ciphertext is a cubic in one unknown of 64 bytes (D. Coppersmith,
// Small solutions to polynomial equations, 1997; N. Howgrave-Graham's form).
func labelHash(pub *rsa.PublicKey, p *sandbox.Player) []byte {
	const unknown = 64
	seed, value, ciphertext := p.Rs[0], p.Vs[0], p.Es[p.Combination[0]]
	db := make([]byte, pub.Size()-33)
	copy(db[len(db)-len(value):], value)
	db[len(db)-len(value)-1] = 1
	mgf1.XOR(db, seed)
	mask := bytes.Clone(db[:32]) // of the label's hash: zeros were there

	// ((z·2^shift) + known)³ = c mod N, made monic.
	n := pub.N
	inverse := new(big.Int).ModInverse(new(big.Int).Lsh(big.NewInt(1), uint(8*(len(db)-32))), n)
	a := new(big.Int).Mul(new(big.Int).SetBytes(db[32:]), inverse) // (z + a)³ − b
	b := new(big.Int).Exp(inverse, big.NewInt(3), n)
	b.Mul(b, new(big.Int).SetBytes(ciphertext))
	f := []*big.Int{
		new(big.Int).Sub(new(big.Int).Exp(a, big.NewInt(3), n), b),
		new(big.Int).Mul(big.NewInt(3), new(big.Int).Exp(a, big.NewInt(2), n)),
		new(big.Int).Mul(big.NewInt(3), a),
		big.NewInt(1),
	}
	basis := make([][]*big.Int, 4)
	for i := range basis {
		basis[i] = []*big.Int{new(big.Int), new(big.Int), new(big.Int), new(big.Int)}
		for k := range basis[i] {
			switch {
			case i == 3:
				basis[i][k].Mod(f[k], n)
			case i == k:
				basis[i][k].Set(n)
			}
			basis[i][k].Lsh(basis[i][k], uint(8*unknown*k))
		}
	}
	shortest := reduce(basis)[0]
	for k := range shortest {
		shortest[k].Rsh(shortest[k], uint(8*unknown*k)) // exact: all of the column has the factor
	}
	root := integerRoot(shortest, unknown)
	if root == nil {
		return nil
	}
	masked := root.FillBytes(make([]byte, unknown))
	for i := range mask {
		mask[i] ^= masked[32+i]
	}
	return mask
}

// reduce makes the vectors of a lattice short (Lenstra, Lenstra and Lovász 1982,
// with whole numbers only: H. Cohen, A Course in Computational Algebraic Number
// Theory, algorithm 2.6.7).
func reduce(b [][]*big.Int) [][]*big.Int {
	l := &lattice{b: b, d: []*big.Int{big.NewInt(1)}}
	for k := range b {
		l.lambda = append(l.lambda, make([]*big.Int, k))
		for j := range k + 1 {
			u := new(big.Int)
			for i := range b[k] {
				u.Add(u, times(b[k][i], b[j][i]))
			}
			for i := range j {
				u.Sub(times(l.d[i+1], u), times(l.lambda[k][i], l.lambda[j][i]))
				u.Quo(u, l.d[i])
			}
			if j == k {
				l.d = append(l.d, u)
			} else {
				l.lambda[k][j] = u
			}
		}
	}
	for k := 1; k < len(b); {
		l.shorten(k, k-1)
		last := l.lambda[k][k-1]
		bound := new(big.Int).Sub(times(big.NewInt(3), times(l.d[k], l.d[k])), times(big.NewInt(4), times(last, last)))
		if times(big.NewInt(4), times(l.d[k+1], l.d[k-1])).Cmp(bound) < 0 {
			l.swap(k)
			k = max(k-1, 1)
			continue
		}
		for j := k - 2; j >= 0; j-- {
			l.shorten(k, j)
		}
		k++
	}
	return b
}

// lattice has the determinants d of the first vectors, and the coefficients of
// Gram and Schmidt times these.
type lattice struct {
	b, lambda [][]*big.Int
	d         []*big.Int
}

func times(a, b *big.Int) *big.Int { return new(big.Int).Mul(a, b) }

func (l *lattice) shorten(k, j int) {
	twice := new(big.Int).Lsh(l.d[j+1], 1)
	q := new(big.Int).Add(new(big.Int).Lsh(l.lambda[k][j], 1), l.d[j+1])
	if q.Div(q, twice); q.Sign() == 0 { // the nearest whole number
		return
	}
	for i := range l.b[k] {
		l.b[k][i].Sub(l.b[k][i], times(q, l.b[j][i]))
	}
	l.lambda[k][j].Sub(l.lambda[k][j], times(q, l.d[j+1]))
	for i := range j {
		l.lambda[k][i].Sub(l.lambda[k][i], times(q, l.lambda[j][i]))
	}
}

func (l *lattice) swap(k int) {
	l.b[k], l.b[k-1] = l.b[k-1], l.b[k]
	for j := range k - 1 {
		l.lambda[k][j], l.lambda[k-1][j] = l.lambda[k-1][j], l.lambda[k][j]
	}
	last := l.lambda[k][k-1]
	d := new(big.Int).Add(times(l.d[k-1], l.d[k+1]), times(last, last))
	d.Quo(d, l.d[k])
	for i := k + 1; i < len(l.b); i++ {
		t := l.lambda[i][k]
		next := new(big.Int).Sub(times(l.d[k+1], l.lambda[i][k-1]), times(last, t))
		l.lambda[i][k] = next.Quo(next, l.d[k])
		before := new(big.Int).Add(times(d, t), times(last, l.lambda[i][k]))
		l.lambda[i][k-1] = before.Quo(before, l.d[k+1])
	}
	l.d[k] = d
}

// integerRoot returns a root of a cubic among the numbers of so many bytes, or nil.
// It is sought between the points where the cubic turns.
func integerRoot(f []*big.Int, size int) *big.Int {
	at := func(x *big.Int) *big.Int {
		y := new(big.Int)
		for k := len(f) - 1; k >= 0; k-- {
			y.Add(y.Mul(y, x), f[k])
		}
		return y
	}
	end := new(big.Int).Lsh(big.NewInt(1), uint(8*size))
	bounds := []*big.Int{new(big.Int)}
	// f′ = 3·f₃x² + 2·f₂x + f₁
	if root := new(big.Int).Sub(new(big.Int).Mul(f[2], f[2]), new(big.Int).Mul(big.NewInt(3), new(big.Int).Mul(f[3], f[1]))); root.Sign() >= 0 && f[3].Sign() != 0 {
		root.Sqrt(root)
		thrice := new(big.Int).Mul(big.NewInt(3), f[3])
		x := new(big.Int).Div(new(big.Int).Sub(new(big.Int).Neg(f[2]), root), thrice)
		y := new(big.Int).Div(new(big.Int).Add(new(big.Int).Neg(f[2]), root), thrice)
		if x.Cmp(y) > 0 {
			x, y = y, x
		}
		for _, turn := range []*big.Int{x, y} {
			if turn.Sign() > 0 && turn.Cmp(end) < 0 {
				bounds = append(bounds, turn, new(big.Int).Add(turn, big.NewInt(1)))
			}
		}
	}
	bounds = append(bounds, end)
	for i := range len(bounds) - 1 {
		low, high := new(big.Int).Set(bounds[i]), new(big.Int).Set(bounds[i+1])
		sign := at(low).Sign()
		if sign*at(high).Sign() > 0 {
			continue
		}
		for new(big.Int).Sub(high, low).Cmp(big.NewInt(1)) > 0 {
			middle := new(big.Int).Add(low, high)
			middle.Rsh(middle, 1)
			if at(middle).Sign() == sign {
				low = middle
			} else {
				high = middle
			}
		}
		for _, x := range []*big.Int{low, high} {
			if at(x).Sign() == 0 {
				return x
			}
		}
	}
	return nil
}
