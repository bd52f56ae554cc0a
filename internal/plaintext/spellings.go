package plaintext

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"recover/internal/secret"
)

// maxSpellings bounds the work that one answer can cause.
const maxSpellings = 8

// Line returns a line of a file as it was meant: without the byte order mark of
// its first line, and in UTF-8 where the file is UTF-16, cut at its LF. The
// result is new; the caller wipes both.
func Line(line []byte) []byte {
	// Cut at its LF, a line of UTF-16 lacks or has half a unit.
	even := line[:len(line)/2*2]
	if hasUTF16Mark(even) {
		if text, ok := decodeUTF16(even); ok {
			return bytes.TrimSuffix(text, []byte("\r"))
		}
	}
	for low := range 2 {
		if len(even) > 0 && allASCII(even, low) {
			text := make([]byte, 0, len(even)/2)
			for i := low; i < len(even); i += 2 {
				text = append(text, even[i])
			}
			return bytes.TrimSuffix(text, []byte("\r"))
		}
	}
	return bytes.Clone(TrimMark(line))
}

// Spellings returns the ways in which a passphrase may have been encoded where
// it was set, the one that was given first: accents as characters of their own
// or not (the two normal forms of Unicode), in Latin-1 instead of UTF-8 or the
// other way round, without a byte order mark, without blanks and line ends
// around it, with plain blanks in place of no-break ones. For a passphrase of
// plain ASCII without blanks around it there is one. The caller wipes all of
// them; none of them is a slice of passphrase.
func Spellings(passphrase []byte) [][]byte {
	var all [][]byte
	add := func(b []byte) {
		for _, known := range all {
			if bytes.Equal(b, known) {
				secret.Wipe(b)
				return
			}
		}
		if len(all) < maxSpellings {
			all = append(all, b)
		}
	}
	add(bytes.Clone(passphrase))
	text := Line(passphrase)
	if len(text) > 0 {
		add(bytes.Clone(text))
	}
	if !utf8.Valid(text) {
		text = FromWindows(text)
		add(bytes.Clone(text))
	}
	add(norm.NFC.Append(nil, text...))
	add(norm.NFD.Append(nil, text...))
	if latin, ok := toLatin1(norm.NFC.Append(nil, text...)); ok {
		add(latin)
	}
	plain := replaceInvisible(bytes.Clone(text))
	if trimmed := bytes.TrimSpace(plain); len(trimmed) > 0 {
		add(norm.NFC.Append(nil, trimmed...))
		add(norm.NFD.Append(nil, trimmed...))
	}
	secret.Wipe(plain)
	secret.Wipe(text)
	return all
}

func toLatin1(text []byte) ([]byte, bool) {
	out := make([]byte, 0, len(text))
	for len(text) > 0 {
		r, size := utf8.DecodeRune(text)
		if r > 0xff {
			return nil, false
		}
		out = append(out, byte(r))
		text = text[size:]
	}
	return out, true
}

// Unmeant says what a PIN holds that nobody means to type, "" where there is
// nothing: marks and blanks of an editor, characters that show as nothing or
// look like others. problem never repeats a part of the PIN.
func Unmeant(pin []byte) (problem string) {
	text := string(pin)
	first, _ := utf8.DecodeRuneInString(text)
	switch {
	case text == "":
		return "it is empty"
	case !utf8.ValidString(text):
		return "it holds bytes that are no UTF-8 text"
	case strings.Trim(text, " \t") != text:
		return "there is a blank at its beginning or end"
	}
	for _, r := range text {
		switch {
		case r == ' ':
		case IsInvisible(r):
			return "it holds a character that cannot be seen, such as a mark of an editor or a no-break blank"
		case r > 0x7f && norm.NFKC.String(string(r)) != string(r):
			return "it holds a character that only looks like a usual digit or letter"
		}
	}
	if closing, isQuote := quotes[first]; isQuote && utf8.RuneCountInString(text) > 2 {
		if last, _ := utf8.DecodeLastRuneInString(text); strings.ContainsRune(closing, last) {
			return "there are quotes around it"
		}
	}
	return ""
}
