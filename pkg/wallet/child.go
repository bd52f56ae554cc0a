package wallet

import (
	"crypto/hmac"
	"crypto/sha512"
	"encoding/binary"
	"errors"

	"recover/internal/group"
	"recover/internal/secret"
)

const (
	chainCodeSize = 32      // bytes
	firstHardened = 1 << 31 // the first index whose child needs the private key
)

// The ways in which a child key cannot be derived.
var (
	ErrChainCode = errors.New("chain code is not 32 bytes")
	ErrHardened  = errors.New("child index is hardened (2^31 or above)")
	ErrNoChild   = errors.New("no child key at this index (BIP-32: I_L is out of range or the key is zero)")
)

// Child derives the non-hardened child m/index of a secp256k1 master key
// (CKDpriv of BIP-32), the wallet key of docs/formats.md, section 2.4, at index 0. master is
// not zero; chainCode is 32 bytes. The caller wipes the key that comes back.
//
// It fails with ErrChainCode, with ErrHardened for an index of 2^31 or above,
// and, once in 2^127, with ErrNoChild.
func Child(master group.Scalar, chainCode []byte, index uint32) (group.Scalar, error) {
	left, err := tweak(group.Secp256k1.NewPoint().BaseMul(master), chainCode, index)
	if err != nil {
		return nil, err
	}
	defer secret.Wipe(left)
	return addTweak(master, left)
}

// tweak returns I_L, the 32 bytes that make the child out of its parent: whoever
// knows them and the child's key knows the parent's.
func tweak(parent group.Point, chainCode []byte, index uint32) ([]byte, error) {
	if len(chainCode) != chainCodeSize {
		return nil, ErrChainCode
	}
	if index >= firstHardened {
		return nil, ErrHardened
	}
	h := hmac.New(sha512.New, chainCode)
	h.Write(group.Compressed(parent))
	h.Write(binary.BigEndian.AppendUint32(nil, index))
	return h.Sum(nil)[:32], nil
}

func addTweak(parent group.Scalar, left []byte) (group.Scalar, error) {
	s, err := group.Secp256k1.ParseScalar(left)
	if err != nil {
		return nil, ErrNoChild
	}
	if s.Add(s, parent).IsZero() {
		return nil, ErrNoChild
	}
	return s, nil
}
