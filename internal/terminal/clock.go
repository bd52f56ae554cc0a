package terminal

import (
	"sync"
	"time"
)

// Clock shows how long one thing takes that cannot be counted, until stop is
// called: on a terminal the status line moves each second, elsewhere there is a
// line a minute.
func (t *Terminal) Clock(label string) (stop func()) {
	p := t.Progress(label, 0)
	ticker := time.NewTicker(clockEvery)
	ended := make(chan struct{})
	go func() {
		for {
			select {
			case <-ticker.C:
				p.tick()
			case <-ended:
				return
			}
		}
	}()
	return sync.OnceFunc(func() {
		ticker.Stop()
		close(ended)
		p.Done()
	})
}

// clockEvery is how often a Clock moves. Tests shorten it.
var clockEvery = time.Second
