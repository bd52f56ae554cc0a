package bucket

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"recover/fixtures/openfiles"
	"recover/internal/uuid"
)

var errPlayed = errors.New("played fault")

// failing makes the calls of the system for which fails says so fail, until the
// test ends.
func failing(t *testing.T, fails func(op, path string) bool) {
	t.Helper()
	fault = func(op, path string) error {
		if fails(op, path) {
			return errPlayed
		}
		return nil
	}
	t.Cleanup(func() { fault = nil })
}

// TestFaultOfOpen has each call of the system fail in turn while a download is
// opened: the first two, without which nothing is known of it, are errors, and
// each of the others is one warning, and does no harm to the other folders.
func TestFaultOfOpen(t *testing.T) {
	dir := tree(t, "2024/"+keyA+"/recovery_shard-0.txt", "2025/"+keyB+"/recovery_shard-0.txt")
	files := openfiles.List(t)
	for n := 1; ; n++ {
		calls, where := 0, ""
		failing(t, func(op, path string) bool {
			if calls++; calls == n {
				where = path
			}
			return calls == n
		})
		b, err := Open(dir, Hints{})
		fault = nil
		if n <= 2 {
			if !errors.Is(err, errPlayed) {
				t.Errorf("call %d: %v", n, err)
			}
		} else if calls < n {
			if err != nil || len(b.Warnings()) > 0 || n < 10 {
				t.Errorf("without a fault, after %d calls: %v, %v", calls, err, b.Warnings())
			}
			_ = b.Close()
			break
		} else if n <= 4 { // the folder itself cannot be listed, or not again
			if err != ErrNoKeys {
				t.Errorf("call %d: %v", n, err)
			}
		} else if w := b.Warnings(); err != nil || len(w) != 1 || w[0].Err != errPlayed || w[0].Path != "." && w[0].Path != filepath.Base(where) {
			t.Errorf("call %d: %v, %v", n, err, w)
		}
		if b != nil {
			_ = b.Close()
		}
	}
	openfiles.Check(t, files)
}

// TestFaultOfList: a folder that cannot be listed, or not to its end, is a
// warning of what lists it.
func TestFaultOfList(t *testing.T) {
	b := open(t, tree(t, "2024/"+keyA+"/recovery_shard-0.txt", "2024/"+keyA+"/old/recovery_shard-0.txt", "2025/"+keyB+"/recovery_shard-0.txt"))
	files := openfiles.List(t)
	for _, op := range []string{"open", "readdir"} {
		failing(t, func(o, p string) bool { return o == op && filepath.Base(p) == "2024" })
		var warnings []Warning
		var keys []string
		for k := range b.Keys(func(w Warning) { warnings = append(warnings, w) }) {
			keys = append(keys, k.String())
		}
		if !slices.Equal(keys, []string{keyB}) || len(warnings) != 1 || warnings[0] != (Warning{"2024", errPlayed}) {
			t.Errorf("%s: keys %q, warnings %v", op, keys, warnings)
		}
		failing(t, func(o, p string) bool { return o == op && filepath.Base(p) == "old" })
		found, warnings, err := b.Files(id(t, keyA))
		if err != nil || len(found) != 1 || len(warnings) != 1 || warnings[0] != (Warning{"2024/" + keyA + "/old", errPlayed}) {
			t.Errorf("%s: files %v, warnings %v, %v", op, found, warnings, err)
		}
	}
	openfiles.Check(t, files)
}

// TestFaultOfFile: a file that cannot be looked at is listed all the same, and
// reading it says why; of a bucket that is one file, Files does.
func TestFaultOfFile(t *testing.T) {
	dir := tree(t, keyA+"/recovery_shard-0.txt")
	resolved, err := filepath.EvalSymlinks(dir)
	if err != nil {
		t.Fatal(err)
	}
	b := open(t, dir)
	single := open(t, filepath.Join(dir, keyA, "recovery_shard-0.txt"))
	found, _, err := b.Files(id(t, keyA))
	if err != nil || len(found) != 1 || found[0].Size != int64(len(keyA)+len("/recovery_shard-0.txt")) || found[0].Modified.IsZero() || !found[0].Named {
		t.Errorf("%+v, %v", found, err)
	}
	files := openfiles.List(t)
	failing(t, func(op, _ string) bool { return op == "stat" })
	found, warnings, err := b.Files(id(t, keyA))
	if err != nil || len(found) != 1 || found[0] != (File{Path: keyA + "/recovery_shard-0.txt", Named: true}) || len(warnings) > 0 {
		t.Errorf("%+v, %v, %v", found, warnings, err)
	}
	if _, _, err := single.Files(id(t, keyA)); err != errPlayed {
		t.Errorf("one file: %v", err)
	}
	for _, op := range []string{"stat", "read"} {
		failing(t, func(o, _ string) bool { return o == op })
		if data, err := b.Read(found[0], 1000); err != errPlayed || data != nil {
			t.Errorf("%s: %q, %v", op, data, err)
		}
	}
	// It grows after it was looked at.
	fault = func(op, _ string) error {
		if op != "read" {
			return nil
		}
		return os.WriteFile(filepath.Join(dir, keyA, "recovery_shard-0.txt"), make([]byte, 101), 0o600)
	}
	if data, err := b.Read(found[0], 100); err != ErrFileTooLong || data != nil {
		t.Errorf("it has grown: %d bytes, %v", len(data), err)
	}
	fault = nil
	if data, err := b.Read(found[0], 101); err != nil || len(data) != 101 {
		t.Errorf("as long as is allowed: %d bytes, %v", len(data), err)
	}
	if _, err := b.Read(found[0], 100); err != ErrFileTooLong {
		t.Errorf("a byte longer: %v", err)
	}
	if _, err := b.Read(File{Path: keyA + "/absent"}, 100); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("absent, and no link: %v", err)
	}
	openfiles.Check(t, files)
	if err := b.Close(); err != nil {
		t.Error(err)
	}
	if _, err := b.Read(found[0], 101); !errors.Is(err, fs.ErrClosed) && !strings.Contains(fmt.Sprint(err), "closed") {
		t.Errorf("after Close: %v", err)
	}
	if runtime.GOOS == "linux" && (slices.Contains(slices.Collect(maps.Values(openfiles.List(t))), resolved) || !slices.Contains(slices.Collect(maps.Values(files)), resolved)) {
		t.Errorf("after Close %s is open, or was not before", resolved)
	}
}

// TestWarningLimit: of very many faults the first fifty are kept.
func TestWarningLimit(t *testing.T) {
	paths := []string{keyB + "/x"}
	for i := range 60 {
		paths = append(paths, fmt.Sprintf("%s/d%d/x", keyA, i), fmt.Sprintf("d%d/x", i))
	}
	dir := tree(t, paths...)
	failing(t, func(op, p string) bool { return op == "open" && strings.HasPrefix(filepath.Base(p), "d") })
	b := open(t, dir)
	if n := len(b.Warnings()); n != 50 {
		t.Errorf("Open: %d warnings", n)
	}
	if _, warnings, err := b.Files(id(t, keyA)); len(warnings) != 50 || err != nil {
		t.Errorf("Files: %d warnings, %v", len(warnings), err)
	}
}

// set gives a limit another value until the test ends.
func set(t *testing.T, limit *int, value int) {
	was := *limit
	*limit = value
	t.Cleanup(func() { *limit = was })
}

// TestFileLimit: what is named like a shard comes first, and what is left out is
// said.
func TestFileLimit(t *testing.T) {
	set(t, &maxFiles, 3)
	for _, c := range []struct {
		named, others, wantNamed, want int
		left                           bool
	}{
		{0, 3, 0, 3, false}, {0, 4, 0, 3, true},
		{3, 0, 3, 3, false}, {4, 0, 3, 3, true},
		{2, 1, 2, 3, false}, {2, 2, 2, 3, true}, {3, 1, 3, 3, true},
	} {
		var paths []string
		for i := range c.named {
			paths = append(paths, fmt.Sprintf("%s/recovery_shard-%d.txt", keyA, i))
		}
		for i := range c.others {
			paths = append(paths, fmt.Sprintf("%s/other-%d", keyA, i))
		}
		files, warnings, err := open(t, tree(t, paths...)).Files(id(t, keyA))
		named := 0
		for _, f := range files {
			if f.Named {
				named++
			}
		}
		if err != nil || len(files) != c.want || named != c.wantNamed || (len(warnings) > 0) != c.left {
			t.Errorf("%d and %d: %d files, %d named, warnings %v, %v", c.named, c.others, len(files), named, warnings, err)
		}
		if c.left && (len(warnings) != 1 || warnings[0] != (Warning{keyA, ErrTooMany})) {
			t.Errorf("%d and %d: warnings %v", c.named, c.others, warnings)
		}
	}
}

// TestEntryLimit: after so many entries of a key's folders the search ends.
func TestEntryLimit(t *testing.T) {
	b := open(t, tree(t, keyA+"/1", keyA+"/2", keyA+"/3", keyA+"/4"))
	for limit, left := range map[int]bool{3: true, 4: false} {
		set(t, &maxEntries, limit)
		files, warnings, err := b.Files(id(t, keyA))
		if err != nil || len(files) != limit || left != (len(warnings) == 1) {
			t.Errorf("limit %d: %d files, %v, %v", limit, len(files), warnings, err)
		}
	}
}

// TestFolderLimit: so many folders of one depth are searched, and no more.
func TestFolderLimit(t *testing.T) {
	b := open(t, tree(t, keyA+"/a/1", keyA+"/b/2", keyA+"/c/3"))
	for limit, want := range map[int]int{2: 1, 3: 0} {
		set(t, &maxFolders, limit)
		files, warnings, err := b.Files(id(t, keyA))
		if err != nil || len(files) != limit || len(warnings) != want {
			t.Errorf("limit %d: %d files, %v, %v", limit, len(files), warnings, err)
		}
		if want == 1 && warnings[0] != (Warning{keyA, ErrTooManyFolders}) {
			t.Errorf("limit %d: %v", limit, warnings)
		}
	}
}

// TestDepthLimit: the sixteenth folder down is read, the next is not.
func TestDepthLimit(t *testing.T) {
	for depth, want := range map[int]int{maxDepth: 0, maxDepth + 1: 1} {
		files, warnings, err := open(t, tree(t, keyA+"/"+strings.Repeat("d/", depth)+"f")).Files(id(t, keyA))
		if err != nil || len(files) != 1-want || len(warnings) != want {
			t.Errorf("depth %d: %v, %v, %v", depth, files, warnings, err)
		}
	}
}

// TestOddLimit: so many key folders are known that are not in lower case.
func TestOddLimit(t *testing.T) {
	set(t, &maxOdd, 1)
	b := open(t, tree(t, "1/"+strings.ToUpper(keyA)+"/x", "1/2/"+strings.ToUpper(keyB)+"/x"))
	if a, other := paths(t, b, keyA), paths(t, b, keyB); len(a) != 1 || len(other) != 0 {
		t.Errorf("files %q and %q", a, other)
	}
}

// TestKeyFoldersOnly: a file with the name of a key is no key folder, and a
// folder below a key's is not another key's. A batch of entries ends nothing.
func TestKeyFoldersOnly(t *testing.T) {
	set(t, &batchSize, 1)
	dir := tree(t, keyA+"/"+keyB+"/recovery_shard-0.txt", keyC, "a/"+keyC, "other/x", keyA+"/x", "note")
	b := open(t, dir)
	var keys []string
	for k := range b.Keys(failOnWarning(t)) {
		keys = append(keys, k.String())
	}
	if !slices.Equal(keys, []string{keyA}) {
		t.Errorf("keys %q", keys)
	}
	for _, key := range []string{keyB, keyC} {
		if files, warnings, err := b.Files(id(t, key)); files != nil || warnings != nil || err != nil {
			t.Errorf("%s: %v, %v, %v", key, files, warnings, err)
		}
	}
	if got, want := paths(t, b, keyA), []string{keyA + "/" + keyB + "/recovery_shard-0.txt", keyA + "/x"}; !slices.Equal(got, want) {
		t.Errorf("files %q", got)
	}
	if b.IsFile() {
		t.Error("it is a file")
	}
	if _, err := Open(t.TempDir(), Hints{}); err != ErrNoKeys {
		t.Errorf("an empty folder: %v", err)
	}
}

// TestKeysOfKeyFolder: the folder of one key, named by a relative path, yields
// that key, and then those below it.
func TestKeysOfKeyFolder(t *testing.T) {
	dir := tree(t, keyA+"/"+keyB+"/x")
	t.Chdir(filepath.Join(dir, keyA))
	b := open(t, ".")
	var keys []string
	for k := range b.Keys(failOnWarning(t)) {
		keys = append(keys, k.String())
	}
	if !slices.Equal(keys, []string{keyA, keyB}) {
		t.Errorf("keys %q", keys)
	}
	for k := range b.Keys(failOnWarning(t)) {
		if k != id(t, keyA) {
			t.Errorf("the first key is %s", k)
		}
		break
	}
	var none uuid.ID
	if got := paths(t, b, none.String()); got != nil {
		t.Errorf("files of no key: %q", got)
	}
}

// TestOrder: shards by their number, then by name, the newest first, and by path
// at last; all other files after them.
func TestOrder(t *testing.T) {
	dir := tree(t, "x")
	info, err := os.Stat(filepath.Join(dir, "x"))
	if err != nil {
		t.Fatal(err)
	}
	now := info.ModTime()
	sorted := []File{
		{Path: "x/recovery_shard-02.txt", Named: true, Modified: now},
		{Path: "z/recovery_shard-2.txt", Named: true, Modified: now.Add(1)},
		{Path: "a/recovery_shard-2.txt", Named: true, Modified: now},
		{Path: "b/recovery_shard-2.txt", Named: true, Modified: now},
		{Path: "recovery_shard-10.txt", Named: true, Modified: now},
		{Path: "recovery_shard-99999999999999999999.txt", Named: true, Modified: now},
		{Path: "z/a", Modified: now},
		{Path: "c/b", Modified: now.Add(1)},
		{Path: "a/b", Modified: now},
		{Path: "b/b", Modified: now},
	}
	for i, a := range sorted {
		for k, b := range sorted {
			if got := compare(a, b); (got < 0) != (i < k) || (got > 0) != (i > k) {
				t.Errorf("%s and %s: %d", a.Path, b.Path, got)
			}
		}
	}
}
