package interp

import (
	"slices"

	"recover/pkg/shard/internal/part"
)

// ciphertext is one of a player's ciphertexts, which one copy or several hold.
type ciphertext struct {
	number     int // in the queue
	text       part.Blob
	position   int   // 0 … 79; where copies place it differently, where most do
	in, at     []int // which copies, and at which position each has it
	outvoted   bool  // another copy has another at this position, and as many hold that
	tried      bool
	inComplete bool // a list that lost no element has it
}

// ciphertextQueue says in which order a player's ciphertexts are decrypted, at
// most 80 of them: a valid backup has no more, and damaged copies of it may
// have eight times as many. Those come first that no copy contradicts or that
// most have; then those of the copy of which the fewest did not open, because
// damage comes in stretches and in media; each group in the order of the file.
type ciphertextQueue struct {
	all     []*ciphertext
	bad     []int // how many did not open, by copy
	left    int
	anchors map[string]int // the positions of ciphertexts of which a proof tells it
}

// maxDecryptions is how many private operations one player may cost.
const maxDecryptions = part.Ciphertexts

func (c *Copies) queue() *ciphertextQueue {
	q := &ciphertextQueue{bad: make([]int, len(c.All)), left: maxDecryptions}
	if len(c.All) == 1 { // nearly always
		es, first := c.All[0].Es.Items, []int{0}
		made := make([]ciphertext, 0, len(es))
		for j, text := range es {
			if len(text) > 0 {
				made = append(made, ciphertext{number: len(made), text: text, position: j, in: first, inComplete: len(es) == part.Ciphertexts})
				q.all = append(q.all, &made[len(made)-1])
			}
		}
		return q
	}
	byText := make(map[string]*ciphertext)
	for j := range part.Ciphertexts {
		for n, p := range c.All {
			if j >= len(p.Es.Items) || len(p.Es.Items[j]) == 0 {
				continue
			}
			text := p.Es.Items[j]
			e := byText[string(text)]
			if e == nil {
				e = &ciphertext{number: len(q.all), text: text}
				byText[string(text)] = e
				q.all = append(q.all, e)
			}
			e.in, e.at = append(e.in, n), append(e.at, j)
		}
	}
	most := make(map[int][]int) // by position, how many copies hold each
	for _, e := range q.all {
		e.setPosition(c)
		most[e.position] = append(most[e.position], len(e.in))
	}
	for _, e := range q.all {
		same := 0
		for _, n := range most[e.position] {
			if n >= len(e.in) {
				same++
			}
		}
		e.outvoted = same > 1
	}
	return q
}

// setPosition takes the position of lists that are complete, if it is in one.
func (e *ciphertext) setPosition(c *Copies) {
	var complete []int
	for k, n := range e.in {
		if len(c.All[n].Es.Items) == part.Ciphertexts {
			complete = append(complete, e.at[k])
		}
	}
	if e.position, e.inComplete = mostCommon(e.at), len(complete) > 0; e.inComplete {
		e.position = mostCommon(complete)
	}
}

func mostCommon(positions []int) int {
	count := func(j int) (n int) {
		for _, k := range positions {
			if k == j {
				n++
			}
		}
		return n
	}
	return slices.MaxFunc(positions, func(a, b int) int { return count(a) - count(b) })
}

// anchor notes the position of a ciphertext that a proof tells.
func (q *ciphertextQueue) anchor(text string, position int) {
	if q.anchors == nil {
		q.anchors = make(map[string]int)
	}
	q.anchors[text] = position
}

// realign moves the ciphertexts of lists that lost elements: as far as those of
// which the position is proved, before and after them.
func (q *ciphertextQueue) realign(copies *Copies) {
	if len(q.anchors) == 0 {
		return
	}
	position := make(map[string]int)
	for _, p := range copies.All {
		shift := 0
		for j, text := range p.Es.Items {
			if at, ok := q.anchors[string(text)]; ok && at >= j {
				shift = at - j
			}
			position[string(text)] = min(j+shift, part.Ciphertexts-1)
		}
	}
	for _, c := range q.all {
		if !c.inComplete {
			c.position = position[string(c.text)]
		}
	}
}

// complete tells whether all that was decrypted is of lists that lost no
// element: of others, all may be at a wrong x, and agree with each other.
func (q *ciphertextQueue) complete(all evaluations) bool {
	return !slices.ContainsFunc(all, func(e evaluation) bool { return e.from == nil && !q.all[e.item].inComplete })
}

// next returns the ciphertext that is tried next, at an x that is not known
// yet, or nil.
func (q *ciphertextQueue) next(known evaluations) *ciphertext {
	var best *ciphertext
	for _, c := range q.all {
		if !c.tried && (best == nil || q.before(c, best)) && !known.at(c.position+1) {
			best = c
		}
	}
	if best == nil || q.left == 0 {
		return nil
	}
	best.tried = true
	q.left--
	return best
}

func (q *ciphertextQueue) before(a, b *ciphertext) bool {
	if a.outvoted != b.outvoted {
		return b.outvoted
	}
	return q.failures(a) < q.failures(b)
}

// failures returns how many ciphertexts of the best copy that holds c did not
// open.
func (q *ciphertextQueue) failures(c *ciphertext) int {
	least := q.bad[c.in[0]]
	for _, n := range c.in {
		least = min(least, q.bad[n])
	}
	return least
}

func (q *ciphertextQueue) failed(c *ciphertext) {
	for _, n := range c.in {
		q.bad[n]++
	}
}
