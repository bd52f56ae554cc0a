package shard

import (
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
	item  int // which of the opened values it is; -1: it was decrypted
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

// share brings back a player's share of the master key: p(0), from the opened
// values and one more that is decrypted, checked against the player's
// commitment (spec, section 4, step 1). A cheating player may have hidden a
// ciphertext that cannot be opened, or one that holds another value, among
// those that the proof did not open: then the next one is tried.
//
// Where that does not come out with the first value that could be decrypted,
// the opened values may be what is damaged. So those that are not proved to be
// right are dropped, and decrypted in their place.
func (r *rebuilder) share(p *player) (group.Scalar, error) {
	targets := r.commitmentsOf(p)
	if len(targets) == 0 {
		return nil, inField("key_share_commitments", errors.New("the player's own is missing or damaged"))
	}
	d := &decryption{rebuilder: r, player: p, known: r.openedValues(p)}
	defer d.wipe()
	sifted := false
	for {
		if err := d.fill(); err != nil {
			return nil, err
		}
		value, err := d.candidate(targets)
		if value != nil || err != nil {
			return value, err
		}
		if !sifted {
			sifted = true
			if d.sift() > 0 {
				continue
			}
		}
		d.dropLast()
	}
}

// commitmentsOf returns what a player's share times G has to be: as the player
// says, and where another player's copy says otherwise, that too. A wrong one
// does no harm, because the key is proved by its public key in the end.
func (r *rebuilder) commitmentsOf(p *player) []group.Point {
	var distinct []group.Point
	for _, q := range append([]*player{p}, r.shard.data.players...) {
		c, err := decodePoint(r.group, q.commitments[p.index])
		if err == nil && !containsPoint(distinct, c) {
			distinct = append(distinct, c)
		}
	}
	return distinct
}

func containsPoint(points []group.Point, p group.Point) bool {
	for _, have := range points {
		if have.Equal(p) {
			return true
		}
	}
	return false
}

// openedValues returns the opened values that are of the format, each at the
// position that the file gives it. A position that is there twice is left out
// both times: which of the two is right is not known.
func (r *rebuilder) openedValues(p *player) evaluations {
	var known evaluations
	times := make(map[int]int)
	for i := range opened {
		if c, err := p.position(i); err == nil {
			times[c]++
		}
	}
	for i := range opened {
		c, err := p.position(i)
		if err != nil || times[c] > 1 {
			continue
		}
		if value, err := p.value(r.group, i); err == nil {
			known = append(known, evaluation{c + 1, value, i})
		}
	}
	return known
}

// decryption is the search for 41 evaluations of one player's polynomial.
type decryption struct {
	*rebuilder
	player    *player
	known     evaluations // opened values first, then decrypted ones
	decrypted evaluations // all that were decrypted, to be wiped
	tried     [ciphertexts]bool
}

func (d *decryption) wipe() {
	for _, e := range d.decrypted {
		e.value.Wipe()
	}
}

// fill decrypts until there are 41 evaluations. No error but
// ReasonKeySource means that there are.
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
			d.warnings.item(d.player, "es", j, "%v", err)
			continue
		}
		e := evaluation{j + 1, value, -1}
		d.known, d.decrypted = append(d.known, e), append(d.decrypted, e)
	}
	return nil
}

func (d *decryption) open(j int) (group.Scalar, error) {
	ciphertext, err := d.player.es.bytes(j)
	if err != nil {
		return nil, err
	}
	plain, err := d.decrypt(ciphertext)
	if err != nil {
		return nil, err
	}
	defer secret.Wipe(plain)
	return d.group.ParseScalar(plain)
}

// candidate interpolates p(0) and returns it if it fits a commitment.
func (d *decryption) candidate(targets []group.Point) (group.Scalar, error) {
	value, err := d.known[:needed].zero(d.group)
	if err != nil {
		return nil, err
	}
	if containsPoint(targets, d.group.NewPoint().BaseMul(value)) {
		return value, nil
	}
	value.Wipe()
	return nil, nil
}

// sift drops the opened values that are not proved to be right, and returns
// how many it dropped. The proof is public: encrypted again, the value gives
// the ciphertext; or where the seed is lost, it fits its commitment.
func (d *decryption) sift() (dropped int) {
	enc, err := rsadecrypt.NewSeededEncrypter(d.shard.recoveryKey, d.label)
	if err != nil {
		return 0
	}
	proved := make(map[int]bool)
	for i := range opened {
		c, err := d.player.position(i)
		if err != nil {
			continue
		}
		if fits, err := d.player.refits(enc, d.group, i); err == nil && fits || d.committed(i, c) {
			proved[c+1] = true
		}
	}
	kept := make(evaluations, 0, len(d.known))
	for _, e := range d.known {
		if e.item < 0 || proved[e.x] {
			kept = append(kept, e)
			continue
		}
		dropped++
		d.warnings.item(d.player, "vs", e.item, "damaged")
	}
	d.known = kept
	return dropped
}

// committed tells whether opened value i fits the commitment at x = c+1.
func (d *decryption) committed(i, c int) bool {
	b, err := d.player.ys.bytes(c)
	if err != nil {
		return false
	}
	y, err := d.group.ParsePoint(b)
	if err != nil {
		return false
	}
	value, err := d.player.value(d.group, i)
	return err == nil && d.group.NewPoint().BaseMul(value).Equal(y)
}

// dropLast gives up the value that was decrypted last: the others fitted no
// better, and this one may be what a cheating player hid.
func (d *decryption) dropLast() {
	last := len(d.known) - 1
	d.warnings.item(d.player, "es", d.known[last].x-1, "holds another value than the player committed to")
	d.known = d.known[:last]
}
