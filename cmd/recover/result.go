package main

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"recover/internal/group"
	"recover/internal/message"
	"recover/pkg/record"
	"recover/pkg/recovery"
	"recover/pkg/report"
	"recover/pkg/shard"
	"recover/pkg/wallet"
)

// Statuses of a key.
const (
	statusOK         = report.OK
	statusFailed     = report.Failed
	statusMissing    = report.Missing
	statusUnrecorded = report.Unrecorded
	statusUnproved   = report.Unproved
)

// reasonUnrecorded is that of no backup.
const reasonUnrecorded = shard.Reason("unrecorded")

// keyResult is what became of one key, and what is only known here.
type keyResult struct {
	report.Key

	recordedAddress string
	newest          time.Time // verify: when its newest backup was written, as far as the download tells
	openedBy        []string  // verify: recovery keys for which there is a valid shard, hex
}

func newResult(e record.Entry) *keyResult {
	return &keyResult{Key: report.Key{
		Type: "key", QuorumID: e.QuorumID.String(), KeyID: e.KeyID.String(), Algorithm: e.Algorithm.Algorithm(),
		Anchor: string(e.Anchor()), Warnings: []message.Warning{},
		Name: e.Name, Blockchain: e.Blockchain,
	}, recordedAddress: e.Address}
}

// resultOf is the result of a key of which only the ID is known.
func resultOf(keyID string) *keyResult {
	return &keyResult{Key: report.Key{Type: "key", KeyID: keyID, Warnings: []message.Warning{}}}
}

// Codes of warnings that are of the program itself; the others are those of
// package recovery.
const (
	warnFolder     = "wrong-folder"
	warnMadeFaulty = "made-faulty" // sandbox
)

func (r *keyResult) warn(code, format string, args ...any) {
	r.Warnings = append(r.Warnings, message.Warning{Code: code, Detail: fmt.Sprintf(format, args...)})
}

// fail sets why the key is not done.
func (r *keyResult) fail(err error) {
	r.Status, r.Reason, r.Detail = statusFailed, reasonOf(err), err.Error()
}

// failUnlessInterrupted is fail, but for the end of the run, which it returns.
func (r *keyResult) failUnlessInterrupted(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return errInterruptedRun
	}
	r.fail(err)
	return nil
}

// describe sets what a backup says of itself.
func (r *keyResult) describe(b *recovery.Backup) {
	r.Shard, r.ShardSHA256 = b.Path, b.SHA256
	if !b.HasKey() {
		return
	}
	r.RecoveryKey = b.RecoveryKey.Hex()
	if b.WalletPublicKey != nil {
		r.wallet(b.Group(), b.WalletPublicKey)
	}
}

// missing says that no backup is there; err is ErrMissing, or wraps it.
func (r *keyResult) missing(err error) {
	r.Status, r.Reason, r.Detail = statusMissing, recovery.ReasonOf(err), err.Error()
}

// wallet sets the public key and the addresses.
func (r *keyResult) wallet(g group.Group, public group.Point) {
	r.PublicKey = hex.EncodeToString(public.Bytes())
	r.Addresses = make(map[string]string)
	for _, a := range wallet.Addresses(g, public) {
		r.Addresses[a.Chain] = a.Text
	}
}

// reasonOf is the code for an error that ended the work on a key.
func reasonOf(err error) shard.Reason {
	switch {
	case recovery.ReasonOf(err) != "":
		return recovery.ReasonOf(err)
	case errors.Is(err, errSignature):
		return reasonSignature
	case is[*notFoundError](err):
		return shard.ReasonWrongIDs
	}
	return recovery.ReasonUnreadable
}

// summary counts the results, and knows when the work began.
type summary struct {
	report.Summary
	NoBackup    int             `json:"wallets_without_backup,omitempty"` // record new, add
	KitProblems int             `json:"kit_problems,omitempty"`           // record new, add
	Listing     *listingSummary `json:"listing,omitempty"`                // where one was given
	begun       time.Time
}

func newSummary() *summary {
	return &summary{Summary: report.Summary{Type: "summary"}, begun: time.Now()}
}

func (s *summary) count(r *keyResult) { s.Count(&r.Key) }

// end sets how long the work took, unless that is known.
func (s *summary) end() {
	if s.Seconds == 0 {
		s.Seconds = s.seconds()
	}
}

// took sets how long work took that others have done.
func (s *summary) took(seconds float64) { s.Seconds = max(seconds, 0.001) }

func (s *summary) seconds() float64 {
	return float64(time.Since(s.begun).Round(time.Millisecond)) / float64(time.Second)
}

var plural, count = message.Plural, message.Count
