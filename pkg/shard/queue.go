package shard

import "slices"

// ciphertext is one of a player's ciphertexts, which one copy or several hold.
type ciphertext struct {
	number     int // in the queue
	text       blob
	position   int   // 0 … 79; where copies place it differently, where most do
	in         []int // which copies
	outvoted   bool  // another copy has another at this position, and as many hold that
	tried      bool
	inComplete bool // a list that lost no element has it
}

// ciphertextQueue says in which order a player's ciphertexts are decrypted, at
// most 80 of them: a sound backup has no more, and damaged copies of it may
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
const maxDecryptions = ciphertexts

func (p *part) queue() *ciphertextQueue {
	q := &ciphertextQueue{bad: make([]int, len(p.copies)), left: maxDecryptions}
	if len(p.copies) == 1 { // nearly always
		es, first := p.copies[0].es.items, []int{0}
		made := make([]ciphertext, 0, len(es))
		for j, text := range es {
			if len(text) > 0 {
				made = append(made, ciphertext{number: len(made), text: text, position: j, in: first, inComplete: len(es) == ciphertexts})
				q.all = append(q.all, &made[len(made)-1])
			}
		}
		return q
	}
	byText := make(map[string]*ciphertext)
	places := make(map[*ciphertext][]int)
	for j := range ciphertexts {
		for n, p := range p.copies {
			if j >= len(p.es.items) || len(p.es.items[j]) == 0 {
				continue
			}
			text := p.es.items[j]
			c := byText[string(text)]
			if c == nil {
				c = &ciphertext{text: text}
				byText[string(text)] = c
				q.all = append(q.all, c)
			}
			c.in, places[c] = append(c.in, n), append(places[c], j)
		}
	}
	for n, c := range q.all {
		c.number = n
		c.place(p, places[c])
	}
	most := make(map[int][]int) // by position, how many copies hold each
	for _, c := range q.all {
		most[c.position] = append(most[c.position], len(c.in))
	}
	for _, c := range q.all {
		same := 0
		for _, n := range most[c.position] {
			if n >= len(c.in) {
				same++
			}
		}
		c.outvoted = same > 1
	}
	return q
}

// place takes the position of lists that are complete, if it is in one.
func (c *ciphertext) place(p *part, places []int) {
	var complete []int
	for k, n := range c.in {
		if len(p.copies[n].es.items) == ciphertexts {
			complete = append(complete, places[k])
		}
	}
	c.inComplete = len(complete) > 0
	if c.inComplete {
		places = complete
	}
	c.position = mostCommon(places)
}

func mostCommon(places []int) int {
	count := func(j int) (n int) {
		for _, k := range places {
			if k == j {
				n++
			}
		}
		return n
	}
	return slices.MaxFunc(places, func(a, b int) int { return count(a) - count(b) })
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
func (q *ciphertextQueue) realign(p *part) {
	if len(q.anchors) == 0 {
		return
	}
	position := make(map[string]int)
	for _, c := range p.copies {
		shift := 0
		for j, text := range c.es.items {
			if at, ok := q.anchors[string(text)]; ok && at >= j {
				shift = at - j
			}
			position[string(text)] = min(j+shift, ciphertexts-1)
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
	for _, e := range all {
		if e.from == nil && !q.all[e.item].inComplete {
			return false
		}
	}
	return true
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
