package uuid

import (
	"strings"
	"unicode"
)

// maxAny is the longest text that ParseAny looks at, in bytes.
const maxAny = 200

// brackets are what other programs put around a UUID.
var brackets = []string{"{}", "()", "[]", "<>", `""`, "''", "``", "“”", "‘’", "«»"}

// ParseAny reads a UUID as people and their programs write it: in capitals, in
// brackets or quotes, with the prefix "urn:uuid:", with other dashes or none at
// all, and with blanks around it or characters without a width anywhere in it.
// All of these have one meaning. Whatever else differs from the 36 characters
// of Parse is ErrSyntax: a digit is never guessed.
func ParseAny(s string) (ID, error) {
	if id, err := Parse(s); err == nil {
		return id, nil
	}
	if len(s) > maxAny {
		return ID{}, ErrSyntax
	}
	s = strings.TrimSpace(strings.Map(plain, s))
	for range 3 {
		for _, b := range brackets {
			r := []rune(b)
			if inner, ok := strings.CutPrefix(s, string(r[0])); ok && strings.HasSuffix(inner, string(r[1])) {
				s = strings.TrimSpace(strings.TrimSuffix(inner, string(r[1])))
			}
		}
		if len(s) > 9 && strings.EqualFold(s[:9], "urn:uuid:") {
			s = s[9:]
		}
	}
	if len(s) == 32 {
		s = s[:8] + "-" + s[8:12] + "-" + s[12:16] + "-" + s[16:20] + "-" + s[20:]
	}
	return Parse(s)
}

// plain drops characters without a width, and writes every blank and every dash
// in one way.
func plain(r rune) rune {
	switch {
	case unicode.Is(unicode.Cf, r):
		return -1
	case unicode.IsSpace(r):
		return ' '
	case unicode.Is(unicode.Pd, r), r == '\u2212':
		return '-'
	}
	return r
}
