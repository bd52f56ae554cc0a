package shard

import (
	"fmt"

	"recover/internal/group"
	"recover/internal/subset"
)

// fitting interpolates p(0) from 41 of the evaluations, the newest and the
// first, and returns it as a proved share if it fits a commitment.
func (d *decryption) fitting(all evaluations) *share {
	set := append(evaluations{all[len(all)-1]}, all[:needed-1]...)
	value, err := set.zero(d.group)
	if err != nil {
		return nil
	}
	return d.proved(value, set)
}

// proved returns p(0) as a share if it fits a commitment, else wipes it. In a
// salvage a part may hold what is another player's; if the share of that one is
// known already, the evaluations that make it are given up.
func (d *decryption) proved(value group.Scalar, from evaluations) *share {
	if d.salvage && d.isFound(value) {
		d.known, d.doubtful = d.known.without(from), d.doubtful.without(from)
	} else if index, fits := d.part.committed(d.group.NewPoint().BaseMul(value)); fits {
		return &share{index: index, value: value, proved: true}
	}
	value.Wipe()
	return nil
}

func (e evaluations) without(others evaluations) (rest evaluations) {
	for _, have := range e {
		if !others.at(have.x) {
			rest = append(rest, have)
		}
	}
	return rest
}

// settle looks for p(0) among all that is known now. The newest evaluation
// beside the proved ones comes first: they may be all that is right. Then some
// may be wrong, if more are right (decode). Last, what more evaluations than 41
// agree on is taken for the share, if it fits no commitment.
func (d *decryption) settle() *share {
	if len(d.known) >= needed {
		if s := d.fitting(d.known); s != nil {
			return s
		}
	}
	all, known := d.withDoubtful(), d.known
	var likely group.Scalar
	for _, set := range []evaluations{all, known} {
		value, agree := decode(d.group, set)
		if value == nil {
			continue
		}
		if count(agree) > needed && !d.isFound(value) && d.untried.complete(set.agreeing(agree)) {
			likely = d.group.NewScalar().Set(value)
		}
		if s := d.proved(value, set.agreeing(agree)); s != nil {
			d.warnAgainst(set, agree)
			return s
		}
		if len(all) == len(known) {
			break
		}
	}
	if likely == nil {
		return nil
	}
	return &share{index: d.part.index, value: likely}
}

func (e evaluations) agreeing(flags []bool) (some evaluations) {
	for i, have := range e {
		if flags[i] {
			some = append(some, have)
		}
	}
	return some
}

// withDoubtful returns the evaluations that are known, and one of the doubtful
// ones wherever there is none.
func (d *decryption) withDoubtful() evaluations {
	all := d.known[:len(d.known):len(d.known)]
	for _, e := range d.doubtful {
		if !all.at(e.x) {
			all = append(all, e)
		}
	}
	return all
}

// warnAgainst tells of the ciphertexts that hold something else than what the
// others agree on: that is what a cheating player hides.
func (d *decryption) warnAgainst(set evaluations, agree []bool) {
	for i, e := range set {
		if !agree[i] && e.from == nil {
			d.warnings.item(d.part.copies[0], "es", e.x-1, "holds another value than the player committed to")
		}
	}
}

// dropOpened sets all opened values aside, proved or not, and whatever the
// commitments said, and tells whether there were any: a salvage may have taken
// another player's for this one's, and a list that lost an element is wrong
// from there on. Only what was decrypted is left, where the file has it.
func (d *decryption) dropOpened() bool {
	dropped := false
	for _, e := range d.known {
		if e.from != nil {
			d.doubtful, dropped = append(d.doubtful, e), true
		}
	}
	d.places, d.known = nil, nil
	for _, e := range d.decrypted {
		if e.x = d.untried.all[e.item].position + 1; !d.known.at(e.x) {
			d.known = append(d.known, e)
		}
	}
	return dropped
}

// maxGuesses is how many sets of doubtful values are tried for one player.
const maxGuesses = 2000

// leftOver is for a player of whom every ciphertext was tried. With 41
// evaluations there is a share, though nothing confirms it; with less, what is
// missing may be among the opened values that cannot be proved, and the
// commitment tells.
func (d *decryption) leftOver() (*share, error) {
	missing := needed - len(d.known)
	if missing <= 0 {
		value, err := d.known[:needed].zero(d.group)
		if err != nil {
			return nil, err
		}
		return &share{index: d.part.index, value: value}, nil
	}
	var found *share
	guesses := 0
	for chosen := range subset.All(len(d.doubtful), missing) {
		guess := d.known[:len(d.known):len(d.known)]
		for _, i := range chosen {
			if guess.at(d.doubtful[i].x) {
				break
			}
			guess = append(guess, d.doubtful[i])
		}
		if guesses++; len(guess) == needed {
			if value, err := guess.zero(d.group); err == nil {
				found = d.proved(value, nil)
			}
		}
		if found != nil || guesses == maxGuesses || d.ctx.Err() != nil {
			break
		}
	}
	if found != nil {
		return found, nil
	}
	if all := d.withDoubtful(); len(all) == needed { // nothing to choose
		if value, err := all.zero(d.group); err == nil {
			return &share{index: d.part.index, value: value}, nil
		}
	}
	return nil, fmt.Errorf("%d evaluations of its polynomial can be had, %d are needed", len(d.known), needed)
}
