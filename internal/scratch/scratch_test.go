package scratch

import "testing"

func TestBuffers(t *testing.T) {
	var b Buffers
	if got := b.Get(); cap(got) != 0 {
		t.Errorf("a new one has %d bytes", cap(got))
	}
	b.Put(nil)
	b.Put(make([]byte, maxKept+1))
	if got := b.Get(); cap(got) != 0 {
		t.Errorf("%d bytes are kept, at most %d may be", cap(got), maxKept)
	}
	for range 100 { // the pool may drop some, and does under the race detector
		b.Put(make([]byte, 500, maxKept))
		if got := b.Get(); cap(got) == maxKept {
			if len(got) != 0 {
				t.Errorf("a used one has a length of %d", len(got))
			}
			return
		}
	}
	t.Error("none is kept")
}
