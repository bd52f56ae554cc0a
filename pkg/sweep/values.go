package sweep

import (
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"math"
	"math/big"
	"slices"
	"strings"

	"recover/internal/strictjson"
	"recover/pkg/transaction"
)

// values are the members of a JSON object of a state file. The first fault is
// kept, with its place; what is read after it is zero.
type values struct {
	place  string
	fields transaction.Fields
	read   map[string]bool
	fault  string
}

func newValues(place string, raw []byte) *values {
	v := &values{place: place, fields: transaction.Fields{}, read: make(map[string]bool)}
	s := strictjson.New(raw)
	err := s.Object(func(name string) error {
		value, err := s.Raw()
		if err == nil && string(value) != "null" {
			v.fields[name] = value
		}
		return err
	})
	v.fail(err)
	return v
}

func (v *values) fail(err error) {
	if err != nil && v.fault == "" {
		v.fault = err.Error()
	}
}

// end adds the fault, or the first member that was not read, to the faults. It
// tells whether there was none.
func (v *values) end(faults *Faults) bool {
	if v.fault == "" {
		for _, name := range slices.Sorted(maps.Keys(v.fields)) {
			if !v.read[name] {
				v.fault = "the member " + transaction.Quote(name) + " is not known here"
				break
			}
		}
	}
	if v.fault != "" {
		faults.add("%s: %s", v.place, v.fault)
		return false
	}
	return true
}

func (v *values) has(name string) bool { v.read[name] = true; return v.fields[name] != nil }

func (v *values) text(name string) string {
	v.has(name)
	text, err := v.fields.Text(name)
	v.fail(err)
	return text
}

func (v *values) optionalText(name string) string {
	if !v.has(name) {
		return ""
	}
	return v.text(name)
}

// number is not nil, whatever is there.
func (v *values) number(name string) *big.Int {
	v.has(name)
	n, err := v.fields.Number(name, 256)
	if err != nil {
		v.fail(err)
		return new(big.Int)
	}
	return n
}

func (v *values) optional(name string) *big.Int {
	if !v.has(name) {
		return nil
	}
	return v.number(name)
}

// limited reads a number up to a limit.
func (v *values) limited(name string, limit uint64) uint64 {
	n := v.number(name)
	if !n.IsUint64() || n.Uint64() > limit {
		v.fail(fmt.Errorf("%s: is too large", name))
		return 0
	}
	return n.Uint64()
}

func (v *values) uint64(name string) uint64 { return v.limited(name, math.MaxUint64) }
func (v *values) int64(name string) int64   { return int64(v.limited(name, math.MaxInt64)) }
func (v *values) uint32(name string) uint32 { return uint32(v.limited(name, math.MaxUint32)) }

func (v *values) optionalUint64(name string) uint64 {
	if !v.has(name) {
		return 0
	}
	return v.uint64(name)
}

func (v *values) optionalUint32(name string) uint32 {
	if !v.has(name) {
		return 0
	}
	return v.uint32(name)
}

var errFlag = errors.New("has to be true or false")

func (v *values) flag(name string) bool {
	if !v.has(name) {
		return false
	}
	text := string(v.fields[name])
	if text != "true" && text != "false" {
		v.fail(fmt.Errorf("%s: %w", name, errFlag))
	}
	return text == "true"
}

// hex reads size bytes; with size -1 any number, and nothing where it is missing.
func (v *values) hex(name string, size int) []byte {
	if size < 0 && !v.has(name) {
		return nil
	}
	b, err := hex.DecodeString(strings.TrimPrefix(v.text(name), "0x"))
	if err != nil || size >= 0 && len(b) != size {
		v.fail(fmt.Errorf("%s: has to be hex digits, of %d bytes", name, size))
		return make([]byte, max(size, 0))
	}
	return b
}

// maxElements bounds the elements of a list.
const maxElements = 100_000

// list reads a list of objects, which may be missing.
func (v *values) list(name string) (all []*values) {
	for i, raw := range v.elements(name) {
		all = append(all, newValues(fmt.Sprintf("%s, %s %d", v.place, name, i+1), raw))
	}
	return all
}

// numbers reads a list of numbers of 32 bits, which may be missing.
func (v *values) numbers(name string) (all []uint32) {
	for _, raw := range v.elements(name) {
		n := values{fields: transaction.Fields{name: raw}, read: make(map[string]bool)}
		all = append(all, n.uint32(name))
		if n.fault != "" {
			v.fail(errors.New(n.fault))
		}
	}
	return all
}

func (v *values) elements(name string) [][]byte {
	if !v.has(name) {
		return nil
	}
	elements, err := transaction.ReadArray(v.fields[name], maxElements)
	if err != nil {
		v.fail(fmt.Errorf("%s: %w", name, err))
		return nil
	}
	return elements
}
