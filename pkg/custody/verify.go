package custody

import (
	"crypto/rsa"
	"fmt"
	"math/big"

	"recover/pkg/rsadecrypt"
)

// Coverage says which subsets of the shares brought the key back.
type Coverage struct {
	Tried    int
	Possible *big.Int // all subsets of as many shares as are needed
}

// All reports whether no subset was left out.
func (c Coverage) All() bool { return c.Possible.IsInt64() && c.Possible.Int64() == int64(c.Tried) }

// SubsetError is a subset of shares, by index, that does not bring the key back.
type SubsetError struct {
	Shares []int
	Err    error
}

func (e *SubsetError) Error() string {
	return fmt.Sprintf("shares %v do not bring the key back: %v", e.Shares, e.Err)
}

// Unwrap returns what went wrong.
func (e *SubsetError) Unwrap() error { return e.Err }

// Verify brings the recovery key back from what a split left: the sealed key
// and all shares of the set, as they were read again from where they were
// written. It tries every subset of threshold shares, each from the start. If
// there are more than 300 of them it tries a sample of at most 300, in which each
// share is at least twice. Then it combines all shares at once, which proves them
// to lie on the same polynomials, so that the subsets that were left out bring
// the key back as well.
//
// The errors are those of ParseSealedKey and Set.Add, TooFewError,
// *OtherKeyError if it is not the key of pub, and *SubsetError.
func Verify(sealedKey []byte, shares []*Share, pub *rsa.PublicKey) (Coverage, error) {
	key, err := ParseSealedKey(sealedKey)
	if err != nil {
		return Coverage{}, err
	}
	if want := rsadecrypt.FingerprintOf(pub); key.Key != want {
		return Coverage{}, &OtherKeyError{key.Key, want}
	}
	all := NewSet(key)
	for _, s := range shares {
		if err := all.Add(s); err != nil {
			return Coverage{}, err
		}
	}
	if n := key.Count() - len(shares); n > 0 {
		return Coverage{}, TooFewError(n)
	}
	c := Coverage{Possible: choices(key.Count(), key.Threshold)}
	for subset := range subsets(key.Count(), key.Threshold) {
		if err := try(key, all.shares, subset); err != nil {
			return Coverage{}, err
		}
		c.Tried++
	}
	return c, all.try()
}

// try opens the sealed key with the shares of a subset; members count from 0.
func try(key *SealedKey, shares []*Share, subset []int) error {
	set := NewSet(key)
	for _, i := range subset {
		if err := set.Add(shares[i]); err != nil {
			return err
		}
	}
	return set.try()
}

// try opens the sealed key, and forgets it.
func (s *Set) try() error {
	q, err := s.Combine()
	if err != nil {
		return &SubsetError{s.Given(), err}
	}
	defer q.Wipe()
	private, err := q.Open()
	if err != nil {
		return &SubsetError{s.Given(), err}
	}
	rsadecrypt.Wipe(private)
	return nil
}
