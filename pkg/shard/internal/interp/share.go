// Package interp finds out which values of a player's polynomial are right, and
// interpolates the player's share of the master key from them: p(0). In a valid
// backup that is one decryption a player. The rest is for ciphertexts that a
// cheating player hid, and for damaged backups, also several copies of one.
//
// Nothing here decides that a key is right: a share that fits the player's
// commitment is proved by that, any other is likely, and the caller compares the
// key that the shares make with the public key.
package interp

import (
	"context"
	"crypto/rsa"
	"errors"
	"slices"

	"recover/internal/group"
	"recover/internal/secret"
	"recover/pkg/rsadecrypt"
	"recover/pkg/shard/internal/part"
)

// Share is a player's share of the master key. A proved one fits the player's
// commitment; of another it is only likely.
type Share struct {
	Index  int64 // player_index
	Value  group.Scalar
	Proved bool
}

// Search brings back the shares of one backup's players.
type Search struct {
	Context     context.Context
	Group       group.Group
	RecoveryKey *rsa.PublicKey
	Label       []byte
	Players     []*part.Player // all of the backup
	Salvage     bool           // parts may hold what is another player's
	// Decrypt does one private operation. rsadecrypt.ErrDecrypt speaks of the
	// ciphertext; any other error ends the search.
	Decrypt  func(ciphertext []byte) ([]byte, error)
	Proved   []*Share // found so far
	Warnings *part.Faults
}

func (s *Search) isProved(value group.Scalar) bool {
	return slices.ContainsFunc(s.Proved, func(have *Share) bool { return have.Value.Equal(value) })
}

// evaluation is a value of a player's polynomial at x = 1 … 80.
type evaluation struct {
	x     int
	value group.Scalar
	// from is where the value was opened, copy and item of vs; a nil copy
	// means that it was decrypted, and item is which of the queue.
	from *part.Player
	item int
}

// evaluations are values at distinct x.
type evaluations []evaluation

func (e evaluations) at(x int) bool {
	return slices.ContainsFunc(e, func(have evaluation) bool { return have.x == x })
}

// zero interpolates p(0) from exactly 41 evaluations.
func (e evaluations) zero(g group.Group) (group.Scalar, error) {
	xs, ys := make([]int, len(e)), make([]group.Scalar, len(e))
	for i, v := range e {
		xs[i], ys[i] = v.x, v.value
	}
	return group.InterpolateAtZero(g, xs, ys)
}

// playerSearch is the search for 41 evaluations of one player's polynomial, and
// for p(0).
type playerSearch struct {
	*Search
	copies    *Copies
	known     evaluations // opened values first, then decrypted ones
	doubtful  evaluations // opened values that are not proved to be right
	decrypted evaluations // all, at the x at which the file has them
	untried   *ciphertextQueue
	xByPoint  map[string]int // of the commitments G·p(x), as far as verifyOpenedValues believes them
}

// Share brings back a player's share: p(0), from the opened values and one more
// that is decrypted, checked against the player's commitment (docs/formats.md, section 2.4,
// step 1). A cheating player may have hidden a ciphertext that cannot be
// opened, or one that holds another value, among those that the proof did not
// open: then the next one is tried.
//
// Where that does not come out with the first value that could be decrypted,
// the opened values may be what is damaged: those that are not proved to be
// right are set aside, and decrypted in their place. Where two different sets of
// evaluations give the same p(0), and it fits no commitment, the commitment is
// what is damaged: the share is returned, and is not proved.
func (s *Search) Share(c *Copies) (*Share, error) {
	s.commit(c)
	p := &playerSearch{Search: s, copies: c, untried: c.queue()}
	defer func() {
		for _, e := range p.decrypted {
			e.value.Wipe()
		}
	}()
	p.openedValues()
	var err error
	for err == nil && len(p.known) < part.Needed {
		err = p.decryptNext()
	}
	if err != nil && err != errNoneLeft {
		return nil, err
	}
	if err == nil {
		if share := p.fitting(p.known); share != nil {
			return share, nil
		}
	}
	p.verifyOpenedValues()
	for {
		if share := p.interpolateConsistent(); share != nil {
			return share, nil
		}
		switch err := p.decryptNext(); {
		case err == errNoneLeft && s.Salvage && p.dropOpened():
		case err == errNoneLeft:
			return p.leftOver()
		case err != nil:
			return nil, err
		}
	}
}

// openedValues collects the opened values that are of the format, each at the
// position that the file gives it. Where the copies have several values at one
// position, the one that most of them have is taken for right; where as many
// have another, which is right is not known yet, and all are doubtful.
func (p *playerSearch) openedValues() {
	var at [part.Ciphertexts + 1]evaluations
	var votes [part.Ciphertexts + 1][]int
	for _, from := range p.copies.All {
		for i := range from.Vs.Items {
			x, value, err := from.OpenedAt(p.Group, i)
			if err != nil {
				continue
			}
			k := slices.IndexFunc(at[x], func(have evaluation) bool { return have.value.Equal(value) })
			if k < 0 {
				k = len(at[x])
				at[x], votes[x] = append(at[x], evaluation{x, value, from, i}), append(votes[x], 0)
			}
			votes[x][k]++
		}
	}
	for x := 1; x <= part.Ciphertexts; x++ {
		best, tied := mostVotes(votes[x])
		for k, e := range at[x] {
			if k == best && !tied && len(p.known) < part.Opened { // more are none of the format
				p.known = append(p.known, e)
			} else {
				p.doubtful = append(p.doubtful, e)
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

var errNoneLeft = errors.New("no ciphertext is left to be tried")

// decryptNext makes one more evaluation known. The error is errNoneLeft, or one
// of Decrypt that ends the search.
func (p *playerSearch) decryptNext() error {
	for {
		c := p.untried.next(p.withDoubtful()) // a doubtful value may be right
		if c == nil {
			c = p.untried.next(p.known)
		}
		if c == nil {
			return errNoneLeft
		}
		value, damage, err := p.open(c)
		if err != nil {
			return err
		}
		if damage != nil {
			p.untried.failed(c)
			p.Warnings.Item(p.copies.All[0], "es", c.position, "%v", damage)
			continue
		}
		e := evaluation{x: c.position + 1, value: value, item: c.number}
		p.decrypted = append(p.decrypted, e)
		if x := p.xOf(value); x != 0 {
			e.x = x
		}
		if p.known.at(e.x) {
			continue // of a list that lost an element, or of another player's
		}
		p.known = append(p.known, e)
		return nil
	}
}

// open decrypts a ciphertext. What is wrong with it is its damage; err ends the
// search.
func (p *playerSearch) open(c *ciphertext) (value group.Scalar, damage, err error) {
	encrypted, damage := c.text.Bytes()
	if damage != nil {
		return nil, damage, nil
	}
	plain, err := p.Decrypt(encrypted)
	if errors.Is(err, rsadecrypt.ErrDecrypt) {
		return nil, err, nil
	}
	if err != nil {
		return nil, nil, err
	}
	defer secret.Wipe(plain)
	value, damage = p.Group.ParseScalar(plain)
	return value, damage, nil
}
