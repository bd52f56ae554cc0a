package recovery_test

import (
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
	"recover/pkg/rsadecrypt"
	"recover/pkg/shard"
)

func verify(t testing.TB, d *recovery.Download, e record.Entry, expected ...rsadecrypt.Fingerprint) *recovery.Verdict {
	t.Helper()
	v, err := collect(t, d, e).Verify(t.Context(), expected)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// spoilProof changes a seed, which a rebuild does not need.
func spoilProof(s *sandbox.Shard) { s.Data.Players[0].Rs[0][5] ^= 1 }

// TestVerifyKit holds what verify says of the shards of two recovery keys: which
// it expects, which are valid, and which a rebuild uses.
func TestVerifyKit(t *testing.T) {
	tier.Long(t)
	k := kit(t, 30, group.Secp256k1)
	small, large := rsadecrypt.FingerprintOf(&testkey.Small().PublicKey), rsadecrypt.FingerprintOf(&testkey.Recovery(0).PublicKey)
	third := rsadecrypt.FingerprintOf(&testkey.Recovery(1).PublicKey)
	first, second := encode(t, k.Shards[0]), encode(t, k.Shards[1])
	spoilt := changed(t, k, spoilProof)
	type files = map[string][]byte
	both := files{"recovery_shard-0.txt": first, "recovery_shard-1.txt": second}
	for _, c := range []struct {
		name     string
		files    files
		expected []rsadecrypt.Fingerprint
		reason   shard.Reason // of the verdict
		copies   string       // o: valid and used, v: valid, x: not
		keys     []rsadecrypt.Fingerprint
		backup   int // index of the copy
		warning  string
	}{
		{"both", both, nil, ok, "oo", []rsadecrypt.Fingerprint{small, large}, 0, ""},
		{"both are expected", both, []rsadecrypt.Fingerprint{large, small}, ok, "oo", []rsadecrypt.Fingerprint{small, large}, 0, ""},
		{"one is expected", both, []rsadecrypt.Fingerprint{large}, ok, "xo", []rsadecrypt.Fingerprint{large}, 1,
			"recovery_shard-0.txt: other-recovery-key: "},
		{"neither is expected", both, []rsadecrypt.Fingerprint{third}, shard.ReasonOtherRecoveryKey, "xx", nil, 0, ""},
		{"one more is expected", both, []rsadecrypt.Fingerprint{small, large, third}, ok, "oo", []rsadecrypt.Fingerprint{small, large}, 0,
			"no shard for the recorded recovery key " + third.String() + " is there"},
		{"one is damaged", files{"recovery_shard-0.txt": spoilt, "recovery_shard-1.txt": second}, nil,
			shard.ReasonProof, "xo", []rsadecrypt.Fingerprint{large}, 1, ""},
		{"both of which one is damaged are expected", files{"recovery_shard-0.txt": spoilt, "recovery_shard-1.txt": second},
			[]rsadecrypt.Fingerprint{small, large}, shard.ReasonProof, "xo", []rsadecrypt.Fingerprint{large}, 1, ""},
		{"one is damaged, and a copy is not", files{"recovery_shard-0.txt": spoilt, "v1": first, "recovery_shard-1.txt": second}, nil,
			ok, "xoo", []rsadecrypt.Fingerprint{large, small}, 1, "recovery_shard-0.txt: proof-failed: "},
		{"a file that cannot be parsed beside both", files{"recovery_shard-0.txt": first, "recovery_shard-1.txt": second, "recovery_shard-2.txt": []byte("x")}, nil,
			ok, "oox", []rsadecrypt.Fingerprint{small, large}, 0, "recovery_shard-2.txt: malformed: "},
		{"the same twice", files{"recovery_shard-0.txt": first, "recovery_shard-1.txt": first}, nil, ok, "o", []rsadecrypt.Fingerprint{small}, 0, ""},
		{"only a damaged one", files{"recovery_shard-0.txt": spoilt}, nil, shard.ReasonProof, "x", nil, 0, ""},
		{"a file that cannot be parsed", files{"recovery_shard-0.txt": []byte("x")}, []rsadecrypt.Fingerprint{small}, shard.ReasonMalformed, "x", nil, 0, ""},
	} {
		for _, anchor := range []record.Anchor{record.AnchorNone, record.AnchorService} {
			v := verify(t, folder(t, k, c.files), entry(k, anchor), c.expected...)
			if got := (&outcome{verdict: v}).verifyReason(); got != c.reason {
				t.Errorf("%s: %q, want %q: %v", c.name, got, c.reason, v.Err)
			}
			copies := ""
			for _, cp := range v.Copies {
				switch {
				case cp.Err == nil && cp.Used:
					copies += "o"
				case cp.Err == nil:
					copies += "v"
				default:
					copies += "x"
				}
			}
			if copies != c.copies || v.Backup != v.Copies[c.backup].Backup || !slices.Equal(v.RecoveryKeys, c.keys) {
				t.Errorf("%s: copies %s, backup %s, recovery keys %v", c.name, copies, v.Backup.Path, v.RecoveryKeys)
			}
			if (c.warning == "") != (len(v.Warnings) == 0) || !has(append(v.Warnings, recovery.Warning{}), c.warning) || len(v.Warnings) > 1 {
				t.Errorf("%s: warnings %q", c.name, v.Warnings)
			}
			if v.Err != nil && len(v.Copies) > 1 && !strings.HasPrefix(v.Err.Error(), v.Copies[0].Path+": ") {
				t.Errorf("%s: the error does not name the file: %v", c.name, v.Err)
			}
			if v.Err != nil && len(v.Copies) == 1 && strings.HasPrefix(v.Err.Error(), v.Copies[0].Path) {
				t.Errorf("%s: the error names the only file: %v", c.name, v.Err)
			}
		}
	}
}

// TestVerifyOldCopies: that only an older copy is valid is said, and nothing else.
func TestVerifyOldCopies(t *testing.T) {
	k := kit(t, 31, group.Edwards25519)
	first, second, spoilt := encode(t, k.Shards[0]), encode(t, k.Shards[1]), changed(t, k, spoilProof)
	again := changed(t, k, func(s *sandbox.Shard) { s.MPCAlgorithm = "x" })
	const day = 24 * time.Hour
	now := time.Now() // once: a day may begin in the meantime
	for _, c := range []struct {
		name  string
		files map[string][]byte
		ages  map[string]time.Duration
		want  bool
	}{
		{"the newer is damaged", map[string][]byte{"recovery_shard-0.txt": spoilt, "old": first}, map[string]time.Duration{"old": 40 * day}, true},
		{"the older is damaged", map[string][]byte{"recovery_shard-0.txt": first, "old": spoilt}, map[string]time.Duration{"old": 40 * day}, false},
		{"both are valid", map[string][]byte{"recovery_shard-0.txt": again, "old": first}, map[string]time.Duration{"old": 40 * day}, false},
		{"the newest is valid", map[string][]byte{"recovery_shard-0.txt": spoilt, "old": first, "new": again},
			map[string]time.Duration{"old": 40 * day, "recovery_shard-0.txt": 20 * day}, false},
		{"the newer of the same name is no shard", map[string][]byte{"recovery_shard-0.txt": []byte("x"), "old/recovery_shard-0.txt": first},
			map[string]time.Duration{"old/recovery_shard-0.txt": 40 * day}, true},
		{"a newer one of another name is no shard", map[string][]byte{"recovery_shard-1.txt": []byte("x"), "recovery_shard-0.txt": first},
			map[string]time.Duration{"recovery_shard-0.txt": 40 * day}, false},
		{"the newest is of another recovery key", map[string][]byte{"recovery_shard-0.txt": spoilt, "old": first, "recovery_shard-1.txt": second},
			map[string]time.Duration{"old": 40 * day, "recovery_shard-0.txt": 20 * day}, true},
		{"the damaged one is of another recovery key", map[string][]byte{"recovery_shard-0.txt": first, "old": spoilt, "recovery_shard-1.txt": second},
			map[string]time.Duration{"old": 20 * day, "recovery_shard-1.txt": 40 * day}, false},
	} {
		dir := t.TempDir()
		in := filepath.Join(dir, k.IDs.Key.String())
		write(t, in, c.files)
		for name := range c.files {
			setTime(t, filepath.Join(in, filepath.FromSlash(name)), now.Add(-c.ages[name]))
		}
		v := verify(t, openDownload(t, dir), entry(k, record.AnchorNone))
		if v.Err != nil || has(v.Warnings, "only an older copy is valid: ") != c.want {
			t.Errorf("%s: %v, %q", c.name, v.Err, v.Warnings)
		}
		date := now.Add(-40 * day).UTC().Format(time.DateOnly)
		if c.want && !has(v.Warnings, "("+date+"); the newer "+k.IDs.Key.String()+"/recovery_shard-0.txt (") {
			t.Errorf("%s: %q", c.name, v.Warnings)
		}
	}
}

// TestVerifyLimit: of very many different files, so many are proved.
func TestVerifyLimit(t *testing.T) {
	k := makeKey(t, 31, sandbox.Spec{Group: group.Edwards25519})
	files := make(map[string][]byte)
	for i, name := range []string{"recovery_shard-0.txt", "recovery_shard-1.txt", "recovery_shard-2.txt"} {
		files[name] = changed(t, k, func(s *sandbox.Shard) { s.MPCAlgorithm = strings.Repeat("x", i+1) })
	}
	recovery.SetLimits(t, 0, 2, 0, 0)
	v := verify(t, folder(t, k, files), entry(k, record.AnchorNone))
	if len(v.Copies) != 3 || v.Copies[1].Err != nil || v.Copies[2].Err == nil || !strings.HasPrefix(v.Copies[2].Err.Error(), "not read: ") || v.Err != nil {
		t.Errorf("%v, %+v", v.Err, v.Copies)
	}
}

// TestDemands: what a rebuild takes, for each recovery key.
func TestDemands(t *testing.T) {
	k := kit(t, 32, group.Edwards25519)
	small, large := rsadecrypt.FingerprintOf(&testkey.Small().PublicKey), rsadecrypt.FingerprintOf(&testkey.Recovery(0).PublicKey)
	first, second := encode(t, k.Shards[0]), encode(t, k.Shards[1])
	e := entry(k, record.AnchorNone)
	d := folder(t, k, map[string][]byte{"recovery_shard-0.txt": first, "recovery_shard-1.txt": second, "copy": first, "recovery_shard-2.txt": []byte("x")})
	for chainCodes, want := range map[bool]int{false: 2, true: 3} {
		demands := collect(t, d, e).Demands(chainCodes)
		if len(demands) != 2 {
			t.Fatalf("%v", demands)
		}
		for f, name := range map[rsadecrypt.Fingerprint]string{small: "recovery_shard-0.txt", large: "recovery_shard-1.txt"} {
			if got := demands[f]; got.Keys != 1 || got.Operations != want || filepath.Base(got.Backup.Path) != name {
				t.Errorf("%s: %+v", name, got)
			}
		}
	}
	e.QuorumID = uuid.ID{1}
	if got := collect(t, d, e).Demands(false)[small]; got.Keys != 0 || got.Operations != 0 || got.Backup == nil {
		t.Errorf("another quorum: %+v", got)
	}
	e.Algorithm = group.Secp256k1
	if got := collect(t, d, e).Demands(false)[small]; got.Keys != 0 || got.Backup == nil {
		t.Errorf("another algorithm: %+v", got)
	}
	// The first that can be opened counts.
	wrong := makeKey(t, 33, sandbox.Spec{Group: group.Edwards25519})
	d = folder(t, k, map[string][]byte{"recovery_shard-0.txt": encode(t, wrong.Shards[0]), "recovery_shard-1.txt": first})
	if got := collect(t, d, entry(k, record.AnchorNone)).Demands(false)[small]; got.Keys != 1 || filepath.Base(got.Backup.Path) != "recovery_shard-1.txt" {
		t.Errorf("behind one of another key: %+v", got)
	}
}
