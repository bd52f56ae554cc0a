package wallet

import (
	"bytes"
	"encoding/hex"
	"strings"
	"testing"
)

// TestWitnessAddresses has the addresses of BIP-350, which BIP-173's are a part of.
func TestWitnessAddresses(t *testing.T) {
	for text, want := range map[string]string{
		"BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4":                                 "0014751e76e8199196d454941c45d1b3a323f1433bd6",
		"tb1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3q0sl5k7":             "00201863143c14c5166804bd19203356da136c985678cd4d27a1b8c6329604903262",
		"bc1pw508d6qejxtdg4y5r3zarvary0c5xw7kw508d6qejxtdg4y5r3zarvary0c5xw7kt5nd6y": "5128751e76e8199196d454941c45d1b3a323f1433bd6751e76e8199196d454941c45d1b3a323f1433bd6",
		"BC1SW50QGDZ25J":                       "6002751e",
		"bc1zw508d6qejxtdg4y5r3zarvaryvaxxpcs": "5210751e76e8199196d454941c45d1b3a323",
		"tb1qqqqqp399et2xygdj5xreqhjjvcmzhxw4aywxecjdzew6hylgvsesrxh6hy": "0020000000c4a5cad46221b2a187905e5266362b99d5e91c6ce24d165dab93e86433",
		"tb1pqqqqp399et2xygdj5xreqhjjvcmzhxw4aywxecjdzew6hylgvsesf3hn0c": "5120000000c4a5cad46221b2a187905e5266362b99d5e91c6ce24d165dab93e86433",
		"bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0": "512079be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798",
	} {
		testnet := strings.HasPrefix(text, "tb")
		script, err := ParseBitcoinAddress(text, testnet)
		if err != nil || hex.EncodeToString(script) != want {
			t.Errorf("%s: %x, %v, want %s", text, script, err, want)
		}
		if back, ok := BitcoinAddress(script, testnet); !ok || back != strings.ToLower(text) {
			t.Errorf("%s: back it is %s", text, back)
		}
		if _, err := ParseBitcoinAddress(text, !testnet); err == nil {
			t.Errorf("%s is accepted on the other network", text)
		}
	}
	for text, why := range map[string]string{
		"tc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vq5zuyut": "prefix",
		"bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqh2y7hd": "bech32 instead of bech32m",
		"tb1z0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqglt7rf": "bech32 instead of bech32m",
		"BC1S0XLXVLHEMJA6C4DQV22UAPCTQUPFHLXM9H8Z3K2E72Q4K9HCZ7VQ54WELL": "bech32 instead of bech32m",
		"bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kemeawh":                     "bech32m instead of bech32",
		"tb1q0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vq24jc47": "bech32m instead of bech32",
		"bc1p38j9r5y49hruaue7wxjce0updqjuyyx0kh56v8s25huc6995vvpql3jow4": "a character",
		"BC130XLXVLHEMJA6C4DQV22UAPCTQUPFHLXM9H8Z3K2E72Q4K9HCZ7VQ7ZWS8R": "version 17",
		"bc1pw5dgrnzv": "a program of 1 byte",
		"bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7v8n0nx0muaewav253zgeav": "a program of 41 bytes",
		"BC1QR508D6QEJXTDG4Y5R3ZARVARYV98GJ9P":                                         "a program of 16 bytes for version 0",
		"tb1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vq47Zagq":               "mixed case",
		"bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7v07qwwzcrf":             "more than four bits of padding",
		"tb1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vpggkg4j":               "padding that is not zero",
		"bc1gmk9yu": "no data",
		"":          "nothing",
		"1":         "nothing",
	} {
		for _, testnet := range []bool{false, true} {
			if script, err := ParseBitcoinAddress(text, testnet); err == nil {
				t.Errorf("%s (%s) is accepted as %x", text, why, script)
			}
		}
	}
}

// TestBase58Addresses has the P2PKH address of the private key 1, and a P2SH
// address of the tests of bitcoinjs-lib.
func TestBase58Addresses(t *testing.T) {
	for text, want := range map[string]string{
		"1BgGZ9tcN4rm9KBzDn7KprQz87SZ26SAMH": "76a914751e76e8199196d454941c45d1b3a323f1433bd688ac",
		"3P14159f73E4gFr7JterCCQh9QjiTjiZrG": "a914e9c3dd0c07aac76179ebc76a6c78d4d67c6c160a87",
	} {
		script, err := ParseBitcoinAddress(text, false)
		if err != nil || hex.EncodeToString(script) != want {
			t.Errorf("%s: %x, %v, want %s", text, script, err, want)
		}
		if back, ok := BitcoinAddress(script, false); !ok || back != text {
			t.Errorf("%s: back it is %s", text, back)
		}
		test, _ := BitcoinAddress(script, true)
		if again, err := ParseBitcoinAddress(test, true); err != nil || !bytes.Equal(again, script) || test == text {
			t.Errorf("on a test network: %s, %v", test, err)
		}
		for i := range text {
			wrong := []byte(text)
			wrong[i] = "23456789A"[i%9]
			if string(wrong) == text {
				continue
			}
			if _, err := ParseBitcoinAddress(string(wrong), false); err == nil {
				t.Errorf("%s is accepted", wrong)
			}
		}
	}
	if _, ok := BitcoinAddress([]byte{0x6a, 1, 1}, false); ok {
		t.Error("a script without an address has one")
	}
}

func TestAccountAddresses(t *testing.T) {
	const text = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
	for _, good := range []string{text, strings.ToLower(text), "0x" + strings.ToUpper(text[2:])} {
		if a, err := ParseEVMAddress(good); err != nil || EVMAddress(a) != text {
			t.Errorf("%s: %v", good, err)
		}
	}
	for _, bad := range []string{"", text[2:], text[:41], text + "0", "0X" + text[2:], strings.Replace(text, "5aA", "5AA", 1), strings.Replace(text, "5aA", "5gA", 1)} {
		if _, err := ParseEVMAddress(bad); err == nil {
			t.Errorf("%s is accepted", bad)
		}
	}
	const tron = "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t"
	if a, err := ParseTronAddress(tron); err != nil || TronAddress(a) != tron {
		t.Errorf("%s: %v", tron, err)
	}
	for _, bad := range []string{"", "T", tron[:33], tron + "t", "S" + tron[1:], "1BgGZ9tcN4rm9KBzDn7KprQz87SZ26SAMH", strings.Repeat("1", 200)} {
		if _, err := ParseTronAddress(bad); err == nil {
			t.Errorf("%s is accepted", bad)
		}
	}
}

// TestWIF has the example of the Bitcoin wiki ("Wallet import format"), and the
// key 1.
func TestWIF(t *testing.T) {
	for key, want := range map[string]string{
		"0c28fca386c7a227600b2fe50b7cae11ec86d3bf1fbe471be89827e19d72aa1d": "KwdMAjGmerYanjeui5SHS7JkmpZvVipYvB2LJGU1ZxJwYvP98617",
		"0000000000000000000000000000000000000000000000000000000000000001": "KwDiBf89QgGbjEhKnhXJuH7LrciVrZi3qYjgd9M7rFU73sVHnoWn",
	} {
		if got := WIF(unhex(t, key), false); string(got) != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

// FuzzBitcoinAddress holds that an address that is read is written again.
func FuzzBitcoinAddress(f *testing.F) {
	for _, s := range []string{"bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0", "1BgGZ9tcN4rm9KBzDn7KprQz87SZ26SAMH", "tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, testnet := range []bool{false, true} {
			script, err := ParseBitcoinAddress(text, testnet)
			if err != nil {
				continue
			}
			if back, ok := BitcoinAddress(script, testnet); !ok || back != text && back != strings.ToLower(text) {
				t.Errorf("%q becomes %q", text, back)
			}
		}
	})
}
