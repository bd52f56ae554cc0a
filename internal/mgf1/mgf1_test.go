package mgf1

import (
	"bytes"
	"encoding/hex"
	"testing"
)

// TestXOR has a published mask of MGF1 with SHA-256, and every beginning of it.
func TestXOR(t *testing.T) {
	const mask = "382576a7841021cc28fc4c0948753fb8312090cea942ea4c4e735d10dc724b155f9f6069f289d61daca0cb814502ef04eae1"
	for n := range len(mask)/2 + 1 {
		out, seed := make([]byte, n), []byte("bar")
		XOR(out, seed)
		if got := hex.EncodeToString(out); got != mask[:2*n] {
			t.Errorf("%d bytes: %s", n, got)
		}
		if XOR(out, seed); !bytes.Equal(out, make([]byte, n)) {
			t.Errorf("%d bytes, masked twice: %x", n, out)
		}
	}
}
