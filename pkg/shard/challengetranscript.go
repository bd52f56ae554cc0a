package shard

import (
	"recover/internal/challenge"
	"recover/pkg/shard/internal/part"
)

// challenge computes which positions the player had to open; es are its
// ciphertexts. An error names the field that is lost.
func (s *Shard) challenge(p *part.Player, es [][]byte) ([]int64, error) {
	context, err := challengeContext(p)
	if err != nil {
		return nil, err
	}
	ys, err := p.Ys.All("ys")
	if err != nil {
		return nil, err
	}
	commitment, err := p.Commitments[p.Index].Bytes()
	if err != nil {
		return nil, part.InField("key_share_commitments", err)
	}
	st := challenge.Statement{
		PublicKey: s.root.Bytes(), Context: context, OneContext: s.data.Version == part.V2, Es: es, Ys: ys, Commitment: commitment,
	}
	return st.Positions(), nil
}

// challengeContext returns the items of the challenge's transcript that bind a
// proof to its backup.
func challengeContext(p *part.Player) ([][]byte, error) {
	items := [][]byte{[]byte(p.Terms.Version)}
	if p.Terms.Version == part.V2 {
		items = append(items, challenge.Number(p.Count))
	}
	items = append(items, challenge.Number(p.Terms.Threshold), []byte(p.Terms.Sharing), []byte(p.Terms.Curve), challenge.Number(p.Index))
	for _, f := range []struct {
		name string
		of   part.Blob
	}{
		{"nonce", p.Nonce},
		{"aux_data_public", p.AuxPublic},
		{"aux_data_private_encrypted", p.AuxData},
		{"aux_data_wrapped_encryption_key", p.AuxKey},
	} {
		b, err := f.of.Bytes()
		if err != nil {
			return nil, part.InField(f.name, err)
		}
		items = append(items, b)
	}
	return items, nil
}
