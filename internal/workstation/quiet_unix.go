//go:build unix

package workstation

import (
	"os"
	"strings"
	"syscall"
)

// quiet starts the program again with GOTRACEBACK=none.
func quiet(environment []string) error {
	path, err := os.Executable()
	if err != nil {
		return err
	}
	kept := []string{"GOTRACEBACK=none"}
	for _, variable := range environment {
		if !strings.HasPrefix(variable, "GOTRACEBACK=") {
			kept = append(kept, variable)
		}
	}
	return syscall.Exec(path, os.Args, kept)
}

func crashSignals() []os.Signal {
	return []os.Signal{
		syscall.SIGABRT, syscall.SIGQUIT, syscall.SIGTRAP, syscall.SIGSYS,
		syscall.SIGSEGV, syscall.SIGBUS, syscall.SIGFPE, syscall.SIGILL,
	}
}
