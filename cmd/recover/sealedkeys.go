package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"recover/internal/terminal"
	"recover/pkg/custody"
	"recover/pkg/rsadecrypt"
)

// sealedKeyValue is the flag --sealed-key. It can be given several times: copies
// of different holders, of which one may be damaged, changed, or of another set.
type sealedKeyValue struct{ f *shareFlags }

func (v sealedKeyValue) Set(path string) error {
	if v.f.sealedKey == "" {
		v.f.sealedKey = path
	}
	v.f.sealedKeys = append(v.f.sealedKeys, path)
	return nil
}

func (v sealedKeyValue) String() string { return "" }
func (v sealedKeyValue) Type() string   { return "file" }

// sealedCopy is a sealed key that somebody brought.
type sealedCopy struct {
	path string
	*custody.SealedKey
}

// readCopies reads the sealed keys, which have to be for one recovery key. A copy
// that cannot be read is passed over, with a warning, where there is another one.
func (k *keyShares) readCopies(ctx context.Context) error {
	paths := k.sealedKeys
	if len(paths) == 0 {
		paths = []string{k.sealedKey}
	}
	for _, path := range paths {
		sealed, err := readSealedKey(ctx, path)
		if err != nil {
			k.unread = append(k.unread, err)
			continue
		}
		if len(k.copies) > 0 && sealed.Key != k.copies[0].Key {
			return &fileError{path, asSealedKey, &custody.OtherKeyError{Got: sealed.Key, Want: k.copies[0].Key}}
		}
		k.copies = append(k.copies, sealedCopy{path, sealed})
	}
	if len(k.copies) == 0 {
		return k.unread[0]
	}
	k.sealed, k.sealedKey = k.copies[0].SealedKey, k.copies[0].path
	return nil
}

// shareSets take shares, each into the set that it is of: the sealed keys at hand
// may be of several.
type shareSets struct {
	copies  []sealedCopy
	all     []*shareSet // one for each set ID
	current *shareSet
	// Shares of sets that no sealed key at hand is of: their numbers.
	strangers map[custody.SetID]map[int]bool
}

type shareSet struct {
	sealed *custody.SealedKey
	*custody.Set
}

func newShareSets(copies []sealedCopy) *shareSets {
	s := &shareSets{copies: copies, strangers: make(map[custody.SetID]map[int]bool)}
	for _, c := range copies {
		if s.byID(c.ID) == nil {
			s.all = append(s.all, &shareSet{c.SealedKey, custody.NewSet(c.SealedKey)})
		}
	}
	s.current = s.all[0]
	return s
}

func (s *shareSets) wipe() {
	for _, one := range s.all {
		one.Wipe()
	}
}

func (s *shareSets) byID(id custody.SetID) *shareSet {
	for _, one := range s.all {
		if one.sealed.ID == id {
			return one
		}
	}
	return nil
}

// of returns the sealed key of the set that an accepted share is in.
func (s *shareSets) of(share *custody.Share) *custody.SealedKey { return s.byID(share.Set).sealed }

// add takes a share into its set, and goes over to that set when nothing else was
// accepted, or when it is the first one that is complete. The errors are those of
// custody.Set.Add.
func (s *shareSets) add(share *custody.Share) error {
	own := s.byID(share.Set)
	if own == nil {
		err := s.current.Add(share)
		if s.strangers[share.Set] == nil {
			s.strangers[share.Set] = make(map[int]bool)
		}
		s.strangers[share.Set][share.Index] = true
		return err
	}
	if err := own.Add(share); err != nil {
		return err
	}
	if len(s.current.Given()) == 0 || s.current.Missing() > 0 && own.Missing() == 0 {
		s.current = own
	}
	return nil
}

// isStranger tells of an error of add that the share is of a set that no sealed
// key at hand is of.
func (s *shareSets) isStranger(err error) bool {
	return is[*custody.OtherSetError](err) || is[*custody.OtherKeyError](err)
}

// oddSealedKeyError is a sealed key that no share belongs to, while shares agree
// with each other on another set.
type oddSealedKeyError struct {
	set    custody.SetID
	shares int
}

func (e *oddSealedKeyError) Error() string {
	return fmt.Sprintf("%d shares agree with each other that they are of set %s: this sealed key is the odd one", e.shares, e.set)
}

func (e *oddSealedKeyError) event() custody.Event {
	return custody.Event{Step: custody.StepRefused, Reason: custody.ReasonOddSealedKey, Set: e.set}
}

// odd returns that the sealed keys at hand are the odd ones, if two shares or more
// are of one other set and none was accepted; else nil. Of several such sets it
// names the one with the most shares.
func (s *shareSets) odd() (odd *oddSealedKeyError) {
	for _, one := range s.all {
		if len(one.Given()) > 0 {
			return nil
		}
	}
	for id, shares := range s.strangers {
		n := len(shares)
		if n >= 2 && (odd == nil || n > odd.shares || n == odd.shares && bytes.Compare(id[:], odd.set[:]) < 0) {
			odd = &oddSealedKeyError{id, n}
		}
	}
	return odd
}

// acceptedText says that a share is right, and how many are there of how many
// that it takes.
func (s *shareSets) acceptedText(share *custody.Share) string {
	own := s.byID(share.Set)
	return fmt.Sprintf("share %d (%s) accepted: %d of %d", share.Index, own.sealed.Holder(share.Index), len(own.Given()), own.sealed.Threshold)
}

// combine opens a sealed key with the shares of the current set, trying the
// copies of that set one after the other, and says which copies do not open.
func (s *shareSets) combine(t *terminal.Terminal, c *ceremony) (q *custody.Quorum, used sealedCopy, err error) {
	var first error
	for _, tried := range s.copies {
		if tried.ID != s.current.sealed.ID {
			continue
		}
		if q, err = combineAndTry(s.current.Set, tried.SealedKey); err == nil {
			if first != nil {
				t.Warn(first.Error() + "; another copy of it was used")
			}
			return q, tried, nil
		}
		c.record(custody.RefusedSealedKey(err))
		if first == nil {
			first = &fileError{tried.path, asSealedKey, err}
		}
		if is[custody.TooFewError](err) || errors.Is(err, custody.ErrInconsistent) {
			break // that is no fault of the copy
		}
	}
	return nil, used, first
}

// combineAndTry proves that a copy holds the recovery key.
func combineAndTry(set *custody.Set, tried *custody.SealedKey) (*custody.Quorum, error) {
	q, err := set.With(tried).Combine()
	if err != nil {
		return nil, err
	}
	private, err := q.Open()
	if err != nil {
		q.Wipe()
		return nil, err
	}
	rsadecrypt.Wipe(private)
	return q, nil
}
