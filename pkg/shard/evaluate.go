package shard

import (
	"errors"

	"recover/internal/group"
	"recover/internal/secret"
)

// evaluation is a value of a player's polynomial at x = 1 … 80.
type evaluation struct {
	x     int
	value group.Scalar
	// from is where the value was opened, copy and item of vs; a nil copy
	// means that it was decrypted, and item is which of the queue.
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
	decrypted evaluations // all, at the x at which the file has them
	untried   *ciphertextQueue
	places    map[string]int // the x of G·p(x), where sift found them
}

// share brings back a player's share: p(0), from the opened values and one more
// that is decrypted, checked against the player's commitment (spec, section 4,
// step 1). A cheating player may have hidden a ciphertext that cannot be
// opened, or one that holds another value, among those that the proof did not
// open: then the next one is tried.
//
// Where that does not come out with the first value that could be decrypted,
// the opened values may be what is damaged: those that are not proved to be
// right are set aside, and decrypted in their place. Where two different sets of
// evaluations give the same p(0), and it fits no commitment, the commitment is
// what is damaged: the share is returned, and is not proved.
func (r *rebuilder) share(p *part) (*share, error) {
	r.commit(p)
	d := &decryption{rebuilder: r, part: p, untried: p.queue()}
	defer d.wipe()
	d.openedValues()
	err := d.fill()
	if err == nil {
		if s := d.fitting(d.known); s != nil {
			return s, nil
		}
	}
	if ends(err) {
		return nil, err
	}
	d.sift()
	for {
		if s := d.settle(); s != nil {
			return s, nil
		}
		switch err := d.decryptNext(); {
		case err == errNoneLeft && d.salvage && d.dropOpened():
		case err == errNoneLeft:
			return d.leftOver()
		case ends(err):
			return nil, err
		}
	}
}

func (d *decryption) wipe() {
	for _, e := range d.decrypted {
		e.value.Wipe()
	}
}

// openedValues collects the opened values that are of the format, each at the
// position that the file gives it. Where the copies have several values at one
// position, the one that most of them have is taken for right; where as many
// have another, which is right is not known yet, and all are doubtful.
func (d *decryption) openedValues() {
	var at [ciphertexts + 1]evaluations
	var votes [ciphertexts + 1][]int
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
			k := 0
			for k < len(at[c+1]) && !at[c+1][k].value.Equal(value) {
				k++
			}
			if k == len(at[c+1]) {
				at[c+1], votes[c+1] = append(at[c+1], evaluation{c + 1, value, p, i}), append(votes[c+1], 0)
			}
			votes[c+1][k]++
		}
	}
	for x := 1; x <= ciphertexts; x++ {
		best, tied := mostVotes(votes[x])
		for k, e := range at[x] {
			if k == best && !tied && len(d.known) < opened { // more are none of the format
				d.known = append(d.known, e)
			} else {
				d.doubtful = append(d.doubtful, e)
			}
		}
	}
}

func mostVotes(votes []int) (best int, tied bool) {
	for k, n := range votes[min(1, len(votes)):] {
		switch {
		case n > votes[best]:
			best, tied = k+1, false
		case n == votes[best]:
			tied = true
		}
	}
	return best, tied
}

// fill decrypts until there are 41 evaluations. No error means that there are.
func (d *decryption) fill() error {
	for len(d.known) < needed {
		if err := d.decryptNext(); err != nil {
			return err
		}
	}
	return nil
}

var errNoneLeft = errors.New("no ciphertext is left to be tried")

// decryptNext makes one more evaluation known. The error is errNoneLeft, or one
// of the key source.
func (d *decryption) decryptNext() error {
	for {
		c := d.untried.next(d.withDoubtful()) // a doubtful value may be right
		if c == nil {
			c = d.untried.next(d.known)
		}
		if c == nil {
			return errNoneLeft
		}
		value, err := d.open(c)
		if ends(err) {
			return err
		}
		if err != nil {
			d.untried.failed(c)
			d.warnings.item(d.part.copies[0], "es", c.position, "%v", err)
			continue
		}
		e := evaluation{x: c.position + 1, value: value, item: c.number}
		d.decrypted = append(d.decrypted, e)
		if x := d.place(value); x != 0 {
			e.x = x
		}
		if d.known.at(e.x) {
			continue // of a list that lost an element, or of another player's
		}
		d.known = append(d.known, e)
		return nil
	}
}

func (d *decryption) open(c *ciphertext) (group.Scalar, error) {
	b, err := c.text.bytes()
	if err != nil {
		return nil, err
	}
	plain, err := d.decrypt(b)
	if err != nil {
		return nil, err
	}
	defer secret.Wipe(plain)
	return d.group.ParseScalar(plain)
}

var errNoCommitment = errors.New("the share does not fit the player's commitment")
