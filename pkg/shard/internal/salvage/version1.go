package salvage

import (
	"regexp"
	"slices"
	"strconv"

	"recover/pkg/shard/internal/part"
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
func (r *reader) parts1(text []byte) {
	v := new(part.Version1)
	all := fieldNames(text, field1)
	for i, next := range append(all, fieldName{at: len(text)})[1:] {
		small1(v, all[i].name, text[all[i].end:next.at])
	}
	points, ciphertext := r.pointSize(text), r.ciphertextSize()
	size := func(field string) int {
		switch field {
		case "commitment":
			return base64Size(points) + 2
		case "values":
			return 40*(part.MinOwn+len(`"":"",`)) + digitsOfX/2 + 1
		}
		return 40*(base64Size(ciphertext)+len(`"":"",`)) + digitsOfX - digitsOfX/2 + 1
	}
	l := newLayout(text, all, usualParts, size)
	l.measure(all)
	s := &v1Splitter{layout: l, text: text, first: r.headSize(), texts: l.split(text, all)}
	if i := slices.IndexFunc(all, func(m fieldName) bool { return m.name == "key_parts" }); i >= 0 {
		s.first = all[i].end + 1
	}
	s.items(ciphertext)
	s.commitments(points)
	v.Parts = s.inOrder()
	r.shard.Data.Version, r.shard.Data.Players = part.V1, v.Players()
	for _, p := range v.Parts {
		r.tellLost1(p)
	}
}

func (r *reader) tellLost1(p *part.Part1) {
	for _, f := range []struct {
		name string
		left int
	}{{"values", len(p.Values)}, {"encrypted_values", len(p.Es)}} {
		if lost := part.Ciphertexts - part.Opened - f.left; lost > 0 { // as many are opened as are not
			r.shard.Lost.Field(p.Player, f.name, "%d of %d elements are lost", lost, part.Opened)
		}
	}
}

// small1 takes one of the small fields that version 1.0.0 has once.
func small1(v *part.Version1, name string, f value) {
	switch name {
	case "public_key":
		v.PublicKey = f.blob()
	case "sharing_type":
		v.Sharing = f.text()
	case "threshold":
		v.Threshold, _ = f.number()
	case "master_chain_code":
		v.AuxData = f.blob()
	case "master_chain_code_key":
		v.AuxKey = f.blob()
	}
}

// headSize returns about how long the text in front of the first part is.
func (r *reader) headSize() int {
	const names = len(`{"version":"1.0.0","public_key":"","sharing_type":"shamir","threshold":1,"key_parts":[`)
	if r.shard.Group != nil && r.shard.Group.PointSize() == 32 {
		return names + 60
	}
	return names + 120
}

// measure takes the distance of a name to the next of the same name for the
// period, if there is one that is about as expected.
func (l *layout) measure(all []fieldName) {
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

// v1Splitter cuts the text of version 1.0.0 into parts.
type v1Splitter struct {
	*layout
	text  []byte
	first int // where the first part begins
	texts []*playerText
	parts []*locatedPart
}

// locatedPart is a part with where it begins.
type locatedPart struct {
	part.Part1
	from int
}

// slack is how far a part may be from where it is expected, in bytes: its
// fields' sizes differ by the digits of their names.
const slack = 40

// items reads the values and ciphertexts. What a name "1" to "80" is of tells
// its length.
func (s *v1Splitter) items(ciphertext int) {
	opened := newListReader(s.text, part.SeedSize)
	encrypted := newListReader(s.text, ciphertext)
	for _, m := range anX.FindAllSubmatchIndex(s.text, -1) {
		x, _ := strconv.Atoi(string(s.text[m[2]:m[3]]))
		if x > part.Ciphertexts {
			continue
		}
		if text := encrypted.at(m[1] - 1); text != nil {
			if p := s.partAt(m[0]); p != nil && p.Es[x] == nil {
				p.Es[x] = text
			}
		} else if text := opened.at(m[1] - 1); text != nil {
			if p := s.partAt(m[0]); p != nil && p.Values[x] == nil {
				p.Values[x] = text
			}
		}
	}
}

// partAt returns the part that holds what is at a place of the text: one of
// which a name is left there, else the one that must have been there.
func (s *v1Splitter) partAt(at int) *locatedPart {
	from := -1
	for _, f := range s.texts {
		last := f.names[len(f.names)-1]
		if f.from-slack <= at && at < last.at-s.offset[last.name]+s.period {
			from = f.from
		}
	}
	if from < 0 {
		k := (at - s.first + slack/2) / s.period
		from = s.first + max(0, k)*s.period
	}
	for _, p := range s.parts {
		if d := p.from - from; d < slack && d > -slack {
			return p
		}
	}
	if len(s.parts) == part.MaxPlayers {
		return nil
	}
	p := &locatedPart{part.Part1{Player: new(part.Player), Values: make(map[int]part.Blob), Es: make(map[int]part.Blob)}, from}
	s.parts = append(s.parts, p)
	return p
}

// commitments reads the parts' commitments.
func (s *v1Splitter) commitments(points int) {
	l := newListReader(s.text, points)
	for _, p := range s.parts {
		p.Player.Commitments = make(map[int64]part.Blob)
		at := p.from + s.offset["commitment"] + len(`"commitment":`)
		for _, f := range s.texts {
			if m, ok := f.name("commitment"); ok && f.from == p.from {
				at = m.end
			}
		}
		if own := l.at(at); own != nil {
			p.Player.Commitments[part.UnknownIndex] = own
		}
	}
}

// inOrder returns the parts in the order of the text, with their indices as far
// as they are certain. A lost one has no part.
func (s *v1Splitter) inOrder() (parts []*part.Part1) {
	slices.SortFunc(s.parts, func(a, b *locatedPart) int { return a.from - b.from })
	for i, p := range s.parts {
		k := (p.from - s.first + s.period/2) / s.period
		off := p.from - s.first - k*s.period
		own := p.Player.Commitments[part.UnknownIndex]
		p.Player.Number, p.Player.Index = i, part.UnknownIndex
		if off < slack && off > -slack && k >= 0 && k < part.MaxPlayers {
			p.Player.Index, p.Player.HasIndex = int64(k), true
		}
		if own != nil {
			p.Player.Commitments = map[int64]part.Blob{p.Player.Index: own}
		}
		parts = append(parts, &p.Part1)
	}
	return parts
}
