package bucket

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"recover/fixtures/tier"
	"recover/internal/uuid"
)

const (
	keyA = "0830144c-4771-49fd-9ff5-9a4ee1a4e97a"
	keyB = "1bebb232-fdc1-481b-9318-67ed1f539b2a"
	keyC = "8579237a-6e40-42be-be92-6bda619f3781"
)

func id(t *testing.T, s string) uuid.ID {
	t.Helper()
	v, err := uuid.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// tree makes the files, each with its path as content.
func tree(t *testing.T, paths ...string) string {
	t.Helper()
	dir := t.TempDir()
	for _, p := range paths {
		full := filepath.Join(dir, p)
		if err := os.MkdirAll(filepath.Dir(full), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, []byte(p), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func open(t *testing.T, name string) *Bucket {
	t.Helper()
	b, err := Open(name, Hints{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	return b
}

func paths(t *testing.T, b *Bucket, key string) []string {
	t.Helper()
	files, _, err := b.Files(id(t, key))
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, f := range files {
		all = append(all, f.Path)
	}
	return all
}

func TestFiles(t *testing.T) {
	dir := tree(t,
		keyA+"/recovery_shard-0.txt", keyA+"/recovery_shard-1.txt", keyA+"/versions/abc", keyA+"/notes.md",
		"2024/eu/"+keyB+"/recovery_shard-0.txt", "2025/"+keyB+"/recovery_shard-0.txt", "README", "2025/empty/x",
	)
	old := time.Now().Add(-time.Hour)
	if err := os.Chtimes(filepath.Join(dir, "2025", keyB, "recovery_shard-0.txt"), old, old); err != nil {
		t.Fatal(err)
	}
	b := open(t, dir)
	for key, want := range map[string][]string{
		keyA: {keyA + "/recovery_shard-0.txt", keyA + "/recovery_shard-1.txt", keyA + "/versions/abc", keyA + "/notes.md"},
		keyB: {"2024/eu/" + keyB + "/recovery_shard-0.txt", "2025/" + keyB + "/recovery_shard-0.txt"}, // the newer first
		keyC: nil,
	} {
		got := paths(t, b, key)
		if key == keyA {
			slices.Sort(got[2:])
			slices.Sort(want[2:])
		}
		if !slices.Equal(got, want) {
			t.Errorf("files of %s: %q, want %q", key, got, want)
		}
	}
	var keys []string
	for k := range b.Keys(failOnWarning(t)) {
		keys = append(keys, k.String())
	}
	slices.Sort(keys)
	if want := []string{keyA, keyB, keyB}; !slices.Equal(keys, want) {
		t.Errorf("keys %q, want %q", keys, want)
	}
	for range b.Keys(failOnWarning(t)) {
		break // stopping early must not panic
	}
}

func failOnWarning(t *testing.T) func(Warning) {
	return func(w Warning) { t.Errorf("%s: %v", w.Path, w.Err) }
}

// TestPassedOver: what lies too deep, or cannot be listed, is named, and does no
// harm to the rest.
func TestPassedOver(t *testing.T) {
	deep := strings.Repeat("d/", maxDepth+2)
	dir := tree(t, deep+"f", keyA+"/recovery_shard-0.txt", keyA+"/"+deep+"f", "lost+found/x")
	b := open(t, dir)
	if w := b.Warnings(); len(w) != 1 || !errors.Is(w[0].Err, ErrTooDeep) || !strings.HasPrefix(w[0].Path, "d/d/") {
		t.Errorf("warnings %v", w)
	}
	files, warnings, err := b.Files(id(t, keyA))
	if err != nil || len(files) != 1 || len(warnings) != 1 || !errors.Is(warnings[0].Err, ErrTooDeep) {
		t.Errorf("%v, %v, %v", files, warnings, err)
	}
	if os.Geteuid() == 0 { // who can read everything: the file system itself has to refuse
		return
	}
	if err := os.Chmod(filepath.Join(dir, "lost+found"), 0); err != nil {
		t.Fatal(err)
	}
	if w := open(t, dir).Warnings(); len(w) != 2 || w[0].Path != "lost+found" && w[1].Path != "lost+found" {
		t.Errorf("warnings %v", w)
	}
}

// TestManyFiles: of too many files those are kept that are named like shards,
// and of the others those nearest to the key's folder.
func TestManyFiles(t *testing.T) {
	tier.Long(t)
	names := []string{keyA + "/z/y/x/recovery_shard-0.txt"}
	for i := range maxFiles + 20 {
		names = append(names, fmt.Sprintf("%s/a/junk%04d", keyA, i))
	}
	names = append(names, keyA+"/note")
	files, warnings, err := open(t, tree(t, names...)).Files(id(t, keyA))
	if err != nil || len(files) != maxFiles || files[0].Path != names[0] {
		t.Fatalf("%d files, %v", len(files), err)
	}
	if !slices.ContainsFunc(files, func(f File) bool { return f.Path == keyA+"/note" }) {
		t.Error("the file in the key's folder itself is missing")
	}
	if len(warnings) != 1 || !errors.Is(warnings[0].Err, ErrTooMany) {
		t.Errorf("warnings %v", warnings)
	}
}

// TestFoldersInAnyCase: key folders are found whatever the case of their
// letters, and numbers are ordered as numbers.
func TestFoldersInAnyCase(t *testing.T) {
	upper, mixed := strings.ToUpper(keyA), strings.ToUpper(keyB[:4])+keyB[4:]
	b := open(t, tree(t, upper+"/recovery_shard-10.txt", keyA+"/recovery_shard-2.txt", mixed+"/recovery_shard-0.txt"))
	if got, want := paths(t, b, keyA), []string{keyA + "/recovery_shard-2.txt", upper + "/recovery_shard-10.txt"}; !slices.Equal(got, want) {
		t.Errorf("files %q, want %q", got, want)
	}
	if got, want := paths(t, b, keyB), []string{mixed + "/recovery_shard-0.txt"}; !slices.Equal(got, want) {
		t.Errorf("files %q, want %q", got, want)
	}
}

func TestKeyFolderItself(t *testing.T) {
	dir := tree(t, keyA+"/recovery_shard-0.txt")
	b := open(t, filepath.Join(dir, keyA))
	if got := paths(t, b, keyA); !slices.Equal(got, []string{"recovery_shard-0.txt"}) {
		t.Errorf("files %q", got)
	}
	if got := paths(t, b, keyB); got != nil {
		t.Errorf("files of another key %q", got)
	}
}

func TestSingleFile(t *testing.T) {
	dir := tree(t, "any-name")
	b := open(t, filepath.Join(dir, "any-name"))
	if got := paths(t, b, keyC); !b.IsFile() || !slices.Equal(got, []string{"any-name"}) {
		t.Errorf("files %q", got)
	}
}

func TestRefused(t *testing.T) {
	if _, err := Open(tree(t, "a/b/recovery_shard-0.txt"), Hints{}); !errors.Is(err, ErrNoKeys) {
		t.Errorf("no key folder: %v", err)
	}
	if _, err := Open(filepath.Join(t.TempDir(), "absent"), Hints{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("absent: %v", err)
	}
	b := open(t, tree(t, keyA+"/large"))
	f := File{Path: keyA + "/large"}
	if _, err := b.Read(f, 10); !errors.Is(err, ErrFileTooLong) {
		t.Errorf("large: %v", err)
	}
	if got, err := b.Read(f, 1000); err != nil || string(got) != f.Path {
		t.Errorf("read %q, %v", got, err)
	}
	if _, err := b.Read(File{Path: keyA}, 1000); !errors.Is(err, ErrNotRegular) {
		t.Errorf("a directory: %v", err)
	}
}

// TestLinks plants links: one to a file outside must not be read, and of each it
// is said what is wrong.
func TestLinks(t *testing.T) {
	outside := tree(t, "canary")
	dir := tree(t, keyA+"/recovery_shard-0.txt")
	for name, link := range map[string]struct {
		to   string
		want error
	}{
		"out":     {filepath.Join(outside, "canary"), ErrLinkOut},
		"up":      {"../../../canary", ErrLinkOut},
		"dead":    {"nowhere", ErrLinkDead},
		"circle":  {"circle", syscall.ELOOP},
		"sibling": {"recovery_shard-0.txt", nil},
	} {
		if err := os.Symlink(link.to, filepath.Join(dir, keyA, name)); err != nil {
			t.Fatal(err)
		}
		b := open(t, dir)
		if got := paths(t, b, keyA); !slices.Contains(got, keyA+"/"+name) {
			t.Errorf("files %q: the link should be listed, so that reading it can fail", got)
		}
		data, err := b.Read(File{Path: keyA + "/" + name}, 100)
		if !errors.Is(err, link.want) || err != nil && data != nil {
			t.Errorf("%s: %q, %v", name, data, err)
		}
	}
}
