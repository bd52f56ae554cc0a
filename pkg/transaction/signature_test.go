package transaction

import (
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"testing"

	"recover/fixtures/vectors"
	"recover/internal/group"
)

func unhex(t testing.TB, digits string) []byte {
	t.Helper()
	b, err := hex.DecodeString(digits)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func secpKey(t testing.TB, digits string) *Key {
	t.Helper()
	s, err := group.Secp256k1.ParseScalar(unhex(t, digits))
	if err != nil {
		t.Fatal(err)
	}
	k, err := NewKey(group.Secp256k1, s)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// TestRFC6979 has the signatures on secp256k1 with SHA-256 that implementations
// of RFC 6979 have compared since 2013 (bitcointalk, "Deterministic usage of DSA
// and ECDSA"; Trezor's and btcec's tests): the RFC itself has none on this curve.
func TestRFC6979(t *testing.T) {
	for _, c := range []struct{ key, message, r, s string }{
		{strings.Repeat("0", 63) + "1", "Satoshi Nakamoto", "934b1ea10a4b3c1757e2b0c017d0b6143ce3c9a7e6a4a49860d7a6ab210ee3d8", "2442ce9d2b916064108014783e923ec36b49743e2ffa1c4496f01a512aafd9e5"},
		{strings.Repeat("0", 63) + "1", "All those moments will be lost in time, like tears in rain. Time to die...", "8600dbd41e348fe5c9465ab92d23e3db8b98b873beecd930736488696438cb6b", "547fe64427496db33bf66019dacbf0039c04199abb0122918601db38a72cfc21"},
		{"fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364140", "Satoshi Nakamoto", "fd567d121db66e382991534ada77a6bd3106f0a1098c231e47993447cd6af2d0", "6b39cd0eb1bc8603e159ef5c20a5c8ad685a45b06ce9bebed3f153d10d93bed5"},
		{"f8b8af8ce3c7cca5e300d33939540c10d45ce001b8f252bfbc57ba0342904181", "Alan Turing", "7063ae83e7f62bbb171798131b4a0564b956930092b33b07b395615d9ec7e15c", "58dfcc1e00a35e1572f366ffe34ba0fc47db1e7189759b9fb233c5b05ab388ea"},
	} {
		k, digest := secpKey(t, c.key), sha256.Sum256([]byte(c.message))
		s, err := k.SignDigest(digest)
		if err != nil || hex.EncodeToString(s.R[:]) != c.r || hex.EncodeToString(s.S[:]) != c.s {
			t.Errorf("%s: %x, %v", c.message, s, err)
		}
		if !VerifyDER(k.Public(), digest, s.DER()) {
			t.Errorf("%s: not valid as DER", c.message)
		}
	}
}

// TestStrict: what is not the one signature that is made here does not verify.
func TestStrict(t *testing.T) {
	k, digest := secpKey(t, strings.Repeat("17", 32)), sha256.Sum256([]byte("message"))
	good, err := k.SignDigest(digest)
	if err != nil {
		t.Fatal(err)
	}
	order := group.Secp256k1.Order()
	change := func(how func(*ECDSA)) ECDSA {
		s := good
		how(&s)
		return s
	}
	fill := func(to *[32]byte, n *big.Int) { n.FillBytes(to[:]) }
	n := func(b [32]byte) *big.Int { return new(big.Int).SetBytes(b[:]) }
	for name, s := range map[string]ECDSA{
		"the higher s":      change(func(s *ECDSA) { fill(&s.S, new(big.Int).Sub(order, n(s.S))); s.Recovery ^= 1 }),
		"r = 0":             change(func(s *ECDSA) { s.R = [32]byte{} }),
		"s = 0":             change(func(s *ECDSA) { s.S = [32]byte{} }),
		"r = the order":     change(func(s *ECDSA) { fill(&s.R, order) }),
		"s = the order":     change(func(s *ECDSA) { fill(&s.S, order) }),
		"the other parity":  change(func(s *ECDSA) { s.Recovery ^= 1 }),
		"recovery of 4":     change(func(s *ECDSA) { s.Recovery = 4 }),
		"recovery of 255":   change(func(s *ECDSA) { s.Recovery = 255 }),
		"another bit of r":  change(func(s *ECDSA) { s.R[31] ^= 1 }),
		"another bit of s":  change(func(s *ECDSA) { s.S[31] ^= 1 }),
		"an r above a half": change(func(s *ECDSA) { s.Recovery |= 2 }),
	} {
		if VerifyDigest(k.Public(), digest, s) {
			t.Errorf("%s: it verifies", name)
		}
	}
	other := digest
	other[0] ^= 1
	if VerifyDigest(k.Public(), other, good) || VerifyDigest(secpKey(t, strings.Repeat("18", 32)).Public(), digest, good) {
		t.Error("it verifies for another digest or key")
	}
}

// wycheproof is a file of signatures with verdicts.
type wycheproof struct {
	TestGroups []struct {
		PublicKey struct{ Uncompressed, PK string }
		Tests     []struct {
			TCID              int `json:"tcId"`
			Comment, Msg, Sig string
			Result            string
		}
	}
}

func readWycheproof(t *testing.T, name string) (w wycheproof) {
	t.Helper()
	if err := json.Unmarshal(vectors.ReadOutside(t, "third-party", name), &w); err != nil {
		t.Fatal(err)
	}
	return w
}

// TestWycheproof: what verifies our signatures says of others what it should.
func TestWycheproof(t *testing.T) {
	half := new(big.Int).Rsh(group.Secp256k1.Order(), 1)
	for name, verify := range map[string]func(group.Point, []byte, []byte) bool{
		"wycheproof-ecdsa_secp256k1_sha256_bitcoin_test.json": func(p group.Point, m, sig []byte) bool { return VerifyDER(p, sha256.Sum256(m), sig) },
		"wycheproof-ecdsa_secp256k1_sha256_p1363_test.json": func(p group.Point, m, sig []byte) bool {
			if len(sig) != 64 {
				return false
			}
			return slices.ContainsFunc([]byte{0, 1, 2, 3}, func(recovery byte) bool {
				return VerifyDigest(p, sha256.Sum256(m), ECDSA{[32]byte(sig[:32]), [32]byte(sig[32:]), recovery})
			})
		},
		"wycheproof-ed25519_test.json": VerifyMessage,
	} {
		valid := 0
		for _, g := range readWycheproof(t, name).TestGroups {
			curve, text := group.Secp256k1, g.PublicKey.Uncompressed
			if text == "" {
				curve, text = group.Edwards25519, g.PublicKey.PK
			}
			public, err := curve.ParsePoint(unhex(t, text))
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range g.Tests {
				sig := unhex(t, c.Sig)
				want := c.Result == "valid"
				// The form r ‖ s is not Bitcoin's, and takes the higher s too.
				if strings.Contains(name, "p1363") && len(sig) == 64 && new(big.Int).SetBytes(sig[32:]).Cmp(half) > 0 {
					want = false
				}
				if want {
					valid++
				}
				if verify(public, unhex(t, c.Msg), sig) != want {
					t.Errorf("%s: test %d (%s): want %t", name, c.TCID, c.Comment, want)
				}
			}
		}
		if valid == 0 {
			t.Errorf("%s: no valid signature in it", name)
		}
	}
}

// TestRFC8032 takes the seeds of tests 1 to 3 of RFC 8032, section 7.1: their
// scalars, taken as ours are, have the public keys of the RFC, and what they sign
// verifies.
func TestRFC8032(t *testing.T) {
	for _, c := range []struct{ seed, public, message string }{
		{"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60", "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", ""},
		{"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb", "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72"},
		{"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7", "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82"},
	} {
		h := sha512.Sum512(unhex(t, c.seed))
		h[0], h[31] = h[0]&248, h[31]&127|64
		b := h[:32]
		slices.Reverse(b)
		n := new(big.Int).SetBytes(b)
		scalar, err := group.Edwards25519.ParseScalar(n.Mod(n, group.Edwards25519.Order()).FillBytes(make([]byte, 32)))
		if err != nil {
			t.Fatal(err)
		}
		k, err := NewKey(group.Edwards25519, scalar)
		if err != nil {
			t.Fatal(err)
		}
		if hex.EncodeToString(k.Public().Bytes()) != c.public {
			t.Errorf("public key %x, want %s", k.Public().Bytes(), c.public)
		}
		signature, err := k.SignMessage(unhex(t, c.message))
		if err != nil || !VerifyMessage(k.Public(), unhex(t, c.message), signature) {
			t.Errorf("%s: %x, %v", c.message, signature, err)
		}
		for i := range signature {
			bad := slices.Clone(signature)
			bad[i] ^= 0x10
			if VerifyMessage(k.Public(), unhex(t, c.message), bad) {
				t.Errorf("with byte %d changed it verifies", i)
			}
		}
	}
}

// TestKey: keys do not show themselves, do not sign for the other curve, and are
// not zero.
func TestKey(t *testing.T) {
	k := secpKey(t, strings.Repeat("17", 32))
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d"} {
		if text := fmt.Sprintf(verb, k); text != "[wallet key of secp256k1]" {
			t.Errorf("%s: %s", verb, text)
		}
	}
	if _, err := NewKey(group.Secp256k1, group.Secp256k1.NewScalar()); !errors.Is(err, ErrKey) {
		t.Errorf("zero: %v", err)
	}
	if a := k.Address("solana"); a != "" {
		t.Errorf("it has the address %s on Solana", a)
	}
	if a := k.Address("ethereum"); !strings.HasPrefix(a, "0x") {
		t.Errorf("its address on Ethereum is %q", a)
	}
	scalar := group.Secp256k1.NewScalar().SetUint64(3)
	copied, err := NewKey(group.Secp256k1, scalar)
	if err != nil {
		t.Fatal(err)
	}
	scalar.Wipe()
	if copied.private.IsZero() {
		t.Error("the key is not a copy")
	}
	if copied.Wipe(); !copied.private.IsZero() {
		t.Error("the key is there after Wipe")
	}
	defer func() {
		if recover() == nil {
			t.Error("a key of secp256k1 signs with Ed25519")
		}
	}()
	_, _ = k.SignMessage(nil)
}
