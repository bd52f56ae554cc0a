package record

import (
	"iter"
	"slices"
	"strings"

	"recover/internal/uuid"
)

// Typo is an ID that may have been meant by a text.
type Typo struct {
	ID   uuid.ID
	What string // what went wrong, "" where the text is the ID as it stands
}

const (
	uuidDigits = 32
	// maxReadings is how many ways to read the characters that are no hex digits
	// are tried.
	maxReadings = 256
	hexDigits   = "0123456789abcdef"
)

// lookAlikes are the hex digits that a character may have been.
var lookAlikes = map[rune]string{
	'o': "0", 'q': "9", 'l': "1", 'i': "1", '|': "1", '!': "1", 'z': "2", 's': "5", 'g': "69", 't': "7", 'h': "b", 'y': "4", 'ß': "8b",
}

// LikelyIDs yields the IDs that a text may have been copied from by hand, each
// once, the likeliest first and about a thousand in all: as it stands; with
// other dashes, spaces or brackets; with look-alikes for hex digits; with one
// wrong character, two swapped, one missing, or one too many. A text that is
// none of these yields nothing.
func LikelyIDs(text string) iter.Seq[Typo] {
	return func(yield func(Typo) bool) {
		s := &slips{yield: yield, seen: make(map[uuid.ID]bool)}
		if id, err := uuid.Parse(text); err == nil && !s.add(id, "") {
			return
		}
		readings, what := readings(text)
		for _, digits := range readings {
			if len(digits) == uuidDigits && !s.digits(digits, what) {
				return
			}
		}
		for _, digits := range readings {
			if !s.of(digits) {
				return
			}
		}
	}
}

// slips yields IDs once each.
type slips struct {
	yield func(Typo) bool
	seen  map[uuid.ID]bool
}

func (s *slips) add(id uuid.ID, what string) bool {
	if s.seen[id] {
		return true
	}
	s.seen[id] = true
	return s.yield(Typo{id, what})
}

// digits adds what is 32 hex digits.
func (s *slips) digits(d []byte, what string) bool {
	t := string(d)
	id, err := uuid.Parse(t[:8] + "-" + t[8:12] + "-" + t[12:16] + "-" + t[16:20] + "-" + t[20:])
	return err != nil || s.add(id, what)
}

// of adds the slips in one reading of a text.
func (s *slips) of(d []byte) bool {
	switch len(d) {
	case uuidDigits:
		return s.swapped(d) && s.substituted(d) && s.eights(d)
	case uuidDigits - 1:
		return s.missing(d)
	case uuidDigits + 1:
		for i := range d {
			if !s.digits(slices.Concat(d[:i], d[i+1:]), "one character too many") {
				return false
			}
		}
	}
	return true
}

func (s *slips) swapped(d []byte) bool {
	for i := range len(d) - 1 {
		c := slices.Clone(d)
		c[i], c[i+1] = c[i+1], c[i]
		if !s.digits(c, "two characters swapped") {
			return false
		}
	}
	return true
}

func (s *slips) substituted(d []byte) bool {
	for i := range d {
		for _, digit := range []byte(hexDigits) {
			c := slices.Clone(d)
			c[i] = digit
			if !s.digits(c, "one wrong character") {
				return false
			}
		}
	}
	return true
}

// eights takes 8 for b and b for 8 at two places: the one pair of look-alikes
// of which both are hex digits is seldom misread only once.
func (s *slips) eights(d []byte) bool {
	other := map[byte]byte{'8': 'b', 'b': '8'}
	for i := range d {
		for j := range i {
			if other[d[i]] == 0 || other[d[j]] == 0 {
				continue
			}
			c := slices.Clone(d)
			c[i], c[j] = other[d[i]], other[d[j]]
			if !s.digits(c, "8 and B mistaken for each other") {
				return false
			}
		}
	}
	return true
}

func (s *slips) missing(d []byte) bool {
	for i := range len(d) + 1 {
		for _, digit := range []byte(hexDigits) {
			if !s.digits(slices.Insert(slices.Clone(d), i, digit), "a missing character") {
				return false
			}
		}
	}
	return true
}

// readings strips a text of what is no digit, and returns the ways in which the
// rest can be read as hex digits; none where there are too many, or where the
// text is far too long or too short.
func readings(text string) (all [][]byte, what string) {
	if len(text) > 100 {
		return nil, ""
	}
	text = strings.TrimPrefix(strings.ToLower(text), "urn:uuid:")
	text = strings.Map(func(r rune) rune {
		if strings.ContainsRune("-‐‑‒–—−_.: \t{}()\"'", r) {
			return -1
		}
		return r
	}, text)
	all, what = [][]byte{nil}, "other dashes, spaces or brackets"
	for _, r := range text {
		options := string(r)
		if !strings.ContainsRune(hexDigits, r) {
			what = "look-alike characters"
			if options = lookAlikes[r]; options == "" {
				what, options = "a character that is no hex digit", hexDigits
			}
		}
		var longer [][]byte
		for _, digits := range all {
			for _, o := range []byte(options) {
				longer = append(longer, append(slices.Clone(digits), o))
			}
		}
		if all = longer; len(all) > maxReadings {
			return nil, ""
		}
	}
	if n := len(all[0]); n < uuidDigits-1 || n > uuidDigits+1 {
		return nil, ""
	}
	return all, what
}
