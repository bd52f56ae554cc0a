package shard

import (
	"bytes"
	"regexp"
	"slices"
)

// list reads a list of strings that are all base64 of the same number of bytes.
// Where each is follows from where the list begins, and from where it ends;
// so damage to one does not move the others, and where a block of the
// text is missing, what is before it is counted from the beginning and what is
// after it from the end. Elements that are not whole are left empty.
func (f *frame) list(text []byte, name string, bytes, count int) blobs {
	from, to := f.around(name)
	e := elements{text: text[:to], size: (bytes + 2) / 3 * 4, bytes: bytes, from: max(0, from)}
	whole := e.whole(from)
	e.stride = stride(whole, e.size)
	b := blobs{items: make([]blob, count), count: count} // each is in its place, whether others are lost or not
	starts := f.starts(e, name, count, whole)
	if n := shortBy(starts, e.stride); n > 0 { // what is counted from the end is counted wrongly
		b.items, starts = b.items[:max(0, count-n)], starts[:1]
	}
	b.count = len(b.items)
	for _, at := range starts {
		for i := range b.items {
			if b.items[i] == nil && at >= from-e.size {
				b.items[i] = e.at(at)
			}
			at = e.next(at)
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
func (f *frame) starts(e elements, name string, count int, whole []int) (starts []int) {
	before := (count - 1) * e.stride
	least, most := f.estimate(name)-f.period/2, f.estimate(name)+f.period/2
	add := func(at int) {
		if !slices.Contains(starts, at) && least < at && at <= most {
			starts = append(starts, at)
		}
	}
	if m, ok := f.mark(name); ok {
		at := m.end
		for at < len(e.text) && bytes.IndexByte([]byte("[ \r\n\t"), e.text[at]) >= 0 {
			at++
		}
		if at == len(e.text) || e.text[at] != '"' {
			at = m.end + 1
		}
		add(at)
		least, most = at-before, at // what is missing moves the end nearer
	}
	for _, at := range whole {
		if next := bytes.TrimLeft(e.text[at+e.size+2:], " \r\n\t"); len(next) > 0 && next[0] == ']' && !slices.Contains(whole, at+e.stride) {
			add(at - before)
		}
		if last := bytes.TrimRight(e.text[:at], " \r\n\t"); len(last) > 0 && last[len(last)-1] == '[' && !slices.Contains(whole, at-e.stride) {
			add(at)
		}
	}
	if k := slices.Index(f.order, name); k > 0 && len(starts) == 0 {
		if before, ok := f.mark(f.order[k-1]); ok {
			at := before.at + f.offset[name] - f.offset[before.name] + len(name) + len(`"":[`)
			if e.fits(at, whole) {
				add(at)
			}
		}
	}
	if k := slices.Index(f.order, name); k+1 < len(f.order) {
		if next, ok := f.mark(f.order[k+1]); ok {
			add(next.at - 2 - (e.size + 2) - before)
		}
	}
	if !slices.ContainsFunc(starts, func(at int) bool { return e.fits(at, whole) }) {
		begin := f.estimate(name)
		if f.least == 0 && begin < f.offset[name] { // of the first player, something is missing behind the list's beginning
			begin = f.offset[name]
		}
		add(e.snap(begin+len(name)+len(`"":[`), whole))
	}
	return starts
}

// elements reads the elements of a list.
type elements struct {
	text                []byte
	size, stride, bytes int // of the base64 text, from one to the next, of what it encodes
	from                int // where the list begins
}

// whole returns where strings of the right size are that are whole, quotes and
// all.
func (e elements) whole(from int) (all []int) {
	for i := from; i+e.size+1 < len(e.text); i++ {
		if e.text[i] == '"' && e.text[i+e.size+1] == '"' && isBase64(e.text[i+1:i+1+e.size], e.bytes) {
			all = append(all, i)
			i += e.size
		}
	}
	return all
}

// at returns the element of which the opening quote is, or was, at i, or nil.
func (e elements) at(i int) blob {
	if i < 0 || i+1+e.size > len(e.text) || !isBase64(e.text[i+1:i+1+e.size], e.bytes) {
		return nil
	}
	return blob(e.text[i+1 : i+1+e.size])
}

var notAString = regexp.MustCompile(`^(null|true|false|-?[0-9]{1,9}|\{\}|\[\]|"[^"]{0,9}"),`)

// next returns where the element after the one at i begins: as far away as any
// other, unless it is no string of the right size but something short.
func (e elements) next(i int) int {
	if i >= e.from && i < len(e.text) {
		if short := notAString.Find(e.text[i:min(len(e.text), i+20)]); short != nil {
			return i + len(short)
		}
	}
	return i + e.stride
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
func (e elements) fits(start int, whole []int) bool {
	return slices.ContainsFunc(whole, func(at int) bool { return (at-start)%e.stride == 0 })
}

// snap moves an estimate of where a list begins by less than half an element, to
// where most elements fit.
func (e elements) snap(start int, whole []int) int {
	votes := make(map[int]int)
	best := 0
	for _, at := range whole {
		d := ((at-start)%e.stride+e.stride+e.stride/2)%e.stride - e.stride/2
		if votes[d]++; votes[d] > votes[best] {
			best = d
		}
	}
	return start + best
}
