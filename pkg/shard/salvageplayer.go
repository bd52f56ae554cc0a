package shard

import (
	"bytes"
	"regexp"
	"slices"
	"strconv"
)

// usualFields are the fields of a player in versions 2 and 3, in their usual
// order.
var usualFields = []string{
	"version", "player_index", "player_count", "threshold", "sharing_type", "curve", "public_key", "es", "ys",
	"vs", "rs", "key_share_commitments", "combination", "nonce", "aux_data_public", "aux_data_private_encrypted", "aux_data_wrapped_encryption_key",
}

var (
	dataField   = regexp.MustCompile(`"(recovery_data|version|player_index|player_count|threshold|sharing_type|curve|public_key|es|ys|vs|rs|combination|nonce|key_share_commitments|aux_data_public|aux_data_wrapped_encryption_key|aux_data_private_encrypted)"\s*:\s*`)
	playerNames = regexp.MustCompile(`"(player_index|es|ys|vs|rs|combination|nonce|key_share_commitments)"\s*:`)
	aCommitment = regexp.MustCompile(`"([0-9]{1,3})"\s*:\s*"`)
)

// usualSize returns about how long the value of a field is.
func (w *wreck) usualSize(points int) func(field string) int {
	text := func(bytes int) int { return (bytes+2)/3*4 + 2 }
	list := func(n, bytes int) int { return n*(text(bytes)+1) + 1 }
	return func(field string) int {
		switch field {
		case "public_key":
			return text(points)
		case "es":
			return list(ciphertexts, w.shard.ciphertextSize())
		case "ys":
			return list(degree, points)
		case "vs", "rs":
			return list(opened, seedSize)
		case "combination":
			return 116
		case "key_share_commitments":
			return list(3, points) + 12
		case "nonce":
			return text(32)
		case "aux_data_wrapped_encryption_key":
			return text(w.shard.ciphertextSize())
		case "aux_data_private_encrypted":
			return text(84)
		case "aux_data_public":
			return 30
		}
		return 8
	}
}

// players reads the recovery data of versions 2 and 3.
func (w *wreck) players(text []byte) {
	b := w.shard.data
	b.version = version3
	points := w.pointSize(text)
	all := marks(text, dataField)
	if i := slices.IndexFunc(all, func(m mark) bool { return m.name == "recovery_data" }); i >= 0 {
		all = all[i+1:]
	}
	usual := usualFields
	if !slices.ContainsFunc(all, func(m mark) bool { return m.name == "player_count" }) {
		usual = slices.DeleteFunc(slices.Clone(usual), func(name string) bool { return name == "player_count" })
	}
	w.layout = newLayout(text, all, usual, w.usualSize(points))
	for _, f := range w.layout.allFrames(text, all) {
		p := &player{place: len(b.players)}
		for _, m := range f.marks {
			value, _ := f.value(text, m.name)
			p.salvage(m.name, value)
		}
		p.es = f.list(text, "es", w.shard.ciphertextSize(), ciphertexts)
		p.ys = f.list(text, "ys", points, degree)
		p.vs = f.list(text, "vs", seedSize, opened)
		p.rs = f.list(text, "rs", seedSize, opened)
		p.commitments = f.commitments(text, points)
		p.combination = f.combination(text)
		if left := w.tellLost(p); left > 0 {
			b.players = append(b.players, p)
		}
	}
	for _, p := range b.players {
		if p.count > 0 {
			b.version = version2
		}
	}
}

// tellLost tells how much of a player's lists is lost, and returns how much is
// left.
func (w *wreck) tellLost(p *player) (left int) {
	for _, f := range []struct {
		name string
		list blobs
	}{{"es", p.es}, {"ys", p.ys}, {"vs", p.vs}, {"rs", p.rs}} {
		lost := 0
		for _, text := range f.list.items {
			if text == nil {
				lost++
			}
		}
		left += len(f.list.items) - lost
		if lost > 0 {
			p.faults.field(p, f.name, "%d of %d elements are lost", lost, len(f.list.items))
		}
	}
	if left += len(p.commitments); left > 0 {
		w.lost = append(w.lost, p.faults...)
	}
	return left
}

// salvage takes one of a player's small fields as far as it can be read.
func (p *player) salvage(name string, f found) {
	switch name {
	case "player_index":
		p.index, p.hasIndex = f.number()
	case "player_count":
		p.count, _ = f.number()
	case "threshold":
		p.terms.Threshold, _ = f.number()
	case "sharing_type":
		p.terms.Sharing = Sharing(f.text())
	case "public_key":
		p.publicKey = f.blob()
	case "nonce":
		p.nonce = f.blob()
	case "aux_data_public":
		p.auxPublic = f.blob()
	case "aux_data_wrapped_encryption_key":
		p.auxKey = f.blob()
	case "aux_data_private_encrypted":
		p.auxData = f.blob()
	}
}

// combination reads the positions. They ascend: a number that does not is
// damaged, and one between two that leave it no choice is known all the same.
func (f *frame) combination(text []byte) []int64 {
	value, ok := f.value(text, "combination")
	if !ok {
		from, to := f.around("combination")
		value.value = longestNumbers(text[from:to])
	}
	list, _, closed := bytes.Cut(bytes.TrimLeft(value.value, "[ "), []byte{']'})
	split := bytes.Split(list, []byte{','})
	all := make([]int64, opened)
	for i := range all {
		all[i] = -1
	}
	take := func(to, from int) bool {
		n, err := strconv.ParseUint(string(bytes.TrimSpace(split[from])), 10, 8)
		if err != nil || n >= ciphertexts {
			return len(split) == opened // the next one is in its place in any case
		}
		all[to] = int64(n)
		return true
	}
	last := min(len(split), opened)
	if !closed {
		last-- // it may have lost a digit
	}
	for i := 0; i < last && take(i, i); i++ {
	}
	if len(split) != opened && closed {
		for i := 1; i <= last && take(opened-i, len(split)-i); i++ {
		}
	}
	return ascending(all)
}

// longestNumbers returns the longest stretch of digits and commas.
func longestNumbers(text []byte) (best []byte) {
	for _, run := range bytes.FieldsFunc(text, func(c rune) bool { return c != ',' && c != ']' && (c < '0' || c > '9') }) {
		if len(run) > len(best) {
			best = run
		}
	}
	return best
}

// ascending forgets numbers that are out of order, and fills gaps that can be
// filled in one way only.
func ascending(all []int64) []int64 {
	before := func(i int) (int64, int) {
		for i--; i >= 0; i-- {
			if all[i] >= 0 {
				return all[i], i
			}
		}
		return -1, -1
	}
	after := func(i int) (int64, int) {
		for i++; i < len(all); i++ {
			if all[i] >= 0 {
				return all[i], i
			}
		}
		return ciphertexts, len(all)
	}
	for i := range all {
		low, _ := before(i)
		high, _ := after(i)
		if all[i] >= 0 && low < high && (all[i] <= low || all[i] >= high) {
			all[i] = -1
		}
	}
	for i := range all {
		low, a := before(i)
		high, b := after(i)
		if all[i] < 0 && high-low == int64(b-a) {
			all[i] = low + int64(i-a)
		}
	}
	return all
}

// commitments reads the commitments of all players: by index, or in version 2 as
// a list.
func (f *frame) commitments(text []byte, points int) map[int64]blob {
	all := make(map[int64]blob)
	if value, ok := f.value(text, "key_share_commitments"); ok && bytes.HasPrefix(value.value, []byte{'['}) {
		count := min(MaxPlayers, max(1, bytes.Count(value.value, []byte{','})))
		for i, c := range f.list(text, "key_share_commitments", points, count).items {
			if c != nil {
				all[int64(i)] = c
			}
		}
		return all
	}
	from, to := f.around("key_share_commitments")
	e := elements{text: text[:to], size: (points + 2) / 3 * 4, bytes: points}
	for _, m := range aCommitment.FindAllSubmatchIndex(text[from:to], MaxPlayers) {
		n, err := strconv.ParseInt(string(text[from+m[2]:from+m[3]]), 10, 64)
		if c := e.at(from + m[1] - 1); err == nil && c != nil {
			all[n] = c
		}
	}
	return all
}
