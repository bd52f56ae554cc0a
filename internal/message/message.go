// Package message makes the parts that messages of all packages have in common.
package message

import (
	"strconv"
	"strings"
)

// Quote makes a text of unknown origin safe to show: in ASCII, everything else
// escaped, and cut to 40 bytes.
func Quote(s string) string { return quote(s, 40) }

// QuoteLong is Quote for a text of up to 300 bytes, such as a path or what
// another program said.
func QuoteLong(s string) string { return quote(s, 300) }

func quote(s string, limit int) string {
	if len(s) > limit {
		return strconv.QuoteToASCII(s[:limit]) + "…"
	}
	return strconv.QuoteToASCII(s)
}

// Groups writes digits in groups of four, for people who compare them: "7f3a 91c2".
func Groups(digits string) string {
	var b strings.Builder
	for i, r := range digits {
		if i > 0 && i%4 == 0 {
			b.WriteByte(' ')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// Plural returns one where n is 1, and otherwise many.
func Plural(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}
