package report

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"

	"recover/internal/output"
	"recover/internal/secret"
)

// WalletKey is the line of a rebuilt key in a segment. It is secret.
type WalletKey struct {
	QuorumID         string            `json:"quorum_id"`
	KeyID            string            `json:"key_id"`
	Algorithm        string            `json:"algorithm"`
	Name             string            `json:"name,omitempty"`       // as recorded
	Blockchain       string            `json:"blockchain,omitempty"` // as recorded
	Derivation       string            `json:"derivation"`
	PrivateKey       HexSecret         `json:"private_key"`
	PublicKey        string            `json:"public_key"`
	Addresses        map[string]string `json:"addresses"`
	MasterPrivateKey HexSecret         `json:"master_private_key,omitempty"`
	MasterChainCode  HexSecret         `json:"master_chain_code,omitempty"`
	Proved           *bool             `json:"proved,omitempty"` // false: with Unproved
	Doubt            string            `json:"doubt,omitempty"`  // what is not proved
}

// MasterKey is the line of a master key whose wallet key cannot be derived. It
// is secret.
type MasterKey struct {
	QuorumID         string    `json:"quorum_id"`
	KeyID            string    `json:"key_id"`
	Algorithm        string    `json:"algorithm"`
	MasterPrivateKey HexSecret `json:"master_private_key"`
	MasterChainCode  HexSecret `json:"master_chain_code,omitempty"`
	MasterPublicKey  string    `json:"master_public_key"`
}

// HexSecret is written as a JSON string of hex digits, and by nothing but the
// lines of a segment: encoding/json would leave copies in buffers of its own.
type HexSecret []byte

// MarshalJSON always fails, with secret.ErrShown.
func (HexSecret) MarshalJSON() ([]byte, error) { return nil, secret.ErrShown }

// Format prints "[secret]", whatever the verb.
func (HexSecret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "[secret]") }

// secretLine is a line of a segment. Its fields are in the order in which they are
// written.
type secretLine interface {
	Wipe()
	fields() ([]field, error)
}

// field is a name and a value of a line: JSON that is no secret, or a secret.
type field struct {
	name   string
	value  []byte
	secret HexSecret
}

func (f field) size() int { return len(f.name) + len(`,"":""`) + len(f.value) + 2*len(f.secret) }

func (f field) append(line []byte) []byte {
	line = append(append(append(line, '"'), f.name...), `":`...)
	if f.secret == nil {
		return append(line, f.value...)
	}
	return append(hex.AppendEncode(append(line, '"'), f.secret), '"')
}

// optional is a text that is left out where it is empty.
type optional string

// fieldsOf takes names and values in turns, and leaves out what is empty.
func fieldsOf(pairs ...any) (all []field, err error) {
	for i := 0; i < len(pairs); i += 2 {
		f := field{name: pairs[i].(string)}
		switch v := pairs[i+1].(type) {
		case HexSecret:
			if f.secret = v; v == nil {
				continue
			}
		case *bool:
			if v == nil {
				continue
			}
			f.value = strconv.AppendBool(nil, *v)
		case optional:
			if v == "" {
				continue
			}
			f.value, err = json.Marshal(v)
		default:
			f.value, err = json.Marshal(v)
		}
		if err != nil {
			return nil, err
		}
		all = append(all, f)
	}
	return all, nil
}

func (k *WalletKey) fields() ([]field, error) {
	return fieldsOf("quorum_id", k.QuorumID, "key_id", k.KeyID, "algorithm", k.Algorithm,
		"name", optional(k.Name), "blockchain", optional(k.Blockchain), "derivation", k.Derivation,
		"private_key", k.PrivateKey, "public_key", k.PublicKey, "addresses", k.Addresses,
		"master_private_key", k.MasterPrivateKey, "master_chain_code", k.MasterChainCode, "proved", k.Proved, "doubt", optional(k.Doubt))
}

func (k *MasterKey) fields() ([]field, error) {
	return fieldsOf("quorum_id", k.QuorumID, "key_id", k.KeyID, "algorithm", k.Algorithm,
		"master_private_key", k.MasterPrivateKey, "master_chain_code", k.MasterChainCode, "master_public_key", k.MasterPublicKey)
}

// Wipe overwrites the secrets of the line.
func (k *WalletKey) Wipe() {
	secret.Wipe(k.PrivateKey)
	secret.Wipe(k.MasterPrivateKey)
	secret.Wipe(k.MasterChainCode)
}

// Wipe overwrites the secrets of the line.
func (k *MasterKey) Wipe() {
	secret.Wipe(k.MasterPrivateKey)
	secret.Wipe(k.MasterChainCode)
}

// segments are files of one kind, one after the other.
type segments struct {
	prefix string
	count  int    // the number of the last one
	lines  []byte // of the next one: secret
	keys   int    // in lines
}

// add appends a line, and leaves no copy of it or of the others behind.
func (g *segments) add(line secretLine) error {
	defer line.Wipe()
	fields, err := line.fields()
	if err != nil {
		return err
	}
	need := len(g.lines) + len("{}\n")
	for _, f := range fields {
		need += f.size()
	}
	if need > cap(g.lines) {
		larger := make([]byte, len(g.lines), 2*need+4096)
		copy(larger, g.lines)
		secret.Wipe(g.lines)
		g.lines = larger
	}
	for i, f := range fields {
		g.lines = f.append(append(g.lines, "{,"[min(i, 1)]))
	}
	g.lines = append(g.lines, "}\n"...)
	g.keys++
	return nil
}

// sealed is a segment as it is going to be written.
type sealed struct {
	Segment
	data []byte
}

// seal makes the next segment of the lines that wait, if any do.
func (g *segments) seal(sealer *output.Sealer) (*sealed, error) {
	if g.keys == 0 {
		return nil, nil
	}
	var data bytes.Buffer
	if err := sealer.Seal(&data, g.lines); err != nil {
		return nil, err
	}
	sum := sha256.Sum256(data.Bytes())
	return &sealed{
		Segment{Type: "segment", Name: segmentName(g.prefix, g.count+1, sealer.Suffix()), Size: int64(data.Len()), SHA256: hex.EncodeToString(sum[:])},
		data.Bytes(),
	}, nil
}

// written forgets the lines that are on the disk now.
func (g *segments) written() {
	secret.Wipe(g.lines)
	g.lines, g.keys = g.lines[:0], 0
	g.count++
}

var errNotBelonging = errors.New("report: a result is done without a wallet key, or has one and is not done")
