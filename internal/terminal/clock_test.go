package terminal

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

func TestClock(t *testing.T) {
	clockEvery = time.Millisecond
	defer func() { clockEvery = time.Second }()
	for _, onTerminal := range []bool{true, false} {
		var stderr bytes.Buffer
		begun := time.Unix(0, 0)
		calls := 0
		want := "recover: the token makes a key, 1m"
		if !onTerminal { // a line a minute
			want = "recover: the token makes a key, 2m"
		}
		tm := &Terminal{stderr: &stderr, now: func() time.Time { // a second each time it is asked
			calls++
			return begun.Add(time.Duration(calls) * 31 * time.Second)
		}}
		if onTerminal {
			tm.columns = func() int { return 80 }
		}
		stop := tm.Clock("the token makes a key")
		for range 1000 {
			time.Sleep(time.Millisecond)
			tm.mu.Lock()
			said := stderr.String()
			tm.mu.Unlock()
			if strings.Contains(said, want) {
				break
			}
		}
		stop()
		stop()
		said := stderr.String()
		if !strings.Contains(said, want) || !strings.HasSuffix(said, "s\n") {
			t.Errorf("on a terminal %v: %.200q", onTerminal, said)
		}
		if onTerminal != strings.Contains(said, eraseLine) {
			t.Errorf("on a terminal %v: %.200q", onTerminal, said)
		}
	}
}
