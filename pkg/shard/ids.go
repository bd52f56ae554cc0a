package shard

import (
	"errors"

	"recover/pkg/rsadecrypt"
)

// ErrUncheckable is what CheckIDs wraps for a backup whose opened ciphertexts cannot be encrypted
// again: their seeds are lost, or its version has none.
var ErrUncheckable = errors.New("public data cannot tell whether the IDs are this backup's: no ciphertext is opened whole")

// CheckIDs tells whether the quorum ID and the key ID belong to this backup,
// with the public key alone: an opened ciphertext, encrypted again under the
// label that the IDs make, has to come out the same. One public operation is
// the normal cost; where the first opened ciphertext does not fit, the others
// are tried before the IDs are blamed. The error is an *Error with
// ReasonWrongIDs, or ReasonProof where no ciphertext can be tried at all.
func (s *Shard) CheckIDs(ids IDs) error {
	enc, err := rsadecrypt.NewSeededEncrypter(s.recoveryKey, ids.label())
	if err != nil {
		return fail(ReasonMalformed, "recoveryPublicKeyHex", "%v", err)
	}
	tried := 0
	for i := range opened { // the first of each player before the second of any
		for _, p := range s.data.players {
			fits, err := p.refits(enc, s.group, i)
			if err != nil {
				continue
			}
			if tried++; fits {
				return nil
			}
		}
	}
	if tried == 0 {
		e := fail(ReasonProof, "", "%v", ErrUncheckable)
		e.err = ErrUncheckable
		return e
	}
	return fail(ReasonWrongIDs, "", "the quorum ID or the key ID in the record does not belong to this backup (none of its %d opened ciphertexts fits them and its recovery key)", tried)
}
