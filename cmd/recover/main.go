// Command recover rebuilds wallet keys from the backups that an MPC wallet
// service left in a bucket. It is for a workstation without a network.
//
// Each verb has a file of its own and goes the same way: flags, plan, check,
// act, report. What is said is said in internal/terminal; what an error means
// for the user is in hints.go; all else is in the packages.
package main

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/spf13/pflag"

	"recover/internal/terminal"
	"recover/internal/workstation"
)

// version is set by the Makefile.
var version = "development"

// Exit statuses (design, section 3).
const (
	exitOK     = 0 // all that was asked
	exitFailed = 1
	exitUsage  = 2
	exitSome   = 3 // some keys done, others not
)

func main() { os.Exit(run()) }

// program is one run of the command.
type program struct {
	*terminal.Terminal
	ctx      context.Context // ends at the first interrupt; a second one kills
	confined bool
}

// verb is one of the things that the program does.
type verb struct {
	name    string
	summary string
	usage   string
	run     func(*program, []string) error
}

func verbs() []verb {
	return []verb{
		{"sandbox", "make a practice bucket, its record and its recovery key", sandboxUsage, (*program).sandbox},
		{"inspect", "say what any file of this world is, and whether it is sound", inspectUsage, (*program).inspect},
		{"record", "make and check the offline record", recordUsage, (*program).offlineRecord},
		{"verify", "prove, with public data alone, that every recorded key can be rebuilt", verifyUsage, (*program).verify},
		{"drill", "rehearse: everything that rebuild does, but nothing secret is kept", drillUsage, (*program).drill},
		{"rebuild", "rebuild the recorded wallet keys", rebuildUsage, (*program).rebuild},
		{"report", "join the reports of several workstations", reportUsage, (*program).mergeReports},
		{"addresses", "the addresses of rebuilt keys, or of a record; compare with a list", addressesUsage, (*program).addresses},
		{"export", "one rebuilt key in the form that another wallet imports", exportUsage, (*program).export},
		{"sign", "show and sign a transaction with a rebuilt key", signUsage, (*program).sign},
		{"sweep", "from a plan: transactions that move everything to known destinations, signed", sweepUsage, (*program).sweep},
		{"custody", "split, check, reissue: the recovery key among several holders", custodyUsage, (*program).custody},
		{"hsm", "tokens and the keys in them, and whether one is the recovery key", hsmUsage, (*program).tokens},
		{"keygen", "make a recovery key pair: sealed file, split among custodians, or in an HSM", keygenUsage, (*program).keygen},
	}
}

func run() int {
	// Each key leaves some 400 kB of garbage and nothing else, so a heap of 4 MB
	// would be collected after every tenth. What is large, such as a record of a
	// million keys, is not let grow like that.
	debug.SetGCPercent(200)
	debug.SetMemoryLimit(96 << 20)
	// A reader of stdout that goes away must not end a rebuild half way.
	signal.Ignore(syscall.SIGPIPE)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	p := &program{Terminal: terminal.New(os.Stdout, os.Stderr), ctx: ctx}
	context.AfterFunc(ctx, stop)
	if err := workstation.CheckEnvironment(os.Environ()); err != nil {
		return p.exit(err)
	}
	if err := workstation.Harden(); err != nil {
		p.Warn(err.Error())
	}
	return p.exit(p.dispatch(os.Args[1:]))
}

// confine gives up the network for good. It comes before anything is read, and
// after the helper of a token was started, which may have to reach a reader's
// service, or an HSM in the network.
func (p *program) confine() {
	if p.confined {
		return
	}
	p.confined = true
	if err := workstation.DenyNetwork(); err != nil && !errors.Is(err, errors.ErrUnsupported) {
		p.Warn(err.Error())
	}
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
	case "version", "--version":
		return p.Print("recover %s", version)
	}
	for _, v := range verbs() {
		if v.name != args[0] {
			continue
		}
		if !usesTokens[v.name] {
			p.confine()
		}
		err := v.run(p, args[1:])
		if errors.Is(err, pflag.ErrHelp) {
			return p.lines(v.usage)
		}
		return err
	}
	return &usageError{"there is no such verb", "recover --help lists the verbs"}
}

// exit says what an error means and returns the exit status.
func (p *program) exit(err error) int {
	if err == nil {
		err = p.Err()
	}
	var usage *usageError
	var notAll *incompleteError
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &notAll):
		p.Error(notAll.fact, notAll.hint)
		return notAll.status
	case errors.As(err, &usage):
		p.Error(usage.fact, usage.hint)
		return exitUsage
	}
	p.lastWords(err)
	p.Error(err.Error(), hint(err))
	return exitFailed
}

// usageError is a command line that does not say what to do.
type usageError struct{ fact, hint string }

func (e *usageError) Error() string { return e.fact }
