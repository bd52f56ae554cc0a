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
	ctx context.Context // ends at the first interrupt; a second one kills
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
		{"verify", "prove, with public data alone, that every recorded key can be rebuilt", verifyUsage, (*program).verify},
		{"rebuild", "rebuild the recorded wallet keys", rebuildUsage, (*program).rebuild},
	}
}

func run() int {
	// A reader of stdout that goes away must not end a rebuild half way.
	signal.Ignore(syscall.SIGPIPE)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	p := &program{terminal.New(os.Stdout, os.Stderr), ctx}
	context.AfterFunc(ctx, stop)
	if err := workstation.CheckEnvironment(os.Environ()); err != nil {
		return p.exit(err)
	}
	if err := workstation.Harden(); err != nil {
		p.Warn(err.Error())
	}
	if err := workstation.DenyNetwork(); err != nil && !errors.Is(err, errors.ErrUnsupported) {
		p.Warn(err.Error())
	}
	return p.exit(p.dispatch(os.Args[1:]))
}

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
	p.Error(err.Error(), hint(err))
	return exitFailed
}

// usageError is a command line that does not say what to do.
type usageError struct{ fact, hint string }

func (e *usageError) Error() string { return e.fact }
