package custody

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"recover/fixtures/testkey"
	"recover/pkg/rsadecrypt"
)

func TestPage(t *testing.T) {
	k, shares := newSet(t, 2, 3)
	for i, s := range shares {
		text := page(t, k, s)
		read, err := ParseShare(text)
		if err != nil || !same(read, s) || read.Holder != names(3)[i] || read.Key != k.Key {
			t.Fatalf("%v, %v\n%s", read, err, text)
		}
		if !bytes.Equal(page(t, k, read), text) {
			t.Error("the page of what was read is another")
		}
		lines := strings.Split(string(text), "\n")
		if len(lines) > 60 {
			t.Errorf("%d lines do not print on one page", len(lines))
		}
		for _, line := range lines {
			if len(line) > 80 || strings.ContainsFunc(line, func(r rune) bool { return r < ' ' || r > '~' }) {
				t.Errorf("%q does not print", line)
			}
		}
		for _, want := range []string{
			fmt.Sprintf("share %d of 3. Any 2 of them", i+1), "Set:           " + k.ID.String(), "Made:          2025-11-23",
			"recover custody check share.txt", "sealed-recovery-key.age", "Holder:        " + names(3)[i] + "\n",
		} {
			if !strings.Contains(string(text), want) {
				t.Errorf("%q is not on the page", want)
			}
		}
	}
}

// TestPageOfLongestNames: the words stay within the page with the longest name
// and the largest numbers.
func TestPageOfLongestNames(t *testing.T) {
	holders := names(255)
	holders[254] = strings.Repeat("m", maxName)
	k, shares, err := Split(testkey.Small(), Plan{254, holders}, made, Related{})
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.SplitSeq(string(page(t, k, shares[254])), "\n") {
		if len(line) > 80 {
			t.Errorf("%q is %d characters long", line, len(line))
		}
	}
}

func TestPageOfAnotherSet(t *testing.T) {
	k, _ := newSet(t, 2, 3)
	_, others := newSet(t, 2, 3)
	var other *OtherSetError
	if p, err := k.Page(others[0], nil); p != nil || !errors.As(err, &other) {
		t.Errorf("%v, %v", p, err)
	}
}

// TestPageAsPeopleLeaveIt: other line ends, blanks, notes around the share.
func TestPageAsPeopleLeaveIt(t *testing.T) {
	k, shares := newSet(t, 2, 3)
	text := string(page(t, k, shares[0]))
	for _, changed := range []string{
		strings.ReplaceAll(text, "\n", "\r\n"),
		"\ufeffNote: in the blue box\n" + text + "\nchecked 2026, 2027\n",
		strings.ReplaceAll(text, "\n", "  \n"),
		strings.ReplaceAll(text, ":    ", ":"),
		text[strings.Index(text, pageBegin) : strings.Index(text, pageEnd)+len(pageEnd)],
	} {
		if s, err := ParseShare([]byte(changed)); err != nil || !same(s, shares[0]) || s.Holder != "alice" {
			t.Errorf("%v\n%s", err, changed)
		}
	}
}

func TestPageFaults(t *testing.T) {
	k, shares := newSet(t, 2, 3)
	text := string(page(t, k, shares[0]))
	other := string(page(t, k, shares[1]))
	key := rsadecrypt.FingerprintOf(&testkey.Small().PublicKey).String()
	for _, c := range []struct{ old, new, want string }{
		{"Share:         1 of 3", "Share:         2 of 3", "line 8 of the page: does not agree with the share string"},
		{"Needed:        2", "Needed:        3", "line 9 of the page: does not agree with the share string"},
		{"Set:           ", "Set:           0", "line 10 of the page: does not agree with the share string"},
		{"2025-11-23", "2025-11-24", "line 11 of the page: does not agree with the share string"},
		{key[:11], "SHA256:", "line 12 of the page: does not agree with the share string"},
		{"Recovery key:", "Recovery key ", "line 12 of the page: does not agree with the share string"},
		{"Holder:", "Holder", "line 7 of the page: does not agree with the share string"},
		{"Holder:        alice", "Holder:        a\x1b[2Jlice", "line 7 of the page: does not agree with the share string"},
		{"Holder:        alice", "Holder:        ", "line 7 of the page: does not agree with the share string"},
		{"Needed:        2\n", "", "line 9 of the page: does not agree with the share string"},
		{text[:strings.Index(text, "RS1")], pageBegin + "\n", "line 1 of the page: not one whole share"},
		{pageEnd, "", "line 6 of the page: the share that begins here has no end"},
		{pageBegin, pageEnd + "\n" + pageBegin, "line 7 of the page: the share that begins here has no end"},
		{pageBegin, pageBegin[:17] + pageEnd, "line 6 of the page: the share that begins here has no end"},
		{pageBegin, pageBegin + "\n" + pageEnd, "line 6 of the page: not one whole share"},
		{text, text + other, "line 6 of the page: not one whole share"},
		{"RS1", "RS2", "the share is damaged: wrong in group 1 (character 3)"},
	} {
		changed := strings.Replace(text, c.old, c.new, 1)
		if changed == text {
			t.Fatalf("%q is not on the page", c.old)
		}
		_, err := ParseShare([]byte(changed))
		wantError(t, err, c.want)
	}
}

// FuzzParseShare holds that a page that is taken says what its string says: the
// block that is made of it anew has the same words.
func FuzzParseShare(f *testing.F) {
	s := fixed()
	s.Holder, s.Key = "alice", rsadecrypt.Fingerprint{1, 2, 3}
	block := pageBegin + "\n" + strings.Join(s.facts(), "\n") + "\n\n" + string(s.encode(" ", "\n").Reveal()) + "\n" + pageEnd
	f.Add([]byte(block))
	f.Add([]byte(strings.ReplaceAll(block, "\n", "\r\n")))
	f.Add([]byte(strings.Replace(block, "1 of 3", "2 of 3", 1)))
	f.Add([]byte(block + block))
	f.Add([]byte(fixedString))
	f.Add([]byte("age-encryption.org/v1\n-> X25519 a\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := ParseShare(data)
		if err != nil {
			return
		}
		if back, err := ParseShare(s.encode(" ", " ").Reveal()); err != nil || !same(back, s) {
			t.Fatalf("%q: %v", data, err)
		}
		if s.Holder == "" {
			if s.Key != (rsadecrypt.Fingerprint{}) {
				t.Fatalf("%q: a key without a holder", data)
			}
			return
		}
		for _, fact := range s.facts() {
			for _, word := range strings.Fields(fact) {
				if !bytes.Contains(data, []byte(word)) {
					t.Fatalf("%q does not say %q", data, word)
				}
			}
		}
	})
}
