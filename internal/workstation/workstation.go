// Package workstation hardens the process itself, so that secrets stay in its
// memory: no core file, no debugger, no readable results, no network.
package workstation

import (
	"fmt"
	"strings"
)

// Harden is the first thing the program does. On Linux it forbids core files
// (the size limit, and the dumpable flag, which also keeps debuggers and other
// processes of the user out), forbids new privileges to all threads and to
// what they start, and sets the umask to 077. On macOS it does what there is
// of that, the size limit and the umask; on Windows nothing. An error names
// what the system refused.
func Harden() error { return harden() }

// DenyNetwork makes the kernel refuse, with EPERM, what a network needs: new
// sockets, connections, messages through sockets that were handed in, and
// io_uring, which could do the same unseen. It holds for all threads, for what
// they start, and for good; a helper that runs already is not touched. It is
// there on Linux, on amd64 and arm64; elsewhere the error is
// errors.ErrUnsupported.
func DenyNetwork() error { return denyNetwork() }

// VariableError names an environment variable that must not be set. It never
// holds the value.
type VariableError struct{ Name string }

// Error returns a text that names the variable.
func (e *VariableError) Error() string {
	return fmt.Sprintf("the environment variable %s is set", e.Name)
}

// CheckEnvironment looks through an environment, in the form of os.Environ, for
// variables that change what a Go program does with secrets: GODEBUG, which
// changes cryptography, and GOTRACEBACK, which makes a crash show more than its
// own goroutine or leave a core file; "none" and "single" are allowed. The
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
