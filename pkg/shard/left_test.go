package shard_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"slices"
	"strconv"

	sandbox "recover/fixtures"
)

// left is what is left of one player.
type left struct {
	sure      map[int]bool           // x of ciphertexts, and of values that public data proves
	maybe     map[int]bool           // x of values that nothing proves
	misplaced int                    // ciphertexts that open, but are at another's place
	wrong     int                    // values that may be taken for valid, or at another x
	proved    map[int]bool           // x of values that public data proves
	spoilt    map[int]map[string]int // ciphertexts that may be taken for valid, and in how many copies, by position
	votes     map[int]int            // in how many copies the valid ciphertext is, by position
}

// leftOf counts what all copies have of a player.
func leftOf(k *sandbox.Key, player int, copies []*wreckage) *left {
	l := &left{sure: make(map[int]bool), maybe: make(map[int]bool), proved: make(map[int]bool),
		spoilt: make(map[int]map[string]int), votes: make(map[int]int)}
	was := k.Shards[0].Data.Players[player]
	ys := make(map[int]bool)
	own := false
	for _, w := range copies {
		for i, y := range was.Ys {
			if !w.v1 && len(w.data.Players[player].Ys) == len(was.Ys) && w.element(player, "ys", i, y) {
				ys[i] = true
			}
		}
		own = own || !w.v1 && w.holds(w.path(player, "key_share_commitments")+"/"+strconv.Itoa(player), b64(was.Commitments[strconv.Itoa(player)]))
	}
	for _, w := range copies {
		for j, e := range was.Es {
			if w.v1 && w.byX(player, "encrypted_values", j+1, e) || !w.v1 && w.element(player, "es", j, e) {
				l.sure[j+1] = true
				l.votes[j]++
			} else {
				w.spoil(l, player, j)
			}
			if now := w.data.Players[player].Es; j < len(now) && !bytes.Equal(now[j], e) && slices.ContainsFunc(was.Es, func(other []byte) bool { return bytes.Equal(other, now[j]) }) {
				l.misplaced++
			}
		}
	}
	for _, w := range copies { // which commitment is its own shows by its index
		own = own && w.indexed(player)
	}
	if own && len(ys) == len(was.Ys) { // the commitments tell the place of every value
		l.misplaced = 0
	}
	for _, w := range copies {
		for i, c := range was.Combination {
			w.opened(l, player, i, int(c)+1, was.Vs[i], int(c) < 40 && ys[int(c)], own && len(ys) == len(was.Ys))
		}
	}
	return l
}

// opened counts an opened value: it is proved where its commitment is whole, or
// all commitments are, from which the others follow. (With its ciphertext, it
// counts as that.) Without, its position has to be whole.
func (w *wreckage) opened(l *left, player, i, x int, value []byte, committed, follows bool) {
	if w.v1 {
		if w.byX(player, "values", x, value) {
			l.maybe[x] = true
		} else {
			l.wrong++
		}
		return
	}
	if !w.element(player, "vs", i, value) {
		l.wrong++
		return
	}
	c := w.path(player, "combination")
	at := w.ranges[fmt.Sprintf("%s/%d", c, i)]
	switch {
	case committed || follows:
		l.sure[x], l.proved[x] = true, true
	case at.to > 0 && string(w.inner[at.from:at.to]) == strconv.Itoa(x-1) &&
		untouched(w.hitInner, span{at.from - 1, at.to + 1}) && w.placed(player, "combination", at):
		l.maybe[x] = true
	default:
		l.wrong++
	}
}

// spoil counts a ciphertext that is not the valid one but still looks like one.
func (w *wreckage) spoil(l *left, player, j int) {
	path := w.path(player, "es") + "/" + strconv.Itoa(j)
	if w.v1 {
		path = w.path(player, "encrypted_values") + "/" + strconv.Itoa(j+1)
	}
	s, ok := w.ranges[path]
	if !ok || s.to-s.from < 100 {
		return
	}
	text := w.seen[s.from+1 : s.to-1]
	if b, err := base64.StdEncoding.DecodeString(string(text)); err == nil && len(b) == small.Size() {
		if l.spoilt[j] == nil {
			l.spoilt[j] = make(map[string]int)
		}
		l.spoilt[j][string(text)]++
	}
}

// contested tells whether as many copies have a spoilt ciphertext at a position
// as have the valid one.
func (l *left) contested(j int) bool {
	for _, n := range l.spoilt[j] {
		if n >= l.votes[j] {
			return true
		}
	}
	return false
}

// affordable tells whether 80 private operations are certain to be enough: the
// spoilt ciphertexts cannot be told from valid ones, so all of them may have to
// be tried; unless there is one for each position that most copies agree on.
func (l *left) affordable() bool {
	spoilt, agreed := 0, 0
	for j := range 80 {
		spoilt += len(l.spoilt[j])
		if l.proved[j+1] || l.sure[j+1] && !l.contested(j) {
			agreed++
		}
	}
	return spoilt <= 80-41 || agreed >= 41+2*l.misplaced
}

// enough tells whether the share must come back. Values that nothing proves
// help while what is right among them outweighs what may be wrong: beyond half
// the distance, the code of 80 evaluations has no one decoding. A
// wrong one may also stand in the place of a right one, so it weighs double.
func (l *left) enough() bool {
	all := len(l.maybe)
	for x := range l.sure {
		if !l.maybe[x] {
			all++
		}
	}
	return l.affordable() && (len(l.sure) >= 41+2*l.misplaced || all >= 41+2*(l.wrong+l.misplaced))
}
