package custody

import (
	"bytes"
	"errors"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"recover/internal/plaintext"
	"recover/internal/secret"
)

// maxStarts is at how many places of a text a share string is looked for.
const maxStarts = 64

// cleanText returns a copy of text without what editors and mail programs put in,
// and with wide letters as plain ones.
func cleanText(text []byte) []byte {
	return plaintext.Clean(norm.NFKC.Append(nil, text...))
}

// parseCleaned reads a text that is no share as it stands: a page with empty
// lines between its own, or a string with other text around it.
func parseCleaned(text []byte) (*Share, error) {
	if !bytes.Contains(text, []byte(pageBegin)) {
		share, err := parseString(text)
		if err == nil {
			return share, nil
		}
		found, findErr := findString(text)
		if findErr == nil || errors.Is(err, ErrNotShare) || errors.Is(findErr, ErrSeveralShares) ||
			hasTitle(text) {
			return found, findErr
		}
		return nil, err
	}
	dense := make([]byte, 0, len(text))
	defer func() { secret.Wipe(dense) }()
	for line := range bytes.Lines(text) {
		if len(bytes.TrimSpace(line)) > 0 {
			dense = append(dense, line...)
		}
	}
	share, err := parsePage(dense)
	if _, ok := errors.AsType[*PageError](err); ok && !hasLines(dense) { // they are lost: only the string can be read
		return findString(dense)
	}
	return share, err
}

// hasLines reports whether a page still has line breaks between its marks.
func hasLines(page []byte) bool {
	begin, end := bytes.Index(page, []byte(pageBegin)), bytes.LastIndex(page, []byte(pageEnd))
	return end < begin || bytes.Contains(bytes.TrimSpace(page[begin:end]), []byte("\n"))
}

// findString returns the one share string in a text. Where there is none that is
// whole, the error is that of the one that begins a line, or ErrNotShare.
func findString(text []byte) (share *Share, err error) {
	err = ErrNotShare
	begins, starts := 0, 0
	for i := 0; i < len(text) && starts < maxStarts; i++ {
		if !isStart(text, i) {
			continue
		}
		starts++
		rest := text[i:min(len(text), i+maxString)]
		symbols := read(rest)
		if len(symbols) < stringLen || !hasChecksum(symbols[:stringLen]) || goesOn(rest) {
			if lineStart := i == 0 || text[i-1] == '\n'; lineStart && share == nil && len(symbols) <= 2*stringLen {
				if begins++; begins == 1 {
					_, err = parseString(rest)
				}
			}
			secret.Wipe(symbols)
			continue
		}
		found, parseErr := parseSymbols(symbols[:stringLen])
		secret.Wipe(symbols)
		switch {
		case parseErr != nil:
			if share == nil {
				err = parseErr
			}
		case share == nil:
			share, err = found, nil
		case !share.equal(found):
			share.Wipe()
			found.Wipe()
			return nil, ErrSeveralShares
		default:
			found.Wipe()
		}
	}
	if share == nil && begins > 1 {
		err = ErrNotShare
	}
	return share, err
}

// hasTitle reports whether a line that begins like a share string comes after
// others that do not.
func hasTitle(text []byte) bool {
	return !bytes.HasPrefix(read(text[:min(len(text), groupLen)]), start) && !bytes.Contains(text, []byte(pageBegin)) &&
		(bytes.Contains(text, []byte("\nRS1")) || bytes.Contains(text, []byte("\nrs1")))
}

// goesOn reports whether a letter or digit follows directly on a share string that
// text begins with.
func goesOn(text []byte) bool {
	for n := 0; len(text) > 0; {
		r, size := utf8.DecodeRune(text)
		if n == stringLen {
			return unicode.IsLetter(r) || unicode.IsDigit(r)
		}
		if isSymbol(r) {
			n++
		}
		text = text[size:]
	}
	return false
}

// isStart reports whether a share string may begin at text[i]: with RS1, and not
// within a word.
func isStart(text []byte, i int) bool {
	if i+prefixLen > len(text) || text[i]|0x20 != 'r' || text[i+1]|0x20 != 's' || symbol(rune(text[i+2])) != start[2] {
		return false
	}
	if i == 0 {
		return true
	}
	r, _ := utf8.DecodeLastRune(text[:i])
	return !unicode.IsLetter(r) && !unicode.IsDigit(r)
}
