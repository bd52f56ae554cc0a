package rsadecrypt

import (
	"crypto/rand"
	"math/big"
	"testing"

	"recover/fixtures/testkey"
)

// FuzzPower compares with math/big: any odd modulus, any exponent that a
// key can have, any base below the modulus.
func FuzzPower(f *testing.F) {
	for _, bits := range []int{2, 529, 1023, 1024, 1025, 2048, 4095, 4096, 4097, 8192} {
		n := make([]byte, (bits+7)/8)
		x := make([]byte, len(n))
		rand.Read(n)
		rand.Read(x)
		f.Add(n, x, uint32(65537))
		f.Add(n, x, uint32(3))
	}
	n := testkey.Recovery(0).N
	less := new(big.Int).Sub(n, big.NewInt(1)).Bytes()
	power := new(big.Int).Lsh(big.NewInt(1), 4000).Bytes()
	for _, x := range [][]byte{nil, {1}, less, power} {
		f.Add(n.Bytes(), x, uint32(65537))
		f.Add(n.Bytes(), x, uint32(1<<31-1))
		f.Add([]byte{3}, x, uint32(5))
	}
	f.Fuzz(func(t *testing.T, modulus, base []byte, exponent uint32) {
		n := new(big.Int).SetBytes(modulus[:min(len(modulus), maxBits/8)])
		n.SetBit(n, 0, 1)
		if n.BitLen() < 2 {
			return
		}
		e := max(exponent&(1<<31-1), 1)
		x := new(big.Int).SetBytes(base)
		x.Mod(x, n)
		m := newPower(n, uint(e))
		var got big.Int
		for range 2 { // the second time with used buffers
			m.exp(&got, x)
			if want := new(big.Int).Exp(x, big.NewInt(int64(e)), n); got.Cmp(want) != 0 {
				t.Fatalf("%d^%d mod %d is %d, not %d", x, e, n, &got, want)
			}
		}
	})
}

func BenchmarkPublicOperation(b *testing.B) {
	n := testkey.Recovery(0).N
	x, err := rand.Int(rand.Reader, n)
	if err != nil {
		b.Fatal(err)
	}
	var z big.Int
	b.Run("power", func(b *testing.B) {
		m := newPower(n, 65537)
		b.ReportAllocs()
		for b.Loop() {
			m.exp(&z, x)
		}
	})
	b.Run("prepare", func(b *testing.B) {
		for b.Loop() {
			newPower(n, 65537)
		}
	})
	b.Run("math/big", func(b *testing.B) {
		e := big.NewInt(65537)
		for b.Loop() {
			z.Exp(x, e, n)
		}
	})
}
