package custody

import (
	"bytes"
	"crypto/rsa"
	"crypto/subtle"
	"errors"
	"slices"

	"filippo.io/age"
	"github.com/hashicorp/vault/shamir"

	"recover/internal/secret"
	"recover/pkg/rsadecrypt"
)

// Set collects the shares that are to open a sealed key. It holds only shares
// that were made for it.
type Set struct {
	key    *SealedKey
	shares []*Share // by index, ascending
}

// NewSet returns a Set without shares.
func NewSet(key *SealedKey) *Set { return &Set{key: key} }

// Add takes a share in, in any order, and more of them than are needed. It then
// belongs to the Set; one that is refused is the caller's to wipe.
//
// What is wrong with a share that is refused is one of *OtherKeyError,
// *OtherSetError, *WrongShareError, *HolderError and *DuplicateError.
func (s *Set) Add(share *Share) error {
	if err := s.key.Check(share); err != nil {
		if wrong, ok := errors.AsType[*WrongShareError](err); ok {
			_, wrong.Before = s.find(share.Index)
		}
		return err
	}
	at, found := s.find(share.Index)
	if found {
		return &DuplicateError{share.Index, s.key.Holder(share.Index)}
	}
	s.shares = slices.Insert(s.shares, at, share)
	return nil
}

// Check tells whether a share is one of those that were made for the sealed key:
// the errors are those of Set.Add, but *DuplicateError.
func (k *SealedKey) Check(share *Share) error {
	labelled := share.Holder != ""
	switch {
	case labelled && share.Key != k.Key:
		return &OtherKeyError{share.Key, k.Key}
	case share.Set != k.ID:
		return &OtherSetError{share.Set, k.ID, share.Created, k.Created}
	case !k.has(share):
		wrong := &WrongShareError{Index: share.Index}
		if share.Index <= k.Count() {
			wrong.Holder = k.Holder(share.Index)
		}
		return wrong
	case labelled && share.Holder != k.Holder(share.Index):
		return &HolderError{share.Index, share.Holder, k.Holder(share.Index)}
	}
	return nil
}

func (s *Set) find(index int) (at int, found bool) {
	return slices.BinarySearchFunc(s.shares, index, func(share *Share, index int) int { return share.Index - index })
}

// Remove takes a share back and wipes it. It reports whether the share was there.
func (s *Set) Remove(index int) bool {
	at, found := s.find(index)
	if found {
		s.shares[at].Wipe()
		s.shares = slices.Delete(s.shares, at, at+1)
	}
	return found
}

// Given returns the indices of the shares that are there, ascending.
func (s *Set) Given() []int {
	given := make([]int, len(s.shares))
	for i, share := range s.shares {
		given[i] = share.Index
	}
	return given
}

// Missing returns how many more shares are needed: 0 if there are enough.
func (s *Set) Missing() int { return max(0, s.key.Threshold-len(s.shares)) }

// Wipe wipes all shares and takes them out.
func (s *Set) Wipe() {
	for _, share := range s.shares {
		share.Wipe()
	}
	s.shares = nil
}

// With returns a Set of the same shares for another copy of the sealed key, which
// has to be of the same set. The shares belong to both: what wipes the one wipes
// the other.
func (s *Set) With(key *SealedKey) *Set {
	if key.ID != s.key.ID {
		panic("custody: a sealed key of another set")
	}
	return &Set{key: key, shares: s.shares}
}

// Quorum are enough shares of one set. It holds the identity that they make,
// which is proved to be the one that the sealed key was sealed to.
type Quorum struct {
	key      *SealedKey
	identity *secret.Bytes
}

// Combine makes the identity of the first shares that are enough, lets each of
// the others confirm it, and opens the header of the sealed key with it.
//
// The errors are TooFewError, ErrInconsistent and ErrSealedKeyDamaged. The Set
// stays as it is.
func (s *Set) Combine() (*Quorum, error) {
	if n := s.Missing(); n > 0 {
		return nil, TooFewError(n)
	}
	key, err := combine(s.shares, s.key.Threshold)
	if err != nil {
		return nil, err
	}
	defer secret.Wipe(key)
	q := &Quorum{s.key, encodeIdentity(key)}
	if _, err := age.Decrypt(bytes.NewReader(s.key.file), parseIdentity(q.identity)); err != nil {
		q.Wipe()
		return nil, ErrSealedKeyDamaged
	}
	return q, nil
}

// combine interpolates the first shares. A share beyond them lies on the same
// polynomials exactly when it can take the place of one of them.
func combine(shares []*Share, threshold int) ([]byte, error) {
	points := make([][]byte, threshold)
	for i := range points {
		points[i] = shares[i].value.Reveal()
	}
	key, err := shamir.Combine(points)
	if err != nil { // two shares with one x
		return nil, ErrInconsistent
	}
	for _, surplus := range shares[threshold:] {
		points[threshold-1] = surplus.value.Reveal()
		again, err := shamir.Combine(points)
		same := err == nil && subtle.ConstantTimeCompare(again, key) == 1
		secret.Wipe(again)
		if !same {
			secret.Wipe(key)
			return nil, ErrInconsistent
		}
	}
	return key, nil
}

// Open opens the sealed key and proves that it is the recovery key of the set's
// description. The caller wipes it. The errors are ErrSealedKeyDamaged, and
// *OtherKeyError if the set was made to deceive.
func (q *Quorum) Open() (*rsa.PrivateKey, error) {
	f, err := rsadecrypt.Identify(q.key.file)
	if err != nil {
		return nil, ErrSealedKeyDamaged
	}
	key, err := f.OpenWith(parseIdentity(q.identity))
	if err != nil {
		return nil, ErrSealedKeyDamaged
	}
	if got := rsadecrypt.FingerprintOf(&key.PublicKey); got != q.key.Key {
		rsadecrypt.Wipe(key)
		return nil, &OtherKeyError{got, q.key.Key}
	}
	return key, nil
}

// Identity returns the age identity, AGE-SECRET-KEY-1…, with which the age
// command opens the sealed key. The caller wipes it.
func (q *Quorum) Identity() *secret.Bytes {
	return secret.New(bytes.Clone(q.identity.Reveal()))
}

// Wipe wipes the identity. The Quorum is useless afterwards.
func (q *Quorum) Wipe() { q.identity.Wipe() }
