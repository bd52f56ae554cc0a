// Package salvage reads what is left of a damaged shard file: one that is cut
// off, has stretches of noise in it, or lacks some. It guesses at the structure
// of the text, and nothing that it returns is certain: what package shard makes
// of it still has to have the public key that the shard names.
//
// The way of the text: decodeLossyBase64 undoes both layers of base64; the names
// of fields that are whole tell where everything else is (layout.go); what is
// there is read player by player (player.go, version1.go), and long lists
// element by element (list.go).
package salvage

import (
	"bytes"
	"crypto/rsa"
	"encoding/hex"
	"fmt"
	"regexp"
	"strconv"

	"recover/internal/group"
	"recover/internal/plaintext"
	"recover/pkg/rsadecrypt"
	"recover/pkg/shard/internal/part"
)

// Shard is what is left of a shard.
type Shard struct {
	Index       int
	RecoveryKey *rsa.PublicKey // nil where neither the shard nor the caller names one
	Group       group.Group
	Root        group.Point // the master public key
	Wallet      group.Point // nil where the shard has none
	Data        *part.Backup
	Lost        part.Faults
}

// Read returns what can be read of a damaged shard, or nil if there is no player
// in it or no master public key. key is the recovery key that is available, and
// may be nil: it is taken for the shard's where the shard no longer says which
// it is. The caller limits the size of the file.
func Read(file []byte, key *rsa.PublicKey) *Shard {
	text, replaced := decodeLossyBase64(withoutSpace(file))
	r := &reader{key: key, shard: &Shard{RecoveryKey: key, Data: new(part.Backup)}}
	if replaced > 0 {
		r.shard.Lost.Add(part.Fault{Problem: fmt.Sprintf("%d characters are not base64 of JSON", replaced)})
	}
	r.envelope(text)
	if len(r.shard.Data.Players) == 0 || !r.publicKey() {
		return nil
	}
	return r.shard
}

// reader is the reading of one damaged shard.
type reader struct {
	key   *rsa.PublicKey
	shard *Shard
}

func withoutSpace(text []byte) []byte {
	packed := make([]byte, 0, len(text))
	for _, c := range plaintext.TrimMark(text) {
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

// value is all the text between a field's name and the next one.
type value []byte

// text returns the string that a value is, up to the quote that closes it.
func (v value) text() string {
	if len(v) == 0 || v[0] != '"' {
		return ""
	}
	s, _, closed := bytes.Cut(v[1:], []byte{'"'})
	if !closed {
		return ""
	}
	return string(s)
}

// blob returns the string that a value is, if it is base64.
func (v value) blob() part.Blob {
	b := part.Blob(v.text())
	if _, err := b.Bytes(); err != nil {
		return nil
	}
	return b
}

func (v value) number() (int64, bool) {
	n, err := strconv.ParseInt(string(aNumber.Find(v)), 10, 64)
	return n, err == nil
}

// envelope reads the outer JSON object.
func (r *reader) envelope(text []byte) {
	var data, longest []byte
	field := fieldName{} // in front of the first, nothing has a name
	for _, next := range append(fieldNames(text, envelopeField), fieldName{at: len(text)}) {
		v := text[field.end:next.at]
		if len(v) > len(longest) {
			longest = v
		}
		if field.name == "partialRecoveryDataHex" {
			data = v
		}
		r.envelopeField(field.name, v)
		field = next
	}
	if len(data) < len(longest) { // its name is lost, and it is most of the file
		data = longest
	}
	r.data(bytes.Trim(data, "\", }"))
	if r.shard.Root == nil {
		if spki := anSPKI.Find(text[max(0, len(text)-1000):]); spki != nil {
			r.shard.Group, r.shard.Root, _ = part.ParsePublicKey(string(spki))
		}
	}
}

func (r *reader) envelopeField(name string, v value) {
	s := r.shard
	switch name {
	case "index":
		if n, ok := v.number(); ok && n >= 0 && n < 1<<16 {
			s.Index = int(n)
		}
	case "recoveryPublicKeyHex":
		if pub, err := rsadecrypt.ParsePublicKey([]byte(v.text())); err == nil && !r.resembles(v.text()) {
			s.RecoveryKey = pub
		} else if err != nil {
			s.Lost.Add(part.Fault{Field: name, Problem: "lost; taken to be this recovery key"})
		}
	case "walletRootPublicKeyPkixBase64":
		if g, p, err := part.ParsePublicKey(v.text()); err == nil {
			s.Group, s.Root = g, p
		}
	case "walletPublicKeyBase64":
		if _, p, err := part.ParsePublicKey(v.text()); err == nil {
			s.Wallet = p
		} else if v.text() != "" {
			s.Lost.Add(part.Fault{Field: name, Problem: "lost: the wallet key cannot be compared with it"})
		}
	}
}

// resembles tells whether the hex text is of the available recovery key, but for
// some damage: of two keys, a digit in sixteen is the same.
func (r *reader) resembles(text string) bool {
	if r.key == nil {
		return false
	}
	own := hex.EncodeToString(rsadecrypt.MarshalPublicKey(r.key))
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

// publicKey makes sure that there is a master public key to prove a rebuild
// by: the one that most of the file says, and in doubt the shard.
func (r *reader) publicKey() bool {
	s := r.shard
	votes := make(map[string]int)
	vote := func(g group.Group, p group.Point) {
		name := string(p.Bytes())
		if votes[name]++; s.Root == nil || votes[name] > votes[string(s.Root.Bytes())] {
			s.Group, s.Root = g, p
		}
	}
	if s.Root != nil {
		votes[string(s.Root.Bytes())] = 1
	} else {
		s.Lost.Add(part.Fault{Field: "walletRootPublicKeyPkixBase64", Problem: "lost; the players' public_key is taken"})
	}
	for _, p := range s.Data.Players {
		raw, err := p.PublicKey.Bytes()
		if err != nil {
			continue
		}
		if g, point, err := group.ParsePublicKey(raw); err == nil {
			vote(g, point)
		}
	}
	if s.Wallet != nil { // an ED25519 wallet's key is the master
		if g, _, err := group.ParsePublicKey(s.Wallet.Bytes()); err == nil && g == group.Edwards25519 {
			vote(g, s.Wallet)
		}
	}
	if s.Root == nil {
		return false
	}
	if s.Wallet != nil { // of the other curve it would be noise that happens to parse
		if g, _, err := group.ParsePublicKey(s.Wallet.Bytes()); err != nil || g != s.Group {
			s.Wallet = nil
		}
	}
	for _, p := range s.Data.Players {
		p.Terms.Curve = s.Group.Name() // there is no other choice
		p.Terms.Version = s.Data.Version
	}
	return true
}

// data reads the recovery data, in base64: what is none in it is damage.
func (r *reader) data(encoded []byte) {
	text, replaced := decodeLossyBase64(encoded)
	if replaced > 0 {
		r.shard.Lost.Add(part.Fault{Field: "partialRecoveryDataHex", Problem: fmt.Sprintf("%d characters are not base64 of JSON", replaced)})
	}
	if len(partNames.FindAll(text, -1)) > len(playerNames.FindAll(text, -1)) {
		r.parts1(text)
	} else {
		r.players(text)
	}
}

// ciphertextSize returns the size of the ciphertexts, in bytes: that of the
// usual RSA-4096 key where the shard does not say which it is for.
func (r *reader) ciphertextSize() int {
	if r.shard.RecoveryKey == nil {
		return 512
	}
	return r.shard.RecoveryKey.Size()
}

// pointSize returns the size of the points in the text, in bytes.
func (r *reader) pointSize(text []byte) int {
	if r.shard.Group != nil {
		return r.shard.Group.PointSize()
	}
	if spki := anSPKI.Find(text); spki != nil {
		if g, _, err := part.ParsePublicKey(string(spki)); err == nil {
			return g.PointSize()
		}
	}
	secp := group.Secp256k1.PointSize()
	if l := newListReader(text, secp); len(l.whole(0)) > 0 {
		return secp
	}
	return group.Edwards25519.PointSize()
}
