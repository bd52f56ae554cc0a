package pgpwords

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"testing"
)

// TestWords is the example of the list's authors: the fingerprint of a PGP key.
func TestWords(t *testing.T) {
	b, err := hex.DecodeString("E58294F2E9A227486E8B061B31CC528FD7FA3F19")
	if err != nil {
		t.Fatal(err)
	}
	want := "topmost Istanbul Pluto vagabond treadmill Pacific brackish dictator goldfish Medusa " +
		"afflict bravado chatter revolver Dupont midsummer stopwatch whimsical cowbell bottomless"
	if got := strings.Join(Words(b), " "); got != want {
		t.Errorf("%s", got)
	}
}

// TestList: 512 words, all different in any case of letters, and unchanged.
func TestList(t *testing.T) {
	all := strings.Fields(strings.ToLower(list))
	if len(all) != 512 {
		t.Fatalf("%d words", len(all))
	}
	slices.Sort(all)
	if n := len(slices.Compact(all)); n != 512 {
		t.Errorf("%d different words", n)
	}
	if sum := sha256.Sum256([]byte(list)); hex.EncodeToString(sum[:]) != "f816e91d6148165fc67361aa1886eb71ad6b19c9d65673ca40fa96e160f02f5a" {
		t.Errorf("the list has changed: %x", sum)
	}
}
