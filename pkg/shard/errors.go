package shard

import (
	"errors"
	"fmt"
	"strings"

	"recover/pkg/shard/internal/part"
)

// Reason is a short, stable code for what is wrong with a backup. Scripts read
// it in reports.
type Reason string

// The reasons for which a backup does not verify or a key is not rebuilt.
const (
	ReasonMalformed        Reason = "malformed"            // not of the format
	ReasonUnsupported      Reason = "unsupported"          // of a version, curve or sharing that is not known here
	ReasonAlgorithm        Reason = "algorithm-mismatch"   // the record or the shard names another algorithm
	ReasonWrongIDs         Reason = "wrong-ids"            // quorum ID or key ID is not the backup's
	ReasonOtherRecoveryKey Reason = "other-recovery-key"   // encrypted to another recovery key
	ReasonProof            Reason = "proof-failed"         // the public proof does not hold
	ReasonNoProof          Reason = "no-proof"             // public data cannot prove it, or others can make such a proof; nothing is wrong with it as far as it shows
	ReasonTooFewPlayers    Reason = "too-few-players"      // not enough players' parts can be opened
	ReasonPublicKey        Reason = "public-key-mismatch"  // the master key is not the one of the public key
	ReasonChainCode        Reason = "chain-code-lost"      // the master key is right, its chain code cannot be had
	ReasonWalletKey        Reason = "wallet-key-mismatch"  // the master key is right, its child is not the wallet key
	ReasonKeySource        Reason = "recovery-key-failure" // the recovery key could not be used
	ReasonOperations       Reason = "operation-limit"      // more private operations than one key may take
	ReasonInterrupted      Reason = "interrupted"          // the context ended
)

// Fault is one thing that is wrong with a backup.
type Fault struct {
	Player  string // "player 2"; empty for what is not of one player's part
	Field   string // as in the file; empty for the whole
	Items   []int  // which elements of a list, 0-based and ascending; empty for the whole field
	Problem string
}

// Error names the place and the problem: "player 2: es[0,3-5]: not base64".
func (f *Fault) Error() string { return (*part.Fault)(f).Error() }

func exported(list part.Faults) (all []Fault) {
	for _, f := range list {
		all = append(all, Fault(f))
	}
	return all
}

// Error says why a backup is refused. Faults has one entry or more, in the
// order of the file.
type Error struct {
	Reason Reason
	Faults []Fault
	err    error // what a Decrypter returned
}

// Error lists all faults.
func (e *Error) Error() string {
	all := make([]string, len(e.Faults))
	for i, f := range e.Faults {
		all[i] = f.Error()
	}
	return strings.Join(all, "; ")
}

// Unwrap returns what the recovery key's source said, where it failed.
func (e *Error) Unwrap() error { return e.err }

// ReasonOf returns the reason of an error of this package, and "" for another.
func ReasonOf(err error) Reason {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Reason
	}
	return ""
}

func fail(reason Reason, field, format string, args ...any) *Error {
	return &Error{Reason: reason, Faults: []Fault{{Field: field, Problem: fmt.Sprintf(format, args...)}}}
}
