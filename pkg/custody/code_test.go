package custody

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"recover/internal/bech32"
)

const checksumLen = 13

// The code is that of BIP-93 but for the human-readable part, so the strings
// that BIP-93 publishes hold here too.
func TestChecksumOfBIP93(t *testing.T) {
	for _, s := range []string{
		"ms10testsxxxxxxxxxxxxxxxxxxxxxxxxxx4nzvca9cmczlw",
		"MS12NAMEA320ZYXWVUTSRQPNMLKJHGFEDCAXRPP870HKKQRM",
		"MS12NAMECACDEFGHJKLMNPQRSTUVWXYZ023FTR2GDZMPY6PN",
		"MS12NAMEDLL4F8JLH4E5VDVULDLFXU2JHDNLSM97XVENRXEG",
		"MS12NAMES6XQGUZTTXKEQNJSJZV4JV3NZ5K3KWGSPHUH6EVW",
		"ms13cashsllhdmn9m42vcsamx24zrxgs3qqjzqud4m0d6nln",
		"ms13casha320zyxwvutsrqpnmlkjhgfedca2a8d0zehn8a0t",
		"ms13cashcacdefghjklmnpqrstuvwxyz023949xq35my48dr",
		"ms10leetsllhdmn9m42vcsamx24zrxgs3qrl7ahwvhw4fnzrhve25gvezzyqqtum9pgv99ycma",
	} {
		data := bech32.Values(strings.ToUpper(s[3:]))
		if !codex32.Checks("ms", data) {
			t.Errorf("%s: the checksum does not hold", s)
		}
		n := len(data) - checksumLen
		if got := codex32.Checksum("ms", data[:n]); !bytes.Equal(got, data[n:]) {
			t.Errorf("%s: checksum %v", s, got)
		}
		if codex32.Checks("rs", data) {
			t.Errorf("%s: the checksum holds with another prefix", s)
		}
	}
}

// TestCorrect puts in as many faults as the code promises to find, at random
// places, for words of the length of a share and of the greatest length.
func TestCorrect(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{dataLen, 93} {
		for wrong := range 5 {
			for erased := 0; 2*wrong+erased <= rootCount; erased++ {
				for range 40 {
					want := randomWord(rng, n)
					word, places := slices.Clone(want), rng.Perm(n)[:wrong+erased]
					for i, place := range places {
						if i < wrong {
							word[place] ^= byte(1 + rng.IntN(31))
						} else {
							word[place] = 0
						}
					}
					got, ok := correct(word, places[wrong:])
					if !ok || !bytes.Equal(got, want) {
						t.Fatalf("length %d, %d wrong, %d erased: not corrected", n, wrong, erased)
					}
				}
			}
		}
	}
}

// TestCorrectGivesWords: whatever comes out ends in its checksum, and differs
// in no more places than were asked for.
func TestCorrectGivesWords(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	corrected := 0
	for range 2000 {
		word := randomWord(rng, dataLen)
		wrong := 3 + rng.IntN(4)
		for _, place := range rng.Perm(dataLen)[:wrong] {
			word[place] ^= byte(1 + rng.IntN(31))
		}
		got, ok := correct(word, nil)
		if !ok {
			if wrong <= 4 {
				t.Fatalf("%d wrong values were not corrected", wrong)
			}
			continue
		}
		corrected++
		if !codex32.Checks(prefix, got) || distance(word, got) > 4 {
			t.Fatal("corrected to something that is not a word nearby")
		}
	}
	if corrected == 0 {
		t.Error("nothing was corrected")
	}
}

func TestTooManyErasures(t *testing.T) {
	word := randomWord(rand.New(rand.NewPCG(5, 6)), dataLen)
	if _, ok := correct(word, []int{0, 1, 2, 3, 4, 5, 6, 7, 8}); ok {
		t.Error("nine erasures were corrected")
	}
}

func randomWord(rng *rand.Rand, n int) []byte {
	word := make([]byte, n-checksumLen)
	for i := range word {
		word[i] = byte(rng.IntN(32))
	}
	return append(word, codex32.Checksum(prefix, word)...)
}

func distance(a, b []byte) (n int) {
	for i := range a {
		if a[i] != b[i] {
			n++
		}
	}
	return n
}
