package shard_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"

	sandbox "recover/fixtures"
)

// span is a range of bytes.
type span struct{ from, to int }

// wreckage is a copy of a backup that is destroyed piece by piece, and knows
// what it lost. All places are those of the file before bytes went missing.
type wreckage struct {
	rng  *rand.Rand
	k    *sandbox.Key
	v1   bool
	data sandbox.RecoveryData // fields and elements are damaged here

	done   []string        // what was done, for people
	gone   map[string]bool // paths of fields that were removed or are of a wrong type
	inner  []byte          // the recovery data
	ranges map[string]span // in it: values by path, names by path and "#"
	env    []byte
	fields map[string]span // in env
	begin  int             // of the recovery data's base64 in env
	outer  []byte

	hitEnv, hitInner []bool // bytes that are not what they were
	away             []bool // of outer: missing
	hitOuter         []bool
	awayUpTo         []int        // by byte of inner, how many characters before it are missing
	seen             []byte       // inner as it is now, but for what is missing
	nextName         map[int]span // by where the value before it ends
}

func newWreckage(rng *rand.Rand, k *sandbox.Key) *wreckage {
	text, err := json.Marshal(k.Shards[0].Data)
	if err != nil {
		panic(err)
	}
	w := &wreckage{rng: rng, k: k, v1: k.Shards[0].Data.Version == "1.0.0", gone: make(map[string]bool)}
	if err := json.Unmarshal(text, &w.data); err != nil {
		panic(err)
	}
	return w
}

// noise replaces bytes by others.
func (w *wreckage) noise(b []byte) {
	for i := range b {
		b[i] ^= byte(1 + w.rng.IntN(255))
	}
}

// fieldDamage damages one thing of one player.
func (w *wreckage) fieldDamage() {
	a := w.rng.IntN(len(w.data.Players))
	p := w.data.Players[a]
	lists := []*[][]byte{&p.Es, &p.Es, &p.Vs, &p.Rs, &p.Ys}
	if w.v1 {
		lists = []*[][]byte{&p.Es, &p.Vs}
	}
	list := lists[w.rng.IntN(len(lists))]
	if len(*list) < 2 {
		return
	}
	i, j := w.rng.IntN(len(*list)), w.rng.IntN(len(*list))
	what := w.rng.IntN(13)
	w.done = append(w.done, fmt.Sprintf("field %d of %d", what, a))
	switch what {
	case 0, 1, 2:
		w.noise((*list)[i])
	case 3:
		(*list)[i] = nil
	case 4:
		for range w.rng.IntN(20) {
			if b := (*list)[w.rng.IntN(len(*list))]; len(b) > 0 {
				w.noise(b[:1])
			}
		}
	case 5:
		(*list)[i], (*list)[j] = (*list)[j], (*list)[i]
	case 6:
		if !w.v1 && w.rng.IntN(3) == 0 {
			*list = slices.Delete(*list, i, i+1)
		}
	case 7:
		p.Combination[w.rng.IntN(40)] = int64(w.rng.IntN(90) - 5)
	case 8:
		w.noise(p.Nonce)
	case 9:
		p.Threshold = w.rng.IntN(5)
	case 10:
		w.noise(p.Commitments[strconv.Itoa(w.rng.IntN(len(w.data.Players)))])
	case 11:
		if !w.v1 {
			p.Index = w.rng.IntN(5)
		}
	case 12:
		name := []string{"es", "ys", "vs", "rs", "combination", "key_share_commitments", "nonce", "curve", "player_index", "public_key"}[w.rng.IntN(10)]
		if w.v1 {
			name = []string{"commitment", "values", "encrypted_values"}[w.rng.IntN(3)]
		}
		w.gone[fmt.Sprintf("%d/%s", a, name)] = true
	}
}

// order is that of the fields in the backups that were seen; the sandbox has
// another.
var order = []string{
	"version", "player_index", "player_count", "threshold", "sharing_type", "curve", "public_key", "es", "ys", "vs", "rs",
	"key_share_commitments", "combination", "nonce", "aux_data_public", "aux_data_private_encrypted", "aux_data_wrapped_encryption_key",
}

// encode writes the file. From here on it is text that is damaged.
func (w *wreckage) encode() {
	s := *w.k.Shards[0]
	s.Data = w.data
	file, err := s.Encode()
	if err != nil {
		panic(err)
	}
	w.env, _ = base64.StdEncoding.DecodeString(string(file))
	w.fields = spans(w.env)
	data := w.fields["partialRecoveryDataHex"]
	w.inner, _ = base64.StdEncoding.DecodeString(string(w.env[data.from+1 : data.to-1]))
	w.rewrite()
	w.ranges = spans(w.inner)
	w.begin = data.from + 1
	w.env = slices.Concat(w.env[:w.begin], base64.StdEncoding.AppendEncode(nil, w.inner), w.env[data.to-1:])
	w.fields = spans(w.env)
	w.outer = base64.StdEncoding.AppendEncode(nil, w.env)
	w.hitEnv, w.hitInner = make([]bool, len(w.env)), make([]bool, len(w.inner))
	w.hitOuter, w.away = make([]bool, len(w.outer)), make([]bool, len(w.outer))
}

// rewrite takes away the fields that are gone, and brings the others into
// another order.
func (w *wreckage) rewrite() {
	list, inOrder := "recovery_data", order
	if w.v1 {
		list, inOrder = "key_parts", []string{"commitment", "values", "encrypted_values"}
	}
	if len(w.gone) == 0 && w.rng.IntN(2) == 0 {
		return
	}
	var all map[string]json.RawMessage
	var players []map[string]json.RawMessage
	if err := json.Unmarshal(w.inner, &all); err != nil {
		panic(err)
	}
	if err := json.Unmarshal(all[list], &players); err != nil {
		panic(err)
	}
	var texts []string
	for a, p := range players {
		var fields []string
		for _, name := range inOrder {
			value, has := p[name]
			if w.gone[fmt.Sprintf("%d/%s", a, name)] {
				value, has = json.RawMessage([]string{"17", "null", "{}", `"?"`}[w.rng.IntN(4)]), w.rng.IntN(2) == 0
			}
			if has {
				fields = append(fields, strconv.Quote(name)+":"+string(value))
			}
		}
		texts = append(texts, "{"+strings.Join(fields, ",")+"}")
	}
	text := slices.Index(w.inner, '[')
	end := bytes.LastIndexByte(w.inner, ']')
	w.inner = slices.Concat(w.inner[:text+1], []byte(strings.Join(texts, ",")), w.inner[end:])
}

// spans returns where each value is, by its path; and where its name is.
func spans(text []byte) map[string]span {
	all := make(map[string]span)
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	var walk func(path string) span
	next := func() (json.Token, span) {
		from := int(dec.InputOffset())
		for strings.IndexByte(",: ", text[from]) >= 0 {
			from++
		}
		t, err := dec.Token()
		if err != nil {
			panic(err)
		}
		return t, span{from, int(dec.InputOffset())}
	}
	walk = func(path string) span {
		t, at := next()
		if d, ok := t.(json.Delim); ok {
			for n := 0; dec.More(); n++ {
				child := path + "/" + strconv.Itoa(n)
				if d == '{' {
					name, named := next()
					child = path + "/" + name.(string)
					all[strings.TrimPrefix(child, "/")+"#"] = named
				}
				walk(child)
			}
			_, end := next()
			at.to = end.to
		}
		all[strings.TrimPrefix(path, "/")] = at
		return at
	}
	walk("")
	return all
}

// textDamage damages the file's text, or that of the recovery data in it.
func (w *wreckage) textDamage() {
	data := w.fields["partialRecoveryDataHex"]
	inside := w.rng.IntN(3) == 0
	n := len(w.outer)
	if inside {
		n = data.to - 1 - w.begin
	}
	put := func(i int, c byte) {
		if inside {
			w.putInner(i, c)
		} else {
			w.putOuter(i, c)
		}
	}
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	from := w.rng.IntN(n)
	length := 1 + w.rng.IntN(1+n>>(1+w.rng.IntN(9)))
	to := min(n, from+length)
	kind := w.rng.IntN(9)
	w.done = append(w.done, fmt.Sprintf("text %d at %d of %d, %d long, inside %v", kind, from, n, to-from, inside))
	switch kind {
	case 0, 1:
		for i := from; i < to; i++ {
			put(i, 0)
		}
	case 2:
		for i := from; i < to; i++ {
			put(i, byte(w.rng.IntN(256)))
		}
	case 3:
		for i := from; i < to; i++ {
			put(i, alphabet[w.rng.IntN(64)])
		}
	case 4:
		for range w.rng.IntN(1 << w.rng.IntN(9)) {
			put(w.rng.IntN(n), '!')
		}
	case 5:
		for range w.rng.IntN(1 << w.rng.IntN(9)) {
			put(w.rng.IntN(n), alphabet[w.rng.IntN(64)])
		}
	case 6: // cut off
		for i := len(w.outer) - w.rng.IntN(len(w.outer)*2/3); i < len(w.outer); i++ {
			w.takeAway(i)
		}
	case 7: // a block is missing
		from = w.rng.IntN(len(w.outer))
		for i := from; i < min(len(w.outer), from+length); i++ {
			w.takeAway(i)
		}
	case 8: // a field's name
		var names []string
		for path := range w.ranges {
			if strings.HasSuffix(path, "#") {
				names = append(names, path)
			}
		}
		slices.Sort(names)
		at := w.ranges[names[w.rng.IntN(len(names))]]
		for i := at.from * 4 / 3; i <= at.to*4/3; i++ {
			w.putInner(i, '?')
		}
	}
}

func (w *wreckage) putOuter(i int, c byte) {
	if w.outer[i] == c {
		return
	}
	w.outer[i] = c
	w.hitOuter[i] = true
	if c == ' ' || c == '\t' || c == '\r' || c == '\n' {
		w.away[i] = true // white space is passed over
	}
	for e := i * 6 / 8; e <= (i*6+5)/8; e++ {
		w.hitEnvelope(e)
	}
}

func (w *wreckage) hitEnvelope(e int) {
	if e >= len(w.env) {
		return
	}
	w.hitEnv[e] = true
	if q := e - w.begin; q >= 0 {
		for b := q * 6 / 8; b <= (q*6+5)/8 && b < len(w.inner); b++ {
			w.hitInner[b] = true
		}
	}
}

func (w *wreckage) takeAway(i int) {
	w.putOuter(i, 0)
	w.hitOuter[i] = true
	w.away[i] = true
}

// putInner puts a character into the base64 of the recovery data, and that into
// the file, unless the file is damaged there.
func (w *wreckage) putInner(q int, c byte) {
	e := w.begin + q
	if e >= len(w.env) || w.env[e] == c {
		return
	}
	w.env[e] = c
	w.hitEnvelope(e)
	quad := e / 3 * 4
	fresh := base64.StdEncoding.EncodeToString(w.env[e/3*3 : min(len(w.env), e/3*3+3)])
	for i := range fresh {
		if !w.hitOuter[quad+i] {
			w.outer[quad+i] = fresh[i]
		}
	}
}

func (w *wreckage) file() []byte {
	var file []byte
	for i, c := range w.outer {
		if !w.away[i] {
			file = append(file, c)
		}
	}
	return file
}
