package salvage

import (
	"bytes"
	"regexp"
	"slices"
	"strconv"

	"recover/pkg/shard/internal/part"
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
func usualSize(field string, point, ciphertext int) int {
	text := func(bytes int) int { return base64Size(bytes) + 2 }
	list := func(n, bytes int) int { return n*(text(bytes)+1) + 1 }
	switch field {
	case "public_key":
		return text(point)
	case "es":
		return list(part.Ciphertexts, ciphertext)
	case "ys":
		return list(part.Degree, point)
	case "vs", "rs":
		return list(part.Opened, part.SeedSize)
	case "combination":
		return 116
	case "key_share_commitments":
		return list(3, point) + 12
	case "nonce":
		return text(32)
	case "aux_data_wrapped_encryption_key":
		return text(ciphertext)
	case "aux_data_private_encrypted":
		return text(84)
	case "aux_data_public":
		return 30
	}
	return 8
}

// players reads the recovery data of versions 2 and 3.
func (r *reader) players(text []byte) {
	b := r.shard.Data
	b.Version = part.V3
	point, ciphertext := r.pointSize(text), r.ciphertextSize()
	all := fieldNames(text, dataField)
	if i := slices.IndexFunc(all, func(m fieldName) bool { return m.name == "recovery_data" }); i >= 0 {
		all = all[i+1:]
	}
	usual := usualFields
	if !slices.ContainsFunc(all, func(m fieldName) bool { return m.name == "player_count" }) {
		usual = slices.DeleteFunc(slices.Clone(usual), func(name string) bool { return name == "player_count" })
	}
	l := newLayout(text, all, usual, func(field string) int { return usualSize(field, point, ciphertext) })
	for _, t := range l.players(text, all) {
		p := &part.Player{Number: len(b.Players)}
		for _, m := range t.names {
			v, _ := t.value(text, m.name)
			small(p, m.name, v)
		}
		p.Es = t.list(text, "es", ciphertext, part.Ciphertexts)
		p.Ys = t.list(text, "ys", point, part.Degree)
		p.Vs = t.list(text, "vs", part.SeedSize, part.Opened)
		p.Rs = t.list(text, "rs", part.SeedSize, part.Opened)
		p.Commitments = t.commitments(text, point)
		p.Combination = t.combination(text)
		if left := r.tellLost(p); left > 0 {
			b.Players = append(b.Players, p)
		}
	}
	for _, p := range b.Players {
		if p.Count > 0 {
			b.Version = part.V2
		}
	}
}

// tellLost tells how much of a player's lists is lost, and returns how much is
// left.
func (r *reader) tellLost(p *part.Player) (left int) {
	for _, f := range []struct {
		name string
		list part.Blobs
	}{{"es", p.Es}, {"ys", p.Ys}, {"vs", p.Vs}, {"rs", p.Rs}} {
		lost := 0
		for _, text := range f.list.Items {
			if text == nil {
				lost++
			}
		}
		left += len(f.list.Items) - lost
		if lost > 0 {
			p.Faults.Field(p, f.name, "%d of %d elements are lost", lost, len(f.list.Items))
		}
	}
	if left += len(p.Commitments); left > 0 {
		r.shard.Lost = append(r.shard.Lost, p.Faults...)
	}
	return left
}

// small takes one of a player's small fields as far as it can be read.
func small(p *part.Player, name string, f value) {
	switch name {
	case "player_index":
		p.Index, p.HasIndex = f.number()
	case "player_count":
		p.Count, _ = f.number()
	case "threshold":
		p.Terms.Threshold, _ = f.number()
	case "sharing_type":
		p.Terms.Sharing = part.Sharing(f.text())
	case "public_key":
		p.PublicKey = f.blob()
	case "nonce":
		p.Nonce = f.blob()
	case "aux_data_public":
		p.AuxPublic = f.blob()
	case "aux_data_wrapped_encryption_key":
		p.AuxKey = f.blob()
	case "aux_data_private_encrypted":
		p.AuxData = f.blob()
	}
}

// combination reads the positions. They ascend: a number that does not is
// damaged, and one between two that leave it no choice is known all the same.
func (t *playerText) combination(text []byte) []int64 {
	v, ok := t.value(text, "combination")
	if !ok {
		from, to := t.around("combination")
		v = longestNumbers(text[from:to])
	}
	list, _, closed := bytes.Cut(bytes.TrimLeft(v, "[ "), []byte{']'})
	split := bytes.Split(list, []byte{','})
	all := make([]int64, part.Opened)
	for i := range all {
		all[i] = -1
	}
	take := func(to, from int) bool {
		n, err := strconv.ParseUint(string(bytes.TrimSpace(split[from])), 10, 8)
		if err != nil || n >= part.Ciphertexts {
			return len(split) == part.Opened // the next one is in its place in any case
		}
		all[to] = int64(n)
		return true
	}
	last := min(len(split), part.Opened)
	if !closed {
		last-- // it may have lost a digit
	}
	for i := 0; i < last && take(i, i); i++ {
	}
	if len(split) != part.Opened && closed {
		for i := 1; i <= last && take(part.Opened-i, len(split)-i); i++ {
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
	next := func(i, step int) (number int64, at int) { // the next that is known, before or after i
		for i += step; i >= 0 && i < len(all); i += step {
			if all[i] >= 0 {
				return all[i], i
			}
		}
		if i < 0 {
			return -1, i
		}
		return part.Ciphertexts, i
	}
	for i := range all {
		low, _ := next(i, -1)
		high, _ := next(i, +1)
		if all[i] >= 0 && low < high && (all[i] <= low || all[i] >= high) {
			all[i] = -1
		}
	}
	for i := range all {
		low, a := next(i, -1)
		high, b := next(i, +1)
		if all[i] < 0 && high-low == int64(b-a) {
			all[i] = low + int64(i-a)
		}
	}
	return all
}

// commitments reads the commitments of all players: by index, or in version 2 as
// a list.
func (t *playerText) commitments(text []byte, points int) map[int64]part.Blob {
	all := make(map[int64]part.Blob)
	if v, ok := t.value(text, "key_share_commitments"); ok && bytes.HasPrefix(v, []byte{'['}) {
		count := min(part.MaxPlayers, max(1, bytes.Count(v, []byte{','})))
		for i, c := range t.list(text, "key_share_commitments", points, count).Items {
			if c != nil {
				all[int64(i)] = c
			}
		}
		return all
	}
	from, to := t.around("key_share_commitments")
	l := newListReader(text[:to], points)
	for _, m := range aCommitment.FindAllSubmatchIndex(text[from:to], part.MaxPlayers) {
		n, err := strconv.ParseInt(string(text[from+m[2]:from+m[3]]), 10, 64)
		if c := l.at(from + m[1] - 1); err == nil && c != nil {
			all[n] = c
		}
	}
	return all
}
