package group

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"strings"
	"testing"
	"testing/iotest"
)

func TestParseScalar(t *testing.T) {
	eachGroup(t, func(t *testing.T, g Group, _ io.Reader) {
		for _, v := range []*big.Int{new(big.Int), big.NewInt(1), new(big.Int).Sub(g.Order(), big.NewInt(1))} {
			b := v.FillBytes(make([]byte, 32))
			s, err := g.ParseScalar(b)
			if err != nil || !bytes.Equal(s.Bytes(), b) || s.IsZero() != (v.Sign() == 0) {
				t.Errorf("ParseScalar(%x) = %x, %v", b, s.Bytes(), err)
			}
		}
		const high = "bad scalar: not below the group order"
		for _, tt := range []struct {
			b    []byte
			text string
		}{
			{nil, "bad scalar: 0 bytes, want 32"},
			{make([]byte, 31), "bad scalar: 31 bytes, want 32"},
			{make([]byte, 33), "bad scalar: 33 bytes, want 32"},
			{g.Order().Bytes(), high},
			{new(big.Int).Add(g.Order(), big.NewInt(1)).Bytes(), high},
			{bytes.Repeat([]byte{0xff}, 32), high},
		} {
			_, err := g.ParseScalar(tt.b)
			wantError(t, err, ErrScalar, tt.text)
		}
	})
}

func TestScalarArithmetic(t *testing.T) {
	eachGroup(t, func(t *testing.T, g Group, r io.Reader) {
		minus1 := toScalar(t, g, big.NewInt(-1))
		as := []Scalar{g.NewScalar(), g.NewScalar().SetUint64(1), minus1, g.NewScalar().SetUint64(1<<64 - 1), random(t, g, r)}
		for _, a := range as {
			for _, b := range as {
				x, y := toInt(a), toInt(b)
				for name, tt := range map[string][2]Scalar{
					"+": {g.NewScalar().Add(a, b), toScalar(t, g, new(big.Int).Add(x, y))},
					"-": {g.NewScalar().Sub(a, b), toScalar(t, g, new(big.Int).Sub(x, y))},
					"*": {g.NewScalar().Mul(a, b), toScalar(t, g, new(big.Int).Mul(x, y))},
				} {
					if !tt[0].Equal(tt[1]) {
						t.Errorf("%x %s %x = %x, want %x", x, name, y, tt[0].Bytes(), tt[1].Bytes())
					}
				}
				if a.Equal(b) != (x.Cmp(y) == 0) {
					t.Errorf("%x equal %x: %v", x, y, a.Equal(b))
				}
			}
			inverse, want := g.NewScalar().Invert(a), new(big.Int)
			if !a.IsZero() {
				want.ModInverse(toInt(a), g.Order())
			}
			if toInt(inverse).Cmp(want) != 0 {
				t.Errorf("1/%x = %x, want %x", a.Bytes(), inverse.Bytes(), want)
			}
		}
		if v := toInt(as[3]); !v.IsUint64() || v.Uint64() != 1<<64-1 {
			t.Errorf("SetUint64: %x", v)
		}
	})
}

func TestWipe(t *testing.T) {
	eachGroup(t, func(t *testing.T, g Group, r io.Reader) {
		s := random(t, g, r)
		kept := g.NewScalar().Set(s)
		s.Wipe()
		if !s.IsZero() || kept.IsZero() {
			t.Errorf("after Wipe: %x, and its copy %x", s.Bytes(), kept.Bytes())
		}
	})
}

func TestScalarsAreNotPrinted(t *testing.T) {
	eachGroup(t, func(t *testing.T, g Group, _ io.Reader) {
		const canary = "0badc0de0badc0de0badc0de0badc0de0badc0de0badc0de0badc0de0badc0de"
		s, err := g.ParseScalar(unhex(t, canary))
		if err != nil {
			t.Fatal(err)
		}
		words := []string{"badc0de", "195936478", canaryLimb(s)}
		type holder struct {
			Open   Scalar
			closed Scalar
		}
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d"} {
			if out := fmt.Sprintf(verb, s); out != "[scalar]" {
				t.Errorf("%s: %s", verb, out)
			}
			for _, v := range []any{[]Scalar{s}, holder{s, s}, &holder{s, s}, map[string]Scalar{"k": s}} {
				out := strings.ToLower(fmt.Sprintf(verb, v))
				for _, word := range words {
					if strings.Contains(out, word) {
						t.Errorf("%s of %T shows the scalar: %s", verb, v, out)
					}
				}
			}
		}
		if out, _ := json.Marshal(holder{s, s}); string(out) != `{"Open":{}}` {
			t.Errorf("json: %s", out)
		}
	})
}

// canaryLimb returns how fmt shows the first word of the value inside s.
func canaryLimb(s Scalar) string {
	if e, ok := s.(*edScalar); ok {
		return strings.Fields(strings.Trim(fmt.Sprint(*e.s), "{[]}"))[0]
	}
	return fmt.Sprint(*s.(*secpScalar).n)[:8]
}

func TestRandomScalar(t *testing.T) {
	eachGroup(t, func(t *testing.T, g Group, r io.Reader) {
		var top byte
		for range 64 {
			top |= random(t, g, r).Bytes()[0]
		}
		if want := map[Group]byte{Secp256k1: 0xff, Edwards25519: 0x0f}[g]; top != want {
			t.Errorf("highest bits seen: %02x, want %02x", top, want)
		}
		_, err := RandomScalar(g, iotest.ErrReader(io.ErrClosedPipe))
		wantError(t, err, io.ErrClosedPipe, "random scalar: io: read/write on closed pipe")
		_, err = RandomScalar(g, bytes.NewReader(make([]byte, 31)))
		wantError(t, err, io.ErrUnexpectedEOF, "random scalar: unexpected EOF")
		for _, b := range []byte{0, 0xff} {
			_, err = RandomScalar(g, constant(b))
			wantError(t, err, ErrRandom, "the random source repeats itself")
		}
		// A value that is not below the order is passed over, the order too.
		// Bits above those of the order do not matter.
		one := append(make([]byte, 31), 1)
		if g == Edwards25519 {
			one[0] = 0xe0
		}
		s, err := RandomScalar(g, bytes.NewReader(append(g.Order().Bytes(), one...)))
		if err != nil || toInt(s).Cmp(big.NewInt(1)) != 0 {
			t.Errorf("after the order: %v, %v", s, err)
		}
	})
}

type constant byte

func (c constant) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = byte(c)
	}
	return len(b), nil
}

func FuzzParseScalar(f *testing.F) {
	f.Add(false, make([]byte, 32))
	for i, g := range groups {
		f.Add(i == 1, g.Order().Bytes())
		f.Add(i == 1, new(big.Int).Sub(g.Order(), big.NewInt(1)).Bytes())
	}
	f.Fuzz(func(t *testing.T, edwards bool, b []byte) {
		g := Secp256k1
		if edwards {
			g = Edwards25519
		}
		s, err := g.ParseScalar(b)
		if good := len(b) == 32 && new(big.Int).SetBytes(b).Cmp(g.Order()) < 0; good != (err == nil) {
			t.Fatalf("ParseScalar(%x): %v", b, err)
		}
		if err == nil && !bytes.Equal(s.Bytes(), b) {
			t.Errorf("ParseScalar(%x) gives %x", b, s.Bytes())
		}
	})
}
