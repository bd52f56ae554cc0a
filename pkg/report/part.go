package report

import (
	"fmt"
	"strconv"
	"strings"

	"recover/internal/uuid"
)

// Part is one of the parts that several machines divide a record into: the N-th
// of Of, counted from 1. Which keys it has goes by their IDs, so that it does not
// depend on the order of the record, and keys that no record has belong to one
// part as well.
type Part struct{ N, Of int }

// MaxParts is how many machines can divide a record.
const MaxParts = 1000

// ParsePart reads "2/5", counted from 1; the empty text is the whole.
func ParsePart(text string) (p Part, ok bool) {
	if text == "" {
		return Part{1, 1}, true
	}
	n, of, ok := SplitPart(text)
	if !ok || n < 1 || n > of {
		return Part{}, false
	}
	return Part{n, of}, true
}

// SplitPart reads the two numbers of a part; ok tells that they are numbers, and
// that the second one is a number of parts.
func SplitPart(text string) (n, of int, ok bool) {
	first, second, found := strings.Cut(text, "/")
	n, err1 := strconv.Atoi(first)
	of, err2 := strconv.Atoi(second)
	return n, of, found && err1 == nil && err2 == nil && of >= 1 && of <= MaxParts
}

// Has tells whether a key belongs to the part. All bytes of the ID count, because
// some versions of UUIDs are random in the last ones only.
func (p Part) Has(id uuid.ID) bool {
	sum := 0
	for _, b := range id {
		sum = (sum*257 + int(b)) % 1000003
	}
	return sum%p.Of == p.N-1
}

// String returns the part as ParsePart reads it.
func (p Part) String() string {
	if p.Of == 1 {
		return ""
	}
	return fmt.Sprintf("%d/%d", p.N, p.Of)
}
