package wallet

import (
	"bytes"
	"crypto/sha256"
	"math/big"
	"strings"
	"testing"
)

// TestBase58 has the vectors of the Base58 internet draft
// (draft-msporny-base58-03, section 5).
func TestBase58(t *testing.T) {
	for _, c := range []struct {
		in   []byte
		want string
	}{
		{nil, ""},
		{[]byte("Hello World!"), "2NEpo7TZRRrLZSi2U"},
		{[]byte("The quick brown fox jumps over the lazy dog."), "USm3fpXnKG5EUBx2ndxBDMPVciP5hGey2Jh4NDv6gmeo1LkMeiKrLJUUBk6Z"},
		{[]byte{0, 0, 0x28, 0x7f, 0xb4, 0xcd}, "11233QC4"},
	} {
		if got := base58(bitcoinAlphabet, c.in); got != c.want {
			t.Errorf("base58 of %q: %s, want %s", c.in, got, c.want)
		}
	}
}

// TestWitness has the P2WPKH addresses of BIP-173, of the public key of the
// private key 1.
func TestWitness(t *testing.T) {
	program := unhex(t, "751e76e8199196d454941c45d1b3a323f1433bd6")
	for prefix, want := range map[string]string{
		"bc": "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
		"tb": "tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx",
	} {
		if got := witness(prefix, 0, program); got != want {
			t.Errorf("%s: %s, want %s", prefix, got, want)
		}
	}
}

// FuzzBase58 holds that what is encoded decodes to itself, in both alphabets.
func FuzzBase58(f *testing.F) {
	for _, s := range []string{"", "\x00", "\x00\x00\x01", "\xff\xff", "address"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, alphabet := range []string{bitcoinAlphabet, xrpAlphabet} {
			text := base58(alphabet, b)
			if back, ok := plainDecodeBase58(alphabet, text); !ok || !bytes.Equal(back, b) {
				t.Errorf("%x becomes %s and then %x", b, text, back)
			}
		}
	})
}

func plainDecodeBase58(alphabet, text string) ([]byte, bool) {
	digits := strings.TrimLeft(text, alphabet[:1])
	n := new(big.Int)
	for _, c := range digits {
		v := strings.IndexRune(alphabet, c)
		if v < 0 {
			return nil, false
		}
		n.Add(n.Mul(n, big.NewInt(58)), big.NewInt(int64(v)))
	}
	return append(make([]byte, len(text)-len(digits)), n.Bytes()...), true
}

func decodeBase58Check(t testing.TB, alphabet, text string) []byte {
	t.Helper()
	b, ok := decodeBase58(alphabet, text)
	if !ok || len(b) < 4 {
		t.Fatalf("%s is not base58check", text)
	}
	b, check := b[:len(b)-4], b[len(b)-4:]
	first := sha256.Sum256(b)
	if sum := sha256.Sum256(first[:]); !bytes.Equal(sum[:4], check) {
		t.Fatalf("%s has a wrong checksum", text)
	}
	return b
}
