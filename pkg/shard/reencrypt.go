package shard

import (
	"bytes"

	"recover/internal/group"
	"recover/pkg/rsadecrypt"
	"recover/pkg/shard/internal/part"
)

// reencrypted encrypts a player's opened value i again.
func reencrypted(p *part.Player, enc *rsadecrypt.SeededEncrypter, g group.Group, i int) ([]byte, error) {
	value, err := p.Value(g, i)
	if err != nil {
		return nil, part.InItem("vs", i, err)
	}
	seed, err := p.Seed(i)
	if err != nil {
		return nil, part.InItem("rs", i, err)
	}
	return enc.Encrypt(value.Bytes(), seed)
}

// refits encrypts opened value i again under the label of enc, and tells
// whether that gives the ciphertext that the value is said to be from. An
// error means that it cannot be tried; it names the field. es are the player's
// ciphertexts, decoded, or nil.
func refits(p *part.Player, es [][]byte, enc *rsadecrypt.SeededEncrypter, g group.Group, i int) (bool, error) {
	c, err := p.Position(i)
	if err != nil {
		return false, part.InItem("combination", i, err)
	}
	var have []byte
	if es != nil {
		have = es[c]
	} else if have, err = p.Es.Bytes(c); err != nil {
		return false, part.InItem("es", c, err)
	}
	made, err := reencrypted(p, enc, g, i)
	return err == nil && bytes.Equal(made, have), err
}
