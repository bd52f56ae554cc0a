// Package passphrase makes passphrases, and refuses those that are easy to
// guess. It is not an estimator: see docs/dependencies.md.
package passphrase

import (
	"crypto/rand"
	_ "embed"
	"encoding/binary"
	"errors"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"recover/internal/secret"
)

// Words is the number of words of a passphrase that Generate makes. Each is one
// of 2048, which makes 77 bits.
const Words = 7

// The floor below which Check refuses. 15 characters are what NIST SP 800-63B-4,
// section 3.1.1, asks of a password that is the only factor.
const (
	MinCharacters = 15
	MinDifferent  = 8
)

// Errors of a passphrase that is to be set. ErrMismatch is for whoever asks
// twice.
var (
	ErrEmpty    = errors.New("the passphrase is empty")
	ErrWeak     = errors.New("the passphrase is too easy to guess")
	ErrMismatch = errors.New("the passphrases differ")
)

// Rule says for people what Check asks for.
const Rule = "15 characters or more, 8 of them different"

//go:embed english.txt
var english string

var words = strings.Fields(english)

// Generate makes a passphrase of seven words of BIP-39's English list, with a
// blank between them: 62 bytes at most. The caller wipes it.
func Generate() *secret.Bytes {
	const longest = 8 // letters of a word
	text := make([]byte, 0, Words*(longest+1))
	var random [2 * Words]byte
	_, _ = rand.Read(random[:]) // never fails, see crypto/rand
	defer clear(random[:])
	for i := range Words {
		if i > 0 {
			text = append(text, ' ')
		}
		// 2048 divides 65536: every word is as likely as any other.
		text = append(text, words[int(binary.BigEndian.Uint16(random[2*i:]))%len(words)]...)
	}
	return secret.New(text)
}

// Check returns ErrEmpty, or ErrWeak for a passphrase of fewer than 15
// characters, or of fewer than 8 different ones. A text that is only a
// repetition ("abcabcab") counts once, and so does a run of four or more characters
// that are equal, follow each other in the alphabet or in the digits, or lie next
// to each other in a row of the keyboard. Letters of either case are the same.
func Check(passphrase []byte) error {
	if len(passphrase) == 0 {
		return ErrEmpty
	}
	characters := make([]rune, 0, len(passphrase))
	defer func() { clear(characters[:cap(characters)]) }()
	// Bytes that are not UTF-8 can make other characters where they meet again.
	for rest := passphrase[:period(passphrase)]; len(rest) > 0; {
		c, size := utf8.DecodeRune(rest)
		characters, rest = append(characters, unicode.ToLower(c)), rest[size:]
	}
	characters = characters[:period(characters)]
	different := 0
	for i, c := range characters {
		if !slices.Contains(characters[:i], c) {
			different++
		}
	}
	if countWithoutRuns(characters) < MinCharacters || different < MinDifferent {
		return ErrWeak
	}
	return nil
}

// period returns the length of the shortest text that makes all characters when
// it is repeated, at least twice.
func period[T comparable](characters []T) int {
	for n := 1; n <= len(characters)/2; n++ {
		i := n
		for i < len(characters) && characters[i] == characters[i-n] {
			i++
		}
		if i == len(characters) {
			return n
		}
	}
	return len(characters)
}

// countWithoutRuns counts characters, and a run of four or more as one.
func countWithoutRuns(characters []rune) int {
	const shortest = 4
	count := 0
	for i := 0; i < len(characters); count++ {
		length := 1
		for _, step := range steps {
			n := 1
			for i+n < len(characters) && step(characters[i+n-1], characters[i+n]) {
				n++
			}
			length = max(length, n)
		}
		if length < shortest {
			length = 1
		}
		i += length
	}
	return count
}

// steps tell whether b goes on where a was, each in its own way.
var steps = []func(a, b rune) bool{
	func(a, b rune) bool { return a == b },
	func(a, b rune) bool { return isAlphanumeric(a, b) && (b == a+1 || a == '9' && b == '0') },
	func(a, b rune) bool { return isAlphanumeric(a, b) && (b == a-1 || a == '0' && b == '9') },
	func(a, b rune) bool { return isBeside(a, b) },
	func(a, b rune) bool { return isBeside(b, a) },
}

func isAlphanumeric(a, b rune) bool {
	return unicode.IsLetter(a) && unicode.IsLetter(b) || unicode.IsDigit(a) && unicode.IsDigit(b)
}

// isBeside reports whether b is to the right of a on a keyboard, of English,
// German or French form.
func isBeside(a, b rune) bool {
	for _, row := range []string{"qwertyuiop", "qwertzuiop", "azertyuiop", "asdfghjkl", "qsdfghjklm", "zxcvbnm", "yxcvbnm", "wxcvbn"} {
		if i := strings.IndexRune(row, a); i >= 0 && strings.IndexRune(row, b) == i+1 {
			return true
		}
	}
	return false
}
