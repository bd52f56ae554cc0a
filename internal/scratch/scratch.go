// Package scratch keeps buffers for texts that are read and then of no use, so
// that not every file of a million takes new memory. Nothing secret goes into
// them: they are not wiped.
package scratch

import "sync"

// maxKept is the largest buffer that is kept, in bytes: a rare large file is not
// to hold its memory for the rest of the run.
const maxKept = 1 << 20

// Buffers are for one kind of text. The zero value is ready, and for concurrent
// use.
type Buffers struct{ pool sync.Pool }

// Get returns an empty buffer, of any capacity.
func (b *Buffers) Get() []byte {
	if kept, ok := b.pool.Get().(*[]byte); ok {
		return *kept
	}
	return nil
}

// Put gives a buffer back, the one that Get returned or what it was replaced by.
// Nothing may refer to it any more.
func (b *Buffers) Put(buffer []byte) {
	if cap(buffer) == 0 || cap(buffer) > maxKept {
		return
	}
	buffer = buffer[:0]
	b.pool.Put(&buffer)
}
