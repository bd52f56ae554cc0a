package custody

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"recover/fixtures/testkey"
)

// reread returns shares as they are parsed from their pages.
func reread(t *testing.T, k *SealedKey, shares []*Share) []*Share {
	t.Helper()
	var read []*Share
	for _, s := range shares {
		r, err := ParseShare(page(t, k, s))
		if err != nil {
			t.Fatal(err)
		}
		read = append(read, r)
	}
	return read
}

func TestVerify(t *testing.T) {
	for _, c := range []struct {
		threshold, count, tried int
		all                     bool
	}{{2, 2, 1, true}, {2, 3, 3, true}, {3, 5, 10, true}, {8, 8, 1, true}, {16, 32, 0, false}} {
		k, shares := newSet(t, c.threshold, c.count)
		got, err := Verify(k.Bytes(), reread(t, k, shares), &testkey.Small().PublicKey)
		if err != nil || got.All() != c.all || c.tried > 0 && got.Tried != c.tried || got.Tried == 0 {
			t.Errorf("%d of %d: %+v, %v", c.threshold, c.count, got, err)
		}
		if c.count == 32 && got.Possible.String() != "601080390" {
			t.Errorf("possible: %v", got.Possible)
		}
	}
}

func TestVerifyFaults(t *testing.T) {
	k, shares := newSet(t, 2, 3)
	_, others := newSet(t, 2, 3)
	pub := &testkey.Small().PublicKey
	_, err := Verify(k.Bytes(), shares[:2], pub)
	wantError(t, err, "1 more share is needed")
	var set *OtherSetError
	if _, err := Verify(k.Bytes(), []*Share{shares[0], shares[1], others[2]}, pub); !errors.As(err, &set) {
		t.Errorf("a share of another set: %v", err)
	}
	var key *OtherKeyError
	if _, err := Verify(k.Bytes(), shares, &testkey.Recovery(0).PublicKey); !errors.As(err, &key) {
		t.Errorf("another recovery key: %v", err)
	}
	if _, err := Verify(k.Bytes()[:40], shares, pub); !errors.Is(err, ErrNotSealedKey) {
		t.Errorf("a sealed key that is cut off: %v", err)
	}
	file := slices.Clone(k.Bytes())
	file[len(file)-1] ^= 1
	_, err = Verify(file, shares, pub)
	wantError(t, err, "shares [1 2] do not bring the key back: "+ErrSealedKeyDamaged.Error())
	if !errors.Is(err, ErrSealedKeyDamaged) {
		t.Error("the cause cannot be found")
	}
}

func TestSubsets(t *testing.T) {
	for _, c := range []struct{ n, k int }{{2, 2}, {3, 2}, {5, 3}, {24, 2}, {10, 7}, {25, 2}, {26, 24}, {32, 16}, {40, 2}, {99, 50}, {99, 97}, {11, 5}, {255, 2}, {255, 128}} {
		var all []string
		uses := make([]int, c.n)
		pairs := make(map[[2]int]bool)
		for subset := range subsets(c.n, c.k) {
			sorted := slices.Sorted(slices.Values(subset))
			if len(slices.Compact(slices.Clone(sorted))) != c.k || sorted[0] < 0 || sorted[c.k-1] >= c.n {
				t.Fatalf("%d of %d: %v", c.k, c.n, subset)
			}
			all = append(all, fmt.Sprint(sorted))
			for _, i := range sorted {
				uses[i]++
				for _, j := range sorted {
					pairs[[2]int{i, j}] = true
				}
			}
		}
		possible := choices(c.n, c.k)
		whole := possible.IsInt64() && possible.Int64() <= maxSubsets
		if distinct := slices.Compact(slices.Sorted(slices.Values(all))); whole && int64(len(distinct)) != possible.Int64() || whole && len(distinct) != len(all) {
			t.Errorf("%d of %d: %d subsets instead of %v", c.k, c.n, len(distinct), possible)
		}
		if !whole && slices.Min(uses) < minUses || len(all) > maxSubsets || len(all) < maxSubsets && len(pairs) != c.n*c.n {
			t.Errorf("%d of %d: a share is in %d of %d subsets, %d of %d pairs met", c.k, c.n, slices.Min(uses), len(all), len(pairs), c.n*c.n)
		}
	}
	for range subsets(5, 3) {
		break
	}
	for range subsets(32, 16) {
		break
	}
}
