//go:build linux

package secret

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// lockedMemory is what the system says, in kB.
func lockedMemory(t *testing.T) (kB int) {
	t.Helper()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(status), "VmLck:")
	if _, err := fmt.Sscan(after, &kB); err != nil {
		t.Fatal(err)
	}
	return kB
}

// TestLock: pages are locked while a secret is in them, and no longer.
func TestLock(t *testing.T) {
	if lockedMemory(t) != 0 || len(locked) != 0 {
		t.Fatalf("%d kB, %d pages are locked before", lockedMemory(t), len(locked))
	}
	large := make([]byte, 5*pageSize) // a span of pages of its own
	first, second := New(large[100:200:200]), New(large[300:3*pageSize])
	if kB := lockedMemory(t); kB < 12 || kB > 24 {
		t.Errorf("%d kB are locked for three pages and a bit", kB)
	}
	before := lockedMemory(t)
	second.Wipe()
	if kB := lockedMemory(t); kB == 0 || kB >= before {
		t.Errorf("%d kB are locked for one page, %d before", kB, before)
	}
	first.Wipe()
	New(nil).Wipe()
	if kB := lockedMemory(t); kB != 0 || len(locked) != 0 {
		t.Errorf("%d kB, %d pages are locked when all is wiped", kB, len(locked))
	}
}
