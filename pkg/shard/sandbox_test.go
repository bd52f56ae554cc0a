package shard_test

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"filippo.io/edwards25519"

	sandbox "recover/fixtures"
	"recover/fixtures/testkey"
	"recover/fixtures/tier"
	"recover/internal/group"
	"recover/pkg/shard"
	"recover/pkg/wallet"
)

// seeded returns the same randomness again for the same name.
func seeded(name string) io.Reader {
	var seed [32]byte
	copy(seed[:], name)
	return rand.NewChaCha8(seed)
}

func hexOf(b []byte) string { return hex.EncodeToString(b) }

// small is the recovery key of tests in which its size is not what matters.
var small = testkey.Small()

func kitOf(key *rsa.PrivateKey) []*rsa.PublicKey { return []*rsa.PublicKey{&key.PublicKey} }

func backup(t testing.TB, spec sandbox.Spec) *sandbox.Key {
	t.Helper()
	if spec.Kit == nil {
		spec.Kit = kitOf(small)
	}
	if spec.Sharing == "" {
		spec.Sharing = shard.Shamir
	}
	k, err := sandbox.Make(seeded(t.Name()), spec)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func parse(t testing.TB, s *sandbox.Shard) *shard.Shard {
	t.Helper()
	file, err := s.Encode()
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := shard.Parse(file)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

// counter counts the private operations, and fails at the one after allowed
// where that is not negative.
type counter struct {
	*rsa.PrivateKey
	operations int
	allowed    int
}

var errPulled = errors.New("the token was pulled out")

func (c *counter) Decrypt(r io.Reader, ciphertext []byte, opts crypto.DecrypterOpts) ([]byte, error) {
	if c.operations == c.allowed {
		return nil, errPulled
	}
	c.operations++
	return c.PrivateKey.Decrypt(r, ciphertext, opts)
}

func counting() *counter { return &counter{PrivateKey: small, allowed: -1} }

// TestPrivateOperations holds the cost that everything else is measured by.
func TestPrivateOperations(t *testing.T) {
	for _, c := range []struct {
		g                  group.Group
		sharing            shard.Sharing
		players, threshold int
		options            shard.Options
		want               int
	}{
		{group.Secp256k1, shard.Shamir, 2, 1, shard.Options{}, 3},
		{group.Secp256k1, shard.Shamir, 5, 2, shard.Options{}, 4},
		{group.Secp256k1, shard.Additive, 3, 2, shard.Options{}, 4},
		{group.Edwards25519, shard.Shamir, 3, 1, shard.Options{}, 2},
		{group.Edwards25519, shard.Shamir, 3, 1, shard.Options{ChainCode: true}, 3},
		{group.Edwards25519, shard.Additive, 2, 1, shard.Options{}, 2},
	} {
		t.Run(fmt.Sprintf("%s-%s-%d-of-%d", c.g.Algorithm(), c.sharing, c.threshold+1, c.players), func(t *testing.T) {
			k := backup(t, sandbox.Spec{Group: c.g, Sharing: c.sharing, Players: c.players, Threshold: c.threshold})
			s := parse(t, k.Shards[0])
			if _, err := s.Verify(k.IDs); err != nil {
				t.Errorf("verify: %v", err)
			}
			key := counting()
			m, err := s.Rebuild(t.Context(), key, k.IDs, c.options)
			if err != nil {
				t.Fatal(err)
			}
			if !m.Key().Equal(k.Master) || len(m.Warnings()) > 0 {
				t.Errorf("another key came out, or warnings: %v", m.Warnings())
			}
			if key.operations != c.want {
				t.Errorf("%d private operations, want %d", key.operations, c.want)
			}
		})
	}
}

// TestVersions rebuilds every sharing in every version. What public data can
// prove differs.
func TestVersions(t *testing.T) {
	tier.Long(t)
	for _, version := range []string{"1.0.0", "2", "3"} {
		for _, sharing := range []shard.Sharing{shard.Shamir, shard.Additive, shard.Multiplicative} {
			for _, g := range []group.Group{group.Secp256k1, group.Edwards25519} {
				t.Run(version+"-"+string(sharing)+"-"+g.Algorithm(), func(t *testing.T) {
					testVersion(t, sandbox.Spec{Group: g, Version: version, Sharing: sharing, Players: 3, Threshold: 1})
				})
			}
		}
	}
}

func testVersion(t *testing.T, spec sandbox.Spec) {
	k := backup(t, spec)
	s := parse(t, k.Shards[0])
	proof, err := s.Verify(k.IDs)
	switch {
	case spec.Version == "1.0.0" && shard.ReasonOf(err) != shard.ReasonNoProof:
		t.Errorf("verify: %v, want that there is no proof", err)
	case spec.Version != "1.0.0" && err != nil:
		t.Errorf("verify: %v", err)
	case err == nil && (len(proof.Caveats()) > 0) != (spec.Sharing == shard.Multiplicative):
		t.Errorf("caveats %q", proof.Caveats())
	}
	wrong := k.IDs
	wrong.Quorum[0] ^= 1
	if _, err := s.Rebuild(t.Context(), small, wrong, shard.Options{}); shard.ReasonOf(err) != shard.ReasonWrongIDs {
		t.Errorf("with a wrong quorum ID: %v", err)
	}
	key := counting()
	m, err := s.Rebuild(t.Context(), key, k.IDs, shard.Options{ChainCode: true})
	if err != nil {
		t.Fatal(err)
	}
	code, err := m.ChainCode()
	if err != nil || !m.Key().Equal(k.Master) || !bytes.Equal(code.Reveal(), k.ChainCode) || len(m.Warnings()) > 0 {
		t.Errorf("another key, chain code (%v) or warnings %v", err, m.Warnings())
	}
	want := spec.Players + 1
	if spec.Sharing == shard.Shamir {
		want = spec.Threshold + 2
	}
	if key.operations != want {
		t.Errorf("%d private operations, want %d", key.operations, want)
	}
}

// TestFaults damages a backup, or the record of it, in every way that the
// sandbox knows, and holds the reason that verify and rebuild give.
func TestFaults(t *testing.T) {
	tier.Long(t)
	k := backup(t, sandbox.Spec{Group: group.Secp256k1, Players: 3, Threshold: 1})
	for _, f := range sandbox.Faults {
		t.Run(f.Name, func(t *testing.T) {
			file, c, err := f.Apply(seeded(f.Name), k)
			if err != nil {
				t.Fatal(err)
			}
			operations, verify, rebuild := judge(t, file, c)
			if got := shard.ReasonOf(verify); got != f.Verify || (verify == nil) != (f.Verify == "") {
				t.Errorf("%s: verify says %q (%v), want %q", f.Why, got, verify, f.Verify)
			}
			if got := reasonOf(rebuild); got != f.Rebuild || (rebuild == nil) != (f.Rebuild == "") {
				t.Errorf("%s: rebuild says %q (%v), want %q", f.Why, got, rebuild, f.Rebuild)
			}
			if f.Rebuild == shard.ReasonWrongIDs && operations > 0 {
				t.Errorf("wrong IDs cost %d private operations", operations)
			}
			for _, err := range []error{verify, rebuild} {
				checkText(t, err, k)
			}
		})
	}
}

func reasonOf(err error) shard.Reason {
	var mismatch *wallet.MismatchError
	if errors.As(err, &mismatch) {
		return shard.ReasonWalletKey
	}
	return shard.ReasonOf(err)
}

func judge(t *testing.T, file []byte, c sandbox.Case) (operations int, verify, rebuild error) {
	s, err := shard.Parse(file)
	if err == nil {
		err = s.CheckAlgorithm(c.Algorithm)
	}
	if err != nil {
		return 0, err, err
	}
	_, verify = s.Verify(c.IDs)
	key := counting()
	m, err := s.Rebuild(t.Context(), key, c.IDs, shard.Options{})
	if err != nil {
		return key.operations, verify, err
	}
	if !m.Key().Equal(c.Key.Master) {
		t.Error("A WRONG MASTER KEY CAME OUT")
	}
	w, err := wallet.DeriveAnchored(m, wallet.Anchor{PublicKey: s.WalletPublicKey()})
	if err == nil && !w.Private().Equal(c.Key.Wallet) {
		t.Error("A WRONG WALLET KEY CAME OUT")
	}
	return key.operations, verify, err
}

// checkText holds that an error is of one line and short, and shows nothing of
// the key.
func checkText(t *testing.T, err error, k *sandbox.Key) {
	t.Helper()
	if err == nil {
		return
	}
	text := err.Error()
	if strings.ContainsAny(text, "\n\r\x1b") || len(text) > 2000 {
		t.Errorf("the text of the error is %d long or not of one line: %q", len(text), text)
	}
	for _, canary := range [][]byte{k.Master.Bytes(), k.ChainCode, k.Wallet.Bytes()} {
		if strings.Contains(strings.ToLower(text), hex.EncodeToString(canary)[:16]) {
			t.Errorf("the error shows a secret: %s", text)
		}
	}
}

// TestHiddenGarbage plays cheating players: verify cannot see what they hid,
// and rebuild has to try on.
func TestHiddenGarbage(t *testing.T) {
	k := backup(t, sandbox.Spec{Group: group.Edwards25519, Players: 2, Threshold: 1, HiddenGarbage: 3})
	s := parse(t, k.Shards[0])
	if _, err := s.Verify(k.IDs); err != nil {
		t.Errorf("verify: %v", err)
	}
	key := counting()
	m, err := s.Rebuild(t.Context(), key, k.IDs, shard.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if !m.Key().Equal(k.Master) {
		t.Error("a wrong key")
	}
	if len(m.Warnings()) != 2 || key.operations < 4 || key.operations > 8 {
		t.Errorf("%d private operations, warnings %v", key.operations, m.Warnings())
	}
}

// TestKeySourceFails pulls the token out at every operation: the error is the
// source's, nothing is tried after it, and no key comes out.
func TestKeySourceFails(t *testing.T) {
	k := backup(t, sandbox.Spec{Group: group.Secp256k1, Players: 3, Threshold: 1})
	s := parse(t, k.Shards[0])
	for allowed := range 3 {
		key := &counter{PrivateKey: small, allowed: allowed}
		m, err := s.Rebuild(t.Context(), key, k.IDs, shard.Options{})
		if m != nil || !errors.Is(err, errPulled) || shard.ReasonOf(err) != shard.ReasonKeySource || key.operations != allowed {
			t.Errorf("pulled out at operation %d: %v, %v, %d operations", allowed+1, m, err, key.operations)
		}
	}
}

// TestMasterIsNotShown prints a Master in every way.
func TestMasterIsNotShown(t *testing.T) {
	k := backup(t, sandbox.Spec{Group: group.Secp256k1, Players: 2, Threshold: 1})
	m, err := parse(t, k.Shards[0]).Rebuild(t.Context(), small, k.IDs, shard.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d"} {
		for _, v := range []any{m, struct{ m *shard.Master }{m}, struct{ M *shard.Master }{m}} {
			out := fmt.Sprintf(verb, v)
			for _, canary := range [][]byte{k.Master.Bytes(), k.ChainCode} {
				if strings.Contains(out, hex.EncodeToString(canary[:4])) || strings.Contains(out, fmt.Sprint(canary[:4])) {
					t.Errorf("%s shows the key: %s", verb, out)
				}
			}
		}
	}
	m.Wipe()
	if !m.Key().IsZero() {
		t.Error("Wipe left the key")
	}
}

// TestKit opens each shard of a kit with its own recovery key and with no
// other.
func TestKit(t *testing.T) {
	keys := []*rsa.PrivateKey{small, testkey.Recovery(0)}
	k := backup(t, sandbox.Spec{
		Group: group.Edwards25519, Players: 2, Threshold: 1, Kit: []*rsa.PublicKey{&keys[0].PublicKey, &keys[1].PublicKey},
	})
	for i, sealed := range k.Shards {
		s := parse(t, sealed)
		if s.Index() != i {
			t.Errorf("index %d, want %d", s.Index(), i)
		}
		for j, key := range keys {
			m, err := s.Rebuild(t.Context(), key, k.IDs, shard.Options{})
			switch {
			case i == j && (err != nil || !m.Key().Equal(k.Master)):
				t.Errorf("shard %d with its own key: %v", i, err)
			case i != j && shard.ReasonOf(err) != shard.ReasonOtherRecoveryKey:
				t.Errorf("shard %d with key %d: %v", i, j, err)
			}
		}
	}
}

// TestSmallOrder adds a point of order 8 to a commitment that is not opened: the
// proof would hold in the quotient, and must be refused.
func TestSmallOrder(t *testing.T) {
	k := backup(t, sandbox.Spec{Group: group.Edwards25519, Players: 2, Threshold: 1})
	torsion, err := new(edwards25519.Point).SetBytes(hexBytes(t, "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"))
	if err != nil {
		t.Fatal(err)
	}
	p := k.Shards[0].Data.Players[1]
	for i := range p.Ys {
		if slices.Contains(p.Combination, int64(i)) {
			continue
		}
		y, err := new(edwards25519.Point).SetBytes(p.Ys[i])
		if err != nil {
			t.Fatal(err)
		}
		p.Ys[i] = y.Add(y, torsion).Bytes()
		_, err = parse(t, k.Shards[0]).Verify(k.IDs)
		want := fmt.Sprintf("player 1: ys[%d]: bad point: not in the prime-order subgroup", i)
		if shard.ReasonOf(err) != shard.ReasonProof || !strings.Contains(err.Error(), want) {
			t.Errorf("%v\nwant %s", err, want)
		}
		return
	}
}

func hexBytes(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
