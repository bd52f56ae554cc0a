package shard

import (
	"errors"

	"recover/pkg/rsadecrypt"
	"recover/pkg/shard/internal/part"
)

// Proof says that a backup can be opened: whoever holds the private half of
// its recovery key, and knows its IDs, can rebuild the master private key of
// its public key. Only Verify makes one.
type Proof struct{ caveats []string }

// Caveats returns what public data cannot prove of this backup, as plain
// sentences; mostly none.
func (p *Proof) Caveats() []string { return p.caveats }

// MinExponent is the least public exponent of a recovery key whose backups keep
// their label. The seed and the value of an opened ciphertext are published, so
// all of what is encrypted is known, but for 64 bytes in a row, and where RSA
// raises it to a low power, these can be computed (Coppersmith 1996): with 3, in a
// second. Whoever has the hash of the label makes valid proofs. The bound is that
// of NIST SP 800-56B.
const MinExponent = 65537

// CheckExponent tells whether only somebody who knows the IDs can have made the
// proof of this backup. What the proof shows holds in any case. The error is an
// *Error with ReasonNoProof.
func (s *Shard) CheckExponent() error {
	if e := s.recoveryKey.E; e < MinExponent {
		return fail(ReasonNoProof, "recoveryPublicKeyHex", "the recovery key has the public exponent %d: "+
			"with one below %d, others may be able to make backups with a valid proof", e, MinExponent)
	}
	return nil
}

// Verify proves from public data alone that the backup can be opened under the
// given IDs (docs/formats.md, section 2.3). It checks all of it, and its error lists every
// fault of every player. Errors are *Error: with ReasonWrongIDs where the IDs
// are not this backup's, else ReasonTooFewPlayers, ReasonPublicKey or
// ReasonProof.
func (s *Shard) Verify(ids IDs) (*Proof, error) {
	proof, err := s.prove(ids.label())
	if err == nil {
		return proof, nil
	}
	// A proof with wrong IDs fails in every ciphertext: then only that is said.
	if wrong := s.CheckIDs(ids); wrong != nil && !errors.Is(wrong, ErrUncheckable) {
		return nil, wrong
	}
	return nil, err
}

// VerifyWithoutIDs checks what can be checked of a backup whose IDs are not
// available: all of the proof but whether the opened ciphertexts hold what they are
// said to hold. No error means only that nothing wrong was seen.
func (s *Shard) VerifyWithoutIDs() error {
	_, err := s.prove(nil)
	return err
}

// prove checks everything; with no label, the ciphertexts are passed over.
func (s *Shard) prove(label []byte) (*Proof, error) {
	v := &verifier{shard: s, terms: s.data.Terms(), reason: ReasonProof}
	if label != nil {
		enc, err := rsadecrypt.NewSeededEncrypter(s.recoveryKey, label)
		if err != nil {
			return nil, fail(ReasonMalformed, "recoveryPublicKeyHex", "%v", err)
		}
		v.encrypter = enc
	}
	if s.data.Version == part.V1 {
		v.prove1() // has something to say in any case
	} else {
		v.agreement()
		v.publicKeys()
		commitments := v.commitments()
		for _, p := range s.data.Players {
			v.player(p, commitments)
		}
	}
	if len(v.faults) > 0 {
		return nil, &Error{Reason: v.reason, Faults: exported(v.faults)}
	}
	return &Proof{v.caveats}, nil
}

// verifier collects what is wrong with a backup.
type verifier struct {
	shard     *Shard
	encrypter *rsadecrypt.SeededEncrypter // nil: the ciphertexts are not checked
	terms     part.Terms
	reason    Reason // ReasonProof, or the first that says more
	faults    part.Faults
	caveats   []string
}

// because notes a fault that says more than that the proof failed.
func (v *verifier) because(reason Reason, f part.Fault) {
	if v.reason == ReasonProof {
		v.reason = reason
	}
	v.faults.Add(f)
}
