//go:build linux

package main

import (
	"errors"
	"os"
	"os/user"
	"path/filepath"
	"strings"
	"testing"
)

// TestDroppedPath: the forms in which terminals and file managers write the path
// of a file that is dragged into them.
func TestDroppedPath(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"share.txt", "bob's share.txt", "für uns.txt", `a\b.txt`, "'quoted'", "100%.txt"} {
		ok(t, os.WriteFile(filepath.Join(dir, name), nil, 0o600))
	}
	at := func(name string) string { return filepath.Join(dir, name) }
	for answer, want := range map[string]string{
		at("share.txt"):                        at("share.txt"),
		"'" + at("share.txt") + "'":            at("share.txt"),
		`"` + at("share.txt") + `"`:            at("share.txt"),
		"file://" + at("share.txt"):            at("share.txt"),
		"file://localhost" + at("share.txt"):   at("share.txt"),
		"'file://" + at("share.txt") + "'":     at("share.txt"),
		"file://example.com" + at("share.txt"): "",
		at("bob's share.txt"):                  at("bob's share.txt"),
		`'` + at(`bob'\''s share.txt`) + `'`:   at("bob's share.txt"), // GNOME
		`"` + at("bob's share.txt") + `"`:      at("bob's share.txt"), // KDE
		at(`bob\'s\ share.txt`):                at("bob's share.txt"), // macOS
		"file://" + at("bob's%20share.txt"):    at("bob's share.txt"), // VTE
		"file://" + at("f%C3%BCr%20uns.txt"):   at("für uns.txt"),
		"file://" + at("100%25.txt"):           at("100%.txt"),
		at(`a\b.txt`):                          at(`a\b.txt`), // as it stands comes first
		at(`a\\b.txt`):                         at(`a\b.txt`),
		at("'quoted'"):                         at("'quoted'"),
		at("missing.txt"):                      "",
		"'" + at("missing.txt") + "'":          "",
		"file://" + at("%zz"):                  "",
		"'" + at("share.txt"):                  at("share.txt"), // half a pair
		"":                                     "",
		"''":                                   "",
		`\`:                                    "",
		"~":                                    home(t),
		"~/":                                   home(t),
		"'~/'":                                 home(t),
		"~nobody-of-this-name/share.txt":       "",
	} {
		got, found := droppedPath(answer)
		if got != want || found != (want != "") {
			t.Errorf("%s: %q, %v; want %q", answer, got, found, want)
		}
	}
	t.Setenv("HOME", dir)
	if got, _ := droppedPath("~/share.txt"); got == at("share.txt") && home(t) != dir {
		t.Error("a variable changes where ~ is")
	}
}

func home(t *testing.T) string {
	t.Helper()
	u, err := user.Current()
	ok(t, err)
	return filepath.Clean(u.HomeDir)
}

// FuzzDroppedPath: what is found is there, and nothing panics.
func FuzzDroppedPath(f *testing.F) {
	for _, s := range []string{"'", `"\`, "file://%", "~", "~/..", "file:///~", strings.Repeat(`\`, 99), "a\x00b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, answer string) {
		path, found := droppedPath(answer)
		if found != (path != "") || found && !exists(path) {
			t.Errorf("%q: %q, %v", answer, path, found)
		}
		if plain := fromShellWord("'" + strings.ReplaceAll(answer, "'", `'\''`) + "'"); plain != answer {
			t.Errorf("%q, quoted for a shell, is read as %q", answer, plain)
		}
	})
}

func TestShareIn(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "other.txt")
	ok(t, os.WriteFile(file, nil, 0o600))
	if got, err := shareIn(file); got != file || err != nil {
		t.Errorf("a file: %q, %v", got, err)
	}
	if got, err := shareIn(filepath.Join(dir, "gone")); got != filepath.Join(dir, "gone") || err != nil {
		t.Errorf("nothing: %q, %v", got, err)
	}
	if _, err := shareIn(dir); !errors.Is(err, errNoShareIn) {
		t.Errorf("no share: %v", err)
	}
	for _, name := range []string{"share.txt", "share.age"} {
		ok(t, os.WriteFile(filepath.Join(dir, name), nil, 0o600))
		got, err := shareIn(dir)
		if both := name == "share.age"; both != (err != nil) || !both && got != filepath.Join(dir, name) {
			t.Errorf("with %s: %q, %v", name, got, err)
		}
	}
}
