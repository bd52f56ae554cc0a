package recovery_test

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/rsa"
	"errors"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	sandbox "recover/fixtures"
	"recover/fixtures/testkey"
	"recover/fixtures/tier"
	"recover/internal/group"
	"recover/pkg/record"
	"recover/pkg/recovery"
	"recover/pkg/shard"
)

func rebuild(t testing.TB, d *recovery.Download, e record.Entry, opt recovery.RebuildOptions) *recovery.Rebuilt {
	t.Helper()
	key := &counting{PrivateKey: testkey.Small()}
	r, err := collect(t, d, e).Rebuild(t.Context(), key, opt)
	if err != nil {
		t.Fatal(err)
	}
	if r.Operations != key.done {
		t.Errorf("%d operations are told, and %d were done", r.Operations, key.done)
	}
	return r
}

// noChainCode is a recovery key that does not open the chain codes of a key: a
// proof cannot tell whether they can be opened.
type noChainCode struct {
	*rsa.PrivateKey
	of *sandbox.Key
}

func (n noChainCode) Decrypt(random io.Reader, text []byte, opts crypto.DecrypterOpts) ([]byte, error) {
	for _, p := range n.of.Shards[0].Data.Players {
		if bytes.Equal(text, p.AuxKey) {
			return nil, rsa.ErrDecryption
		}
	}
	return n.PrivateKey.Decrypt(random, text, opts)
}

// TestRebuildOrder: the backup that is proved, and that claims the recorded
// wallet, is tried first, so that no private operation is done in vain; what is
// wrong with the others is said.
func TestRebuildOrder(t *testing.T) {
	for _, g := range groups {
		k := makeKey(t, 50, sandbox.Spec{Group: g})
		n := 2
		if g == group.Secp256k1 {
			n = 3
		}
		good, foreign, spoilt := encode(t, k.Shards[0]), encode(t, planted(t, k).Shards[0]), changed(t, k, spoilProof)
		silent := changed(t, k, func(s *sandbox.Shard) { s.WalletPublicKey = nil })
		in := k.IDs.Key.String() + "/"
		type files = map[string][]byte
		for _, c := range []struct {
			name     string
			files    files
			used     string
			warnings []string // each is a part of one
		}{
			{"alone", files{"recovery_shard-0.txt": good}, "recovery_shard-0.txt", nil},
			{"behind a planted one", files{"recovery_shard-0.txt": foreign, "recovery_shard-1.txt": good}, "recovery_shard-1.txt",
				[]string{"recovery_shard-0.txt names another master public key: it may have been planted"}},
			{"behind a planted one, and silent", files{"recovery_shard-0.txt": foreign, "recovery_shard-1.txt": silent}, "recovery_shard-1.txt",
				[]string{"recovery_shard-0.txt names another master public key: it may have been planted"}},
			{"behind one that is damaged", files{"recovery_shard-0.txt": spoilt, "recovery_shard-1.txt": good}, "recovery_shard-1.txt", nil},
			{"behind one that is no shard", files{"recovery_shard-0.txt": []byte("x"), "recovery_shard-1.txt": good, "note": []byte("n")}, "recovery_shard-1.txt",
				[]string{"note is not a shard", "recovery_shard-0.txt: malformed: "}},
			{"twice", files{"recovery_shard-0.txt": good, "recovery_shard-1.txt": good}, "recovery_shard-0.txt", nil},
		} {
			r := rebuild(t, folder(t, k, c.files), entry(k, record.AnchorService), recovery.RebuildOptions{})
			if !r.IsRight() || !r.Wallet.Private().Equal(k.Wallet) || r.Backup.Path != in+c.used || r.Operations != n || r.Err != nil {
				t.Errorf("%s, %s: %v, %d operations, used %s", g.Name(), c.name, r.Err, r.Operations, r.Backup.Path)
			}
			var warnings []recovery.Warning
			for _, w := range r.Warnings {
				if !strings.Contains(w.Detail, "record-mismatch") { // of ED25519, the master key is compared first
					warnings = append(warnings, w)
				}
			}
			if len(warnings) != len(c.warnings) {
				t.Errorf("%s, %s: warnings %q", g.Name(), c.name, r.Warnings)
			}
			for _, w := range c.warnings {
				if !has(r.Warnings, in+w) {
					t.Errorf("%s, %s: warnings %q", g.Name(), c.name, r.Warnings)
				}
			}
			r.Wipe()
			if !r.Wallet.Private().IsZero() || !r.Master.Key().IsZero() {
				t.Error("the keys are not wiped")
			}
		}
	}
	(&recovery.Rebuilt{}).Wipe()
}

// TestRebuildRefuses: what public data shows to be wrong costs no private
// operation, and the error is about the backup that tells most.
func TestRebuildRefuses(t *testing.T) {
	two := kit(t, 51, group.Edwards25519)
	k := makeKey(t, 52, sandbox.Spec{Group: group.Edwards25519})
	good, foreign := encode(t, k.Shards[0]), encode(t, planted(t, k).Shards[0])
	otherKey := encode(t, two.Shards[1])
	type files = map[string][]byte
	for _, c := range []struct {
		name   string
		key    *sandbox.Key
		files  files
		anchor record.Anchor
		opt    recovery.RebuildOptions
		reason shard.Reason
		file   string
	}{
		{"the recovery key is another", two, files{"recovery_shard-1.txt": otherKey}, record.AnchorNone, recovery.RebuildOptions{}, shard.ReasonOtherRecoveryKey, "recovery_shard-1.txt"},
		{"the recovery key is another, and a file is no shard", two, files{"recovery_shard-1.txt": otherKey, "recovery_shard-2.txt": []byte("x")},
			record.AnchorNone, recovery.RebuildOptions{}, shard.ReasonMalformed, "recovery_shard-2.txt"},
		{"no shard, and the recovery key is another", two, files{"recovery_shard-0.txt": []byte("x"), "recovery_shard-1.txt": otherKey},
			record.AnchorNone, recovery.RebuildOptions{}, shard.ReasonMalformed, "recovery_shard-0.txt"},
		{"two keys", k, files{"recovery_shard-0.txt": []byte("x"), "recovery_shard-1.txt": good, "recovery_shard-2.txt": foreign},
			record.AnchorNone, recovery.RebuildOptions{}, recovery.ReasonSeveralKeys, "recovery_shard-1.txt"},
		{"planted, and an anchor", k, files{"recovery_shard-0.txt": foreign}, record.AnchorService, recovery.RebuildOptions{AcceptUnproved: true}, recovery.ReasonRecord, "recovery_shard-0.txt"},
		{"planted, and a pinned master key", k, files{"recovery_shard-0.txt": foreign}, record.AnchorBackup, recovery.RebuildOptions{AcceptUnproved: true}, recovery.ReasonRecord, "recovery_shard-0.txt"},
		{"the proof is damaged", k, files{"recovery_shard-0.txt": changed(t, k, spoilProof)}, record.AnchorNone, recovery.RebuildOptions{}, recovery.ReasonUnproved, "recovery_shard-0.txt"},
	} {
		r := rebuild(t, folder(t, c.key, c.files), entry(c.key, c.anchor), c.opt)
		if recovery.ReasonOf(r.Err) != c.reason || r.Wallet != nil || r.Master != nil || r.IsRight() || r.Operations != 0 || filepath.Base(r.Backup.Path) != c.file {
			t.Errorf("%s: %v, %d operations, about %s", c.name, r.Err, r.Operations, r.Backup.Path)
		}
	}
	// Shards for other recovery keys of a kit are no warning.
	r := rebuild(t, folder(t, two, files{"recovery_shard-0.txt": encode(t, two.Shards[0]), "recovery_shard-1.txt": otherKey}), entry(two, record.AnchorNone), recovery.RebuildOptions{})
	if !r.IsRight() || len(r.Warnings) > 0 {
		t.Errorf("a kit: %v, %q", r.Err, r.Warnings)
	}
}

// TestAcceptUnproved holds every doubt that a key is given out with.
func TestAcceptUnproved(t *testing.T) {
	k := makeKey(t, 53, sandbox.Spec{Group: group.Secp256k1})
	foreign := encode(t, planted(t, k).Shards[0])
	junkWallet := func(s *sandbox.Shard) {
		s.WalletPublicKey = k.Group.NewPoint().BaseMul(k.Group.NewScalar().SetUint64(9)).Bytes()
	}
	type files = map[string][]byte
	for _, c := range []struct {
		name   string
		files  files
		doubts []shard.Reason
	}{
		{"genuine", files{"recovery_shard-0.txt": encode(t, k.Shards[0])}, nil},
		{"the proof is damaged", files{"recovery_shard-0.txt": changed(t, k, spoilProof)}, []shard.Reason{recovery.ReasonUnproved}},
		{"another wallet key", files{"recovery_shard-0.txt": changed(t, k, junkWallet)}, []shard.Reason{shard.ReasonWalletKey}},
		{"both", files{"recovery_shard-0.txt": changed(t, k, func(s *sandbox.Shard) { spoilProof(s); junkWallet(s) })},
			[]shard.Reason{recovery.ReasonUnproved, shard.ReasonWalletKey}},
		{"two keys", files{"recovery_shard-0.txt": encode(t, k.Shards[0]), "recovery_shard-1.txt": foreign}, []shard.Reason{recovery.ReasonSeveralKeys}},
		{"two keys, and the proof is damaged", files{"recovery_shard-0.txt": changed(t, k, spoilProof), "recovery_shard-1.txt": []byte("x"),
			"recovery_shard-2.txt": changed(t, planted(t, k), spoilProof)}, []shard.Reason{recovery.ReasonSeveralKeys, recovery.ReasonUnproved}},
	} {
		d := folder(t, k, c.files)
		r := rebuild(t, d, entry(k, record.AnchorNone), recovery.RebuildOptions{AcceptUnproved: true})
		var doubts []shard.Reason
		for _, err := range r.Doubts {
			doubts = append(doubts, recovery.ReasonOf(err))
		}
		if r.Wallet == nil || !slices.Equal(doubts, c.doubts) || r.IsRight() != (len(c.doubts) == 0) || !r.Wallet.Private().Equal(k.Wallet) {
			t.Errorf("%s: doubts %q, want %q: %v", c.name, doubts, c.doubts, r.Err)
		}
		// With an anchor, what is wrong does no harm, and is a warning.
		r = rebuild(t, d, entry(k, record.AnchorService), recovery.RebuildOptions{})
		if !r.IsRight() || (len(c.doubts) > 0 && c.name != "the proof is damaged") != (len(r.Warnings) > 0) {
			t.Errorf("%s, with an anchor: %v, %q", c.name, r.Err, r.Warnings)
		}
		if slices.Contains(c.doubts, shard.ReasonWalletKey) && !has(r.Warnings, "recovery_shard-0.txt: walletPublicKeyBase64 is not the wallet's public key; the record's was used") {
			t.Errorf("%s, with an anchor: %q", c.name, r.Warnings)
		}
	}
}

// TestUnusualChild: a wallet that is another child of its master key is found
// where the record names it, and that is said.
func TestUnusualChild(t *testing.T) {
	k := makeKey(t, 54, sandbox.Spec{Group: group.Secp256k1})
	d := folder(t, k, map[string][]byte{"recovery_shard-0.txt": encode(t, k.Shards[0])})
	e := entry(k, record.AnchorService)
	r := rebuild(t, d, e, recovery.RebuildOptions{})
	if len(r.Warnings) > 0 {
		t.Errorf("the usual child: %q", r.Warnings)
	}
	e.PublicKey = k.Group.NewPoint().BaseMul(k.Master)
	r = rebuild(t, d, e, recovery.RebuildOptions{})
	if r.Err != nil || !has(r.Warnings, "the wallet key is derived as none, not in the usual way") {
		t.Errorf("the master key itself: %v, %q", r.Err, r.Warnings)
	}
}

// TestKeepMaster: a master key without its wallet key is kept where it is asked
// for and proved, or accepted; it is not a rebuilt key.
func TestKeepMaster(t *testing.T) {
	k := makeKey(t, 55, sandbox.Spec{Group: group.Secp256k1})
	lost, both := encode(t, k.Shards[0]), changed(t, k, spoilProof)
	again := changed(t, k, func(s *sandbox.Shard) { s.MPCAlgorithm = "x" })
	whole := encode(t, makeKey(t, 61, sandbox.Spec{Group: k.Group, IDs: k.IDs, Reshared: k}).Shards[0])
	rebuild := func(files map[string][]byte, anchor record.Anchor, opt recovery.RebuildOptions) *recovery.Rebuilt {
		r, err := collect(t, folder(t, k, files), entry(k, anchor)).Rebuild(t.Context(), noChainCode{testkey.Small(), k}, opt)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	for _, c := range []struct {
		name   string
		file   []byte
		anchor record.Anchor
		opt    recovery.RebuildOptions
		kept   bool
		reason shard.Reason
	}{
		{"asked for", lost, record.AnchorNone, recovery.RebuildOptions{WithMaster: true}, true, shard.ReasonChainCode},
		{"not asked for", lost, record.AnchorNone, recovery.RebuildOptions{}, false, shard.ReasonChainCode},
		{"accepted, and not asked for", lost, record.AnchorNone, recovery.RebuildOptions{AcceptUnproved: true}, false, shard.ReasonChainCode},
		{"not proved", both, record.AnchorService, recovery.RebuildOptions{WithMaster: true}, false, shard.ReasonChainCode},
		{"not proved, and accepted", both, record.AnchorService, recovery.RebuildOptions{WithMaster: true, AcceptUnproved: true}, true, shard.ReasonChainCode},
		{"not tried", both, record.AnchorNone, recovery.RebuildOptions{WithMaster: true}, false, recovery.ReasonUnproved},
	} {
		r := rebuild(map[string][]byte{"recovery_shard-0.txt": c.file}, c.anchor, c.opt)
		if (r.Master != nil) != c.kept || r.Wallet != nil || r.IsRight() || recovery.ReasonOf(r.Err) != c.reason {
			t.Errorf("%s: master %v, %v", c.name, r.Master != nil, r.Err)
		}
		if c.kept && !r.Master.Key().Equal(k.Master) || has(r.Warnings, "the master key was rebuilt and is kept; it is not the wallet key") != c.kept {
			t.Errorf("%s: another master key, or %q", c.name, r.Warnings)
		}
	}
	r := rebuild(map[string][]byte{"recovery_shard-0.txt": lost, "recovery_shard-1.txt": again}, record.AnchorNone, recovery.RebuildOptions{WithMaster: true})
	if r.Master == nil || !r.Master.Key().Equal(k.Master) || len(r.Warnings) != 1 {
		t.Errorf("of two backups: %v, %q", r.Err, r.Warnings)
	}
	r = rebuild(map[string][]byte{"recovery_shard-0.txt": lost, "recovery_shard-1.txt": whole}, record.AnchorNone, recovery.RebuildOptions{WithMaster: true})
	if !r.IsRight() || r.Master == nil || !r.Master.Key().Equal(k.Master) || !r.Wallet.Private().Equal(k.Wallet) {
		t.Errorf("with a backup that has the chain code: %v", r.Err)
	}
}

// TestWithMaster: of an ED25519 key the chain code is opened only where master
// keys are asked for.
func TestWithMaster(t *testing.T) {
	ed := makeKey(t, 56, sandbox.Spec{Group: group.Edwards25519})
	for with, want := range map[bool]int{false: 2, true: 3} {
		r := rebuild(t, folder(t, ed, map[string][]byte{"recovery_shard-0.txt": encode(t, ed.Shards[0])}), entry(ed, record.AnchorNone), recovery.RebuildOptions{WithMaster: with})
		if !r.IsRight() || r.Operations != want || r.Master == nil {
			t.Errorf("ED25519, %v: %d operations, %v", with, r.Operations, r.Err)
		}
	}
}

// broken is a recovery key that fails for a cause of its own.
type broken struct {
	*counting
	after int
}

var errBroken = errors.New("the token was taken out")

func (b *broken) Decrypt(random io.Reader, text []byte, opts crypto.DecrypterOpts) ([]byte, error) {
	if b.done >= b.after {
		return nil, errBroken
	}
	return b.counting.Decrypt(random, text, opts)
}

// TestRecoveryKeyFails: a recovery key that cannot be used ends the work, at once
// and with no result.
func TestRecoveryKeyFails(t *testing.T) {
	tier.Long(t)
	k := makeKey(t, 59, sandbox.Spec{Group: group.Secp256k1})
	again := changed(t, k, func(s *sandbox.Shard) { s.MPCAlgorithm = "x" })
	d := folder(t, k, map[string][]byte{"recovery_shard-0.txt": encode(t, k.Shards[0]), "recovery_shard-1.txt": again, "recovery_shard-2.txt": changed(t, k, spoilProof)})
	for after := range 3 {
		for _, opt := range []recovery.RebuildOptions{{}, {AcceptUnproved: true}, {Salvage: true}} {
			key := &broken{&counting{PrivateKey: testkey.Small()}, after}
			r, err := collect(t, d, entry(k, record.AnchorService)).Rebuild(t.Context(), key, opt)
			if !errors.Is(err, errBroken) || r != nil || key.done != after {
				t.Errorf("after %d: %v, %v, %d done", after, r, err, key.done)
			}
		}
	}
	single := folder(t, k, map[string][]byte{"recovery_shard-0.txt": changed(t, k, spoilProof), "v": changed(t, k, func(s *sandbox.Shard) { spoilProof(s); s.MPCAlgorithm = "x" })})
	key := &broken{&counting{PrivateKey: testkey.Small()}, 1}
	if r, err := collect(t, single, entry(k, record.AnchorNone)).Rebuild(t.Context(), key, recovery.RebuildOptions{AcceptUnproved: true}); !errors.Is(err, errBroken) || r != nil {
		t.Errorf("joined copies: %v", err)
	}
	_, other, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	if r, err := collect(t, d, entry(k, record.AnchorService)).Rebuild(t.Context(), noRSA{other}, recovery.RebuildOptions{}); err == nil || r != nil || err.Error() != "the recovery key is not an RSA key" {
		t.Errorf("not an RSA key: %v", err)
	}
}

// noRSA is a decrypter of another kind.
type noRSA struct{ ed25519.PrivateKey }

func (noRSA) Decrypt(io.Reader, []byte, crypto.DecrypterOpts) ([]byte, error) { return nil, errBroken }

// TestOneTry: a single backup that gives another key than the record's is tried once.
func TestOneTry(t *testing.T) {
	k := makeKey(t, 72, sandbox.Spec{Group: group.Secp256k1})
	r := rebuild(t, folder(t, k, map[string][]byte{"recovery_shard-0.txt": encode(t, planted(t, k).Shards[0])}), entry(k, record.AnchorService), recovery.RebuildOptions{})
	if recovery.ReasonOf(r.Err) != recovery.ReasonRecord || r.Operations != 3 {
		t.Errorf("%d operations: %v", r.Operations, r.Err)
	}
}
