// Package base64run decodes base64 as encoding/base64 does, and quicker where
// the text is one long run, as it is in a shard: there it is base64 in base64,
// and beside the private operations of a rebuild that is most of the rest.
//
// It decodes what it can two characters at a time and leaves everything else,
// line breaks, padding and faults, to encoding/base64: what is base64 and what
// is not is decided there alone.
package base64run

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"slices"
	"sync"
)

// AppendDecode appends what src, standard padded base64 (RFC 4648, section 4),
// decodes to. CR and LF are passed over. The error is a
// base64.CorruptInputError; what came before the fault is returned with it.
func AppendDecode(dst, src []byte) ([]byte, error) {
	dst = slices.Grow(dst, base64.StdEncoding.DecodedLen(len(src)))
	groups := run(dst[len(dst):cap(dst)], src)
	out, err := base64.StdEncoding.AppendDecode(dst[:len(dst)+6*groups], src[8*groups:])
	var at base64.CorruptInputError
	if errors.As(err, &at) {
		err = at + base64.CorruptInputError(8*groups)
	}
	return out, err
}

// run decodes groups of 8 characters to 6 bytes each, four groups at a time,
// as many as come first in src and are nothing but characters of the alphabet,
// and returns their number. A group is written as 8 bytes, so some that are
// right are left at the end.
func run(dst, src []byte) (groups int) {
	t := pairs()
	for ; len(src) >= 32 && len(dst) >= 26; groups += 4 {
		s, d := (*[32]byte)(src), (*[26]byte)(dst)
		v0, f0 := t.group(binary.LittleEndian.Uint64(s[0:8]))
		v1, f1 := t.group(binary.LittleEndian.Uint64(s[8:16]))
		v2, f2 := t.group(binary.LittleEndian.Uint64(s[16:24]))
		v3, f3 := t.group(binary.LittleEndian.Uint64(s[24:32]))
		if (f0|f1|f2|f3)&none != 0 {
			break
		}
		binary.BigEndian.PutUint64(d[0:8], v0)
		binary.BigEndian.PutUint64(d[6:14], v1)
		binary.BigEndian.PutUint64(d[12:20], v2)
		binary.BigEndian.PutUint64(d[18:26], v3)
		src, dst = src[32:], dst[24:]
	}
	return groups
}

// pairTable holds the 12 bits of any two characters, the first of them in the
// low byte. Of its 128 KiB a text of the alphabet touches some 14.
type pairTable [1 << 16]uint16

// group returns the 48 bits of 8 characters, the first of them in the low byte,
// in the upper part of a word. They are right if fault has not the bit none.
func (t *pairTable) group(w uint64) (bits uint64, fault uint16) {
	a, b, c, d := t[uint16(w)], t[uint16(w>>16)], t[uint16(w>>32)], t[uint16(w>>48)]
	return uint64(a)<<52 | uint64(b)<<40 | uint64(c)<<28 | uint64(d)<<16, a | b | c | d
}

// none is set for two characters that are not both of the alphabet.
const none = 0x8000

var pairs = sync.OnceValue(func() *pairTable {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	t := new(pairTable)
	for i := range t {
		t[i] = none
	}
	for high, first := range []byte(alphabet) {
		for low, second := range []byte(alphabet) {
			t[uint16(first)|uint16(second)<<8] = uint16(high)<<6 | uint16(low)
		}
	}
	return t
})
