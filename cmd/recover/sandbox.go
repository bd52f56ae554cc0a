package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"slices"

	"github.com/spf13/pflag"

	sandbox "recover/fixtures"
	"recover/internal/message"
	"recover/internal/output"
	"recover/internal/secret"
	"recover/internal/terminal"
	"recover/pkg/record"
	"recover/pkg/report"
	"recover/pkg/rsadecrypt"
	"recover/pkg/shard"
)

const sandboxUsage = `
recover sandbox --out DIR

Makes a practice bucket, its record and its recovery key, to rehearse with.
Nothing in it may ever guard anything of value.

    DIR/bucket/<key_id>/recovery_shard-<n>.txt     the backups
    DIR/record.json                                the offline record
    DIR/recovery-key-<n>.pem, .pub.der             the recovery keys
    DIR/expected.json                              what a rebuild has to give

Options:
    --out DIR                  a directory that does not exist yet
    --keys N                   wallet keys, every second ED25519 (default 6)
    --quorums N                quorums that they belong to (default 2)
    --players N                MPC players of each key (default 3)
    --threshold N              any N+1 players make the key (default 1)
    --sharing NAME             shamir or additive (default shamir)
    --recovery-keys N          recovery keys in the kit (default 1)
    --recovery-public-key FILE make the backups for your own recovery key
                               (repeatable; then no recovery key is made)
    --fault NAME               damage one more of the backups, or its record
                               (repeatable); "--fault list" lists the names
    --json                     NDJSON: an object for each key, then a summary
`

// sandboxFlags are the flags of the verb sandbox.
type sandboxFlags struct {
	out          string
	plan         sandbox.Plan
	sharing      string
	recoveryKeys int
	publicKeys   []string
	faults       []string
	json         bool
	*pflag.FlagSet
}

func parseSandbox(args []string) (*sandboxFlags, error) {
	f := &sandboxFlags{FlagSet: newFlags("sandbox")}
	f.StringVar(&f.out, "out", "", "")
	f.IntVar(&f.plan.Keys, "keys", 6, "")
	f.IntVar(&f.plan.Quorums, "quorums", 2, "")
	f.IntVar(&f.plan.Players, "players", 3, "")
	f.IntVar(&f.plan.Threshold, "threshold", 1, "")
	f.StringVar(&f.sharing, "sharing", string(shard.Shamir), "")
	f.IntVar(&f.recoveryKeys, "recovery-keys", 1, "")
	f.StringArrayVar(&f.publicKeys, "recovery-public-key", nil, "")
	f.StringArrayVar(&f.faults, "fault", nil, "")
	f.BoolVar(&f.json, "json", false, "")
	if err := parseFlags(f.FlagSet, args, 0); err != nil {
		return nil, err
	}
	return f, nil
}

// check holds the flags to what can be made.
func (f *sandboxFlags) check() error {
	if err := required("sandbox", [2]string{"out", f.out}); err != nil {
		return err
	}
	if len(f.publicKeys) > 0 && f.Changed("recovery-keys") {
		return &usageError{"--recovery-keys and --recovery-public-key are both given", "give one or the other"}
	}
	if f.recoveryKeys < 1 || f.recoveryKeys > 8 {
		return &usageError{"--recovery-keys is not a number of 1 to 8", "a kit holds one recovery key or a few"}
	}
	if !f.Changed("quorums") {
		f.plan.Quorums = max(1, min(f.plan.Quorums, f.plan.Keys))
	}
	if f.plan.Keys < 1 || f.plan.Quorums < 1 || f.plan.Quorums > f.plan.Keys {
		return &usageError{"--keys and --quorums: there is at least one quorum, and a key for each", "the defaults make 6 keys in 2 quorums"}
	}
	if err := f.checkPlayers(); err != nil {
		return err
	}
	for _, name := range f.faults {
		fault, known := sandbox.FindFault(name)
		if !known {
			return &usageError{"--fault: there is no such fault", "\"recover sandbox --fault list\" lists them"}
		}
		f.plan.Faults = append(f.plan.Faults, fault)
	}
	if err := f.checkFaults(); err != nil {
		return err
	}
	return checkNewDir(f.out)
}

func (f *sandboxFlags) checkPlayers() error {
	f.plan.Sharing = shard.Sharing(f.sharing)
	switch {
	case f.plan.Sharing != shard.Shamir && f.plan.Sharing != shard.Additive:
		return &usageError{"--sharing is not shamir or additive", "shamir is what the service mostly uses"}
	case f.plan.Players < 2 || f.plan.Players > shard.MaxPlayers:
		return &usageError{fmt.Sprintf("--players is not a number of 2 to %d", shard.MaxPlayers), "the default is 3"}
	case f.plan.Threshold < 1 || f.plan.Threshold >= f.plan.Players:
		return &usageError{"--threshold is not a number of 1 to one less than --players", "with --threshold 1, any 2 players make the key"}
	}
	return nil
}

// checkFaults holds the plan to what the faults can be made in.
func (f *sandboxFlags) checkFaults() error {
	switch {
	case len(f.plan.Faults) == 0:
		return nil
	case f.plan.Sharing != shard.Shamir || f.plan.Players < 3 || f.plan.Threshold != 1:
		return &usageError{"--fault is for 3 players or more, shamir sharing and threshold 1", "leave --sharing and --threshold out"}
	case len(f.plan.Faults) > (f.plan.Keys+1)/2:
		return &usageError{"there are more faults than SECP256K1 keys to damage", fmt.Sprintf("--keys %d is enough", 2*len(f.plan.Faults))}
	}
	return nil
}

// runSandbox is the verb: make a practice bucket.
func runSandbox(p *program, args []string) error {
	f, err := parseSandbox(args)
	if err != nil {
		return err
	}
	if len(f.faults) == 1 && f.faults[0] == "list" {
		return listFaults(p.term)
	}
	if err := f.check(); err != nil {
		return err
	}
	keys, err := makeKit(p, f)
	if err != nil {
		return err
	}
	dir, err := output.CreateDir(f.out)
	if err != nil {
		return &fileError{f.out, asOutput, err}
	}
	b := &practiceBucket{ctx: p.ctx, term: p.term, flags: f, dir: dir}
	if err := b.write(keys); err != nil {
		return &incompleteError{fmt.Sprintf("%s is not complete and of no use: %v", f.out, err), "remove it and start again", exitFailed}
	}
	return b.report()
}

func listFaults(t *terminal.Terminal) error {
	rows := [][]string{{"FAULT", "VERIFY", "REBUILD", "WHAT IS WRONG"}}
	for _, f := range sandbox.Faults {
		rows = append(rows, []string{f.Name, cmp.Or(string(f.Verify), statusOK), cmp.Or(string(f.Rebuild), statusOK), f.Why})
	}
	t.Table(rows)
	return t.Err()
}

// makeKit makes the recovery keys, or reads their public halves, in which case
// there are no private ones.
func makeKit(p *program, f *sandboxFlags) ([]*rsa.PrivateKey, error) {
	var keys []*rsa.PrivateKey
	for _, path := range f.publicKeys {
		pub, err := readPublicKey(p.ctx, path)
		if err != nil {
			return nil, err
		}
		f.plan.Kit = append(f.plan.Kit, pub)
	}
	if len(f.publicKeys) > 0 {
		return nil, nil
	}
	p.term.Note("making %d RSA-4096 recovery %s", f.recoveryKeys, plural(f.recoveryKeys, "key", "keys"))
	for range f.recoveryKeys {
		key, err := newPair(p.ctx)
		if err != nil {
			return nil, err
		}
		keys = append(keys, key)
		f.plan.Kit = append(f.plan.Kit, &key.PublicKey)
	}
	return keys, nil
}

// practiceBucket is a practice bucket that is being written.
type practiceBucket struct {
	ctx      context.Context
	term     *terminal.Terminal
	flags    *sandboxFlags
	dir      *output.Dir
	expected []sandbox.Expected
	entries  []record.Entry
}

func (b *practiceBucket) write(keys []*rsa.PrivateKey) error {
	if err := b.writeKeys(keys); err != nil {
		return err
	}
	if err := b.writeBackups(); err != nil {
		return err
	}
	if err := b.writeRecord(); err != nil {
		return err
	}
	text, err := json.MarshalIndent(b.expected, "", "  ")
	if err != nil {
		return err
	}
	if err := b.dir.WriteFile("expected.json", append(text, '\n')); err != nil {
		return err
	}
	return b.dir.WriteFile("READ-ME-FIRST.txt", []byte(sandboxReadMe))
}

const sandboxReadMe = `This is a practice bucket. Its wallet keys, its record and its recovery keys were
made to rehearse with, and everybody who has this directory knows all of them.
Never send anything of value to an address in it.

    recover verify  --record record.json --shards bucket
    recover rebuild --record record.json --shards bucket --key recovery-key-0.pem --out rebuilt

expected.json says what has to come out.
`

func (b *practiceBucket) writeKeys(keys []*rsa.PrivateKey) error {
	for i, key := range keys {
		der, err := x509.MarshalPKCS8PrivateKey(key)
		if err != nil {
			return err
		}
		text := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
		secret.Wipe(der)
		if err := b.dir.WriteFile(fmt.Sprintf("recovery-key-%d.pem", i), text); err != nil {
			return err
		}
	}
	for i, pub := range b.flags.plan.Kit {
		if err := b.dir.WriteFile(fmt.Sprintf("recovery-key-%d.pub.der", i), rsadecrypt.MarshalPublicKey(pub)); err != nil {
			return err
		}
	}
	return nil
}

func (b *practiceBucket) writeBackups() error {
	bucket, err := b.dir.CreateDir("bucket")
	if err != nil {
		return err
	}
	progress := b.term.Progress("backups made", b.flags.plan.Keys)
	defer progress.Done()
	for item, err := range b.flags.plan.Make(rand.Reader) {
		if err == nil && b.ctx.Err() != nil {
			err = terminal.ErrInterrupted
		}
		if err != nil {
			return err
		}
		folder, err := bucket.CreateDir(item.Recorded.Key.String())
		if err != nil {
			return err
		}
		for _, file := range item.Files {
			if err := folder.WriteFile(file.Name, file.Data); err != nil {
				return err
			}
		}
		b.expected = append(b.expected, item.Expected)
		e := record.Entry{
			QuorumID: item.Recorded.Quorum, KeyID: item.Recorded.Key, Algorithm: item.Algorithm,
			Name: fmt.Sprintf("practice %d", len(b.entries)+1),
		}
		// As the service's list has it. Of an algorithm that a fault has changed,
		// there is none.
		if public, err := record.ParsePublicKey(item.Algorithm, item.Expected.WalletPublicKey); err == nil {
			e.PublicKey, e.Recorded = public, record.AnchorService
		}
		b.entries = append(b.entries, e)
		progress.Step(false)
	}
	return nil
}

func (b *practiceBucket) writeRecord() error {
	var keys []record.RecoveryKey
	for i, pub := range b.flags.plan.Kit {
		keys = append(keys, record.RecoveryKey{
			SHA256: rsadecrypt.FingerprintOf(pub), Custody: fmt.Sprintf("recovery-key-%d", i), Note: "practice",
		})
	}
	return b.dir.WriteTo("record.json", func(w io.Writer) error {
		return record.WriteJSON(w, "sandbox", keys, slices.Values(b.entries))
	})
}

// report shows the keys that were made; never a private one.
func (b *practiceBucket) report() error {
	sum := newSummary()
	for _, e := range b.expected {
		r := &keyResult{Key: report.Key{
			Type: "key", QuorumID: e.QuorumID, KeyID: e.KeyID, Algorithm: e.Algorithm, Status: statusOK,
			PublicKey: e.WalletPublicKey, Addresses: e.Addresses, Warnings: []message.Warning{},
		}}
		if e.Fault != "" {
			r.warn(warnMadeFaulty, "damaged on demand: %s", e.Fault)
		}
		sum.count(r)
		if b.flags.json {
			if err := b.term.JSON(r); err != nil {
				return err
			}
		}
	}
	sum.end()
	if b.flags.json {
		return b.term.JSON(sum)
	}
	return b.term.Print("%s: %d %s in %d %s, %d of %d players make a key", b.flags.out, sum.Keys, plural(sum.Keys, "key", "keys"), b.flags.plan.Quorums,
		plural(b.flags.plan.Quorums, "quorum", "quorums"), b.needed(), b.flags.plan.Players)
}

func (b *practiceBucket) needed() int {
	if b.flags.plan.Sharing == shard.Shamir {
		return b.flags.plan.Threshold + 1
	}
	return b.flags.plan.Players
}
