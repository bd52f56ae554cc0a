package shard_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"slices"
	"strconv"
	"strings"

	sandbox "recover/fixtures"
	"recover/pkg/shard"
)

// The oracle says how much of a backup is left in its damaged copies. It knows
// the valid backup and what was destroyed, and nothing of how a salvage reads.

func untouched(hit []bool, s span) bool { return !slices.Contains(hit[s.from:s.to], true) }

// list returns the path of a player's field.
func (w *wreckage) path(player int, field string) string {
	list := "recovery_data"
	if w.v1 {
		list = "key_parts"
	}
	return fmt.Sprintf("%s/%d/%s", list, player, field)
}

// holds tells whether the text of the value is the valid one. Of a string, that
// is all between the quotes.
func (w *wreckage) holds(path string, valid []byte) bool {
	s, ok := w.ranges[path]
	if !ok || s.to-s.from < 2 {
		return false
	}
	if w.inner[s.from] == '"' {
		s = span{s.from + 1, s.to - 1}
	}
	return bytes.Equal(w.inner[s.from:s.to], valid) && untouched(w.hitInner, s)
}

func b64(b []byte) []byte { return base64.StdEncoding.AppendEncode(nil, b) }

// settle is called when all damage is done.
func (w *wreckage) settle() {
	w.awayUpTo = make([]int, len(w.inner)+1)
	for b := range w.inner {
		n := 0
		for q := b * 8 / 6; q <= (b*8+7)/6; q++ {
			for c := (w.begin + q) * 8 / 6; c <= ((w.begin+q)*8+7)/6 && c < len(w.away); c++ {
				if w.away[c] {
					n++
				}
			}
		}
		w.awayUpTo[b+1] = w.awayUpTo[b] + n
	}
	env := decoded(w.outer, w.away)
	w.seen = decoded(env[w.begin:w.fields["partialRecoveryDataHex"].to-1], nil)
	w.nextName = make(map[int]span)
	for path, s := range w.ranges {
		if strings.HasSuffix(path, "#") {
			w.nextName[s.from-1] = s
		}
	}
}

// decoded decodes base64 with '?' for every byte that a character which is none,
// or is away, was part of.
func decoded(text []byte, away []bool) []byte {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="
	clean := bytes.Clone(text)
	for i, c := range text {
		if strings.IndexByte(alphabet, c) < 0 || away != nil && away[i] {
			clean[i] = '?'
		}
	}
	all := make([]byte, 0, len(text))
	for i := 0; i+4 <= len(clean); i += 4 {
		b, err := base64.StdEncoding.DecodeString(string(clean[i : i+4]))
		if err != nil {
			b = []byte("???")
			for k := range 3 {
				pair := []byte("AAAA")
				copy(pair[k:], clean[i+k:i+k+2])
				if one, err := base64.StdEncoding.DecodeString(string(pair)); err == nil && len(one) == 3 {
					b[k] = one[k]
				}
			}
		}
		all = append(all, b...)
	}
	return all
}

// missing tells whether anything of the recovery data is missing from one place
// to another.
func (w *wreckage) missing(from, to int) bool { return w.awayUpTo[to] > w.awayUpTo[from] }

// placed tells whether it is certain where in its list an element is. Where
// nothing is missing, it is in any case. Else what is in front of the element
// has to be whole back to the beginning of the list, or what follows to its end:
// text that lacks a block could have lacked it anywhere, and any number of
// elements with it.
func (w *wreckage) placed(player int, field string, at span) bool {
	if !w.missing(0, at.to) {
		return true
	}
	name, list := w.ranges[w.path(player, field)+"#"], w.ranges[w.path(player, field)]
	if untouched(w.hitInner, span{name.from, list.from + 1}) && !w.missing(name.from, at.to) {
		return true
	}
	end := min(len(w.inner), list.to+2)
	if next, ok := w.nextName[list.to]; ok {
		end = next.to
	}
	return untouched(w.hitInner, span{list.to - 1, end}) && !w.missing(at.from, end)
}

// element tells whether element j of a player's list is whole, at its place.
func (w *wreckage) element(player int, field string, j int, valid []byte) bool {
	path := w.path(player, field) + "/" + strconv.Itoa(j)
	at := w.ranges[path]
	return w.holds(path, b64(valid)) && w.placed(player, field, at) && !w.moved(player, field, j)
}

// moved tells whether an element of another length, null, moves the others: if
// it is not whole, those behind it; if the list's name is not, so that they are
// counted from the end, those in front of it. An element that was removed does
// the same, and leaves no trace.
func (w *wreckage) moved(player int, field string, j int) bool {
	name, list := w.ranges[w.path(player, field)+"#"], w.ranges[w.path(player, field)]
	named := untouched(w.hitInner, span{name.from, list.from + 1})
	length := map[string]int{"es": 80}[field]
	if length == 0 {
		length = 40
	}
	if _, ok := w.ranges[fmt.Sprintf("%s/%d", w.path(player, field), length-1)]; !ok && !named {
		return true
	}
	for i := range 80 {
		at, ok := w.ranges[w.path(player, field)+"/"+strconv.Itoa(i)]
		if ok && at.to-at.from == len("null") && (i < j && !untouched(w.hitInner, at) || i > j && !named) {
			return true
		}
	}
	return false
}

// byX tells whether an element of version 1.0.0 is whole. Its name is its x:
// objects have no order. Where text is missing in front of it, a name of its
// part has to be left after that.
func (w *wreckage) byX(player int, field string, x int, valid []byte) bool {
	path := w.path(player, field) + "/" + strconv.Itoa(x)
	name, at := w.ranges[path+"#"], w.ranges[path]
	if !w.holds(path, b64(valid)) || !untouched(w.hitInner, span{name.from, at.from + 1}) {
		return false
	}
	if !w.missing(0, at.to) {
		return true
	}
	for _, mark := range []string{"commitment", "values", "encrypted_values"} {
		s := w.ranges[w.path(player, mark)+"#"]
		if s.to > 0 && s.to <= at.from && untouched(w.hitInner, s) && !w.missing(s.from, at.to) {
			return true
		}
	}
	return false
}

// isSpliced tells whether the text between a player and the one before or after
// it is missing: then two players look like one, of whom a part says something
// else, and no copy tells which part that is.
func (w *wreckage) isSpliced(player int) bool {
	for _, n := range []int{player, player + 1} {
		begin, ok := w.ranges[strings.TrimSuffix(w.path(n, ""), "/")]
		if n > 0 && ok && w.missing(begin.from-2, begin.from+2) {
			return true
		}
	}
	return false
}

// linked returns the copies of which it can be seen that they have parts of the
// same player as the first: by an index that is whole in both, or by anything
// that they have in common.
func linked(k *sandbox.Key, player int, copies []*wreckage) []*wreckage {
	of := copies[:1:1]
	for _, w := range copies[1:] {
		if w.indexed(player) && copies[0].indexed(player) || w.meets(copies[0], k, player) {
			of = append(of, w)
		}
	}
	return of
}

func (w *wreckage) indexed(player int) bool {
	if w.v1 {
		return !w.missing(0, len(w.inner)) // its index is its place
	}
	at := w.ranges[w.path(player, "player_index")]
	name := w.ranges[w.path(player, "player_index")+"#"]
	return at.to > 0 && string(w.inner[at.from:at.to]) == strconv.Itoa(player) && untouched(w.hitInner, span{name.from, at.to + 1})
}

// meets tells whether anything that only this player has is whole in both.
func (w *wreckage) meets(other *wreckage, k *sandbox.Key, player int) bool {
	was := k.Shards[0].Data.Players[player]
	for field, list := range map[string][][]byte{"es": was.Es, "ys": was.Ys, "vs": was.Vs, "rs": was.Rs} {
		for j, b := range list {
			if !w.v1 && w.element(player, field, j, b) && other.element(player, field, j, b) {
				return true
			}
			if w.v1 && field == "es" && w.byX(player, "encrypted_values", j+1, b) && other.byX(player, "encrypted_values", j+1, b) {
				return true
			}
		}
	}
	return false
}

// isLeft tells whether the share of a player must come back.
func isLeft(k *sandbox.Key, player int, copies []*wreckage) bool {
	if slices.ContainsFunc(copies, func(w *wreckage) bool { return w.isSpliced(player) }) {
		return false
	}
	for n := range copies {
		first := append(slices.Clone(copies[n:]), copies[:n]...)
		if leftOf(k, player, linked(k, player, first)).enough() {
			return true
		}
	}
	return false
}

// public tells whether the copy says the master public key: without it, nothing
// shows that it is of the same wallet key as the others, and nothing that comes
// out of it alone could be proved. whole is whether the shard itself does.
func (w *wreckage) public(k *sandbox.Key) (says, whole bool) {
	root, name := w.fields["walletRootPublicKeyPkixBase64"], w.fields["walletRootPublicKeyPkixBase64#"]
	whole = untouched(w.hitEnv, span{name.from, root.to})
	if w.v1 {
		return whole || untouched(w.hitInner, w.ranges["public_key"]) && untouched(w.hitInner, w.ranges["public_key#"]), whole
	}
	says = whole
	for i, p := range k.Shards[0].Data.Players {
		path := w.path(i, "public_key")
		says = says || w.holds(path, b64(p.PublicKey)) && untouched(w.hitInner, w.ranges[path+"#"])
	}
	return says, whole
}

// mustRebuild tells whether enough is left.
func mustRebuild(k *sandbox.Key, spec sandbox.Spec, copies []*wreckage, accepted []bool) bool {
	var usable []*wreckage
	for n, w := range copies {
		says, whole := w.public(k)
		// A valid file with another key in it is another key's.
		if recovery := w.fields["recoveryPublicKeyHex"]; accepted[n] && (!whole || !untouched(w.hitEnv, recovery)) {
			return false
		}
		if says {
			usable = append(usable, w)
		}
	}
	enough := 0
	for i := range spec.Players {
		if isLeft(k, i, usable) {
			enough++
		}
	}
	wanted := spec.Players
	if spec.Sharing == shard.Shamir {
		wanted = spec.Threshold + 1
	}
	return enough >= wanted
}
