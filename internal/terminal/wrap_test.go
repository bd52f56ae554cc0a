package terminal

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestWrap(t *testing.T) {
	for _, c := range []struct {
		line  string
		width int
		want  string
	}{
		{"short", 10, "short"},
		{"exactly it", 10, "exactly it"},
		{"one two three", 8, "one two\n  three"},
		{"    one two three", 11, "    one two\n      three"},
		{"recover: error: a b", 17, "recover: error: a\n         b"},
		{"averyveryverylongword and more", 10, "averyveryverylongword\n  and more"},
		{"a averyveryverylongword", 10, "a\n  averyveryverylongword"},
		{"a    b c", 6, "a    b\n  c"},
		{"recover: error: averylongwordindeed b", 22, "recover: error:\n  averylongwordindeed\n         b"},
		{"recover: error: averylongwordindeed b", 20, "recover: error:\n         averylongwordindeed\n         b"},
		{"fee  a b c d e f", 12, "fee  a b c d\n     e f"},
		{"ok  a1  one two three", 17, "ok  a1  one two\n        three"},
		{"  ok  one two three", 13, "  ok  one two\n      three"},
		{"öl  one two three", 11, "öl  one two\n    three"},
		{"fee  a averylongword b", 14, "fee  a\n  averylongword\n  b"},
		{"äöü äöü", 7, "äöü äöü"},
		{"äöü äöü", 6, "äöü\n  äöü"},
		{"as it is, however long", 0, "as it is, however long"},
		{"          ", 4, "          "},
	} {
		if got := wrap(c.line, c.width); got != c.want {
			t.Errorf("%q at %d: %q, want %q", c.line, c.width, got, c.want)
		}
	}
}

// FuzzWrap: the words stay what they are and in order, and no line is longer than
// it may be unless it is one word.
func FuzzWrap(f *testing.F) {
	f.Add("recover: hint: run it in a terminal, or give secrets with --passphrase-fd", 20)
	f.Add("  x  y   z", 3)
	f.Fuzz(func(t *testing.T, line string, width int) {
		if strings.ContainsAny(line, "\n") {
			return
		}
		got := wrap(line, width)
		split := func(s string) string {
			return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r == ' ' || r == '\n' }), " ")
		}
		if split(got) != split(line) {
			t.Fatalf("%q became %q", line, got)
		}
		for i, part := range strings.Split(got, "\n") {
			words := len(strings.FieldsFunc(part, func(r rune) bool { return r == ' ' }))
			if width > 0 && utf8.RuneCountInString(part) > width && words > 1 && (i > 0 || words > 1) {
				t.Fatalf("%q at %d has %q", line, width, part)
			}
		}
	})
}

// TestWrapsOnTerminals: what goes to a terminal is broken, and JSON never.
func TestWrapsOnTerminals(t *testing.T) {
	var out, err bytes.Buffer
	tm := New(&out, &err)
	long := strings.Repeat("word ", 30)
	say := func() {
		tm.Error(long, "")
		_ = tm.Print("%s", long)
		_ = tm.JSON(long)
		tm.Table([][]string{{"a", long}})
	}
	say()
	if n := strings.Count(out.String()+err.String(), "\n"); n != 4 {
		t.Errorf("in a pipe: %d lines", n)
	}
	out.Reset()
	err.Reset()
	tm.columns = func() int { return 80 }
	tm.outColumns = tm.columns
	say()
	for _, line := range strings.Split(out.String()+err.String(), "\n") {
		if len(line) > 79 && !strings.HasPrefix(line, `"`) {
			t.Errorf("%d columns: %s", len(line), line)
		}
	}
	if !strings.Contains(out.String(), `"`+long+`"`) {
		t.Error("JSON is broken")
	}
	if null, _ := os.Open(os.DevNull); New(null, null).outColumns != nil {
		t.Error("what is no terminal has columns")
	}
}
