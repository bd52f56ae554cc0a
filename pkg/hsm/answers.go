package hsm

import (
	"errors"
	"io"
	"strings"
	"sync"
	"time"

	"recover/pkg/hsm/wire"
)

func (h *helper) readAnswers() {
	for {
		a, err := wire.Read(h.out)
		switch {
		case errors.Is(err, wire.ErrSize), errors.Is(err, wire.ErrForm):
			h.stop(&Error{Code: HelperProtocol, Detail: err.Error()}, 0)
			return
		case errors.Is(err, io.ErrUnexpectedEOF):
			h.stop(&Error{Code: HelperDied, Detail: "in the middle of an answer"}, deathTime)
			return
		case err != nil:
			h.stop(&Error{Code: HelperDied}, deathTime)
			return
		}
		if fault := h.deliver(a); fault != "" {
			h.stop(&Error{Code: HelperProtocol, Detail: fault}, 0)
			return
		}
	}
}

// deliver hands an answer to who asked, or tells why that cannot be.
func (h *helper) deliver(a *wire.Message) (fault string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	q, ok := h.waiting[a.ID]
	switch {
	case a.Kind == wire.Request:
		return "it answers with a request"
	case !ok || q.op != a.Op:
		return "it answers what was not asked"
	}
	delete(h.waiting, a.ID)
	q.answer <- a
	return ""
}

const (
	deathTime = time.Second     // for the exit of a helper that closed its stdout
	closeTime = 3 * time.Second // for a helper to finish; it gives itself 2 s
)

// stop ends the helper, and with it all calls. A helper that has not ended by
// itself after the grace is killed. The first fault stays.
func (h *helper) stop(fault error, grace time.Duration) {
	h.once.Do(func() {
		if grace > 0 {
			_ = h.in.Close()
			h.awaitExit(grace)
		}
		_ = h.process.Kill() // fails where it has ended
		exited := h.awaitExit(deathTime)
		_ = h.in.Close()
		_ = h.out.Close()
		if e, ok := fault.(*Error); ok {
			h.addLastWords(e, exited)
		}
		h.fault = fault
		close(h.ended)
	})
}

func (h *helper) awaitExit(limit time.Duration) (exited bool) {
	select {
	case <-h.exited:
		return true
	case <-time.After(limit):
		return false
	}
}

func (h *helper) addLastWords(e *Error, exited bool) {
	e.Stderr = h.stderr.bytes()
	if exited && e.Code == HelperDied {
		e.Detail = strings.TrimSuffix(h.state+", "+e.Detail, ", ")
	}
}

// abandon ends the helper at once, whatever it is at.
func (h *helper) abandon() { h.stop(ErrClosed, 0) }

// close lets the helper finish.
func (h *helper) close() { h.stop(ErrClosed, closeTime) }

// faultDuring returns what ended the helper, as seen by a call of op.
func (h *helper) faultDuring(op wire.Op) error {
	e, ok := h.fault.(*Error)
	if !ok {
		return h.fault
	}
	seen := *e
	if seen.Code == HelperDied {
		seen.Function = functions[op]
	}
	return &seen
}

// tail keeps the last that is written to it, until it is silenced.
type tail struct {
	mu     sync.Mutex
	kept   []byte
	silent bool
}

const maxStderr = 2 << 10 // bytes

func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.silent {
		return len(b), nil
	}
	t.kept = append(t.kept, b...)
	t.kept = append([]byte(nil), t.kept[max(0, len(t.kept)-maxStderr):]...)
	return len(b), nil
}

// silence forgets what was written, and drops what will be.
func (t *tail) silence() {
	t.mu.Lock()
	defer t.mu.Unlock()
	clear(t.kept)
	t.kept, t.silent = nil, true
}

func (t *tail) bytes() []byte {
	t.mu.Lock()
	defer t.mu.Unlock()
	return append([]byte(nil), t.kept...)
}
