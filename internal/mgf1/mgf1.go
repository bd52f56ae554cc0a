// Package mgf1 is the mask generation function of OAEP with SHA-256 (RFC 8017,
// B.2.1), for the places that crypto/rsa does not cover: encrypting with a given
// seed, and removing the padding of what a token returned.
package mgf1

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
)

// XOR masks out with MGF1-SHA-256 of seed.
func XOR(out, seed []byte) {
	input := append(bytes.Clone(seed), 0, 0, 0, 0)
	defer clear(input)
	for counter := uint32(0); len(out) > 0; counter++ {
		binary.BigEndian.PutUint32(input[len(seed):], counter)
		mask := sha256.Sum256(input)
		out = out[subtle.XORBytes(out, out, mask[:]):]
	}
}
