package shard

import (
	"bytes"
	"errors"

	"recover/internal/challenge"
	"recover/internal/group"
)

var errOtherKey = errors.New("not the shard's master public key")

// decodePoint decodes a point field in the format's own encoding.
func decodePoint(g group.Group, b blob) (group.Point, error) {
	raw, err := b.bytes()
	if err != nil {
		return nil, err
	}
	return g.ParsePoint(raw)
}

// checkPublicKey compares the public key in the player's part with the shard's.
func (s *Shard) checkPublicKey(p *player) error {
	raw, err := p.publicKey.bytes()
	if err != nil {
		return err
	}
	if bytes.Equal(raw, s.root.Bytes()) { // decoding it takes longer
		return nil
	}
	g, point, err := group.ParsePublicKey(raw)
	if err != nil {
		return err
	}
	if g != s.group || !point.Equal(s.root) {
		return errOtherKey
	}
	return nil
}

// challenge computes which positions the player had to open; es are its
// ciphertexts. An error names the field that is not to be had.
func (s *Shard) challenge(p *player, es [][]byte) ([]int64, error) {
	context, err := p.context()
	if err != nil {
		return nil, err
	}
	ys, err := p.ys.all("ys")
	if err != nil {
		return nil, err
	}
	commitment, err := p.commitments[p.index].bytes()
	if err != nil {
		return nil, inField("key_share_commitments", err)
	}
	st := challenge.Statement{
		PublicKey: s.root.Bytes(), Context: context, OneContext: s.data.version == version2, Es: es, Ys: ys, Commitment: commitment,
	}
	return st.Positions(), nil
}

// context returns the items that bind a proof to its backup.
func (p *player) context() ([][]byte, error) {
	items := [][]byte{[]byte(p.terms.Version)}
	if p.terms.Version == version2 {
		items = append(items, challenge.Number(p.count))
	}
	items = append(items, challenge.Number(p.terms.Threshold), []byte(p.terms.Sharing), []byte(p.terms.Curve), challenge.Number(p.index))
	for _, f := range []struct {
		name string
		of   blob
	}{
		{"nonce", p.nonce},
		{"aux_data_public", p.auxPublic},
		{"aux_data_private_encrypted", p.auxData},
		{"aux_data_wrapped_encryption_key", p.auxKey},
	} {
		b, err := f.of.bytes()
		if err != nil {
			return nil, inField(f.name, err)
		}
		items = append(items, b)
	}
	return items, nil
}

// all decodes the whole list. The error names the element.
func (b blobs) all(field string) ([][]byte, error) {
	decoded := make([][]byte, len(b.items))
	for i := range b.items {
		var err error
		if decoded[i], err = b.bytes(i); err != nil {
			return nil, inItem(field, i, err)
		}
	}
	return decoded, nil
}
