package main

import (
	"errors"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"recover/internal/message"
	"recover/internal/output"
	"recover/pkg/report"
)

// newFlags returns an empty set of flags for a verb.
func newFlags(verb string) *pflag.FlagSet {
	fs := pflag.NewFlagSet(verb, pflag.ContinueOnError)
	fs.SetOutput(io.Discard)
	fs.Usage = func() {}
	fs.SortFlags = false
	return fs
}

// parseFlags parses the arguments of a verb; maxFiles is how many arguments
// that are no flags it takes.
func parseFlags(fs *pflag.FlagSet, args []string, maxFiles int) error {
	err := fs.Parse(args)
	seeHelp := "recover " + fs.Name() + " --help lists the flags"
	var unknown *pflag.NotExistError
	var missing *pflag.ValueRequiredError
	var invalid *pflag.InvalidValueError
	switch {
	case err == nil:
	case errors.Is(err, pflag.ErrHelp):
		return err
	case errors.As(err, &unknown):
		// One dash before a long name. What is no flag's name may be a secret.
		name, _, _ := strings.Cut(unknown.GetSpecifiedShortnames(), "=")
		if len(name) > 1 && (fs.Lookup(name) != nil || flagsElsewhere[name] != "") {
			return unknownFlag(fs, "-"+name, seeHelp)
		}
		return unknownFlag(fs, dashed(unknown.GetSpecifiedName()), seeHelp)
	case errors.As(err, &missing):
		return &usageError{"the flag " + dashed(missing.GetSpecifiedName()) + " needs a value", seeHelp}
	case errors.As(err, &invalid):
		// The value is not shown: it may be a secret that went astray.
		kind := "a number"
		if invalid.GetFlag().Value.Type() == "bool" {
			kind = "true or false"
		}
		return &usageError{"the value of --" + invalid.GetFlag().Name + " is not " + kind, seeHelp}
	default:
		return &usageError{"the flags cannot be read", seeHelp}
	}
	if fs.NArg() > maxFiles {
		return unexpected(fs.Arg(maxFiles), seeHelp)
	}
	return nil
}

// unexpected is the error of an argument that belongs to no flag. It is named
// where it is a file; else it may be a secret that went astray.
func unexpected(arg, seeHelp string) error {
	fact := "unexpected argument (not shown: it may be a secret)"
	if _, err := os.Lstat(arg); err == nil {
		fact = "unexpected argument " + message.QuoteLong(arg)
	}
	return &usageError{fact, "put a path with blanks in quotes; " + seeHelp}
}

func dashed(name string) string {
	if len(name) == 1 {
		return "-" + name
	}
	return "--" + name
}

// required returns a usage error that names the first flag that is empty.
func required(verb string, flags ...[2]string) error {
	for _, f := range flags {
		if f[1] == "" {
			return &usageError{"--" + f[0] + " is missing", "recover " + verb + " --help says what it is"}
		}
	}
	return nil
}

// maxWorkers is more than any machine has a use for.
const maxWorkers = 256

func checkWorkers(n int) error {
	if n < 0 || n > maxWorkers {
		return &usageError{"--workers is not a number of 0 to 256", "0 means one per CPU"}
	}
	return nil
}

// checkNewFile refuses a file for output, if one is wanted, that could not be
// written, before any work is done.
func checkNewFile(path string) error {
	if path == "" {
		return nil
	}
	return outputError(path, output.CheckNewFile(path))
}

func checkNewDir(path string) error { return outputError(path, output.CheckNewDir(path)) }

// writeNewFile writes a file for output.
func writeNewFile(path string, write func(io.Writer) error) error {
	return outputError(path, output.WriteNewFile(path, write))
}

// writeNewData writes a file for output that has data in it.
func writeNewData(path string, data []byte) error {
	return writeNewFile(path, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
}

func outputError(path string, err error) error {
	if err != nil {
		err = &fileError{path, asOutput, err}
	}
	return err
}

// maxParts is how many workstations can divide a record.
const maxParts = report.MaxParts

// descriptorNumber reads the value of --passphrase-fd. It is a string to pflag,
// so that what was given by mistake is not repeated in a message.
func descriptorNumber(flag, text string) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		return 0, &usageError{"--" + flag + " is not the number of a descriptor", "open one in the shell: --" + flag + " 3 3< FILE"}
	}
	return n, nil
}
