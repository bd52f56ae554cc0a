package bech32

import (
	"bytes"
	"strings"
	"testing"
)

// The valid Bech32 strings of BIP-173, and some whose checksum is wrong.
var (
	valid = []string{
		"A12UEL5L",
		"an83characterlonghumanreadablepartthatcontainsthenumber1andtheexcludedcharactersbio1tt5tgs",
		"abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw",
		"11qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqc8247j",
		"split1checkupstagehandshakeupstreamerranterredcaperred2y9e3w",
		"?1ezyfcl",
	}
	invalid = []string{"A1G7SGD8", "a12uel5m", "abcdeg1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw"}
)

func split(text string) (hrp string, word []byte) {
	i := strings.LastIndexByte(text, '1')
	return strings.ToLower(text[:i]), Values(strings.ToUpper(text[i+1:]))
}

func TestBech32(t *testing.T) {
	for _, text := range valid {
		hrp, word := split(text)
		data := word[:len(word)-6]
		if !Bech32.Checks(hrp, word) || !bytes.Equal(Bech32.Checksum(hrp, data), word[len(data):]) {
			t.Errorf("%s: the checksum does not hold, or is not made", text)
		}
		if got := string(Append([]byte("1"), word)); got != strings.ToUpper(text[strings.LastIndexByte(text, '1'):]) {
			t.Errorf("%s is written as %s", text, got)
		}
	}
	for _, text := range invalid {
		if hrp, word := split(text); Bech32.Checks(hrp, word) {
			t.Errorf("%s: the checksum holds", text)
		}
	}
}

// TestBech32m has valid and invalid strings of BIP-350.
func TestBech32m(t *testing.T) {
	for text, want := range map[string]bool{
		"A1LQFN3A": true,
		"abcdef1l7aum6echk45nj3s0wdvt2fg8x9yrzpqzd3ryx":                true,
		"split1checkupstagehandshakeupstreamerranterredcaperredlc445v": true,
		"?1v759aa": true,
		"A12UEL5L": false,
		"A1G7SGD8": false,
		"M1VUXWEZ": false,
	} {
		if hrp, word := split(text); Bech32m.Checks(hrp, word) != want {
			t.Errorf("%s: the checksum holds: %t", text, !want)
		}
	}
}

func TestAppendFives(t *testing.T) {
	for in, want := range map[string]string{
		"":                     "",
		"\xff":                 "\x1f\x1c",
		"\x00\x44\x32\x14\xc7": "\x00\x01\x02\x03\x04\x05\x06\x07",
		"\x80\x01":             "\x10\x00\x00\x10",
	} {
		if got := AppendFives([]byte("x"), []byte(in)); string(got) != "x"+want {
			t.Errorf("%x: %x", in, got)
		}
	}
}

// TestMul holds that GF(32) is a field: of order 31 in its powers, and with the
// distributive law.
func TestMul(t *testing.T) {
	seen, v := map[byte]bool{}, byte(1)
	for range 31 {
		v = Mul(v, 2)
		seen[v] = true
	}
	if len(seen) != 31 || v != 1 {
		t.Errorf("2 has %d powers", len(seen))
	}
	for i := range 32 * 32 * 32 {
		a, b, c := byte(i&31), byte(i>>5&31), byte(i>>10)
		if Mul(a, b^c) != Mul(a, b)^Mul(a, c) || Mul(a, b) != Mul(b, a) {
			t.Fatalf("%d · (%d + %d)", a, b, c)
		}
	}
}

// TestBytes: groups of five become the bytes that they were made of, and what no
// bytes are split into is refused.
func TestBytes(t *testing.T) {
	for n := range 12 {
		b := bytes.Repeat([]byte{0xa5}, n)
		if got, ok := Bytes(AppendFives(nil, b)); !ok || !bytes.Equal(got, b) {
			t.Errorf("%d bytes: %x, %t", n, got, ok)
		}
	}
	for _, fives := range [][]byte{{0}, {0, 1}, {31, 31}, {0, 0, 0}, {31, 28, 0}} {
		if b, ok := Bytes(fives); ok {
			t.Errorf("%v: %x", fives, b)
		}
	}
}
