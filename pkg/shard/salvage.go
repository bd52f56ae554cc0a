package shard

import (
	"bytes"
	"crypto/rsa"
	"encoding/base64"
	"fmt"
	"regexp"
	"strconv"

	"recover/internal/group"
	"recover/pkg/rsadecrypt"
)

// ParseSalvage reads what can be read of a shard that Parse refuses: one that
// is cut off, or has stretches of noise in it. It guesses at the structure, so
// it is for the last copy there is; whatever a rebuild makes of the result is as
// proved as ever. key is the recovery key at hand, taken for the shard's where
// the shard no longer says which it is. It returns what was lost. Backups of
// version 1.0.0 are not read.
//
// It never trusts an offset: base64 is decoded with 'A' in the place of what is
// none, and fields are found by their names.
func ParseSalvage(file []byte, key *rsa.PublicKey) (*Shard, []Fault, error) {
	s, sound := Parse(file)
	if sound == nil {
		return s, nil, nil
	}
	if len(file) > MaxFileSize {
		return nil, nil, sound
	}
	text, replaced := mendBase64(withoutSpace(file))
	w := &wreck{key: key, shard: new(Shard)}
	if replaced > 0 {
		w.lost.add(Fault{Problem: fmt.Sprintf("%d characters are not base64", replaced)})
	}
	w.envelope(text)
	if len(w.shard.data.players) == 0 || !w.publicKey() {
		return nil, nil, sound
	}
	return w.shard, w.lost, nil
}

// wreck is a damaged shard that is being read.
type wreck struct {
	key   *rsa.PublicKey
	shard *Shard
	lost  faults
}

func withoutSpace(text []byte) []byte { return bytes.Join(bytes.Fields(text), nil) }

// mendBase64 decodes base64 in which characters were destroyed, each in its
// place.
func mendBase64(text []byte) (decoded []byte, replaced int) {
	mended := make([]byte, 0, len(text))
	for i, c := range text {
		switch {
		case c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '+' || c == '/':
			mended = append(mended, c)
		case c == '=' && i >= len(text)-2:
			// padding, at the end
		default:
			mended = append(mended, 'A')
			replaced++
		}
	}
	if len(mended)%4 == 1 {
		mended = mended[:len(mended)-1] // half a byte, of a file that is cut off
	}
	decoded, err := base64.RawStdEncoding.AppendDecode(nil, mended)
	if err != nil {
		panic(err) // only characters of the alphabet are left
	}
	return decoded, replaced
}

var (
	envelopeField = regexp.MustCompile(`"(index|recoveryPublicKeyHex|partialRecoveryDataHex|walletRootPublicKeyPkixBase64|walletPublicKeyBase64|keyAlgorithm|mpcAlgorithm|keyType)"\s*:\s*`)
	dataField     = regexp.MustCompile(`"(recovery_data|version|player_index|player_count|threshold|sharing_type|curve|public_key|es|ys|vs|rs|combination|nonce|key_share_commitments|aux_data_public|aux_data_wrapped_encryption_key|aux_data_private_encrypted)"\s*:\s*`)
	aNumber       = regexp.MustCompile(`^-?[0-9]{1,18}`)
	aCommitment   = regexp.MustCompile(`"([0-9]{1,3})"\s*:\s*"([^"]*)"`)
)

// found is a field with all that stands between its name and the next one.
type found struct {
	name       string
	value      []byte
	opensAfter bool // an object is opened between this field and the next
}

// fields finds the fields of a text by their names.
func fields(text []byte, names *regexp.Regexp) []found {
	at := names.FindAllSubmatchIndex(text, -1)
	all := make([]found, len(at))
	for i, m := range at {
		end := len(text)
		if i+1 < len(at) {
			end = at[i+1][0]
		}
		value := text[m[1]:end]
		rest := value[min(len(value), 1):]
		all[i] = found{string(text[m[2]:m[3]]), value, bytes.ContainsRune(rest, '{')}
	}
	return all
}

// text returns the string that a value is, up to the quote that closes it.
func (f found) text() string {
	if len(f.value) == 0 || f.value[0] != '"' {
		return ""
	}
	s, _, _ := bytes.Cut(f.value[1:], []byte{'"'})
	return string(s)
}

func (f found) number() (int64, bool) {
	n, err := strconv.ParseInt(string(aNumber.Find(f.value)), 10, 64)
	return n, err == nil
}

func (w *wreck) envelope(text []byte) {
	w.shard.data = new(backup)
	w.shard.recoveryKey = w.key
	hasData := false
	for _, f := range fields(text, envelopeField) {
		switch f.name {
		case "index":
			if n, ok := f.number(); ok && n >= 0 && n < 1<<16 {
				w.shard.index = int(n)
			}
		case "recoveryPublicKeyHex":
			if pub, err := rsadecrypt.ParsePublicKey([]byte(f.text())); err == nil {
				w.shard.recoveryKey = pub
			} else {
				w.lost.add(Fault{Field: f.name, Problem: "lost; taken to be the recovery key at hand"})
			}
		case "partialRecoveryDataHex":
			hasData = true
			w.data(stringBody(f.value))
		case "walletRootPublicKeyPkixBase64":
			if g, p, err := parsePublicKey(f.text()); err == nil {
				w.shard.group, w.shard.root = g, p
			}
		case "walletPublicKeyBase64":
			w.shard.wallet = nil
			if _, p, err := parsePublicKey(f.text()); err == nil {
				w.shard.wallet = p
			} else if f.text() != "" {
				w.lost.add(Fault{Field: f.name, Problem: "lost: the wallet key cannot be compared with it"})
			}
		}
	}
	if !hasData {
		w.data(nameless(text))
	}
}

// stringBody returns what is between the quotes of a value of which the content
// may be damaged: the quote that ends it is the last one.
func stringBody(value []byte) []byte {
	value = bytes.TrimPrefix(value, []byte{'"'})
	if end := bytes.LastIndexByte(value, '"'); end >= 0 && len(bytes.Trim(value[end:], "\", }\r\n\t")) == 0 {
		return value[:end]
	}
	return value
}

// nameless finds the recovery data when its name is lost: at the one of the
// four ways to group the characters in which most fields show.
func nameless(text []byte) (best []byte) {
	if end := envelopeField.FindIndex(text); end != nil {
		text = stringBody(text[:end[0]])
	}
	most := 0
	for shift := range min(4, len(text)) {
		decoded, _ := mendBase64(text[shift:])
		if n := len(dataField.FindAllIndex(decoded, -1)); n > most {
			most, best = n, text[shift:]
		}
	}
	return best
}

// publicKey makes sure that there is a master public key to prove a rebuild
// by: the shard's, or else the one that most players have.
func (w *wreck) publicKey() bool {
	s := w.shard
	if s.root == nil {
		w.lost.add(Fault{Field: "walletRootPublicKeyPkixBase64", Problem: "lost; the players' public_key is taken"})
		votes := make(map[string]int)
		for _, p := range s.data.players {
			raw, err := p.publicKey.bytes()
			if err != nil || len(raw) == 0 {
				continue
			}
			g, point, err := group.ParsePublicKey(raw)
			if votes[string(raw)]++; err == nil && votes[string(raw)] > votes[""] {
				s.group, s.root, votes[""] = g, point, votes[string(raw)]
			}
		}
	}
	if s.root == nil {
		return false
	}
	if s.wallet != nil { // of the other curve it would be noise that happens to parse
		if g, _, err := group.ParsePublicKey(s.wallet.Bytes()); err != nil || g != s.group {
			s.wallet = nil
		}
	}
	if s.data.version != version2 {
		s.data.version = version3
	}
	for _, p := range s.data.players {
		p.terms.Curve = s.group.Name() // there is no other choice
		if p.terms.Version == "" {
			p.terms.Version = s.data.version
		}
	}
	return true
}

// data reads the recovery data, in base64: what is none in it is damage.
func (w *wreck) data(value []byte) {
	text, replaced := mendBase64(value)
	if replaced > 0 {
		w.lost.add(Fault{Field: "partialRecoveryDataHex", Problem: fmt.Sprintf("%d characters are not base64", replaced)})
	}
	b := w.shard.data
	b.hasPlayers = true
	var p *player
	var seen map[string]bool
	inPlayers := !bytes.Contains(text, []byte("recovery_data"))
	opens := inPlayers
	for _, f := range fields(text, dataField) {
		switch {
		case f.name == "recovery_data":
			inPlayers, opens = true, true
			continue
		case !inPlayers:
			if f.name == "version" {
				b.version = f.text()
			}
			continue
		}
		if p == nil || opens || seen[f.name] {
			if len(b.players) == MaxPlayers {
				return
			}
			p, seen = &player{place: len(b.players)}, make(map[string]bool)
			b.players = append(b.players, p)
		}
		seen[f.name] = true
		p.salvage(f)
		opens = f.opensAfter && f.name != "key_share_commitments" || bytes.Contains(f.value, []byte("},{"))
	}
}

// salvage takes one field of a player as far as it can be read.
func (p *player) salvage(f found) {
	switch f.name {
	case "version":
		p.terms.Version = f.text()
	case "player_index":
		p.index, p.hasIndex = f.number()
	case "player_count":
		p.count, _ = f.number()
	case "threshold":
		p.terms.Threshold, _ = f.number()
	case "sharing_type":
		p.terms.Sharing = Sharing(f.text())
	case "curve":
		p.terms.Curve = f.text()
	case "public_key":
		p.publicKey = blob(f.text())
	case "es":
		p.es = f.list(ciphertexts)
	case "ys":
		p.ys = f.list(degree)
	case "vs":
		p.vs = f.list(opened)
	case "rs":
		p.rs = f.list(opened)
	case "combination":
		p.combination = f.numbers()
	case "nonce":
		p.nonce = blob(f.text())
	case "key_share_commitments":
		p.commitments = f.commitments()
	case "aux_data_public":
		p.auxPublic = blob(f.text())
	case "aux_data_wrapped_encryption_key":
		p.auxKey = blob(f.text())
	case "aux_data_private_encrypted":
		p.auxData = blob(f.text())
	}
}

// list reads a list of strings, which are all of one length in the format: so
// where one begins follows from where the first begins, and damage in one does
// not move the others.
func (f found) list(limit int) blobs {
	first := bytes.IndexByte(f.value, '"')
	if first < 0 {
		return blobs{}
	}
	size, stride := commonStride(f.value[first:])
	if stride == 0 {
		return blobs{}
	}
	var b blobs
	for start := first + 1; start < len(f.value) && len(b.items) < limit; start += stride {
		end := min(start+size, len(f.value))
		b.items = append(b.items, blob(f.value[start:end]))
	}
	if end := bytes.LastIndexByte(f.value, ']'); end >= 0 {
		for len(b.items) > 0 && first+1+(len(b.items)-1)*stride >= end {
			b.items = b.items[:len(b.items)-1]
		}
	}
	b.count = len(b.items)
	return b
}

// commonStride finds how long most of the quoted strings are, and how far their
// beginnings are apart.
func commonStride(list []byte) (size, stride int) {
	votes := make(map[[2]int]int)
	var quotes []int
	for i, c := range list {
		if c == '"' {
			quotes = append(quotes, i)
		}
	}
	best := [2]int{}
	for i := 0; i+2 < len(quotes); i++ {
		v := [2]int{quotes[i+1] - quotes[i] - 1, quotes[i+2] - quotes[i]}
		if v[0] < 20 { // from the end of one to the beginning of the next
			continue
		}
		if votes[v]++; votes[v] > votes[best] {
			best = v
		}
	}
	if best[1] == 0 && len(quotes) >= 2 {
		return quotes[1] - 1, quotes[1] + 2 // one string, or what is left of it
	}
	return best[0], best[1]
}

func (f found) numbers() []int64 {
	value, _, _ := bytes.Cut(bytes.TrimPrefix(f.value, []byte{'['}), []byte{']'})
	var all []int64
	for text := range bytes.SplitSeq(value, []byte{','}) {
		n, err := strconv.ParseInt(string(bytes.TrimSpace(text)), 10, 64)
		if err != nil {
			n = -1
		}
		if all = append(all, n); len(all) == opened {
			break
		}
	}
	return all
}

func (f found) commitments() map[int64]blob {
	all := make(map[int64]blob)
	if bytes.HasPrefix(f.value, []byte{'['}) {
		for i, c := range f.list(MaxPlayers).items {
			all[int64(i)] = c
		}
		return all
	}
	for _, m := range aCommitment.FindAllSubmatch(f.value, MaxPlayers) {
		if n, err := strconv.ParseInt(string(m[1]), 10, 64); err == nil {
			all[n] = blob(m[2])
		}
	}
	return all
}
