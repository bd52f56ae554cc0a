package custody

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"recover/fixtures/testkey"
	"recover/fixtures/tier"
	"recover/pkg/rsadecrypt"
)

// opened brings the key back and compares it with the one that was split.
func opened(t *testing.T, set *Set) {
	t.Helper()
	q, err := set.Combine()
	if err != nil {
		t.Fatal(err)
	}
	defer q.Wipe()
	key, err := q.Open()
	if err != nil {
		t.Fatal(err)
	}
	if !key.Equal(testkey.Small()) {
		t.Fatal("another key came back")
	}
}

// TestEverySubset tries all subsets of a set, of every size: enough shares
// bring the key back, fewer give nothing but how many are missing.
func TestEverySubset(t *testing.T) {
	for _, c := range []struct{ threshold, count int }{{2, 2}, {2, 3}, {3, 3}, {3, 5}, {5, 6}} {
		k, shares := newSet(t, c.threshold, c.count)
		for members := range 1 << c.count {
			set := NewSet(k)
			for i, s := range shares {
				if members>>i&1 == 1 {
					if err := set.Add(again(t, s)); err != nil {
						t.Fatal(err)
					}
				}
			}
			if n := c.threshold - len(set.Given()); n > 0 {
				q, err := set.Combine()
				if q != nil || err != TooFewError(n) || set.Missing() != n {
					t.Fatalf("%d of %d missing: %v, %v", n, c.threshold, q, err)
				}
				continue
			}
			opened(t, set)
		}
	}
	wantError(t, TooFewError(1), "1 more share is needed")
	wantError(t, TooFewError(2), "2 more shares are needed")
}

// TestLargeSets takes sets up to 16 of 32, and the largest of all, with the
// least shares that are enough, in a random order.
func TestLargeSets(t *testing.T) {
	tier.Long(t)
	rng := rand.New(rand.NewPCG(1, 2))
	for _, c := range []struct{ threshold, count int }{{16, 32}, {32, 32}, {2, 32}, {10, 11}, {128, 255}} {
		k, shares := newSet(t, c.threshold, c.count)
		set := NewSet(k)
		for n, i := range rng.Perm(c.count)[:c.threshold] {
			if _, err := set.Combine(); err != TooFewError(c.threshold-n) {
				t.Fatalf("%d of %d shares: %v", n, c.threshold, err)
			}
			if err := set.Add(again(t, shares[i])); err != nil {
				t.Fatal(err)
			}
		}
		opened(t, set)
	}
}

func TestRefusals(t *testing.T) {
	k, shares := newSet(t, 2, 3)
	_, others := newSet(t, 2, 3)
	otherKey, strangers, err := Split(testkey.Recovery(0), Plan{2, names(3)}, made.Add(-1000*day), Related{})
	if err != nil {
		t.Fatal(err)
	}
	stranger, err := ParseShare(page(t, otherKey, strangers[1]))
	if err != nil {
		t.Fatal(err)
	}
	forged := again(t, shares[2])
	forged.value.Reveal()[7] ^= 1
	renamed, err := ParseShare(bytes.ReplaceAll(page(t, k, shares[2]), []byte(" carol\n"), []byte(" mallory\n")))
	if err != nil {
		t.Fatal(err)
	}
	moved, beyond := again(t, shares[2]), again(t, shares[2])
	moved.Index, beyond.Index, beyond.Count = 2, 4, 4

	set := NewSet(k)
	for _, c := range []struct {
		share *Share
		want  string
	}{
		{again(t, shares[1]), ""},
		{again(t, shares[1]), "share 2 (bob) was already given"},
		{again(t, others[0]), fmt.Sprintf("the share is of set %s, made on 2025-11-23; this is set %s, made on 2025-11-23", others[0].Set, k.ID)},
		{again(t, strangers[1]), fmt.Sprintf("the share is of set %s, made on 2023-02-27; this is set %s, made on 2025-11-23", otherKey.ID, k.ID)},
		{stranger, "not for this recovery key but for " + rsadecrypt.FingerprintOf(&testkey.Recovery(0).PublicKey).String()},
		{forged, "it claims to be share 3 (carol), and is not the share that was made for this set"},
		{moved, "it claims to be share 2 (bob), which was accepted before: it was altered, or made up"},
		{again(t, beyond), "it claims to be share 4 of this set, which has no share of that number"},
		{renamed, "the page of share 3 names mallory as holder, the set names carol"},
	} {
		err := set.Add(c.share)
		if c.want == "" && err == nil {
			continue
		}
		wantError(t, err, c.want)
	}
	if given := set.Given(); len(given) != 1 || given[0] != 2 || set.Missing() != 1 {
		t.Errorf("after the refusals: %v", given)
	}
	if err := set.Add(again(t, shares[0])); err != nil {
		t.Fatal(err)
	}
	opened(t, set)
}

func TestRemove(t *testing.T) {
	k, shares := newSet(t, 2, 3)
	set := NewSet(k)
	for _, i := range []int{2, 0, 1} {
		if err := set.Add(shares[i]); err != nil {
			t.Fatal(err)
		}
	}
	if fmt.Sprint(set.Given()) != "[1 2 3]" {
		t.Errorf("given %v", set.Given())
	}
	if !set.Remove(2) || set.Remove(2) || set.Remove(4) || shares[1].value.Len() != 0 {
		t.Error("Remove")
	}
	opened(t, set)
	if !set.Remove(1) || set.Missing() != 1 {
		t.Error("Remove")
	}
	set.Wipe()
	if set.Missing() != 2 || shares[2].value.Len() != 0 {
		t.Error("Wipe")
	}
}

// TestCombineIsGuarded goes around Add, and shows what Combine itself notices.
func TestCombineIsGuarded(t *testing.T) {
	k, shares := newSet(t, 2, 4)
	_, others := newSet(t, 2, 4)
	flipped := again(t, shares[1])
	flipped.value.Reveal()[7] ^= 0x80 // X25519 passes over some bits of the first and the last byte
	for name, c := range map[string]struct {
		shares []*Share
		want   error
	}{
		"two sets":          {[]*Share{shares[0], others[1]}, ErrSealedKeyDamaged},
		"a flipped bit":     {[]*Share{shares[0], flipped}, ErrSealedKeyDamaged},
		"one share twice":   {[]*Share{shares[0], shares[0]}, ErrInconsistent},
		"surplus of others": {[]*Share{shares[0], shares[1], others[2]}, ErrInconsistent},
		"surplus flipped":   {[]*Share{shares[0], shares[2], shares[3], flipped}, ErrInconsistent},
		"first flipped":     {[]*Share{flipped, shares[2], shares[3]}, ErrInconsistent},
	} {
		set := &Set{key: k, shares: c.shares}
		if q, err := set.Combine(); q != nil || !errors.Is(err, c.want) {
			t.Errorf("%s: %v, %v, want %v", name, q, err, c.want)
		}
	}
}

// TestSealedKeyOfAnother: a set that says it is for one recovery key and holds
// another gives out nothing.
func TestSealedKeyOfAnother(t *testing.T) {
	shares, err := deal(bytes.Repeat([]byte{7}, secretLen), Plan{2, names(2)}, made)
	if err != nil {
		t.Fatal(err)
	}
	d := &Description{Key: rsadecrypt.Fingerprint{1}, Created: made, Threshold: 2, Holders: names(2)}
	d.describe(shares)
	id := parseIdentity(encodeIdentity(bytes.Repeat([]byte{7}, secretLen)))
	k, err := sealKey(testkey.Small(), d, id.Recipient())
	if err != nil {
		t.Fatal(err)
	}
	set := NewSet(k)
	for _, s := range shares {
		if err := set.Add(s); err != nil {
			t.Fatal(err)
		}
	}
	q, err := set.Combine()
	if err != nil {
		t.Fatal(err)
	}
	var other *OtherKeyError
	if key, err := q.Open(); key != nil || !errors.As(err, &other) {
		t.Errorf("%v, %v", key, err)
	}
}

func TestReissue(t *testing.T) {
	k, shares := newSet(t, 2, 3)
	set := NewSet(k)
	for _, s := range shares[:2] {
		if err := set.Add(s); err != nil {
			t.Fatal(err)
		}
	}
	q, err := set.Combine()
	if err != nil {
		t.Fatal(err)
	}
	private, err := q.Open()
	if err != nil {
		t.Fatal(err)
	}
	later, fresh, err := Split(private, Plan{3, names(5)}, made.Add(24*day), Related{})
	if err != nil {
		t.Fatal(err)
	}
	if later.Key != k.Key || later.ID == k.ID {
		t.Error("not a new set for the same key")
	}
	news := NewSet(later)
	for _, s := range fresh[2:] {
		if err := news.Add(again(t, s)); err != nil {
			t.Fatal(err)
		}
	}
	opened(t, news)
	wantError(t, news.Add(shares[0]), fmt.Sprintf("the share is of set %s, made on 2025-11-23; this is set %s, made on 2025-12-17", k.ID, later.ID))
}

// TestSealedKeyDamage flips bits of a sealed key, and cuts it off: it is
// refused, or its shares are, or it does not open.
func TestSealedKeyDamage(t *testing.T) {
	k, shares := newSet(t, 2, 2)
	outcomes := make(map[string]int)
	for i := 0; i < len(k.Bytes()); i += 29 {
		file := bytes.Clone(k.Bytes())
		file[i] ^= 1
		outcomes[outcome(t, file, shares)]++
		outcomes[outcome(t, file[:i], shares)]++
	}
	if outcomes["opened"] != 0 || len(outcomes) < 3 {
		t.Errorf("outcomes %v", outcomes)
	}
}

func outcome(t *testing.T, file []byte, shares []*Share) string {
	k, err := ParseSealedKey(file)
	if err != nil {
		return err.Error()
	}
	set := NewSet(k)
	for _, s := range shares {
		if set.Add(s) != nil {
			return "share refused"
		}
	}
	q, err := set.Combine()
	if err != nil {
		return "combine: " + err.Error()
	}
	defer q.Wipe()
	if _, err := q.Open(); err != nil {
		return "open: " + err.Error()
	}
	return "opened"
}

func TestParseSealedKey(t *testing.T) {
	k, _ := newSet(t, 2, 3)
	read, err := ParseSealedKey(k.Bytes())
	if err != nil || read.ID != k.ID || read.Key != k.Key || !read.Created.Equal(k.Created) || read.Threshold != 2 || fmt.Sprint(read.Holders) != "[alice bob carol]" {
		t.Errorf("%+v, %v", read, err)
	}
	backdoor, err := seal(nil, identity(t).Recipient(), headerWriter{&k.Description}, identity(t).Recipient())
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range [][]byte{nil, []byte("x"), backdoor, testkey.RecoveryPEM(0), make([]byte, maxSealedKey+1)} {
		if _, err := ParseSealedKey(bad); !errors.Is(err, ErrNotSealedKey) {
			t.Errorf("%.20q: %v", bad, err)
		}
	}
	largest, _, err := Split(testkey.Recovery(0), Plan{2, names(255)}, made, Related{})
	if err != nil || len(largest.Bytes()) > maxSealedKey/2 {
		t.Errorf("the largest is %d bytes, %v", len(largest.Bytes()), err)
	}
}

// TestDescriptionHasOneText: a text with another spelling is refused even where
// its ID is right.
func TestDescriptionHasOneText(t *testing.T) {
	k, _ := newSet(t, 2, 3)
	text := k.marshal()
	if d, err := parseDescription(text, idOf(text)); err != nil || d.ID != k.ID {
		t.Fatal(err)
	}
	renamed := bytes.Replace(text, []byte(" alice"), []byte(" mallory"), 1)
	if _, err := parseDescription(renamed, k.ID); !errors.Is(err, ErrDescription) {
		t.Errorf("another text with this ID: %v", err)
	}
	for _, c := range [][2]string{
		{"/1\n", "/2\n"}, {"made 2025-11-23T19:03:11Z", "made 2025-11-23T21:03:11+02:00"}, {"11Z", "11.5Z"},
		{"threshold 2", "threshold 02"}, {"threshold 2", "threshold 1"}, {"threshold 2", "threshold 4"}, {" alice", "  alice"},
		{" alice", " bob"}, {" alice", " al/ice"}, {" carol\n", " carol"}, {" carol\n", " carol\n\n"}, {"salt ", "salt 00"}, {"salt", "made 2020-01-01T00:00:00Z\nsalt"},
	} {
		changed := bytes.Replace(text, []byte(c[0]), []byte(c[1]), 1)
		if bytes.Equal(changed, text) {
			t.Fatalf("%q is not in the text", c[0])
		}
		if _, err := parseDescription(changed, idOf(changed)); !errors.Is(err, ErrDescription) {
			t.Errorf("%q for %q: %v", c[1], c[0], err)
		}
	}
}

func TestIdentity(t *testing.T) {
	k, shares := newSet(t, 2, 2)
	set := NewSet(k)
	for _, s := range shares {
		if err := set.Add(s); err != nil {
			t.Fatal(err)
		}
	}
	q, err := set.Combine()
	if err != nil {
		t.Fatal(err)
	}
	text := q.Identity()
	ids, err := rsadecrypt.ParseIdentities(text.Reveal())
	if err != nil || text.Len() != 74 {
		t.Fatalf("%d characters, %v", text.Len(), err)
	}
	f, err := rsadecrypt.Identify(k.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	key, err := f.OpenWith(ids...)
	if err != nil || !key.Equal(testkey.Small()) {
		t.Errorf("the identity does not open the sealed key: %v", err)
	}
	text.Wipe()
	if q.identity.Len() != 74 {
		t.Error("wiping a copy wiped the identity")
	}
}
