package shard

import (
	"encoding/base64"

	"recover/internal/group"
	"recover/pkg/rsadecrypt"
)

// sift keeps of the opened values those that are proved to be right. The proof
// is public: encrypted again, the value gives a ciphertext, which tells its
// position too; or, where the seed is lost, it fits a commitment. What was
// decrypted is kept, at the x that its commitment tells.
func (d *decryption) sift() {
	points := d.part.points(d.group)
	d.places = make(map[string]int)
	for x := len(points) - 1; x >= 1; x-- {
		if points[x] != nil && !points[x].IsIdentity() {
			d.places[string(points[x].Bytes())] = x
		}
	}
	kept := d.provedValues()
	d.untried.realign(d.part)
	for _, e := range d.known {
		if e.from != nil {
			continue
		}
		e.x = d.untried.all[e.item].position + 1
		if x := d.place(e.value); x != 0 {
			e.x = x
		}
		if !kept.at(e.x) {
			kept = append(kept, e)
		}
	}
	var doubtful evaluations
	for _, e := range append(d.known, d.doubtful...) {
		switch x := kept.placed(e); {
		case e.from == nil || x == e.x:
		case x != 0:
			d.warnings.item(e.from, "combination", e.item, "not the position of its value")
		default:
			if !kept.at(e.x) {
				doubtful = append(doubtful, e)
			}
			d.warnings.item(e.from, "vs", e.item, "damaged, or not to be proved")
		}
	}
	d.known, d.doubtful = kept, doubtful
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

// place returns the x at which the player committed to a value, or 0 where its
// commitments do not tell.
func (d *decryption) place(value group.Scalar) int {
	if len(d.places) == 0 || value.IsZero() {
		return 0
	}
	return d.places[string(d.group.NewPoint().BaseMul(value).Bytes())]
}

// provedValues returns the opened values of which public data shows that they
// are right, each at the x at which it is. Commitments and ciphertexts may tell
// two places, if a list lost an element; then that is right which the position
// in the file bears out, and commitments that mostly are not are given up.
func (d *decryption) provedValues() evaluations {
	var proved evaluations
	keep := func(e evaluation) {
		if !proved.at(e.x) {
			proved = append(proved, e)
		}
	}
	enc, err := rsadecrypt.NewSeededEncrypter(d.shard.recoveryKey, d.label)
	if err != nil {
		return nil
	}
	positions := d.part.positions()
	against := 0
	for _, p := range d.part.copies {
		for i := range p.vs.items {
			value, err := p.value(d.group, i)
			if err != nil {
				continue
			}
			c, err := p.position(i)
			x, says := d.place(value), d.reencrypted(p, i, value, enc, positions)
			if x != 0 && says != 0 && x != says {
				if against++; err != nil || x != c+1 {
					x = says
				}
			}
			if x == 0 {
				x = says
			}
			if x != 0 {
				keep(evaluation{x, value, p, i})
			}
		}
	}
	if 2*against > len(proved) && d.places != nil {
		d.places = nil
		return d.provedValues()
	}
	return proved
}

// reencrypted returns the x of an opened value that, encrypted again, gives one
// of the ciphertexts; or 0.
func (d *decryption) reencrypted(p *player, i int, value group.Scalar, enc *rsadecrypt.SeededEncrypter, positions map[string]int) int {
	seed, err := p.seed(i)
	if err != nil {
		return 0
	}
	made, err := enc.Encrypt(value.Bytes(), seed)
	if err != nil {
		return 0
	}
	c, known := positions[string(made)]
	if known && c == unknownPosition {
		if c, err = p.position(i); err == nil {
			d.untried.anchor(base64.StdEncoding.EncodeToString(made), c)
		}
		known = err == nil
	}
	if !known {
		return 0
	}
	return c + 1
}
