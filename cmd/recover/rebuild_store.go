package main

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"time"

	"filippo.io/age"

	"recover/internal/output"
	"recover/internal/secret"
	"recover/pkg/report"
	"recover/pkg/shard"
)

// Tests take fewer keys, and leave a segment open however slow the machine is.
var (
	segmentKeys = report.SegmentKeys
	segmentAge  = report.SegmentAge
)

// keyStore writes the rebuilt keys and the journal of a run.
type keyStore struct {
	*report.Store
	withMaster bool
}

// add gives a key to the store: the wallet key, or the master key that is kept
// without it.
func (s *keyStore) add(k *rebuiltKey) error {
	switch {
	case k.wallet != nil:
		return s.Add(&k.result.Key, s.walletKey(k), nil)
	case k.master != nil:
		return s.Add(&k.result.Key, nil, masterKey(k))
	}
	return s.Add(&k.result.Key, nil, nil)
}

func (s *keyStore) walletKey(k *rebuiltKey) *report.WalletKey {
	l := &report.WalletKey{
		QuorumID: k.result.QuorumID, KeyID: k.result.KeyID, Algorithm: k.result.Algorithm, Name: k.result.Name, Blockchain: k.result.Blockchain, Derivation: k.wallet.Derivation(),
		PrivateKey: k.wallet.Private().Bytes(), PublicKey: k.result.PublicKey, Addresses: k.result.Addresses,
	}
	if k.result.Status == statusUnproved {
		l.Proved, l.Doubt = k.result.Proved, string(k.result.Reason)+": "+k.result.Detail
	}
	if s.withMaster {
		l.MasterPrivateKey = k.master.Key().Bytes()
		l.MasterChainCode = chainCode(k.master)
	}
	return l
}

func masterKey(k *rebuiltKey) *report.MasterKey {
	return &report.MasterKey{
		QuorumID: k.result.QuorumID, KeyID: k.result.KeyID, Algorithm: k.result.Algorithm,
		MasterPrivateKey: k.master.Key().Bytes(), MasterChainCode: chainCode(k.master),
		MasterPublicKey: hex.EncodeToString(k.master.PublicKey().Bytes()),
	}
}

// chainCode returns a copy of the chain code, or nil where it is lost.
func chainCode(m *shard.Master) []byte {
	code, err := m.ChainCode()
	if err != nil {
		return nil
	}
	return bytes.Clone(code.Reveal())
}

// describe names the segments of wallet keys.
func (s *keyStore) describe() string {
	n, first, last := s.Segments()
	if n == 1 {
		return first
	}
	return fmt.Sprintf("%s to %s", first, last)
}

// openStore makes the output directory, or goes on in that of an earlier run.
func (j *rebuildJob) openStore() error {
	var store *report.Store
	var err error
	if j.earlier == nil {
		store, err = report.Create(j.flags.out, j.header(), j.identity, j.sealer, segmentKeys)
	} else if store, err = j.earlier.Resume(j.header(), j.sealer, segmentKeys); err != nil {
		j.earlier.Close()
	}
	if err != nil {
		return runError(j.flags.out, err)
	}
	store.MaxAge = segmentAge
	j.narrow(j.flags.out, true) // an empty directory is removed in the end
	j.store = &keyStore{store, j.flags.withMaster}
	if j.earlier != nil {
		counts := j.earlier.Counts()
		j.report.sum.Summary = counts
		j.term.Note("%d %s done before", counts.Keys, plural(counts.Keys, "key was", "keys were"))
	}
	return nil
}

// closing says where the keys are and how they are opened.
func (j *rebuildJob) closing() {
	if j.store.IsEmpty() {
		return
	}
	if n, first := j.store.Masters(); n > 0 {
		j.term.Note("master keys without their wallet key are in %s", first)
	}
	n, first, _ := j.store.Segments()
	if n == 0 {
		return
	}
	j.term.Note("the keys are in %s", j.store.describe())
	if j.earlier != nil {
		for _, r := range j.earlier.Rejected() {
			j.term.Note("but do not use %s: it is not the file that the run wrote", r.Path)
		}
	}
	switch {
	case len(j.identity) > 0:
		j.term.Note("open them with: age -d -i %s/identity.age %s", j.flags.out, first)
	case j.sealer.Sealed():
		j.term.Note("open them with: age -d -i IDENTITY %s", first)
	}
	switch {
	case n > 1 && len(j.identity) > 0:
		j.term.Note("all of them, with one question for the passphrase: recover keys %s > /dev/shm/keys.ndjson", j.flags.out)
	case n > 1 && j.sealer.Sealed():
		j.term.Note("all of them: for f in %s/keys-*.age; do age -d -i IDENTITY \"$f\"; done", j.flags.out)
	}
	j.term.Note("how the funds are moved with them: docs/after-the-rebuild.md")
}

// header is what the journal and the report of a rebuild begin with.
func (j *rebuildJob) header() *report.Header {
	h := &report.Header{
		Type: "run", Format: report.Format, Verb: "rebuild", Tool: thisTool(), Begun: time.Now().UTC().Format(time.RFC3339),
		Record: j.selection.recordPath, Environment: j.selection.record.Environment, Shards: j.selection.shardsPath,
		RecoveryKey: j.key.fingerprint.Hex(), Sealed: "recipients", Recipients: j.sealer.Recipients(),
		WithMaster: j.flags.withMaster, Part: j.flags.part.String(), Accepted: j.program.fitness.accepted,
	}
	if h.Record != "" {
		sum := j.selection.record.SHA256()
		h.RecordSHA256 = hex.EncodeToString(sum[:])
	}
	switch {
	case len(j.identity) > 0:
		h.Sealed, h.Recipients = "passphrase", report.Hide(h.Recipients)
	case !j.sealer.Sealed():
		h.Sealed = "no"
	}
	return h
}

// seal decides how the keys are sealed: as they are to be written, to the
// recipients, or with a passphrase that is asked now.
func (j *rebuildJob) seal(ask *keySession, recipients []age.Recipient) (err error) {
	switch {
	case j.flags.unsealed:
		j.term.Warn("--unsealed: the private keys are written in the clear")
		j.sealer = output.Unsealed()
	case len(recipients) > 0:
		j.sealer, err = output.SealTo(recipients...)
	default:
		return j.sealWithPassphrase(ask)
	}
	return err
}

// sealWithPassphrase asks for a new passphrase, or when a run is resumed, for
// the one that it was begun with.
func (j *rebuildJob) sealWithPassphrase(ask *keySession) error {
	if j.earlier == nil {
		passphrase, err := ask.newPassphrase("New passphrase that will open the rebuilt keys")
		if err != nil {
			return err
		}
		defer passphrase.Wipe()
		j.sealer, j.identity, err = output.SealWithPassphrase(passphrase)
		return err
	}
	path := filepath.Join(j.flags.resume, report.IdentityName)
	file, err := readRunIdentity(path, asOutput)
	if err != nil {
		return err
	}
	err = ask.untilRight(path, asOutput, "Passphrase of the rebuilt keys of the run that is resumed", func(p *secret.Bytes) (err error) {
		j.sealer, err = output.ReopenWithPassphrase(file, p)
		return wrongPassphrase(err)
	})
	if err == nil {
		j.identity = file
	}
	return err
}
