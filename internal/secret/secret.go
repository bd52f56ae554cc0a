// Package secret holds bytes that must never be shown: passphrases, private
// keys, chain codes.
//
// A Bytes prints as "[secret]" with every verb, refuses to be encoded, is kept
// out of swap where the system allows it, and can be wiped. What libraries copy
// is another matter: see Do, and the threat model.
package secret

import (
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
)

// Bytes are secret bytes, owned by one holder, who wipes them when done.
//
// They lie behind a second pointer because fmt cannot call Format on an
// unexported field, and with a verb that does not fit prints what one pointer
// leads to.
type Bytes struct {
	_ [0]func() // two cannot be compared with ==
	b *[]byte
}

// New takes ownership of b: the caller keeps no other reference to it. Its
// memory is locked, so that it is not swapped out, as far as RLIMIT_MEMLOCK
// allows.
func New(b []byte) *Bytes {
	lock(b[:cap(b)])
	return &Bytes{b: &b}
}

// Reveal returns the bytes themselves, valid until Wipe.
func (s *Bytes) Reveal() []byte { return *s.b }

// Len returns the number of bytes.
func (s *Bytes) Len() int { return len(*s.b) }

// Wipe overwrites the bytes with zeros. It may be called more than once, and
// on nil.
func (s *Bytes) Wipe() {
	if s == nil {
		return
	}
	Wipe(*s.b)
	unlock((*s.b)[:cap(*s.b)])
	*s.b = nil
}

// Wipe overwrites b with zeros, its spare capacity too.
func Wipe(b []byte) {
	if Watch != nil {
		Watch(b)
	}
	clear(b[:cap(b)])
}

// Watch is for the tests of what wipes its secrets: it is called with what is about
// to be overwritten. It is nil in the program.
var Watch func(b []byte)

// ErrShown is returned where a secret would have been encoded as text.
var ErrShown = errors.New("a secret cannot be encoded")

// Format prints "[secret]", whatever the verb.
func (*Bytes) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "[secret]") }

// MarshalJSON always fails with ErrShown.
func (*Bytes) MarshalJSON() ([]byte, error) { return nil, ErrShown }

// MarshalText always fails with ErrShown.
func (*Bytes) MarshalText() ([]byte, error) { return nil, ErrShown }

// MarshalBinary always fails with ErrShown.
func (*Bytes) MarshalBinary() ([]byte, error) { return nil, ErrShown }

// Equal compares the bytes in a time that does not depend on where they differ.
func (s *Bytes) Equal(other *Bytes) bool {
	return subtle.ConstantTimeCompare(s.Reveal(), other.Reveal()) == 1
}

// Do calls f. In a build with GOEXPERIMENT=runtimesecret, on Linux, the registers
// and the stack that f used are erased when it returns, and what it allocated
// when the collector finds it unreachable (see Collect): so the copies go that
// libraries make and nobody can reach. Goroutines that f starts are not covered.
func Do(f func()) { do(f) }

// Collect has the collector erase what was allocated in Do and is no longer
// used. Without runtime/secret it does nothing.
func Collect() { collect() }
