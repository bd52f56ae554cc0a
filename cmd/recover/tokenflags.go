package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"

	"github.com/spf13/pflag"

	"recover/pkg/hsm"
)

// tokenFlags name a key in a PKCS#11 token, and say how it is used.
type tokenFlags struct {
	moduleFlags
	uri      onceFlag
	makesKey bool // set by keygen
	pinFD    string
	fewTries bool

	mode       string
	sessions   int
	noSelfTest bool

	// Set by check.
	location    hsm.Location
	decryptMode hsm.Mode
}

// moduleFlags name a PKCS#11 module, and the helper that loads it.
type moduleFlags struct {
	module, initArgs, helper string
	network                  bool
}

func (f *moduleFlags) register(fs *pflag.FlagSet) {
	fs.StringVar(&f.module, "hsm-module", "", "")
	fs.StringVar(&f.initArgs, "hsm-init-args", "", "")
	fs.StringVar(&f.helper, "hsm-helper", "", "")
	fs.BoolVar(&f.network, "hsm-network", false, "")
}

// register takes the flags that every verb with a token has.
func (f *tokenFlags) register(fs *pflag.FlagSet) {
	fs.Var(&f.uri, "hsm", "")
	f.moduleFlags.register(fs)
	fs.StringVar(&f.mode, "hsm-mode", "", "")
	fs.StringVar(&f.pinFD, "pin-fd", "", "")
	fs.BoolVar(&f.fewTries, "hsm-allow-few-pin-tries", false, "")
}

// registerUse takes the flags of those verbs that work with the key.
func (f *tokenFlags) registerUse(fs *pflag.FlagSet) {
	fs.IntVar(&f.sessions, "hsm-sessions", 0, "")
	fs.BoolVar(&f.noSelfTest, "hsm-no-self-test", false, "")
}

// check reads the flags, and holds them against each other.
func (f *tokenFlags) check() error {
	if f.uri.text == "" {
		return f.checkUnused()
	}
	var err error
	if f.location, err = f.uri.location(); err != nil {
		return err
	}
	switch {
	case f.module != "" && f.location.Module != "":
		return &usageError{"--hsm-module and module-path in --hsm are both given", "give one or the other"}
	case f.module == "" && f.location.Module == "":
		return &usageError{"--hsm-module is missing", hintModule}
	}
	if err := f.moduleFlags.check(); err != nil {
		return err
	}
	f.decryptMode = hsm.ModeAuto
	if f.mode != "" {
		f.decryptMode, err = hsm.ParseMode(f.mode)
	}
	switch {
	case err != nil:
		return &usageError{"--hsm-mode: " + err.Error(), "auto finds out which of the others works"}
	case f.noSelfTest && f.decryptMode == hsm.ModeAuto:
		return &usageError{"--hsm-no-self-test needs --hsm-mode", "give oaep or raw: without a self-test, nothing finds out which of them works"}
	case f.sessions < 0 || f.sessions > maxSessions:
		return &usageError{"--hsm-sessions is not a number of 0 to 64", "0 means as many as suit the token"}
	}
	return nil
}

// onceFlag is a flag that may be given once: with two locations, nobody knows
// which token was meant.
type onceFlag struct {
	text  string
	twice bool
}

func (f *onceFlag) Set(text string) error {
	f.text, f.twice = text, f.twice || f.text != ""
	return nil
}
func (f *onceFlag) String() string { return f.text }
func (f *onceFlag) Type() string   { return "string" }

func (f *onceFlag) location() (hsm.Location, error) {
	if f.twice {
		return hsm.Location{}, &usageError{"--hsm is given twice", "a run uses one token: give one location"}
	}
	l, err := hsm.ParseLocation(f.text)
	if err == nil {
		return l, nil
	}
	hint := locationHint(err)
	if encoded := hsm.Encoded(f.text); encoded != "" {
		hint = "write it as '" + encoded + "'"
	}
	return l, &usageError{"--hsm: " + err.Error(), hint}
}

const (
	hintModule  = "give the PKCS#11 module of the token's maker; \"recover hsm list\" searches the usual places"
	maxSessions = 64
)

func (f *moduleFlags) check() error {
	for _, given := range []struct{ flag, path string }{{"--hsm-module", f.module}, {"--hsm-helper", f.helper}} {
		if given.path != "" && !filepath.IsAbs(given.path) {
			return &usageError{given.flag + " is not an absolute path", "give the path from the root: neither PATH nor the working directory is searched"}
		}
	}
	return nil
}

// checkUnused makes sure that nothing was said of a token that is not used.
func (f *tokenFlags) checkUnused() error {
	sessions := ""
	if f.sessions != 0 {
		sessions = strconv.Itoa(f.sessions)
	}
	for _, given := range [][2]string{
		{"hsm-module", f.module}, {"hsm-init-args", f.initArgs}, {"hsm-helper", f.helper}, {"hsm-mode", f.mode},
		{"hsm-sessions", sessions}, {"pin-fd", f.pinFD},
	} {
		if given[1] != "" {
			return f.unused(given[0])
		}
	}
	switch {
	case f.network:
		return f.unused("hsm-network")
	case f.fewTries:
		return f.unused("hsm-allow-few-pin-tries")
	case f.noSelfTest:
		return f.unused("hsm-no-self-test")
	}
	return nil
}

func (f *tokenFlags) unused(name string) error {
	return &usageError{"--" + name + " is given without --hsm", "add where the key is: --hsm 'pkcs11:token=…;object=…'"}
}

func locationHint(err error) string {
	switch {
	case errors.Is(err, hsm.ErrPIN):
		return "leave it out: the PIN is asked at the terminal, or read with --pin-fd. Others can see an argument: change that PIN"
	case errors.Is(err, hsm.ErrRelative):
		return "give the path from the root: neither PATH nor the working directory is searched"
	}
	return "a location looks like 'pkcs11:token=…;object=…;id=%A1%B2'; \"recover hsm list\" shows those of a token's keys"
}

// hsmLimits are shorter in tests.
var hsmLimits hsm.Limits

func (f *moduleFlags) options() hsm.Options {
	return hsm.Options{
		Module: f.module, InitArguments: f.initArgs, Helper: f.helper, Network: f.network,
		Environment: os.Environ(), Limits: hsmLimits,
	}
}

// options are those of the module that one flag or the other names.
func (f *tokenFlags) options() hsm.Options {
	o := f.moduleFlags.options()
	o.Module = f.modulePath()
	return o
}

// modulePath returns the path from the one flag or the other.
func (f *tokenFlags) modulePath() string {
	if f.module == "" {
		return f.location.Module
	}
	return f.module
}

// open starts the helper and the module.
func (f *tokenFlags) open(ctx context.Context) (*hsm.Module, error) {
	o := f.options()
	o.Sessions = f.sessions
	m, err := hsm.Open(ctx, o)
	return m, interruptedIfClosed(err)
}
