package wallet

import (
	"strings"
	"testing"

	"recover/internal/group"
)

func TestNormalize(t *testing.T) {
	for _, g := range []group.Group{group.Secp256k1, group.Edwards25519} {
		for _, a := range Addresses(g, g.NewPoint().BaseMul(g.NewScalar().SetUint64(7))) {
			texts := []string{a.Text}
			switch a.Chain {
			case "ethereum":
				texts = append(texts, strings.ToLower(a.Text), "0x"+strings.ToUpper(a.Text[2:]))
			case "bitcoin", "bitcoin_testnet":
				texts = append(texts, strings.ToUpper(a.Text))
			}
			for _, text := range texts {
				if got, ok := Normalize(text); !ok || got != a.Text {
					t.Errorf("%s becomes %q, %t", text, got, ok)
				}
				for i := range text {
					c := text[i] ^ 1 // never the other case
					if got, _ := Normalize(text[:i] + string(c) + text[i+1:]); got == a.Text {
						t.Errorf("%s with another character at %d is the same", text, i)
					}
				}
			}
		}
	}
	for text, want := range map[string]string{
		"BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4": "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
		"1BgGZ9tcN4rm9KBzDn7KprQz87SZ26SAMH":         "1BgGZ9tcN4rm9KBzDn7KprQz87SZ26SAMH",
		"3P14159f73E4gFr7JterCCQh9QjiTjiZrG":         "3P14159f73E4gFr7JterCCQh9QjiTjiZrG",
		"0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAee": "", // EIP-55 with the last letter in the other case
		"address": "", "": "", "1BgGZ9tcN4rm9KBzDn7KprQz87SZ26SAMI": "",
	} {
		if got, ok := Normalize(text); got != want || ok != (want != "") {
			t.Errorf("%s becomes %q, %t", text, got, ok)
		}
	}
	one := group.Secp256k1.NewPoint().BaseMul(group.Secp256k1.NewScalar().SetUint64(1))
	if got := LegacyAddress(group.Compressed(one), false); got != "1BgGZ9tcN4rm9KBzDn7KprQz87SZ26SAMH" {
		t.Error(got)
	}
}
