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

// Count is a number with its noun: "1 key", "2 keys".
func Count(n int, one, many string) string { return strconv.Itoa(n) + " " + Plural(n, one, many) }

// Few names the first of many, at most so many: "a, b, c and 4 more".
func Few(names []string, most int) string {
	text := strings.Join(names[:min(len(names), most)], ", ")
	if more := len(names) - most; more > 0 {
		text += " and " + strconv.Itoa(more) + " more"
	}
	return text
}

// ShellQuote is a path as a shell takes it: in single quotes where it has to be.
func ShellQuote(path string) string {
	const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789./_-+,:@"
	if path != "" && strings.Trim(path, plain) == "" {
		return path
	}
	return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
}
