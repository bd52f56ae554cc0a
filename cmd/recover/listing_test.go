package main

import (
	"crypto/md5"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"recover/fixtures/history"
	"recover/fixtures/tier"
)

// The two weeks of the history.
var (
	firstWeek  = time.Date(2026, 11, 18, 9, 30, 5, 0, time.UTC)
	secondWeek = time.Date(2026, 11, 25, 14, 32, 16, 0, time.UTC)
)

// pastBucket is the bucket of the history, as files and as its listing.
type pastBucket struct {
	t    *testing.T
	dir  string
	keys []*history.Key
	kms  bool // the ETags are no MD5
}

func newPastBucket(t *testing.T, kms bool) *pastBucket {
	t.Helper()
	keys, record, err := history.Make()
	if err != nil {
		t.Fatal(err)
	}
	b := &pastBucket{t, t.TempDir(), keys, kms}
	write(t, filepath.Join(b.dir, "record.json"), string(record))
	write(t, filepath.Join(b.dir, "listing.json"), b.listing())
	return b
}

func (b *pastBucket) date(k *history.Key, i int) time.Time {
	if i > 0 || k.Case == history.Fresh || k.Case == history.Unrecorded {
		return secondWeek
	}
	return firstWeek
}

func versionID(k *history.Key, i int) string { return fmt.Sprintf("qtHVLE6v.%s.%d", k.Case, i) }

// listing is what the aws command prints of the bucket.
func (b *pastBucket) listing() string {
	var versions, markers []map[string]any
	for _, k := range b.keys {
		for i, data := range k.Versions {
			if !k.InBucket {
				continue
			}
			v := map[string]any{"Key": k.Name(), "VersionId": versionID(k, i), "IsLatest": i == len(k.Versions)-1, "LastModified": b.date(k, i).Format("2006-01-02T15:04:05+00:00")}
			if data == nil {
				markers = append(markers, v)
				continue
			}
			sum := md5.Sum(data)
			if b.kms {
				sum = md5.Sum(append([]byte("encrypted"), data...))
			}
			v["Size"], v["ETag"] = len(data), fmt.Sprintf("%q", fmt.Sprintf("%x", sum))
			versions = append(versions, v)
		}
	}
	text, err := json.MarshalIndent(map[string]any{"Versions": versions, "DeleteMarkers": markers, "RequestCharged": nil}, "", "    ")
	if err != nil {
		b.t.Fatal(err)
	}
	return string(text)
}

// put puts a version of a key's backup into a download.
func (b *pastBucket) put(name string, k *history.Key, i int, at time.Time) {
	b.t.Helper()
	path := filepath.Join(b.dir, "bucket", filepath.FromSlash(name))
	if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
		b.t.Fatal(err)
	}
	write(b.t, path, string(k.Versions[i]))
	if err := os.Chtimes(path, at, at); err != nil {
		b.t.Fatal(err)
	}
}

// sync leaves what "aws s3 sync" without options leaves of a download of the first
// week and one of the second: it skips what has the same size, and deletes nothing.
func (b *pastBucket) sync(shift time.Duration) {
	for _, k := range b.keys {
		i := len(k.Versions) - 1
		if k.Case == history.Stale || k.Case == history.Deleted {
			i = 0
		}
		b.put(k.Name(), k, i, b.date(k, i).Add(shift))
	}
}

// versions leaves what get-object leaves of every version, each under its ID, dated
// of the day of the download.
func (b *pastBucket) versions(named bool) {
	for _, k := range b.keys {
		for i, data := range k.Versions {
			if data == nil || !k.InBucket {
				continue
			}
			name := versionID(k, i)
			if !named {
				name = fmt.Sprintf("copy%d", i)
			}
			b.put(k.ID+"/versions/"+name+".txt", k, i, secondWeek.Add(50*time.Hour+100*time.Second))
		}
	}
}

// verify returns for each key its status and the codes of its warnings, and the
// dates of its backups; and the summary.
func (b *pastBucket) verify() (results map[string]string, dates map[string]string, summary map[string]any) {
	b.t.Helper()
	o := execute(b.t, "verify", "--record", filepath.Join(b.dir, "record.json"), "--shards", filepath.Join(b.dir, "bucket"), "--listing", filepath.Join(b.dir, "listing.json"), "--json")
	lines := decodeLines[map[string]any](b.t, json.NewDecoder(strings.NewReader(o.stdout)))
	if len(lines) == 0 {
		b.t.Fatalf("status %d\n%s", o.status, o.stderr)
	}
	results, dates = make(map[string]string), make(map[string]string)
	for _, l := range lines[:len(lines)-1] {
		var k *history.Key
		for _, each := range b.keys {
			if each.ID == l["key_id"] {
				k = each
			}
		}
		words := []string{l["status"].(string)}
		for _, w := range l["warnings"].([]any) {
			words = append(words, w.(map[string]any)["code"].(string))
		}
		results[k.Case] = strings.Join(words, " ")
		copies, _ := l["shards"].([]any)
		for _, c := range copies {
			c := c.(map[string]any)
			id, _ := c["version_id"].(string)
			modified, _ := c["modified"].(string)
			dates[k.Case] += strings.TrimSpace(id[strings.LastIndex(id, ".")+1:]+" "+modified) + ";"
		}
	}
	return results, dates, lines[len(lines)-1]
}

// TestListing: with the listing of the bucket, verify names what a download does not
// have as the bucket has it, and nothing else; whatever the ETags and the dates of
// the files are worth.
func TestListing(t *testing.T) {
	tier.Long(t) // it makes keys
	t.Parallel()
	synced := map[string]string{
		history.Resized: "ok", history.Stale: "ok stale-copy", history.Deleted: "ok deleted-in-bucket", history.Damaged: "failed newest-damaged",
		history.Fresh: "ok", history.Lost: "ok not-in-bucket", history.Steady: "ok", history.Unrecorded: "unrecorded",
	}
	versions := map[string]string{
		history.Resized: "ok", history.Stale: "ok", history.Deleted: "ok deleted-in-bucket", history.Damaged: "ok bad-copy newest-damaged",
		history.Fresh: "ok", history.Lost: "missing not-in-bucket", history.Steady: "ok", history.Unrecorded: "unrecorded",
	}
	unnamed := map[string]string{}
	for name, want := range versions {
		unnamed[name] = want
	}
	unnamed[history.Stale] = "ok version-unknown"
	dates := map[string]string{
		history.Resized: "0 2026-11-18T09:30:05Z;1 2026-11-25T14:32:16Z;", history.Stale: "0 2026-11-18T09:30:05Z;1 2026-11-25T14:32:16Z;",
		history.Damaged: "0 2026-11-18T09:30:05Z;1 2026-11-25T14:32:16Z;",
	}
	for _, c := range []struct {
		name   string
		kms    bool
		make   func(*pastBucket)
		want   map[string]string
		dates  map[string]string
		newest string
	}{
		{"synced", false, func(b *pastBucket) { b.sync(0) }, synced, nil, "2026-11-25T14:32:16Z"},
		{"synced, KMS", true, func(b *pastBucket) { b.sync(0) }, synced, nil, "2026-11-25T14:32:16Z"},
		{"synced to a FAT medium of another time zone, KMS", true, func(b *pastBucket) { b.sync(-3*time.Hour + time.Second) }, synced, nil, "2026-11-25T14:32:16Z"},
		{"synced and copied, which dates it of today", false, func(b *pastBucket) { b.sync(200*time.Hour + 100*time.Second) }, synced, nil, "2026-11-25T14:32:16Z"},
		{"versions by their IDs", false, func(b *pastBucket) { b.versions(true) }, versions, dates, "2026-11-25T14:32:16Z"},
		{"versions by their IDs, KMS", true, func(b *pastBucket) { b.versions(true) }, versions, dates, "2026-11-25T14:32:16Z"},
		{"versions without their IDs", false, func(b *pastBucket) { b.versions(false) }, versions, dates, "2026-11-25T14:32:16Z"},
		{"versions without their IDs, KMS", true, func(b *pastBucket) { b.versions(false) }, unnamed,
			map[string]string{history.Resized: dates[history.Resized], history.Stale: ";;", history.Damaged: dates[history.Damaged]}, "2026-11-25T14:32:16Z"},
	} {
		b := newPastBucket(t, c.kms)
		c.make(b)
		results, got, summary := b.verify()
		differ := 0
		for name, want := range c.want {
			if results[name] != want {
				t.Errorf("%s: %s: %s, want %s", c.name, name, results[name], want)
			}
			if slices.ContainsFunc(strings.Fields(want), func(code string) bool { return slices.Contains(listingCodes, code) }) {
				differ++
			}
			if got[name] != c.dates[name] {
				t.Errorf("%s: %s: dates %s, want %s", c.name, name, got[name], c.dates[name])
			}
		}
		sum, _ := summary["listing"].(map[string]any)
		if sum == nil || sum["versions"] != 10.0 || sum["delete_markers"] != 1.0 || sum["newest"] != "2026-11-25T14:32:16Z" || sum["differ"] != float64(differ) {
			t.Errorf("%s: the summary has %v", c.name, summary["listing"])
		}
		if summary["newest_backup"] != c.newest {
			t.Errorf("%s: the newest backup is of %v", c.name, summary["newest_backup"])
		}
	}
}

// TestListingOther: what else can be wrong: a version that was not downloaded, a
// file that was changed, or is older than what the listing has, and a key that only
// the listing has.
func TestListingOther(t *testing.T) {
	tier.Long(t) // it makes keys
	t.Parallel()
	b := newPastBucket(t, true)
	for _, k := range b.keys {
		switch k.Case {
		case history.Fresh, history.Unrecorded: // not downloaded
		case history.Steady: // of before the listing's only version
			b.put(k.Name(), k, 0, firstWeek.Add(-100*time.Hour-100*time.Second))
		case history.Stale: // longer than any version
			b.put(k.Name(), k, 0, secondWeek)
			path := filepath.Join(b.dir, "bucket", k.ID, "recovery_shard-0.txt")
			if err := os.WriteFile(path, append(slices.Clone(k.Versions[0]), '\n'), 0o600); err != nil {
				t.Fatal(err)
			}
		case history.Damaged: // only the older version, under another name
			b.put(k.ID+"/older.txt", k, 0, firstWeek)
		default:
			b.put(k.Name(), k, 0, firstWeek)
		}
	}
	results, _, _ := b.verify()
	for name, want := range map[string]string{
		history.Fresh: "missing newest-not-downloaded", history.Unrecorded: "unrecorded", history.Steady: "ok stale-copy",
		history.Stale: "ok unlisted-copy", history.Damaged: "ok newest-not-downloaded", history.Resized: "ok stale-copy",
	} {
		if results[name] != want {
			t.Errorf("%s: %s, want %s", name, results[name], want)
		}
	}
	o := execute(t, "verify", "--record", filepath.Join(b.dir, "record.json"), "--shards", filepath.Join(b.dir, "bucket"), "--listing", filepath.Join(b.dir, "listing.json"))
	steady := b.keys[6].ID
	for _, want := range []string{
		steady + "/recovery_shard-0.txt is an older one by its date: the newest",
		"the key is in the listing of the bucket, but neither",
		"the newest recovery_shard-0.txt in the bucket, of 2026-11-25, is not",
	} {
		if !strings.Contains(o.stdout, want) {
			t.Errorf("no %q in\n%s", want, o.stdout)
		}
	}
	if !strings.Contains(o.stderr, "7 of 8 keys are not in the download as in the bucket: stale-copy 2, deleted-in-bucket 1, newest-not-downloaded 2, not-in-bucket 1, unlisted-copy 1; it has") {
		t.Errorf("%s", o.stderr)
	}
}

// TestListingAudit: the annual review names the same keys, each in its line.
func TestListingAudit(t *testing.T) {
	tier.Long(t) // it makes keys
	t.Parallel()
	b := newPastBucket(t, true)
	b.sync(0)
	o := execute(t, "audit", "--record", filepath.Join(b.dir, "record.json"), "--shards", filepath.Join(b.dir, "bucket"), "--listing", filepath.Join(b.dir, "listing.json"), "--json")
	got := make(map[string]string)
	for _, l := range decodeLines[auditedLine](t, json.NewDecoder(strings.NewReader(o.stdout))) {
		if l.Verdict == "red" {
			got[l.Item] = l.Fact
		}
	}
	for item, name := range map[string]string{"listing-current": history.Stale, "listing-deleted": history.Deleted, "listing-bucket": history.Lost, "backups-proved": history.Damaged, "record-complete": "19000000-0000-4000-8000-000000000008"} {
		if !strings.Contains(got[item], name) {
			t.Errorf("%s: %q does not name %s", item, got[item], name)
		}
	}
	if o.status != exitSome {
		t.Errorf("status %d\n%s", o.status, o.stderr)
	}
}

// TestListingRefused: a listing that leaves something out, is none, or is of another
// bucket, is refused before anything is judged by it.
func TestListingRefused(t *testing.T) {
	tier.Long(t) // it makes keys
	t.Parallel()
	b := newPastBucket(t, false)
	b.sync(0)
	whole := b.listing()
	record, bucket, listing := filepath.Join(b.dir, "record.json"), filepath.Join(b.dir, "bucket"), filepath.Join(b.dir, "other.json")
	for _, c := range []struct{ name, text, fact, hint string }{
		{"cut off", whole[:len(whole)/2], "not a listing of the bucket: line ", "--output json"},
		{"one page", strings.Replace(whole, `"RequestCharged"`, `"IsTruncated": true, "NextKeyMarker": "x", "RequestCharged"`, 1), "the listing is not complete: the page after \"x\" is missing", "without --max-items"},
		{"another bucket", `{"Versions": [{"Key": "x/recovery_shard-0.txt", "VersionId": "1", "IsLatest": true, "LastModified": "2026-11-25T14:32:16Z", "Size": 1}]}`, "none of the keys is in it", "the bucket that the download is of"},
	} {
		if err := os.WriteFile(listing, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, args := range [][]string{
			{"verify", "--record", record, "--shards", bucket},
			{"record", "check", "--record", record, "--shards", bucket},
			{"record", "new", "--quorum-id", b.keys[0].QuorumID, "--shards", bucket, "--out", filepath.Join(t.TempDir(), "out.json")},
		} {
			o := execute(t, append(args, "--listing", listing)...)
			if flat := strings.Join(strings.Fields(o.stderr), " "); o.status != exitInput || o.stdout != "" || !strings.Contains(flat, c.fact) || !strings.Contains(flat, c.hint) {
				t.Errorf("%s: %s: status %d\n%s%s", c.name, args[0], o.status, o.stdout, o.stderr)
			}
		}
	}
	execute(t, "verify", "--record", record, "--shards", filepath.Join(bucket, b.keys[0].ID, "recovery_shard-0.txt"), "--listing", listing).refused(t, exitUsage, "--shards is one file, but the record has several keys", "name the directory of the download, or the one key with --quorum-id, --key-id and --algorithm")
	one := b.keys[6]
	execute(t, "verify", "--quorum-id", one.QuorumID, "--key-id", one.ID, "--algorithm", one.Algorithm, "--shards", filepath.Join(bucket, one.ID, "recovery_shard-0.txt"), "--listing", listing).
		refused(t, exitUsage, "--listing is given, but --shards is one file", "name the directory of the download")
	execute(t, "record", "check", "--record", record, "--listing", listing).refused(t, exitUsage, "--shards is missing", "recover record check --help says what it is")
}

// TestListingRecord: record new, add and check compare the download with the listing
// too.
func TestListingRecord(t *testing.T) {
	tier.Long(t) // it makes keys
	t.Parallel()
	b := newPastBucket(t, true)
	b.sync(0)
	record, bucket, listing := filepath.Join(b.dir, "record.json"), filepath.Join(b.dir, "bucket"), filepath.Join(b.dir, "listing.json")
	for _, k := range b.keys {
		if k.Case == history.Unrecorded {
			if err := os.RemoveAll(filepath.Join(bucket, k.ID)); err != nil {
				t.Fatal(err)
			}
		}
	}
	o := execute(t, "record", "new", "--quorum-id", b.keys[0].QuorumID, "--shards", bucket, "--listing", listing, "--json", "--out", filepath.Join(b.dir, "new.json"))
	codes := make(map[string]string)
	for _, l := range decodeLines[map[string]any](t, json.NewDecoder(strings.NewReader(o.stdout))) {
		if l["type"] == "key" {
			id := l["key_id"].(string)
			codes[id] = l["status"].(string)
			for _, w := range l["warnings"].([]any) {
				codes[id] += " " + w.(map[string]any)["code"].(string)
			}
		}
	}
	for _, k := range b.keys {
		want := map[string]string{history.Stale: "ok stale-copy", history.Deleted: "ok deleted-in-bucket", history.Damaged: "failed newest-damaged",
			history.Lost: "ok not-in-bucket", history.Unrecorded: "missing newest-not-downloaded"}[k.Case]
		if want == "" {
			want = "ok"
		}
		if codes[k.ID] != want {
			t.Errorf("record new: %s: %s, want %s", k.Case, codes[k.ID], want)
		}
	}
	if o.status != exitSome {
		t.Errorf("record new: status %d", o.status)
	}
	o = execute(t, "record", "check", "--record", record, "--shards", bucket, "--listing", listing, "--json")
	var found []string
	for _, l := range decodeLines[map[string]any](t, json.NewDecoder(strings.NewReader(o.stdout))) {
		if l["type"] == "warning" && !strings.Contains(l["problem"].(string), "does not say where") {
			if l["next"] == "" {
				t.Errorf("%v has no next step", l)
			}
			found = append(found, l["key_id"].(string)[34:])
		}
	}
	if want := []string{"02", "03", "04", "06"}; !slices.Equal(found, want) {
		t.Errorf("record check: warnings of the keys %q, want %q", found, want)
	}
}
