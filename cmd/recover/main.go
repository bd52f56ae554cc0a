// Command recover rebuilds wallet keys from the backups that an MPC wallet
// service left in a bucket. It is for a workstation without a network.
//
// Each verb has the file VERB.go, or with its parts VERB_*.go, and goes the same
// way: flags, plan, check, act, report. No verb uses another one. What they share
// is in the other files, each with one owner: the record and the bucket
// (selection.go), the recovery key (keysource.go), the prompts for secrets
// (prompter.go), the rebuild of a key (rebuilder.go), the results (reporter.go).
// Everything is said through internal/terminal; what an error means for the user
// is in hints.go; all else is in the packages. "make arrows" checks who uses whom.
package main

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/pflag"

	"recover/internal/secret"
	"recover/internal/terminal"
	"recover/internal/workstation"
)

func main() {
	status := run()
	secret.Collect()
	os.Exit(status)
}

// verb is one of the things that the program does.
type verb struct {
	name    string
	summary string
	usage   string
	run     func(*program, []string) error
}

// help is the page of a verb.
func (v *verb) help() string {
	page := withExamples(v.name, v.usage)
	if slices.Contains(needsFitness, v.name) {
		page += fitnessUsage
	}
	return page
}

func verbs() []verb {
	return []verb{
		{"sandbox", "make a practice bucket, its record and its recovery key", sandboxUsage, runSandbox},
		{"inspect", "identify a file and check that it is intact", inspectUsage, runInspect},
		{"record", "make and check the offline record", recordUsage, runRecord},
		{"verify", "prove with public data that the keys can be rebuilt", verifyUsage, runVerify},
		{"audit", "review: what is in order, what is not, what to do next", auditUsage, runAudit},
		{"drill", "rehearse a rebuild; no key is kept", drillUsage, runDrill},
		{"rebuild", "rebuild the recorded wallet keys", rebuildUsage, runRebuild},
		{"report", "join the reports of several workstations", reportUsage, runReport},
		{"keys", "print all keys of a rebuild, after one passphrase", keysUsage, runKeys},
		{"addresses", "list the addresses of rebuilt keys, compare with a list", addressesUsage, runAddresses},
		{"export", "write one rebuilt key in a form that wallets import", exportUsage, runExport},
		{"sign", "show and sign a transaction with a rebuilt key", signUsage, runSign},
		{"sweep", "sign the transactions of a plan that moves everything", sweepUsage, runSweep},
		{"custody", "split the recovery key among holders; check, reissue", custodyUsage, runCustody},
		{"hsm", "list tokens and their keys, test the recovery key", hsmUsage, runHSM},
		{"keygen", "make a recovery key: sealed file, split, or in an HSM", keygenUsage, runKeygen},
		{"preflight", "is this workstation fit for a ceremony?", preflightUsage, runPreflight},
		{"version", "version, its own SHA-256, how it was built", versionUsage, runVersion},
	}
}

func verbNames() (names []string) {
	for _, v := range verbs() {
		names = append(names, v.name)
	}
	return names
}

func run() int {
	// Each key leaves some 400 kB of garbage and nothing else, so a heap of 4 MB
	// would be collected after every tenth. What is large, such as a record of a
	// million keys, is not let grow like that.
	debug.SetGCPercent(200)
	debug.SetMemoryLimit(96 << 20)
	// A reader of stdout that goes away must not end a rebuild half way.
	signal.Ignore(syscall.SIGPIPE)
	p := &program{term: terminal.New(os.Stdout, os.Stderr), ctx: context.Background()}
	if err := workstation.CheckEnvironment(os.Environ()); err != nil {
		return p.exit(err)
	}
	// Before signals are asked for: it starts the program anew, and an interrupt that
	// was heard by then would be lost. So one ends it right here.
	if err := workstation.Quiet(os.Environ()); err != nil && !errors.Is(err, errors.ErrUnsupported) {
		p.term.Warn("a crash would show pieces of memory: " + err.Error())
	}
	ctx, stop := signal.NotifyContext(p.ctx, os.Interrupt, syscall.SIGTERM, syscall.SIGQUIT)
	defer stop()
	p.ctx = ctx
	context.AfterFunc(ctx, stop)
	p.endQuietly()
	workstation.CloseInherited(keepDescriptor(os.Args))
	if err := workstation.Harden(); err != nil {
		p.term.Warn(err.Error())
	}
	return p.exit(p.dispatch(os.Args[1:]))
}

// endQuietly ends the program at a signal at which Go would print all its stacks.
func (p *program) endQuietly() {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, workstation.CrashSignals()...)
	go func() {
		for s := range signals {
			if s == syscall.SIGQUIT && p.ctx.Err() == nil {
				continue // Ctrl-\ interrupts, the first time
			}
			p.term.Error("ended by the signal "+s.String(), "what is finished is kept: a rebuild goes on with --resume")
			os.Exit(exitFailed)
		}
	}()
}

// usesTokens are the verbs that may start a helper, and call begin for that;
// all others are confined from the start.
var usesTokens = map[string]bool{"rebuild": true, "drill": true, "hsm": true, "keygen": true}

func (p *program) dispatch(args []string) error {
	if len(args) == 0 {
		return &usageError{"no verb is given", "recover --help lists the verbs"}
	}
	switch args[0] {
	case "help", "--help", "-h":
		return p.help(args[1:])
	case "--version":
		return p.term.Print("recover %s", version)
	}
	for _, v := range verbs() {
		if v.name != args[0] {
			continue
		}
		if len(args) == 2 && args[1] == "help" {
			return p.help(args[:1])
		}
		rest, strict := takeStrict(args[1:])
		looks := looksFirst(v.name, rest)
		p.announce(v.name, rest)
		if looks {
			var err error
			if p.fitness, rest, err = takeFitness(rest); err != nil {
				return err
			}
		}
		p.paths, p.strict = pathsOf(rest), strict
		if err := p.paths.checkOutputs(); err != nil {
			return err
		}
		if looks && !asksForHelp(rest) {
			if err := p.checkFitness(goesOn(v.name, rest)); err != nil {
				return err
			}
		}
		if !usesTokens[v.name] && v.name != "preflight" { // which looks around first
			if err := p.confine(); err != nil {
				return err
			}
		}
		err := p.runVerb(v, rest)
		if errors.Is(err, pflag.ErrHelp) {
			return printText(p.term, v.help())
		}
		return err
	}
	return unknownVerb(args[0], verbNames())
}

// runVerb runs a verb. What custody does is little, and nearly all of it deals
// with secrets: everything that it leaves in memory is erased.
func (p *program) runVerb(v verb, args []string) (err error) {
	if v.name != "custody" {
		return v.run(p, args)
	}
	secret.Do(func() { err = v.run(p, args) })
	return err
}

// exit says what an error means and returns the exit status.
func (p *program) exit(err error) int {
	if err == nil {
		err = p.term.Err()
	}
	var usage *usageError
	var notAll *incompleteError
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &notAll):
		p.term.Error(notAll.fact, notAll.hint) // the summary says it to scripts
		return notAll.status
	case errors.As(err, &usage):
		return p.fail(usage.fact, advice{"usage", usage.hint}, exitUsage)
	}
	lastWords(p.term, err)
	fact, faults := factOf(err)
	for _, fault := range faults {
		p.term.Note("%s", fault)
	}
	return p.fail(fact, advise(err), statusOf(err))
}

// help prints the page of a verb, or the list of all verbs.
func (p *program) help(args []string) error {
	for _, v := range verbs() {
		if len(args) > 0 && v.name == args[0] {
			return printText(p.term, v.help())
		}
	}
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		return unknownVerb(args[0], verbNames())
	}
	if err := printText(p.term, usageHead); err != nil {
		return err
	}
	for _, v := range verbs() {
		if err := p.term.Print("    recover %-10s %s", v.name, v.summary); err != nil {
			return err
		}
	}
	return printText(p.term, usageFoot)
}

const usageHead = `
recover rebuilds wallet keys from the backups that the MPC wallet service left
in your bucket. It needs three things, and none of them is in the bucket but
the first:

    shards          the backups: <key_id>/recovery_shard-<n>.txt, as downloaded
    recovery key    the RSA private key that the shards are encrypted to
    record          your offline list of quorum IDs, key IDs and algorithms

A recovery key can be split: each holder then has a share of it.

Verbs:
`

const usageFoot = `

Examples:
    recover sandbox --out first
    recover verify --record first/record.json --shards first/bucket
    recover help rebuild

"recover VERB --help" explains a verb. Results go to stdout, all else to
stderr. Exit status: 0 all that was asked; 1 failed; 2 wrong usage; 3 some keys
done, others not; 4 an input could not be read, or an output not made.
`
