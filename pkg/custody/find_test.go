package custody

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"strings"
	"testing"
	"unicode/utf16"

	"recover/fixtures/tier"
)

func toUTF16(text string) []byte {
	out := []byte{0xff, 0xfe}
	for _, unit := range utf16.Encode([]rune(text)) {
		out = append(out, byte(unit), byte(unit>>8))
	}
	return out
}

func gzipped(data []byte) []byte {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, _ = w.Write(data)
	_ = w.Close()
	return out.Bytes()
}

// A share is read however an editor, a mail or a scanner left its text.
func TestShareTexts(t *testing.T) {
	wide := strings.Map(func(r rune) rune {
		if r > ' ' && r < 0x7f {
			return r + 0xfee0
		}
		return r
	}, fixedString)
	lines := strings.ReplaceAll(fixedString, " ", "\n")
	for name, text := range map[string]string{
		"quotes":             `"` + fixedString + `"`,
		"curly quotes":       "\u201c" + fixedString + "\u201d\r\n",
		"a title":            "Alice, safe 2, 2026\n" + fixedString,
		"a title in front":   "Share of Alice: " + fixedString,
		"a title after":      fixedString + "\nAlice, safe 2",
		"words around":       "Here it is:\n\n    " + fixedString + "\n\nRegards, RSA",
		"quoted mail":        "On Monday, Alice wrote:\n> " + strings.ReplaceAll(lines, "\n", "\n> "),
		"twice":              fixedString + "\n\n" + fixedString,
		"empty lines":        strings.ReplaceAll(lines, "\n", "\r\n\r\n"),
		"lines as letters":   strings.ReplaceAll(lines, "\n", `\n`),
		"invisible":          "\u200b" + strings.ReplaceAll(fixedString, " ", "\u00a0\u200b") + "\u2060",
		"soft hyphens":       strings.ReplaceAll(fixedString, " ", "\u00ad"),
		"wide letters":       wide,
		"UTF-16":             string(toUTF16(fixedString)),
		"UTF-16 and a title": string(toUTF16("Größe\r\n" + fixedString)),
		"gzip":               string(gzipped([]byte(fixedString))),
		"base64":             base64.StdEncoding.EncodeToString([]byte(fixedString)),
		"hex":                hex.EncodeToString([]byte(fixedString)),
	} {
		s, err := ParseShare([]byte(text))
		if err != nil || !same(s, fixed()) {
			t.Errorf("%s: %v", name, err)
		}
		if !LooksLikeShare([]byte(text)) {
			t.Errorf("%s: does not look like a share", name)
		}
	}
	other := *fixed()
	other.Index = 3 - other.Index
	two := string(other.encode(" ", " ").Reveal())
	invalid := *fixed()
	invalid.Index = invalid.Count + 1
	none := string(invalid.encode(" ", " ").Reveal())
	for _, text := range []string{fixedString + "\nBob:\n" + none, "Bob:\n" + none + "\nAlice:\n" + fixedString} {
		if s, err := ParseShare([]byte(text)); err != nil || !same(s, fixed()) {
			t.Errorf("next to what is no share: %v", err)
		}
	}
	for text, want := range map[string]string{
		fixedString + "\n" + two:                                "several different shares in one file",
		"Alice:\n" + fixedString + "\nBob:\n" + two:             "several different shares in one file",
		"Alice\n" + strings.Replace(fixedString, "LE", "LL", 1): "the share is damaged: wrong in group 3 (character 2)",
		"Alice\n" + fixedString[:len(fixedString)-40]:           "the share has 60 characters instead of 92",
		"RS1 is how a share begins, and so does RS1 Q":          "the share has 34 characters instead of 92",
		"a text about RS1 and RS2":                              "not a share of a recovery key",
		string(gzipped(make([]byte, 10*MaxPageSize))):           "not a share of a recovery key",
		strings.Repeat("RS1 ", 10000):                           "not a share of a recovery key",
	} {
		if _, err := ParseShare([]byte(text)); err == nil || err.Error() != want {
			t.Errorf("%.60q: %v, want %s", text, err, want)
		}
	}
}

// So is a page, of which the words around the string are checked all the same.
func TestPageTexts(t *testing.T) {
	k, shares := newSet(t, 2, 3)
	text := string(page(t, k, shares[0]))
	block := text[strings.Index(text, pageBegin) : strings.Index(text, pageEnd)+len(pageEnd)]
	for name, changed := range map[string]string{
		"double spaced": strings.ReplaceAll(text, "\n", "\n\n"),
		"quoted mail":   "> " + strings.ReplaceAll(text, "\n", "\n> "),
		"answered mail": "Alice wrote:\r\n> " + strings.ReplaceAll(block, "\n", "\r\n> "),
		"UTF-16":        string(toUTF16(text)),
		"no-break":      strings.ReplaceAll(text, " ", "\u00a0"),
		"base64":        base64.StdEncoding.EncodeToString([]byte(text)),
		"CR":            strings.ReplaceAll(text, "\n", "\r"),
	} {
		s, err := ParseShare([]byte(changed))
		if err != nil || !same(s, shares[0]) || s.Holder != "alice" {
			t.Errorf("%s: %v", name, err)
		}
		forged := strings.Replace(text, "alice", "mallory", 1)
		if name == "double spaced" {
			_, err := ParseShare([]byte(strings.ReplaceAll(forged, "alice", "mallory")))
			var wrong *HolderError
			if err == nil && !errors.As(k.Check(must(ParseShare([]byte(forged)))), &wrong) {
				t.Error("another holder passes")
			}
		}
	}
	if s, err := ParseShare([]byte(strings.ReplaceAll(block, "\n", " "))); err != nil || !same(s, shares[0]) {
		t.Errorf("a page in one line: %v", err)
	}
	changed := strings.ReplaceAll(strings.Replace(text, "Needed:        2", "Needed:        3", 1), "\n", "\n\n")
	var fault *PageError
	if _, err := ParseShare([]byte(changed)); !errors.As(err, &fault) {
		t.Errorf("a changed page with empty lines: %v", err)
	}
}

func must(s *Share, err error) *Share {
	if err != nil {
		panic(err)
	}
	return s
}

// A sealed key is found in what mail programs make of it, and so is a sealed page.
func TestSealedTexts(t *testing.T) {
	tier.Long(t)
	k, _ := newSet(t, 2, 3)
	for name, file := range map[string][]byte{
		"base64": []byte(base64.StdEncoding.EncodeToString(k.Bytes())),
		"gzip":   gzipped(k.Bytes()),
		"hex":    []byte(hex.EncodeToString(k.Bytes())),
		"UTF-16": toUTF16(base64.StdEncoding.EncodeToString(k.Bytes())),
	} {
		again, err := ParseSealedKey(file)
		if err != nil || again.ID != k.ID || !bytes.Equal(again.Bytes(), k.Bytes()) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := ParseSealedKey(gzipped(make([]byte, 100<<20))[:maxSealedKey-1]); !errors.Is(err, ErrNotSealedKey) {
		t.Errorf("a bomb: %v", err)
	}
}
