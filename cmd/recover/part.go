package main

import (
	"fmt"
	"strconv"
	"strings"

	"recover/internal/uuid"
)

// part is the division of a record over several workstations: the n-th of of,
// by key ID, so that it does not depend on the order of the record.
type part struct{ n, of int }

// parsePart reads "2/5"; the empty text is the whole.
func parsePart(text string) (part, error) {
	if text == "" {
		return part{1, 1}, nil
	}
	first, second, found := strings.Cut(text, "/")
	n, err1 := strconv.Atoi(first)
	of, err2 := strconv.Atoi(second)
	if !found || err1 != nil || err2 != nil || of < 1 || of > maxParts || n < 1 || n > of {
		return part{}, &usageError{"--part is not a part such as 2/5", "parts are counted from 1: of five, the first is --part 1/5, and the last --part 5/5"}
	}
	return part{n, of}, nil
}

// has tells whether a key belongs to the part. All bytes of the ID
// count, because some versions of UUIDs are random in the last ones only.
func (p part) has(id uuid.ID) bool {
	sum := 0
	for _, b := range id {
		sum = (sum*257 + int(b)) % 1000003
	}
	return sum%p.of == p.n-1
}

func (p part) String() string {
	if p.of == 1 {
		return ""
	}
	return fmt.Sprintf("%d/%d", p.n, p.of)
}
