package plaintext

import (
	"bytes"
	"encoding/pem"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestClean(t *testing.T) {
	for in, want := range map[string]string{
		"a\r\nb\rc\n":                       "a\nb\nc",
		"a\u00a0b\u2003c\td":                "a b c d",
		"a\u200bb\ufeffc\u00add\u2060e":     "abcde",
		"a\u2028b\u0085c":                   "a\nb\nc",
		"> a\n> b\n>\n>> c\n> > d":          "a\nb\n\nc\nd",
		" \u201cRS1 Q9\u201d ":              "RS1 Q9",
		"'\"x\"'":                           "x",
		"\u00abx\u00bb":                     "x",
		"\"x":                               "\"x",
		`-----BEGIN\nMII\/a\n`:              "-----BEGIN\nMII/a",
		`a\\nb\r\nc`:                        "a\nb \nc",
		"it is \\n in letters,\nand broken": "it is \\n in letters,\nand broken",
		"a > b":                             "a > b",
		"bytes \xff\xfe stay":               "bytes \xff\xfe stay",
		"":                                  "",
	} {
		if got := Clean([]byte(in)); string(got) != want {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
	}
	if got := Trim("\u200b \u201c a b\u00a0\u201d\ufeff"); got != "a b" {
		t.Errorf("Trim: %q", got)
	}
}

func TestPEM(t *testing.T) {
	block := &pem.Block{Type: "RSA PRIVATE KEY", Bytes: bytes.Repeat([]byte("0123456789"), 30)}
	sealed := &pem.Block{Type: "RSA PRIVATE KEY", Bytes: block.Bytes, Headers: map[string]string{
		"Proc-Type": "4,ENCRYPTED", "DEK-Info": "AES-256-CBC,00112233445566778899AABBCCDDEEFF"}}
	for _, want := range []*pem.Block{block, sealed} {
		text := string(pem.EncodeToMemory(want))
		for name, damage := range map[string]func(string) string{
			"as it was":          func(s string) string { return s },
			"in one line":        func(s string) string { return strings.Join(strings.Fields(s), " ") },
			"without any blanks": func(s string) string { return strings.ReplaceAll(s, "\n", "") },
			"lines as letters":   func(s string) string { return strings.ReplaceAll(s, "\n", `\n`) },
			"JSON": func(s string) string {
				return "{\n \"key\": \"" + strings.ReplaceAll(strings.ReplaceAll(s, "\n", `\r\n`), "/", `\/`) + "\"\n}"
			},
			"quoted mail":  func(s string) string { return "> " + strings.ReplaceAll(s, "\n", "\r\n> ") },
			"double lines": func(s string) string { return strings.ReplaceAll(s, "\n", "\n\n") },
			"dashes":       func(s string) string { return strings.ReplaceAll(s, "-----", "\u2014\u2014-") },
			"text around":  func(s string) string { return "Bag Attributes\n  x: y\n" + s + "\nRegards" },
			"invisible":    func(s string) string { return strings.ReplaceAll(s, "MDEy", "MD\u200bEy") },
			"indented":     func(s string) string { return "    " + strings.ReplaceAll(s, "\n", "\n\u00a0   ") },
		} {
			got, rest := pem.Decode(PEM([]byte(damage(text))))
			if got == nil || got.Type != want.Type || !bytes.Equal(got.Bytes, want.Bytes) || got.Headers["DEK-Info"] != want.Headers["DEK-Info"] || len(rest) > 0 {
				t.Errorf("%s: %q", name, PEM([]byte(damage(text))))
			}
		}
	}
	for _, in := range []string{"", "no key", "-----BEGIN A KEY-----\nAAAA", "-----END A KEY-----", strings.Repeat("-", 1000)} {
		if got := PEM([]byte(in)); len(got) > 0 {
			t.Errorf("%q became %q", in, got)
		}
	}
}

func FuzzClean(f *testing.F) {
	f.Add("> \u201c-----BEGIN KEY-----\\nAA\u00a0==\\n-----END KEY-----\u201d")
	f.Add("-----BEGIN A KEY----- Proc-Type: 4,ENCRYPTED DEK-Info: DES-CBC,0011223344556677 AAAA -----END A KEY-----")
	f.Fuzz(func(t *testing.T, in string) {
		once := string(Clean([]byte(in)))
		if len(once) > len(in) || strings.Contains(once, "\r") {
			t.Fatalf("%q became %q", in, once)
		}
		if utf8.ValidString(in) != utf8.ValidString(once) && utf8.ValidString(in) {
			t.Fatalf("%q is no longer UTF-8: %q", in, once)
		}
		blocks := PEM([]byte(in))
		if again := PEM(bytes.Clone(blocks)); !bytes.Equal(again, blocks) {
			t.Fatalf("%q became %q", blocks, again)
		}
	})
}
