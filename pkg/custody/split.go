package custody

import (
	"crypto/rand"
	"crypto/rsa"
	"slices"
	"time"

	"github.com/hashicorp/vault/shamir"

	"recover/internal/secret"
	"recover/pkg/rsadecrypt"
)

// Related is what the description of a new set names besides the set itself.
type Related struct {
	Replaces SetID  // the set that it replaces; zeros: none
	Record   Digest // of the offline record that lies with the shares; zeros: none
}

// Split seals key to a fresh age identity, and splits that identity into a new
// set of shares. made is the time of the ceremony.
//
// The result is not to be trusted before it was written to disk, read again and
// has passed Verify. The errors are those of Plan.Check, rsadecrypt.CheckSize,
// and ErrDate.
func Split(key *rsa.PrivateKey, plan Plan, made time.Time, related Related) (*SealedKey, []*Share, error) {
	if err := plan.Check(); err != nil {
		return nil, nil, err
	}
	if err := rsadecrypt.CheckSize(key.N.BitLen()); err != nil {
		return nil, nil, err
	}
	made = made.UTC().Truncate(time.Second)
	if made.Unix() < 0 || made.Unix()/int64(day/time.Second) > 1<<16-1 {
		return nil, nil, ErrDate
	}
	identity := make([]byte, secretLen)
	defer secret.Wipe(identity)
	_, _ = rand.Read(identity) // never fails
	shares, err := deal(identity, plan, made)
	if err != nil {
		return nil, nil, err
	}
	d := &Description{Key: rsadecrypt.FingerprintOf(&key.PublicKey), Created: made, Replaces: related.Replaces, Record: related.Record,
		Threshold: plan.Threshold, Holders: slices.Clone(plan.Holders)}
	d.describe(shares)
	text := encodeIdentity(identity)
	defer text.Wipe()
	sealed, err := sealKey(key, d, parseIdentity(text).Recipient())
	if err != nil {
		return nil, nil, err
	}
	return sealed, shares, nil
}

// deal makes shares that lack the set ID only.
func deal(identity []byte, plan Plan, made time.Time) ([]*Share, error) {
	values, err := shamir.Split(identity, len(plan.Holders), plan.Threshold)
	if err != nil {
		return nil, err
	}
	shares := make([]*Share, len(values))
	for i, v := range values {
		shares[i] = &Share{
			Created:   made.Truncate(day),
			Threshold: plan.Threshold,
			Count:     len(values),
			Index:     i + 1,
			value:     secret.New(v),
		}
	}
	return shares, nil
}
