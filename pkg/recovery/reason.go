package recovery

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"recover/internal/group"
	"recover/pkg/record"
	"recover/pkg/shard"
	"recover/pkg/wallet"
)

// Reasons for which a key is not ok, besides those of package shard.
const (
	ReasonMissing      = shard.Reason("missing")         // no backup is in the download
	ReasonArchive      = shard.Reason("archive")         // no backup, but an archive that may hold it
	ReasonNoPermission = shard.Reason("no-permission")   // the file system does not let this user read it
	ReasonUnproved     = shard.Reason("unproved")        // no anchor, and no proof that holds
	ReasonSeveralKeys  = shard.Reason("several-keys")    // backups of different keys, and no anchor that tells which is right
	ReasonRecord       = shard.Reason("record-mismatch") // the record has another public key or address
	ReasonUnreadable   = shard.Reason("unreadable")      // the file system says no
	ReasonQuorum       = shard.Reason("quorum-unknown")  // record: no known quorum ID is the key's
)

// UnreadableError is a file that the system cannot read.
type UnreadableError struct{ err error }

func (e *UnreadableError) Error() string { return systemError(e.err) }
func (e *UnreadableError) Unwrap() error { return e.err }

// systemError is what the system says, without the name of the file.
func systemError(err error) string {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err.Error()
	}
	return err.Error()
}

// RecordError is a backup that is not the recorded one.
type RecordError struct{ Field, Fact string }

func (e *RecordError) Error() string { return e.Fact }

// SeveralKeysError is a folder with backups that name different keys.
type SeveralKeysError struct {
	First, Other string // paths of two of them
	Anchored     bool   // the record names the wallet, and both claim to be of it
}

func (e *SeveralKeysError) Error() string {
	if e.Anchored {
		return fmt.Sprintf("%s and %s are backups of different keys, and both claim to be of the recorded wallet", e.First, e.Other)
	}
	return fmt.Sprintf("%s and %s are backups of different keys, and the record has no public_key or address to tell which is right", e.First, e.Other)
}

// UnprovedError is a backup without a proof that holds, of a key without an
// anchor.
type UnprovedError struct{ Why error }

func (e *UnprovedError) Error() string {
	return fmt.Sprintf("nothing proves that this backup is the right one: %v; and the record has no public_key or address", e.Why)
}

func (e *UnprovedError) Unwrap() error { return e.Why }

// WalletKeyError is a shard whose wallet public key is not the one that its
// master key makes.
type WalletKeyError struct{ Fact string }

func (e *WalletKeyError) Error() string { return e.Fact }

// ReasonOf returns the reason of an error of this package or of package shard.
func ReasonOf(err error) shard.Reason {
	var (
		unreadable *UnreadableError
		mismatch   *wallet.MismatchError
		other      *RecordError
		several    *SeveralKeysError
		unproved   *UnprovedError
		walletKey  *WalletKeyError
		quorum     *QuorumError
	)
	var archived *MissingError
	switch {
	case errors.As(err, &archived):
		return ReasonArchive
	case errors.Is(err, ErrMissing):
		return ReasonMissing
	case errors.As(err, &unproved): // before what it wraps
		return ReasonUnproved
	case errors.As(err, &several):
		return ReasonSeveralKeys
	case errors.As(err, &mismatch), errors.As(err, &other):
		return ReasonRecord
	case errors.As(err, &walletKey):
		return shard.ReasonWalletKey
	case errors.As(err, &quorum):
		return ReasonQuorum
	case errors.As(err, &unreadable) && errors.Is(err, fs.ErrPermission):
		return ReasonNoPermission
	case errors.As(err, &unreadable):
		return ReasonUnreadable
	}
	return shard.ReasonOf(err)
}

// anchor returns what the wallet is known by.
func anchor(e record.Entry) wallet.Anchor {
	if !e.NamesWallet() {
		return wallet.Anchor{}
	}
	return wallet.Anchor{PublicKey: e.PublicKey, Address: e.Address}
}

// isUnknown tells of a key of which the record has nothing but its IDs: that a
// backup is the right one then rests on its proof.
func isUnknown(e record.Entry) bool { return !e.NamesWallet() && e.MasterPublicKey == nil }

// conflict returns an error where two backups name different master public keys,
// valid or damaged, and for whatever recovery key. One that contradicts itself is
// no conflict by itself: its proof fails.
func (s *Backups) conflict() error {
	var first *Backup
	for _, b := range s.all {
		if len(b.masters) == 0 {
			continue
		}
		if first == nil {
			first = b
			continue
		}
		for _, named := range slices.Concat(first.masters, b.masters) {
			if !shard.SamePublicKey(named, first.masters[0]) {
				return &SeveralKeysError{First: first.Path, Other: b.Path}
			}
		}
	}
	return nil
}

// foreign warns of backups that name another master public key than the right
// one: nobody but an attacker has a reason to put them there.
func (s *Backups) foreign(right group.Point) (warnings []Warning) {
	for _, b := range s.all {
		if slices.ContainsFunc(b.masters, func(p group.Point) bool { return !shard.SamePublicKey(p, right) }) {
			warnings = append(warnings, Warning{Code: WarnForeign, Detail: b.Path + " names another master public key: it may have been planted"})
		}
	}
	return warnings
}

// CheckClaims compares what a shard says of its wallet with the record, as far
// as public data tells. A rebuild would refuse the key for the same cause.
func CheckClaims(sh *shard.Shard, e record.Entry) error {
	if e.MasterPublicKey != nil && !shard.SamePublicKey(sh.MasterPublicKey(), e.MasterPublicKey) {
		return &RecordError{"master_public_key", "the record's master_public_key is not the master public key of the shard"}
	}
	a, public := anchor(e), WalletPublicKey(sh)
	if sh.Group() == group.Edwards25519 {
		public = sh.MasterPublicKey() // whatever the shard says
	}
	switch {
	case a.IsZero():
		return checkUnanchored(sh)
	case public == nil: // the rebuild will tell
		return nil
	}
	return notRecorded(a, sh.Group(), public)
}

// notRecorded compares the wallet public key of a shard with the anchor. The
// error is a *RecordError.
func notRecorded(a wallet.Anchor, g group.Group, public group.Point) error {
	var mismatch *wallet.MismatchError
	if err := a.Check(g, public); errors.As(err, &mismatch) {
		fact := "the record's public_key is not the wallet public key of the shard"
		if mismatch.Field == "address" {
			fact = "the record's address is none of the wallet public key of the shard"
		}
		return &RecordError{mismatch.Field, fact}
	}
	return nil
}

// checkUnanchored compares the wallet public key that the shard names with its
// master public key: an ED25519 wallet uses the master key as it is, one of
// SECP256K1 never does.
func checkUnanchored(sh *shard.Shard) error {
	claimed := sh.WalletPublicKey()
	same := claimed != nil && shard.SamePublicKey(claimed, sh.MasterPublicKey())
	switch {
	case claimed == nil:
		return nil
	case sh.Group() == group.Secp256k1 && same:
		return &WalletKeyError{"walletPublicKeyBase64: the master public key itself, which no SECP256K1 wallet uses"}
	case sh.Group() == group.Edwards25519 && !same:
		return &WalletKeyError{"walletPublicKeyBase64: not the master public key, which an ED25519 wallet uses as it is"}
	}
	return nil
}

// CheckRecord compares what the backups say of themselves with the record: that
// there are any, that they name one key where nothing else tells, and that one of
// them is the recorded one. It proves nothing.
func (s *Backups) CheckRecord() error {
	if s.Found() == 0 {
		return s.missing()
	}
	if !s.Entry.NamesWallet() {
		if err := s.conflict(); err != nil {
			return err
		}
	}
	var first error
	for _, b := range s.all {
		if b.Err != nil || b.SameAs != nil {
			continue
		}
		sh, err := s.Load(b)
		if err == nil {
			err = CheckClaims(sh, s.Entry)
		}
		if err == nil {
			return nil
		}
		if first == nil {
			first = err
		}
	}
	return first
}
