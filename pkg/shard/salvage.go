package shard

import (
	"bytes"
	"crypto/rsa"
	"encoding/hex"
	"fmt"
	"regexp"
	"strconv"

	"recover/internal/bom"
	"recover/internal/group"
	"recover/pkg/rsadecrypt"
)

// ParseSalvage reads what can be read of a shard that Parse refuses: one that
// is cut off, has stretches of noise in it, or lacks some. It guesses at the
// structure, so it is for the last copy there is; what a rebuild makes of the
// result still has the public key that the shard names. key is the recovery key
// that is available: it is taken for the shard's where the shard no longer says
// which it is; nil refuses such a shard. It returns what was lost.
func ParseSalvage(file []byte, key *rsa.PublicKey) (*Shard, []Fault, error) {
	s, sound := Parse(file)
	if sound == nil {
		return s, nil, nil
	}
	w := readDamaged(file, key)
	if w == nil || w.shard.recoveryKey == nil {
		return nil, nil, sound
	}
	return w.shard, w.lost, nil
}

// DamagedMasterKeys returns every master public key that a damaged file names,
// if so much of it can be read that a key might be rebuilt from it; else none.
func DamagedMasterKeys(file []byte) []group.Point {
	w := readDamaged(file, nil)
	if w == nil || w.shard.Players() < 2 {
		return nil
	}
	if t := w.shard.Terms(); t.Sharing == Shamir && int64(w.shard.Players()) <= t.Threshold {
		return nil
	}
	return w.shard.NamedMasterKeys()
}

// readDamaged returns what can be read of a damaged shard, or nil if there is no
// player in it or no master public key. key may be nil.
func readDamaged(file []byte, key *rsa.PublicKey) *wreck {
	if len(file) > MaxFileSize {
		return nil
	}
	text, replaced := mend(withoutSpace(file))
	w := &wreck{key: key, shard: &Shard{recoveryKey: key, data: &backup{hasPlayers: true}}}
	if replaced > 0 {
		w.lost.add(Fault{Problem: fmt.Sprintf("%d characters are not base64 of JSON", replaced)})
	}
	w.envelope(text)
	if len(w.shard.data.players) == 0 || !w.publicKey() {
		return nil
	}
	return w
}

// wreck is a damaged shard that is being read.
type wreck struct {
	key    *rsa.PublicKey
	shard  *Shard
	lost   faults
	layout *layout
}

func withoutSpace(text []byte) []byte {
	packed := make([]byte, 0, len(text))
	for _, c := range bom.Trim(text) {
		if c != ' ' && c != '\t' && c != '\r' && c != '\n' {
			packed = append(packed, c)
		}
	}
	return packed
}

var (
	envelopeField = regexp.MustCompile(`"(index|recoveryPublicKeyHex|partialRecoveryDataHex|walletRootPublicKeyPkixBase64|walletPublicKeyBase64|keyAlgorithm|mpcAlgorithm|keyType)"\s*:\s*`)
	aNumber       = regexp.MustCompile(`^-?[0-9]{1,18}`)
	// anSPKI is the base64 of a SubjectPublicKeyInfo of either curve.
	anSPKI = regexp.MustCompile(`MFYwEAYHKoZIzj0CAQYFK4EEAAoDQgAE[A-Za-z0-9+/]{86}==|MDYwEAYHKoZIzj0CAQYFK4EEAAoDIgA[CD][A-Za-z0-9+/]{44}|MCowBQYDK2VwAyEA[A-Za-z0-9+/]{43}=`)
)

// found is all that stands between a field's name and the next one.
type found struct{ value []byte }

// text returns the string that a value is, up to the quote that closes it.
func (f found) text() string {
	if len(f.value) == 0 || f.value[0] != '"' {
		return ""
	}
	s, _, closed := bytes.Cut(f.value[1:], []byte{'"'})
	if !closed {
		return ""
	}
	return string(s)
}

// blob returns the string that a value is, if it is base64.
func (f found) blob() blob {
	b := blob(f.text())
	if _, err := b.bytes(); err != nil {
		return nil
	}
	return b
}

func (f found) number() (int64, bool) {
	n, err := strconv.ParseInt(string(aNumber.Find(f.value)), 10, 64)
	return n, err == nil
}

func (w *wreck) envelope(text []byte) {
	all := marks(text, envelopeField)
	var data, longest []byte
	begin := 0
	for i := range len(all) + 1 {
		end := len(text)
		if i < len(all) {
			end = all[i].at
		}
		if end-begin > len(longest) {
			longest = text[begin:end]
		}
		if i > 0 {
			f := found{text[begin:end]}
			w.envelopeField(all[i-1].name, f)
			if all[i-1].name == "partialRecoveryDataHex" {
				data = f.value
			}
		}
		if i < len(all) {
			begin = all[i].end
		}
	}
	if len(data) < len(longest) { // its name is lost, and it is most of the file
		data = longest
	}
	w.data(bytes.Trim(data, "\", }"))
	if w.shard.root == nil {
		if spki := anSPKI.Find(text[max(0, len(text)-1000):]); spki != nil {
			w.shard.group, w.shard.root, _ = parsePublicKey(string(spki))
		}
	}
}

func (w *wreck) envelopeField(name string, f found) {
	s := w.shard
	switch name {
	case "index":
		if n, ok := f.number(); ok && n >= 0 && n < 1<<16 {
			s.index = int(n)
		}
	case "recoveryPublicKeyHex":
		if pub, err := rsadecrypt.ParsePublicKey([]byte(f.text())); err == nil && !w.resembles(f.text()) {
			s.recoveryKey = pub
		} else if err != nil {
			w.lost.add(Fault{Field: name, Problem: "lost; taken to be the recovery key at hand"})
		}
	case "walletRootPublicKeyPkixBase64":
		if g, p, err := parsePublicKey(f.text()); err == nil {
			s.group, s.root = g, p
		}
	case "walletPublicKeyBase64":
		if _, p, err := parsePublicKey(f.text()); err == nil {
			s.wallet = p
		} else if f.text() != "" {
			w.lost.add(Fault{Field: name, Problem: "lost: the wallet key cannot be compared with it"})
		}
	}
}

// resembles tells whether the hex text is of the recovery key at hand, but for
// some damage: of two keys, a digit in sixteen is the same.
func (w *wreck) resembles(text string) bool {
	if w.key == nil {
		return false
	}
	own := hex.EncodeToString(rsadecrypt.MarshalPublicKey(w.key))
	if len(text) != len(own) {
		return false
	}
	same := 0
	for i := range own {
		if own[i] == text[i] {
			same++
		}
	}
	return same > len(own)/2
}

// usualKeySize is the size of an RSA-4096 ciphertext, in bytes.
const usualKeySize = 512

// ciphertextSize returns the size of the ciphertexts, in bytes: that of the
// usual recovery key where the shard does not say which it is for.
func (s *Shard) ciphertextSize() int {
	if s.recoveryKey == nil {
		return usualKeySize
	}
	return s.recoveryKey.Size()
}

// publicKey makes sure that there is a master public key to prove a rebuild
// by: the one that most of the file says, and in doubt the shard.
func (w *wreck) publicKey() bool {
	s := w.shard
	votes := make(map[string]int)
	vote := func(g group.Group, p group.Point, n int) {
		name := string(p.Bytes())
		if votes[name] += n; s.root == nil || votes[name] > votes[string(s.root.Bytes())] {
			s.group, s.root = g, p
		}
	}
	if s.root != nil {
		votes[string(s.root.Bytes())] = 1
	} else {
		w.lost.add(Fault{Field: "walletRootPublicKeyPkixBase64", Problem: "lost; the players' public_key is taken"})
	}
	for _, p := range s.data.players {
		raw, err := p.publicKey.bytes()
		if err != nil {
			continue
		}
		if g, point, err := group.ParsePublicKey(raw); err == nil {
			vote(g, point, 1)
		}
	}
	if s.wallet != nil { // an ED25519 wallet's key is the master
		if g, _, err := group.ParsePublicKey(s.wallet.Bytes()); err == nil && g == group.Edwards25519 {
			vote(g, s.wallet, 1)
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
	for _, p := range s.data.players {
		p.terms.Curve = s.group.Name() // there is no other choice
		p.terms.Version = s.data.version
	}
	return true
}

// data reads the recovery data, in base64: what is none in it is damage.
func (w *wreck) data(value []byte) {
	text, replaced := mend(value)
	if replaced > 0 {
		w.lost.add(Fault{Field: "partialRecoveryDataHex", Problem: fmt.Sprintf("%d characters are not base64 of JSON", replaced)})
	}
	if len(partNames.FindAll(text, -1)) > len(playerNames.FindAll(text, -1)) {
		w.parts1(text)
	} else {
		w.players(text)
	}
}

// pointSize returns the size of the points in the text, in bytes.
func (w *wreck) pointSize(text []byte) int {
	if w.shard.group != nil {
		return w.shard.group.PointSize()
	}
	if spki := anSPKI.Find(text); spki != nil {
		if g, _, err := parsePublicKey(string(spki)); err == nil {
			return g.PointSize()
		}
	}
	secp := group.Secp256k1.PointSize()
	e := elements{text: text, size: (secp + 2) / 3 * 4, bytes: secp}
	if len(e.whole(0)) > 0 {
		return secp
	}
	return group.Edwards25519.PointSize()
}
