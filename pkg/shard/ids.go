package shard

import (
	"bytes"
	"errors"

	"recover/internal/group"
	"recover/pkg/rsadecrypt"
	"recover/pkg/shard/internal/part"
)

// ErrUncheckable is what CheckIDs wraps for a backup whose opened ciphertexts
// cannot be encrypted again: their seeds are lost, or its version has none.
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
	for i := range part.Opened { // the first of each player before the second of any
		for _, p := range s.data.Players {
			fits, err := refits(p, nil, enc, s.group, i)
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

// reencrypted encrypts a player's opened value i again.
func reencrypted(p *part.Player, enc *rsadecrypt.SeededEncrypter, g group.Group, i int) ([]byte, error) {
	value, err := p.Value(g, i)
	if err != nil {
		return nil, part.InItem("vs", i, err)
	}
	seed, err := p.Seed(i)
	if err != nil {
		return nil, part.InItem("rs", i, err)
	}
	return enc.Encrypt(value.Bytes(), seed)
}

// refits encrypts opened value i again under the label of enc, and tells
// whether that gives the ciphertext that the value is said to be from. An
// error means that it cannot be tried; it names the field. es are the player's
// ciphertexts, decoded, or nil.
func refits(p *part.Player, es [][]byte, enc *rsadecrypt.SeededEncrypter, g group.Group, i int) (bool, error) {
	c, err := p.Position(i)
	if err != nil {
		return false, part.InItem("combination", i, err)
	}
	var have []byte
	if es != nil {
		have = es[c]
	} else if have, err = p.Es.Bytes(c); err != nil {
		return false, part.InItem("es", c, err)
	}
	made, err := reencrypted(p, enc, g, i)
	return err == nil && bytes.Equal(made, have), err
}

// maxTrials is how many of a backup's opened ciphertexts Trials returns.
const maxTrials = 2

// Trial tells whether IDs are a backup's with one opened ciphertext of it, for
// searches that try thousands: each costs one public operation. It is not for
// concurrent use.
type Trial struct {
	encrypter               *rsadecrypt.SeededEncrypter
	value, seed, ciphertext []byte
}

// Trials returns the trials that can be made: the first is enough unless its
// ciphertext is damaged, so the second is for a search that found nothing.
// They are of two players. There is none where CheckIDs would return
// ErrUncheckable.
func (s *Shard) Trials() (trials []*Trial) {
	for _, p := range s.data.Players {
		for i := range part.Opened {
			if t, err := s.trial(p, i); err == nil && len(trials) < maxTrials {
				trials = append(trials, t)
				break
			}
		}
	}
	return trials
}

// trial is of opened value i of a player, if it is whole.
func (s *Shard) trial(p *part.Player, i int) (*Trial, error) {
	x, value, err := p.OpenedAt(s.group, i)
	if err != nil {
		return nil, err
	}
	seed, err := p.Seed(i)
	if err != nil {
		return nil, err
	}
	ciphertext, err := p.Es.Bytes(x - 1)
	if err != nil {
		return nil, err
	}
	enc, err := rsadecrypt.NewSeededEncrypter(s.recoveryKey, nil)
	return &Trial{enc, value.Bytes(), seed, ciphertext}, err
}

// Fits tells whether the ciphertext is encrypted under the label of ids. Yes is
// certain; no may mean that the ciphertext is damaged.
func (t *Trial) Fits(ids IDs) bool {
	t.encrypter.SetLabel(ids.label())
	made, err := t.encrypter.Encrypt(t.value, t.seed)
	return err == nil && bytes.Equal(made, t.ciphertext)
}
