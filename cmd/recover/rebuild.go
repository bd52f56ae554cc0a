package main

import (
	"errors"
	"fmt"

	"filippo.io/age"

	"recover/internal/output"
	"recover/pkg/record"
	"recover/pkg/shard"
	"recover/pkg/wallet"
)

// rebuildFlags are the flags of the verb rebuild.
type rebuildFlags struct {
	selection  selectionFlags
	key        keyFlags
	out        string
	recipients []string
	unsealed   bool
	withMaster bool
	json       bool
	workers    int
}

func parseRebuild(args []string) (*rebuildFlags, error) {
	f := new(rebuildFlags)
	fs := newFlags("rebuild")
	f.selection.register(fs)
	f.key.register(fs)
	fs.StringVar(&f.out, "out", "", "")
	fs.StringArrayVar(&f.recipients, "recipient", nil, "")
	fs.BoolVar(&f.unsealed, "unsealed", false, "")
	fs.BoolVar(&f.withMaster, "with-master", false, "")
	fs.BoolVar(&f.json, "json", false, "")
	fs.IntVar(&f.workers, "workers", 0, "")
	if err := parseFlags(fs, args, 0); err != nil {
		return nil, err
	}
	if f.unsealed && len(f.recipients) > 0 {
		return nil, &usageError{"--unsealed and --recipient are both given", "give one or the other"}
	}
	return f, required("rebuild", [2]string{"out", f.out}, [2]string{"key", f.key.key})
}

// rebuild is the verb: rebuild the recorded wallet keys.
func (p *program) rebuild(args []string) error {
	f, err := parseRebuild(args)
	if err != nil {
		return err
	}
	s, err := f.selection.open()
	if err != nil {
		return err
	}
	defer s.Close()
	job, err := p.planRebuild(f, s)
	if err != nil {
		return err
	}
	defer job.key.close()
	return job.run()
}

// rebuildJob is a rebuild of which everything was checked that can be checked
// before the first private operation.
type rebuildJob struct {
	*program
	flags     *rebuildFlags
	selection *selection
	key       *recoveryKey
	sealer    *output.Sealer
	identity  []byte // the file that opens the segments, with a passphrase
	store     *keyStore
	report    *reporter
}

// planRebuild opens the recovery key and prepares the seal of the output, and
// asks for whatever is to be asked.
func (p *program) planRebuild(f *rebuildFlags, s *selection) (*rebuildJob, error) {
	if err := output.CheckNewDir(f.out); err != nil {
		return nil, &fileError{f.out, asOutput, err}
	}
	recipients, err := parseRecipients(f.recipients)
	if err != nil {
		return nil, err
	}
	file, err := f.key.read()
	if err != nil {
		return nil, err
	}
	ask, err := p.newAsker(f.key.passphraseFD)
	if err != nil {
		return nil, err
	}
	key, err := file.open(ask)
	if err != nil {
		return nil, err
	}
	job := &rebuildJob{program: p, flags: f, selection: s, key: key}
	if err := s.expect(key.fingerprint); err != nil {
		key.close()
		return nil, err
	}
	if err := job.seal(ask, recipients); err != nil {
		key.close()
		return nil, err
	}
	return job, nil
}

func parseRecipients(texts []string) ([]age.Recipient, error) {
	var all []age.Recipient
	for _, text := range texts {
		r, err := output.ParseRecipient(text)
		if err != nil {
			return nil, fmt.Errorf("--recipient: %w", err)
		}
		all = append(all, r)
	}
	return all, nil
}

// seal decides how the keys are sealed: as they are to be written, to the
// recipients, or with a passphrase that is asked now.
func (j *rebuildJob) seal(ask *asker, recipients []age.Recipient) (err error) {
	switch {
	case j.flags.unsealed:
		j.Warn("--unsealed: the private keys are written in the clear")
		j.sealer = output.Unsealed()
	case len(recipients) > 0:
		j.sealer, err = output.SealTo(recipients...)
	default:
		passphrase, err := ask.newPassphrase("New passphrase that will open the rebuilt keys")
		if err != nil {
			return err
		}
		defer passphrase.Wipe()
		j.sealer, j.identity, err = output.SealWithPassphrase(passphrase)
		return err
	}
	return err
}

// run rebuilds every key, and writes what comes out as it goes.
func (j *rebuildJob) run() (err error) {
	j.report = newReporter(j.Terminal, j.selection, j.flags.json)
	if j.store, err = createStore(j); err != nil {
		return err
	}
	worked := j.all()
	if err := j.store.finish(worked == nil); err != nil {
		return err
	}
	if worked != nil {
		return worked
	}
	if err := j.report.end(); err != nil {
		return err
	}
	j.closing()
	return j.report.outcome("rebuilt")
}

// all rebuilds the keys with several workers, and stores them in the order of
// the record.
func (j *rebuildJob) all() error {
	progress := j.Progress("rebuilt", j.selection.record.Len())
	defer progress.Done()
	for k, err := range inOrder(j.ctx, j.flags.workers, j.selection.record.Entries(), j.rebuildKey) {
		if err != nil {
			return err
		}
		progress.Step(k.result.Status != statusOK)
		err = j.store.add(k)
		k.wipe()
		if err != nil {
			return err
		}
		_ = j.report.key(k.result) // where stdout is gone, the keys go on; Err tells in the end
	}
	return nil
}

// closing says where the keys are and how they are opened.
func (j *rebuildJob) closing() {
	if j.store.segments == 0 {
		return
	}
	j.Note("the keys are in %s", j.store.describe())
	switch {
	case len(j.identity) > 0:
		j.Note("open them with: age -d -i %s/identity.age %s", j.flags.out, j.store.path(1))
	case j.sealer.Sealed():
		j.Note("open them with: age -d -i IDENTITY %s", j.store.path(1))
	}
}

// rebuiltKey is what became of one key; wallet and master are nil where it was
// not rebuilt.
type rebuiltKey struct {
	result *keyResult
	wallet *wallet.Key
	master *shard.Master
}

func (k *rebuiltKey) wipe() {
	if k.wallet != nil {
		k.wallet.Wipe()
	}
	if k.master != nil {
		k.master.Wipe()
	}
}

// rebuildKey rebuilds one key from the first of its shards that gives it. An
// error is one of the recovery key itself and ends the run.
func (j *rebuildJob) rebuildKey(e record.Entry) (*rebuiltKey, error) {
	k := &rebuiltKey{result: newResult(e)}
	var failures []verifiedCopy
	found, err := j.selection.candidates(e, func(c candidate) error {
		switch {
		case k.wallet != nil:
			return nil
		case c.err == nil && c.shard == nil:
			k.result.Warnings = append(k.result.Warnings, c.file.Path+" is not a shard")
			return nil
		case c.err == nil:
			c.err = j.attempt(k, c, e)
		}
		if shard.ReasonOf(c.err) == shard.ReasonKeySource {
			return c.err
		}
		if c.err != nil {
			failures = append(failures, verifiedCopy{candidate: c, err: c.err})
		}
		return nil
	})
	switch {
	case shard.ReasonOf(err) == shard.ReasonKeySource:
		return nil, err
	case err != nil:
		k.result.fail(err)
	case found == 0:
		k.result.missing()
	default:
		k.conclude(failures)
	}
	return k, nil
}

// attempt rebuilds the key from one shard.
func (j *rebuildJob) attempt(k *rebuiltKey, c candidate, e record.Entry) error {
	if err := c.shard.CheckRecoveryKey(j.key.public); err != nil {
		return err
	}
	if err := c.shard.CheckAlgorithm(e.Algorithm); err != nil {
		return err
	}
	ids, warning, err := idsOf(c.shard, e)
	if err != nil {
		return err
	}
	m, err := c.shard.Rebuild(j.key, ids, shard.Options{ChainCode: j.flags.withMaster})
	if err != nil {
		return err
	}
	w, err := wallet.Derive(m, wallet.Expected{Backup: c.shard.WalletPublicKey(), Record: e.PublicKey, Address: e.Address})
	if err != nil {
		m.Wipe()
		return err
	}
	k.wallet, k.master = w, m
	k.result.Status = statusOK
	k.result.Shard, k.result.ShardSHA256, k.result.RecoveryKey = c.file.Path, c.sha256, j.key.fingerprint.Hex()
	k.result.wallet(w.Group(), w.Public())
	if warning != "" {
		k.result.Warnings = append(k.result.Warnings, warning)
	}
	for _, f := range m.Warnings() {
		k.result.Warnings = append(k.result.Warnings, f.Error())
	}
	return nil
}

// conclude makes the result of what was tried: with a key, the copies that did
// not give it are warnings. Shards for other recovery keys of a kit are none.
func (k *rebuiltKey) conclude(failures []verifiedCopy) {
	var telling *verifiedCopy
	for i, f := range failures {
		other := shard.ReasonOf(f.err) == shard.ReasonOtherRecoveryKey
		if k.wallet != nil && !other {
			k.result.Warnings = append(k.result.Warnings, fmt.Sprintf("%s: %s: %v", f.file.Path, reasonOf(f.err), f.err))
		}
		if telling == nil || !other && shard.ReasonOf(telling.err) == shard.ReasonOtherRecoveryKey {
			telling = &failures[i]
		}
	}
	if k.wallet == nil {
		k.result.describe(telling.candidate)
		k.result.fail(telling.err)
	}
}

var errInterruptedRun = errors.New("interrupted")
