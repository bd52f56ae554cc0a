//go:build wallets

package bbqr

import (
	"encoding/hex"
	"math/rand/v2"
	"testing"

	"recover/fixtures/wallets"
)

// TestJoinedByOthers: the library of those who defined BBQr joins our series, in
// any order.
func TestJoinedByOthers(t *testing.T) {
	type answer struct{ FileType, Raw string }
	rng := rand.New(rand.NewPCG(3, 4))
	var requests []any
	var wants []answer
	for i := range 1000 {
		data := make([]byte, 1+rng.IntN(1500))
		for j := range data {
			data[j] = byte(rng.Uint32())
		}
		fileType := []FileType{Transaction, Text}[i%2]
		parts, err := Split(fileType, data, 24+rng.IntN(400))
		if err != nil {
			t.Fatal(err)
		}
		rng.Shuffle(len(parts), func(i, j int) { parts[i], parts[j] = parts[j], parts[i] })
		requests = append(requests, map[string]any{"op": "join", "parts": parts})
		wants = append(wants, answer{string(rune(fileType)), hex.EncodeToString(data)})
	}
	for i, got := range wallets.Judge[answer](t, "bbqr.mjs", requests) {
		if got != wants[i] {
			t.Errorf("joined as %+v, want %+v", got, wants[i])
		}
	}
}
