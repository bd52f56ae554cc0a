package shard

import (
	"bytes"

	"recover/internal/group"
	"recover/pkg/rsadecrypt"
)

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
func (s *Shard) Trials() []*Trial {
	var trials []*Trial
	for _, p := range s.data.players {
		if t := s.trial(p); t != nil && len(trials) < maxTrials {
			trials = append(trials, t)
		}
	}
	return trials
}

// trial is of the player's first opened ciphertext that is whole, or nil.
func (s *Shard) trial(p *player) *Trial {
	enc, err := rsadecrypt.NewSeededEncrypter(s.recoveryKey, nil)
	if err != nil {
		return nil
	}
	for i := range opened {
		if t, err := p.trial(s.group, i); err == nil {
			t.encrypter = enc
			return t
		}
	}
	return nil
}

func (p *player) trial(g group.Group, i int) (*Trial, error) {
	c, err := p.position(i)
	if err != nil {
		return nil, err
	}
	value, err := p.value(g, i)
	if err != nil {
		return nil, err
	}
	seed, err := p.seed(i)
	if err != nil {
		return nil, err
	}
	ciphertext, err := p.es.bytes(c)
	return &Trial{value: value.Bytes(), seed: seed, ciphertext: ciphertext}, err
}

// Fits tells whether the ciphertext is encrypted under the label of ids. Yes is
// certain; no may mean that the ciphertext is damaged.
func (t *Trial) Fits(ids IDs) bool {
	t.encrypter.SetLabel(ids.label())
	made, err := t.encrypter.Encrypt(t.value, t.seed)
	return err == nil && bytes.Equal(made, t.ciphertext)
}
