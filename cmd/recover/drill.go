package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"iter"
	mathrand "math/rand/v2"
	"time"

	"recover/internal/group"
	"recover/internal/terminal"
	"recover/internal/uuid"
	"recover/pkg/record"
	"recover/pkg/recovery"
	"recover/pkg/transaction"
	"recover/pkg/wallet"
)

const drillUsage = `
recover drill --record FILE --shards PATH KEY-SOURCE [--confirm-record OUT]

Rehearses the disaster: rebuilds the recorded wallet keys, has each of them
sign a random challenge, checks the signature under the recorded public key,
and wipes the key. Nothing secret is written. It ends with a report: who came,
how long each step took, what would have come out, and what was in the way.
` + selectionUsage + keyUsage + `
Options:
    --sample N                 only N of the keys, chosen at random
    --present TEXT             who is there and as what (repeatable); for the
                               report
    --confirm-record OUT       write the record to this new file, with the
                               public key of each wallet that was rebuilt from
                               a proved backup, where the record has none
    --production               rehearse with a record whose environment is
                               production
    --salvage                  as in a rebuild
    --html FILE                the report as one page that needs no network
    --report FILE              what --json prints, in this new file: "recover
                               audit" reads it from --files
` + shownUsage + `    --workers N                keys that are worked on at a time (0: one per
                               CPU)
`

// drillFlags are the flags of the verb drill.
type drillFlags struct {
	selection  selectionFlags
	key        keyFlags
	sample     int
	present    []string
	production bool
	salvage    bool
	html       string
	report     string
	confirm    string // the new record
	shown      shownFlags
	workers    int
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
	fs.StringVar(&f.report, "report", "", "")
	fs.StringVar(&f.confirm, "confirm-record", "", "")
	f.shown.register(fs)
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
	if f.confirm != "" {
		if f.selection.record == "" {
			return nil, &usageError{"--confirm-record is given without --record", "it writes a copy of the record: give the record"}
		}
		if err := checkNewFile(f.confirm); err != nil {
			return nil, err
		}
	}
	if err := checkNewFile(f.report); err != nil {
		return nil, err
	}
	return f, checkNewFile(f.html)
}

// runDrill is the verb: rehearse a rebuild.
func runDrill(p *program, args []string) error {
	d := &drill{program: p, ctx: p.ctx, term: p.term, begun: time.Now()}
	var err error
	if d.flags, err = parseDrill(args); err != nil {
		return err
	}
	session, err := begin(p, &d.flags.key)
	if err != nil {
		return err
	}
	defer session.close()
	s, err := d.flags.selection.open(p.ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	if s.record.Environment == "production" && !d.flags.production {
		return &fileError{s.recordPath, asRecord, errProduction}
	}
	if err := p.checkMachine(s); err != nil {
		return err
	}
	d.step("record and download opened", fmt.Sprintf("%d %s recorded", s.record.Len(), plural(s.record.Len(), "key is", "keys are")))
	d.choose(s.record)
	d.confirmed = make(map[uuid.ID]group.Point)
	session.prepare = session.used
	key, err := d.flags.key.open("drill", session, &backups{s, d.entries, false, d.flags.salvage})
	if err != nil {
		return err
	}
	defer key.close()
	if err := session.used(); err != nil {
		return err
	}
	d.step("recovery key opened", key.fingerprint.String())
	d.rebuilder = &keyRebuilder{p.ctx, s, key, recovery.RebuildOptions{Salvage: d.flags.salvage}}
	return key.ceremony.end(d.run())
}

// drill is one rehearsal. What it rebuilds is not stored anywhere.
type drill struct {
	program   *program
	ctx       context.Context
	term      *terminal.Terminal
	flags     *drillFlags
	chosen    int                            // how many keys of the record
	entries   iter.Seq2[record.Entry, error] // these
	rebuilder *keyRebuilder
	report    *reporter
	begun     time.Time // of the step that runs
	steps     []drillStep

	confirmed map[uuid.ID]group.Point // the wallets that were rebuilt, for --confirm-record
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
	d.report = newReporter(d.program, d.rebuilder.selection, d.flags.shown)
	d.report.keep = d.flags.html != "" || d.flags.report != ""
	if err := d.all(); err != nil {
		return err
	}
	sum := d.report.sum
	d.step("keys rebuilt, each has signed, all wiped", fmt.Sprintf("%d of %d", sum.OK, sum.Keys))
	if err := d.end(); err != nil {
		return err
	}
	if err := d.confirmRecord(); err != nil {
		return err
	}
	if err := d.writeReport(); err != nil {
		return err
	}
	if err := d.report.writePage(d.flags.html, d.page); err != nil {
		return err
	}
	return d.report.outcome("proved")
}

// all rebuilds the keys and proves them.
func (d *drill) all() error {
	progress := d.term.Progress("keys tried", d.chosen)
	defer progress.Done()
	for r, err := range inOrder(d.ctx, d.rebuilder.key.workers(d.term, d.flags.workers), d.entries, d.prove) {
		if err == errInterruptedRun {
			return terminal.ErrInterrupted // there is nothing to be kept
		}
		if err != nil {
			return err
		}
		progress.Step(r.Status != statusOK)
		if err := d.report.key(r.keyResult); err != nil {
			return err
		}
		if d.flags.confirm != "" && r.public != nil {
			d.confirmed[r.key] = r.public
		}
	}
	return nil
}

// confirmRecord writes the record again, with the public keys of the wallets
// that were rebuilt and have no better anchor. Nothing else is changed.
func (d *drill) confirmRecord() error {
	if d.flags.confirm == "" {
		return nil
	}
	c, err := d.rebuilder.selection.record.Contents()
	if err != nil {
		return &fileError{d.flags.selection.record, asRecord, err}
	}
	changed := 0
	for i, e := range c.Entries {
		public, rebuilt := d.confirmed[e.KeyID]
		if !rebuilt || e.NamesWallet() {
			continue
		}
		c.Entries[i].PublicKey, c.Entries[i].Recorded = public, record.AnchorDrill
		changed++
	}
	d.term.Note("%d of %d keys have a public key from this drill now", changed, len(c.Entries))
	return writeRecord(d.ctx, d.term, d.flags.confirm, c)
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

// provedKey is a result, and the public key of a wallet that has signed.
type provedKey struct {
	*keyResult
	key    uuid.ID
	public group.Point
}

// prove rebuilds a key and has it sign. An error is one of the recovery key
// itself and ends the drill.
func (d *drill) prove(e record.Entry) (*provedKey, error) {
	k, err := d.rebuilder.rebuild(e)
	if err != nil {
		return nil, err
	}
	defer k.wipe()
	out := &provedKey{k.result, e.KeyID, nil}
	if k.wallet == nil {
		return out, nil
	}
	if err := signChallenge(k.wallet, e); err != nil {
		k.result.fail(err)
		return out, nil
	}
	k.result.Signed, out.public = true, k.wallet.Public()
	return out, nil
}

// signChallenge has a key sign something new, and checks the signature under the
// public key that is recorded; where none is, under that of the backup, which
// the rebuilt key was held against.
func signChallenge(k *wallet.Key, e record.Entry) error {
	challenge := make([]byte, 32)
	_, _ = rand.Read(challenge) // never fails, see crypto/rand
	// No transaction begins like this, so the signature is good for nothing else.
	message := append([]byte("recover drill: this signature moves nothing\n"), challenge...)
	signer, err := transaction.NewKey(k.Group(), k.Private())
	if err != nil {
		return err
	}
	defer signer.Wipe()
	public := k.Public()
	if e.PublicKey != nil {
		public = e.PublicKey
	}
	right, err := signsFor(signer, public, message)
	if err == transaction.ErrSignature || err == nil && !right {
		return errSignature
	}
	return err
}

// signsFor tells whether the signature of a message, or of its SHA-256 with a key
// of secp256k1, is right under the public key.
func signsFor(signer *transaction.Key, public group.Point, message []byte) (bool, error) {
	if signer.Group() == group.Edwards25519 {
		signature, err := signer.SignMessage(message)
		return transaction.VerifyMessage(public, message, signature), err
	}
	digest := sha256.Sum256(message)
	signature, err := signer.SignDigest(digest)
	return transaction.VerifyDigest(public, digest, signature), err
}
