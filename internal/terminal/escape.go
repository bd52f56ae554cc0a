package terminal

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// maxText is the number of characters after which text is cut. It leaves room
// for the longest path of Linux.
const maxText = 4096

// Escape returns s with everything that is not plainly visible spelled out:
// control characters and bytes that are not UTF-8 as \xNN, other characters as
// \u{…}, among them the controls of text direction, spaces other than U+0020,
// and characters without a shape of their own. Text of more than 4096
// characters is cut and ends in "…". A backslash stays as it is, so text that
// was escaped is not changed by escaping it again.
func Escape(s string) string {
	var b strings.Builder
	// Each step takes a byte or more and gives a character or more.
	for n := 0; s != "" && n <= maxText; n++ {
		r, size := utf8.DecodeRuneInString(s)
		switch {
		case r < 0x20, r == 0x7f, r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, s[0])
		case !visible(r):
			fmt.Fprintf(&b, `\u{%x}`, r)
		default:
			b.WriteRune(r)
		}
		s = s[size:]
	}
	return cut(b.String(), maxText)
}

// cut shortens s to at most n characters, with "…" as the last.
func cut(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:n-1]) + "…"
}

// escapeJSON writes what is not visible as \uXXXX. In JSON such characters can
// only stand inside a string, where that means the same.
func escapeJSON(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch hi, lo := utf16.EncodeRune(r); {
		case visible(r):
			b.WriteRune(r)
		case hi != utf8.RuneError:
			fmt.Fprintf(&b, `\u%04x\u%04x`, hi, lo)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}

func visible(r rune) bool {
	return unicode.IsPrint(r) &&
		!unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}
