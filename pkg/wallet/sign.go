package wallet

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"crypto/sha512"
	"math/big"
	"slices"

	secp "github.com/decred/dcrd/dcrec/secp256k1/v4"
	"github.com/decred/dcrd/dcrec/secp256k1/v4/ecdsa"

	"recover/internal/group"
	"recover/internal/secret"
)

// Sign signs a message. SECP256K1: ECDSA over its SHA-256, with the nonce of
// RFC 6979 and the lower s, as DER. ED25519: 64 bytes as of RFC 8032, but with
// a random nonce, for the key is a scalar that no seed is known of.
//
// Neither is the form of a transaction of any chain; it proves that the key is
// at hand. The error is one of the random source.
func (k *Key) Sign(message []byte) ([]byte, error) {
	if k.group == group.Edwards25519 {
		return k.signEdwards(message)
	}
	hash := sha256.Sum256(message)
	var signature []byte
	secret.Do(func() { // the library leaves the key behind, on its stack
		b := k.private.Bytes()
		defer secret.Wipe(b)
		private := secp.PrivKeyFromBytes(b)
		defer private.Zero()
		signature = ecdsa.Sign(private, hash[:]).Serialize()
	})
	return slices.Clone(signature), nil
}

// signEdwards makes R ‖ S with S = r + H(R‖A‖M)·a (RFC 8032, section 5.1.6).
func (k *Key) signEdwards(message []byte) ([]byte, error) {
	r, err := group.RandomScalar(k.group, rand.Reader)
	if err != nil {
		return nil, err
	}
	defer r.Wipe()
	signature := k.group.NewPoint().BaseMul(r).Bytes()
	s := k.edwardsHash(signature, message)
	defer s.Wipe()
	s.Add(s.Mul(s, k.private), r)
	b := s.Bytes()
	slices.Reverse(b) // the signature is little-endian
	return append(signature, b...), nil
}

// edwardsHash is H(R‖A‖M) modulo the group order. All of it is public.
func (k *Key) edwardsHash(r, message []byte) group.Scalar {
	h := sha512.Sum512(slices.Concat(r, k.public.Bytes(), message))
	slices.Reverse(h[:])
	n := new(big.Int).SetBytes(h[:])
	s, err := k.group.ParseScalar(n.Mod(n, k.group.Order()).FillBytes(make([]byte, 32)))
	if err != nil {
		panic(err) // it is below the order
	}
	return s
}

// VerifySignature tells whether signature, as Sign makes it, is of message under
// the public key, by the library's own verification.
func VerifySignature(g group.Group, public group.Point, message, signature []byte) bool {
	if g == group.Edwards25519 {
		return ed25519.Verify(public.Bytes(), message, signature)
	}
	key, err := secp.ParsePubKey(public.Bytes())
	if err != nil {
		return false
	}
	parsed, err := ecdsa.ParseDERSignature(signature)
	if err != nil {
		return false
	}
	hash := sha256.Sum256(message)
	return parsed.Verify(hash[:], key)
}
