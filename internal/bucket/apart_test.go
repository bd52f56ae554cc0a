package bucket

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"recover/fixtures/openfiles"
	"recover/internal/uuid"
)

func TestIDsIn(t *testing.T) {
	upper, bare := strings.ToUpper(keyA), strings.ReplaceAll(keyA, "-", "")
	for name, want := range map[string][]string{
		keyA + " (1)": {keyA}, keyA + " - Copy": {keyA}, keyA + " - Kopie (2)": {keyA}, "Copy of " + keyA: {keyA}, keyA + " copy": {keyA}, upper + ".bak": {keyA},
		keyA + `\recovery_shard-0.txt`: {keyA}, `bucket\` + keyA + `\versions\` + keyB + ".txt": {keyA, keyB}, keyA + "_recovery_shard-0.txt": {keyA},
		keyA + "%2Frecovery_shard-0.txt": {keyA}, "bucket%2f" + keyA + "%5crecovery_shard-0.txt": {keyA}, "recovery_shard-0." + keyA + ".txt": {keyA},
		bare + " (1)": {keyA}, "{" + bare + "} - Copy": {keyA}, keyA + "." + keyA: {keyA}, keyA + keyB: nil, "x" + keyA: nil, keyA + "0": nil,
		bare + ".txt": nil, "e" + bare + " (1)": nil, "notes": nil, "": nil, keyA[:35]: nil,
	} {
		var got []string
		for _, id := range idsIn(name) {
			got = append(got, id.String())
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}

// FuzzIDsIn: an ID that is found is in the name, and a name is no path of others.
func FuzzIDsIn(f *testing.F) {
	for _, s := range []string{keyA + " (1)", `a\` + keyA + `\` + keyB, strings.ReplaceAll(keyA, "-", "") + " - Copy", "%2F" + keyA} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, name string) {
		plain := strings.ToLower(strings.ReplaceAll(name, "-", ""))
		for _, id := range idsIn(name) {
			if !strings.Contains(plain, strings.ReplaceAll(id.String(), "-", "")) {
				t.Errorf("%q: %s", name, id)
			}
		}
		_ = IsLitter(name)
		if kind := ArchiveKind(name, []byte(name)); kind == "" && strings.HasPrefix(name, "PK\x03\x04") {
			t.Errorf("%q is no archive", name)
		}
	})
}

// TestShardIndex reads the number in the proper name of a shard, and in no other.
func TestShardIndex(t *testing.T) {
	for name, want := range map[string]int{
		"recovery_shard-0.txt": 0, "Recovery_Shard-12.TXT": 12, "recovery_shard-99999999999999999999.txt": math.MaxInt,
		"recovery_shard-0.txt.v1": -1, "x/recovery_shard-0.txt": -1, "recovery_shard-.txt": -1, "recovery_shard--1.txt": -1,
	} {
		if n, ok := ShardIndex(name); ok != (want >= 0) || ok && n != want || !ok && n != 0 {
			t.Errorf("%s: %d, %v", name, n, ok)
		}
	}
}

func TestLitter(t *testing.T) {
	for _, name := range []string{".DS_Store", "a/._recovery_shard-0.txt", "Thumbs.db", "x/THUMBS.DB", "desktop.ini", "Desktop.ini", "__MACOSX/a/b", "a/@eaDir/b", "Icon\r",
		"recovery_shard-0.txt:Zone.Identifier", ".~lock.record.csv#", "~$record.xlsx", keyA + "_$folder$"} {
		if !IsLitter(name) {
			t.Errorf("%q is not", name)
		}
	}
	for _, name := range []string{"recovery_shard-0.txt", "notes.txt", ".recovery_shard-0.txt.Ab12Cd", "recovery_shard-0.txt.part", "DS_Store", "a/b", ""} {
		if IsLitter(name) {
			t.Errorf("%q is", name)
		}
	}
}

func TestArchiveKind(t *testing.T) {
	tar := strings.Repeat("\x00", 257) + "ustar"
	for _, c := range []struct{ name, head, want string }{
		{"a", "PK\x03\x04", "zip"}, {"a.txt", "PK\x05\x06", "zip"}, {"a", "7z\xbc\xaf\x27\x1c", "7z"}, {"a", "Rar!\x1a\x07\x01", "rar"}, {"a", tar, "tar"},
		{"a.TGZ", "\x1f\x8b\x08", "tar.gz"}, {"a.tar.gz", "\x1f\x8b\x08", "tar.gz"}, {"a.tar.xz", "\xfd7zXZ\x00", "tar.xz"}, {"a.tar.bz2", "BZh9", "tar.bz2"},
		{"recovery_shard-0.txt.gz", "\x1f\x8b\x08", ""}, {"recovery_shard-0.txt", "\x1f\x8b\x08", ""}, {"a.zip", "eyJpbmRleCI6", ""}, {"a.zip", "", ""}, {"a", tar[:260], ""},
	} {
		if got := ArchiveKind(c.name, []byte(c.head)); got != c.want {
			t.Errorf("%s %.10q: %q, want %q", c.name, c.head, got, c.want)
		}
	}
}

func openWith(t *testing.T, dir string, hints Hints) *Bucket {
	t.Helper()
	b, err := Open(dir, hints)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	return b
}

func names(files []File) (all []string) {
	for _, f := range files {
		all = append(all, f.Path)
	}
	return all
}

// TestApart: what lies outside of a key's folder is found by the ID in its name,
// and is kept apart from what is in the folder.
func TestApart(t *testing.T) {
	dir := tree(t, keyA+"/recovery_shard-0.txt", keyA+" (1)/recovery_shard-0.txt", keyA+" (1)/note", "x/"+keyA+"_recovery_shard-1.txt", keyA+".pdf",
		"old "+keyB+"/empty", "__MACOSX/._"+keyA+"_recovery_shard-0.txt", keyC+" - Copy/recovery_shard-0.txt")
	b := open(t, dir)
	if got := paths(t, b, keyA); !slices.Equal(got, []string{keyA + "/recovery_shard-0.txt"}) {
		t.Errorf("in the folder: %q", got)
	}
	files, places, warnings := b.Apart(id(t, keyA))
	if got, want := names(files), []string{keyA + " (1)/recovery_shard-0.txt", "x/" + keyA + "_recovery_shard-1.txt", keyA + " (1)/note"}; !slices.Equal(got[:1], want[:1]) || len(got) != 3 {
		t.Errorf("apart: %q, want %q", got, want)
	}
	slices.Sort(places)
	if want := []string{keyA + " (1)", "x/" + keyA + "_recovery_shard-1.txt"}; !slices.Equal(places, want) || warnings != nil {
		t.Errorf("places %q, want %q, %v", places, want, warnings)
	}
	if _, places, _ := b.Apart(id(t, keyB)); places != nil {
		t.Errorf("a folder without shards: %q", places)
	}
	failing(t, func(op, path string) bool { return op == "open" && path == "old "+keyB })
	if _, _, warnings := b.Apart(id(t, keyB)); len(warnings) != 1 || !errors.Is(warnings[0].Err, errPlayed) || warnings[0].Path != "old "+keyB {
		t.Errorf("a folder that cannot be read: %v", warnings)
	}
	fault = nil
	var keys []string
	for k := range b.Keys(failOnWarning(t)) {
		keys = append(keys, k.String())
	}
	slices.Sort(keys)
	if want := []string{keyA, keyA, keyC}; !slices.Equal(slices.Compact(keys), slices.Compact(want)) {
		t.Errorf("keys %q, want %q", keys, want)
	}
	for range b.Keys(failOnWarning(t)) {
		break
	}
}

// TestSpellings: a folder is a key's however its ID is written.
func TestSpellings(t *testing.T) {
	bare := strings.ReplaceAll(keyB, "-", "")
	b := open(t, tree(t, "{"+keyA+"}/recovery_shard-0.txt", bare+"/recovery_shard-0.txt", "{"+strings.ToUpper(keyC)+"}/recovery_shard-0.txt"))
	for key, folder := range map[string]string{keyA: "{" + keyA + "}", keyB: bare, keyC: "{" + strings.ToUpper(keyC) + "}"} {
		if got := paths(t, b, key); !slices.Equal(got, []string{folder + "/recovery_shard-0.txt"}) {
			t.Errorf("files of %s: %q", key, got)
		}
	}
	if !b.HasProper() || !b.IsProper(File{Path: bare + "/recovery_shard-0.txt", Named: true}) || b.IsProper(File{Path: bare + "/x/recovery_shard-0.txt", Named: true}) {
		t.Error("what is proper")
	}
}

// TestStrays: shards without an ID are listed for whoever can tell labels.
func TestStrays(t *testing.T) {
	dir := tree(t, "recovery_shard-0.txt", "a/Recovery_Shard-0(2).TXT", "recovery shard-1.txt", "note.txt", "._recovery_shard-0.txt")
	if _, err := Open(dir, Hints{}); err != ErrNoKeys {
		t.Errorf("without labels: %v", err)
	}
	b := openWith(t, dir, Hints{Labels: true})
	want := []string{"a/Recovery_Shard-0(2).TXT", "recovery shard-1.txt", "recovery_shard-0.txt"}
	got := names(b.Strays())
	if slices.Sort(got); !slices.Equal(got, want) || b.HasKeyFolders() || b.HasProper() {
		t.Errorf("strays %q", got)
	}
	set(t, &maxStrays, 1)
	b = openWith(t, dir, Hints{Labels: true})
	if w := b.Warnings(); len(b.Strays()) != 1 || len(w) != 2 || w[0].Err != ErrTooManyApart || !w[0].IsLimit() {
		t.Errorf("too many: %q, %v", names(b.Strays()), w)
	}
}

// TestSearch: where one key is looked for, every file that begins like a shard
// may be its.
func TestSearch(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"a/any": "eyJpbmRleCI6", "b": "\xef\xbb\xbf\"ewog", "c": "\xff\xfee\x00y\x00", "d.gz": "\x1f\x8b\x08", "e": "{}", "f": "no", "g": "", ".DS_Store": "ey"} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := Open(dir, Hints{Labels: true}); err != ErrNoKeys {
		t.Errorf("without a key: %v", err)
	}
	b := openWith(t, dir, Hints{Key: id(t, keyA)})
	if got := names(b.Search()); !slices.Equal(got, []string{"a/any", "b", "c", "d.gz", "e"}) || !b.IsFor(id(t, keyA)) || b.IsFor(id(t, keyB)) || b.IsFor(uuid.ID{}) {
		t.Errorf("files %q", got)
	}
	set(t, &maxFiles, 2)
	if got := b.Search(); len(got) != 2 {
		t.Errorf("with a limit: %q", names(got))
	}
	if _, err := Open(tree(t, "note"), Hints{Key: id(t, keyA)}); err != ErrNoKeys {
		t.Errorf("nothing that may be a shard: %v", err)
	}
}

// TestSearchCloses: looking at how files begin leaves none open.
func TestSearchCloses(t *testing.T) {
	var all []string
	for i := range 20 {
		all = append(all, fmt.Sprintf("x/%d", i))
	}
	b := open(t, tree(t, append(all, keyA+"/x")...))
	before := openfiles.List(t)
	if found := b.Search(); found != nil {
		t.Errorf("found %v", found)
	}
	openfiles.Check(t, before)
}

// TestQuorumFolders: a folder that is named by a quorum may hold key folders; a
// key whose ID is that of a quorum keeps its own.
func TestQuorumFolders(t *testing.T) {
	hints := Hints{Labels: true, Quorums: map[uuid.ID]struct{}{id(t, keyC): {}}}
	b := openWith(t, tree(t, keyC+"/"+keyA+"/recovery_shard-0.txt", keyB+"/recovery_shard-0.txt"), hints)
	var keys []string
	for k := range b.Keys(failOnWarning(t)) {
		keys = append(keys, k.String())
	}
	if slices.Sort(keys); !slices.Equal(keys, []string{keyA, keyB}) {
		t.Errorf("keys %q", keys)
	}
	if got := paths(t, b, keyA); !slices.Equal(got, []string{keyC + "/" + keyA + "/recovery_shard-0.txt"}) {
		t.Errorf("files %q", got)
	}
	for what, other := range map[string]string{"nothing": "", "a file": keyC + "/" + keyA, "a folder": keyC + "/2024/note"} {
		shards := []string{keyC + "/recovery_shard-0.txt", keyC + "/recovery_shard-1.txt"}
		all := append(slices.Clone(shards), keyB+"/recovery_shard-0.txt")
		if other != "" {
			all = append(all, other)
		}
		b = openWith(t, tree(t, all...), hints)
		got := slices.DeleteFunc(paths(t, b, keyC), func(name string) bool { return name == other })
		if strays := names(b.Strays()); !slices.Equal(got, shards) || !slices.Equal(strays, got) {
			t.Errorf("beside %s: files %q, strays %q", what, got, strays)
		}
	}
}

// TestIsProper: a shard is where the service puts it in the folder of its key, which
// may be the download itself.
func TestIsProper(t *testing.T) {
	bucket := tree(t, keyA+"/recovery_shard-0.txt", keyA+"/versions/recovery_shard-0.txt", "recovery_shard-0.txt")
	for _, c := range []struct {
		dir, name string
		named     bool
		want      bool
	}{
		{bucket, keyA + "/recovery_shard-0.txt", true, true},
		{bucket, keyA + "/recovery_shard-0.txt", false, false},
		{bucket, keyA + "/versions/recovery_shard-0.txt", true, false},
		{bucket, "recovery_shard-0.txt", true, false},
		{filepath.Join(bucket, keyA), "recovery_shard-0.txt", true, true},
		{filepath.Join(bucket, keyA), "versions/recovery_shard-0.txt", true, false},
	} {
		if got := open(t, c.dir).IsProper(File{Path: c.name, Named: c.named}); got != c.want {
			t.Errorf("%s in %s: %v", c.name, filepath.Base(c.dir), got)
		}
	}
}

// TestArchives: an archive in the place of a download is named.
func TestArchives(t *testing.T) {
	dir := tree(t, "other/notes.txt")
	for name, text := range map[string]string{"b.zip": "no archive", "other/c.zip": "PK\x03\x04"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var archive *ArchiveError
	if _, err := Open(dir, Hints{}); !errors.As(err, &archive) || *archive != (ArchiveError{"other/c.zip", "zip"}) ||
		archive.Error() != ErrNoKeys.Error()+", but a zip archive, which has to be unpacked first: other/c.zip" {
		t.Errorf("in a folder: %v", err)
	}
	if _, err := Open(filepath.Join(dir, "other/c.zip"), Hints{}); !errors.As(err, &archive) || *archive != (ArchiveError{"", "zip"}) ||
		archive.Error() != "a zip archive, which has to be unpacked first" {
		t.Errorf("itself: %v", err)
	}
	if err := os.Mkdir(filepath.Join(dir, keyA), 0o700); err != nil {
		t.Fatal(err)
	}
	if got := open(t, dir).Archives(); len(got) != 1 || got[0].Path != "other/c.zip" {
		t.Errorf("beside a key: %v", got)
	}
}

// TestFolderLinks: of links to folders those are followed that are named by a key
// ID and stay inside; of the others it is said why not. A circle ends.
func TestFolderLinks(t *testing.T) {
	outside := tree(t, keyA+"/recovery_shard-0.txt", "file")
	dir := tree(t, keyB+"/recovery_shard-0.txt", "store/recovery_shard-0.txt")
	for name, to := range map[string]string{
		keyA: filepath.Join(outside, keyA), keyC: "store", "circle": ".", "alias": "store", "out": outside, "file": filepath.Join(outside, "file"), "dead": "nowhere",
	} {
		if err := os.Symlink(to, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	b := open(t, dir)
	got := make(map[string]error)
	for _, w := range b.Warnings() {
		got[w.Path] = w.Err
	}
	want := map[string]error{keyA: ErrLinkOut, "circle": ErrLinkFolder, "alias": ErrLinkFolder, "out": ErrLinkOut}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("warnings %v, want %v", got, want)
	}
	if got := paths(t, b, keyC); !slices.Equal(got, []string{keyC + "/recovery_shard-0.txt"}) {
		t.Errorf("files %q", got)
	}
	var keys []string
	for k := range b.Keys(failOnWarning(t)) {
		keys = append(keys, k.String())
	}
	if slices.Sort(keys); !slices.Equal(keys, []string{keyB, keyC}) {
		t.Errorf("keys %q", keys)
	}
	only := t.TempDir()
	if err := os.Symlink(filepath.Join(outside, keyA), filepath.Join(only, keyA)); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(only, Hints{}); err != ErrLinkedKeys {
		t.Errorf("nothing but a link: %v", err)
	}
	inside := tree(t, "store/x/recovery_shard-0.txt")
	if err := os.Symlink("store/x", filepath.Join(inside, keyC)); err != nil {
		t.Fatal(err)
	}
	b = open(t, inside)
	if got := paths(t, b, keyC); !b.HasKeyFolders() || !slices.Equal(got, []string{keyC + "/recovery_shard-0.txt"}) {
		t.Errorf("a link inside, and nothing else: %q", got)
	}
}

// TestApartLimit: a hostile tree makes a limited number of entries.
func TestApartLimit(t *testing.T) {
	set(t, &maxApart, 2)
	var all []string
	for i := range 5 {
		all = append(all, fmt.Sprintf("0830144c-4771-49fd-9ff5-9a4ee1a4e97%d_recovery_shard-0.txt", i))
	}
	b := open(t, tree(t, all...))
	if w := b.Warnings(); len(b.apart) != 2 || len(b.others) != 2 || len(w) != 3 || w[0].Err != ErrTooManyApart {
		t.Errorf("%d kept, %d keys, %v", len(b.apart), len(b.others), w)
	}
}

// TestProper: the search for a shard under its proper name ends with the first.
func TestProper(t *testing.T) {
	if b := open(t, tree(t, keyA+"/versions/recovery_shard-0.txt", keyB+"/x")); b.HasProper() {
		t.Error("there is none")
	}
	opened := 0
	b := open(t, tree(t, keyA+"/recovery_shard-0.txt", keyB+"/recovery_shard-0.txt", keyC+"/recovery_shard-0.txt"))
	fault = func(op, path string) error {
		if op == "open" {
			opened++
		}
		return nil
	}
	t.Cleanup(func() { fault = nil })
	first, again := b.HasProper(), b.HasProper()
	if !first || !again || opened != 2 {
		t.Errorf("%d folders were opened", opened)
	}
}

// TestProperLimit: so many key folders are looked into, and no further one.
func TestProperLimit(t *testing.T) {
	dir := tree(t, "below/"+keyA+"/recovery_shard-0.txt") // comes after those above it
	empty := func(i int) {
		if err := os.Mkdir(filepath.Join(dir, uuid.ID{6: 0x40, 8: 0x80, 14: byte(i >> 8), 15: byte(i)}.String()), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for i := range maxProper - 1 {
		empty(i)
	}
	if !open(t, dir).HasProper() {
		t.Errorf("not found after %d folders", maxProper-1)
	}
	empty(maxProper)
	empty(maxProper + 1)
	b := open(t, dir)
	looked := -1 // the folder that they are in
	failing(t, func(op, path string) bool {
		if op == "open" {
			looked++
		}
		return false
	})
	if b.HasProper() || looked != maxProper {
		t.Errorf("%d folders were looked into", looked)
	}
}
