package record

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"recover/internal/uuid"
)

const right = "5f0b8a1c-2d3e-4b6f-9a70-81c2d3e4f5a6"

func mustID(t testing.TB, text string) uuid.ID {
	t.Helper()
	id, err := uuid.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func TestSlips(t *testing.T) {
	for _, c := range []struct{ text, what string }{
		{right, ""},
		{strings.ToUpper(right), ""},
		{strings.ReplaceAll(right, "-", ""), "other dashes, spaces or brackets"},
		{" {" + strings.ReplaceAll(right, "-", " – ") + "} ", "other dashes, spaces or brackets"},
		{"urn:uuid:" + right, "other dashes, spaces or brackets"},
		{"5fOb8a1c-2d3e-4b6f-9a7O-8lc2d3e4f5a6", "look-alike characters"},
		{"Sf0b8a1c-2d3e-4bGf-9a70-8Ic2d3e4fSa6", "look-alike characters"},
		{"5f0b8a1c-2d3e-4b6f-9a70-81c2d3e4f5ax", "a character that is no hex digit"},
		{"5f0b8a1c-2d3e-4b6f-9a70-81c2d3e4f5a7", "one wrong character"},
		{"f50b8a1c-2d3e-4b6f-9a70-81c2d3e4f5a6", "two characters swapped"},
		{"5f0b8a1c-2d3e-4b6f-9a7-081c2d3e4f5a6", "other dashes, spaces or brackets"},
		{"5f0b8a1c-2d3e-4b6f-9a70-81c2d3e4f5a", "a missing character"},
		{"f0b8a1c-2d3e-4b6f-9a70-81c2d3e4f5a6", "a missing character"},
		{"5f0b88a1c-2d3e-4b6f-9a70-81c2d3e4f5a6", "one character too many"},
		{"5f08ba1c-2d3e-4b6f-9a70-81c2d3e4f5a6", "two characters swapped"},
		{"5f0bba1c-2d3e-486f-9a70-81c2d3e4f5a6", "8 and B mistaken for each other"},
	} {
		found := false
		for s := range LikelyIDs(c.text) {
			if s.ID == mustID(t, right) {
				found = true
				if s.What != c.what {
					t.Errorf("%q: %q, want %q", c.text, s.What, c.what)
				}
			}
		}
		if !found {
			t.Errorf("%q: the right ID is not among its slips", c.text)
		}
	}
}

func TestNoSlips(t *testing.T) {
	for _, text := range []string{"", "treasury", right[:30], right + right, strings.Repeat("-", 1000), strings.Repeat("O", 200), "????????-????-????-????-????????????"} {
		if all := slices.Collect(LikelyIDs(text)); len(all) > 0 {
			t.Errorf("%q has %d slips", text, len(all))
		}
	}
}

// FuzzSlips holds that an ID comes once, that no text has more of them than a
// search can try, and that a reader may stop at any time.
func FuzzSlips(f *testing.F) {
	f.Add(right)
	f.Add("5fOb8a1c2d3e4b6f9a70gggg81c2d3e4")
	f.Add(right[1:])
	f.Fuzz(func(t *testing.T, text string) {
		seen := make(map[uuid.ID]bool)
		for s := range LikelyIDs(text) {
			if seen[s.ID] {
				t.Fatalf("%s comes twice", s.ID)
			}
			seen[s.ID] = true
		}
		if len(seen) > 600*maxReadings {
			t.Fatalf("%d slips", len(seen))
		}
		for range LikelyIDs(text) {
			break
		}
	})
}

// TestSlipsOfRandomIDs makes slips of many IDs, each of which has to lead back.
func TestSlipsOfRandomIDs(t *testing.T) {
	random := rand.New(rand.NewChaCha8([32]byte{1}))
	for range 100 {
		var id uuid.ID
		for i := range id {
			id[i] = byte(random.Uint32())
		}
		text := []byte(id.String())
		at := random.IntN(len(text) - 1)
		switch random.IntN(4) {
		case 0:
			text[at] = hexDigits[random.IntN(16)]
		case 1:
			text = slices.Delete(text, at, at+1)
		case 2:
			text = slices.Insert(text, at, text[at])
		case 3:
			text[at], text[at+1] = text[at+1], text[at]
		}
		if !slices.ContainsFunc(slices.Collect(LikelyIDs(string(text))), func(s Typo) bool { return s.ID == id }) {
			t.Errorf("%s was copied as %s: not found", id, text)
		}
	}
}

func TestGuesses(t *testing.T) {
	quorum, key, other := mustID(t, quorumA), mustID(t, keyA), mustID(t, quorumB)
	mistyped := func(s string) string { return "9" + s[1:] }
	for _, c := range []struct {
		name  string
		doubt IDSearch
		what  string
	}{
		{"as recorded", IDSearch{Quorum: quorumA, Key: keyA}, ""},
		{"in a folder of its own", IDSearch{Quorum: quorumA, Key: keyB, Folder: []Typo{{key, "that of the folder"}}}, "key_id: that of the folder"},
		{"a known quorum", IDSearch{Quorum: quorumB, Key: keyA, Quorums: []uuid.ID{other, quorum}}, "quorum_id: another one that is known"},
		{"a slip in the quorum", IDSearch{Quorum: mistyped(quorumA), Key: keyA}, "quorum_id: one wrong character"},
		{"a slip in the key", IDSearch{Quorum: quorumA, Key: mistyped(keyA)}, "key_id: one wrong character"},
		{"a slip in the key, the quorum known", IDSearch{Quorum: "?", Key: mistyped(keyA), Quorums: []uuid.ID{quorum}}, "quorum_id: another one that is known; key_id: one wrong character"},
		{"swapped", IDSearch{Quorum: keyA, Key: quorumA}, "quorum_id and key_id swapped"},
		{"swapped, a slip in the quorum", IDSearch{Quorum: keyA, Key: mistyped(quorumA)}, "quorum_id and key_id swapped; quorum_id: one wrong character"},
		{"swapped, a slip in the key", IDSearch{Quorum: mistyped(keyA), Key: quorumA}, "quorum_id and key_id swapped; key_id: one wrong character"},
		{"a slip in what is known", IDSearch{Quorum: quorumB, Key: keyA, Quorums: []uuid.ID{mustID(t, mistyped(quorumA))}}, "quorum_id: one wrong character, beside another one that is known"},
		{"a known key", IDSearch{Quorum: quorumA, Key: keyB, Keys: []uuid.ID{key}}, "key_id: another one that is known"},
	} {
		t.Run(c.name, func(t *testing.T) {
			seen := make(map[Candidate]bool)
			for g := range c.doubt.Candidates() {
				pair := Candidate{Quorum: g.Quorum, Key: g.Key}
				if seen[pair] {
					t.Fatalf("%v comes twice", pair)
				}
				seen[pair] = true
				if g.Quorum == quorum && g.Key == key && g.What != c.what {
					t.Errorf("found: %q, want %q", g.What, c.what)
				}
			}
			if !seen[Candidate{Quorum: quorum, Key: key}] {
				t.Errorf("not among the %d guesses", len(seen))
			}
		})
	}
}

func TestGuessesAreBounded(t *testing.T) {
	var many []uuid.ID
	for i := range 500 {
		many = append(many, uuid.ID{byte(i), byte(i >> 8), 1})
	}
	n := 0
	for range (IDSearch{Quorum: quorumA, Key: keyA, Quorums: many, Keys: many}).Candidates() {
		n++
	}
	if n != MaxGuesses {
		t.Errorf("%d guesses, want %d", n, MaxGuesses)
	}
}
