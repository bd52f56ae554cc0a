// Package workstation fences the process in, so that secrets stay in its memory
// (no core file, no debugger, no readable results, no network, no file that is
// not named), and looks at whether the machine around it is fit for a ceremony.
package workstation

import (
	"fmt"
	"os"
	"slices"
	"strings"
)

// Harden is the first thing the program does. On Linux it forbids core files
// (the size limit, and the dumpable flag, which also keeps debuggers and other
// processes of the user out), forbids new privileges to all threads and to
// what they start, and sets the umask to 077. On macOS it does what there is
// of that, the size limit and the umask; on Windows nothing. An error names
// what the system refused.
func Harden() error { return harden() }

// VariableError names an environment variable that must not be set. It never
// holds the value.
type VariableError struct{ Name string }

// Error returns a text that names the variable.
func (e *VariableError) Error() string {
	return fmt.Sprintf("the environment variable %s is set", e.Name)
}

// CheckEnvironment looks through an environment, in the form of os.Environ, for
// variables that change what a Go program does with secrets: GODEBUG, which
// changes cryptography, and GOTRACEBACK, which makes a crash show pieces of
// memory or leave a core file; "none" is allowed, and "single", see Quiet. The
// error is a *VariableError.
func CheckEnvironment(env []string) error {
	for _, variable := range env {
		name, value, _ := strings.Cut(variable, "=")
		switch {
		case name == "GODEBUG" && value != "":
			return &VariableError{name}
		case name == "GOTRACEBACK" && value != "" && value != "none" && value != "single":
			return &VariableError{name}
		}
	}
	return nil
}

// Quiet sees to it that a panic prints no stack: in its argument words there may
// be pieces of secrets. Go reads
// that setting from the environment alone, when it starts, so unless it is
// there already the same program is started anew in this process, with the same
// arguments. It returns if it was there, or with an error; on Windows it is
// errors.ErrUnsupported. For what comes from outside there is CrashSignals.
func Quiet(environment []string) error {
	if slices.Contains(environment, "GOTRACEBACK=none") {
		return nil
	}
	return quiet(environment)
}

// CrashSignals are those that, when another process sends them, have Go print
// the stacks and registers of all goroutines, whatever is set. A program that
// asks for them with signal.Notify can end without.
func CrashSignals() []os.Signal { return crashSignals() }

// Keep is what CloseInherited does with a descriptor.
type Keep int

const (
	CloseIt   Keep = iota
	KeepForUs      // and hand it on to no helper
	KeepAsIs
)

// CloseInherited closes the descriptors above 2 that were open when the program
// started, except those that keep wants. It comes before anything is opened
// that is meant to be inherited.
func CloseInherited(keep func(fd int) Keep) { closeInherited(keep) }
