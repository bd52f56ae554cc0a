package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"iter"
	mathrand "math/rand/v2"
	"time"

	"recover/internal/terminal"
	"recover/pkg/record"
	"recover/pkg/shard"
	"recover/pkg/wallet"
)

const drillUsage = `
recover drill --record FILE --shards PATH KEY-SOURCE [--sample N] [--html FILE]

Rehearses the disaster: rebuilds the recorded wallet keys, has each of them sign
a random challenge, checks the signature under the recorded public key, and
wipes the key. Nothing secret is written. It ends with a report: who came, how
long each step took, what would have come out, and what was in the way.
` + selectionUsage + keyUsage + `
Options:
    --sample N                 only N of the keys, chosen at random
    --present TEXT             who is there and as what (repeatable); for the report
    --production               rehearse with a record whose environment is production
    --salvage                  as in a rebuild
    --html FILE                the report as one page that needs no network
    --json                     NDJSON: an object for each key, then a summary
    --workers N                keys that are worked on at a time (0: one a processor)
`

// drillFlags are the flags of the verb drill.
type drillFlags struct {
	rebuildFlags // those that say how keys are rebuilt; no key is written
	sample       int
	present      []string
	production   bool
	html         string
}

func parseDrill(args []string) (*drillFlags, error) {
	f := new(drillFlags)
	fs := newFlags("drill")
	f.selection.register(fs)
	f.key.register(fs)
	fs.IntVar(&f.sample, "sample", 0, "")
	fs.StringArrayVar(&f.present, "present", nil, "")
	fs.BoolVar(&f.production, "production", false, "")
	fs.BoolVar(&f.salvage, "salvage", false, "")
	fs.StringVar(&f.html, "html", "", "")
	fs.BoolVar(&f.json, "json", false, "")
	fs.IntVar(&f.workers, "workers", 0, "")
	if err := parseFlags(fs, args, 0); err != nil {
		return nil, err
	}
	if err := checkWorkers(f.workers); err != nil {
		return nil, err
	}
	if fs.Changed("sample") && f.sample < 1 {
		return nil, &usageError{"--sample is not a number of 1 or more", "leave it out for all keys"}
	}
	return f, checkPage(f.html)
}

var errProduction = errors.New("the record's environment is production, and this is a drill")

// drill is the verb: rehearse a rebuild.
func (p *program) drill(args []string) error {
	d := &drill{program: p, begun: time.Now()}
	var err error
	if d.flags, err = parseDrill(args); err != nil {
		return err
	}
	ask, err := p.begin(&d.flags.key)
	if err != nil {
		return err
	}
	defer ask.close()
	s, err := d.flags.selection.open()
	if err != nil {
		return err
	}
	defer s.Close()
	if s.record.Environment == "production" && !d.flags.production {
		return &fileError{s.recordPath, asRecord, errProduction}
	}
	d.step("record and download opened", fmt.Sprintf("%d %s recorded", s.record.Len(), plural(s.record.Len(), "key is", "keys are")))
	d.choose(s.record)
	ask.prepare = ask.used
	key, err := p.openKey("drill", &d.flags.key, s, &backups{s, d.entries, false}, ask)
	if err != nil {
		return err
	}
	defer key.close()
	if err := ask.used(); err != nil {
		return err
	}
	d.step("recovery key opened", key.fingerprint.String())
	d.job = &rebuildJob{program: p, flags: &d.flags.rebuildFlags, selection: s, key: key}
	return key.ceremony.end(d.run())
}

// drill is one rehearsal. What it rebuilds is not stored anywhere.
type drill struct {
	*program
	flags   *drillFlags
	chosen  int                            // how many keys of the record
	entries iter.Seq2[record.Entry, error] // these
	job     *rebuildJob
	report  *reporter
	begun   time.Time // of the step that runs
	steps   []drillStep
}

// drillStep is a part of the drill that is done.
type drillStep struct {
	Name    string  `json:"name"`
	Seconds float64 `json:"seconds"`
	Result  string  `json:"result"`
}

func (d *drill) step(name, result string) {
	took := time.Since(d.begun).Round(time.Millisecond).Seconds()
	d.steps = append(d.steps, drillStep{name, took, result})
	d.begun = time.Now()
}

func (d *drill) run() error {
	d.report = newReporter(d.Terminal, d.job.selection, d.flags.json)
	d.report.keep = d.flags.html != ""
	if err := d.all(); err != nil {
		return err
	}
	sum := d.report.sum
	d.step("keys rebuilt, each has signed, all wiped", fmt.Sprintf("%d of %d", sum.OK, sum.Keys))
	if err := d.end(); err != nil {
		return err
	}
	if err := d.writePage(d.flags.html, d.page()); err != nil {
		return err
	}
	return d.report.outcome("proved")
}

// all rebuilds the keys and proves them.
func (d *drill) all() error {
	progress := d.Progress("proved", d.chosen)
	defer progress.Done()
	for r, err := range inOrder(d.ctx, d.job.key.workers(d.program, d.flags.workers), d.entries, d.prove) {
		if err == errInterruptedRun {
			return terminal.ErrInterrupted // there is nothing to be kept
		}
		if err != nil {
			return err
		}
		progress.Step(r.Status != statusOK)
		if err := d.report.key(r); err != nil {
			return err
		}
	}
	return nil
}

// choose sets the entries of the drill: all of the record, or a sample of them,
// chosen at random, in their order, and the same ones each time.
func (d *drill) choose(all *record.Record) {
	d.chosen, d.entries = all.Len(), all.Entries()
	if d.flags.sample == 0 || d.flags.sample >= all.Len() {
		return
	}
	d.chosen = d.flags.sample
	chosen := make(map[int]bool, d.chosen)
	for _, i := range mathrand.Perm(all.Len())[:d.chosen] { // the source is seeded by the system
		chosen[i+1] = true
	}
	d.entries = func(yield func(record.Entry, error) bool) {
		for e, err := range all.Entries() {
			if (err != nil || chosen[e.Index]) && !yield(e, err) {
				return
			}
		}
	}
}

// prove rebuilds a key and has it sign. An error is one of the recovery key
// itself and ends the drill.
func (d *drill) prove(e record.Entry) (*keyResult, error) {
	k, err := d.job.rebuildKey(e)
	if err != nil {
		return nil, err
	}
	defer k.wipe()
	if k.wallet == nil {
		return k.result, nil
	}
	if err := signChallenge(k.wallet, e); err != nil {
		k.result.fail(err)
		return k.result, nil
	}
	k.result.Signed = true
	return k.result, nil
}

// signChallenge has a key sign something new, and checks the signature under the
// public key that is recorded; where none is, under that of the backup, which
// the rebuilt key was held against.
func signChallenge(k *wallet.Key, e record.Entry) error {
	challenge := make([]byte, 32)
	_, _ = rand.Read(challenge) // never fails, see crypto/rand
	// No transaction begins like this, so the signature is good for nothing else.
	message := append([]byte("recover drill: this signature moves nothing\n"), challenge...)
	signature, err := k.Sign(message)
	if err != nil {
		return err
	}
	public := k.Public()
	if e.PublicKey != nil {
		public = e.PublicKey
	}
	if !wallet.VerifySignature(k.Group(), public, message, signature) {
		return errSignature
	}
	return nil
}

var errSignature = errors.New("the rebuilt key's signature is not right under the public key")

// reasonSignature is the code of errSignature.
const reasonSignature = shard.Reason("signature-failed")
