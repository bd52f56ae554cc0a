package custody

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"recover/fixtures/tier"
	"recover/internal/bech32"
)

// fixedString is the share string of fixed, written down when version 1 of the
// format was made: it must be read for ever.
const fixedString = "RS1Q 98M7 LE6J 8PQK 40P6 QPQX QGTX P2H4 87YA Y8RX KRA5 TR7C " +
	"YFKT WQ2T JH0Z SU4A QAGE HEPW 0RPS 64SG 9GMY 5D3C NAMG"

func TestFixedString(t *testing.T) {
	if got := string(fixed().encode(" ", " ").Reveal()); got != fixedString {
		t.Errorf("Encode: %s", got)
	}
	s, err := ParseShare([]byte(fixedString))
	if err != nil || !same(s, fixed()) {
		t.Errorf("ParseShare: %v, %v", s, err)
	}
}

// same compares two shares without their labels.
func same(a, b *Share) bool {
	return a.Set == b.Set && a.Created.Equal(b.Created) && a.Threshold == b.Threshold && a.Count == b.Count &&
		a.Index == b.Index && bytes.Equal(a.value.Reveal(), b.value.Reveal())
}

func TestSpellings(t *testing.T) {
	bare := strings.ReplaceAll(fixedString, " ", "")
	for _, text := range []string{
		bare,
		strings.ToLower(fixedString),
		" " + strings.ReplaceAll(fixedString, " ", "-") + "\r\n",
		"\ufeff" + strings.ReplaceAll(fixedString, " ", " – "),
		strings.Join(strings.Split(bare, ""), "\u00a0"),
		strings.NewReplacer("8", "B", "0", "O", "L", "1", "1", "I").Replace(fixedString),
		strings.NewReplacer("8", "b", "0", "o", "L", "i", "1", "l").Replace(fixedString),
	} {
		if s, err := ParseShare([]byte(text)); err != nil || !same(s, fixed()) {
			t.Errorf("%q: %v", text, err)
		}
	}
	if !strings.ContainsAny(bare, "8") || !strings.ContainsAny(bare, "0") || !strings.ContainsAny(bare, "L") {
		t.Error("the fixed string does not hold what looks alike")
	}
}

// TestEverySingleCharacter puts every character that a keyboard has in every
// place. All that is not the same character is found, at its place, and the
// right string suggested.
func TestEverySingleCharacter(t *testing.T) {
	tier.Long(t)
	bare := fixed().encode("", "").Reveal()
	for i := range bare {
		for c := byte(' '); c <= '~'; c++ {
			if 'a' <= c && c <= 'z' {
				continue // read like its capital: TestSpellings
			}
			typed := bytes.Clone(bare)
			typed[i] = c
			s, err := ParseShare(typed)
			var damaged *DamagedError
			switch {
			case c == ' ' || c == '-':
				if !errors.As(err, &damaged) || damaged.Missing != 1 || len(damaged.Wrong) != 0 {
					t.Fatalf("character %d left out: %v", i+1, err)
				}
			case symbol(rune(c)) == symbol(rune(bare[i])):
				if err != nil || !same(s, fixed()) {
					t.Fatalf("%c for %c at character %d: %v", c, bare[i], i+1, err)
				}
				continue
			case !errors.As(err, &damaged) || damaged.Missing != 0 || !slices.Equal(damaged.Wrong, []int{i + 1}):
				t.Fatalf("%c for %c at character %d: %v", c, bare[i], i+1, err)
			}
			if got := suggestionOf(damaged); got != fixedString {
				t.Fatalf("%c for %c at character %d: another suggestion", c, bare[i], i+1)
			}
		}
	}
}

func TestDamage(t *testing.T) {
	groups := strings.Fields(fixedString)
	with := func(changes map[int]string) string {
		g := slices.Clone(groups)
		for i, group := range changes {
			g[i-1] = group
		}
		return strings.Join(g, " ")
	}
	for _, c := range []struct {
		typed, want string
		suggested   bool
	}{
		{with(map[int]string{4: "QQQQ"}), "", true},
		{with(map[int]string{4: ""}), "the share is damaged: 4 characters are missing at about group 4", true},
		{with(map[int]string{23: ""}), "the share is damaged: 4 characters are missing at about group 23", true},
		{with(map[int]string{1: ""}), "the share is damaged: 4 characters are missing at about group 1", true},
		{with(map[int]string{7: "", 8: ""}), "the share is damaged: 8 characters are missing at about group 7", true},
		{with(map[int]string{9: groups[8] + groups[8]}), "the share is damaged: 4 characters too many at about group 9", true},
		{with(map[int]string{7: groups[6] + "#"}), "the share is damaged: 1 character too many at about group 8", true},
		{with(map[int]string{7: "????", 9: "????"}), "the share is damaged: wrong in group 7 (characters 1, 2, 3, 4), group 9 (characters 1, 2, 3, 4)", true},
		{with(map[int]string{1: "PS1Q"}), "the share is damaged: wrong in group 1 (character 1)", true},
		{with(map[int]string{7: "Q???", 2: "98MP"}), "the share is damaged: wrong in group 2 (character 4), group 7 (characters 2, 3, 4)", true},
		{with(map[int]string{7: "????", 9: "????", 10: "????"}), "the share is damaged: in too many places to say where", false},
		{with(map[int]string{7: "", 8: "", 9: ""}), "the share has 80 characters instead of 92", false},
		{with(map[int]string{7: "????", 9: "????", 10: ""}), "the share has 88 characters instead of 92", false},
		{"RS1", "the share has 3 characters instead of 92", false},
		{"", "not a share of a recovery key", false},
		{"hello", "not a share of a recovery key", false},
		{strings.Repeat("Q", stringLen), "not a share of a recovery key", false},
		{strings.Repeat(" ", maxString+1), "not a share of a recovery key", false},
		{strings.Repeat("RS1", MaxPageSize), "not a share of a recovery key", false},
		{"AGE-SECRET-KEY-1QQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQ", "not a share of a recovery key", false},
	} {
		_, err := ParseShare([]byte(c.typed))
		if c.want != "" {
			wantError(t, err, c.want)
		}
		var damaged *DamagedError
		suggested := errors.As(err, &damaged) && damaged.Suggestion() != nil
		if suggested != c.suggested {
			t.Errorf("%v: suggested %v", err, suggested)
		}
		if suggested && suggestionOf(damaged) != fixedString {
			t.Errorf("%v: another string is suggested", err)
		}
	}
}

// TestMissingAndMore leaves out, or doubles, characters that follow each other.
func TestMissingAndMore(t *testing.T) {
	tier.Long(t)
	bare := fixed().encode("", "").Reveal()
	for _, n := range []int{1, 3, groupLen, maxShift} {
		for at := 0; at+n <= len(bare); at += n {
			for _, typed := range [][]byte{
				slices.Delete(bytes.Clone(bare), at, at+n),
				slices.Insert(bytes.Clone(bare), at, bare[at:at+n]...),
			} {
				_, err := ParseShare(typed)
				var damaged *DamagedError
				if !errors.As(err, &damaged) || len(damaged.Wrong) != 0 || suggestionOf(damaged) != fixedString {
					t.Fatalf("%d characters at %d: %v", n, at+1, err)
				}
			}
		}
	}
}

// TestContradictions: strings that agree with their checksum, and say what no
// share can.
func TestContradictions(t *testing.T) {
	for _, change := range []func(s *Share){
		func(s *Share) { s.Threshold = 1 },
		func(s *Share) { s.Threshold = 4 },
		func(s *Share) { s.Count = 1 },
		func(s *Share) { s.Index = 0 },
		func(s *Share) { s.Index = 4 },
		func(s *Share) { s.value.Reveal()[secretLen] = 0 },
	} {
		s := fixed()
		change(s)
		if _, err := ParseShare(s.encode(" ", " ").Reveal()); !errors.Is(err, ErrInvalidFields) {
			t.Errorf("%v: %v", s, err)
		}
	}
	symbols := fixed().symbols()[:prefixLen+payloadEnd]
	symbols[len(symbols)-1] |= 1 // of the bits that fill up
	symbols = append(symbols, codex32.Checksum(prefix, symbols[prefixLen:])...)
	if _, err := ParseShare(write(symbols, "", "").Reveal()); !errors.Is(err, ErrInvalidFields) {
		t.Errorf("bits that fill up: %v", err)
	}
	payload := fixed().payload()
	payload[0] = 2
	symbols = bech32.AppendFives(slices.Clone(start), payload)
	symbols = append(symbols, codex32.Checksum(prefix, symbols[prefixLen:])...)
	_, err := ParseShare(write(symbols, "", "").Reveal())
	wantError(t, err, "a share of version 2, not 1")
}

// FuzzParseString holds that a string is taken exactly as it stands or not at
// all: no fault is ever corrected in silence. Whatever is suggested is a share
// near to it.
func FuzzParseString(f *testing.F) {
	f.Add([]byte(fixedString))
	f.Add([]byte(strings.ToLower(fixedString)))
	f.Add([]byte(fixedString[5:]))
	f.Add([]byte(fixedString + "Q"))
	f.Add([]byte(strings.ReplaceAll(fixedString, "8", "?")))
	other := fixed()
	other.Index = 2
	f.Add(other.encode(" ", " ").Reveal())
	f.Fuzz(func(t *testing.T, text []byte) {
		s, err := parseString(text)
		if err == nil {
			if !bytes.Equal(read(text), s.symbols()) {
				t.Fatalf("%q was read as another string", text)
			}
			if back, err := parseString(s.encode(" ", " ").Reveal()); err != nil || !same(back, s) {
				t.Fatalf("%q: %v", text, err)
			}
			return
		}
		var damaged *DamagedError
		if !errors.As(err, &damaged) || damaged.Suggestion() == nil {
			return
		}
		if len(damaged.Wrong) == 0 && damaged.Missing == 0 {
			t.Fatalf("%q: damaged nowhere", text)
		}
		suggested, err := parseString(damaged.Suggestion().Reveal())
		if err != nil {
			t.Fatalf("%q: the suggestion: %v", text, err)
		}
		if damaged.Missing == 0 && distance(read(text), suggested.symbols()) != len(damaged.Wrong) {
			t.Fatalf("%q: %v, but the suggestion differs elsewhere", text, damaged.Wrong)
		}
	})
}

// TestRandomDamage: up to four wrong characters are always found and corrected;
// more are found, and nearly never corrected to something else.
func TestRandomDamage(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	bare := fixed().symbols()
	for n := 1; n <= 12; n++ {
		for range 200 {
			typed := bytes.Clone(bare)
			for _, i := range rng.Perm(dataLen)[:n] {
				typed[prefixLen+i] ^= byte(1 + rng.IntN(31))
			}
			_, err := ParseShare(write(typed, " ", "\n").Reveal())
			var damaged *DamagedError
			if !errors.As(err, &damaged) {
				t.Fatalf("%d wrong characters: %v", n, err)
			}
			if n <= 4 && (len(damaged.Wrong) != n || suggestionOf(damaged) != fixedString) {
				t.Fatalf("%d wrong characters: %v", n, err)
			}
		}
	}
}

func BenchmarkDiagnose(b *testing.B) {
	typed := fixed().encode("", "").Reveal()[4:]
	for b.Loop() {
		if _, err := ParseShare(typed); err == nil {
			b.Fatal("taken")
		}
	}
}

// TestWhole: a string that is typed line by line is whole with its last one.
func TestWhole(t *testing.T) {
	lines := strings.SplitAfter(string(fixed().encode(" ", "\n").Reveal()), "\n")
	typed := ""
	for i, line := range lines {
		typed += line
		if got := Complete([]byte(typed)); got != (i == len(lines)-1) {
			t.Errorf("%d lines: %v", i+1, got)
		}
	}
	if !LooksLikeShare([]byte(strings.ToLower(lines[0]))) || !LooksLikeShare([]byte(typed)) || !LooksLikeShare([]byte("notes\n"+pageBegin)) {
		t.Error("a share is not known as one")
	}
	for _, other := range []string{"", "rs1", "RS1 of alice", "/media/rs1/share.txt", lines[1]} {
		if LooksLikeShare([]byte(other)) {
			t.Errorf("%q is taken for a share", other)
		}
	}
}

// suggestionOf returns a suggestion in one line.
func suggestionOf(e *DamagedError) string {
	if e.Suggestion() == nil {
		return ""
	}
	return strings.ReplaceAll(string(e.Suggestion().Reveal()), "\n", " ")
}

func TestLooksLikeLine(t *testing.T) {
	lines := strings.Split(string(fixed().encode(" ", "\n").Reveal()), "\n")
	lines = append(lines, strings.ReplaceAll(strings.Join(lines[1:], ""), " ", ""), strings.ToLower(lines[2]), "QPZR Y9X8 GF2", "???? Y9X8 GF2T VDW0", " QPZR Y9X8 GF2T ")
	for _, line := range lines {
		if !LooksLikeLine([]byte(line)) {
			t.Errorf("%q is not taken for a line", line)
		}
	}
	for _, other := range []string{
		"", "share.txt", "/media/bob/share.txt", "bob", "share2", "my old share of 2025", "back 2", "open", "type",
		"QPZR Y9X8", "with many words here", "theshareofbobinthesafe", "a2 b3 c4 d5", "QPZR Y9X8 GF2T VDW03", "für1 abcd efgh",
	} {
		if LooksLikeLine([]byte(other)) {
			t.Errorf("%q is taken for a line", other)
		}
	}
}
