package custody

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"recover/fixtures/testkey"
	"recover/internal/secret"
)

var made = time.Date(2025, 11, 23, 19, 3, 11, 0, time.UTC)

// names returns n names of holders.
func names(n int) []string {
	all := []string{"alice", "bob", "carol", "dave", "eve"}
	for i := len(all); i < n; i++ {
		all = append(all, fmt.Sprintf("holder-%d", i+1))
	}
	return all[:n]
}

// newSet splits the small test key.
func newSet(t testing.TB, threshold, count int) (*SealedKey, []*Share) {
	t.Helper()
	key, shares, err := Split(testkey.Small(), Plan{threshold, names(count)}, made, Related{})
	if err != nil {
		t.Fatal(err)
	}
	return key, shares
}

// again returns a share as its holder would type it.
func again(t testing.TB, s *Share) *Share {
	t.Helper()
	typed, err := ParseShare(s.encode(" ", " ").Reveal())
	if err != nil {
		t.Fatal(err)
	}
	return typed
}

// page returns the page of a share.
func page(t testing.TB, k *SealedKey, s *Share) []byte {
	t.Helper()
	p, err := k.Page(s, nil)
	if err != nil {
		t.Fatal(err)
	}
	return p.Reveal()
}

// fixed returns a share with a content that is always the same.
func fixed() *Share {
	value := make([]byte, valueLen)
	for i := range value {
		value[i] = byte(37*i + 11)
	}
	return &Share{
		Set:     SetID{0x7f, 0x3a, 0x91, 0xc2, 0x0b, 0x55, 0xe1, 0xd0},
		Created: made.Truncate(day), Threshold: 2, Count: 3, Index: 1,
		value: secret.New(value),
	}
}

// wantError compares an error with what people are to see.
func wantError(t *testing.T, err error, want string) {
	t.Helper()
	if err == nil || err.Error() != want {
		t.Errorf("error %v\nwant  %s", err, want)
	}
}

func TestPlan(t *testing.T) {
	long := strings.Repeat("x", 33)
	for _, c := range []struct {
		plan Plan
		want error
	}{
		{Plan{2, names(2)}, nil},
		{Plan{255, names(255)}, nil},
		{Plan{2, []string{"a.b_c-d", "1"}}, nil},
		{Plan{1, names(3)}, ErrOneOfN},
		{Plan{0, nil}, ErrOneOfN},
		{Plan{-1, names(3)}, ErrOneOfN},
		{Plan{4, names(3)}, ErrThreshold},
		{Plan{2, names(256)}, ErrTooMany},
	} {
		if err := c.plan.Check(); !errors.Is(err, c.want) {
			t.Errorf("%d of %d: %v, want %v", c.plan.Threshold, len(c.plan.Holders), err, c.want)
		}
		if _, _, err := Split(testkey.Small(), c.plan, made, Related{}); c.want != nil && !errors.Is(err, c.want) {
			t.Errorf("split %d of %d: %v, want %v", c.plan.Threshold, len(c.plan.Holders), err, c.want)
		}
	}
	for _, bad := range []string{"", "-a", ".a", "a.", "a/b", "a b", "a\n", "é", long, "..", "Bob"} {
		err := Plan{2, []string{"alice", "bob", bad}}.Check()
		var name *NameError
		if !errors.As(err, &name) || name.Holder != 3 || bad != "" && strings.Contains(err.Error(), long) {
			t.Errorf("name %q: %v", bad, err)
		}
	}
	for bad, why := range map[string]string{
		"con": "Windows does not allow a folder of this name", "NUL": "Windows does not allow a folder of this name",
		"nul.txt": "Windows does not allow a folder of this name", "Com7": "Windows does not allow a folder of this name",
		"lpt0.a":                  "Windows does not allow a folder of this name",
		"recovery-public-key.der": "a file of the set has this name", "Recovery-Public-Key.hex": "a file of the set has this name",
		"Share.TXT": "a file of the set has this name", "READ-ME-FIRST.txt": "a file of the set has this name",
		"sealed-recovery-key.age": "a file of the set has this name",
	} {
		wantError(t, Plan{2, []string{"alice", bad}}.Check(), "name of holder 2: "+why)
	}
	for _, good := range []string{"console", "com", "com10", "lptx", "auxiliary", "share", "nu-l"} {
		if err := (Plan{2, []string{"alice", good}}).Check(); err != nil {
			t.Errorf("name %q: %v", good, err)
		}
	}
	wantError(t, Plan{1, names(3)}.Check(), "a threshold of 1 splits nothing: each holder alone could open the key")
	wantError(t, Plan{2, names(256)}.Check(), "more than 255 holders")
	wantError(t, Plan{2, []string{"a", "A"}}.Check(), "name of holder 2: another holder has this name")
}

// TestReplaces: a set that replaces another says so, in a description of a form
// of its own, and opens like any other. A first set has the form of earlier
// programs.
func TestReplaces(t *testing.T) {
	old, _ := newSet(t, 2, 3)
	if !bytes.Contains(old.Bytes(), []byte("-> recover-custody-set "+strings.ReplaceAll(old.ID.String(), " ", ""))) ||
		!bytes.HasPrefix(old.marshal(), []byte("recover-custody-set/1\nrecovery-key ")) || bytes.Contains(old.marshal(), []byte("replaces")) {
		t.Errorf("the first set is described by\n%s", old.marshal())
	}
	k, shares, err := Split(testkey.Small(), Plan{2, names(2)}, made, Related{Replaces: old.ID})
	if err != nil {
		t.Fatal(err)
	}
	read, err := ParseSealedKey(k.Bytes())
	if err != nil || read.Replaces != old.ID || !strings.HasPrefix(string(read.marshal()), "recover-custody-set/2\n") {
		t.Fatalf("%+v, %v", read, err)
	}
	set := NewSet(read)
	for _, s := range shares {
		if err := set.Add(again(t, s)); err != nil {
			t.Fatal(err)
		}
	}
	opened(t, set)
	for _, change := range [][2]string{{"set/2", "set/1"}, {"replaces ", "replaced "}, {"\nthreshold", "\nreplaces 0000000000000000\nthreshold"}} {
		text := bytes.Replace(read.marshal(), []byte(change[0]), []byte(change[1]), 1)
		if _, err := parseDescription(text, idOf(text)); !errors.Is(err, ErrDescription) {
			t.Errorf("%q: %v", change, err)
		}
	}
}

// TestEarlierNames: sets with holders' names that are refused today are read.
func TestEarlierNames(t *testing.T) {
	d := &Description{Created: made, Threshold: 2, Holders: []string{"con", "share.txt"}, hashes: make([][32]byte, 2)}
	text := d.marshal()
	if _, err := parseDescription(text, idOf(text)); err != nil {
		t.Error(err)
	}
}

func TestSplitRefusesDates(t *testing.T) {
	for _, bad := range []time.Time{time.Unix(-1, 0), time.Date(2149, 6, 7, 0, 0, 0, 0, time.UTC)} {
		if _, _, err := Split(testkey.Small(), Plan{2, names(2)}, bad, Related{}); !errors.Is(err, ErrDate) {
			t.Errorf("made %v: %v", bad, err)
		}
	}
	last := time.Date(2149, 6, 6, 23, 59, 59, 0, time.UTC)
	k, shares, err := Split(testkey.Small(), Plan{2, names(2)}, last, Related{})
	if err != nil {
		t.Fatal(err)
	}
	if s := again(t, shares[0]); !s.Created.Equal(last.Truncate(day)) || !k.Created.Equal(last) {
		t.Errorf("made %v, %v", s.Created, k.Created)
	}
}

func TestSplit(t *testing.T) {
	k, shares := newSet(t, 2, 3)
	seen := make(map[byte]bool)
	for i, s := range shares {
		x := s.value.Reveal()[secretLen]
		if s.Index != i+1 || s.Count != 3 || s.Threshold != 2 || s.Set != k.ID || s.value.Len() != 33 || x == 0 || seen[x] {
			t.Errorf("share %d: %v", i, s)
		}
		seen[x] = true
	}
	if k.Count() != 3 || !slices.Equal(k.Holders, names(3)) || !k.Created.Equal(made) {
		t.Errorf("description %+v", k.Description)
	}
	if other, _ := newSet(t, 2, 3); other.ID == k.ID {
		t.Error("two sets have one ID")
	}
}
