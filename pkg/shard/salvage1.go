package shard

import (
	"regexp"
	"slices"
	"strconv"
)

// usualParts are the fields of a part in version 1.0.0, in their usual order.
var usualParts = []string{"commitment", "values", "encrypted_values"}

var (
	field1    = regexp.MustCompile(`"(version|public_key|sharing_type|threshold|key_parts|commitment|values|encrypted_values|master_chain_code|master_chain_code_key)"\s*:\s*`)
	partNames = regexp.MustCompile(`"key_parts"\s*:|"commitment"\s*:|"values"\s*:|"encrypted_values"\s*:|"master_chain_code(_key)?"\s*:|"[1-9][0-9]?"\s*:\s*"[A-Za-z0-9+/]{43}[=A-Za-z0-9+/]`)
	anX       = regexp.MustCompile(`"([1-9][0-9]?)"\s*:\s*"`)
)

// digitsOfX is how many digits the numbers 1 to 80 have together.
const digitsOfX = 9 + 71*2

// parts1 reads the recovery data of version 1.0.0. A player's index is the place
// of its part, and every part is as long as the next: 40 values and 40
// ciphertexts, named 1 to 80. So its place follows from where it is, as long
// as nothing is missing in front of it.
func (w *wreck) parts1(text []byte) {
	b := w.shard.data
	b.version = version1
	all := marks(text, field1)
	for i, m := range all {
		end := len(text)
		if i+1 < len(all) {
			end = all[i+1].at
		}
		b.v1.salvage(m.name, found{text[m.end:end]})
	}
	points := w.pointSize(text)
	size := func(field string) int {
		switch field {
		case "commitment":
			return (points+2)/3*4 + 2
		case "values":
			return 40*(minOwn+len(`"":"",`)) + digitsOfX/2 + 1
		}
		return 40*((w.shard.ciphertextSize()+2)/3*4+len(`"":"",`)) + digitsOfX - digitsOfX/2 + 1
	}
	l := newLayout(text, all, usualParts, size)
	l.measure(all)
	c := &cutter{wreck: w, layout: l, text: text, first: w.headSize(), frames: l.frames(text, all)}
	if i := slices.IndexFunc(all, func(m mark) bool { return m.name == "key_parts" }); i >= 0 {
		c.first = all[i].end + 1
	}
	c.items()
	c.commitments(points)
	b.v1.parts = c.inOrder()
	b.fromVersion1()
	for _, part := range b.v1.parts {
		w.tellLost1(part)
	}
}

func (w *wreck) tellLost1(part *part1) {
	for _, f := range []struct {
		name string
		left int
	}{{"values", len(part.values)}, {"encrypted_values", len(part.es)}} {
		if lost := ciphertexts - opened - f.left; lost > 0 { // as many are opened as are not
			w.lost.field(part.player, f.name, "%d of %d elements are lost", lost, opened)
		}
	}
}

// salvage takes one of the small fields that version 1.0.0 has once.
func (c *common1) salvage(name string, f found) {
	switch name {
	case "public_key":
		c.publicKey = f.blob()
	case "sharing_type":
		c.sharing = f.text()
	case "threshold":
		c.threshold, _ = f.number()
	case "master_chain_code":
		c.auxData = f.blob()
	case "master_chain_code_key":
		c.auxKey = f.blob()
	}
}

// headSize returns about how long the text in front of the first part is.
func (w *wreck) headSize() int {
	const names = len(`{"version":"1.0.0","public_key":"","sharing_type":"shamir","threshold":1,"key_parts":[`)
	if w.shard.group != nil && w.shard.group.PointSize() == 32 {
		return names + 60
	}
	return names + 120
}

// measure takes the distance of a name to the next of the same name for the
// period, if there is one that is about as expected.
func (l *layout) measure(all []mark) {
	var seen []int
	last := make(map[string]int)
	for _, m := range all {
		if at, ok := last[m.name]; ok {
			if d := m.at - at; 10*d > 9*l.period && 10*d < 11*l.period {
				seen = append(seen, d)
			}
		}
		last[m.name] = m.at
	}
	if len(seen) > 0 {
		slices.Sort(seen)
		l.period = seen[len(seen)/2]
	}
}

// cutter cuts the text of version 1.0.0 into parts.
type cutter struct {
	*wreck
	*layout
	text   []byte
	first  int // where the first part begins
	frames []*frame
	parts  []*located
}

// located is a part with where it begins.
type located struct {
	part1
	from int
}

// slack is how far a part may be from where it is expected, in bytes: its
// fields' sizes differ by the digits of their names.
const slack = 40

// items reads the values and ciphertexts. What a name "1" to "80" is of tells
// its length.
func (c *cutter) items() {
	value := elements{text: c.text, size: minOwn, bytes: seedSize}
	encrypted := elements{text: c.text, size: (c.shard.ciphertextSize() + 2) / 3 * 4, bytes: c.shard.ciphertextSize()}
	for _, m := range anX.FindAllSubmatchIndex(c.text, -1) {
		x, _ := strconv.Atoi(string(c.text[m[2]:m[3]]))
		if x > ciphertexts {
			continue
		}
		if text := encrypted.at(m[1] - 1); text != nil {
			if p := c.partAt(m[0]); p != nil && p.es[x] == nil {
				p.es[x] = text
			}
		} else if text := value.at(m[1] - 1); text != nil {
			if p := c.partAt(m[0]); p != nil && p.values[x] == nil {
				p.values[x] = text
			}
		}
	}
}

// partAt returns the part that holds what is at a place of the text: one of
// which a name is left there, else the one that must have been there.
func (c *cutter) partAt(at int) *located {
	from := -1
	for _, f := range c.frames {
		last := f.marks[len(f.marks)-1]
		if f.from-slack <= at && at < last.at-c.offset[last.name]+c.period {
			from = f.from
		}
	}
	if from < 0 {
		k := (at - c.first + slack/2) / c.period
		from = c.first + max(0, k)*c.period
	}
	for _, p := range c.parts {
		if d := p.from - from; d < slack && d > -slack {
			return p
		}
	}
	if len(c.parts) == MaxPlayers {
		return nil
	}
	p := &located{part1{player: new(player), values: make(map[int]blob), es: make(map[int]blob)}, from}
	c.parts = append(c.parts, p)
	return p
}

// commitments reads the parts' commitments.
func (c *cutter) commitments(points int) {
	e := elements{text: c.text, size: (points + 2) / 3 * 4, bytes: points}
	for _, p := range c.parts {
		p.player.commitments = make(map[int64]blob)
		at := p.from + c.offset["commitment"] + len(`"commitment":`)
		for _, f := range c.frames {
			if m, ok := f.mark("commitment"); ok && f.from == p.from {
				at = m.end
			}
		}
		if own := e.at(at); own != nil {
			p.player.commitments[unknownIndex] = own
		}
	}
}

// inOrder returns the parts in the order of the text, with their indices as far
// as they are certain. A lost one has no part.
func (c *cutter) inOrder() (parts []*part1) {
	slices.SortFunc(c.parts, func(a, b *located) int { return a.from - b.from })
	for i, p := range c.parts {
		k := (p.from - c.first + c.period/2) / c.period
		off := p.from - c.first - k*c.period
		own := p.player.commitments[unknownIndex]
		p.player.place, p.player.index = i, unknownIndex
		if off < slack && off > -slack && k >= 0 && k < MaxPlayers {
			p.player.index, p.player.hasIndex = int64(k), true
		}
		if own != nil {
			p.player.commitments = map[int64]blob{p.player.index: own}
		}
		parts = append(parts, &p.part1)
	}
	return parts
}
