package subset

import (
	"fmt"
	"testing"
)

func TestAll(t *testing.T) {
	for _, c := range []struct {
		n, k int
		want string
	}{
		{0, 0, "[[]]"}, {3, 0, "[[]]"}, {2, 3, "[]"}, {3, 3, "[[0 1 2]]"}, {3, 1, "[[0] [1] [2]]"},
		{4, 2, "[[0 1] [0 2] [0 3] [1 2] [1 3] [2 3]]"},
	} {
		got := []string{}
		for s := range All(c.n, c.k) {
			got = append(got, fmt.Sprint(s))
		}
		if fmt.Sprint(got) != c.want {
			t.Errorf("%d of %d: %v", c.k, c.n, got)
		}
	}
	count := 0
	for range All(20, 10) {
		if count++; count == 7 {
			break
		}
	}
	if count != 7 {
		t.Errorf("left after %d subsets", count)
	}
}
