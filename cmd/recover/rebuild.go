package main

import (
	"context"
	"errors"
	"iter"
	"path/filepath"
	"sync"

	"recover/internal/output"
	"recover/internal/terminal"
	"recover/pkg/record"
	"recover/pkg/recovery"
	"recover/pkg/report"
)

const rebuildUsage = `
recover rebuild --record FILE --shards PATH --key FILE --out DIR

Rebuilds the recorded wallet keys. A key is written only if it is right: if the
record has the wallet's public key or address, the rebuilt key must have it; if
not, public data must prove the backup, and all backups of the key must agree.
` + selectionUsage + keyUsage + `
What comes out:
    --out DIR                  a directory that does not exist yet. The keys
                               are in DIR/keys-0001.ndjson.age and following, a
                               line each
    --recipient age1…          seal the keys to this age recipient
                               (repeatable); without it, to a new passphrase
                               that is asked; Enter alone has the program make
                               one of seven words
    --weak-passphrase          accept a new passphrase that is easy to guess
                               (fewer than 15 characters, or a plain pattern)
    --unsealed                 write the keys in the clear
    --with-master              write each master key and chain code too; also
                               those of which the wallet key cannot be derived
    --accept-unproved          also write keys that nothing proves to be right,
                               marked as such, and exit with status 3; compare
                               their addresses with a source outside the bucket
    --salvage                  read what can be read of files that are cut off
                               or damaged; slower. What comes out has to be
                               right in the same way
` + shownUsage + `    --workers N                keys that are worked on at a time (0: one per
                               CPU)
    --resume DIR               instead of --out: go on in the directory of a
                               run that broke off, or try again what it did not
                               rebuild; all else is given as before, but for a
                               corrected record
    --part 2/5                 the second of five parts of the record, which
                               five workstations divide; "recover report merge"
                               joins them
` + partIndexUsage + `
The sealed keys are opened by the age command alone:
    age -d -i IDENTITY DIR/keys-0001.ndjson.age
where IDENTITY is your age identity file, or with a passphrase
DIR/identity.age.
`

// rebuildFlags are the flags of the verb rebuild.
type rebuildFlags struct {
	selection      selectionFlags
	key            keyFlags
	out            string
	resume         string // instead of out
	part           report.Part
	recipients     []string
	unsealed       bool
	acceptUnproved bool // also write keys that are not proved
	withMaster     bool
	salvage        bool
	shown          shownFlags
	workers        int
}

func parseRebuild(args []string) (*rebuildFlags, error) {
	f := new(rebuildFlags)
	fs := newFlags("rebuild")
	f.selection.register(fs)
	f.key.register(fs)
	fs.StringVar(&f.out, "out", "", "")
	fs.StringVar(&f.resume, "resume", "", "")
	var division partFlags
	division.register(fs)
	fs.StringArrayVar(&f.recipients, "recipient", nil, "")
	fs.BoolVar(&f.unsealed, "unsealed", false, "")
	f.key.registerNewPassphrase(fs)
	fs.BoolVar(&f.acceptUnproved, "accept-unproved", false, "")
	fs.BoolVar(&f.withMaster, "with-master", false, "")
	fs.BoolVar(&f.salvage, "salvage", false, "")
	f.shown.register(fs)
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
	var err error
	if f.part, err = division.parse(); err != nil {
		return nil, err
	}
	return f, f.checkOut()
}

// checkOut makes sure that it is said where the keys go to: into a new directory,
// or into that of an earlier run.
func (f *rebuildFlags) checkOut() error {
	switch {
	case f.resume == "":
		return required("rebuild", [2]string{"out", f.out})
	case f.out != "":
		return &usageError{"--out and --resume are both given", "--resume goes on in the directory of the earlier run"}
	case f.selection.record == "":
		return &usageError{"--resume is for a run with --record", "rebuild the single key into a new directory"}
	}
	f.out = f.resume
	return nil
}

// runRebuild is the verb: rebuild the recorded wallet keys.
func runRebuild(p *program, args []string) error {
	f, err := parseRebuild(args)
	if err != nil {
		return err
	}
	session, err := begin(p, &f.key)
	if err != nil {
		return markResumed(err, f.resume != "")
	}
	defer session.close()
	s, err := f.selection.open(p.ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	if err := p.checkRehearsal(s); err != nil {
		return err
	}
	job, err := planRebuild(p, f, s, session)
	if err != nil {
		return markResumed(err, f.resume != "")
	}
	defer job.key.close()
	err = job.run()
	job.key.ceremony.outputs(f.out)
	return job.key.ceremony.end(err)
}

// rebuildJob is a rebuild of which everything was checked that can be checked
// before the first private operation.
type rebuildJob struct {
	program   *program
	ctx       context.Context
	term      *terminal.Terminal
	flags     *rebuildFlags
	selection *selection
	key       *recoveryKey
	sealer    *output.Sealer
	identity  []byte      // the file that opens the segments, with a passphrase
	earlier   *report.Run // that is resumed, or nil
	store     *keyStore
	report    *reporter
	unshown   []*keyResult // results that are not on the disk yet
	narrow    func(dir string, renamed bool)
}

// planRebuild opens the recovery key and prepares the seal of the output, and
// asks for whatever is to be asked.
func planRebuild(p *program, f *rebuildFlags, s *selection, session *keySession) (*rebuildJob, error) {
	job := &rebuildJob{program: p, ctx: p.ctx, term: p.term, narrow: p.narrow, flags: f, selection: s}
	if f.resume == "" {
		if err := checkNewDir(f.out); errors.Is(err, output.ErrExists) && isFile(filepath.Join(f.out, report.JournalName)) {
			return nil, &fileError{f.out, asOutput, errRunExists}
		} else if err != nil {
			return nil, err
		}
	} else if earlier, err := openEarlierRun(p.term, f, s); err != nil {
		return nil, err
	} else {
		job.earlier = earlier
	}
	planned := false
	defer func() {
		if !planned && job.earlier != nil {
			job.earlier.Close()
		}
	}()
	recipients, err := parseRecipients(f.recipients)
	if err != nil {
		return nil, err
	}
	// A token's login may not last until a person has answered.
	session.prepare = sync.OnceValue(func() error {
		if err := job.seal(session, recipients); err != nil {
			return err
		}
		return session.used()
	})
	key, err := f.key.open("rebuild", session, &backups{s, job.entries(), f.withMaster, f.salvage})
	if err != nil {
		return nil, err
	}
	job.key = key
	err = session.prepare()
	if err == nil && job.earlier != nil {
		if err = job.earlier.CheckHeader(job.header()); err != nil {
			err = runError(f.resume, err)
		}
	}
	if err != nil {
		key.close()
		return nil, err
	}
	planned = true
	return job, nil
}

// run rebuilds every key, and writes what comes out as it goes.
func (j *rebuildJob) run() (err error) {
	j.report = newReporter(j.program, j.selection, j.flags.shown)
	if err := j.openStore(); err != nil {
		return err
	}
	worked := j.all()
	unfinished := j.store.Finish(worked == nil, j.report.sum.seconds())
	j.showStored()
	if worked == nil && unfinished == nil {
		worked = j.report.listUnproved()
	}
	if worked == nil && unfinished == nil {
		worked = j.report.end()
	}
	j.closing()
	switch {
	case unfinished != nil && !j.store.IsEmpty():
		return &brokenOffError{unfinished}
	case unfinished != nil:
		return unfinished
	case worked == errInterruptedRun && j.store.IsEmpty():
		return terminal.ErrInterrupted
	case worked != nil && !j.store.IsEmpty():
		return &brokenOffError{worked}
	case worked != nil:
		return worked
	}
	return j.report.outcome("rebuilt")
}

// entries yields the recorded keys that are to be done: those of the part, and
// of them those that an earlier run has not done.
func (j *rebuildJob) entries() iter.Seq2[record.Entry, error] {
	return func(yield func(record.Entry, error) bool) {
		for e, err := range j.selection.record.Entries() {
			if err == nil && !j.flags.part.Has(e.KeyID) {
				continue
			}
			if err == nil && j.earlier != nil && j.earlier.IsDone(e.KeyID) {
				continue
			}
			if !yield(e, err) {
				return
			}
		}
	}
}

// all rebuilds the keys with several workers, and stores them in the order of
// the record.
func (j *rebuildJob) all() error {
	total := 0
	for _, err := range j.entries() {
		if err != nil {
			return err
		}
		total++
	}
	rebuilder := &keyRebuilder{j.ctx, j.selection, j.key, recovery.RebuildOptions{
		WithMaster: j.flags.withMaster, Salvage: j.flags.salvage, AcceptUnproved: j.flags.acceptUnproved,
	}}
	progress := j.term.Progress("keys tried", total)
	defer progress.Done()
	for k, err := range inOrder(j.ctx, j.key.workers(j.term, j.flags.workers), j.entries(), rebuilder.rebuild) {
		if err != nil {
			return err
		}
		progress.Step(k.result.Status != statusOK)
		err = j.store.add(k)
		k.wipe()
		if err != nil {
			return err
		}
		j.unshown = append(j.unshown, k.result)
		j.showStored()
	}
	return nil
}

// showStored shows the results that are on the disk now, and not before: what is
// called ok is safe.
func (j *rebuildJob) showStored() {
	stored := max(0, len(j.unshown)-j.store.Waiting())
	for _, r := range j.unshown[:stored] {
		_ = j.report.key(r) // where stdout is gone, the keys go on; Err tells in the end
	}
	j.unshown = j.unshown[stored:]
}
