package record

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"

	"recover/internal/uuid"
)

// minEntrySize is the length of two IDs and the shortest algorithm, with two
// commas, in bytes: no form of an entry is shorter.
const minEntrySize = 36 + 1 + 36 + 1 + len("ED25519")

// occurrence is a key ID and where it is, in 24 bytes.
type occurrence struct {
	id          uuid.ID
	line, entry uint32
}

// idList finds double IDs by sorting, in half the memory of a map.
type idList []occurrence

// unique adds a fault for each entry whose key ID was there before. It sorts the
// list.
func (l idList) unique(f *Faults) {
	slices.SortFunc(l, func(a, b occurrence) int {
		return cmp.Or(bytes.Compare(a.id[:], b.id[:]), cmp.Compare(a.entry, b.entry))
	})
	var again [][2]int // the places in l of an entry and of the one that it repeats
	first := 0
	for i := 1; i < len(l); i++ {
		if l[i].id != l[first].id {
			first = i
			continue
		}
		again = append(again, [2]int{i, first})
	}
	slices.SortFunc(again, func(a, b [2]int) int { return cmp.Compare(l[a[0]].entry, l[b[0]].entry) })
	for _, a := range again {
		is, was := l[a[0]], l[a[1]]
		f.add(int(is.line), int(is.entry), &Error{Field: "key_id", Problem: fmt.Sprintf("the same as in line %d, entry %d", was.line, was.entry)})
	}
}
