package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"recover/internal/output"
	"recover/pkg/hsm"
	"recover/pkg/record"
	"recover/pkg/shard"
)

// Exit statuses.
const (
	exitOK     = 0 // all that was asked
	exitFailed = 1
	exitUsage  = 2
	exitSome   = 3 // some keys done, others not
	exitInput  = 4 // an input could not be read, or an output not made: nothing was judged
)

// usageError is a command line that does not say what to do.
type usageError struct{ fact, hint string }

func (e *usageError) Error() string { return e.fact }

// incompleteError says that not all keys are done. Each key's own result has
// been shown, but for that of a single key, which it is about.
type incompleteError struct {
	fact, hint string
	status     int
}

func (e *incompleteError) Error() string { return e.fact }

// factOf returns the fact of an error, and of a file with several faults a line
// for each, to be shown before it.
func factOf(err error) (fact string, lines []string) {
	var faults *record.Faults
	var file *fileError
	if !errors.As(err, &faults) || !errors.As(err, &file) {
		return err.Error(), nil
	}
	for _, fault := range faults.List {
		lines = append(lines, file.path+": "+fault.Error())
	}
	if faults.More > 0 {
		lines = append(lines, fmt.Sprintf("%s: and %d more", file.path, faults.More))
	}
	return fmt.Sprintf("%s: %d faults, which are listed above", file.path, len(faults.List)+faults.More), lines
}

// role is what a file was taken for.
type role int

const (
	asRecord role = iota
	asShards
	asKey
	asPublicKey
	asIdentity
	asShare
	asSealedKey
	asTranscript
	asNewSet
	asOutput
	asAnswers
	asListing
	asAny
)

// fileError is an error in a file that the user named.
type fileError struct {
	path string
	role role
	err  error
}

func (e *fileError) Error() string { return e.path + ": " + e.problem() }

// problem is what is wrong, without the name of the file.
func (e *fileError) problem() string {
	err := e.err
	if pathErr, ok := errors.AsType[*os.PathError](err); ok {
		err = pathErr.Err
	}
	if named, ok := errors.AsType[*output.PathError](err); ok {
		err = named.Err
	}
	if large, ok := errors.AsType[*output.TooLargeError](err); ok {
		return fmt.Sprintf("%d bytes, at most %d are read", large.Size, large.Max)
	}
	return err.Error()
}

func (e *fileError) Unwrap() error { return e.err }

// What ends a verb, or the work on a key, and has advice of its own.
var (
	errNotRecorded    = errors.New("the record names other recovery keys, not this one")
	errNoRecoveryKey  = errors.New("it names no recovery key")
	errInterruptedRun = errors.New("interrupted")
	errProduction     = errors.New("the record's environment is production, and this is a drill")
	errSignature      = errors.New("the rebuilt key's signature is not right under the public key")
	errRunExists      = fmt.Errorf("%w, and holds the keys of an earlier run", output.ErrExists)
	errShardChanged   = errors.New("the shard is not the one that was rebuilt before")
	errForgedKey      = errors.New("the journal has another public key for this shard's wallet")
	errUnknownFile    = errors.New("none of the files that this program reads or writes")
	errNoEntryFits    = errors.New("no entry of the record fits this shard")
	errWallets        = errors.New("no list of wallets")
	errLeftOver       = errors.New("left over from a split that did not finish")
	errReadBack       = errors.New("the medium does not hold what was written")
	errNoModules      = errors.New("no PKCS#11 module is in the usual places")
	errManyKeys       = errors.New("there may be more than these: name object or id with --hsm")
)

// reasonSignature is the code of errSignature.
const reasonSignature = shard.Reason("signature-failed")

// Why a wallet has no backup, and what is wrong with a kit.
const (
	reasonHSM           = shard.Reason("key-in-hsm")
	reasonNoKit         = shard.Reason("quorum-without-kit")
	reasonNoBackup      = shard.Reason("backup-not-found")
	reasonKitForeign    = shard.Reason("kit-key-foreign")
	reasonKitLacks      = shard.Reason("kit-key-missing")
	reasonKitUnreadable = shard.Reason("kit-key-unreadable")
)

// notFoundError is a search that found nothing.
type notFoundError struct{ tried int }

func (e *notFoundError) Error() string {
	return fmt.Sprintf("none of the %d pairs of IDs that were tried is this backup's", e.tried)
}

var errSmallKey = errors.New("the key in the token has fewer than 4096 bits")

// newKeyError is a key that was made, and cannot be used; or that may have been
// made.
type newKeyError struct {
	location hsm.Location
	exists   bool
	err      error
}

func (e *newKeyError) Error() string {
	if !e.exists {
		return fmt.Sprintf("the token may have made the key %s, or still make it: %v", e.location, e.err)
	}
	return fmt.Sprintf("the new key %s, which stays in the token, cannot be used: %v", e.location, e.err)
}
func (e *newKeyError) Unwrap() error { return e.err }

// hint says how to go on with a key that is there.
func (e *newKeyError) hint() string {
	return "wait until the token is idle, then: recover keygen --existing --hsm '" + e.location.String() +
		"' --out DIR tests the key and writes its public half; if there is none, start again"
}

// Errors of the verbs that use rebuilt keys.
var (
	errNoAddresses = errors.New("no addresses are in it")
	errNotAgreed   = errors.New("nothing was signed: the answer was not \"yes\"")
	errOtherPlan   = errors.New("the plan is not the one whose hash was given")
	errStopped     = errors.New("interrupted: nothing was signed")
	errNotHex      = errors.New("not hex digits: with --blind the file holds what is signed, in hex")
	errNotDigest   = errors.New("not 32 bytes: with --blind and a SECP256K1 key the file holds a digest of 32 bytes, in hex")
)

// listError are the lines of a list that cannot be read.
type listError struct {
	path  string
	lines []string
}

func (e *listError) Error() string { return e.path + ": " + strings.Join(e.lines, "; ") }

const maxFaults = 20

func (e *listError) add(line int, format string, args ...any) {
	switch {
	case len(e.lines) < maxFaults:
		e.lines = append(e.lines, fmt.Sprintf("line %d: ", line)+fmt.Sprintf(format, args...))
	case len(e.lines) == maxFaults:
		e.lines = append(e.lines, "and more")
	}
}

// Errors of what a ceremony said, and of what is compared with it.
var (
	errNoSet          = errors.New("not one set was made in this ceremony")
	errNotDone        = errors.New("the ceremony was not ended well")
	errOtherHead      = errors.New("its last line has another SHA-256")
	errNoOutcomes     = errors.New("it does not say which sealed key was written")
	errOtherSigner    = errors.New("signed with the key of another person")
	errNoSealedKey    = errors.New("it is not there, and nothing tells which set the record would be attached to")
	errNoRun          = errors.New("there is no such directory")
	errSegmentChanged = errors.New("a file of rebuilt keys next to the report is not the one that it lists")
	errNotSigned      = errors.New("neither the transcript of a whole ceremony nor a confirmation")
)

// differsError is a file in a holder's folder that is not the ceremony's, and
// what to do about it.
type differsError struct{ fact, hint string }

func (e *differsError) Error() string { return e.fact }

// is tells whether an error of the type T is in the chain.
func is[T error](err error) bool {
	_, ok := errors.AsType[T](err)
	return ok
}
