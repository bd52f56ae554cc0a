package report

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"

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

// HexSecret is written as a JSON string of hex digits.
type HexSecret []byte

// MarshalJSON writes the digits.
func (h HexSecret) MarshalJSON() ([]byte, error) {
	out := make([]byte, 0, 2*len(h)+2)
	out = append(out, '"')
	out = hex.AppendEncode(out, h)
	return append(out, '"'), nil
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
func (g *segments) add(line interface{ Wipe() }) error {
	text, err := json.Marshal(line)
	line.Wipe()
	if err != nil {
		return err
	}
	defer secret.Wipe(text)
	if need := len(g.lines) + len(text) + 1; need > cap(g.lines) {
		larger := make([]byte, len(g.lines), 2*need+4096)
		copy(larger, g.lines)
		secret.Wipe(g.lines)
		g.lines = larger
	}
	g.lines = append(append(g.lines, text...), '\n')
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
