// Package secret holds bytes that must never be shown: passphrases, private
// keys, chain codes.
//
// A Bytes prints as "[secret]" with every verb, refuses to be marshalled, and
// can be wiped. Go gives no promise that the collector never copied it; the
// threat model says what that leaves open.
package secret

import (
	"errors"
	"fmt"
	"io"
)

// Bytes are secret bytes, owned by one holder, who wipes them when done.
//
// They lie behind a second pointer because fmt cannot call Format on an
// unexported field, and with a verb that does not fit prints what one pointer
// leads to.
type Bytes struct{ b *[]byte }

// New takes ownership of b: the caller keeps no other reference to it.
func New(b []byte) *Bytes { return &Bytes{&b} }

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
	*s.b = nil
}

// Wipe overwrites b with zeros, its spare capacity too.
func Wipe(b []byte) { clear(b[:cap(b)]) }

// ErrShown is returned where a secret would have been encoded as text.
var ErrShown = errors.New("a secret cannot be encoded")

// Format prints "[secret]", whatever the verb.
func (*Bytes) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "[secret]") }

// MarshalJSON always fails with ErrShown.
func (*Bytes) MarshalJSON() ([]byte, error) { return nil, ErrShown }

// MarshalText always fails with ErrShown.
func (*Bytes) MarshalText() ([]byte, error) { return nil, ErrShown }
