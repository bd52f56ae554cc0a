package interp

import (
	"fmt"
	"slices"

	"recover/internal/group"
	"recover/internal/subset"
	"recover/pkg/shard/internal/part"
)

// fitting interpolates p(0) from 41 of the evaluations, the newest and the
// first, and returns it as a proved share if it fits a commitment.
func (p *playerSearch) fitting(all evaluations) *Share {
	set := append(evaluations{all[len(all)-1]}, all[:part.Needed-1]...)
	value, err := set.zero(p.Group)
	if err != nil {
		return nil
	}
	return p.proved(value, set)
}

// proved returns p(0) as a share if it fits a commitment, else wipes it. In a
// salvage a part may hold what is another player's; if the share of that one is
// known already, the evaluations that make it are given up.
func (p *playerSearch) proved(value group.Scalar, from evaluations) *Share {
	if p.Salvage && p.isProved(value) {
		p.known, p.doubtful = p.known.without(from), p.doubtful.without(from)
	} else if index, fits := p.copies.committed(p.Group.NewPoint().BaseMul(value)); fits {
		return &Share{Index: index, Value: value, Proved: true}
	}
	value.Wipe()
	return nil
}

func (e evaluations) without(others evaluations) evaluations {
	return slices.DeleteFunc(slices.Clone(e), func(have evaluation) bool { return others.at(have.x) })
}

// interpolateConsistent looks for p(0) among all that is known now. The newest
// evaluation with the proved ones comes first: they may be all that is right.
// Then some may be wrong, if more are right (decode). Last, what more evaluations
// than 41 agree on is taken for the share, if it fits no commitment.
func (p *playerSearch) interpolateConsistent() *Share {
	if len(p.known) >= part.Needed {
		if s := p.fitting(p.known); s != nil {
			return s
		}
	}
	all, known := p.withDoubtful(), p.known
	var likely group.Scalar
	for _, set := range []evaluations{all, known} {
		value, agree := decode(p.Group, set)
		if value == nil {
			continue
		}
		if len(agree) > part.Needed && !p.isProved(value) && p.untried.complete(agree) {
			likely = p.Group.NewScalar().Set(value)
		}
		if s := p.proved(value, agree); s != nil {
			p.warnAgainst(set, agree)
			return s
		}
		if len(all) == len(known) {
			break
		}
	}
	if likely == nil {
		return nil
	}
	return &Share{Index: p.copies.Index, Value: likely}
}

// withDoubtful returns the evaluations that are known, and one of the doubtful
// ones wherever there is none.
func (p *playerSearch) withDoubtful() evaluations {
	all := p.known[:len(p.known):len(p.known)]
	for _, e := range p.doubtful {
		if !all.at(e.x) {
			all = append(all, e)
		}
	}
	return all
}

// warnAgainst tells of the ciphertexts that hold something else than what the
// others agree on: that is what a cheating player hides.
func (p *playerSearch) warnAgainst(set, agree evaluations) {
	for _, e := range set {
		if !agree.at(e.x) && e.from == nil {
			p.Warnings.Item(p.copies.All[0], "es", e.x-1, "holds another value than the player committed to")
		}
	}
}

// dropOpened sets all opened values aside, proved or not, and whatever the
// commitments said, and tells whether there were any: a salvage may have taken
// another player's for this one's, and a list that lost an element is wrong
// from there on. Only what was decrypted is left, where the file has it.
func (p *playerSearch) dropOpened() bool {
	dropped := false
	for _, e := range p.known {
		if e.from != nil {
			p.doubtful, dropped = append(p.doubtful, e), true
		}
	}
	p.xByPoint, p.known = nil, nil
	for _, e := range p.decrypted {
		if e.x = p.untried.all[e.item].position + 1; !p.known.at(e.x) {
			p.known = append(p.known, e)
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
func (p *playerSearch) leftOver() (*Share, error) {
	missing := part.Needed - len(p.known)
	if missing <= 0 {
		value, err := p.known[:part.Needed].zero(p.Group)
		if err != nil {
			return nil, err
		}
		return &Share{Index: p.copies.Index, Value: value}, nil
	}
	var found *Share
	guesses := 0
	for chosen := range subset.All(len(p.doubtful), missing) {
		guess := p.known[:len(p.known):len(p.known)]
		for _, i := range chosen {
			if guess.at(p.doubtful[i].x) {
				break
			}
			guess = append(guess, p.doubtful[i])
		}
		if guesses++; len(guess) == part.Needed {
			if value, err := guess.zero(p.Group); err == nil {
				found = p.proved(value, nil)
			}
		}
		if found != nil || guesses == maxGuesses || p.Context.Err() != nil {
			break
		}
	}
	if found != nil {
		return found, nil
	}
	if all := p.withDoubtful(); len(all) == part.Needed { // nothing to choose
		if value, err := all.zero(p.Group); err == nil {
			return &Share{Index: p.copies.Index, Value: value}, nil
		}
	}
	return nil, fmt.Errorf("%d evaluations of its polynomial can be had, %d are needed", len(p.known), part.Needed)
}
