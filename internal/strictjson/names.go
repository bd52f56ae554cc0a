package strictjson

import (
	"encoding/binary"
	"math/bits"
)

// nameSet holds the names of one object. Nearly all objects have a handful: a
// slice is quicker than a map there, and a hostile object with many names does
// not make it quadratic.
type nameSet struct {
	few  []string
	many map[string]struct{}
}

const few = 24

func (n *nameSet) count() int { return len(n.few) + len(n.many) }

// add reports whether name was not there yet.
func (n *nameSet) add(name string) bool {
	for _, have := range n.few {
		if have == name {
			return false
		}
	}
	if len(n.few) < few {
		n.few = append(n.few, name)
		return true
	}
	if n.many == nil {
		n.many = make(map[string]struct{})
	}
	before := len(n.many)
	n.many[name] = struct{}{}
	return len(n.many) > before
}

// plain returns how many bytes at the beginning of b are ASCII, no control
// characters, and neither '"' nor '\\': what a JSON string may hold as it is.
// Most of a shard is base64 inside strings, so it looks at 32 at a time, and
// then at eight.
func plain(b []byte) int {
	i := 0
	for ; i+32 <= len(b); i += 32 {
		w := b[i : i+32 : i+32]
		s := special(binary.LittleEndian.Uint64(w)) | special(binary.LittleEndian.Uint64(w[8:])) |
			special(binary.LittleEndian.Uint64(w[16:])) | special(binary.LittleEndian.Uint64(w[24:]))
		if s&highs != 0 {
			break
		}
	}
	for ; i+8 <= len(b); i += 8 {
		if s := special(binary.LittleEndian.Uint64(b[i:])) & highs; s != 0 {
			return i + bits.TrailingZeros64(s)/8
		}
	}
	for ; i < len(b); i++ {
		if c := b[i]; c < ' ' || c == '"' || c == '\\' || c >= 0x80 {
			break
		}
	}
	return i
}

const ones, highs = 0x0101010101010101, 0x8080808080808080

// special sets the high bit of the lowest byte of w that is not plain, and of
// none below it; what it sets above means nothing (Hacker's Delight, 6-1:
// finding a byte in a word).
func special(w uint64) uint64 {
	return w | (w - ones*' ') | ((w ^ ones*'"') - ones) | ((w ^ ones*'\\') - ones)
}
