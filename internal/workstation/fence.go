package workstation

import (
	"errors"
	"fmt"
)

// Fence names the files that a process may still reach once it is confined.
// Paths that do not exist are left out.
type Fence struct {
	// Read are files, and directories with all that is below them.
	Read []string
	// List are directories of which only the names may be read.
	List []string
	// Make are directories in which files and directories may be made, read,
	// renamed and removed, at any depth.
	Make []string
	// Replace are directories in which directories may be made, renamed, and
	// removed when they are empty, while no file below them can be opened.
	Replace []string
}

// GapError is a part of the fence that this system does not have.
type GapError struct {
	Part string // "seccomp" or "Landlock"
	Lost string // what is possible without it
	Err  error
}

// Error returns what is missing, and what that leaves open.
func (e *GapError) Error() string {
	if errors.Is(e.Err, errors.ErrUnsupported) {
		return fmt.Sprintf("this system has no %s: %s", e.Part, e.Lost)
	}
	return fmt.Sprintf("%s: %v: %s", e.Part, e.Err, e.Lost)
}

func (e *GapError) Unwrap() error { return e.Err }

func noSeccomp(err error) *GapError {
	return &GapError{"seccomp", "nothing keeps this process from a network, another process or another program", err}
}

func noLandlock(err error) *GapError {
	return &GapError{"Landlock", "nothing keeps this process from files that are not named in the command", err}
}

// Confine puts the fence around this process, all its threads, and for good:
//
//   - with seccomp, what reaches a network, another process's memory, another
//     program, the kernel's settings, or the keyboard of the terminal fails with
//     EPERM (package seccomp has the list);
//   - with Landlock, every file that the fence does not name is refused with
//     EACCES, except the terminal and what was opened before.
//
// It may be called again with less to reach; what was given up stays so. A
// helper that runs already is not touched. What the system does not have comes
// back as gaps, and the rest holds; Windows and macOS have neither part.
func Confine(f Fence) (gaps []*GapError) { return confine(f) }
