package shard

import (
	"bytes"
	"fmt"

	"recover/internal/group"
	"recover/pkg/rsadecrypt"
)

// seedSize is the size of an OAEP seed in bytes: that of a SHA-256 hash.
const seedSize = 32

// The parts of a player's opened ciphertexts, decoded. Each is to be had
// without the others: a rebuild gets along without the seeds, and a proof
// names the one that is damaged.

// position returns which of the ciphertexts opened value i is in: 0 … 79.
func (p *player) position(i int) (int, error) {
	if i >= len(p.combination) {
		return 0, errMissing
	}
	c := p.combination[i]
	if c < 0 || c >= ciphertexts {
		return 0, fmt.Errorf("%d is not one of the %d ciphertexts", c, ciphertexts)
	}
	return int(c), nil
}

// value returns opened value i.
func (p *player) value(g group.Group, i int) (group.Scalar, error) {
	b, err := p.vs.bytes(i)
	if err != nil {
		return nil, err
	}
	return g.ParseScalar(b)
}

// seed returns the OAEP seed of opened value i.
func (p *player) seed(i int) ([]byte, error) {
	b, err := p.rs.bytes(i)
	if err != nil {
		return nil, err
	}
	if len(b) != seedSize {
		return nil, fmt.Errorf("%d bytes, not %d", len(b), seedSize)
	}
	return b, nil
}

// refitsTo is refits with the ciphertexts decoded, or nil.
func (p *player) refitsTo(es [][]byte, enc *rsadecrypt.SeededEncrypter, g group.Group, i int) (bool, error) {
	c, err := p.position(i)
	if err != nil {
		return false, inItem("combination", i, err)
	}
	if es == nil {
		return p.refits(enc, g, i)
	}
	made, err := p.reencrypted(enc, g, i)
	return err == nil && bytes.Equal(made, es[c]), err
}

// reencrypted encrypts opened value i again.
func (p *player) reencrypted(enc *rsadecrypt.SeededEncrypter, g group.Group, i int) ([]byte, error) {
	value, err := p.value(g, i)
	if err != nil {
		return nil, inItem("vs", i, err)
	}
	seed, err := p.seed(i)
	if err != nil {
		return nil, inItem("rs", i, err)
	}
	return enc.Encrypt(value.Bytes(), seed)
}

// refits encrypts opened value i again under the label of enc, and tells
// whether that gives the ciphertext that the value is said to be from. An
// error means that it cannot be tried; it names the field.
func (p *player) refits(enc *rsadecrypt.SeededEncrypter, g group.Group, i int) (bool, error) {
	c, err := p.position(i)
	if err != nil {
		return false, inItem("combination", i, err)
	}
	have, err := p.es.bytes(c)
	if err != nil {
		return false, inItem("es", c, err)
	}
	made, err := p.reencrypted(enc, g, i)
	return err == nil && bytes.Equal(made, have), err
}
