package recovery_test

import (
	"slices"
	"testing"

	sandbox "recover/fixtures"
	"recover/fixtures/testkey"
	"recover/internal/group"
	"recover/internal/uuid"
	"recover/pkg/record"
	"recover/pkg/recovery"
	"recover/pkg/rsadecrypt"
	"recover/pkg/shard"
	"recover/pkg/wallet"
)

func enrollAs(t testing.TB, d *recovery.Download, e record.Entry, known recovery.Known) *recovery.Enrolled {
	t.Helper()
	en, err := collect(t, d, e).Enroll(t.Context(), known)
	if err != nil {
		t.Fatal(err)
	}
	return en
}

// TestEnrollQuorum: the quorum ID is the one that the backup opens with, of those
// that are known; the recorded one is kept as a previous one.
func TestEnrollQuorum(t *testing.T) {
	k := makeKey(t, 40, sandbox.Spec{Group: group.Edwards25519})
	d := folder(t, k, map[string][]byte{"recovery_shard-0.txt": encode(t, k.Shards[0])})
	right, old, other := k.IDs.Quorum, uuid.ID{1}, uuid.ID{2}
	for _, c := range []struct {
		name             string
		quorum           uuid.ID
		previous, known  []uuid.ID
		reason           shard.Reason
		quorumIs         uuid.ID
		previousIs       []uuid.ID
		tried            int
		warned, complete bool
	}{
		{"known", uuid.ID{}, nil, []uuid.ID{other, right}, "", right, nil, 0, false, true},
		{"recorded", right, nil, nil, "", right, nil, 0, false, true},
		{"recorded before", old, []uuid.ID{right}, nil, "", old, []uuid.ID{right}, 0, false, true},
		{"another is recorded", old, []uuid.ID{other}, []uuid.ID{right}, "", right, []uuid.ID{old, other}, 0, true, true},
		{"none is known", uuid.ID{}, nil, nil, recovery.ReasonQuorum, uuid.ID{}, nil, 0, false, false},
		{"others are known", uuid.ID{}, nil, []uuid.ID{old, other}, recovery.ReasonQuorum, uuid.ID{}, nil, 2, false, false},
	} {
		en := enrollAs(t, d, record.Entry{KeyID: k.IDs.Key, QuorumID: c.quorum, PreviousQuorumIDs: c.previous}, recovery.Known{Quorums: c.known})
		if got := recovery.ReasonOf(en.Err); got != c.reason || en.Usable != c.complete {
			t.Errorf("%s: %q, usable %v: %v", c.name, got, en.Usable, en.Err)
		}
		e := en.Entry
		if e.QuorumID != c.quorumIs || !slices.Equal(e.PreviousQuorumIDs, c.previousIs) || has(en.Warnings, "is kept as a previous one") != c.warned {
			t.Errorf("%s: %s, previous %v, warnings %q", c.name, e.QuorumID, e.PreviousQuorumIDs, en.Warnings)
		}
		if q, is := en.Err.(*recovery.QuorumError); is && q.Tried != c.tried {
			t.Errorf("%s: %v", c.name, q)
		}
		if c.complete && (e.Algorithm != k.Group || en.Backup == nil || !slices.Equal(en.RecoveryKeys, []rsadecrypt.Fingerprint{en.Backup.RecoveryKey}) ||
			e.MasterPublicKey == nil || e.Recorded != record.AnchorBackup) {
			t.Errorf("%s: %+v", c.name, en)
		}
	}
	// Without a ciphertext that can be tried, the proof says so.
	uncheckable := folder(t, k, map[string][]byte{"recovery_shard-0.txt": changed(t, k, func(s *sandbox.Shard) {
		for _, p := range s.Data.Players {
			p.Vs, p.Rs, p.Combination = nil, nil, nil
		}
	})})
	known := recovery.Known{Quorums: []uuid.ID{right}}
	if en := enrollAs(t, uncheckable, record.Entry{KeyID: k.IDs.Key}, known); en.Err == nil || en.Usable || recovery.ReasonOf(en.Err) == recovery.ReasonQuorum {
		t.Errorf("what cannot be tried: %v", en.Err)
	}
	if en := enrollAs(t, uncheckable, record.Entry{KeyID: k.IDs.Key}, recovery.Known{}); recovery.ReasonOf(en.Err) != recovery.ReasonQuorum {
		t.Errorf("what cannot be tried, without a quorum ID: %v", en.Err)
	}
}

// TestEnrollKit: only backups for the known recovery keys count, and of what is
// wrong with the others the first that tells something is said.
func TestEnrollKit(t *testing.T) {
	k := kit(t, 41, group.Secp256k1)
	small, large := rsadecrypt.FingerprintOf(&testkey.Small().PublicKey), rsadecrypt.FingerprintOf(&testkey.Recovery(0).PublicKey)
	third := rsadecrypt.FingerprintOf(&testkey.Recovery(1).PublicKey)
	first, second := encode(t, k.Shards[0]), encode(t, k.Shards[1])
	both := map[string][]byte{"recovery_shard-0.txt": first, "recovery_shard-1.txt": second, "copy": first}
	again := map[string][]byte{"recovery_shard-0.txt": first, "v1": changed(t, k, func(s *sandbox.Shard) { s.MPCAlgorithm = "x" })}
	damaged := map[string][]byte{"recovery_shard-0.txt": first, "recovery_shard-1.txt": []byte("x"), "recovery_shard-2.txt": []byte("y")}
	for _, c := range []struct {
		name   string
		files  map[string][]byte
		known  []rsadecrypt.Fingerprint
		reason shard.Reason
		is     []rsadecrypt.Fingerprint
	}{
		{"any", both, nil, "", []rsadecrypt.Fingerprint{small, large}},
		{"the second", both, []rsadecrypt.Fingerprint{large}, "", []rsadecrypt.Fingerprint{large}},
		{"twice the first", again, nil, "", []rsadecrypt.Fingerprint{small}},
		{"neither", both, []rsadecrypt.Fingerprint{third}, shard.ReasonOtherRecoveryKey, nil},
		{"neither, and damaged ones", damaged, []rsadecrypt.Fingerprint{third}, shard.ReasonMalformed, nil},
		{"damaged ones too", damaged, []rsadecrypt.Fingerprint{small}, "", []rsadecrypt.Fingerprint{small}},
	} {
		en := enrollAs(t, folder(t, k, c.files), record.Entry{KeyID: k.IDs.Key}, recovery.Known{Quorums: []uuid.ID{k.IDs.Quorum}, RecoveryKeys: c.known})
		if got := recovery.ReasonOf(en.Err); got != c.reason || en.Usable != (c.reason == "") || !slices.Equal(en.RecoveryKeys, c.is) {
			t.Errorf("%s: %q, usable %v, %v: %v", c.name, got, en.Usable, en.RecoveryKeys, en.Err)
		}
		if len(c.is) > 0 && en.Backup.RecoveryKey != c.is[0] {
			t.Errorf("%s: %s", c.name, en.Backup.Path)
		}
	}
	recovery.SetLimits(t, 0, 1, 0, 0)
	en := enrollAs(t, folder(t, k, both), record.Entry{KeyID: k.IDs.Key}, recovery.Known{Quorums: []uuid.ID{k.IDs.Quorum}})
	if en.Err != nil || !slices.Equal(en.RecoveryKeys, []rsadecrypt.Fingerprint{small}) {
		t.Errorf("so many are proved, and no more: %v, %v", en.Err, en.RecoveryKeys)
	}
	recovery.SetLimits(t, 0, 2, 0, 0)
	copies := map[string][]byte{"recovery_shard-0.txt": []byte("x"), "recovery_shard-1.txt": []byte("x"), "recovery_shard-2.txt": []byte("x"), "recovery_shard-3.txt": first}
	en = enrollAs(t, folder(t, k, copies), record.Entry{KeyID: k.IDs.Key}, recovery.Known{Quorums: []uuid.ID{k.IDs.Quorum}})
	if en.Err != nil || !slices.Equal(en.RecoveryKeys, []rsadecrypt.Fingerprint{small}) {
		t.Errorf("copies of one file count once: %v, %v", en.Err, en.RecoveryKeys)
	}
}

// TestEnrollList: what the service's list says is taken where the record says
// nothing, and where both speak and differ, the record's is kept and that is said.
func TestEnrollList(t *testing.T) {
	k := makeKey(t, 42, sandbox.Spec{Group: group.Secp256k1})
	right := k.Group.NewPoint().BaseMul(k.Wallet)
	other := k.Group.NewPoint().BaseMul(k.Group.NewScalar().SetUint64(77))
	addresses := wallet.Addresses(k.Group, right)
	address, otherAddress := addresses[0].Text, wallet.Addresses(k.Group, other)[0].Text
	d := folder(t, k, map[string][]byte{"recovery_shard-0.txt": encode(t, k.Shards[0])})
	none := folder(t, k, map[string][]byte{"recovery_shard-0.txt": changed(t, k, spoilProof)})
	type text struct{ name, chain, address string }
	for _, c := range []struct {
		title    string
		download *recovery.Download
		entry    record.Entry
		list     record.Wallet
		reason   shard.Reason
		usable   bool
		is       text
		public   group.Point
		anchor   record.Anchor
		warned   bool
	}{
		{"a name and a chain", d, record.Entry{}, record.Wallet{Name: "n", Blockchain: "c"},
			"", true, text{"n", "c", ""}, nil, record.AnchorBackup, false},
		{"the record's name and chain are kept", d, record.Entry{Name: "mine", Blockchain: "my chain"}, record.Wallet{Name: "n", Blockchain: "c", PublicKey: right},
			"", true, text{"mine", "my chain", ""}, right, record.AnchorService, false},
		{"the same public key, and an address", d, record.Entry{PublicKey: right, Recorded: record.AnchorDrill}, record.Wallet{PublicKey: right, Address: address},
			"", true, text{"", "", address}, right, record.AnchorDrill, false},
		{"the same address, and a public key", d, record.Entry{Address: address, Recorded: record.AnchorDrill}, record.Wallet{PublicKey: right, Address: address},
			"", true, text{"", "", address}, right, record.AnchorDrill, false},
		{"nothing beside the record's", d, record.Entry{PublicKey: right, Address: address, Recorded: record.AnchorDrill}, record.Wallet{Name: "n"},
			"", true, text{"n", "", address}, right, record.AnchorDrill, false},
		{"another public key than the record's", d, record.Entry{PublicKey: right, Recorded: record.AnchorDrill}, record.Wallet{PublicKey: other},
			recovery.ReasonRecord, true, text{}, right, record.AnchorDrill, false},
		{"another address than the record's", d, record.Entry{Address: address, Recorded: record.AnchorDrill}, record.Wallet{Address: otherAddress},
			recovery.ReasonRecord, true, text{"", "", address}, nil, record.AnchorDrill, false},
		{"an address of another form", d, record.Entry{}, record.Wallet{PublicKey: right, Address: "a form of its own"},
			"", true, text{"", "", "a form of its own"}, right, record.AnchorService, true},
		{"an address of another form alone", d, record.Entry{}, record.Wallet{Address: "a form of its own", QuorumID: k.IDs.Quorum},
			recovery.ReasonRecord, true, text{"", "", "a form of its own"}, nil, record.AnchorService, false},
		{"no backup that is proved", none, record.Entry{}, record.Wallet{PublicKey: right, QuorumID: k.IDs.Quorum},
			shard.ReasonProof, true, text{}, right, record.AnchorService, false},
		{"nor a quorum ID", none, record.Entry{}, record.Wallet{PublicKey: right},
			shard.ReasonProof, false, text{}, right, record.AnchorService, false},
		{"nor an algorithm", none, record.Entry{}, record.Wallet{Address: address, QuorumID: k.IDs.Quorum},
			shard.ReasonProof, false, text{"", "", address}, nil, record.AnchorService, false},
		{"only a name", none, record.Entry{}, record.Wallet{Name: "n", QuorumID: k.IDs.Quorum},
			shard.ReasonProof, false, text{"n", "", ""}, nil, record.AnchorNone, false},
	} {
		c.entry.KeyID, c.list.KeyID = k.IDs.Key, k.IDs.Key
		en := enrollAs(t, c.download, c.entry, recovery.Known{Quorums: []uuid.ID{k.IDs.Quorum}, Wallets: []record.Wallet{{KeyID: uuid.ID{5}, Name: "another"}, c.list}})
		if got := recovery.ReasonOf(en.Err); got != c.reason || en.Usable != c.usable {
			t.Errorf("%s: %q, usable %v: %v", c.title, got, en.Usable, en.Err)
		}
		e := en.Entry
		if (text{e.Name, e.Blockchain, e.Address}) != c.is || e.PublicKey != c.public || e.Anchor() != c.anchor {
			t.Errorf("%s: %+v, anchor %s", c.title, e, e.Anchor())
		}
		if c.usable && (e.QuorumID != k.IDs.Quorum || e.Algorithm != k.Group) {
			t.Errorf("%s: %+v", c.title, e)
		}
		if has(en.Warnings, "of a form that is not known here") != c.warned {
			t.Errorf("%s: %q", c.title, en.Warnings)
		}
		if (e.MasterPublicKey != nil) != (c.anchor == record.AnchorBackup) {
			t.Errorf("%s: master public key %v", c.title, e.MasterPublicKey)
		}
	}
}

// TestEnrollListTwice: a list that has a key ID twice names a wallet only where both
// agree, in either order.
func TestEnrollListTwice(t *testing.T) {
	k := makeKey(t, 44, sandbox.Spec{Group: group.Secp256k1})
	right := k.Group.NewPoint().BaseMul(k.Wallet)
	other := k.Group.NewPoint().BaseMul(k.Group.NewScalar().SetUint64(77))
	d := folder(t, k, map[string][]byte{"recovery_shard-0.txt": encode(t, k.Shards[0])})
	none := folder(t, k, map[string][]byte{"recovery_shard-0.txt": changed(t, k, spoilProof)})
	for _, c := range []struct {
		title          string
		download       *recovery.Download
		recorded       group.Point
		first, second  record.Wallet
		reason         shard.Reason
		usable, anchor bool
	}{
		{"on two chains", d, nil, record.Wallet{PublicKey: right, Blockchain: "ethereum"}, record.Wallet{PublicKey: right, Blockchain: "tron"}, "", true, true},
		{"one without a public key", d, nil, record.Wallet{Name: "n"}, record.Wallet{PublicKey: right}, "", true, true},
		{"two public keys", d, nil, record.Wallet{PublicKey: right}, record.Wallet{PublicKey: other}, recovery.ReasonRecord, false, false},
		{"two public keys, of which the record has one", d, right, record.Wallet{PublicKey: right}, record.Wallet{PublicKey: other}, recovery.ReasonRecord, true, true},
		{"two public keys, and no backup that is proved", none, nil, record.Wallet{PublicKey: right}, record.Wallet{PublicKey: other}, recovery.ReasonRecord, false, false},
	} {
		c.first.QuorumID, c.second.QuorumID = k.IDs.Quorum, k.IDs.Quorum
		for _, list := range [][]record.Wallet{{c.first, c.second}, {c.second, c.first}} {
			list[0].KeyID, list[1].KeyID = k.IDs.Key, k.IDs.Key
			start := record.Entry{KeyID: k.IDs.Key, PublicKey: c.recorded}
			if c.recorded != nil {
				start.Recorded = record.AnchorDrill
			}
			en := enrollAs(t, c.download, start, recovery.Known{Quorums: []uuid.ID{k.IDs.Quorum}, Wallets: list})
			if got := recovery.ReasonOf(en.Err); got != c.reason || en.Usable != c.usable {
				t.Errorf("%s: %q, usable %v: %v", c.title, got, en.Usable, en.Err)
			}
			if public := en.Entry.PublicKey; (public != nil) != c.anchor || public != nil && !public.Equal(right) {
				t.Errorf("%s: public key %v", c.title, public)
			}
			if len(en.Listed) != 2 {
				t.Errorf("%s: %d wallets of the list", c.title, len(en.Listed))
			}
		}
	}
}

// TestEnrollListWithoutIDs finds the wallet of a list without key IDs by the
// public key that a proved backup names, and by nothing else.
func TestEnrollListWithoutIDs(t *testing.T) {
	for _, g := range groups {
		k := makeKey(t, 43, sandbox.Spec{Group: g})
		right := g.NewPoint().BaseMul(k.Wallet)
		silent := changed(t, k, func(s *sandbox.Shard) { s.WalletPublicKey = nil })
		for name, file := range map[string][]byte{"named": encode(t, k.Shards[0]), "not named": silent} {
			d := folder(t, k, map[string][]byte{"recovery_shard-0.txt": file})
			list := []record.Wallet{{Name: "no public key"}, {KeyID: uuid.ID{5}, PublicKey: right, Name: "of another key ID"}, {PublicKey: right, Name: "it"}}
			en := enrollAs(t, d, record.Entry{KeyID: k.IDs.Key}, recovery.Known{Quorums: []uuid.ID{k.IDs.Quorum}, Wallets: list})
			want := "it"
			if name == "not named" && g == group.Secp256k1 {
				want = ""
			}
			if en.Err != nil || !en.Usable || en.Entry.Name != want || (en.Entry.PublicKey != nil) != (want != "") {
				t.Errorf("%s, %s: %v, %+v", g.Name(), name, en.Err, en.Entry)
			}
		}
	}
}

// TestEnrollForeign: of the backups the one that the list names is taken, wherever
// it lies, and the other is named.
func TestEnrollForeign(t *testing.T) {
	k := makeKey(t, 44, sandbox.Spec{Group: group.Edwards25519})
	d := folder(t, k, map[string][]byte{"recovery_shard-0.txt": encode(t, planted(t, k).Shards[0]), "recovery_shard-1.txt": encode(t, k.Shards[0])})
	list := []record.Wallet{{KeyID: k.IDs.Key, PublicKey: k.Group.NewPoint().BaseMul(k.Wallet)}}
	en := enrollAs(t, d, record.Entry{KeyID: k.IDs.Key}, recovery.Known{Quorums: []uuid.ID{k.IDs.Quorum}, Wallets: list})
	if en.Err != nil || !en.Usable || en.Backup.Path != k.IDs.Key.String()+"/recovery_shard-1.txt" {
		t.Errorf("%v, %+v", en.Err, en.Backup)
	}
	if want := k.IDs.Key.String() + "/recovery_shard-0.txt names another master public key: it may have been planted"; !slices.Equal(en.Warnings, warned(recovery.WarnForeign, want)) {
		t.Errorf("warnings %q", en.Warnings)
	}
}

// TestEnrollOtherGroup: the service's list stands against the bucket in the
// algorithm, too.
func TestEnrollOtherGroup(t *testing.T) {
	k := makeKey(t, 45, sandbox.Spec{Group: group.Secp256k1})
	d := folder(t, k, map[string][]byte{"recovery_shard-0.txt": encode(t, k.Shards[0])})
	g := group.Edwards25519
	list := []record.Wallet{{KeyID: k.IDs.Key, PublicKey: g.NewPoint().BaseMul(g.NewScalar().SetUint64(5))}}
	en := enrollAs(t, d, record.Entry{KeyID: k.IDs.Key}, recovery.Known{Quorums: []uuid.ID{k.IDs.Quorum}, Wallets: list})
	if recovery.ReasonOf(en.Err) != recovery.ReasonRecord || !en.Usable || en.Entry.Algorithm != g || en.Entry.PublicKey != list[0].PublicKey {
		t.Errorf("%v, %+v", en.Err, en.Entry)
	}
}
