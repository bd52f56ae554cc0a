package interp

import (
	"encoding/base64"

	"recover/internal/group"
	"recover/pkg/rsadecrypt"
	"recover/pkg/shard/internal/part"
)

// verifyOpenedValues keeps of the opened values those that are proved to be
// right. The proof is public: encrypted again, the value gives a ciphertext,
// which tells its position too; or, where the seed is lost, it fits a
// commitment. What was decrypted is kept, at the x that its commitment tells.
func (p *playerSearch) verifyOpenedValues() {
	points := p.copies.points(p.Group)
	p.xByPoint = make(map[string]int)
	for x := len(points) - 1; x >= 1; x-- {
		if points[x] != nil && !points[x].IsIdentity() {
			p.xByPoint[string(points[x].Bytes())] = x
		}
	}
	kept := p.provedValues()
	p.untried.realign(p.copies)
	for _, e := range p.known {
		if e.from != nil {
			continue
		}
		e.x = p.untried.all[e.item].position + 1
		if x := p.xOf(e.value); x != 0 {
			e.x = x
		}
		if !kept.at(e.x) {
			kept = append(kept, e)
		}
	}
	var doubtful evaluations
	for _, e := range append(p.known, p.doubtful...) {
		switch x := kept.placed(e); {
		case e.from == nil || x == e.x:
		case x != 0:
			p.Warnings.Item(e.from, "combination", e.item, "not the position of its value")
		default:
			if !kept.at(e.x) {
				doubtful = append(doubtful, e)
			}
			p.Warnings.Item(e.from, "vs", e.item, "damaged, or not to be proved")
		}
	}
	p.known, p.doubtful = kept, doubtful
}

// placed returns the x at which an opened value is among e, or 0.
func (e evaluations) placed(value evaluation) int {
	for _, have := range e {
		if have.from == value.from && have.item == value.item {
			return have.x
		}
	}
	return 0
}

// xOf returns the x at which the player committed to a value, or 0 where its
// commitments do not tell.
func (p *playerSearch) xOf(value group.Scalar) int {
	if len(p.xByPoint) == 0 || value.IsZero() {
		return 0
	}
	return p.xByPoint[string(p.Group.NewPoint().BaseMul(value).Bytes())]
}

// provedValues returns the opened values of which public data shows that they
// are right, each at the x at which it is. Commitments and ciphertexts may tell
// two places, if a list lost an element; then that is right which the position
// in the file bears out, and commitments that mostly are not are given up.
func (p *playerSearch) provedValues() evaluations {
	enc, err := rsadecrypt.NewSeededEncrypter(p.RecoveryKey, p.Label)
	if err != nil {
		return nil
	}
	positions := p.copies.positions()
	var proved evaluations
	against := 0
	for _, from := range p.copies.All {
		for i := range from.Vs.Items {
			value, err := from.Value(p.Group, i)
			if err != nil {
				continue
			}
			c, err := from.Position(i)
			x, says := p.xOf(value), p.reencrypted(from, i, value, enc, positions)
			if x != 0 && says != 0 && x != says {
				if against++; err != nil || x != c+1 {
					x = says
				}
			}
			if x == 0 {
				x = says
			}
			if x != 0 && !proved.at(x) {
				proved = append(proved, evaluation{x, value, from, i})
			}
		}
	}
	if 2*against > len(proved) && p.xByPoint != nil {
		p.xByPoint = nil
		return p.provedValues()
	}
	return proved
}

// reencrypted returns the x of an opened value that, encrypted again, gives one
// of the ciphertexts; or 0.
func (p *playerSearch) reencrypted(from *part.Player, i int, value group.Scalar, enc *rsadecrypt.SeededEncrypter, positions map[string]int) int {
	seed, err := from.Seed(i)
	if err != nil {
		return 0
	}
	made, err := enc.Encrypt(value.Bytes(), seed)
	if err != nil {
		return 0
	}
	c, known := positions[string(made)]
	if known && c == unknownPosition {
		if c, err = from.Position(i); err == nil {
			p.untried.anchor(base64.StdEncoding.EncodeToString(made), c)
		}
	}
	if !known || err != nil {
		return 0
	}
	return c + 1
}
