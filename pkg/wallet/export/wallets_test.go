//go:build wallets

package export

import (
	"crypto/rand"
	"encoding/hex"
	"strings"
	"testing"

	"recover/fixtures/wallets"
	"recover/internal/group"
	"recover/internal/secret"
	"recover/pkg/wallet"
)

// TestOpenedByOthers: ethers and go-ethereum open our keystores, @scure/btc-signer
// and btcutil read our WIF, to the same key.
func TestOpenedByOthers(t *testing.T) {
	var requests []any
	type answer struct{ Key, Address, Named string }
	var wants []answer
	for i := range 100 {
		s, err := group.RandomScalar(group.Secp256k1, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		want := answer{Key: hex.EncodeToString(s.Bytes())}
		text, _, err := Export(WIF, group.Secp256k1, s, Options{Testnet: i%2 == 0})
		if err != nil {
			t.Fatal(err)
		}
		requests = append(requests, map[string]any{"op": "wif", "text": strings.TrimSpace(string(text.Reveal())), "testnet": i%2 == 0})
		wants = append(wants, want)
		if i > 1 { // a second and 256 MiB each
			continue
		}
		const passphrase = "correct horse \u00e9 battery"
		text, _, err = Export(Keystore, group.Secp256k1, s, Options{Passphrase: secret.New([]byte(passphrase))})
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range wallet.Addresses(group.Secp256k1, group.Secp256k1.NewPoint().BaseMul(s)) {
			if a.Chain == "ethereum" {
				want.Address, want.Named = a.Text, a.Text
			}
		}
		requests = append(requests, map[string]any{"op": "keystore", "json": string(text.Reveal()), "passphrase": passphrase})
		wants = append(wants, want)
	}
	for judge, answers := range map[string][]answer{
		"Node": wallets.Judge[answer](t, "export.mjs", requests), "Go": wallets.JudgeInGo[answer](t, requests),
	} {
		for i, got := range answers {
			if got != wants[i] {
				t.Errorf("in %s read as %+v, want %+v", judge, got, wants[i])
			}
		}
	}
}
