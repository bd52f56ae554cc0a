package main

import (
	"errors"
	"fmt"
	"path/filepath"

	"filippo.io/age"

	"recover/internal/output"
	"recover/internal/terminal"
)

// rebuildFlags are the flags of the verb rebuild.
type rebuildFlags struct {
	selection  selectionFlags
	key        keyFlags
	out        string
	recipients []string
	unsealed   bool
	withMaster bool
	salvage    bool
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
	fs.BoolVar(&f.salvage, "salvage", false, "")
	fs.BoolVar(&f.json, "json", false, "")
	fs.IntVar(&f.workers, "workers", 0, "")
	if err := parseFlags(fs, args, 0); err != nil {
		return nil, err
	}
	if err := checkWorkers(f.workers); err != nil {
		return nil, err
	}
	if f.unsealed && len(f.recipients) > 0 {
		return nil, &usageError{"--unsealed and --recipient are both given", "give one or the other"}
	}
	return f, required("rebuild", [2]string{"out", f.out})
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
	source, err := f.key.source("rebuild")
	if err != nil {
		return nil, err
	}
	ask, err := p.newAsker(f.key.passphraseFD)
	if err != nil {
		return nil, err
	}
	key, err := source.open(ask)
	if err != nil {
		return nil, err
	}
	job := &rebuildJob{program: p, flags: f, selection: s, key: key}
	if err := s.expect(key.fingerprint); err != nil {
		key.close()
		return nil, err
	}
	err = job.seal(ask, recipients)
	if err == nil {
		err = ask.used()
	}
	if err != nil {
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
	if worked == nil {
		worked = j.report.end()
	}
	j.closing()
	switch {
	case worked == errInterruptedRun && j.store.isEmpty():
		return terminal.ErrInterrupted
	case worked != nil:
		return worked
	}
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
	if j.store.isEmpty() {
		return
	}
	if j.store.masters.count > 0 {
		j.Note("master keys without their wallet key are in %s", filepath.Join(j.flags.out, j.store.masters.name(1, j.sealer)))
	}
	if j.store.keys.count == 0 {
		return
	}
	j.Note("the keys are in %s", j.store.describe())
	switch {
	case len(j.identity) > 0:
		j.Note("open them with: age -d -i %s/identity.age %s", j.flags.out, j.store.path())
	case j.sealer.Sealed():
		j.Note("open them with: age -d -i IDENTITY %s", j.store.path())
	}
}

var errInterruptedRun = errors.New("interrupted")
