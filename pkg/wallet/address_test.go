package wallet

import (
	"encoding/binary"
	"math/rand/v2"
	"strings"
	"testing"

	"recover/internal/group"
)

// The public keys of private keys 1 and 2 and of others, as their sources
// publish them: compressed for secp256k1, 32 bytes for Ed25519.
const (
	keyOfOne     = "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"
	keyOfTwo     = "02c6047f9441ed7d6d3045406e95c07cd85c778e4b8cef3ca7abac09b95c709ee5"
	keyOfGenesis = "0330E7FC9D56BB25D6893BA3F317AE5BCF33B3291BD63DB32654A313222F7FD020"
)

// TestPublishedAddresses compares with addresses that each chain's own
// documents and tools publish.
func TestPublishedAddresses(t *testing.T) {
	for _, c := range []struct{ source, key, chain, want string }{
		// Widely published accounts of the smallest private keys.
		{"private key 1", keyOfOne, "ethereum", "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf"},
		{"private key 2", keyOfTwo, "ethereum", "0x2B5AD5c4795c026514f8317c7a215E218DcCD6cF"},
		{"BIP-173", keyOfOne, "bitcoin", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"},
		{"BIP-173", keyOfOne, "bitcoin_testnet", "tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx"},
		{"BIP-84, m/84'/0'/0'/0/0", "0330d54fd0dd420a6e5f8d3624f5f3482cae350f79d5f0753bf5beef9c2d91af3c", "bitcoin", "bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyu"},
		{"BIP-84, m/84'/0'/0'/0/1", "03e775fd51f0dfb8cd865d9ff1cca2a158cf651fe997fdc9fee9c1d3b5e995ea77", "bitcoin", "bc1qnjg0jd8228aq7egyzacy8cys3knf9xvrerkf9g"},
		{"BIP-84, m/84'/0'/0'/1/0", "03025324888e429ab8e3dbaf1f7802648b9cd01e9b418485c5fa4c1b9b5700e1a6", "bitcoin", "bc1q8c6fshw2dlwun7ekn9qwf37cu2rn755upcp6el"},
		// The Ethereum account of private key 1, as Tron writes it.
		{"private key 1", keyOfOne, "tron", "TMVQGm1qAQYVdetCeGRRkTWYYrLXuHK2HC"},
		// The genesis account, passphrase "masterpassphrase" (XRP Ledger documents, "Accounts").
		{"XRP Ledger, genesis account", keyOfGenesis, "xrp", "rHb9CJAWyB4rj91VRWn96DkukG4bwdtyTh"},
		// XRP Ledger documents, "Address Encoding", the example of the code.
		{"XRP Ledger, address encoding", "ED9434799226374926EDA3B54B1B461B4ABF7237962EAE18528FEA67595397FA32", "xrp", "rDTXLQ7ZKZVKz33zJbHjgVShjsBnqMBhmN"},
		// The fixtures of ripple-keypairs.
		{"ripple-keypairs, ed25519", "ED01FA53FA5A7E77798F882ECE20B1ABC00BB358A9E55A202D0D0676BD0CE37A63", "xrp", "rLUEXYuLiQptky37CqLcm9USQpPiz5rkpD"},
		{"ripple-keypairs, secp256k1", "030D58EB48B4420B1F7B9DF55087E0E29FEF0E8468F9A6825B01CA2C361042D435", "xrp", "rU6K7V3Po4snVhBBaU29sesqs2qTQJWDw1"},
		// Solana Cookbook, "How to restore a keypair": the second half of the secret.
		{"Solana Cookbook", "0fb9ba52b1f09445f1e3a7508d59f0797923acf744fbe2da303fb06da859ee87", "solana", "24PNhTaNtomHhoy3fTRaMhAFCRj4uHqhZEEoWrKDbR5p"},
	} {
		t.Run(c.source+" "+c.chain, func(t *testing.T) {
			g, p := publicKey(t, c.key)
			for _, a := range Addresses(g, p) {
				if a.Chain == c.chain && a.Text != c.want {
					t.Errorf("%s, want %s", a.Text, c.want)
				}
			}
			if chain, ok := FindAddress(g, p, c.want); chain != c.chain || !ok {
				t.Errorf("FindAddress(%s) = %q, %t", c.want, chain, ok)
			}
		})
	}
}

// TestPublishedAccounts compares the encodings of accounts whose public key
// is not published.
func TestPublishedAccounts(t *testing.T) {
	for _, c := range []struct{ source, got, want string }{
		{"XRP Ledger, ACCOUNT_ZERO", xrp(make([]byte, 20)), "rrrrrrrrrrrrrrrrrrrrrhoLvTp"},
		{"XRP Ledger, ACCOUNT_ONE", xrp(append(make([]byte, 19), 1)), "rrrrrrrrrrrrrrrrrrrrBZbvji"},
		{"Tron, the token contract of USDT", base58check(bitcoinAlphabet, 0x41, unhex(t, "a614f803b6fd780986a42c78ec9c7f77e6ded13c")), "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t"},
		{"Solana, the system program", base58(bitcoinAlphabet, make([]byte, 32)), "11111111111111111111111111111111"},
	} {
		if c.got != c.want {
			t.Errorf("%s: %s, want %s", c.source, c.got, c.want)
		}
	}
}

// TestEIP55 has the examples of EIP-55.
func TestEIP55(t *testing.T) {
	for _, want := range []string{
		"0x52908400098527886E0F7030069857D2E4169EE7", "0x8617E340B3D01FA5F11F306F4090FD50E238070D",
		"0xde709f2102306220921060314715629080e2fb77", "0x27b1fdb04752bbc536007a920d24acb045561c26",
		"0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
		"0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB", "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
	} {
		if got := eip55(unhex(t, strings.ToLower(want[2:]))); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

func TestAddressesInOrder(t *testing.T) {
	for key, want := range map[string]string{
		keyOfOne: "ethereum tron xrp bitcoin bitcoin_testnet",
		"5866666666666666666666666666666666666666666666666666666666666666": "solana xrp",
	} {
		g, p := publicKey(t, key)
		var chains []string
		for _, a := range Addresses(g, p) {
			chains = append(chains, a.Chain)
		}
		if got := strings.Join(chains, " "); got != want {
			t.Errorf("%s: %s, want %s", g.Algorithm(), got, want)
		}
	}
}

// TestFindAddressOtherForms uses the key of private key 1, as above.
func TestFindAddressOtherForms(t *testing.T) {
	g, p := publicKey(t, keyOfOne)
	for _, c := range []struct{ text, chain string }{
		{"0x7e5f4552091a69125d5dfcb7b8c2659029395bdf", "ethereum"},
		{"0x7E5F4552091A69125D5DFCB7B8C2659029395BDF", "ethereum"},
		{"BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4", "bitcoin"},
		{"TB1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KXPJZSX", "bitcoin_testnet"},

		{"0x7E5F4552091A69125d5DfCb7b8C2659029395BdF", ""}, // the case of one letter
		{"0x7E5F4552091A69125d5DfCb7b8C2659029395Bde", ""}, // one digit
		{"0X7E5F4552091A69125D5DFCB7B8C2659029395BDF", ""},
		{"7E5F4552091A69125d5DfCb7b8C2659029395Bdf", ""},
		{"7e5f4552091a69125d5dfcb7b8c2659029395bdf", ""},
		{" 0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf", ""},
		{"Bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4", ""},
		{"tmvqgm1qaqyvdetcegrrktwyyrlxuhk2hc", ""},
		{"TMVQGM1QAQYVDETCEGRRKTWYYRLXUHK2HC", ""},
		{"bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyu", ""}, // of another key
		{"0x", ""},
		{"", ""},
	} {
		if chain, ok := FindAddress(g, p, c.text); chain != c.chain || ok != (c.chain != "") {
			t.Errorf("FindAddress(%q) = %q, %t, want %q", c.text, chain, ok, c.chain)
		}
	}
}

// FuzzFindAddress holds that a key's addresses are found, on their own chain,
// and are no addresses of another key.
func FuzzFindAddress(f *testing.F) {
	f.Add(uint64(1), uint64(2))
	f.Fuzz(func(t *testing.T, a, b uint64) {
		for _, g := range []group.Group{group.Secp256k1, group.Edwards25519} {
			p, other := randomPoint(t, g, a), randomPoint(t, g, b)
			for _, address := range Addresses(g, p) {
				if chain, ok := FindAddress(g, p, address.Text); !ok || chain != address.Chain {
					t.Errorf("%s: found %q, %t", address, chain, ok)
				}
				if chain, ok := FindAddress(g, other, address.Text); ok && a != b {
					t.Errorf("%s is the %s address of another key too", address, chain)
				}
			}
		}
	})
}

func randomPoint(t *testing.T, g group.Group, seed uint64) group.Point {
	t.Helper()
	var key [32]byte
	binary.LittleEndian.PutUint64(key[:], seed)
	s, err := group.RandomScalar(g, rand.NewChaCha8(key))
	if err != nil {
		t.Fatal(err)
	}
	return g.NewPoint().BaseMul(s)
}

// publicKey reads a public key in hex; an Ed25519 key may have the prefix ED of
// the XRP Ledger.
func publicKey(t *testing.T, text string) (group.Group, group.Point) {
	t.Helper()
	b := unhex(t, text)
	if b[0] == 0xED {
		b = b[1:]
	}
	g, p, err := group.ParsePublicKey(b)
	if err != nil {
		t.Fatal(err)
	}
	return g, p
}
