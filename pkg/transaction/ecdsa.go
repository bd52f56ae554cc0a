package transaction

import (
	"math/big"

	secp "github.com/decred/dcrd/dcrec/secp256k1/v4"
	"github.com/decred/dcrd/dcrec/secp256k1/v4/ecdsa"

	"recover/internal/group"
	"recover/internal/secret"
)

// ECDSA is a signature on secp256k1 with the lower s.
type ECDSA struct {
	R, S [32]byte // big-endian
	// Recovery is 0 to 3: bit 0 is the parity of the y of the nonce's point, bit
	// 1 tells that its x is above the order.
	Recovery byte
}

// SignDigest signs a 32-byte digest with a key of secp256k1: the nonce of
// RFC 6979 with HMAC-SHA-256 (so the same digest always gives the same
// signature, and no random source is trusted), and the lower s (BIP-62). The
// signature is verified, and the public key recovered from it, before it leaves;
// the error is ErrSignature. It panics for a key of another group.
func (k *Key) SignDigest(digest [32]byte) (ECDSA, error) {
	if k.group != group.Secp256k1 {
		panic("transaction: SignDigest with a key of " + k.group.Name())
	}
	var s ECDSA
	secret.Do(func() { // the library leaves the key behind, on its stack
		b := k.private.Bytes()
		defer secret.Wipe(b)
		private := secp.PrivKeyFromBytes(b)
		defer private.Zero()
		compact := ecdsa.SignCompact(private, digest[:], false)
		s = ECDSA{R: [32]byte(compact[1:33]), S: [32]byte(compact[33:]), Recovery: compact[0] - 27}
	})
	if !VerifyDigest(k.public, digest, s) {
		return ECDSA{}, ErrSignature
	}
	return s, nil
}

// halfOrder is the largest s that is the lower of the two, 32 bytes big-endian.
var halfOrder = new(big.Int).Rsh(group.Secp256k1.Order(), 1)

// VerifyDigest tells whether s is a strict signature of digest under public, a
// point of secp256k1: r and s in range, the lower s, and the recovery value that
// gives the public key back.
func VerifyDigest(public group.Point, digest [32]byte, s ECDSA) bool {
	var r, low secp.ModNScalar
	if r.SetBytes(&s.R) != 0 || low.SetBytes(&s.S) != 0 || r.IsZero() || low.IsZero() || s.Recovery > 3 {
		return false
	}
	if new(big.Int).SetBytes(s.S[:]).Cmp(halfOrder) > 0 {
		return false
	}
	key, err := secp.ParsePubKey(public.Bytes())
	if err != nil || !ecdsa.NewSignature(&r, &low).Verify(digest[:], key) {
		return false
	}
	recovered, ok := s.recover(digest)
	return ok && recovered.IsEqual(key)
}

func (s ECDSA) recover(digest [32]byte) (*secp.PublicKey, bool) {
	compact := append([]byte{27 + s.Recovery}, s.R[:]...)
	key, _, err := ecdsa.RecoverCompact(append(compact, s.S[:]...), digest[:])
	return key, err == nil
}

// DER writes the signature in DER (BIP-66), 8 to 71 bytes.
func (s ECDSA) DER() []byte {
	var r, low secp.ModNScalar
	r.SetBytes(&s.R)
	low.SetBytes(&s.S)
	return ecdsa.NewSignature(&r, &low).Serialize()
}
