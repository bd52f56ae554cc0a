package recovery_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	sandbox "recover/fixtures"
	"recover/fixtures/testkey"
	"recover/fixtures/tier"
	"recover/internal/group"
	"recover/internal/uuid"
	"recover/pkg/record"
	"recover/pkg/recovery"
	"recover/pkg/shard"
	"recover/pkg/wallet"
)

func base64Of(b []byte) string          { return base64.StdEncoding.EncodeToString(b) }
func decode64(s string) ([]byte, error) { return base64.StdEncoding.DecodeString(s) }
func unbase64(t testing.TB, b []byte) []byte {
	t.Helper()
	raw, err := decode64(string(b))
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

const ok = shard.Reason("ok")

// TestRule is the rule of the package, case by case: what lies in the folder,
// what the record has, and what has to come of it.
func TestRule(t *testing.T) {
	tier.Long(t)
	secp := makeKey(t, 1, sandbox.Spec{Group: group.Secp256k1})
	ed := makeKey(t, 2, sandbox.Spec{Group: group.Edwards25519})
	old := makeKey(t, 3, sandbox.Spec{Group: group.Secp256k1, Version: "1.0.0"})
	one := func(data []byte) map[string][]byte { return map[string][]byte{"recovery_shard-0.txt": data} }
	plain := func(k *sandbox.Key) map[string][]byte { return one(encode(t, k.Shards[0])) }
	foreign := func(k *sandbox.Key) []byte { return encode(t, planted(t, k).Shards[0]) }
	point := func(k *sandbox.Key, s group.Scalar) []byte { return k.Group.NewPoint().BaseMul(s).Bytes() }
	seed := func(s *sandbox.Shard) { s.Data.Players[0].Rs[0][5] ^= 1 } // spoils the proof, and nothing that a rebuild needs
	masterAsWallet := one(changed(t, secp, func(s *sandbox.Shard) { s.WalletPublicKey = point(secp, secp.Master) }))
	junkWallet := func(k *sandbox.Key) map[string][]byte {
		return one(changed(t, k, func(s *sandbox.Shard) { s.WalletPublicKey = point(k, k.Group.NewScalar().SetUint64(9)) }))
	}
	type want struct{ none, backup, service shard.Reason }
	for _, c := range []struct {
		name            string
		key             *sandbox.Key
		files           map[string][]byte
		rebuild, verify want
		accepted        shard.Reason // without an anchor, with AcceptUnproved
	}{
		{"genuine", secp, plain(secp), want{ok, ok, ok}, want{ok, ok, ok}, ok},
		{"genuine, ED25519", ed, plain(ed), want{ok, ok, ok}, want{ok, ok, ok}, ok},
		{"no folder", secp, nil, want{"missing", "missing", "missing"}, want{"missing", "missing", "missing"}, "missing"},
		{"the proof is damaged", secp, one(changed(t, secp, seed)),
			want{"unproved", "unproved", ok}, want{"proof-failed", "proof-failed", "proof-failed"}, "unproved, written"},
		{"no proof", old, plain(old), want{"unproved", "unproved", ok}, want{"no-proof", "no-proof", "no-proof"}, "unproved, written"},
		{"the wallet key is the master key", secp, masterAsWallet,
			want{"wallet-key-mismatch", "wallet-key-mismatch", ok},
			want{"wallet-key-mismatch", "wallet-key-mismatch", "record-mismatch"}, "unproved, written"},
		{"a junk wallet key", secp, junkWallet(secp),
			want{"wallet-key-mismatch", "wallet-key-mismatch", ok}, want{ok, ok, "record-mismatch"}, "unproved, written"},
		{"a junk wallet key, ED25519", ed, junkWallet(ed),
			want{"wallet-key-mismatch", "wallet-key-mismatch", ok},
			want{"wallet-key-mismatch", "wallet-key-mismatch", "wallet-key-mismatch"}, "unproved, written"},
		{"another key in its place", secp, one(foreign(secp)), // whoever knows the quorum ID can do that: only an anchor tells
			want{ok, "record-mismatch", "record-mismatch"}, want{ok, "record-mismatch", "record-mismatch"}, ok},
		{"another key in its place, ED25519", ed, one(foreign(ed)),
			want{ok, "record-mismatch", "record-mismatch"}, want{ok, "record-mismatch", "record-mismatch"}, ok},
		{"another key after it", secp, map[string][]byte{"recovery_shard-0.txt": encode(t, secp.Shards[0]), "recovery_shard-0.txt.v1": foreign(secp)},
			want{"several-keys", "several-keys", ok}, want{"several-keys", "several-keys", ok}, "unproved, written"},
		{"another key before it", secp, map[string][]byte{"recovery_shard-0.txt.v1": encode(t, secp.Shards[0]), "recovery_shard-0.txt": foreign(secp)},
			want{"several-keys", "several-keys", ok}, want{"several-keys", "several-keys", ok}, "unproved, written"},
		{"another key that claims to be of the same wallet", secp, map[string][]byte{
			"recovery_shard-0.txt": changed(t, planted(t, secp), func(s *sandbox.Shard) { s.WalletPublicKey = secp.Shards[0].WalletPublicKey }),
			"recovery_shard-1.txt": encode(t, secp.Shards[0])},
			want{"several-keys", "several-keys", ok}, want{"several-keys", "several-keys", "several-keys"}, "unproved, written"},
		{"another key beside a damaged one", secp, map[string][]byte{"recovery_shard-0.txt": changed(t, secp, seed), "recovery_shard-9.txt": foreign(secp)},
			want{"several-keys", "several-keys", ok}, want{"several-keys", "several-keys", "proof-failed"}, "unproved, written"},
		{"another key beside one of version 1.0.0", old, map[string][]byte{"recovery_shard-1.txt": encode(t, old.Shards[0]), "recovery_shard-0.txt": foreign(old)},
			want{"several-keys", "several-keys", ok}, want{"several-keys", "several-keys", "record-mismatch"}, "unproved, written"},
		{"notes and links of the system", secp, map[string][]byte{
			"recovery_shard-0.txt": encode(t, secp.Shards[0]), "notes.md": []byte("# notes"), "recovery_shard-1.txt": []byte("<Error><Code>AccessDenied</Code></Error>"),
		}, want{ok, ok, ok}, want{ok, ok, ok}, ok},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, filepath.Join(dir, c.key.IDs.Key.String()), c.files)
			write(t, filepath.Join(dir, "11111111-2222-4333-8444-555555555555"), map[string][]byte{"x": nil})
			d := openDownload(t, dir)
			for _, a := range []struct {
				anchor          record.Anchor
				rebuild, verify shard.Reason
			}{
				{record.AnchorNone, c.rebuild.none, c.verify.none},
				{record.AnchorBackup, c.rebuild.backup, c.verify.backup},
				{record.AnchorService, c.rebuild.service, c.verify.service},
				{record.AnchorDrill, c.rebuild.service, c.verify.service},
			} {
				e := entry(c.key, a.anchor)
				o := try(t, d, e, recovery.RebuildOptions{})
				if got := o.rebuildReason(); got != a.rebuild {
					t.Errorf("%s: rebuild %q, want %q: %v", a.anchor, got, a.rebuild, o.rebuilt.Err)
				}
				if got := o.verifyReason(); got != a.verify {
					t.Errorf("%s: verify %q, want %q: %v", a.anchor, got, a.verify, o.verdict.Err)
				}
				var several *recovery.SeveralKeysError
				if errors.As(o.verdict.Err, &several) && several.Anchored != (a.anchor == record.AnchorService || a.anchor == record.AnchorDrill) {
					t.Errorf("%s: %v", a.anchor, several)
				}
				if a.anchor != record.AnchorNone && o.rebuilt.IsRight() && !o.rebuilt.Wallet.Private().Equal(c.key.Wallet) {
					t.Errorf("%s: a wrong key", a.anchor)
				}
			}
			o := try(t, d, entry(c.key, record.AnchorNone), recovery.RebuildOptions{AcceptUnproved: true})
			if got := o.rebuildReason(); got != c.accepted {
				t.Errorf("accepted: %q, want %q: %v", got, c.accepted, o.rebuilt.Err)
			}
			for _, anchor := range []record.Anchor{record.AnchorService, record.AnchorBackup} {
				o := try(t, d, entry(c.key, anchor), recovery.RebuildOptions{AcceptUnproved: true})
				if o.rebuilt.Wallet != nil && !o.rebuilt.Wallet.Private().Equal(c.key.Wallet) && anchor == record.AnchorService {
					t.Errorf("%s, accepted: a key that is not the recorded one", anchor)
				}
			}
		})
	}
}

// TestTwoBackups puts backups of two keys into one folder, the genuine one damaged
// by one bit in any field, in either order of names: without an anchor no key
// comes out and none is recorded; with one, never another than the right key.
func TestTwoBackups(t *testing.T) {
	tier.Long(t)
	rounds := 150
	if testing.Short() || underRace {
		rounds = 20
	}
	random := rand.New(rand.NewPCG(4, 5))
	right := 0
	for i := range rounds {
		version := []string{"3", "2", "1.0.0"}[i%3]
		k := makeKey(t, byte(i), sandbox.Spec{Group: groups[i/3%2], Version: version})
		genuine, field := encode(t, k.Shards[0]), "nothing"
		if i%7 > 0 {
			genuine, field = flipOne(t, random, genuine)
		}
		names := []string{"recovery_shard-0.txt", "recovery_shard-1.txt"}
		if i%2 == 1 {
			slices.Reverse(names)
		}
		forged := encode(t, planted(t, k).Shards[0])
		d := folder(t, k, map[string][]byte{names[0]: genuine, names[1]: forged})
		for _, anchor := range []record.Anchor{record.AnchorNone, record.AnchorBackup} {
			o := try(t, d, entry(k, anchor), recovery.RebuildOptions{})
			if o.rebuilt.Wallet != nil || o.verdict.Err == nil {
				t.Errorf("version %s, %s, %s damaged: rebuild %q, verify %q", version, anchor, field, o.rebuildReason(), o.verifyReason())
			}
		}
		if en := enroll(t, d, k, nil); en.Usable || en.Err == nil {
			t.Errorf("version %s, %s damaged: recorded as %+v", version, field, en.Entry)
		}
		o := try(t, d, entry(k, record.AnchorService), recovery.RebuildOptions{})
		switch {
		case o.rebuilt.Wallet == nil:
		case !o.rebuilt.Wallet.Private().Equal(k.Wallet):
			t.Errorf("version %s, %s damaged: a wrong key", version, field)
		default:
			right++
		}
	}
	if right < rounds*2/3 {
		t.Errorf("with an anchor, the right key came out %d times of %d", right, rounds)
	}
}

func enroll(t testing.TB, d *recovery.Download, k *sandbox.Key, wallets []record.Wallet) *recovery.Enrolled {
	t.Helper()
	b := collect(t, d, record.Entry{KeyID: k.IDs.Key})
	en, err := b.Enroll(t.Context(), recovery.Known{Quorums: []uuid.ID{{9, 9}, k.IDs.Quorum}, Wallets: wallets})
	if err != nil {
		t.Fatal(err)
	}
	return en
}

// TestEnroll: the service's list is the anchor, is never dropped or overruled,
// and nothing that the bucket claims becomes one.
func TestEnroll(t *testing.T) {
	k := makeKey(t, 11, sandbox.Spec{Group: group.Secp256k1})
	right := k.Group.NewPoint().BaseMul(k.Wallet)
	address := wallet.Addresses(k.Group, right)[0].Text
	other := k.Group.NewPoint().BaseMul(k.Group.NewScalar().SetUint64(77))
	list := func(w record.Wallet) []record.Wallet {
		w.KeyID, w.Name = k.IDs.Key, "treasury"
		return []record.Wallet{w}
	}
	genuine := map[string][]byte{"recovery_shard-0.txt": encode(t, k.Shards[0])}
	masterAsWallet := map[string][]byte{"recovery_shard-0.txt": changed(t, k, func(s *sandbox.Shard) {
		s.WalletPublicKey = k.Group.NewPoint().BaseMul(k.Master).Bytes()
	})}
	plantedToo := map[string][]byte{"recovery_shard-0.txt": encode(t, planted(t, k).Shards[0]), "recovery_shard-0.txt.v1": encode(t, k.Shards[0])}
	for _, c := range []struct {
		name    string
		files   map[string][]byte
		wallets []record.Wallet
		reason  shard.Reason
		anchor  record.Anchor // "": not recorded
	}{
		{"no list", genuine, nil, "", record.AnchorBackup},
		{"a list with the public key", genuine, list(record.Wallet{PublicKey: right}), "", record.AnchorService},
		{"a list with the address", genuine, list(record.Wallet{Address: address}), "", record.AnchorService},
		{"a list without key IDs", genuine, []record.Wallet{{PublicKey: right, Address: address, Name: "treasury"}}, "", record.AnchorService},
		{"another public key in the list", genuine, list(record.Wallet{PublicKey: other, QuorumID: k.IDs.Quorum}), "record-mismatch", record.AnchorService},
		{"another address in the list", genuine, list(record.Wallet{Address: "0x0000000000000000000000000000000000000001"}), "record-mismatch", record.AnchorService},
		{"the master key as the wallet's", masterAsWallet, nil, "wallet-key-mismatch", ""},
		{"the master key as the wallet's, and a list", masterAsWallet, list(record.Wallet{PublicKey: right, Address: address}), "record-mismatch", record.AnchorService},
		{"two keys", plantedToo, nil, "several-keys", ""},
		{"two keys, and a list", plantedToo, list(record.Wallet{PublicKey: right}), "", record.AnchorService},
	} {
		d := folder(t, k, c.files)
		en := enroll(t, d, k, c.wallets)
		if got := recovery.ReasonOf(en.Err); got != c.reason {
			t.Errorf("%s: %q, want %q: %v", c.name, got, c.reason, en.Err)
		}
		if en.Usable != (c.anchor != "") {
			t.Errorf("%s: usable %v", c.name, en.Usable)
		}
		if !en.Usable {
			continue
		}
		e := en.Entry
		if e.Anchor() != c.anchor || e.QuorumID != k.IDs.Quorum || e.Algorithm != k.Group {
			t.Errorf("%s: entry %+v", c.name, e)
		}
		if c.anchor == record.AnchorBackup && (!e.MasterPublicKey.Equal(k.Group.NewPoint().BaseMul(k.Master)) || e.PublicKey != nil || e.Address != "") {
			t.Errorf("%s: entry %+v", c.name, e)
		}
		if len(c.wallets) > 0 && (e.PublicKey != c.wallets[0].PublicKey || e.Address != c.wallets[0].Address || e.Name != "treasury") {
			t.Errorf("%s: what the list says was not kept: %+v", c.name, e)
		}
	}
}

// TestChainCodeFromTwoPlayers: the wrapped key of one player opens the sealed
// chain code of another, in one file or over copies.
func TestChainCodeFromTwoPlayers(t *testing.T) {
	k := makeKey(t, 12, sandbox.Spec{Group: group.Secp256k1})
	aux := func(s *sandbox.Shard, player int, key, data bool) {
		p := s.Data.Players[player]
		p.AuxKey, p.AuxEncrypted = slices.Clone(p.AuxKey), slices.Clone(p.AuxEncrypted)
		if key {
			p.AuxKey[100] ^= 1
		}
		if data {
			p.AuxEncrypted[10] ^= 1
		}
	}
	for name, files := range map[string]map[string][]byte{
		"one file": {"recovery_shard-0.txt": changed(t, k, func(s *sandbox.Shard) { aux(s, 0, true, false); aux(s, 1, false, true) })},
		"two copies": {
			"recovery_shard-0.txt": changed(t, k, func(s *sandbox.Shard) { aux(s, 0, true, false); aux(s, 1, true, false) }),
			"copy":                 changed(t, k, func(s *sandbox.Shard) { aux(s, 0, false, true); aux(s, 1, false, true) }),
		},
	} {
		o := try(t, folder(t, k, files), entry(k, record.AnchorService), recovery.RebuildOptions{})
		if !o.rebuilt.IsRight() || !o.rebuilt.Wallet.Private().Equal(k.Wallet) {
			t.Errorf("%s: %v", name, o.rebuilt.Err)
		}
	}
}

// TestForeignChainCode: with an anchor, the chain code that makes the recorded
// wallet is found beside one that somebody has put before it.
func TestForeignChainCode(t *testing.T) {
	k := makeKey(t, 13, sandbox.Spec{Group: group.Secp256k1, Players: 3, Threshold: 1, Sharing: shard.Shamir})
	files := map[string][]byte{"recovery_shard-0.txt": changed(t, k, func(s *sandbox.Shard) {
		a := newAttacker(t, 1, k)
		for _, p := range s.Data.Players[:2] {
			a.chainCode(s, p)
		}
	})}
	o := try(t, folder(t, k, files), entry(k, record.AnchorService), recovery.RebuildOptions{})
	if !o.rebuilt.IsRight() || !o.rebuilt.Wallet.Private().Equal(k.Wallet) {
		t.Errorf("%v", o.rebuilt.Err)
	}
}

// TestJunk: a thousand files of junk, one of them eighteen folders deep, and
// links to the backup do no harm, and what is the same is parsed once.
func TestJunk(t *testing.T) {
	tier.Long(t)
	k := makeKey(t, 14, sandbox.Spec{Group: group.Secp256k1})
	files := map[string][]byte{"recovery_shard-0.txt": encode(t, k.Shards[0]), strings.Repeat("d/", 18) + "f": []byte("deep")}
	for i := range 1000 {
		files[fmt.Sprintf("junk-%d", i)] = []byte(fmt.Sprint("junk ", i/2))
	}
	dir := t.TempDir()
	in := filepath.Join(dir, k.IDs.Key.String())
	write(t, in, files)
	for i := range 20 {
		if err := os.Link(filepath.Join(in, "recovery_shard-0.txt"), filepath.Join(in, fmt.Sprintf("recovery_shard-0.txt.%d", i))); err != nil {
			t.Fatal(err)
		}
	}
	for _, anchor := range []record.Anchor{record.AnchorNone, record.AnchorService} {
		o := try(t, openDownload(t, dir), entry(k, anchor), recovery.RebuildOptions{})
		if o.rebuildReason() != ok || o.verifyReason() != ok || o.rebuilt.Operations != 3 {
			t.Errorf("%s: rebuild %q with %d operations, verify %q: %v %v", anchor, o.rebuildReason(), o.rebuilt.Operations, o.verifyReason(), o.rebuilt.Err, o.verdict.Err)
		}
		text := fmt.Sprint(o.rebuilt.Warnings)
		for _, want := range []string{"folders are nested more than 16 deep", "more than 1000 files are below the key's folder"} {
			if !strings.Contains(text, want) {
				t.Errorf("no warning %q", want)
			}
		}
	}
}

// TestUnreadable: a file that cannot be read is a warning beside one that can.
func TestUnreadable(t *testing.T) {
	k := makeKey(t, 15, sandbox.Spec{Group: group.Secp256k1})
	dir := t.TempDir()
	in := filepath.Join(dir, k.IDs.Key.String())
	write(t, in, map[string][]byte{"recovery_shard-1.txt": encode(t, k.Shards[0])})
	if err := os.Symlink("nowhere", filepath.Join(in, "recovery_shard-0.txt")); err != nil {
		t.Fatal(err)
	}
	o := try(t, openDownload(t, dir), entry(k, record.AnchorNone), recovery.RebuildOptions{})
	if o.rebuildReason() != ok || o.verifyReason() != ok || !slices.ContainsFunc(o.rebuilt.Warnings, func(w recovery.Warning) bool {
		return w.Code == recovery.WarnBadCopy && strings.HasSuffix(w.Detail, "recovery_shard-0.txt: unreadable: a link to a file that is not there")
	}) {
		t.Errorf("%q %q %q", o.rebuildReason(), o.verifyReason(), o.rebuilt.Warnings)
	}
	if err := os.Remove(filepath.Join(in, "recovery_shard-1.txt")); err != nil {
		t.Fatal(err)
	}
	o = try(t, openDownload(t, dir), entry(k, record.AnchorNone), recovery.RebuildOptions{})
	if o.rebuildReason() != recovery.ReasonUnreadable || o.verifyReason() != recovery.ReasonUnreadable {
		t.Errorf("%q %q", o.rebuildReason(), o.verifyReason())
	}
}

// TestLostIndices: a salvage of many shares whose indices are lost ends soon, also
// where two shares claim the same one, so that no assignment can be right.
func TestLostIndices(t *testing.T) {
	tier.Long(t)
	k := makeKey(t, 19, sandbox.Spec{Group: group.Edwards25519, Players: 14, Threshold: 13, Sharing: shard.Shamir})
	d := folder(t, k, map[string][]byte{"recovery_shard-0.txt": changed(t, k, func(s *sandbox.Shard) {
		other := k.Group.NewPoint().BaseMul(k.Group.NewScalar().SetUint64(5))
		s.RootPublicKey = group.MarshalSPKI(k.Group, other)
		for i, p := range s.Data.Players {
			first, second := p.Commitments["0"], p.Commitments["1"]
			p.PublicKey = other.Bytes()
			p.Index, p.Commitments = 1000+i, map[string][]byte{}
			if i == 0 {
				p.Commitments["0"] = first
			}
			if i == 1 {
				p.Commitments["0"] = second
			}
		}
	})})
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	r, err := collect(t, d, entry(k, record.AnchorNone)).Rebuild(ctx, testkey.Small(), recovery.RebuildOptions{Salvage: true, AcceptUnproved: true})
	if err != nil || r.Err == nil {
		t.Errorf("%v, %+v", err, r)
	}
}
