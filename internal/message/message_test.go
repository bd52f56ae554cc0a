package message

import (
	"strings"
	"testing"
)

func TestQuote(t *testing.T) {
	long := strings.Repeat("x", 41)
	for in, want := range map[string]string{
		"":                          `""`,
		"a\x1b[2J\u202eb\"é\xff":    `"a\x1b[2J\u202eb\"\u00e9\xff"`,
		long[:40]:                   `"` + long[:40] + `"`,
		long:                        `"` + long[:40] + `"…`,
		long[:39] + "é and no more": `"` + long[:39] + `\xc3"…`,
	} {
		if got := Quote(in); got != want {
			t.Errorf("%q: %s, want %s", in, got, want)
		}
	}
	long = strings.Repeat("x", 301)
	if got := QuoteLong(long[:300]); got != `"`+long[:300]+`"` {
		t.Errorf("300 bytes: %s", got)
	}
	if got := QuoteLong(long); got != `"`+long[:300]+`"…` {
		t.Errorf("301 bytes: %s", got)
	}
}

func TestPlural(t *testing.T) {
	for n, want := range map[int]string{-1: "keys", 0: "keys", 1: "key", 2: "keys"} {
		if got := Plural(n, "key", "keys"); got != want {
			t.Errorf("%d %s", n, got)
		}
	}
}

func TestGroups(t *testing.T) {
	for in, want := range map[string]string{"": "", "abc": "abc", "0123": "0123", "01234": "0123 4", "0123456789abcdef": "0123 4567 89ab cdef"} {
		if got := Groups(in); got != want {
			t.Errorf("%s: %s", in, got)
		}
	}
}

func TestCountAndFew(t *testing.T) {
	for n, want := range map[int]string{0: "0 keys", 1: "1 key", 2: "2 keys"} {
		if got := Count(n, "key", "keys"); got != want {
			t.Errorf("%d: %s", n, got)
		}
	}
	names := []string{"a", "b", "c", "d", "e"}
	for n, want := range map[int]string{0: "", 1: "a", 3: "a, b, c", 4: "a, b, c and 1 more", 5: "a, b, c and 2 more"} {
		if got := Few(names[:n], 3); got != want {
			t.Errorf("%d: %s", n, got)
		}
	}
}

func TestShellQuote(t *testing.T) {
	for in, want := range map[string]string{
		"": "''", "/media/a_b-1.pem": "/media/a_b-1.pem", "my key": "'my key'", "it's": `'it'\''s'`, "é": "'é'", "a\xff": "'a\xff'", "a$b": "'a$b'",
	} {
		if got := ShellQuote(in); got != want {
			t.Errorf("%q: %s, want %s", in, got, want)
		}
	}
}
