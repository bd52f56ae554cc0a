package shard

import (
	"context"
	"crypto"
	"errors"

	"recover/pkg/rsadecrypt"
	"recover/pkg/shard/internal/part"
)

// Options of a rebuild.
type Options struct {
	// ChainCode opens the chain code of an ED25519 key too, for one more
	// private operation. That of a SECP256K1 key is always opened: its wallet
	// key is made with it.
	ChainCode bool
	// Salvage tries more ways to make the key of what is left: Shamir shares
	// that fit no commitment, in every combination that may be meant; and IDs
	// that public data speaks against, until 40 ciphertexts did not open. What
	// comes out still has the backup's public key.
	Salvage bool
	// Accept, if it is not nil, is asked about each chain code that opens, in
	// turn: the first that it returns true for is taken. A backup holds one chain
	// code, but whoever can write to the bucket can add others. If none is
	// accepted, the first that opened is the key's.
	Accept func(m *Master, chainCode []byte) bool
	// Operations bounds the private operations of this rebuild and others of
	// the same key together; nil stands for MaxOperations, for this one alone.
	Operations *Operations
}

const (
	// MaxOperations is how many private operations the backups of one key may
	// cost together. An intact one takes one for each player that is needed,
	// and one for the chain code.
	MaxOperations = 1000
	// MaxSalvageOperations is the same for a salvage: every ciphertext of
	// every player once.
	MaxSalvageOperations = MaxPlayers*part.Ciphertexts + 80
	// maxWrongIDs is how many ciphertexts may not open before a salvage believes
	// that the IDs are wrong, where public data says so.
	maxWrongIDs = 40
)

// Operations counts private operations, and ends a rebuild when none is left.
// It is not for concurrent use.
type Operations struct{ Left, Done int }

// Limit returns how many operations the backups of one key may cost.
func Limit(salvage bool) *Operations {
	if salvage {
		return &Operations{Left: MaxSalvageOperations}
	}
	return &Operations{Left: MaxOperations}
}

// decrypter is the recovery key of one rebuild, under the label of its IDs.
type decrypter struct {
	ctx        context.Context
	key        crypto.Decrypter
	label      []byte
	operations *Operations
	failed     int  // how many ciphertexts did not open
	anyOpened  bool // a ciphertext did open: the IDs are right
}

// decrypt does one private operation. rsadecrypt.ErrDecrypt speaks of the
// ciphertext; any other error ends the rebuild.
func (d *decrypter) decrypt(ciphertext []byte) ([]byte, error) {
	if err := d.interrupted(); err != nil {
		return nil, err
	}
	if d.operations.Left <= 0 {
		return nil, fail(ReasonOperations, "", "given up after %d private operations, the most that one key may take", d.operations.Done)
	}
	d.operations.Left--
	d.operations.Done++
	plain, err := rsadecrypt.Decrypt(d.key, ciphertext, d.label)
	if err == nil {
		d.anyOpened = true
		return plain, nil
	}
	if errors.Is(err, rsadecrypt.ErrDecrypt) {
		d.failed++
		return nil, err
	}
	return nil, &Error{Reason: ReasonKeySource, Faults: []Fault{{Problem: err.Error()}}, err: err}
}

// interrupted returns an error when the context has ended.
func (d *decrypter) interrupted() error {
	if err := d.ctx.Err(); err != nil {
		return &Error{Reason: ReasonInterrupted, Faults: []Fault{{Problem: "interrupted"}}, err: err}
	}
	return nil
}

// ends tells whether an error ends a rebuild, whatever else could be tried.
func ends(err error) bool {
	switch ReasonOf(err) {
	case ReasonKeySource, ReasonOperations, ReasonInterrupted:
		return true
	}
	return false
}
