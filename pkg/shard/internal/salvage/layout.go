package salvage

import (
	"regexp"
	"slices"

	"recover/pkg/shard/internal/part"
)

// The layout of recovery data: where the parts of the players are in its text,
// and the fields in them. All players have the same fields in the same order,
// and all but two of them are as long in one player as in the next, so a
// field's place follows from the name of any other.

// fieldName is a name of a field that is whole.
type fieldName struct {
	name    string
	at, end int // from the quote in front of it to its value
}

func fieldNames(text []byte, names *regexp.Regexp) []fieldName {
	found := names.FindAllSubmatchIndex(text, -1)
	all := make([]fieldName, len(found))
	for i, m := range found {
		all[i] = fieldName{string(text[m[2]:m[3]]), m[0], m[1]}
	}
	return all
}

// layout is what is known of the order and the size of a player's fields.
type layout struct {
	order  []string
	offset map[string]int // of a field's name from the beginning of the player
	period int            // from one player to the next
}

// newLayout learns the layout from the names that are whole, as far as there are
// enough; the rest is as usual.
func newLayout(text []byte, all []fieldName, usual []string, size func(field string) int) *layout {
	l := &layout{order: observedOrder(text, all, usual, size), offset: make(map[string]int)}
	spans := make(map[string][]int)
	for i := 0; i+1 < len(all); i++ {
		if k := slices.Index(l.order, all[i].name); k >= 0 && k+1 < len(l.order) && all[i+1].name == l.order[k+1] {
			spans[all[i].name] = append(spans[all[i].name], all[i+1].at-all[i].at)
		}
	}
	at := 1 // after the brace
	for _, name := range l.order {
		l.offset[name] = at
		span := len(name) + 4 + size(name)
		at += nearest(spans[name], span)
	}
	l.period = at + 1 // the comma after the last field is none, but one follows the brace
	return l
}

// nearest returns which of the spans is nearest to what is usual; with damage in
// between, a name may be followed by one of another player's, and the span is
// far off.
func nearest(spans []int, usual int) int {
	best := usual
	for i, span := range spans {
		off := max(span-usual, usual-span)
		if off <= usual/8+60 && (i == 0 || best == usual || off < max(best-usual, usual-best)) {
			best = span
		}
	}
	return best
}

// observedOrder returns the fields in the order of the text: that of the player
// of whom most names are left. Those that are lost there go where they usually
// are.
func observedOrder(text []byte, all []fieldName, usual []string, size func(field string) int) []string {
	var best []string
	far := func(a, b fieldName) bool { return b.at-a.end > 2*size(a.name)+200 } // others are lost in between
	for i, m := range all {
		if m.at == 0 || text[m.at-1] != '{' {
			continue
		}
		var names []string
		for k, next := range all[i:] {
			if slices.Contains(names, next.name) || !slices.Contains(usual, next.name) || k > 0 && far(all[i+k-1], next) {
				break
			}
			names = append(names, next.name)
		}
		if len(names) > len(best) {
			best = names
		}
	}
	for i := 1; i < len(all); i++ { // what is lost there may be left of another player
		if slices.Contains(usual, all[i].name) && slices.Contains(best, all[i-1].name) && !slices.Contains(best, all[i].name) {
			best = slices.Insert(best, between(best, usual, all, i), all[i].name)
		}
	}
	for i, name := range usual {
		if slices.Contains(best, name) {
			continue
		}
		at := 0
		if i > 0 {
			at = slices.Index(best, usual[i-1]) + 1
		}
		best = slices.Insert(best, at, name)
	}
	return best
}

// between returns where in the order the field all[i] is: after the one before
// it in the text and before the one after it, and if that leaves a choice, where
// it usually is. If the one after it comes first in the order, another player
// begins in front of all[i].
func between(order, usual []string, all []fieldName, i int) int {
	least, most := slices.Index(order, all[i-1].name)+1, -1
	if i+1 < len(all) {
		most = slices.Index(order, all[i+1].name)
	}
	switch {
	case most < 0:
		return least
	case most < least:
		least = 0
	}
	k := slices.Index(usual, all[i].name)
	if k == 0 {
		return least
	}
	if as := slices.Index(order, usual[k-1]) + 1; as > least && as <= most {
		return as
	}
	if least == 0 {
		return most
	}
	return least
}

// playerText is the text of one player.
type playerText struct {
	*layout
	names []fieldName
	from  int // where it begins, or would if nothing of it were missing
	least int // what is in front of this is another player's
	to    int // where its text ends at the latest
}

func (t *playerText) name(name string) (fieldName, bool) {
	for _, m := range t.names {
		if m.name == name {
			return m, true
		}
	}
	return fieldName{}, false
}

var playersEnd = regexp.MustCompile(`\}\s*,\s*\{`)

// split sorts the names by player. A new one begins where a field comes that
// does not follow the one before it, or that is too far away from it.
func (l *layout) split(text []byte, all []fieldName) []*playerText {
	var texts []*playerText
	var f *playerText
	last := -1
	for _, m := range all {
		k := slices.Index(l.order, m.name)
		if k < 0 {
			continue
		}
		from := m.at - l.offset[m.name]
		if f == nil || k <= last || from-f.from > l.period/2 || playersEnd.Match(text[f.names[len(f.names)-1].end:m.at]) {
			if len(texts) == part.MaxPlayers {
				break
			}
			f = &playerText{layout: l, from: max(0, from)}
			texts = append(texts, f)
		}
		f.names, last = append(f.names, m), k
	}
	return texts
}

// players returns the players in the text, each with its bounds: those of
// split, and those of whom no name is left.
func (l *layout) players(text []byte, all []fieldName) []*playerText {
	texts := l.withNameless(l.split(text, all), len(text))
	for i, f := range texts {
		f.to = len(text)
		if i > 0 {
			f.least = texts[i-1].last()
		}
		if i+1 < len(texts) {
			next := texts[i+1]
			if f.to = next.from; next.from < f.last() && len(next.names) > 0 {
				f.to = next.names[0].at
			}
			f.to = max(f.to, f.last())
		}
	}
	return texts
}

// last returns where the last name that is left of the player ends.
func (t *playerText) last() int {
	if len(t.names) == 0 {
		return t.from
	}
	return t.names[len(t.names)-1].end
}

// withNameless adds the players of whom no name is left: where there is room
// for just so many.
func (l *layout) withNameless(texts []*playerText, size int) (all []*playerText) {
	add := func(from, n int) {
		for k := range min(n, part.MaxPlayers-len(texts)) {
			all = append(all, &playerText{layout: l, from: from + k*l.period})
		}
	}
	begin := 0 // of the first that may be missing
	for _, f := range texts {
		n := (f.from - begin + l.period/4) / l.period
		add(f.from-n*l.period, n)
		all, begin = append(all, f), f.from+l.period
	}
	add(begin, (size-begin+l.period/4)/l.period)
	return all
}

// value returns all that stands between a field's name and the next one.
func (t *playerText) value(text []byte, name string) (value, bool) {
	i := slices.IndexFunc(t.names, func(m fieldName) bool { return m.name == name })
	if i < 0 {
		return nil, false
	}
	end := t.to
	if i+1 < len(t.names) {
		end = t.names[i+1].at
	}
	return text[t.names[i].end:end], true
}

// around returns the text in which the value of a field is, though its name may
// be lost: from the name before it to the one after it.
func (t *playerText) around(name string) (from, to int) {
	from, to = max(t.from, t.least), t.to
	for _, m := range t.names {
		switch k := slices.Index(t.order, m.name) - slices.Index(t.order, name); {
		case k <= 0:
			from = m.end
		case to == t.to:
			to = m.at
		}
	}
	return min(from, to), to
}

// estimate returns where a field's name is, or was, from the nearest one that is
// whole.
func (t *playerText) estimate(name string) int {
	at, nearest := t.from+t.offset[name], -1
	for _, m := range t.names {
		distance := t.offset[name] - t.offset[m.name]
		if abs := max(distance, -distance); nearest < 0 || abs < nearest {
			at, nearest = m.at+distance, abs
		}
	}
	return at
}
