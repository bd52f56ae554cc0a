package salvage

import (
	"bytes"
	"regexp"
	"slices"

	"recover/pkg/shard/internal/part"
)

// list reads a list of strings that are all base64 of the same number of bytes.
// Where each is follows from where the list begins, and from where it ends;
// so damage to one does not move the others, and where a block of the
// text is missing, what is before it is counted from the beginning and what is
// after it from the end. Elements that are not whole are left empty.
func (t *playerText) list(text []byte, name string, bytes, count int) part.Blobs {
	from, to := t.around(name)
	l := newListReader(text[:to], bytes)
	l.from = max(0, from)
	whole := l.whole(from)
	l.stride = stride(whole, l.size)
	b := part.Blobs{Items: make([]part.Blob, count), Count: count} // each is in its place, whether others are lost or not
	starts := t.starts(l, name, count, whole)
	if n := shortBy(starts, l.stride); n > 0 { // what is counted from the end is counted wrongly
		b.Items, starts = b.Items[:max(0, count-n)], starts[:1]
	}
	b.Count = len(b.Items)
	for _, at := range starts {
		for i := range b.Items {
			if b.Items[i] == nil && at >= from-l.size {
				b.Items[i] = l.at(at)
			}
			at = l.next(at)
		}
	}
	return b
}

// shortBy returns how many elements a list lost, if that is a whole number. Its
// text is not damaged where they were, so nothing shows which they are.
func shortBy(starts []int, stride int) int {
	for _, at := range starts {
		if lost := starts[0] - at; lost > 0 && lost%stride == 0 {
			return lost / stride
		}
	}
	return 0
}

// starts returns where the first element of a list may begin, the most certain
// place first.
func (t *playerText) starts(l listReader, name string, count int, whole []int) (starts []int) {
	before := (count - 1) * l.stride
	least, most := t.estimate(name)-t.period/2, t.estimate(name)+t.period/2
	add := func(at int) {
		if !slices.Contains(starts, at) && least < at && at <= most {
			starts = append(starts, at)
		}
	}
	if m, ok := t.name(name); ok {
		at := m.end
		for at < len(l.text) && bytes.IndexByte([]byte("[ \r\n\t"), l.text[at]) >= 0 {
			at++
		}
		if at == len(l.text) || l.text[at] != '"' {
			at = m.end + 1
		}
		add(at)
		least, most = at-before, at // what is missing moves the end nearer
	}
	for _, at := range whole {
		if next := bytes.TrimLeft(l.text[at+l.size+2:], " \r\n\t"); len(next) > 0 && next[0] == ']' && !slices.Contains(whole, at+l.stride) {
			add(at - before)
		}
		if last := bytes.TrimRight(l.text[:at], " \r\n\t"); len(last) > 0 && last[len(last)-1] == '[' && !slices.Contains(whole, at-l.stride) {
			add(at)
		}
	}
	if k := slices.Index(t.order, name); k > 0 && len(starts) == 0 {
		if before, ok := t.name(t.order[k-1]); ok {
			at := before.at + t.offset[name] - t.offset[before.name] + len(name) + len(`"":[`)
			if l.fits(at, whole) {
				add(at)
			}
		}
	}
	if k := slices.Index(t.order, name); k+1 < len(t.order) {
		if next, ok := t.name(t.order[k+1]); ok {
			add(next.at - 2 - (l.size + 2) - before)
		}
	}
	if !slices.ContainsFunc(starts, func(at int) bool { return l.fits(at, whole) }) {
		begin := t.estimate(name)
		if t.least == 0 && begin < t.offset[name] { // of the first player, something is missing behind the list's beginning
			begin = t.offset[name]
		}
		add(l.snap(begin+len(name)+len(`"":[`), whole))
	}
	return starts
}

// listReader reads the elements of a list.
type listReader struct {
	text                []byte
	size, stride, bytes int // of the base64 text, from one to the next, of what it encodes
	from                int // where the list begins
}

func newListReader(text []byte, bytes int) listReader {
	return listReader{text: text, size: base64Size(bytes), bytes: bytes}
}

// whole returns where strings of the right size are that are whole, quotes and
// all.
func (l listReader) whole(from int) (all []int) {
	for i := from; i+l.size+1 < len(l.text); i++ {
		if l.text[i] == '"' && l.text[i+l.size+1] == '"' && isBase64(l.text[i+1:i+1+l.size], l.bytes) {
			all = append(all, i)
			i += l.size
		}
	}
	return all
}

// at returns the element of which the opening quote is, or was, at i, or nil.
func (l listReader) at(i int) part.Blob {
	if i < 0 || i+1+l.size > len(l.text) || !isBase64(l.text[i+1:i+1+l.size], l.bytes) {
		return nil
	}
	return part.Blob(l.text[i+1 : i+1+l.size])
}

var notAString = regexp.MustCompile(`^(null|true|false|-?[0-9]{1,9}|\{\}|\[\]|"[^"]{0,9}"),`)

// next returns where the element after the one at i begins: as far away as any
// other, unless it is no string of the right size but something short.
func (l listReader) next(i int) int {
	if i >= l.from && i < len(l.text) {
		if short := notAString.Find(l.text[i:min(len(l.text), i+20)]); short != nil {
			return i + len(short)
		}
	}
	return i + l.stride
}

// stride returns the distance of most of the whole strings from the next.
func stride(whole []int, size int) int {
	votes := make(map[int]int)
	best := size + len(`"",`)
	for i := 0; i+1 < len(whole); i++ {
		d := whole[i+1] - whole[i]
		if d > 2*size {
			continue
		}
		if votes[d]++; votes[d] > votes[best] {
			best = d
		}
	}
	return best
}

// fits tells whether one of the whole strings is where an element would be of a
// list that begins at start.
func (l listReader) fits(start int, whole []int) bool {
	return slices.ContainsFunc(whole, func(at int) bool { return (at-start)%l.stride == 0 })
}

// snap moves an estimate of where a list begins by less than half an element, to
// where most elements fit.
func (l listReader) snap(start int, whole []int) int {
	votes := make(map[int]int)
	best := 0
	for _, at := range whole {
		d := ((at-start)%l.stride+l.stride+l.stride/2)%l.stride - l.stride/2
		if votes[d]++; votes[d] > votes[best] {
			best = d
		}
	}
	return start + best
}
