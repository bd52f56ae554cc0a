package part

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Fault is one thing that is wrong with a backup: see shard.Fault.
type Fault struct {
	Player, Field string
	Items         []int
	Problem       string
}

// Error names the place and the problem: "player 2: es[0,3-5]: not base64".
func (f *Fault) Error() string {
	var b strings.Builder
	for _, part := range []string{f.Player, f.Field + itemList(f.Items)} {
		if part != "" {
			b.WriteString(part + ": ")
		}
	}
	return b.String() + f.Problem
}

// itemList writes "[0,3-5]", and nothing for no items.
func itemList(items []int) string {
	if len(items) == 0 {
		return ""
	}
	var parts []string
	for i := 0; i < len(items); {
		j := i
		for j+1 < len(items) && items[j+1] == items[j]+1 {
			j++
		}
		part := strconv.Itoa(items[i])
		if j > i {
			part += "-" + strconv.Itoa(items[j])
		}
		parts = append(parts, part)
		i = j + 1
	}
	return "[" + strings.Join(parts, ",") + "]"
}

// Faults is a list in the order in which the faults were seen.
type Faults []Fault

// Add puts a fault on the list. Elements of one field with the same problem
// come together, so that a list of 40 damaged values is read at a glance.
func (fs *Faults) Add(f Fault) {
	for i := range *fs {
		have := &(*fs)[i]
		if have.Player == f.Player && have.Field == f.Field && have.Problem == f.Problem && len(have.Items) > 0 == (len(f.Items) > 0) {
			if len(f.Items) > 0 {
				have.Items = append(have.Items, f.Items...)
				slices.Sort(have.Items)
				have.Items = slices.Compact(have.Items)
			}
			return
		}
	}
	*fs = append(*fs, f)
}

// Of adds an error that was seen in a player's part; a *Fault keeps its place.
func (fs *Faults) Of(p *Player, err error) {
	f := &Fault{Problem: err.Error()}
	errors.As(err, &f)
	placed := *f
	placed.Player = p.Name()
	fs.Add(placed)
}

// Field adds a fault in a field of a player's part.
func (fs *Faults) Field(p *Player, field, format string, args ...any) {
	fs.Add(Fault{Player: p.Name(), Field: field, Problem: fmt.Sprintf(format, args...)})
}

// Item adds a fault in an element of a list of a player's part.
func (fs *Faults) Item(p *Player, field string, item int, format string, args ...any) {
	fs.Add(Fault{Player: p.Name(), Field: field, Items: []int{item}, Problem: fmt.Sprintf(format, args...)})
}

// InField places an error at a field.
func InField(field string, err error) error { return &Fault{Field: field, Problem: err.Error()} }

// InItem places an error at an element of a list.
func InItem(field string, item int, err error) error {
	return &Fault{Field: field, Items: []int{item}, Problem: err.Error()}
}
