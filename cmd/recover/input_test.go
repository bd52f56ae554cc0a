package main

import (
	"os"
	"path/filepath"
	"testing"
)

func TestTypedPath(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, name := range []string{"share.txt", "it's a share.txt", "größe 1.txt", `back\slash`, "'quoted'"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for answer, want := range map[string]string{
		dir + "/share.txt":                           "share.txt",
		" " + dir + "/share.txt \t":                  "share.txt",
		"'" + dir + "/share.txt' ":                   "share.txt",
		`"` + dir + `/share.txt"`:                    "share.txt",
		"\u201c" + dir + "/share.txt\u201d":          "share.txt",
		dir + "/share.txt\u00a0":                     "share.txt",
		"file://" + dir + "/gr%C3%B6%C3%9Fe%201.txt": "größe 1.txt",
		"file://localhost" + dir + "/share.txt":      "share.txt",
		"'" + dir + `/it'\''s a share.txt'`:          "it's a share.txt",
		dir + `/it\'s\ a\ share.txt `:                "it's a share.txt",
		dir + `/back\slash`:                          `back\slash`,
		dir + `/'quoted'`:                            "'quoted'",
	} {
		if got := typedPath(answer); got != filepath.Join(dir, want) {
			t.Errorf("%q is %q, want %q", answer, got, want)
		}
	}
	for _, answer := range []string{"", " ", "''", "type", dir + "/none", "file://elsewhere" + dir + "/share.txt", "http://x" + dir + "/share.txt", `\`, `'`} {
		if got := typedPath(answer); got != "" {
			t.Errorf("%q is taken for %q", answer, got)
		}
	}
}

func FuzzUnescapeShell(f *testing.F) {
	f.Add(`'it'\''s'`)
	f.Add(`a\ b\`)
	f.Fuzz(func(t *testing.T, word string) {
		if got := unescapeShell(word); len(got) > len(word) {
			t.Errorf("%q became %q", word, got)
		}
	})
}
