package custody

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"recover/internal/message"
	"recover/internal/secret"
)

// maxShift is how many characters, missing or too many, are looked for.
const maxShift = rootCount

// DamagedError is a share string that does not agree with its checksum.
// Characters are counted from 1, the prefix among them, blanks not; they make
// groups of four.
type DamagedError struct {
	// Wrong are the characters that are wrong or cannot be read, in ascending
	// order.
	Wrong []int
	// Missing is the number of characters that are missing, one after the
	// other, at about the place At; below zero, that are too many.
	Missing, At int
	// With neither, the damage is greater than the code can tell.

	corrected *secret.Bytes // symbols
}

// Error says where the damage is, by group, and nothing of what is there.
func (e *DamagedError) Error() string {
	var facts []string
	if e.Missing > 0 {
		facts = append(facts, fmt.Sprintf("%d %s missing at about group %d", e.Missing, message.Plural(e.Missing, "character is", "characters are"), group(e.At)))
	} else if e.Missing < 0 {
		facts = append(facts, fmt.Sprintf("%d %s too many at about group %d", -e.Missing, message.Plural(-e.Missing, "character", "characters"), group(e.At)))
	}
	if len(e.Wrong) > 0 {
		facts = append(facts, "wrong in "+byGroup(e.Wrong))
	}
	if len(facts) == 0 {
		facts = append(facts, "in too many places to say where")
	}
	return "the share is damaged: " + strings.Join(facts, "; ")
}

// byGroup names characters: "group 4 (character 2), group 7 (characters 1, 3)".
func byGroup(characters []int) string {
	var text strings.Builder
	for i, c := range characters {
		if i == 0 || group(characters[i-1]) != group(c) {
			noun := "character"
			if i+1 < len(characters) && group(characters[i+1]) == group(c) {
				noun = "characters"
			}
			fmt.Fprintf(&text, "), group %d (%s ", group(c), noun)
		} else {
			text.WriteString(", ")
		}
		fmt.Fprint(&text, (c-1)%groupLen+1)
	}
	return strings.TrimPrefix(text.String(), "), ") + ")"
}

func group(c int) int { return (c-1)/groupLen + 1 }

// Suggestion returns the whole share string as it very likely was meant, in the
// lines of its page, or nil where there is none. It is for the holder to compare
// with the paper, and goes through ParseShare and SealedKey.Check again.
func (e *DamagedError) Suggestion() *secret.Bytes {
	if e.corrected == nil {
		return nil
	}
	return write(e.corrected.Reveal(), " ", "\n")
}

// diagnose says what is wrong with symbols that are no valid share string.
func diagnose(symbols []byte) error {
	missing := stringLen - len(symbols)
	if missing <= maxShift && missing >= -maxShift {
		if found := search(symbols, missing); found != nil {
			return found
		}
	}
	switch {
	case !bytes.HasPrefix(symbols, start):
		return ErrNotShare
	case missing != 0:
		return LengthError(len(symbols))
	}
	return &DamagedError{}
}

// search tries every place at which characters may be missing or too many, and
// prefers the one that leaves the fewest other faults.
func search(symbols []byte, missing int) (best *DamagedError) {
	last := 0
	if missing != 0 {
		last = min(len(symbols), stringLen)
	}
	for at := 0; at <= last; at++ {
		found := attempt(symbols, missing, at)
		if found == nil {
			continue
		}
		if best == nil || len(found.Wrong) < len(best.Wrong) {
			best, found = found, best
		}
		if found != nil {
			found.corrected.Wipe()
		}
	}
	return best
}

func attempt(symbols []byte, missing, at int) *DamagedError {
	whole := shifted(symbols, missing, at)
	defer secret.Wipe(whole)
	corrected := repaired(whole)
	if corrected == nil {
		return nil
	}
	found := &DamagedError{corrected: secret.New(corrected)}
	if missing != 0 {
		found.Missing, found.At = missing, at+1
	}
	for i, v := range whole {
		inserted := i >= at && i < at+missing
		if v != corrected[i] && !inserted {
			found.Wrong = append(found.Wrong, i+1)
		}
	}
	return found
}

// shifted returns a string of the right length: with unknown characters put in,
// or characters taken out, at a place.
func shifted(symbols []byte, missing, at int) []byte {
	whole := make([]byte, 0, stringLen)
	whole = append(whole, symbols[:at]...)
	if missing >= 0 {
		whole = append(whole, bytes.Repeat([]byte{unknown}, missing)...)
		return append(whole, symbols[at:]...)
	}
	return append(whole, symbols[at-missing:]...)
}

// repaired returns the share string that is near to whole, or nil.
func repaired(whole []byte) []byte {
	word := slices.Clone(whole[prefixLen:])
	defer secret.Wipe(word)
	var erased []int
	for i, v := range word {
		if v == unknown {
			word[i] = 0
			erased = append(erased, i)
		}
	}
	data, ok := correct(word, erased)
	if !ok {
		return nil
	}
	defer secret.Wipe(data)
	corrected := append(slices.Clone(start), data...)
	share, err := parseSymbols(corrected)
	if err != nil {
		secret.Wipe(corrected)
		return nil
	}
	share.Wipe()
	return corrected
}
