package transaction

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha512"
	"fmt"
	"io"
	"slices"

	"filippo.io/edwards25519"

	"recover/internal/group"
	"recover/internal/secret"
)

// nonceDomain separates our nonces from every other use of the key.
const nonceDomain = "recover: nonce of an Ed25519 signature with a raw scalar, version 1"

// SignMessage makes the 64 bytes of an Ed25519 signature of message (RFC 8032,
// section 5.1.6, from step 2 on) with a key of edwards25519. The key is a scalar
// without an RFC 8032 prefix, so the nonce is hedged: the hash of the scalar, 32
// random bytes and the message. With a random source that is stuck it is still
// another one for each message, as in RFC 8032.
//
// The signature is verified under the public key before it leaves; the error is
// ErrSignature. It panics for a key of another group.
func (k *Key) SignMessage(message []byte) ([]byte, error) { return k.signMessage(rand.Reader, message) }

func (k *Key) signMessage(random io.Reader, message []byte) ([]byte, error) {
	if k.group != group.Edwards25519 {
		panic("transaction: SignMessage with a key of " + k.group.Name())
	}
	private := k.private.Bytes()
	defer secret.Wipe(private)
	hedge := make([]byte, 32)
	defer secret.Wipe(hedge)
	if _, err := io.ReadFull(random, hedge); err != nil {
		return nil, fmt.Errorf("random nonce: %w", err)
	}
	r := hashToScalar([]byte(nonceDomain), private, hedge, message)
	defer r.Set(edwards25519.NewScalar())
	slices.Reverse(private) // little-endian from here on
	a, err := edwards25519.NewScalar().SetCanonicalBytes(private)
	if err != nil {
		panic(err) // a scalar of the group is below its order
	}
	defer a.Set(edwards25519.NewScalar())

	public := k.public.Bytes()
	nonce := edwards25519.NewIdentityPoint().ScalarBaseMult(r).Bytes()
	s := edwards25519.NewScalar().MultiplyAdd(hashToScalar(nonce, public, message), a, r)
	signature := append(nonce, s.Bytes()...)
	if !VerifyMessage(k.public, message, signature) {
		return nil, ErrSignature
	}
	return signature, nil
}

// hashToScalar is the SHA-512 of the parts, one after the other, little-endian,
// modulo the order. Only the last part may have a length that varies.
func hashToScalar(parts ...[]byte) *edwards25519.Scalar {
	h := sha512.New()
	for _, p := range parts {
		h.Write(p)
	}
	sum := h.Sum(nil)
	defer secret.Wipe(sum)
	s, err := edwards25519.NewScalar().SetUniformBytes(sum)
	if err != nil {
		panic(err) // 64 bytes are the right size
	}
	return s
}

// VerifyMessage tells whether signature is a strict Ed25519 signature of message
// under public, a point of the prime-order subgroup: 64 bytes, S below the order,
// R canonical and not of small order, and the equation without the cofactor.
func VerifyMessage(public group.Point, message, signature []byte) bool {
	if len(signature) != ed25519.SignatureSize || public.IsIdentity() {
		return false
	}
	// ed25519.Verify compares R as bytes with what it computes, so R is canonical
	// and, as all that it computes from is, in the subgroup. Only the identity is
	// left to be excluded.
	if _, err := group.Edwards25519.ParsePoint(signature[:32]); err != nil {
		return false
	}
	return ed25519.Verify(public.Bytes(), message, signature)
}
