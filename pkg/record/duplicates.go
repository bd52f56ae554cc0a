package record

import (
	"bytes"
	"cmp"
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

// unique returns an *Error for the first entry whose key ID was there before.
// It sorts the list.
func (l idList) unique() error {
	slices.SortFunc(l, func(a, b occurrence) int {
		return cmp.Or(bytes.Compare(a.id[:], b.id[:]), cmp.Compare(a.entry, b.entry))
	})
	var first, again occurrence
	for i := 1; i < len(l); i++ {
		if l[i].id == l[i-1].id && (again.entry == 0 || l[i].entry < again.entry) {
			first, again = l[i-1], l[i]
		}
	}
	if again.entry == 0 {
		return nil
	}
	err := fieldProblem("key_id", "the same as in line %d, entry %d", first.line, first.entry)
	return at(err, int(again.line), int(again.entry))
}
