package recovery_test

import (
	"bytes"
	"crypto/md5"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	sandbox "recover/fixtures"
	"recover/internal/group"
	"recover/pkg/bucketlist"
	"recover/pkg/record"
	"recover/pkg/recovery"
	"recover/pkg/shard"
)

// inBucket is a version in a listing.
type inBucket struct {
	name, id string
	data     []byte // nil: a delete marker
	at       time.Time
	kms      bool
	parts    bool // uploaded in parts
}

func listingOf(t *testing.T, key string, versions ...inBucket) *bucketlist.Listing {
	t.Helper()
	latest := make(map[string]int)
	for i, v := range versions {
		latest[v.name] = i
	}
	var items, markers []map[string]any
	for i, v := range versions {
		name := strings.ReplaceAll(v.name, "KEY", key)
		item := map[string]any{"Key": name, "VersionId": v.id, "IsLatest": latest[v.name] == i, "LastModified": v.at.Format(time.RFC3339)}
		if v.data == nil {
			markers = append(markers, item)
			continue
		}
		etag := fmt.Sprintf("%x", md5.Sum(v.data))
		if v.kms {
			etag = fmt.Sprintf("%x", md5.Sum([]byte(etag)))
		}
		if v.parts {
			etag += "-2"
		}
		item["Size"], item["ETag"] = len(v.data), `"`+etag+`"`
		items = append(items, item)
	}
	text, err := json.Marshal(map[string]any{"Versions": items, "DeleteMarkers": markers})
	if err != nil {
		t.Fatal(err)
	}
	l, err := bucketlist.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// file is a file of a download.
type file struct {
	name string
	data []byte
	at   time.Time
}

// TestListing: which version each file is, what is then said of the key, and the
// dates of the files.
func TestListing(t *testing.T) {
	first := makeKey(t, 90, sandbox.Spec{Group: group.Edwards25519})
	again := makeKey(t, 91, sandbox.Spec{Group: group.Edwards25519, IDs: first.IDs, Reshared: first})
	key := first.IDs.Key.String()
	old, now := encode(t, first.Shards[0]), encode(t, again.Shards[0])
	now = append(now, bytes.Repeat([]byte("\n"), max(0, len(old)-len(now)))...) // of the same size
	old = append(old, bytes.Repeat([]byte("\n"), max(0, len(now)-len(old)))...)
	longer := append(bytes.Clone(now), '\n')
	cut := now[:len(now)/2]
	day1, day2, day9 := time.Date(2026, 11, 18, 9, 30, 5, 0, time.UTC), time.Date(2026, 11, 25, 14, 32, 16, 0, time.UTC), time.Date(2026, 12, 9, 1, 2, 3, 0, time.UTC)
	const shard0, shard1 = "KEY/recovery_shard-0.txt", "KEY/recovery_shard-1.txt"
	v1, v2 := inBucket{shard0, "version-1", old, day1, true, false}, inBucket{shard0, "version-2", now, day2, true, false}
	plain := func(v inBucket) inBucket { v.kms = false; return v }
	gone := inBucket{name: shard0, id: "version-3", at: day9}
	before, after := v1, v2
	before.at, after.at = day2.Add(-time.Hour), day2
	const current = "recovery_shard-0.txt"
	none := time.Time{}
	for _, c := range []struct {
		name    string
		bucket  []inBucket
		files   []file
		codes   string
		say     string      // a part of the warning
		dates   []time.Time // of the files, as they are sorted
		newest  int         // how many are the newest version
		missing bool
	}{
		{"the newest by its date", []inBucket{v1, v2}, []file{{current, now, day2}}, "", "", []time.Time{day2}, 1, false},
		{"two seconds off, as FAT is", []inBucket{v1, v2}, []file{{current, now, day2.Add(2 * time.Second)}}, "", "", []time.Time{day2}, 1, false},
		{"three seconds early", []inBucket{v2}, []file{{current, now, day2.Add(-3 * time.Second)}}, "stale-copy", "is an older one by its date: the newest version in the bucket, of 2026-11-25, is", []time.Time{none}, 0, false},
		{"two seconds early", []inBucket{v2}, []file{{current, now, day2.Add(-2 * time.Second)}}, "", "", []time.Time{day2}, 1, false},
		{"14 hours early: of another time zone", []inBucket{v2}, []file{{current, now, day2.Add(-14 * time.Hour)}}, "", "", []time.Time{day2}, 1, false},
		{"14 hours and a quarter early", []inBucket{v2}, []file{{current, now, day2.Add(-14*time.Hour - 15*time.Minute)}}, "stale-copy", "", []time.Time{none}, 0, false},
		{"an hour and seven minutes early", []inBucket{v2}, []file{{current, now, day2.Add(-67 * time.Minute)}}, "stale-copy", "", []time.Time{none}, 0, false},
		{"the exact date goes before a shifted one", []inBucket{before, after}, []file{{current, old, day2.Add(-time.Hour)}}, "stale-copy", "is the version of 2026-11-25: the newest", []time.Time{before.at}, 0, false},
		{"the exact date goes before an earlier shifted one", []inBucket{before, after}, []file{{current, now, day2}}, "", "", []time.Time{day2}, 1, false},
		{"an old one by its date", []inBucket{v1, v2}, []file{{current, old, day1}}, "stale-copy", "is the version of 2026-11-18: the newest version in the bucket, of 2026-11-25", []time.Time{day1}, 0, false},
		{"an old one by a day before the newest", []inBucket{v1, v2}, []file{{current, old, day1.Add(30*time.Hour + 100*time.Second)}}, "stale-copy", "", []time.Time{day1}, 0, false},
		{"nothing tells which", []inBucket{v1, v2}, []file{{current, old, day9}}, "version-unknown", "which of 2 versions of the same size " + key + "/" + current, []time.Time{none}, 0, false},
		{"its content tells", []inBucket{plain(v1), plain(v2)}, []file{{current, old, day9}}, "stale-copy", "", []time.Time{day1}, 0, false},
		{"its content tells, against its date", []inBucket{plain(v1), plain(v2)}, []file{{current, now, day1}}, "", "", []time.Time{day2}, 1, false},
		{"an upload in parts has no MD5", []inBucket{{shard0, "version-1", old, day1, false, true}, {shard0, "version-2", now, day2, false, true}}, []file{{current, now, day9}}, "version-unknown", "", []time.Time{none}, 0, false},
		{"its size tells", []inBucket{v1, {shard0, "version-2", longer, day2, true, false}}, []file{{current, longer, day9}}, "", "", []time.Time{day2}, 1, false},
		{"its name tells", []inBucket{v1, v2}, []file{{"versions/version-2.txt", now, day9}, {"versions/version-1.txt", old, day9}}, "", "", []time.Time{day1, day2}, 1, false},
		{"a short ID in a name tells nothing", []inBucket{{shard0, "1", old, day1, true, false}, {shard0, "recover", now, day2, true, false}}, []file{{current, now, day9}}, "version-unknown", "", []time.Time{none}, 0, false},
		{"an ID of eight characters tells", []inBucket{{shard0, "version1", old, day1, true, false}, {shard0, "version2", now, day2, true, false}}, []file{{"version2.txt", now, day9}, {"version1.txt", old, day9}}, "", "", []time.Time{day1, day2}, 1, false},
		{"its name says of another size", []inBucket{v1, {shard0, "version-2", longer, day2, true, false}}, []file{{"version-2.txt", now, day2}}, "unlisted-copy", fmt.Sprintf("version-2.txt, with %d bytes, is none of the versions", len(now)), []time.Time{none}, 0, false},
		{"of no size in the listing", []inBucket{v1, v2}, []file{{current, longer, day2}}, "unlisted-copy", fmt.Sprintf("of 2026-11-25 and has %d bytes", len(now)), []time.Time{none}, 0, false},
		{"deleted", []inBucket{v1, gone}, []file{{current, old, day1}}, "deleted-in-bucket", "deleted in the bucket on 2026-12-09; its last version, of 2026-11-18, is still there", []time.Time{day1}, 0, false},
		{"deleted, and no version left", []inBucket{gone}, []file{{current, old, day1}}, "deleted-in-bucket", "and no version of it is left", []time.Time{none}, 0, false},
		{"deleted and not downloaded", []inBucket{v1, gone}, nil, "deleted-in-bucket", "", nil, 0, true},
		{"not downloaded", []inBucket{v1, v2}, nil, "newest-not-downloaded", "the newest recovery_shard-0.txt in the bucket, of 2026-11-25, is not in the download", nil, 0, true},
		{"only the older version, under another name", []inBucket{v1, v2}, []file{{"version-1", old, day1}}, "newest-not-downloaded", "", []time.Time{day1}, 0, false},
		{"not in the bucket", nil, []file{{current, old, day1}}, "not-in-bucket", "no backup of this key, not even a deleted one", []time.Time{none}, 0, false},
		{"the newest is damaged, the older version is not", []inBucket{v1, {shard0, "version-2", cut, day2, true, false}}, []file{{current, cut, day2}, {"versions/version-1", old, day9}}, "bad-copy newest-damaged", current + " is the newest version in the bucket, of 2026-11-25, and cannot be used: ", []time.Time{day2, day1}, 1, false},
		{"the newest is damaged and has no name of a backup", []inBucket{v1, {shard0, "version-2", cut, day2, true, false}}, []file{{"version-2", cut, day9}, {"version-1", old, day9}}, "bad-copy newest-damaged", "", []time.Time{day1, day2}, 1, false},
		{"a copy of the newest is damaged, another is not", []inBucket{v1, plain(v2)}, []file{{current, cut, day2}, {"copy", now, day9}}, "bad-copy", "", []time.Time{none, day2}, 1, false},
		{"two recovery keys, one not downloaded", []inBucket{v1, v2, {shard1, "version-7", old, day9, true, false}}, []file{{current, now, day2}}, "newest-not-downloaded", "the newest recovery_shard-1.txt in the bucket, of 2026-12-09", []time.Time{day2}, 1, false},
		{"two objects of the same size, by their names", []inBucket{v2, {shard1, "version-7", old, day9, true, false}}, []file{{current, now, day9}, {"recovery_shard-1.txt", old, day9}}, "", "", []time.Time{day2, day9}, 2, false},
		{"the same name below two prefixes", []inBucket{{"a/" + shard0, "version-1", old, day1, true, false}, {"b/" + shard0, "version-2", old, day2, true, false}}, []file{{current, old, day2}}, "newest-not-downloaded", "", []time.Time{day2}, 1, false},
	} {
		dir := t.TempDir()
		write(t, dir, map[string][]byte{"other/" + key + ".note": []byte("x"), key + "/.keep": nil})
		for _, f := range c.files {
			path := filepath.Join(dir, key, filepath.FromSlash(f.name))
			if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, f.data, 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Chtimes(path, f.at, f.at); err != nil {
				t.Fatal(err)
			}
		}
		d := openDownload(t, dir)
		d.Listing = listingOf(t, key, append(c.bucket, inBucket{name: "00000000-0000-4000-8000-000000000001/recovery_shard-0.txt", id: "x", data: []byte("x"), at: day1})...)
		b := collect(t, d, entry(first, record.AnchorNone))
		v, err := b.Verify(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		var codes, texts []string
		for _, w := range v.Warnings {
			codes, texts = append(codes, w.Code), append(texts, w.Detail)
		}
		if got := strings.Join(codes, " "); got != c.codes || !strings.Contains(strings.Join(texts, "\n"), c.say) || (v.Err != nil) != c.missing {
			t.Errorf("%s: %s: %v %q", c.name, got, v.Err, texts)
		}
		var dates []time.Time
		newest := 0
		for _, f := range b.All() {
			dates = append(dates, f.Modified)
			if f.Version() != nil && f.Version().Latest {
				newest++
			}
		}
		if fmt.Sprint(dates) != fmt.Sprint(c.dates) || newest != c.newest {
			t.Errorf("%s: dates %v, %d are the newest", c.name, dates, newest)
		}
		checkEnrolled(t, c.name, b, d, first, c.codes)
	}
}

// checkEnrolled: record new says the same, and so does what proves nothing, but that
// a damaged copy does no harm.
func checkEnrolled(t *testing.T, name string, b *recovery.Backups, d *recovery.Download, k *sandbox.Key, codes string) {
	t.Helper()
	want := strings.TrimSpace(strings.ReplaceAll(codes, "bad-copy", ""))
	en := enrollAs(t, d, record.Entry{KeyID: k.IDs.Key, QuorumID: k.IDs.Quorum}, recovery.Known{})
	for what, warnings := range map[string][]recovery.Warning{"enrolled": en.Warnings, "compared": b.CompareListing()} {
		var got []string
		for _, w := range warnings {
			got = append(got, w.Code)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %s: %q, want %s", name, what, got, want)
		}
	}
}

// TestListingOfUnread: a file that was not read, because of too many others, is not
// taken for the version that it may be.
func TestListingOfUnread(t *testing.T) {
	k := makeKey(t, 93, sandbox.Spec{Group: group.Edwards25519})
	old, day1, day2 := encode(t, k.Shards[0]), time.Date(2026, 11, 18, 9, 30, 5, 0, time.UTC), time.Date(2026, 11, 25, 14, 32, 16, 0, time.UTC)
	newest := bytes.Repeat([]byte("?"), 100)
	files := map[string][]byte{"recovery_shard-0.txt": old, "z": newest}
	for i := range 150 {
		files[fmt.Sprintf("junk-%03d", i)] = []byte(fmt.Sprint("junk ", i))
	}
	d := folder(t, k, files)
	const shard0 = "KEY/recovery_shard-0.txt"
	d.Listing = listingOf(t, k.IDs.Key.String(), inBucket{shard0, "version-1", old, day1, false, false}, inBucket{shard0, "version-2", newest, day2, false, false})
	b := collect(t, d, entry(k, record.AnchorNone))
	v, err := b.Verify(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	var codes []string
	for _, w := range v.Warnings {
		if w.Code != recovery.WarnNotShard {
			codes = append(codes, w.Code)
		}
	}
	if got := strings.Join(codes, " "); got != "not-read stale-copy" || v.Err != nil {
		t.Errorf("%v, %s", v.Err, got)
	}
}

// TestListingKeys: the keys that only the listing has come last, each once.
func TestListingKeys(t *testing.T) {
	k := makeKey(t, 92, sandbox.Spec{Group: group.Edwards25519})
	d := folder(t, k, map[string][]byte{"recovery_shard-0.txt": encode(t, k.Shards[0])})
	key, other := k.IDs.Key.String(), "00000000-0000-4000-8000-000000000001"
	d.Listing = listingOf(t, key, inBucket{name: "KEY/recovery_shard-0.txt", id: "1", data: []byte("x"), at: time.Now()}, inBucket{name: other + "/recovery_shard-0.txt", id: "2", at: time.Now()})
	var got []string
	for id := range recovery.Keys(d, func(string, error) { t.Error("a warning") }) {
		got = append(got, id.String())
		if !d.InListing(id) || d.HasFolder(id) != (id == k.IDs.Key) {
			t.Errorf("%s", id)
		}
	}
	if strings.Join(got, " ") != key+" "+other {
		t.Errorf("%q", got)
	}
	for range recovery.Keys(d, func(string, error) {}) {
		break
	}
	if d.Listing = nil; d.InListing(k.IDs.Key) {
		t.Error("without a listing")
	}
	if b := collect(t, d, entry(k, record.AnchorNone)); b.CompareListing() != nil || b.All()[0].Version() != nil {
		t.Error("something is said without a listing")
	}
}

// TestEnrollByAddress: where the list has neither key IDs nor public keys, an
// address of the key finds its wallets, however its letters are written.
func TestEnrollByAddress(t *testing.T) {
	k := makeKey(t, 93, sandbox.Spec{Group: group.Secp256k1})
	d := folder(t, k, map[string][]byte{"recovery_shard-0.txt": encode(t, k.Shards[0])})
	addresses := k.Expected().Addresses
	list := []record.Wallet{{Address: "0x01"}, {Address: strings.ToLower(addresses["ethereum"]), Name: "one"}, {Address: addresses["ethereum"], Name: "two"}, {Address: addresses["tron"]}}
	for n, want := range map[int]string{4: "[1 2]", 1: "[]"} {
		known := recovery.Known{Wallets: list[:n]}.IndexWallets()
		en := enrollAs(t, d, record.Entry{KeyID: k.IDs.Key, QuorumID: k.IDs.Quorum}, known)
		if fmt.Sprint(en.Listed) != want || en.Err != nil || shard.ReasonOf(en.Err) != "" {
			t.Errorf("%d: %v, %v", n, en.Listed, en.Err)
		}
		if n == 4 && (en.Entry.Name != "one" || en.Entry.Anchor() != record.AnchorService) {
			t.Errorf("%+v", en.Entry)
		}
	}
}

// TestListingOfManyObjects: whoever can write to the bucket can put any number of
// backups of a key there; the first are named, and how many more there are.
func TestListingOfManyObjects(t *testing.T) {
	key := makeKey(t, 90, sandbox.Spec{Group: group.Edwards25519})
	data := encode(t, key.Shards[0])
	dir := t.TempDir()
	path := filepath.Join(dir, key.IDs.Key.String(), "recovery_shard-0.txt")
	if err := errors.Join(os.Mkdir(filepath.Dir(path), 0o700), os.WriteFile(path, data, 0o600)); err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 11, 18, 9, 30, 5, 0, time.UTC)
	versions := []inBucket{{"KEY/recovery_shard-0.txt", "version-1", data, at, false, false}}
	for i := range 50 {
		versions = append(versions, inBucket{fmt.Sprintf("KEY/recovery_shard-%d.txt", i+1), "version-x", []byte("x"), at, false, false})
	}
	for i := range 21 {
		versions = append(versions, inBucket{name: fmt.Sprintf("KEY/recovery_shard-%d.txt", i+100), id: "version-y", at: at})
	}
	d, err := recovery.Open(dir, recovery.Hints{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = d.Close() }()
	d.Listing = listingOf(t, key.IDs.Key.String(), versions...)
	found, err := recovery.Collect(t.Context(), d, record.Entry{KeyID: key.IDs.Key})
	if err != nil {
		t.Fatal(err)
	}
	count := make(map[string]int)
	var more []string
	for _, w := range found.CompareListing() {
		count[w.Code]++
		if strings.HasPrefix(w.Detail, "and ") {
			more = append(more, w.Code+": "+w.Detail)
		}
	}
	want := "newest-not-downloaded: and 30 more like these in the listing of this key; deleted-in-bucket: and 1 more like these in the listing of this key"
	if count[recovery.WarnNotDownloaded] != 21 || count[recovery.WarnDeleted] != 21 || len(count) != 2 || strings.Join(more, "; ") != want {
		t.Errorf("%v, %q", count, more)
	}
}
