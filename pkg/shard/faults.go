package shard

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Fault is one thing that is wrong with a backup.
type Fault struct {
	Player  string // "player 2"; empty for what is not of one player's part
	Field   string // as in the file; empty for the whole
	Items   []int  // which elements of a list, 0-based and ascending; empty for the whole field
	Problem string
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

// faults is a list in the order in which the faults were seen.
type faults []Fault

// add puts a fault on the list. Elements of one field with the same problem
// come together, so that a list of 40 damaged values is read at a glance.
func (fs *faults) add(f Fault) {
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

// of adds an error that was seen in a player's part; a *Fault keeps its place.
func (fs *faults) of(p *player, err error) {
	f := &Fault{Problem: err.Error()}
	errors.As(err, &f)
	placed := *f
	placed.Player = p.name()
	fs.add(placed)
}

func (fs *faults) field(p *player, field, format string, args ...any) {
	fs.add(Fault{Player: p.name(), Field: field, Problem: fmt.Sprintf(format, args...)})
}

func (fs *faults) item(p *player, field string, item int, format string, args ...any) {
	fs.add(Fault{Player: p.name(), Field: field, Items: []int{item}, Problem: fmt.Sprintf(format, args...)})
}

// inField places an error at a field, inItem at an element of it.
func inField(field string, err error) error { return &Fault{Field: field, Problem: err.Error()} }

func inItem(field string, item int, err error) error {
	return &Fault{Field: field, Items: []int{item}, Problem: err.Error()}
}
