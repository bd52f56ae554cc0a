package shard

import (
	"bytes"
	"errors"
	"fmt"

	"recover/internal/group"
	"recover/internal/secret"
	"recover/pkg/rsadecrypt"
)

// evaluation is a value of a player's polynomial at x = 1 … 80.
type evaluation struct {
	x     int
	value group.Scalar
	// from is where the value was opened, copy and item of vs; a nil copy
	// means that it was decrypted.
	from *player
	item int
}

// evaluations are values at distinct x.
type evaluations []evaluation

func (e evaluations) at(x int) bool {
	for _, have := range e {
		if have.x == x {
			return true
		}
	}
	return false
}

// zero interpolates p(0) from exactly 41 evaluations.
func (e evaluations) zero(g group.Group) (group.Scalar, error) {
	xs, ys := make([]int, len(e)), make([]group.Scalar, len(e))
	for i, v := range e {
		xs[i], ys[i] = v.x, v.value
	}
	return group.InterpolateAtZero(g, xs, ys)
}

// decryption is the search for 41 evaluations of one player's polynomial, and
// for p(0), the player's share of the master key.
type decryption struct {
	*rebuilder
	part      *part
	known     evaluations // opened values first, then decrypted ones
	doubtful  evaluations // opened values that are not proved to be right
	decrypted []group.Scalar
	tried     [ciphertexts]bool
	last      group.Scalar // the p(0) that came out last and fits no commitment
}

// share brings back a player's share: p(0), from the opened values and one more
// that is decrypted, checked against the player's commitment (spec, section 4,
// step 1). A cheating player may have hidden a ciphertext that cannot be
// opened, or one that holds another value, among those that the proof did not
// open: then the next one is tried.
//
// Where that does not come out with the first value that could be decrypted,
// the opened values may be what is damaged: those that are not proved to be
// right are dropped, and decrypted in their place. Where they are all right,
// and two different sets of evaluations give the same p(0), the commitment is
// what is damaged: the share is returned, and is not proved.
func (r *rebuilder) share(p *part) (*share, error) {
	r.commit(p)
	d := &decryption{rebuilder: r, part: p}
	defer d.wipe()
	d.openedValues()
	for sifted := false; ; {
		err := d.fill()
		if ReasonOf(err) == ReasonKeySource {
			return nil, err
		}
		if err != nil && sifted {
			return d.leftOver(err)
		}
		if err == nil {
			if s, err := d.candidate(); s != nil || err != nil {
				return s, err
			}
		}
		if !sifted {
			sifted = true
			if d.sift() > 0 || err != nil {
				continue
			}
		}
		if s := d.confirm(); s != nil {
			return s, nil
		}
		d.dropLast()
	}
}

func (d *decryption) wipe() {
	for _, v := range d.decrypted {
		v.Wipe()
	}
	if d.last != nil {
		d.last.Wipe()
	}
}

// openedValues collects the opened values that are of the format, each at the
// position that the file gives it. Where a position has two values, which of
// them is right is not known yet: both are doubtful.
func (d *decryption) openedValues() {
	at := make(map[int]evaluations)
	for _, p := range d.part.copies {
		for i := range p.vs.items {
			c, err := p.position(i)
			if err != nil {
				continue
			}
			value, err := p.value(d.group, i)
			if err != nil {
				continue
			}
			e := evaluation{c + 1, value, p, i}
			same := false
			for _, have := range at[c+1] {
				same = same || have.value.Equal(value)
			}
			if !same || len(at[c+1]) == 0 {
				at[c+1] = append(at[c+1], e)
			}
		}
	}
	for x := 1; x <= ciphertexts; x++ {
		if len(at[x]) == 1 {
			d.known = append(d.known, at[x][0])
		} else {
			d.doubtful = append(d.doubtful, at[x]...)
		}
	}
	d.known = d.known[:min(len(d.known), opened)] // more are none of the format
}

// fill decrypts until there are 41 evaluations. No error means that there are.
func (d *decryption) fill() error {
	for j := 0; len(d.known) < needed; j++ {
		if j == ciphertexts {
			return fmt.Errorf("%d evaluations of its polynomial can be had, %d are needed", len(d.known), needed)
		}
		if d.tried[j] || d.known.at(j+1) {
			continue
		}
		d.tried[j] = true
		value, err := d.open(j)
		if ReasonOf(err) == ReasonKeySource {
			return err
		}
		if err != nil {
			d.warnings.item(d.part.copies[0], "es", j, "%v", err)
			continue
		}
		d.known, d.decrypted = append(d.known, evaluation{x: j + 1, value: value}), append(d.decrypted, value)
	}
	return nil
}

// open decrypts ciphertext j, from the first copy in which it opens.
func (d *decryption) open(j int) (group.Scalar, error) {
	var before []byte
	last := errMissing
	for _, p := range d.part.copies {
		ciphertext, err := p.es.bytes(j)
		if err != nil {
			last = err
			continue
		}
		if len(ciphertext) == 0 || bytes.Equal(ciphertext, before) {
			continue
		}
		before = ciphertext
		plain, err := d.decrypt(ciphertext)
		if err == nil {
			defer secret.Wipe(plain)
			return d.group.ParseScalar(plain)
		}
		if last = err; ReasonOf(err) == ReasonKeySource {
			break
		}
	}
	return nil, last
}

// candidate interpolates p(0) and returns it if it fits a commitment. Else it
// is kept as the last one, for confirm.
func (d *decryption) candidate() (*share, error) {
	value, err := d.known[:needed].zero(d.group)
	if err != nil {
		return nil, err
	}
	if index, fits := d.part.committed(d.group.NewPoint().BaseMul(value)); fits {
		return &share{index: index, value: value, proved: true}, nil
	}
	if d.last != nil && d.last.Equal(value) {
		return &share{index: d.part.index, value: value}, nil
	}
	if d.last != nil {
		d.last.Wipe()
	}
	d.last = value
	return nil, nil
}

// confirm returns the last p(0) as a share that is not proved, if there is no
// further ciphertext that could confirm or refute it.
func (d *decryption) confirm() *share {
	for j := range ciphertexts {
		if !d.tried[j] && !d.known.at(j+1) && d.part.hasCiphertext(j) {
			return nil
		}
	}
	return d.unproved()
}

func (d *decryption) unproved() *share {
	if d.last == nil {
		return nil
	}
	s := &share{index: d.part.index, value: d.last}
	d.last = nil
	return s
}

// sift keeps of the opened values those that are proved to be right, and
// returns how many it dropped. The proof is public: encrypted again, the value
// gives a ciphertext, which tells its position too; or where the seed is lost,
// it fits its commitment.
func (d *decryption) sift() (dropped int) {
	proved := d.provedValues()
	kept := proved
	for _, e := range d.known {
		if e.from == nil && !kept.at(e.x) {
			kept = append(kept, e)
		}
	}
	var doubtful evaluations
	for _, e := range append(d.known, d.doubtful...) {
		if e.from != nil && !kept.at(e.x) {
			dropped++
			doubtful = append(doubtful, e)
			d.warnings.item(e.from, "vs", e.item, "damaged, or not to be proved")
		}
	}
	d.known, d.doubtful = kept, doubtful
	return dropped
}

// provedValues returns the opened values of which public data shows that they
// are right, each at the x at which it is.
func (d *decryption) provedValues() evaluations {
	var proved evaluations
	keep := func(e evaluation) {
		if !proved.at(e.x) && len(proved) < opened {
			proved = append(proved, e)
		}
	}
	enc, err := rsadecrypt.NewSeededEncrypter(d.shard.recoveryKey, d.label)
	if err != nil {
		return nil
	}
	positions := d.part.positions()
	points := d.part.points(d.group)
	for _, p := range d.part.copies {
		for i := range p.vs.items {
			value, err := p.value(d.group, i)
			if err != nil {
				continue
			}
			if seed, err := p.seed(i); err == nil {
				made, err := enc.Encrypt(value.Bytes(), seed)
				if c, known := positions[string(made)]; err == nil && known {
					keep(evaluation{c + 1, value, p, i})
					continue
				}
			}
			c, err := p.position(i)
			if err == nil && points[c+1] != nil && d.group.NewPoint().BaseMul(value).Equal(points[c+1]) {
				keep(evaluation{c + 1, value, p, i})
			}
		}
	}
	return proved
}

// dropLast gives up the value that was decrypted last: the others fitted no
// better, and this one may be what a cheating player hid.
func (d *decryption) dropLast() {
	last := len(d.known) - 1
	d.warnings.item(d.part.copies[0], "es", d.known[last].x-1, "holds another value than the player committed to")
	d.known = d.known[:last]
}

// maxGuesses is how many sets of doubtful values are tried for one player.
const maxGuesses = 2000

// leftOver is for a player of whom every ciphertext was tried: what is missing
// may be among the opened values that cannot be proved, and the commitment
// tells.
func (d *decryption) leftOver(err error) (*share, error) {
	if s := d.unproved(); s != nil {
		return s, nil
	}
	missing := needed - len(d.known)
	if missing <= 0 || missing > len(d.doubtful) {
		return nil, err
	}
	guesses := 0
	var found *share
	chooseSubsets(len(d.doubtful), missing, func(chosen []int) bool {
		if guesses++; guesses > maxGuesses {
			return false
		}
		guess := d.known[:len(d.known):len(d.known)]
		for _, i := range chosen {
			if guess.at(d.doubtful[i].x) {
				return true
			}
			guess = append(guess, d.doubtful[i])
		}
		value, zeroErr := guess.zero(d.group)
		if zeroErr == nil {
			if index, fits := d.part.committed(d.group.NewPoint().BaseMul(value)); fits {
				found = &share{index: index, value: value, proved: true}
				return false
			}
			value.Wipe()
		}
		return true
	})
	if found == nil {
		return nil, err
	}
	return found, nil
}

// chooseSubsets calls each with every subset of k of 0 … n-1, until it returns
// false.
func chooseSubsets(n, k int, each func([]int) bool) {
	chosen := make([]int, 0, k)
	var from func(int) bool
	from = func(i int) bool {
		if len(chosen) == k {
			return each(chosen)
		}
		for ; i <= n-(k-len(chosen)); i++ {
			chosen = append(chosen, i)
			if !from(i + 1) {
				return false
			}
			chosen = chosen[:len(chosen)-1]
		}
		return true
	}
	from(0)
}

var errNoCommitment = errors.New("the share does not fit the player's commitment")
