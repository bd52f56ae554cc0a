package group

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha512"
	"encoding/hex"
	"math/big"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"filippo.io/edwards25519"
)

const (
	secpPrime = "fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f"
	secpG     = "0479be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798" +
		"483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8"
	// x = 1 is on the curve.
	secpX1 = "040000000000000000000000000000000000000000000000000000000000000001" +
		"4218f20ae6c646b363db68605822fb14264ca8d2587fdd6fbc750d587e76a7ee"
	edB = "5866666666666666666666666666666666666666666666666666666666666666"
)

// torsion are the points of edwards25519 whose order divides 8, as multiples of
// the second.
var torsion = []string{
	"0100000000000000000000000000000000000000000000000000000000000000",
	"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
	"0000000000000000000000000000000000000000000000000000000000000080",
	"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
	"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
	"0000000000000000000000000000000000000000000000000000000000000000",
	"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
}

func TestSecp256k1Multiples(t *testing.T) {
	n := Secp256k1.Order()
	for _, tt := range []struct {
		k    *big.Int
		want string
	}{
		{big.NewInt(1), secpG},
		{big.NewInt(2), "04c6047f9441ed7d6d3045406e95c07cd85c778e4b8cef3ca7abac09b95c709ee5" +
			"1ae168fea63dc339a3c58419466ceaeef7f632653266d0e1236431a950cfe52a"},
		{big.NewInt(112233445566778899), "04a90cc3d3f3e146daadfc74ca1372207cb4b725ae708cef713a98edd73d99ef29" +
			"5a79d6b289610c68bc3b47f3d72f9788a26a06868b4d8e433e1e2ad76fb7dc76"},
		{n.Sub(n, big.NewInt(1)), "0479be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798" +
			"b7c52588d95c3b9aa25b0403f1eef75702e84bb7597aabe663b82f6f04ef2777"},
	} {
		if got := Secp256k1.NewPoint().BaseMul(toScalar(t, Secp256k1, tt.k)).Bytes(); hex.EncodeToString(got) != tt.want {
			t.Errorf("%d·G = %x", tt.k, got)
		}
	}
}

func TestEdwards25519Multiples(t *testing.T) {
	one := Edwards25519.NewScalar().SetUint64(1)
	if got := Edwards25519.NewPoint().BaseMul(one).Bytes(); hex.EncodeToString(got) != edB {
		t.Errorf("the base point is %x", got)
	}
	// RFC 8032, section 7.1, test 1.
	seed := unhex(t, "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
	want := ed25519.NewKeyFromSeed(seed).Public().(ed25519.PublicKey)
	if hex.EncodeToString(want) != "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a" {
		t.Fatalf("RFC 8032: %x", want)
	}
	if got := Edwards25519.NewPoint().BaseMul(seedScalar(t, seed)).Bytes(); !bytes.Equal(got, want) {
		t.Errorf("public key %x, want %x", got, want)
	}
}

// seedScalar is the scalar of an Ed25519 seed (RFC 8032, section 5.1.5).
func seedScalar(t *testing.T, seed []byte) Scalar {
	h := sha512.Sum512(seed)
	h[0] &= 248
	h[31] = h[31]&127 | 64
	slices.Reverse(h[:32])
	return toScalar(t, Edwards25519, new(big.Int).SetBytes(h[:32]))
}

func TestSecp256k1Refuses(t *testing.T) {
	parse := func(s string) error {
		p, err := Secp256k1.ParsePoint(unhex(t, s))
		if _, decodeErr := Secp256k1.DecodePoint(unhex(t, s)); (err == nil) != (decodeErr == nil) {
			t.Errorf("%s: ParsePoint %v, DecodePoint %v", s, err, decodeErr)
		}
		if err == nil && hex.EncodeToString(p.Bytes()) != s {
			t.Errorf("%s is encoded as %x", s, p.Bytes())
		}
		return err
	}
	smallY := secpSmallY(t)
	for _, good := range []string{secpG, secpX1, secpEncoding(smallY[0], smallY[1])} {
		if err := parse(good); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
	p := mustInt(secpPrime)
	const off, high = "bad point: not on the curve", "bad point: coordinate not below the field prime"
	for _, tt := range []struct{ point, text string }{
		{"", "bad point: 0 bytes, want 65"},
		{"00", "bad point: 1 bytes, want 65"},
		{"02" + secpG[2:66], "bad point: 33 bytes, want 65"},
		{secpG[:128], "bad point: 64 bytes, want 65"},
		{secpG + "00", "bad point: 66 bytes, want 65"},
		{"06" + secpG[2:], "bad point: first byte 0x06, want 0x04"},
		{"07" + secpG[2:], "bad point: first byte 0x07, want 0x04"},
		{"00" + secpG[2:], "bad point: first byte 0x00, want 0x04"},
		{secpG[:129] + "9", off},
		{"04" + strings.Repeat("00", 64), off},
		{secpEncoding(new(big.Int).Add(p, big.NewInt(1)), mustInt(secpX1[66:])), high},
		{secpEncoding(smallY[0], new(big.Int).Add(p, smallY[1])), high},
		{secpEncoding(p, p), high},
	} {
		wantError(t, parse(tt.point), ErrPoint, tt.text)
	}
}

func secpEncoding(x, y *big.Int) string {
	b := append([]byte{4}, x.FillBytes(make([]byte, 32))...)
	return hex.EncodeToString(append(b, y.FillBytes(make([]byte, 32))...))
}

// secpSmallY returns a point with a y so small that y + p fits 32 bytes.
func secpSmallY(t *testing.T) [2]*big.Int {
	p := mustInt(secpPrime)
	exp := new(big.Int).Div(new(big.Int).Add(p, big.NewInt(2)), big.NewInt(9)) // p = 7 mod 9
	for y := int64(1); y < 100; y++ {
		xxx := new(big.Int).Mod(big.NewInt(y*y-7), p)
		x := new(big.Int).Exp(xxx, exp, p)
		if new(big.Int).Exp(x, big.NewInt(3), p).Cmp(xxx) == 0 {
			return [2]*big.Int{x, big.NewInt(y)}
		}
	}
	t.Fatal("no point with a small y")
	panic("unreachable")
}

func TestSecp256k1IdentityHasNoEncoding(t *testing.T) {
	defer func() {
		if r := recover(); r != "group: the identity of secp256k1 has no encoding" {
			t.Errorf("recovered: %v", r)
		}
	}()
	Secp256k1.NewPoint().Bytes()
}

func TestEdwards25519Refuses(t *testing.T) {
	for _, tt := range []struct{ point, text string }{
		{"", "bad point: 0 bytes, want 32"},
		{edB[:62], "bad point: 31 bytes, want 32"},
		{edB + "00", "bad point: 33 bytes, want 32"},
		{"02" + strings.Repeat("00", 31), "bad point: not on the curve"},
		{torsion[0], "bad point: the identity"},
		{"01" + strings.Repeat("00", 30) + "80", "bad point: not the canonical encoding"}, // x = −0, y = 1
		{"ec" + strings.Repeat("ff", 31), "bad point: not the canonical encoding"},        // x = −0, y = −1
	} {
		_, err := Edwards25519.ParsePoint(unhex(t, tt.point))
		wantError(t, err, ErrPoint, tt.text)
		_, err = Edwards25519.DecodePoint(unhex(t, tt.point))
		wantError(t, err, ErrPoint, tt.text)
	}
}

// TestEdwards25519FieldElements tries all the encodings whose y is not below
// p = 2²⁵⁵−19, with both signs. Of y = 0 … 18, some are on the curve.
func TestEdwards25519FieldElements(t *testing.T) {
	seen := map[string]int{}
	for low := 0xed; low <= 0xff; low++ {
		for _, high := range []byte{0x7f, 0xff} {
			b := bytes.Repeat([]byte{0xff}, 32)
			b[0], b[31] = byte(low), high
			_, err := Edwards25519.DecodePoint(b)
			if err == nil {
				t.Fatalf("%x is taken", b)
			}
			seen[err.Error()]++
		}
	}
	if seen["bad point: not the canonical encoding"] < 4 || len(seen) != 2 {
		t.Errorf("errors: %v", seen)
	}
}

// decodeAny decodes a point of any order, the identity too.
func decodeAny(t testing.TB, s string) Point {
	t.Helper()
	p := new(edPoint)
	if _, err := p.p.SetBytes(unhex(t, s)); err != nil {
		t.Fatal(err)
	}
	return p
}

// killedByOrder is the definition of InSubgroup: L·p, by doubling and adding, is
// the identity.
func killedByOrder(p Point) bool {
	l, sum := Edwards25519.Order(), Edwards25519.NewPoint()
	for i := l.BitLen() - 1; i >= 0; i-- {
		sum.Add(sum, sum)
		if l.Bit(i) == 1 {
			sum.Add(sum, p)
		}
	}
	return sum.IsIdentity()
}

func TestTorsion(t *testing.T) {
	sum := Edwards25519.NewPoint()
	for k, s := range torsion {
		p := decodeAny(t, s)
		if !p.Equal(sum) {
			t.Fatalf("%s is not the multiple %d of the generator of the torsion", s, k)
		}
		if Edwards25519.InSubgroup(p) != (k == 0) {
			t.Errorf("InSubgroup(%s) is wrong", s)
		}
		sum.Add(sum, decodeAny(t, torsion[1]))
		if k == 0 {
			continue
		}
		_, err := Edwards25519.ParsePoint(unhex(t, s))
		wantError(t, err, ErrPoint, "bad point: not in the prime-order subgroup")
		if q, err := Edwards25519.DecodePoint(unhex(t, s)); err != nil || !q.Equal(p) {
			t.Errorf("DecodePoint(%s): %v", s, err)
		}
	}
	if !sum.IsIdentity() {
		t.Error("8 times a torsion point is not the identity")
	}
}

func TestInSubgroup(t *testing.T) {
	g, r := Edwards25519, rand.NewChaCha8([32]byte{8})
	for range 50 {
		base := g.NewPoint().BaseMul(random(t, g, r))
		for k, s := range torsion {
			p := g.NewPoint().Add(base, decodeAny(t, s))
			if got := g.InSubgroup(p); got != (k == 0) || got != killedByOrder(p) {
				t.Fatalf("InSubgroup(%x), with %d times the torsion: %v", p.Bytes(), k, got)
			}
			_, err := g.ParsePoint(p.Bytes())
			if k == 0 && err != nil {
				t.Errorf("ParsePoint(%x): %v", p.Bytes(), err)
			} else if k != 0 {
				wantError(t, err, ErrPoint, "bad point: not in the prime-order subgroup")
			}
		}
	}
}

// TestInSubgroupOfCurve takes points that are not made from the generator:
// those of small y.
func TestInSubgroupOfCurve(t *testing.T) {
	inside, outside := 0, 0
	for y := range 250 {
		p := new(edPoint)
		if _, err := p.p.SetBytes(append([]byte{byte(y)}, make([]byte, 31)...)); err != nil {
			continue
		}
		for _, q := range []Point{p, &edPoint{*new(edwards25519.Point).MultByCofactor(&p.p)}} {
			want := killedByOrder(q)
			if Edwards25519.InSubgroup(q) != want {
				t.Errorf("InSubgroup(%x), want %v", q.Bytes(), want)
			}
			if want {
				inside++
			} else {
				outside++
			}
		}
	}
	if inside < 100 || outside < 80 {
		t.Errorf("%d points inside, %d outside", inside, outside)
	}
}

func TestCompressed(t *testing.T) {
	for _, k := range []uint64{1, 2, 3, 4, 5, 6} {
		p := Secp256k1.NewPoint().BaseMul(Secp256k1.NewScalar().SetUint64(k))
		c := Compressed(p)
		if want := 2 + p.Bytes()[64]&1; len(c) != 33 || c[0] != want || !bytes.Equal(c[1:], p.Bytes()[1:33]) {
			t.Errorf("%d·G is compressed to %x", k, c)
		}
		if g, q, err := ParsePublicKey(c); err != nil || g != Secp256k1 || !q.Equal(p) {
			t.Errorf("ParsePublicKey(%x): %v", c, err)
		}
		e := Edwards25519.NewPoint().BaseMul(Edwards25519.NewScalar().SetUint64(k))
		if !bytes.Equal(Compressed(e), e.Bytes()) {
			t.Errorf("%d·B is compressed to %x", k, Compressed(e))
		}
	}
}

func FuzzParsePoint(f *testing.F) {
	for _, s := range append([]string{secpG, secpX1, edB, "06" + secpG[2:]}, torsion...) {
		b, _ := hex.DecodeString(s)
		f.Add(len(b) == 32, b)
	}
	f.Add(true, bytes.Repeat([]byte{0xff}, 32))
	f.Fuzz(func(t *testing.T, edwards bool, b []byte) {
		g := Secp256k1
		if edwards {
			g = Edwards25519
		}
		decoded, err := g.DecodePoint(b)
		if err != nil {
			if _, err := g.ParsePoint(b); err == nil {
				t.Fatalf("ParsePoint takes %x, DecodePoint does not", b)
			}
			return
		}
		if !bytes.Equal(decoded.Bytes(), b) || decoded.IsIdentity() {
			t.Errorf("%x is read as %x", b, decoded.Bytes())
		}
		p, err := g.ParsePoint(b)
		if inside := !edwards || killedByOrder(decoded); inside != (err == nil) || inside != g.InSubgroup(decoded) {
			t.Errorf("%x in the subgroup: %v, ParsePoint: %v", b, inside, err)
		}
		if err == nil && !p.Equal(decoded) {
			t.Errorf("%x is read as two points", b)
		}
	})
}
