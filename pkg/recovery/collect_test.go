package recovery_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	sandbox "recover/fixtures"
	"recover/fixtures/testkey"
	"recover/internal/bucket"
	"recover/internal/group"
	"recover/internal/uuid"
	"recover/pkg/record"
	"recover/pkg/recovery"
	"recover/pkg/rsadecrypt"
	"recover/pkg/shard"
	"recover/pkg/wallet"
)

// warned are warnings of one code.
func warned(code string, details ...string) (all []recovery.Warning) {
	for _, d := range details {
		all = append(all, recovery.Warning{Code: code, Detail: d})
	}
	return all
}

// has tells whether one of the warnings holds the text.
func has(warnings []recovery.Warning, text string) bool {
	return slices.ContainsFunc(warnings, func(w recovery.Warning) bool { return strings.Contains(w.Detail, text) })
}

// TestCollect holds what is known of each file of a key's folder.
func TestCollect(t *testing.T) {
	k := makeKey(t, 20, sandbox.Spec{Group: group.Secp256k1})
	good := encode(t, k.Shards[0])
	d := folder(t, k, map[string][]byte{
		"recovery_shard-0.txt": good, "recovery_shard-1.txt": []byte("junk"), "recovery_shard-2.txt": []byte("junk"),
		"copy": good, "note": []byte("a note"), "note-2": []byte("a note"), "junk": []byte("junk"),
	})
	s := collect(t, d, entry(k, record.AnchorNone))
	if s.Found() != 4 {
		t.Errorf("found %d", s.Found())
	}
	files := make(map[string]*recovery.Backup)
	for _, b := range s.All() {
		files[filepath.Base(b.Path)] = b
	}
	first, copied, junk := files["recovery_shard-0.txt"], files["copy"], files["recovery_shard-1.txt"]
	if len(files) != 4 || first == nil || copied == nil || junk == nil || files["recovery_shard-2.txt"] == nil {
		t.Fatalf("files %v", files)
	}
	if first.Err != nil || !first.HasKey() || first.Group() != k.Group || first.SameAs != nil || len(first.SHA256) != 64 ||
		first.RecoveryKey != rsadecrypt.FingerprintOf(&testkey.Small().PublicKey) ||
		!first.MasterPublicKey.Equal(k.Group.NewPoint().BaseMul(k.Master)) || !first.WalletPublicKey.Equal(k.Group.NewPoint().BaseMul(k.Wallet)) {
		t.Errorf("the backup: %+v", first)
	}
	if copied.SameAs != first || copied.SHA256 != first.SHA256 || copied.HasKey() || copied.Group() != nil || copied.Err != nil {
		t.Errorf("the copy: %+v", copied)
	}
	if shard.ReasonOf(junk.Err) != shard.ReasonMalformed || junk.HasKey() || files["recovery_shard-2.txt"].Err != junk.Err {
		t.Errorf("junk: %+v", junk)
	}
	key := k.IDs.Key.String()
	if want := warned(recovery.WarnNotShard, key+"/junk is not a shard", key+"/note is not a shard", key+"/note-2 is not a shard"); !slices.Equal(s.Warnings, want) {
		t.Errorf("warnings %q, want %q", s.Warnings, want)
	}
	if sh, err := s.Load(first); err != nil || sh.Fingerprint() != first.RecoveryKey {
		t.Errorf("loaded: %v", err)
	}
	if err := s.CheckRecord(); err != nil {
		t.Errorf("CheckRecord: %v", err)
	}
	other := entry(k, record.AnchorNone)
	other.Algorithm = group.Edwards25519
	if b := collect(t, d, other).All()[0]; shard.ReasonOf(b.Err) != shard.ReasonAlgorithm || !b.HasKey() {
		t.Errorf("recorded as ED25519: %v", b.Err)
	}
}

// TestOnlyNotes: notes are no backup of a key.
func TestOnlyNotes(t *testing.T) {
	k := makeKey(t, 20, sandbox.Spec{Group: group.Secp256k1})
	d := folder(t, k, map[string][]byte{"note": []byte("a note")})
	s := collect(t, d, entry(k, record.AnchorNone))
	if s.Found() != 0 || len(s.All()) != 0 || s.CheckRecord() != recovery.ErrMissing {
		t.Errorf("found %d, %v", s.Found(), s.CheckRecord())
	}
	o := try(t, d, entry(k, record.AnchorNone), recovery.RebuildOptions{Salvage: true})
	if o.rebuilt.Err != recovery.ErrMissing || o.verdict.Err != recovery.ErrMissing || o.rebuilt.Operations != 0 {
		t.Errorf("%v, %v", o.rebuilt.Err, o.verdict.Err)
	}
	if en := enroll(t, d, k, nil); en.Err != recovery.ErrMissing || en.Usable || !has(en.Warnings, "is not a shard") {
		t.Errorf("%+v", en)
	}
}

// TestSingleFile: a download that is one file is the backup, whatever its name
// and content are.
func TestSingleFile(t *testing.T) {
	k := makeKey(t, 20, sandbox.Spec{Group: group.Secp256k1})
	dir := t.TempDir()
	write(t, dir, map[string][]byte{"any": encode(t, k.Shards[0]), "junk": []byte("junk")})
	o := try(t, openDownload(t, filepath.Join(dir, "any")), entry(k, record.AnchorNone), recovery.RebuildOptions{})
	if o.rebuildReason() != ok || o.verifyReason() != ok {
		t.Errorf("%v, %v", o.rebuilt.Err, o.verdict.Err)
	}
	d := openDownload(t, filepath.Join(dir, "junk"))
	o = try(t, d, entry(k, record.AnchorNone), recovery.RebuildOptions{})
	if o.rebuildReason() != shard.ReasonMalformed || o.verifyReason() != shard.ReasonMalformed {
		t.Errorf("%v, %v", o.rebuilt.Err, o.verdict.Err)
	}
	if err := os.Remove(filepath.Join(dir, "junk")); err != nil {
		t.Fatal(err)
	}
	var unreadable *recovery.UnreadableError
	if s, err := recovery.Collect(t.Context(), d, entry(k, record.AnchorNone)); !errors.As(err, &unreadable) || !errors.Is(err, os.ErrNotExist) ||
		err.Error() != "no such file or directory" || s != nil {
		t.Errorf("it is gone: %v", err)
	}
}

// TestRead reads one file, whatever key it is of.
func TestRead(t *testing.T) {
	k := makeKey(t, 20, sandbox.Spec{Group: group.Edwards25519})
	d := folder(t, k, map[string][]byte{"a": encode(t, k.Shards[0]), "junk": []byte("junk")})
	in := k.IDs.Key.String() + "/"
	b, s := recovery.Read(d, bucket.File{Path: in + "a"})
	if b.Err != nil || s == nil || len(b.SHA256) != 64 || b.Group() != k.Group || b.Path != in+"a" {
		t.Errorf("a shard: %+v", b)
	}
	if b, s = recovery.Read(d, bucket.File{Path: in + "junk"}); shard.ReasonOf(b.Err) != shard.ReasonMalformed || s != nil || len(b.SHA256) != 64 {
		t.Errorf("junk: %+v", b)
	}
	if b, s = recovery.Read(d, bucket.File{Path: in + "absent"}); recovery.ReasonOf(b.Err) != recovery.ReasonUnreadable || s != nil || b.SHA256 != "" {
		t.Errorf("absent: %+v", b)
	}
}

// TestKeys: a key in two places comes once, and whoever has seen enough is heard.
func TestKeys(t *testing.T) {
	const a, b = "0830144c-4771-49fd-9ff5-9a4ee1a4e97a", "1bebb232-fdc1-481b-9318-67ed1f539b2a"
	dir := t.TempDir()
	write(t, dir, map[string][]byte{"1/" + a + "/x": nil, "2/" + a + "/x": nil, "2/" + b + "/x": nil})
	d := openDownload(t, dir)
	warned := func(path string, err error) { t.Errorf("%s: %v", path, err) }
	var all []string
	for id := range recovery.Keys(d, warned) {
		all = append(all, id.String())
	}
	slices.Sort(all)
	if !slices.Equal(all, []string{a, b}) {
		t.Errorf("keys %q", all)
	}
	for range recovery.Keys(d, warned) {
		break
	}
	if err := os.RemoveAll(filepath.Join(dir, "1")); err != nil {
		t.Fatal(err)
	}
	var path string
	for range recovery.Keys(d, func(p string, err error) { path = p }) {
	}
	if path != "1" {
		t.Errorf("a folder that is gone: warned of %q", path)
	}
}

// TestReadAgain: a backup whose parsed form is not kept is read again, and has to
// be the same file then.
func TestReadAgain(t *testing.T) {
	k := makeKey(t, 20, sandbox.Spec{Group: group.Secp256k1})
	good := encode(t, k.Shards[0])
	for size, kept := range map[int64]bool{int64(len(good)): true, int64(len(good)) - 1: false} {
		recovery.SetLimits(t, size, 0, 0, 0)
		d := folder(t, k, map[string][]byte{"recovery_shard-0.txt": good})
		if b := collect(t, d, entry(k, record.AnchorNone)).All()[0]; b.IsKept() != kept || b.Err != nil || !b.HasKey() {
			t.Errorf("limit %d: kept %v, %v", size, b.IsKept(), b.Err)
		}
		if o := try(t, d, entry(k, record.AnchorNone), recovery.RebuildOptions{}); o.rebuildReason() != ok || o.verifyReason() != ok {
			t.Errorf("limit %d: %v, %v", size, o.rebuilt.Err, o.verdict.Err)
		}
	}
	recovery.SetLimits(t, 1, 0, 0, 0)
	dir := t.TempDir()
	path := filepath.Join(dir, k.IDs.Key.String(), "recovery_shard-0.txt")
	for name, change := range map[string]func() error{
		"the file changed while the program was running": func() error {
			return os.WriteFile(path, encode(t, planted(t, k).Shards[0]), 0o600)
		},
		"no such file or directory": func() error { return os.Remove(path) },
	} {
		for _, anchor := range []record.Anchor{record.AnchorNone, record.AnchorService} {
			write(t, filepath.Dir(path), map[string][]byte{filepath.Base(path): good})
			d := openDownload(t, dir)
			var all [6]*recovery.Backups
			for i := range all {
				all[i] = collect(t, d, entry(k, anchor))
			}
			if v, err := all[5].Verify(t.Context(), nil); err != nil || v.Err != nil { // proved before it changes
				t.Fatal(err, v)
			}
			if err := change(); err != nil {
				t.Fatal(err)
			}
			r, err := all[0].Rebuild(t.Context(), testkey.Small(), recovery.RebuildOptions{})
			if err != nil {
				t.Fatal(err)
			}
			v, err := all[1].Verify(t.Context(), nil)
			if err != nil {
				t.Fatal(err)
			}
			en, err := all[2].Enroll(t.Context(), recovery.Known{Quorums: []uuid.ID{k.IDs.Quorum}})
			if err != nil {
				t.Fatal(err)
			}
			_, loadErr := all[3].Load(all[3].All()[0])
			proved, err := all[5].Verify(t.Context(), nil)
			if err != nil {
				t.Fatal(err)
			}
			again, err := all[5].Rebuild(t.Context(), testkey.Small(), recovery.RebuildOptions{})
			if err != nil {
				t.Fatal(err)
			}
			for what, err := range map[string]error{"rebuild": r.Err, "verify": v.Err, "enroll": en.Err, "load": loadErr, "check": all[4].CheckRecord(), "proved": proved.Err, "rebuild what is proved": again.Err} {
				if recovery.ReasonOf(err) != recovery.ReasonUnreadable || err.Error() != name {
					t.Errorf("%s, %s, %s: %v", name, anchor, what, err)
				}
			}
			for _, demand := range all[3].Demands(false) {
				if demand.Keys != 0 || demand.Operations != 0 {
					t.Errorf("%s: %+v", name, demand)
				}
			}
		}
	}
}

// TestCollectLimits: of different files so many are parsed, and so much of the
// damaged ones is searched; files with the name of a shard are all parsed.
func TestCollectLimits(t *testing.T) {
	k := makeKey(t, 20, sandbox.Spec{Group: group.Secp256k1})
	good := encode(t, k.Shards[0])
	recovery.SetLimits(t, 0, 3, 0, 0)
	for notes, want := range map[int]bool{2: false, 3: true} {
		files := map[string][]byte{"recovery_shard-0.txt": good}
		for i := range notes {
			files[fmt.Sprint("note-", i)] = fmt.Appendf(nil, "note %d", i)
		}
		s := collect(t, folder(t, k, files), entry(k, record.AnchorNone))
		text := fmt.Sprintf("%d different files are in the key's folder", notes+1)
		if has(s.Warnings, text) != want || has(s.Warnings, "note-2") || !has(s.Warnings, "note-1 is not a shard") {
			t.Errorf("%d notes: %q", notes, s.Warnings)
		}
	}
	named := map[string][]byte{"recovery_shard-9.txt": good}
	for i := range 4 {
		named[fmt.Sprintf("recovery_shard-%d.txt", i)] = fmt.Appendf(nil, "junk %d", i)
	}
	if b := collect(t, folder(t, k, named), entry(k, record.AnchorNone)).All(); len(b) != 5 || !b[4].HasKey() || shard.ReasonOf(b[3].Err) != shard.ReasonMalformed {
		t.Errorf("named files: %v", b[4].Err)
	}
	damaged := planted(t, k)
	damaged.Shards[0].Data.Version = "9"
	bad := encode(t, damaged.Shards[0])
	forged := map[string][]byte{"recovery_shard-0.txt": good, "recovery_shard-1.txt": bad, "other": append(slices.Clone(bad), ' ')}
	for _, c := range []struct {
		examined int64
		one      int
		conflict bool
		warned   bool
	}{
		{int64(len(bad)), len(bad), true, false},
		{int64(len(bad)) - 1, len(bad), false, true},
		{int64(len(bad)), len(bad) - 1, false, true},
	} {
		recovery.SetLimits(t, 0, 0, c.examined, c.one)
		s := collect(t, folder(t, k, forged), entry(k, record.AnchorNone))
		if got := recovery.ReasonOf(s.CheckRecord()) == recovery.ReasonSeveralKeys; got != c.conflict {
			t.Errorf("limits %d and %d: %v", c.examined, c.one, s.CheckRecord())
		}
		if has(s.Warnings, "recovery_shard-1.txt: damaged, and too large") != c.warned || has(s.Warnings, "other: damaged") {
			t.Errorf("limits %d and %d: %q", c.examined, c.one, s.Warnings)
		}
		for _, b := range s.All() {
			if (b.Err == nil) != strings.HasSuffix(b.Path, "recovery_shard-0.txt") {
				t.Errorf("limits %d and %d: %s: %v", c.examined, c.one, b.Path, b.Err)
			}
		}
	}
}

// TestReasons holds the reason and the text of each error.
func TestReasons(t *testing.T) {
	inner := errors.New("inner")
	malformed := &shard.Error{Reason: shard.ReasonMalformed}
	for _, c := range []struct {
		err    error
		reason shard.Reason
		text   string
	}{
		{&recovery.RecordError{Field: "address", Fact: "fact"}, recovery.ReasonRecord, "fact"},
		{&wallet.MismatchError{Field: "address"}, recovery.ReasonRecord, ""},
		{&recovery.SeveralKeysError{First: "a", Other: "b", Anchored: true}, recovery.ReasonSeveralKeys,
			"a and b are backups of different keys, and both claim to be of the recorded wallet"},
		{&recovery.SeveralKeysError{First: "a", Other: "b"}, recovery.ReasonSeveralKeys,
			"a and b are backups of different keys, and the record has no public_key or address to tell which is right"},
		{&recovery.UnprovedError{Why: malformed}, recovery.ReasonUnproved, ""},
		{&recovery.UnprovedError{Why: inner}, recovery.ReasonUnproved,
			"nothing proves that this backup is the right one: inner; and the record has no public_key or address"},
		{&recovery.WalletKeyError{Fact: "fact"}, shard.ReasonWalletKey, "fact"},
		{&recovery.QuorumError{Tried: 3}, recovery.ReasonQuorum, "none of the 3 quorum IDs that are known is this key's"},
		{malformed, shard.ReasonMalformed, ""},
	} {
		if got := recovery.ReasonOf(fmt.Errorf("wrapped: %w", c.err)); got != c.reason {
			t.Errorf("%T: %q, want %q", c.err, got, c.reason)
		}
		if c.text != "" && c.err.Error() != c.text {
			t.Errorf("%T: %s", c.err, c.err)
		}
	}
	if !errors.Is(&recovery.UnprovedError{Why: inner}, inner) {
		t.Error("an UnprovedError hides why")
	}
}
