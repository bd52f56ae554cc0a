package passphrase

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// TestList: the list is the one that BIP-39 publishes, whole and in order.
func TestList(t *testing.T) {
	sum := sha256.Sum256([]byte(english))
	if got := hex.EncodeToString(sum[:]); got != "2f5eed53a4727b4bf8880d8f3f199efc90e58503646d9ff8eff3a2ed3b24dbda" {
		t.Errorf("SHA-256 %s", got)
	}
	if len(words) != 2048 || !slices.IsSorted(words) || len(slices.Compact(slices.Clone(words))) != len(words) {
		t.Errorf("%d words, or not in order, or one twice", len(words))
	}
	for _, w := range words {
		if len(w) > 8 || strings.Trim(w, "abcdefghijklmnopqrstuvwxyz") != "" {
			t.Errorf("%q", w)
		}
	}
}

// TestGenerate: seven words of the list, which are not always the same ones, and
// in which each half of the list is met about as often as the other.
func TestGenerate(t *testing.T) {
	const runs = 2000
	seen, low := make(map[string]bool), 0
	for range runs {
		p := Generate()
		text := string(p.Reveal())
		if cap(p.Reveal()) != Words*9 {
			t.Fatalf("the buffer has grown to %d bytes: what it was before is not wiped", cap(p.Reveal()))
		}
		p.Wipe()
		parts := strings.Split(text, " ")
		if len(parts) != Words {
			t.Fatalf("%d words", len(parts))
		}
		for _, w := range parts {
			i, found := slices.BinarySearch(words, w)
			if !found {
				t.Fatalf("a word that is not in the list")
			}
			if i < len(words)/2 {
				low++
			}
		}
		if err := Check([]byte(text)); err != nil {
			t.Errorf("%q: %v", text, err)
		}
		seen[text] = true
	}
	if len(seen) != runs {
		t.Errorf("%d different passphrases of %d", len(seen), runs)
	}
	// Of 14,000 throws of a coin: 59 is one standard deviation.
	if half := runs * Words / 2; low < half-8*59 || low > half+8*59 {
		t.Errorf("%d of %d words are of the first half", low, runs*Words)
	}
}

func TestCheck(t *testing.T) {
	for text, want := range map[string]error{
		"":                                        ErrEmpty,
		"a":                                       ErrWeak,
		"correct horse":                           ErrWeak,
		"fourteen chars":                          ErrWeak,
		"fifteen symbols":                         nil,
		"correct horse battery staple":            nil,
		"Das Pferd fraß Äpfel":                    nil,
		"das pferd fraß ":                         nil, // 15 characters, 16 bytes
		"das pferd fraß":                          ErrWeak,
		"aaaaaaaaaaaaaaaaaaaa":                    ErrWeak,
		"123456789012345678901234567890":          ErrWeak,
		"abcdefghijklmnopqrstuvwxyz":              ErrWeak,
		"zyxwvutsrqponmlkjihgfedcba":              ErrWeak,
		"qwertyuiopasdfghjklzxcvbnm":              ErrWeak,
		"Qwertzuiop1234567890":                    ErrWeak,
		"password1password1":                      ErrWeak,
		"passwordpassword":                        ErrWeak,
		"password password ":                      ErrWeak,
		"Password1Password1Pass":                  ErrWeak,
		"abababababababababababab":                ErrWeak,
		"seven different":                         nil,
		"seeds needed sees":                       ErrWeak, // 5 different ones
		"the year 1234 was good":                  nil,
		"83729461650391827364":                    nil,
		"correct horse" + strings.Repeat("x", 99): ErrWeak, // 13 and a run
	} {
		if got := Check([]byte(text)); got != want {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
	if !strings.HasPrefix(Rule, "15 characters or more, 8 ") || MinCharacters != 15 || MinDifferent != 8 {
		t.Error("the rule is told otherwise than it is")
	}
}

// FuzzCheck: what passes has as many characters, and different ones, as the rule
// says; a short text does not pass by being repeated; nothing is changed by being
// looked at.
func FuzzCheck(f *testing.F) {
	for _, s := range []string{"a", "correct horse", "password1password1", "\xff\xfe", "1234567", strings.Repeat("ab", 600)} {
		f.Add(s, byte(3))
	}
	f.Fuzz(func(t *testing.T, s string, n byte) {
		if len(s) > 1024 { // nobody is asked for more
			return
		}
		b := []byte(s)
		passes := Check(b) == nil
		if !bytes.Equal(b, []byte(s)) {
			t.Fatal("the passphrase was changed")
		}
		different := make(map[rune]bool)
		for _, c := range s {
			different[unicode.ToLower(c)] = true
		}
		short := utf8.RuneCountInString(s) < MinCharacters
		if passes && (short || len(different) < MinDifferent) {
			t.Errorf("%q passes", s)
		}
		if times := int(n%8) + 1; short && Check(bytes.Repeat(b, times)) == nil {
			t.Errorf("%q passes %d times", s, times)
		}
	})
}
