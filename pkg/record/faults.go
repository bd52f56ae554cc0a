package record

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// maxFaults is how many faults of a record are kept.
const maxFaults = 100

// Faults are the faults of a record that has more than one, in the order of their
// lines.
type Faults struct {
	List []*Error // 100 at most
	More int      // that are not in List
}

// Error returns the texts of all, with "; " between them.
func (f *Faults) Error() string {
	var texts []string
	for _, e := range f.List {
		texts = append(texts, e.Error())
	}
	if f.More > 0 {
		texts = append(texts, fmt.Sprintf("and %d more", f.More))
	}
	return strings.Join(texts, "; ")
}

// Unwrap returns the faults.
func (f *Faults) Unwrap() []error {
	var all []error
	for _, e := range f.List {
		all = append(all, e)
	}
	return all
}

// add takes the faults of one entry or row, with their place.
func (f *Faults) add(line, entry int, faults ...*Error) {
	for _, e := range faults {
		if len(f.List) >= maxFaults {
			f.More++
			continue
		}
		e.Line, e.Entry = line, entry
		f.List = append(f.List, e)
	}
}

// take adds an error, if it is an *Error or *Faults with their places, and returns
// any other.
func (f *Faults) take(err error) error {
	switch err := err.(type) {
	case nil:
	case *Error:
		f.add(err.Line, err.Entry, err)
	case *Faults:
		for _, e := range err.List {
			f.add(e.Line, e.Entry, e)
		}
		f.More += err.More
	default:
		return err
	}
	return nil
}

// err returns nil, the only fault, or all of them.
func (f *Faults) err() error {
	switch len(f.List) {
	case 0:
		return nil
	case 1:
		return f.List[0]
	}
	slices.SortStableFunc(f.List, func(a, b *Error) int { return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column)) })
	return f
}
