package plaintext

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Clean returns text as it was meant: lines end with LF, every kind of blank is
// a space, characters that show as nothing are gone, and so are the "> " of a
// quoted mail and quotes around the whole. A text without line breaks in which
// they are written as \n gets them back. It works in place: text is of no use
// afterwards.
func Clean(text []byte) []byte {
	text = replaceInvisible(text)
	text = trimMailQuotes(text)
	text = trimQuotes(bytes.TrimSpace(text))
	if !bytes.ContainsRune(text, '\n') && bytes.Contains(text, []byte(`\n`)) {
		text = breakLines(text)
	}
	return bytes.TrimSpace(text)
}

// replaceInvisible never makes a text longer.
func replaceInvisible(text []byte) []byte {
	out := text[:0]
	for len(text) > 0 {
		r, size := utf8.DecodeRune(text)
		next := text[size:]
		switch {
		case r == utf8.RuneError && size == 1:
			out = append(out, text[0])
		case r == '\r':
			next = bytes.TrimPrefix(next, []byte("\n"))
			out = append(out, '\n')
		case r == '\n', r == '\u0085', r == '\u2028', r == '\u2029':
			out = append(out, '\n')
		case r == '\t' || unicode.IsSpace(r):
			out = append(out, ' ')
		case IsInvisible(r) && !unicode.IsControl(r): // a control character is damage, and stays
		default:
			out = append(out, text[:size]...)
		}
		text = next
	}
	return out
}

// IsInvisible reports whether r shows as nothing, or as a blank: white space,
// controls, formatting characters, and letters that are empty.
func IsInvisible(r rune) bool {
	switch r {
	case '\u115f', '\u1160', '\u2800', '\u3164', '\uffa0', '\u034f':
		return true
	}
	return unicode.IsSpace(r) || unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Variation_Selector, r)
}

func trimMailQuotes(text []byte) []byte {
	out := text[:0]
	for len(text) > 0 {
		line := text
		if end := bytes.IndexByte(text, '\n'); end >= 0 {
			line = text[:end+1]
		}
		text = text[len(line):]
		quoted := false
		for rest := bytes.TrimLeft(line, " "); bytes.HasPrefix(rest, []byte(">")); rest = bytes.TrimLeft(line, " ") {
			line, quoted = rest[1:], true
		}
		if quoted {
			line = bytes.TrimLeft(line, " ")
		}
		out = append(out, line...)
	}
	return out
}

// quotes are the characters that programs and people put around a text, each
// with those that may close it.
var quotes = map[rune]string{
	'"': `"`, '\'': `'`, '`': "`", '“': `”“`, '”': `”`, '„': `“”`, '‘': `’`, '‚': `‘’`, '’': `’`, '«': `»`, '»': `«`, '‹': `›`,
}

// trimQuotes takes off quotes that stand at both ends.
func trimQuotes(text []byte) []byte {
	for range maxLayers {
		first, size := utf8.DecodeRune(text)
		last, lastSize := utf8.DecodeLastRune(text)
		closing, isQuote := quotes[first]
		if !isQuote || len(text) < size+lastSize || !strings.ContainsRune(closing, last) {
			return text
		}
		text = bytes.TrimSpace(text[size : len(text)-lastSize])
	}
	return text
}

// breakLines turns \n, \r\n and \\n into line breaks, and \/ into a slash.
func breakLines(text []byte) []byte {
	out := text[:0]
	for i := 0; i < len(text); i++ {
		if text[i] != '\\' {
			out = append(out, text[i])
			continue
		}
		for i+1 < len(text) && text[i+1] == '\\' {
			i++
		}
		switch next := text[min(i+1, len(text)-1)]; next {
		case 'n':
			out = append(out, '\n')
			i++
		case 'r', 't':
			out = append(out, ' ')
			i++
		case '/', '"':
			out = append(out, next)
			i++
		default:
			out = append(out, '\\')
		}
	}
	return out
}

// Trim returns text without what is invisible, and without quotes, around it.
// It is for a name or a value.
func Trim(text string) string {
	text = strings.TrimFunc(text, IsInvisible)
	return strings.TrimFunc(string(trimQuotes([]byte(text))), IsInvisible)
}
